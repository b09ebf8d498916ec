//! Who may name what.

/// A rule about code.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The rule in a sentence.
    pub(crate) says: &'static str,
    pub(crate) because: &'static str,
    /// The patterns that are forbidden: `crate::pattern` says how they are written.
    pub(crate) forbidden: &'static [&'static str],
    /// A line on which one of these occurs as well is not meant.
    pub(crate) unless: &'static [&'static str],
    pub(crate) part: Part,
    pub(crate) packages: Packages,
    /// Where it is allowed: `package`, `package::module` with all modules in it, or a file or folder.
    pub(crate) allowed: &'static [Allowed],
}

/// Which code a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Libraries and programs, apart from what is compiled for tests alone.
    Product,
    /// Tests, benchmarks and examples too, and files that no crate reaches.
    Everything,
}

/// Which packages a rule is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Packages {
    All,
    Only(&'static [&'static str]),
}

#[derive(Debug)]
pub(crate) struct Allowed {
    pub(crate) place: &'static str,
    pub(crate) because: &'static str,
}

/// What most rules have in common.
const RULE: Rule = Rule {
    says: "",
    because: "",
    forbidden: &[],
    unless: &[],
    part: Part::Product,
    packages: Packages::All,
    allowed: &[],
};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        says: "only `canonical` hashes",
        because: "a digest is an identity: what is hashed, and how, is decided in one place",
        forbidden: &["blake3::", "bao::"],
        allowed: &[
            Allowed { place: "apportion-core::canonical", because: "the one place" },
            Allowed {
                place: "xtask-components::policies",
                because: "it writes the digests of the standard policies",
            },
        ],
        ..RULE
    },
    Rule {
        says: "only the rooms of the engine name wasmtime",
        because: "what an engine can do, and what its errors say, stays behind them",
        forbidden: &["wasmtime::"],
        allowed: &[
            Allowed { place: "apportion::abi", because: "it binds the contract" },
            Allowed { place: "apportion::engine", because: "it compiles policies" },
            Allowed { place: "apportion::runtime", because: "it sets wasmtime up" },
            Allowed { place: "apportion::sandbox", because: "it runs policies" },
            Allowed { place: "apportion::state", because: "wasmtime asks it what a run may have" },
            Allowed { place: "apportion::verdict", because: "it says whose fault an end is" },
        ],
        ..RULE
    },
    Rule {
        says: "only `host/cli/src/print.rs` prints",
        because: "text from outside passes one gate on its way to a terminal",
        forbidden: &[
            "stdout()",
            "stderr()",
            "println!",
            "print!",
            "eprintln!",
            "eprint!",
            "dbg!",
            "Stdout",
            "StdoutLock",
            "Stderr",
            "StderrLock",
            "\"/dev/std",
            "\"/dev/tty",
            ".exit()",
            "::parse()",
            "write_stdout",
        ],
        allowed: &[
            Allowed { place: "apportion-cli::print", because: "the gate" },
            Allowed { place: "house::tables", because: "this table quotes what is forbidden" },
            Allowed { place: "xtask", because: "it prints what this project's own files say" },
            Allowed { place: "xtask-components", because: "it prints what this project's own files say" },
            Allowed { place: "months", because: "an example prints what it shows" },
            Allowed { place: "attribution", because: "an example prints what it shows" },
        ],
        ..RULE
    },
    Rule {
        says: "pages are made only of escaped text",
        because: "text gets into `Html` by its type, as long as nobody goes around it",
        forbidden: &[".write(format_args!", "leak(", "Shown(", "impl Markup"],
        packages: Packages::Only(&["apportion-report"]),
        allowed: &[Allowed { place: "apportion-report::escape", because: "the gate" }],
        ..RULE
    },
    Rule {
        says: "nothing sleeps",
        because: "a test that waits for time to pass fails on a slow machine, or is slow on every one",
        forbidden: &["thread::sleep", "thread::sleep_until", "thread::park_timeout"],
        part: Part::Everything,
        ..RULE
    },
    Rule {
        says: "unsafe code stands in one place",
        because: "code that is loaded as compiled is the only thing that is trusted",
        forbidden: &["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"],
        allowed: &[
            Allowed { place: "apportion::engine::folder", because: "the one place" },
            Allowed { place: "apportion-guest::bindings", because: "generated: the contract's calls" },
        ],
        ..RULE
    },
    Rule {
        says: "nothing opens a connection",
        because: "an epoch, a policy and a receipt are files: what is not there is asked of nobody",
        forbidden: &["std::net", "TcpStream", "UdpSocket"],
        ..RULE
    },
    Rule {
        says: "only a new ledger's identity is random",
        because: "whoever settles alike gets the same bytes",
        forbidden: &["getrandom::"],
        allowed: &[Allowed { place: "apportion-cli::ledger", because: "the one place" }],
        ..RULE
    },
    Rule {
        says: "imported rows reach an epoch only by way of `intake`",
        because: "it counts them",
        forbidden: &["EpochBuilder"],
        packages: Packages::Only(&["apportion-import"]),
        allowed: &[Allowed { place: "apportion-import::intake", because: "the one way" }],
        ..RULE
    },
    Rule {
        says: "imports read no file whole without a bound",
        because: "a file that is a kilobyte may unpack to all of the memory",
        forbidden: &["read_to_end(", "read_to_string(", "fs::read("],
        unless: &["bounded(", ".min(most)"],
        packages: Packages::Only(&["apportion-import"]),
        ..RULE
    },
];

//! The languages with a kit. One more is an entry here, a folder in `guest-sdk/` and its copy in `vendored/`.

use anyhow::Result;

use crate::outcome::Refused;

/// A language that policies are written in: what a new project holds and how it is built.
pub struct Language {
    /// As `--lang` and `policy.toml` spell it.
    pub name: &'static str,
    /// As people spell it.
    pub title: &'static str,
    /// The author's own file.
    pub entry: &'static str,
    /// What an author runs once, before the first build.
    pub prepare: &'static [&'static str],
    /// What must be there for a build.
    pub needs: &'static [Need],
    /// Commands run in the project's folder, one after the other; `{name}` and `{module}` stand for the policy's name
    /// and for the same as an identifier, `{paths}` for what keeps the machine's folders out of a component of Rust.
    pub steps: &'static [&'static [&'static str]],
    pub made: Made,
    /// What the author's file must have, so that there is a policy in it.
    pub exports: &'static str,
    /// What a tool says that needs another word for an author: a part of it, and that word.
    pub explained: &'static [(&'static str, &'static str)],
    files: &'static [&'static [File]],
}

/// A tool.
pub struct Need {
    pub what: &'static str,
    pub check: Check,
    /// Exactly what to do where it is missing.
    pub install: &'static str,
}

/// How to see that a tool is there.
pub enum Check {
    /// This command ends well.
    Runs(&'static [&'static str]),
    /// The project has this file or folder.
    File(&'static str),
    /// Rust's standard library is there for this target.
    RustTarget(&'static str),
}

/// Commands that do for a tool which is not there by its usual name.
pub const STAND_INS: &[(&str, &[&str])] =
    &[("zig", &["python3", "-m", "ziglang"]), ("clang-19", &["clang"]), ("wasm-ld-19", &["wasm-ld"])];

/// Stands for the argument that keeps the machine's folders out of a component of Rust.
pub const PATHS: &str = "{paths}";

/// What a build leaves.
pub enum Made {
    /// The component, at `build/{name}.wasm`.
    Component,
    /// A core module at this path, which describes in itself what it imports and exports.
    CoreModule(&'static str),
}

/// A file of a new project: where it goes and what it holds.
type File = (&'static str, &'static [u8]);

impl Language {
    /// The language of that name.
    pub fn named(name: &str) -> Result<&'static Language> {
        let names: Vec<&str> = languages().iter().map(|language| language.name).collect();
        languages().iter().find(|language| language.name == name).ok_or_else(|| {
            Refused(format!("there is no kit for `{name}`; there are {}", names.join(", "))).into()
        })
    }

    /// What a new project holds, by paths within it.
    pub fn files(&self) -> impl Iterator<Item = File> {
        SHARED.iter().chain(self.files).copied().flatten().copied()
    }
}

/// Every language with a kit.
pub fn languages() -> &'static [Language] {
    LANGUAGES
}

/// Files of a folder of the repository, as `cargo xtask vendor` copies them to `vendored/`. Each is listed, so that nothing
/// gets into a program by lying about in a folder; a test compares the lists with the folders.
macro_rules! files {
    ($from:literal => $to:literal: $($name:literal)*) => {
        &[$((
            concat!($to, $name),
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/vendored/", $from, $name)),
        )),*]
    };
}

/// The manifest of a folder. Its copy has another name, because cargo packages no folder that has a `Cargo.toml`.
macro_rules! manifest {
    ($from:literal => $to:literal) => {
        &[(
            concat!($to, "Cargo.toml"),
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/vendored/", $from, "Cargo.toml.in")),
        )]
    };
}

/// What every project has: the contract in words and in WIT, and two cases of the rule that every template holds.
static SHARED: &[&[File]] = &[
    files!("guest-sdk/" => "kit/": "CONTRACT.md"),
    files!("wit/0.1.0/" => "kit/wit/": "policy.wit"),
    &[(
        ".gitignore", // by another name in the repository, where it would ignore too
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/vendored/guest-sdk/template/gitignore")),
    )],
    files!("guest-sdk/template/" => "":
        "cases/by-kind/epoch.toml"
        "cases/by-kind/expected.json"
        "cases/by-kind/nodes.csv"
        "cases/by-kind/parameters.json"
        "cases/nothing-counts/epoch.toml"
        "cases/nothing-counts/expected.json"
        "cases/nothing-counts/nodes.csv"
        "cases/nothing-counts/parameters.json"
    ),
];

/// The kit of JavaScript, which TypeScript shares.
const JAVASCRIPT_KIT: &[File] = files!("guest-sdk/javascript/kit/" => "kit/":
    "build.mjs"
    "division.js"
    "entry.js"
    "epoch.js"
    "index.d.ts"
    "index.js"
    "log.js"
    "refusal.js"
    "text.js"
);

/// The contract's bindings and headers of the kit of C, which Zig shares.
const C_BINDINGS: &[File] = files!("guest-sdk/c/kit/" => "kit/":
    "bindings/policy.c"
    "bindings/policy.h"
    "bindings/policy_component_type.o"
    "include/math.h"
    "include/stdlib.h"
    "include/string.h"
);

const NODE: Need = Need {
    what: "Node.js",
    check: Check::Runs(&["node", "--version"]),
    install: "install version 20 or newer from https://nodejs.org",
};
const COMPONENTIZE_JS: Need = Need {
    what: "ComponentizeJS",
    check: Check::File("node_modules/@bytecodealliance/componentize-js"),
    install: "run `npm install`",
};
const ESBUILD: Need =
    Need { what: "esbuild", check: Check::File("node_modules/esbuild"), install: "run `npm install`" };

static LANGUAGES: &[Language] = &[
    Language {
        name: "rust",
        title: "Rust",
        entry: "src/lib.rs",
        prepare: &["rustup target add wasm32-unknown-unknown"],
        needs: &[
            Need {
                what: "cargo",
                check: Check::Runs(&["cargo", "--version"]),
                install: "install Rust from https://rustup.rs",
            },
            Need {
                what: "Rust's standard library for WebAssembly",
                check: Check::RustTarget("wasm32-unknown-unknown"),
                install: "run `rustup target add wasm32-unknown-unknown`",
            },
        ],
        // Fetched first, because the folders of what was fetched are among the paths.
        steps: &[
            &["cargo", "fetch", "--quiet", "--target", "wasm32-unknown-unknown"],
            &[
                "cargo",
                "build",
                "--release",
                "--target",
                "wasm32-unknown-unknown",
                "--target-dir",
                "target",
                PATHS,
            ],
        ],
        made: Made::CoreModule("target/wasm32-unknown-unknown/release/{module}.wasm"),
        exports: "`apportion_guest::export!(Rule);`, with the type that is the policy in the place of `Rule`",
        explained: &[],
        files: &[
            manifest!("guest-sdk/rust/kit/" => "kit/"),
            files!("guest-sdk/src/" => "kit/src/":
                "allocation.rs"
                "bindings.rs"
                "bound.rs"
                "builder.rs"
                "columns.rs"
                "component.rs"
                "constraints.rs"
                "epoch.rs"
                "exact.rs"
                "fill.rs"
                "lib.rs"
                "limits.rs"
                "math.rs"
                "parameter.rs"
                "policy.rs"
                "propagate.rs"
                "propagate/eigentrust.rs"
                "random.rs"
                "runs.rs"
                "scale.rs"
                "vesting.rs"
            ),
            manifest!("guest-sdk/rust/template/" => ""),
            files!("guest-sdk/rust/template/" => "": "README.md" "policy.toml" "src/lib.rs"),
        ],
    },
    Language {
        name: "javascript",
        title: "JavaScript",
        entry: "rule.js",
        prepare: &["npm install"],
        needs: &[NODE, COMPONENTIZE_JS, ESBUILD],
        steps: &[&["node", "kit/build.mjs", "rule.js", "build/{name}.wasm"]],
        made: Made::Component,
        exports: "`export const rule = policy({ ... })`",
        explained: &[],
        files: &[
            JAVASCRIPT_KIT,
            files!("guest-sdk/javascript/template/" => "": "README.md" "package.json" "policy.toml" "rule.js"),
        ],
    },
    Language {
        name: "typescript",
        title: "TypeScript",
        entry: "rule.ts",
        prepare: &["npm install"],
        needs: &[
            NODE,
            COMPONENTIZE_JS,
            ESBUILD,
            Need {
                what: "the compiler of TypeScript",
                check: Check::File("node_modules/typescript"),
                install: "run `npm install`",
            },
        ],
        steps: &[
            &["node", "node_modules/typescript/bin/tsc", "--project", "."],
            &["node", "kit/build.mjs", "rule.ts", "build/{name}.wasm"],
        ],
        made: Made::Component,
        exports: "`export const rule = policy({ ... })`",
        explained: &[],
        files: &[
            JAVASCRIPT_KIT,
            files!("guest-sdk/typescript/template/" => "":
                "README.md"
                "package.json"
                "policy.toml"
                "rule.ts"
                "tsconfig.json"
            ),
        ],
    },
    Language {
        name: "python",
        title: "Python",
        entry: "rule.py",
        prepare: &["python3 -m venv .venv", ".venv/bin/pip install -r requirements.txt"],
        needs: &[Need {
            what: "componentize-py",
            check: Check::Runs(&["componentize-py", "--version"]),
            install: "run `python3 -m venv .venv && .venv/bin/pip install -r requirements.txt`",
        }],
        steps: &[&[
            "componentize-py",
            "--quiet",
            "--wit-path",
            "kit/wit",
            "--world",
            "policy",
            "componentize",
            "kit.entry",
            "--python-path",
            ".",
            "--stub-wasi",
            "--output",
            "build/{name}.wasm",
        ]],
        made: Made::Component,
        exports: "`@policy(...)` above the one function that is the rule",
        explained: &[],
        files: &[
            files!("guest-sdk/python/kit/" => "kit/":
                "__init__.py"
                "allocation.py"
                "definition.py"
                "entry.py"
                "epoch.py"
            ),
            files!("guest-sdk/python/template/" => "": "README.md" "policy.toml" "requirements.txt" "rule.py"),
        ],
    },
    Language {
        name: "c",
        title: "C",
        entry: "rule.c",
        prepare: &["sudo apt install clang-19 lld-19"],
        needs: &[
            Need {
                what: "clang",
                check: Check::Runs(&["clang-19", "--version"]),
                install: "install version 19 or newer, as by `apt install clang-19 lld-19`",
            },
            Need {
                what: "wasm-ld, clang's linker for WebAssembly,",
                check: Check::Runs(&["wasm-ld-19", "--version"]),
                install: "install lld of clang's version, as by `apt install lld-19`",
            },
        ],
        steps: &[&["clang-19", "--config=kit/clang.cfg", "rule.c", "-o", "build/rule.core.wasm"]],
        made: Made::CoreModule("build/rule.core.wasm"),
        exports: "`const Policy policy = { ... };` and `Answer allocate(const Json *parameters)`",
        explained: &[
            ("undefined symbol: allocate", "`rule.c` must define `allocate`: see kit/apportion.h"),
            ("undefined symbol: policy", "`rule.c` must define `policy`: see kit/apportion.h"),
        ],
        files: &[
            C_BINDINGS,
            files!("guest-sdk/c/kit/" => "kit/":
                "apportion.c"
                "apportion.h"
                "clang.cfg"
                "json.c"
                "limits.c"
                "number.c"
                "runtime.c"
            ),
            files!("guest-sdk/c/template/" => "": "README.md" "parameters.json" "policy.toml" "rule.c"),
        ],
    },
    Language {
        name: "zig",
        title: "Zig",
        entry: "rule.zig",
        prepare: &["python3 -m venv .venv", ".venv/bin/pip install ziglang==0.16.0"],
        needs: &[Need {
            what: "Zig",
            check: Check::Runs(&["zig", "version"]),
            install: "run `python3 -m venv .venv && .venv/bin/pip install ziglang==0.16.0`",
        }],
        // -j1: with several threads the compiler numbers what has no name in the order in which they come to it. Compiled
        // and linked apart: debug information holds paths of this machine and goes (-fstrip), the names of functions stay
        // for messages about traps. ReleaseSafe: an index out of bounds or an overflow ends the run with a message.
        steps: &[
            &[
                "zig",
                "build-obj",
                "-j1",
                "-target",
                "wasm32-freestanding",
                "-O",
                "ReleaseSafe",
                "--cache-dir",
                "build/cache",
                "-fstrip",
                "-fcompiler-rt",
                "-femit-bin=build/rule.o",
                "--dep",
                "apportion",
                "--dep",
                "rule",
                "-Mroot=kit/component.zig",
                "-Ikit/bindings",
                "-Ikit/include",
                "-Mapportion=kit/apportion.zig",
                "--dep",
                "apportion",
                "-Mrule=rule.zig",
            ],
            &[
                "zig",
                "build-obj",
                "-j1",
                "-target",
                "wasm32-freestanding",
                "-O",
                "ReleaseSafe",
                "--cache-dir",
                "build/cache",
                "-fstrip",
                "-fno-compiler-rt",
                "-femit-bin=build/bindings.o",
                "-Ikit/include",
                "kit/bindings/policy.c",
            ],
            &[
                "zig",
                "build-exe",
                "-j1",
                "-target",
                "wasm32-freestanding",
                "-O",
                "ReleaseSafe",
                "--cache-dir",
                "build/cache",
                "-fno-strip",
                "-fno-compiler-rt",
                "-fno-entry",
                "-rdynamic",
                "--stack",
                "1048576",
                "-femit-bin=build/rule.core.wasm",
                "build/rule.o",
                "build/bindings.o",
                "kit/bindings/policy_component_type.o",
            ],
        ],
        made: Made::CoreModule("build/rule.core.wasm"),
        exports: "`pub const policy`, `pub const Parameters` and `pub fn allocate`",
        explained: &[],
        files: &[
            C_BINDINGS,
            files!("guest-sdk/zig/kit/" => "kit/":
                "apportion.zig"
                "component.zig"
                "epoch.zig"
                "limits.zig"
            ),
            files!("guest-sdk/zig/template/" => "": "README.md" "parameters.json" "policy.toml" "rule.zig"),
        ],
    },
];

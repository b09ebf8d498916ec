//! The languages with a kit. One more is an entry here and a folder in `guest-sdk/`.

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
    /// and for the same as an identifier.
    pub steps: &'static [&'static [&'static str]],
    pub made: Made,
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
    /// What a new project holds, by paths within it.
    pub fn files(&self) -> impl Iterator<Item = File> {
        SHARED.iter().chain(self.files).copied().flatten().copied()
    }
}

/// Every language with a kit.
pub fn languages() -> &'static [Language] {
    LANGUAGES
}

/// Files of a folder of the repository, each listed, so that nothing gets into a program by lying about in a folder; a
/// test holds the lists to the folders.
macro_rules! files {
    ($from:literal => $to:literal: $($name:literal)*) => {
        &[$((
            concat!($to, $name),
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $from, $name)),
        )),*]
    };
}

/// What every project has: the contract in words and in WIT, and two cases of the rule that every template holds.
const SHARED: &[&[File]] = &[
    files!("guest-sdk/" => "kit/": "CONTRACT.md"),
    files!("wit/0.1.0/" => "kit/wit/": "policy.wit"),
    &[(
        ".gitignore", // by another name in the repository, where it would ignore too
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-sdk/template/gitignore")),
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

const LANGUAGES: &[Language] = &[
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
        steps: &[&[
            "cargo",
            "build",
            "--release",
            "--target",
            "wasm32-unknown-unknown",
            "--target-dir",
            "target",
        ]],
        made: Made::CoreModule("target/wasm32-unknown-unknown/release/{module}.wasm"),
        files: &[
            files!("guest-sdk/rust/kit/" => "kit/": "Cargo.toml"),
            files!("guest-sdk/src/" => "kit/src/":
                "allocation.rs"
                "bindings.rs"
                "builder.rs"
                "columns.rs"
                "component.rs"
                "epoch.rs"
                "lib.rs"
                "limits.rs"
                "math.rs"
                "parameter.rs"
                "policy.rs"
                "propagate.rs"
                "scale.rs"
            ),
            files!("guest-sdk/rust/template/" => "": "Cargo.toml" "README.md" "policy.toml" "src/lib.rs"),
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
];

//! Which package may depend on which, apart from what only its tests need.

/// What a package may depend on.
#[derive(Debug)]
pub(crate) struct Allowed {
    /// The package's name, or a folder with `/` behind it for all packages in it.
    pub(crate) package: &'static str,
    /// The packages of this workspace that it may depend on, named as above. They stand above it in this list.
    pub(crate) ours: &'static [&'static str],
    /// The packages of others that it may not depend on.
    pub(crate) never: &'static [&'static str],
    /// The packages that it may depend on only under a feature that is asked for.
    pub(crate) on_demand: &'static [&'static str],
}

/// What libraries leave to programs (errors without types, the command line), and the engine.
const NO_ENGINE: &[&str] = &["anyhow", "clap", "comfy-table", "indicatif", "wasmtime"];

const PACKAGE: Allowed = Allowed { package: "", ours: &[], never: &[], on_demand: &[] };

/// Lowest first.
pub(crate) const DEPENDENCIES: &[Allowed] = &[
    // Policies and hosts share the contract in `wit/` and nothing else.
    Allowed { package: "apportion-guest", never: NO_ENGINE, ..PACKAGE },
    Allowed { package: "apportion-standard", never: NO_ENGINE, ..PACKAGE },
    Allowed { package: "policies/", ours: &["apportion-guest"], never: NO_ENGINE, ..PACKAGE },
    Allowed { package: "panics", ours: &["apportion-guest"], never: NO_ENGINE, ..PACKAGE },
    // Hardening reads and writes bytes.
    Allowed { package: "apportion-harden", never: NO_ENGINE, ..PACKAGE },
    // Records need no engine.
    Allowed {
        package: "apportion-core",
        never: &["anyhow", "clap", "comfy-table", "indicatif", "jsonschema", "wasmparser", "wasmtime"],
        ..PACKAGE
    },
    Allowed {
        package: "apportion",
        ours: &["apportion-core", "apportion-harden", "apportion-standard"],
        never: &["anyhow", "clap", "comfy-table", "csv", "indicatif", "parquet"],
        on_demand: &["tracing"],
    },
    Allowed { package: "apportion-import", ours: &["apportion-core"], never: NO_ENGINE, ..PACKAGE },
    Allowed {
        package: "apportion-report",
        ours: &["apportion-core", "apportion-standard"],
        never: NO_ENGINE,
        ..PACKAGE
    },
    Allowed {
        package: "apportion-cli",
        ours: &["apportion", "apportion-import", "apportion-report", "apportion-standard"],
        never: &["blake3", "wasmtime"],
        ..PACKAGE
    },
    Allowed {
        package: "months",
        ours: &["apportion", "apportion-import", "apportion-report", "apportion-standard"],
        ..PACKAGE
    },
    Allowed {
        package: "attribution",
        ours: &["apportion", "apportion-import", "apportion-report", "apportion-standard"],
        ..PACKAGE
    },
    // What follows is built for this project alone.
    Allowed { package: "house", ..PACKAGE },
    Allowed {
        package: "apportion-tests",
        ours: &[
            "apportion",
            "apportion-core",
            "apportion-guest",
            "apportion-harden",
            "apportion-import",
            "apportion-report",
            "apportion-standard",
            "attribution",
            "policies/",
        ],
        ..PACKAGE
    },
    Allowed { package: "xtask-components", ..PACKAGE },
    Allowed { package: "xtask", ours: &["house"], ..PACKAGE },
];

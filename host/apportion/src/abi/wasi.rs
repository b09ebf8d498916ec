//! WASI 0.2 for guests whose language insists on it, deterministic and without a way to block or to grow the host.
//!
//! The interfaces are WASI's own, from `wasi/wit/`; what they do is written here, a file for each package. None reads a
//! clock of this machine, sleeps, starts a thread or keeps memory that no limit counts. Nothing waits, so every call is
//! synchronous.

mod bindings;
mod cli;
mod clocks;
mod filesystem;
mod handles;
mod io;
mod random;

use wasmtime::component::{Component, Linker};

use self::bindings::Granted;
use crate::state::State;

/// What is granted, as in `wasi/wit/world.wit`. Sockets and everything else of WASI are refused at admission.
const INTERFACES: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/wall-clock",
    "wasi:clocks/monotonic-clock",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
];

/// How many handles the engine keeps for a policy that was granted WASI: those above, what its own parts lend each
/// other, and what one call to `poll` lends. It only bounds memory, [`handles::MAX_HELD`] is met first.
const HANDLES: usize = 1 << 16;

/// Whether a policy may import this, as in `wasi:cli/exit@0.2.3`. All versions 0.2 are one, for the linker too.
pub(crate) fn grants(import: &str) -> bool {
    let Some((interface, version)) = import.split_once('@') else { return false };
    let plain = |version: &semver::Version| version.pre.is_empty() && version.build.is_empty();
    let compatible = |version: semver::Version| (version.major, version.minor) == (0, 2) && plain(&version);
    INTERFACES.contains(&interface) && semver::Version::parse(version).is_ok_and(compatible)
}

/// Links WASI to a component that imports some of it, and says how many handles it may have then.
pub(crate) fn link(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<usize> {
    if !component.component_type().imports(component.engine()).any(|(name, _)| grants(name)) {
        return Ok(0);
    }
    Granted::add_to_linker::<State, State>(linker, |state| state)?;
    Ok(HANDLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is admitted and what is bound are one list.
    #[test]
    fn the_world_imports_exactly_what_is_granted() {
        let world = include_str!("wasi/wit/world.wit");
        let imports = world.lines().filter_map(|line| line.trim().strip_prefix("import ")?.strip_suffix(';'));
        let imports: Vec<&str> = imports.collect();
        let interfaces = imports.iter().filter_map(|import| Some(import.split_once('@')?.0));
        assert_eq!(interfaces.collect::<Vec<_>>(), INTERFACES);
        assert!(imports.iter().all(|import| grants(import)));
    }
}

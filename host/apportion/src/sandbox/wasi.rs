//! WASI 0.2 for guests whose language insists on it, deterministic and without a way to block or to grow the host.
//!
//! The interfaces are WASI's own, from `wasi/wit/`; what they do is written here, a file for each package. None reads a
//! clock of this machine, sleeps, starts a thread or keeps memory that no limit counts. Nothing waits, so every call is
//! synchronous.

mod bindings;
mod cli;
mod clocks;
mod filesystem;
mod io;
mod random;

use wasmtime::component::{Component, Linker, Resource};

use self::bindings::Granted;
use self::bindings::wasi::io::poll::Pollable;
use crate::state::State;
use crate::verdict::stop;
use apportion_core::canonical::Randomness;
use apportion_core::fault::FaultCode;

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

/// How many streams and pollables a policy may hold at once.
const MAX_HELD: usize = 1024;
/// How many handles the engine keeps for a policy that was granted WASI: those above, what its own parts lend each
/// other, and what one call to `poll` lends. It only bounds memory, [`MAX_HELD`] is met first.
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

/// What WASI keeps during a run. Nothing is allocated before the policy asks for something.
#[derive(Default)]
pub(crate) struct Wasi {
    /// Nanoseconds since the run began. Only waiting moves it, and waiting takes no time.
    clock: u64,
    /// For each stream and pollable that was handed out, by its number: when it is ready. Streams always are.
    ready_at: Vec<u64>,
    /// Numbers that were handed back, to be used again.
    free: Vec<u32>,
    random: Option<Randomness>,
    insecure: Option<Randomness>,
    seeds: Option<Randomness>,
}

impl State {
    fn hold<T: 'static>(&mut self, ready_at: u64) -> wasmtime::Result<Resource<T>> {
        self.charge(0, 0)?;
        let wasi = &mut self.wasi;
        let number = match wasi.free.pop() {
            Some(number) => number,
            None if wasi.ready_at.len() < MAX_HELD => {
                wasi.ready_at.push(0);
                u32::try_from(wasi.ready_at.len() - 1)?
            }
            None => {
                let sentence = format!("it held more than {MAX_HELD} streams and pollables");
                return Err(stop(FaultCode::OutOfTable, sentence));
            }
        };
        if let Some(place) = wasi.ready_at.get_mut(number as usize) {
            *place = ready_at;
        }
        Ok(Resource::new_own(number))
    }

    fn hand_back<T: 'static>(&mut self, resource: &Resource<T>) -> wasmtime::Result<()> {
        self.wasi.free.push(resource.rep());
        self.charge(0, 0)
    }

    fn ready_at(&self, pollable: &Resource<Pollable>) -> u64 {
        self.wasi.ready_at.get(pollable.rep() as usize).copied().unwrap_or(0)
    }
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

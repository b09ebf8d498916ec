//! WASI 0.2 for guests whose language insists on it, deterministic and without a way to block or to grow the host.
//!
//! The interfaces and their types are wasmtime-wasi's. What they do is written here wherever wasmtime-wasi's own would
//! read a clock of this machine, sleep, start threads or keep memory that no limit counts: that is all of it but the
//! files, of which there are none. Nothing here waits, so every call is synchronous and tokio never runs.

use wasmtime::StoreContextMut;
use wasmtime::component::{Component, Linker, Resource, ResourceTable, ResourceType};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystem, WasiFilesystemCtx, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::bindings::sync::filesystem::types;
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, IoError, StreamError, StreamResult};

use super::{LOG_BYTES, State, stop};
use apportion_core::canonical::Randomness;
use apportion_core::fault::FaultCode;

/// What is granted. Sockets and everything else of WASI are refused at admission.
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
/// The most random bytes in one call: the host makes them before the policy has them.
const MAX_RANDOM: usize = 1 << 20;
/// What a stream says that it takes at once. It takes more.
const STREAM_ROOM: u64 = 64 << 10;

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
    add_to_linker(linker)?;
    Ok(HANDLES)
}

fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    environment::add_to_linker::<State, State>(linker, |state| state)?;
    exit::add_to_linker::<State, State>(linker, |state| state)?;
    stdin::add_to_linker::<State, State>(linker, |state| state)?;
    stdout::add_to_linker::<State, State>(linker, |state| state)?;
    stderr::add_to_linker::<State, State>(linker, |state| state)?;
    terminal_input::add_to_linker::<State, State>(linker, |state| state)?;
    terminal_output::add_to_linker::<State, State>(linker, |state| state)?;
    terminal_stdin::add_to_linker::<State, State>(linker, |state| state)?;
    terminal_stdout::add_to_linker::<State, State>(linker, |state| state)?;
    terminal_stderr::add_to_linker::<State, State>(linker, |state| state)?;
    wall_clock::add_to_linker::<State, State>(linker, |state| state)?;
    monotonic_clock::add_to_linker::<State, State>(linker, |state| state)?;
    // Without a directory to begin with there is no descriptor, and without a descriptor nothing here can be called.
    types::add_to_linker::<State, WasiFilesystem>(linker, |state| WasiFilesystemCtxView {
        ctx: &mut state.wasi.files,
        table: &mut state.wasi.descriptors,
    })?;
    preopens::add_to_linker::<State, State>(linker, |state| state)?;
    add_errors_to_linker(linker)?;
    poll::add_to_linker::<State, State>(linker, |state| state)?;
    streams::add_to_linker::<State, State>(linker, |state| state)?;
    random::add_to_linker::<State, State>(linker, |state| state)?;
    insecure::add_to_linker::<State, State>(linker, |state| state)?;
    insecure_seed::add_to_linker::<State, State>(linker, |state| state)
}

/// `wasi:io/error`, whose bindings wasmtime-wasi does not hand on. No operation here fails with one, so that there
/// is none to ask.
fn add_errors_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut error = linker.instance("wasi:io/error@0.2.12")?;
    error.resource("error", ResourceType::host::<IoError>(), |_, _| Ok(()))?;
    error.func_wrap(
        "[method]error.to-debug-string",
        |_: StoreContextMut<'_, State>, (_,): (Resource<IoError>,)| Ok((String::new(),)),
    )
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
    files: WasiFilesystemCtx,
    descriptors: ResourceTable,
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

    fn ready_at(&self, pollable: &Resource<DynPollable>) -> u64 {
        self.wasi.ready_at.get(pollable.rep() as usize).copied().unwrap_or(0)
    }

    /// Keeps what a policy prints in the run's log, as far as there is room.
    fn print(&mut self, bytes: &[u8]) -> StreamResult<()> {
        self.charge(0, bytes.len()).map_err(StreamError::Trap)?;
        for chunk in bytes.utf8_chunks() {
            let broken = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
            for character in chunk.valid().chars().chain(broken) {
                if self.log.len() + character.len_utf8() > LOG_BYTES {
                    return Ok(());
                }
                self.log.push(character);
            }
        }
        Ok(())
    }

    /// Zeros are paid for like what can be read, and not kept: they tell an author nothing.
    fn print_zeros(&mut self, count: u64) -> StreamResult<()> {
        self.charge(0, usize::try_from(count).unwrap_or(usize::MAX)).map_err(StreamError::Trap)
    }

    /// Standard input is at its end.
    fn ended<T>(&mut self) -> StreamResult<T> {
        self.charge(0, 0).map_err(StreamError::Trap)?;
        Err(StreamError::Closed)
    }

    fn draw(&mut self, source: Source, bytes: &mut [u8]) {
        // A policy that describes itself has no epoch, and all draw the same then.
        let seed = self.subject.as_ref().map_or(0, |subject| subject.epoch.seed());
        let (drawn, context) = match source {
            Source::Random => (&mut self.wasi.random, "apportion 2026-11-22 wasi random"),
            Source::Insecure => (&mut self.wasi.insecure, "apportion 2026-11-22 wasi insecure"),
            Source::Seeds => (&mut self.wasi.seeds, "apportion 2026-11-22 wasi insecure seed"),
        };
        drawn.get_or_insert_with(|| Randomness::new(context, seed)).fill(bytes);
    }

    fn random_bytes(&mut self, source: Source, count: u64) -> wasmtime::Result<Vec<u8>> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.charge(0, count)?;
        if count > MAX_RANDOM {
            let sentence =
                format!("it asked for {count} random bytes at once; at most {MAX_RANDOM} are given");
            return Err(stop(FaultCode::BadCall, sentence));
        }
        let mut bytes = vec![0; count];
        self.draw(source, &mut bytes);
        Ok(bytes)
    }

    fn random_number(&mut self, source: Source) -> wasmtime::Result<u64> {
        self.charge(0, 0)?;
        let mut bytes = [0; 8];
        self.draw(source, &mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }
}

/// Streams of random bytes, one for each interface, so that how much of one is drawn changes nothing in another.
#[derive(Clone, Copy)]
enum Source {
    Random,
    Insecure,
    Seeds,
}

impl environment::Host for State {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.charge(0, 0)?;
        Ok(Vec::new())
    }
    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        self.charge(0, 0)?;
        Ok(Vec::new())
    }
    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}

impl exit::Host for State {
    fn exit(&mut self, _: Result<(), ()>) -> wasmtime::Result<()> {
        Err(stop(FaultCode::Unreachable, "it stopped itself by asking to exit"))
    }
    fn exit_with_code(&mut self, _: u8) -> wasmtime::Result<()> {
        exit::Host::exit(self, Ok(()))
    }
}

impl stdin::Host for State {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        self.hold(0)
    }
}

impl stdout::Host for State {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.hold(0)
    }
}

impl stderr::Host for State {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.hold(0)
    }
}

impl terminal_input::Host for State {}
impl terminal_input::HostTerminalInput for State {
    fn drop(&mut self, _: Resource<terminal_input::TerminalInput>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl terminal_output::Host for State {}
impl terminal_output::HostTerminalOutput for State {
    fn drop(&mut self, _: Resource<terminal_output::TerminalOutput>) -> wasmtime::Result<()> {
        Ok(())
    }
}

// Nothing is a terminal.
impl terminal_stdin::Host for State {
    fn get_terminal_stdin(&mut self) -> wasmtime::Result<Option<Resource<terminal_input::TerminalInput>>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}

impl terminal_stdout::Host for State {
    fn get_terminal_stdout(&mut self) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}

impl terminal_stderr::Host for State {
    fn get_terminal_stderr(&mut self) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        self.charge(0, 0)?;
        Ok(None)
    }
}

/// Stands at the end of the epoch's window; while a policy describes itself, at 1970.
impl wall_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        self.charge(0, 0)?;
        let end = self.subject.as_ref().map_or(0, |subject| subject.epoch.window().end);
        // WASI cannot say a time before 1970.
        Ok(wall_clock::Datetime { seconds: u64::try_from(end).unwrap_or(0), nanoseconds: 0 })
    }
    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        self.charge(0, 0)?;
        Ok(wall_clock::Datetime { seconds: 1, nanoseconds: 0 })
    }
}

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.charge(0, 0)?;
        Ok(self.wasi.clock)
    }
    fn resolution(&mut self) -> wasmtime::Result<u64> {
        self.charge(0, 0)?;
        Ok(1)
    }
    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.hold(when)
    }
    fn subscribe_duration(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.hold(self.wasi.clock.saturating_add(when))
    }
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        self.charge(0, 0)?;
        Ok(Vec::new())
    }
}

impl poll::Host for State {
    /// Moves the clock to when the first of them is ready, if none is yet.
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        self.charge(pollables.len(), 0)?;
        let first = pollables.iter().map(|pollable| self.ready_at(pollable)).min();
        let first = first.ok_or_else(|| stop(FaultCode::BadCall, "it waited for one of nothing"))?;
        self.wasi.clock = self.wasi.clock.max(first);
        let ready = (0..).zip(&pollables).filter(|(_, pollable)| self.ready_at(pollable) <= self.wasi.clock);
        Ok(ready.map(|(index, _)| index).collect())
    }
}

impl poll::HostPollable for State {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        self.charge(0, 0)?;
        Ok(self.ready_at(&pollable) <= self.wasi.clock)
    }
    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        self.charge(0, 0)?;
        self.wasi.clock = self.wasi.clock.max(self.ready_at(&pollable));
        Ok(())
    }
    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        self.hand_back(&pollable)
    }
}

impl streams::Host for State {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<streams::StreamError> {
        match error {
            StreamError::Closed => Ok(streams::StreamError::Closed),
            StreamError::LastOperationFailed(error) | StreamError::Trap(error) => Err(error),
        }
    }
}

/// There is one: standard input, at its end.
impl streams::HostInputStream for State {
    fn read(&mut self, _: Resource<DynInputStream>, _: u64) -> StreamResult<Vec<u8>> {
        self.ended()
    }
    fn blocking_read(&mut self, _: Resource<DynInputStream>, _: u64) -> StreamResult<Vec<u8>> {
        self.ended()
    }
    fn skip(&mut self, _: Resource<DynInputStream>, _: u64) -> StreamResult<u64> {
        self.ended()
    }
    fn blocking_skip(&mut self, _: Resource<DynInputStream>, _: u64) -> StreamResult<u64> {
        self.ended()
    }
    fn subscribe(&mut self, _: Resource<DynInputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        self.hold(0)
    }
    fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        self.hand_back(&stream)
    }
}

/// There are two, standard output and standard error, and both end in the log.
impl streams::HostOutputStream for State {
    fn check_write(&mut self, _: Resource<DynOutputStream>) -> StreamResult<u64> {
        self.charge(0, 0).map_err(StreamError::Trap)?;
        Ok(STREAM_ROOM)
    }
    fn write(&mut self, _: Resource<DynOutputStream>, contents: Vec<u8>) -> StreamResult<()> {
        self.print(&contents)
    }
    fn blocking_write_and_flush(
        &mut self,
        _: Resource<DynOutputStream>,
        contents: Vec<u8>,
    ) -> StreamResult<()> {
        self.print(&contents)
    }
    fn flush(&mut self, _: Resource<DynOutputStream>) -> StreamResult<()> {
        self.print(&[])
    }
    fn blocking_flush(&mut self, _: Resource<DynOutputStream>) -> StreamResult<()> {
        self.print(&[])
    }
    fn subscribe(&mut self, _: Resource<DynOutputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        self.hold(0)
    }
    fn write_zeroes(&mut self, _: Resource<DynOutputStream>, count: u64) -> StreamResult<()> {
        self.print_zeros(count)
    }
    fn blocking_write_zeroes_and_flush(
        &mut self,
        _: Resource<DynOutputStream>,
        count: u64,
    ) -> StreamResult<()> {
        self.print_zeros(count)
    }
    fn splice(
        &mut self,
        _: Resource<DynOutputStream>,
        _: Resource<DynInputStream>,
        _: u64,
    ) -> StreamResult<u64> {
        self.ended()
    }
    fn blocking_splice(
        &mut self,
        _: Resource<DynOutputStream>,
        _: Resource<DynInputStream>,
        _: u64,
    ) -> StreamResult<u64> {
        self.ended()
    }
    fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        self.hand_back(&stream)
    }
}

impl random::Host for State {
    fn get_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(Source::Random, count)
    }
    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number(Source::Random)
    }
}

impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(Source::Insecure, count)
    }
    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number(Source::Insecure)
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.random_number(Source::Seeds)?, self.random_number(Source::Seeds)?))
    }
}

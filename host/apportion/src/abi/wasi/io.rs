//! `wasi:io`: standard input at its end, output that goes to the log, and waiting that takes no time.

use wasmtime::component::Resource;

use super::bindings::wasi::io::error;
use super::bindings::wasi::io::poll::{self, Pollable};
use super::bindings::wasi::io::streams::{self, InputStream, OutputStream, StreamError};
use super::handles;
use crate::state::{LOG_BYTES, State};
use crate::verdict::stop;
use apportion_core::fault::FaultCode;

/// What a stream says that it takes at once. It takes more.
const STREAM_ROOM: u64 = 64 << 10;

/// The outer error ends the run, the inner one is the policy's to handle.
type StreamResult<T> = wasmtime::Result<Result<T, StreamError>>;

/// Keeps what a policy prints in the run's log, as far as there is room.
fn print(state: &mut State, bytes: &[u8]) -> StreamResult<()> {
    state.charge(0, bytes.len())?;
    for chunk in bytes.utf8_chunks() {
        let broken = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        for character in chunk.valid().chars().chain(broken) {
            if state.log.len() + character.len_utf8() > LOG_BYTES {
                return Ok(Ok(()));
            }
            state.log.push(character);
        }
    }
    Ok(Ok(()))
}

/// Zeros are charged like readable bytes, and not kept: they tell an author nothing.
fn print_zeros(state: &mut State, count: u64) -> StreamResult<()> {
    state.charge(0, usize::try_from(count).unwrap_or(usize::MAX))?;
    Ok(Ok(()))
}

/// Standard input is at its end.
fn ended<T>(state: &mut State) -> StreamResult<T> {
    state.charge(0, 0)?;
    Ok(Err(StreamError::Closed))
}

// No operation fails with an error of this kind, so no policy ever holds one.
impl error::Host for State {}
impl error::HostError for State {
    fn to_debug_string(&mut self, _: Resource<error::Error>) -> wasmtime::Result<String> {
        Ok(String::new())
    }
    fn drop(&mut self, _: Resource<error::Error>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl poll::Host for State {
    /// Moves the clock to when the first of them is ready, if none is yet.
    fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> wasmtime::Result<Vec<u32>> {
        self.charge(pollables.len(), 0)?;
        let first = pollables.iter().map(|pollable| handles::ready_at(self, pollable)).min();
        let first = first.ok_or_else(|| stop(FaultCode::BadCall, "it waited for one of nothing"))?;
        self.wasi.clock = self.wasi.clock.max(first);
        let ready = (0..)
            .zip(&pollables)
            .filter(|(_, pollable)| handles::ready_at(self, pollable) <= self.wasi.clock);
        Ok(ready.map(|(index, _)| index).collect())
    }
}

impl poll::HostPollable for State {
    fn ready(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<bool> {
        self.charge(0, 0)?;
        Ok(handles::ready_at(self, &pollable) <= self.wasi.clock)
    }
    fn block(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<()> {
        self.charge(0, 0)?;
        self.wasi.clock = self.wasi.clock.max(handles::ready_at(self, &pollable));
        Ok(())
    }
    fn drop(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<()> {
        handles::hand_back(self, &pollable)
    }
}

impl streams::Host for State {}

/// There is one: standard input, at its end.
impl streams::HostInputStream for State {
    fn read(&mut self, _: Resource<InputStream>, _: u64) -> StreamResult<Vec<u8>> {
        ended(self)
    }
    fn blocking_read(&mut self, _: Resource<InputStream>, _: u64) -> StreamResult<Vec<u8>> {
        ended(self)
    }
    fn skip(&mut self, _: Resource<InputStream>, _: u64) -> StreamResult<u64> {
        ended(self)
    }
    fn blocking_skip(&mut self, _: Resource<InputStream>, _: u64) -> StreamResult<u64> {
        ended(self)
    }
    fn subscribe(&mut self, _: Resource<InputStream>) -> wasmtime::Result<Resource<Pollable>> {
        handles::hold(self, 0)
    }
    fn drop(&mut self, stream: Resource<InputStream>) -> wasmtime::Result<()> {
        handles::hand_back(self, &stream)
    }
}

/// There are two, standard output and standard error, and both end in the log.
impl streams::HostOutputStream for State {
    fn check_write(&mut self, _: Resource<OutputStream>) -> StreamResult<u64> {
        self.charge(0, 0)?;
        Ok(Ok(STREAM_ROOM))
    }
    fn write(&mut self, _: Resource<OutputStream>, contents: Vec<u8>) -> StreamResult<()> {
        print(self, &contents)
    }
    fn blocking_write_and_flush(&mut self, _: Resource<OutputStream>, contents: Vec<u8>) -> StreamResult<()> {
        print(self, &contents)
    }
    fn flush(&mut self, _: Resource<OutputStream>) -> StreamResult<()> {
        print(self, &[])
    }
    fn blocking_flush(&mut self, _: Resource<OutputStream>) -> StreamResult<()> {
        print(self, &[])
    }
    fn subscribe(&mut self, _: Resource<OutputStream>) -> wasmtime::Result<Resource<Pollable>> {
        handles::hold(self, 0)
    }
    fn write_zeroes(&mut self, _: Resource<OutputStream>, count: u64) -> StreamResult<()> {
        print_zeros(self, count)
    }
    fn blocking_write_zeroes_and_flush(&mut self, _: Resource<OutputStream>, count: u64) -> StreamResult<()> {
        print_zeros(self, count)
    }
    fn splice(&mut self, _: Resource<OutputStream>, _: Resource<InputStream>, _: u64) -> StreamResult<u64> {
        ended(self)
    }
    fn blocking_splice(
        &mut self,
        _: Resource<OutputStream>,
        _: Resource<InputStream>,
        _: u64,
    ) -> StreamResult<u64> {
        ended(self)
    }
    fn drop(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<()> {
        handles::hand_back(self, &stream)
    }
}

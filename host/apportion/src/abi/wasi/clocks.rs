//! `wasi:clocks`: neither clock is this machine's. Waiting moves the monotonic one instead of taking time.

use wasmtime::component::Resource;

use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use super::bindings::wasi::io::poll::Pollable;
use super::handles;
use crate::state::State;

/// Stands at the end of the epoch's window; while a policy describes itself, at 1970.
impl wall_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        self.charge(0, 0)?;
        let end = self.subject.as_ref().map_or(0, |subject| subject.epoch.window().end);
        // WASI cannot express a time before 1970.
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
    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<Pollable>> {
        handles::hold(self, when)
    }
    fn subscribe_duration(&mut self, when: u64) -> wasmtime::Result<Resource<Pollable>> {
        handles::hold(self, self.wasi.clock.saturating_add(when))
    }
}

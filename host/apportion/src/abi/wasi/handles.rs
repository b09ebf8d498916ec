//! Streams and pollables that a policy holds, by number.

use wasmtime::component::Resource;

use super::bindings::wasi::io::poll::Pollable;
use crate::state::State;
use crate::verdict::stop;
use apportion_core::fault::FaultCode;

/// How many streams and pollables a policy may hold at once.
pub(super) const MAX_HELD: usize = 1024;

pub(super) fn hold<T: 'static>(state: &mut State, ready_at: u64) -> wasmtime::Result<Resource<T>> {
    state.charge(0, 0)?;
    let wasi = &mut state.wasi;
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

pub(super) fn hand_back<T: 'static>(state: &mut State, resource: &Resource<T>) -> wasmtime::Result<()> {
    state.wasi.free.push(resource.rep());
    state.charge(0, 0)
}

pub(super) fn ready_at(state: &State, pollable: &Resource<Pollable>) -> u64 {
    state.wasi.ready_at.get(pollable.rep() as usize).copied().unwrap_or(0)
}

//! `wasi:random`: bytes that follow from the epoch, a stream of them for each interface.

use super::bindings::wasi::random::{insecure, insecure_seed, random};
use crate::state::State;
use crate::verdict::stop;
use apportion_core::canonical::Randomness;
use apportion_core::fault::FaultCode;

/// The most random bytes in one call: the host makes them before the policy has them.
const MAX_RANDOM: usize = 1 << 20;

/// Streams of random bytes, one for each interface, so that how much of one is drawn changes nothing in another.
#[derive(Clone, Copy)]
enum Source {
    Random,
    Insecure,
    Seeds,
}

fn draw(state: &mut State, source: Source, bytes: &mut [u8]) {
    // A policy that describes itself has no epoch, and all draw the same then.
    let seed = state.subject.as_ref().map_or(0, |subject| subject.epoch.seed());
    let (drawn, context) = match source {
        Source::Random => (&mut state.wasi.random, "apportion 2026-11-22 wasi random"),
        Source::Insecure => (&mut state.wasi.insecure, "apportion 2026-11-22 wasi insecure"),
        Source::Seeds => (&mut state.wasi.seeds, "apportion 2026-11-22 wasi insecure seed"),
    };
    drawn.get_or_insert_with(|| Randomness::new(context, seed)).fill(bytes);
}

fn random_bytes(state: &mut State, source: Source, count: u64) -> wasmtime::Result<Vec<u8>> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    state.charge(0, count)?;
    if count > MAX_RANDOM {
        let sentence = format!("it asked for {count} random bytes at once; at most {MAX_RANDOM} are given");
        return Err(stop(FaultCode::BadCall, sentence));
    }
    let mut bytes = vec![0; count];
    draw(state, source, &mut bytes);
    Ok(bytes)
}

fn random_number(state: &mut State, source: Source) -> wasmtime::Result<u64> {
    state.charge(0, 0)?;
    let mut bytes = [0; 8];
    draw(state, source, &mut bytes);
    Ok(u64::from_le_bytes(bytes))
}

impl random::Host for State {
    fn get_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        random_bytes(self, Source::Random, count)
    }
    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        random_number(self, Source::Random)
    }
}

impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        random_bytes(self, Source::Insecure, count)
    }
    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        random_number(self, Source::Insecure)
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((random_number(self, Source::Seeds)?, random_number(self, Source::Seeds)?))
    }
}

//! Runs a stranger's code: every resource limited, one fresh instance a run.

pub(crate) mod calls;
#[cfg(test)]
mod tests;

use wasmtime::Store;

use crate::abi::{Linked, Request, Response};
use crate::host_error::HostError;
use crate::metering::Metered;
use crate::runtime::{Interruption, RUN_STACK, Runtime};
use crate::state::{LOG_BYTES, State, Subject};
use crate::verdict::{Moment, RunError, unmetered, verdict};
use apportion_core::limits::{Limits, Usage};

/// What one element of a table takes, in bytes.
const TABLE_ELEMENT: u64 = 16;
/// How much linear memory a run may have before it must wait for all that its limits allow, in bytes: more than most need.
const FIRST_MEMORY: u64 = 256 << 20;

/// How one run went.
pub(crate) struct Ran<R = Response> {
    pub(crate) response: R,
    pub(crate) usage: Usage,
    pub(crate) log: String,
}

/// A run that gave nothing: whose fault, what the policy said before, and which functions it was in.
pub(crate) struct Failed {
    pub(crate) error: RunError,
    pub(crate) log: String,
    pub(crate) calls: Vec<String>,
}

/// Instantiates a policy and asks it within `limits`, on a thread of ours.
///
/// Where memory is bounded a run begins with a share that is enough for most, so that many can run at once; one that
/// needs more is begun again with all that its limits allow. Which of the two it was changes nothing in the result.
pub(crate) fn run(
    runtime: &Runtime,
    policy: &Linked,
    limits: &Limits,
    subject: Option<Subject>,
    request: Request,
) -> Result<Ran, Failed> {
    let policy = policy.clone();
    run_call(runtime, limits, subject, move |store| {
        let instance = policy.instantiate(store).map_err(|error| (error, Moment::Instantiating))?;
        instance.respond(store, &request).map_err(|error| (error, Moment::Calling))
    })
}

/// What came of a call: an answer and what it used, or an error of the engine and when it was.
type Called<R> = Result<(R, Metered), (wasmtime::Error, Moment)>;

fn run_call<R: Send + 'static>(
    runtime: &Runtime,
    limits: &Limits,
    subject: Option<Subject>,
    call: impl FnOnce(&mut Store<State>) -> Called<R> + Clone + Send + 'static,
) -> Result<Ran<R>, Failed> {
    runtime.check_memory(most_memory(limits)).map_err(failed)?;
    if runtime.is_memory_bounded() && limits.memory > FIRST_MEMORY {
        let first = attempt(runtime, limits, FIRST_MEMORY, subject.clone(), call.clone())?;
        if let Attempt::Ended(ended) = first {
            return ended;
        }
    }
    match attempt(runtime, limits, limits.memory, subject, call)? {
        Attempt::Ended(ended) => ended,
        Attempt::NeedsMemory => Err(failed(unmetered("memory"))),
    }
}

/// The most memory that a run within `limits` takes of the host, in bytes: the policy's own, its answer, and the stack.
fn most_memory(limits: &Limits) -> u64 {
    let tables = limits.table.saturating_mul(TABLE_ELEMENT);
    let parts = [limits.output, tables, RUN_STACK as u64, LOG_BYTES as u64];
    parts.into_iter().fold(limits.memory, u64::saturating_add)
}

fn failed(error: HostError) -> Failed {
    Failed { error: error.into(), log: String::new(), calls: Vec::new() }
}

/// How a run with a share of memory went.
enum Attempt<R> {
    Ended(Result<Ran<R>, Failed>),
    /// It needs more than its share, and its limits allow that.
    NeedsMemory,
}

/// Waits for a share of memory and runs with it.
fn attempt<R: Send + 'static>(
    runtime: &Runtime,
    limits: &Limits,
    memory: u64,
    subject: Option<Subject>,
    call: impl FnOnce(&mut Store<State>) -> Called<R> + Send + 'static,
) -> Result<Attempt<R>, Failed> {
    let share = runtime.take_memory(most_memory(&Limits { memory, ..*limits })).map_err(failed)?;
    let state = State::new(subject, limits, memory);
    let store = Store::new(runtime.engine(), state);
    let ran = runtime.run(move |interruption| run_in(store, interruption, call));
    drop(share);
    ran.map_err(failed)
}

fn run_in<R>(
    mut store: Store<State>,
    interruption: &Interruption,
    call: impl FnOnce(&mut Store<State>) -> Called<R>,
) -> Attempt<R> {
    let output = store.data().limits().output;
    store.limiter(|state| state);
    store.set_hostcall_fuel(usize::try_from(output).unwrap_or(usize::MAX));
    store.set_max_component_handles(0); // the contract has no resources; linking WASI allows some
    let called = match interruption.listen(&mut store) {
        Ok(()) => call(&mut store),
        Err(error) => return Attempt::Ended(Err(failed(error))),
    };
    let state = store.into_data();
    if state.needs_more_memory() {
        return Attempt::NeedsMemory;
    }
    Attempt::Ended(match called {
        Ok((response, metered)) => match state.usage(metered) {
            Ok(usage) => Ok(Ran { response, usage, log: state.log }),
            Err(error) => Err(Failed { error: error.into(), log: state.log, calls: Vec::new() }),
        },
        Err((error, moment)) => {
            let calls = calls::of(&error);
            Err(Failed { error: verdict(error, moment), log: state.log, calls })
        }
    })
}

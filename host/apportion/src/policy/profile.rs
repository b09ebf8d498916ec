//! Where the instructions of a run go, function by function: for who writes a policy.

use apportion_harden::{Profiled, ProfiledFunction};
use serde_json::Value;
use wasmtime::component::Component;

use crate::abi;
use crate::host_error::RunError;
use crate::sandbox::{self, Failed, calls};
use apportion_core::epoch::Epoch;
use apportion_core::fault::Fault;
use apportion_core::limits::{Limits, Usage};

use super::{AdmissionError, Answer, Engine, Question, invalid};

/// One run, and what each of the policy's functions was charged.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How it ended: with an allocation, or at fault.
    pub ended: Result<(), Fault>,
    /// What it used; none if it ended before it returned. The same as in a receipt.
    pub used: Option<Usage>,
    /// The functions that were charged something, the dearest first; none if the run ended before it returned.
    pub functions: Vec<FunctionCharge>,
    /// What the policy said to its author.
    pub log: String,
    /// The functions that it was in if it broke off, as in [`SettleError::Fault`](crate::SettleError::Fault).
    pub calls: Vec<String>,
}

/// What one function was charged, without what it called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCharge {
    /// What the component calls it, or its place there.
    pub name: String,
    /// Instructions, as METERING.md of `apportion-harden` counts them.
    pub instructions: u64,
}

impl Engine {
    /// The component as it is run: hardened, so that it counts what it uses. What is adopted and named in charters and
    /// ledgers is the author's component.
    pub fn hardened(&self, component: &[u8]) -> Result<Vec<u8>, AdmissionError> {
        super::check_preamble(component)?;
        let owned = component.to_vec();
        let hardened = sandbox::compile(&self.runtime, move || apportion_harden::harden(&owned))?;
        hardened.map_err(|error| invalid(wasmtime::Error::new(error)))
    }

    /// Runs a policy that looks at no history once, and tells where its instructions went. The counts are those of any
    /// run; only the time is not, because every charge is noted.
    ///
    /// ```
    /// use apportion::{Engine, Epoch, Limits};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let component = std::fs::read("../../policies/dist/equal.wasm")?;
    /// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
    /// let profile = Engine::new()?.profile(&component, &epoch, &serde_json::json!({}), &Limits::default())?;
    /// let charged: u64 = profile.functions.iter().map(|function| function.instructions).sum();
    /// assert!(charged <= profile.used.unwrap().instructions); // growing memory is charged to no function
    /// # Ok(())
    /// # }
    /// ```
    pub fn profile(
        &self,
        component: &[u8],
        epoch: &Epoch,
        parameters: &Value,
        limits: &Limits,
    ) -> Result<Profile, AdmissionError> {
        let policy = self.admit(component)?;
        let (engine, owned) = (self.runtime.engine.clone(), component.to_vec());
        let compiled = sandbox::compile(&self.runtime, move || {
            let Profiled { component, functions, memory } =
                apportion_harden::profile(&owned).map_err(wasmtime::Error::new)?;
            Ok((Component::from_binary(&engine, &component)?, functions, memory))
        })?;
        let (compiled, functions, beside) = compiled.map_err(invalid)?;
        let linked = abi::link(&self.runtime.engine, &compiled, policy.contract()).map_err(invalid)?;
        let pool = epoch.pool().amount;
        let past = sandbox::Past { paid: vec![0; epoch.payees().len()], carry: Vec::new() };
        let (subject, parameters) = policy.asked(Question { epoch, pool, parameters, past, limits })?;
        let count = functions.len();
        let ran = sandbox::run(
            &self.runtime,
            limits,
            Some(subject),
            move |store| linked.instantiate(store),
            move |instance, store| {
                let (answer, mut used) = instance.allocate(store, &parameters)?;
                used.memory += beside; // the engine sees that too
                Ok(((answer, instance.charged(store, count)?), used))
            },
        );
        match ran {
            Ok(ran) => {
                let (answer, charged) = ran.result;
                let ended =
                    Answer::checked(answer, epoch.payees().len(), pool, policy.is_stateful()).map(|_| ());
                let functions = charges(functions, &charged);
                let used = Usage { memory: ran.usage.memory - beside, ..ran.usage };
                Ok(Profile { ended, used: Some(used), functions, log: ran.log, calls: Vec::new() })
            }
            Err(Failed { error: RunError::Fault(fault), log, calls }) => {
                Ok(Profile { ended: Err(fault), used: None, functions: Vec::new(), log, calls })
            }
            Err(Failed { error: RunError::Host(error), .. }) => Err(error.into()),
        }
    }
}

fn charges(functions: Vec<ProfiledFunction>, charged: &[u64]) -> Vec<FunctionCharge> {
    let charges = functions.into_iter().zip(charged).filter(|(_, instructions)| **instructions > 0);
    let mut charges: Vec<FunctionCharge> = charges
        .map(|(ProfiledFunction { module, index, name, .. }, &instructions)| FunctionCharge {
            name: name.map_or_else(
                || format!("function {index} of core module {module}"),
                |name| calls::shown(&name),
            ),
            instructions,
        })
        .collect();
    charges.sort_by(|a, b| b.instructions.cmp(&a.instructions).then_with(|| a.name.cmp(&b.name)));
    charges
}

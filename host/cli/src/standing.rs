//! Policies by name, version and standing: which are standard ones, and which only have the name of one.

use std::collections::BTreeSet;
use std::path::Path;

use apportion::charter::Appointment;
use apportion::receipt::RunReport;
use apportion::{Charter, Policy};
use apportion_standard::Standing;

use crate::inspect::shown;
use crate::ledger;
use crate::print::warning;

/// `equal 0.1.0 (standard)`, `lineage 0.1.0 (not the standard policy of that name)`.
pub fn of_policy(policy: &Policy) -> String {
    describe(policy.name(), policy.version(), &policy.digest().to_string())
}

pub fn of_appointment(appointment: &Appointment) -> String {
    describe(&appointment.name, &appointment.version, &appointment.policy.to_string())
}

pub fn of_run(run: &RunReport) -> String {
    describe(&run.name, &run.version, &run.policy.to_string())
}

pub fn describe(name: &str, version: &str, digest: &str) -> String {
    shown(&apportion_standard::describe(name, version, digest))
}

/// Says on standard error which policies of a charter could be mistaken for standard ones.
pub fn warn(charter: &Charter) {
    for note in misleading(charter) {
        warning!("{note}");
    }
}

/// The same of every charter that a ledger adopted, a line for each policy; of charters that can be read.
pub fn notes_of_ledger(path: &Path) -> BTreeSet<String> {
    let Ok(ledger) = ledger::open(path) else { return BTreeSet::new() };
    let charters = ledger.adoptions().filter_map(|(_, charter, _)| ledger.charter(&charter).ok());
    charters.flat_map(|charter| misleading(&charter)).collect()
}

fn misleading(charter: &Charter) -> Vec<String> {
    let policies = charter.terms().policies.iter().filter(|appointment| {
        let digest = appointment.policy.to_string();
        Standing::of(&appointment.name, &appointment.version, &digest).could_mislead()
    });
    policies.map(|one| format!("policy {}: {}", of_appointment(one), one.policy)).collect()
}

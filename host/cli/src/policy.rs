//! `apportion policy`: for who writes a policy, in any language that the program has a kit for.

mod build;
mod case;
mod expected;
mod language;
mod new;
mod project;
mod test;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use apportion::Policy;

use crate::arguments::{PolicyAction, PolicyArguments};
use crate::engine::Engines;
use crate::objects;
pub use language::languages;

/// How long an author's component may take to compile: those of interpreters have up to 20 MB, and it is their own
/// machine.
const COMPILE_TIME: Duration = Duration::from_secs(600);

pub fn policy(arguments: &PolicyArguments, engines: &Engines) -> Result<()> {
    match &arguments.action {
        PolicyAction::New(arguments) => new::new(arguments),
        PolicyAction::Build(arguments) => build::build(arguments, engines),
        PolicyAction::Test(arguments) => test::test(arguments, engines),
    }
}

/// The policy that an author built.
fn admitted(engines: &Engines, component: &Path) -> Result<Policy> {
    objects::policy_file(&engines.make()?.with_compile_time(COMPILE_TIME), component)
}

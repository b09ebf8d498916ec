//! `apportion policy`: for who writes a policy, in any language that the program has a kit for.

mod build;
mod case;
mod expected;
mod language;
mod new;
mod project;
mod test;

use std::path::Path;

use anyhow::Result;
use apportion::{Backend, Policy};

use crate::arguments::{PolicyAction, PolicyArguments};
use crate::engine::Engines;
use crate::objects;
pub use language::languages;

pub fn policy(arguments: &PolicyArguments, engines: &Engines) -> Result<()> {
    match &arguments.action {
        PolicyAction::New(arguments) => new::new(arguments),
        PolicyAction::Build(arguments) => build::build(arguments, engines),
        PolicyAction::Test(arguments) => test::test(arguments, engines),
    }
}

/// The policy that an author built. It is compiled anew after every change and run a few times, so the compiler that is
/// done soonest comes first; what that one cannot do, the other is asked.
fn admitted(engines: &Engines, component: &Path) -> Result<Policy> {
    if engines.asked()?.is_none()
        && let Ok(engine) = engines.on(Backend::Winch)
        && let Ok(policy) = objects::policy_file(&engine, component)
    {
        return Ok(policy);
    }
    objects::policy_file(&engines.make()?, component)
}

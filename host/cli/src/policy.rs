//! `apportion policy`: for who writes a policy, in any language that the program has a kit for.

mod bench;
mod build;
mod case;
mod component;
mod expected;
mod inspect;
mod language;
mod new;
mod project;
mod rust;
mod test;
mod tools;

use anyhow::Result;

use crate::arguments::{PolicyAction, PolicyArguments};
use crate::engine::Engines;
pub use language::languages;

pub fn policy(arguments: &PolicyArguments, engines: &Engines) -> Result<()> {
    match &arguments.action {
        PolicyAction::New(arguments) => new::new(arguments),
        PolicyAction::Build(arguments) => build::build(arguments, engines),
        PolicyAction::Test(arguments) => test::test(arguments, engines),
        PolicyAction::Inspect(arguments) => inspect::inspect(arguments, engines),
        PolicyAction::Bench(arguments) => bench::bench(arguments, engines),
    }
}

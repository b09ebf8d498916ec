//! `apportion policy`: for who writes a policy, in any language that the program has a kit for.

mod bench;
mod build;
mod case;
mod expected;
mod inspect;
mod language;
mod new;
mod project;
mod rust;
mod test;

use std::path::Path;

use anyhow::{Context, Result};
use apportion::engine::Backend;
use apportion::policy::Profile;
use apportion::{Engine, Epoch, Limits, Policy};
use serde_json::Value;

use crate::arguments::{PolicyAction, PolicyArguments};
use crate::engine::Engines;
use crate::inspect::shown;
use crate::objects;
use crate::outcome::call_lines;
use crate::print::{Lines, say};
use crate::progress::Spinner;
use crate::table::grouped;
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

/// A component and what it was called on the command line.
struct Component {
    name: String,
    bytes: Vec<u8>,
}

impl Component {
    /// A file, or the standard policy of that name.
    fn find(name_or_file: &str) -> Result<Component> {
        Ok(Component { name: name_or_file.to_owned(), bytes: objects::component(name_or_file)? })
    }

    fn admit(&self, engine: &Engine) -> Result<Policy> {
        objects::admit(engine, &self.bytes, &self.name)
    }

    /// Runs it once by itself over an epoch, to tell what it uses and where.
    fn profile(&self, engine: &Engine, epoch: &Epoch, parameters: &Value) -> Result<Profile> {
        let spinner = Spinner::new(format!("counting {}", self.name));
        let profile = engine.profile(&self.bytes, epoch, parameters, &Limits::default());
        spinner.done();
        profile.with_context(|| format!("`{}`", self.name))
    }
}

/// What a run used, a line each.
fn used(profile: &Profile) -> Lines {
    let mut text = Lines::default();
    if let Err(fault) = &profile.ended {
        say!(text, "  no allocation: {}: {}", fault.code, shown(&fault.sentence));
        text.append(call_lines(&profile.calls));
    }
    if let Some(used) = &profile.used {
        for (what, used, unit) in [
            ("counted", used.instructions, "instructions"),
            ("memory", used.memory, "bytes"),
            ("read", used.transfer, "bytes charged for what the host handed over"),
        ] {
            say!(text, "  {what:8} {} {unit}", grouped(&used.to_string()));
        }
    }
    if !profile.log.is_empty() {
        say!(text, "  the policy said:");
        text.block("  ", &profile.log);
    }
    text
}

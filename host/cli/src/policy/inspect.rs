//! `apportion policy inspect`: what a component says of itself, what it was granted, and what changed against another.

use anyhow::Result;
use apportion::Policy;

use super::component::{Component, used};
use crate::arguments::InspectPolicyArguments;
use crate::engine::Engines;
use crate::figures::grouped;
use crate::inspect;
use crate::objects;
use crate::print::{Lines, one_line, say};
use crate::standing;

pub fn inspect(arguments: &InspectPolicyArguments, engines: &Engines) -> Result<()> {
    let engine = engines.make()?;
    let component = Component::find(&arguments.policy)?;
    let policy = component.admit(&engine)?;
    let mut text = Lines::default();
    inspect::policy(&policy, &mut text);
    let hardened = engine.hardened(&component.bytes)?.len();
    say!(
        text,
        "  hardened {} bytes, {:.2} times as many: what is run, so that it counts what it uses",
        grouped(&hardened.to_string()),
        ratio(hardened, component.bytes.len())
    );
    if let Some(epoch) = &arguments.epoch {
        let parameters = objects::parameters(arguments.parameters.as_deref())?;
        text.append(used(&component.profile(&engine, &objects::epoch(epoch)?, &parameters)?));
    }
    if let Some(other) = &arguments.against {
        let other = Component::find(other)?.admit(&engine)?;
        text.append(changes(&other, &policy));
    }
    text.print()
}

#[expect(clippy::cast_precision_loss, reason = "two digits behind the point are shown")]
fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

/// What is different in `new`, a line each: `-` what was, `+` what is.
fn changes(old: &Policy, new: &Policy) -> Lines {
    let mut text = Lines::default();
    say!(text, "against {}, digest {}", standing::of_policy(old), old.digest());
    let mut same = true;
    for (what, old, new) in [
        ("says", said(old), said(new)),
        ("imports", old.imports().to_vec(), new.imports().to_vec()),
        ("exports", old.exports().to_vec(), new.exports().to_vec()),
        ("parameters", parameters(old), parameters(new)),
    ] {
        let gone = old.iter().filter(|line| !new.contains(line)).map(|line| ('-', line));
        let come = new.iter().filter(|line| !old.contains(line)).map(|line| ('+', line));
        for (sign, line) in gone.chain(come) {
            same = false;
            say!(text, "  {what:10} {sign} {}", one_line(line));
        }
    }
    if same {
        say!(
            text,
            "  {}",
            if old.digest() == new.digest() {
                "the same component"
            } else {
                "different bytes, but nothing that is shown here differs"
            }
        );
    }
    text
}

fn said(policy: &Policy) -> Vec<String> {
    vec![
        format!("name {} {}", policy.name(), policy.version()),
        policy.summary().to_owned(),
        format!("contract {}", policy.contract()),
        format!("reads history: {}", if policy.is_stateful() { "yes" } else { "no" }),
    ]
}

fn parameters(policy: &Policy) -> Vec<String> {
    let mut text = Lines::default();
    inspect::parameters(policy.schema(), policy.schema(), "", &mut text);
    text.trimmed()
}

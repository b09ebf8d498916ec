//! `cargo xtask house`: the layers of every crate, and what is wrong with the structure.

use anyhow::{Result, ensure};
use house::House;

use crate::outcome::Outcome;

/// Prints the layers of every crate, lowest first.
///
/// # Errors
///
/// If there is a circle, or anything else that the tables in `tests/house` do not allow.
pub fn run() -> Result<Outcome> {
    let house = House::read(&crate::workspace::root()?)?;
    println!("{house}");
    let findings: Vec<String> = house.findings().iter().map(ToString::to_string).collect();
    ensure!(findings.is_empty(), "{}\n\nfound {} in all", findings.join("\n\n"), findings.len());
    println!("no circles besides {} that are known, and no rule is broken", house.known_circles());
    Ok(Outcome::Done)
}

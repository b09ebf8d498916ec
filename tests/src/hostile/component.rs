//! Components made of a part of a core module and the prelude.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const CONTRACT: &str = include_str!("../../../wit/0.1.0/policy.wit");
const PRELUDE: &str = include_str!("../../hostile/prelude.wat");
const ALLOCATE: &str = "apportion:policy/rule@0.1.0#allocate";

/// A policy of further parts of the module beside the prelude, or instead of some of its sections.
pub fn policy(parts: &str, instead_of: &[&str]) -> Vec<u8> {
    component(&module(parts, instead_of), "").expect("the parts are of the contract")
}

/// A policy whose `allocate` has this body, and further parts of the module.
pub fn allocating(body: &str, parts: &str) -> Vec<u8> {
    policy(&format!("{parts}\n(func (export \"{ALLOCATE}\") (param i32 i32) (result i32) {body})"), &[])
}

/// A core module, which most compilers make first.
pub fn core_module() -> Vec<u8> {
    let allocate = format!(
        "(func (export \"{ALLOCATE}\") (param i32 i32) (result i32) (call $weights (call $payee_count)))"
    );
    wat::parse_str(module(&allocate, &[])).unwrap()
}

/// A core module of a text and the prelude without some of its sections.
pub(super) fn module(text: &str, without: &[&str]) -> String {
    let sections = PRELUDE.split(";; == ").skip(1).map(|section| section.split_once('\n').unwrap());
    let kept = sections.filter(|(name, _)| !without.contains(name)).map(|(_, text)| text);
    let kept: String = kept.collect();
    // Imports stand first, whoever has them.
    if without.contains(&"imports") {
        format!("(module\n{text}\n{kept})")
    } else {
        format!("(module\n{kept}\n{text})")
    }
}

/// Makes a component of the contract, whose world may have more.
pub(super) fn component(module: &str, wit: &str) -> anyhow::Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let contract = CONTRACT.replace("export rule;", &format!("export rule;\n{wit}"));
    let package = resolve.push_str("policy.wit", &contract)?;
    let world = resolve.select_world(&[package], Some("policy"))?;
    let mut core = wat::parse_str(module)?;
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)?;
    // Not validated: what the engine makes of it is the question.
    ComponentEncoder::default().module(&core)?.encode()
}

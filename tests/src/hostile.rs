//! Policies that behave badly: the files of `tests/hostile/`, and those that are too large to write down.
//!
//! A file says in its header what it tries and how that must end:
//!
//! ```text
//! ;; Tries: to grow its memory without end.
//! ;; Ends: fault out-of-memory
//! ```
//!
//! | ends | what must come of it |
//! |---|---|
//! | `fault CODE` | it is admitted, and every run ends in this fault |
//! | `not admitted: WORDS` | it is refused, and the error says so |
//! | `pays AMOUNTS` | it does no harm: these are the payouts, the same as anybody's |
//!
//! Further lines of a header: `Instead of: SECTIONS` leaves out sections of `prelude.wat`, `Wit: TEXT` adds to the
//! world of the contract, `Parameters: JSON` is what the policy is given. A file that begins with `(component` after
//! its header is the whole component.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "for tests: the text is theirs, and a wrong one is told by its file"
)]

mod frames;
mod made;

pub use frames::all as frames;
pub use made::{described_by, slow_to_compile};

use std::fs;
use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const CONTRACT: &str = include_str!("../../wit/0.1.0/policy.wit");
const PRELUDE: &str = include_str!("../hostile/prelude.wat");
const ALLOCATE: &str = "apportion:policy/rule@0.1.0#allocate";

/// How a case must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// In a fault with this code, as receipts spell it.
    Fault(String),
    /// Refused at admission, with an error that says this.
    NotAdmitted(String),
    /// In these payouts: it does no harm.
    Pays(Vec<u128>),
}

/// A hostile component and how it must end.
pub struct Case {
    /// The file's name, or the maker's.
    pub name: String,
    /// What it tries.
    pub tries: String,
    /// What it is given, as JSON.
    pub parameters: String,
    /// How that ends.
    pub end: End,
    make: Box<dyn Fn() -> Vec<u8>>,
}

impl Case {
    /// The component; made when it is wanted, because some are large.
    pub fn component(&self) -> Vec<u8> {
        (self.make)()
    }

    /// A case that no file holds.
    fn made(name: &str, tries: &str, end: End, make: impl Fn() -> Vec<u8> + 'static) -> Case {
        let (name, tries, parameters) = (name.to_owned(), tries.to_owned(), "{}".to_owned());
        Case { name, tries, parameters, end, make: Box::new(make) }
    }
}

/// Every case: those of the files by name, then those that are made.
pub fn all() -> Vec<Case> {
    files().into_iter().chain(made::all()).chain(frames::all()).collect()
}

/// The cases of all files, by name.
pub fn files() -> Vec<Case> {
    let entries = fs::read_dir(folder()).expect("the folder of hostile policies");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|is| is == "wat") && !path.ends_with("prelude.wat"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// The component of one file.
pub fn file(name: &str) -> Vec<u8> {
    read(&folder().join(name).with_extension("wat")).component()
}

/// A policy that does nothing bad, to show that the others fail by what they do.
pub fn harmless() -> Vec<u8> {
    file("harmless")
}

/// A policy with a state: the first payee's share is one more at each epoch, which the carry's length counts.
pub fn stateful() -> Vec<u8> {
    file("counts-epochs")
}

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

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile")
}

fn read(path: &Path) -> Case {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let said = |key: &str| {
        let key = format!(";; {key}: ");
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(&key)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    };
    let needed = |key: &str| said(key).unwrap_or_else(|| panic!("{name}: its header has no `{key}`"));
    let (tries, end) = (needed("Tries"), end(&needed("Ends")).unwrap_or_else(|| panic!("{name}: its end")));
    let parameters = said("Parameters").unwrap_or_else(|| "{}".to_owned());
    let (instead_of, wit) = (said("Instead of").unwrap_or_default(), said("Wit").unwrap_or_default());
    let of = name.clone();
    let make = Box::new(move || {
        let is_whole = text
            .lines()
            .find(|line| line.starts_with('('))
            .is_some_and(|line| line.starts_with("(component"));
        if is_whole {
            return wat::parse_str(&text).unwrap_or_else(|error| panic!("{of}: {error}"));
        }
        let without: Vec<&str> = instead_of.split(", ").collect();
        component(&module(&text, &without), &wit).unwrap_or_else(|error| panic!("{of}: {error:#}"))
    });
    Case { name, tries, parameters, end, make }
}

fn end(text: &str) -> Option<End> {
    if let Some(code) = text.strip_prefix("fault ") {
        return Some(End::Fault(code.to_owned()));
    }
    if let Some(words) = text.strip_prefix("not admitted: ") {
        return Some(End::NotAdmitted(words.to_owned()));
    }
    let amounts = text.strip_prefix("pays ")?.split(' ').map(str::parse).collect::<Result<_, _>>();
    Some(End::Pays(amounts.ok()?))
}

/// A core module of a text and the prelude without some of its sections.
fn module(text: &str, without: &[&str]) -> String {
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
fn component(module: &str, wit: &str) -> anyhow::Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let contract = CONTRACT.replace("export rule;", &format!("export rule;\n{wit}"));
    let package = resolve.push_str("policy.wit", &contract)?;
    let world = resolve.select_world(&[package], Some("policy"))?;
    let mut core = wat::parse_str(module)?;
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)?;
    // Not validated: what the engine makes of it is the question.
    ComponentEncoder::default().module(&core)?.encode()
}

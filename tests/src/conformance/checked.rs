//! A written corpus run again, by another engine or on another processor: what `write` wrote must come out of it again,
//! byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, ensure};
use apportion::{Engine, Epoch, Limits};
use apportion_harden::harden;
use serde_json::Value;

use super::case::Case;
use super::written::{damage, expected, request};
use crate::small_epoch;

/// A part of the corpus, small enough for one process: `3/24` is the third of 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Counted from 0.
    index: usize,
    count: usize,
}

impl Slice {
    /// Whether the slice contains the component at this place in the order of their digests.
    fn contains(self, component: usize) -> bool {
        component % self.count == self.index
    }
}

impl FromStr for Slice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Slice> {
        let (number, count) = text.split_once('/').context("a slice is written like 3/24")?;
        let (number, count): (usize, usize) = (number.parse()?, count.parse()?);
        ensure!((1..=count).contains(&number), "there is no slice {text}: they are counted from 1");
        Ok(Slice { index: number - 1, count })
    }
}

/// What a check looked at and found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Cases.
    pub cases: usize,
    /// Runs: a case with a count has four.
    pub runs: usize,
    /// Every file that came out with other bytes, and where they begin to differ.
    pub different: Vec<String>,
}

/// Runs the cases of a slice of the corpus in `folder` under `engine`, and compares the bytes of all files that
/// [`write`](super::write) would write: hardened components, requests and outcomes.
///
/// All cases of one component are in one slice, so that it is compiled once.
///
/// # Panics
///
/// If the folder does not contain a corpus, or the four runs of a case contradict one another.
pub fn check(folder: &Path, engine: &Engine, slice: Slice) -> Checked {
    let mut checked = Checked::default();
    for (place, (component, names)) in by_component(folder).into_iter().enumerate() {
        if !slice.contains(place) {
            continue;
        }
        let published = fs::read(folder.join("published").join(&component)).unwrap();
        let hardened = harden(&published).unwrap_or_else(|error| panic!("{component}: {error}"));
        checked.compare(folder, &format!("components/{component}.wasm"), &hardened);
        let published = Arc::new(published);
        for name in names {
            let case = read(folder, &name, &published);
            let runs = case.runs(engine);
            (checked.cases, checked.runs) = (checked.cases + 1, checked.runs + runs.len());
            let (request, expected) = (request(&case, engine).to_string(), expected(&runs).to_string());
            checked.compare(folder, &format!("cases/{name}/request.json"), request.as_bytes());
            checked.compare(folder, &format!("cases/{name}/expected.json"), expected.as_bytes());
        }
    }
    if slice.index == 0 {
        checked.compare(folder, "damage.json", damage(&small_epoch()).to_string().as_bytes());
    }
    checked
}

impl Checked {
    fn compare(&mut self, folder: &Path, file: &str, now: &[u8]) {
        let written = fs::read(folder.join(file)).unwrap();
        if written == now {
            return;
        }
        let same = written.iter().zip(now).take_while(|(left, right)| left == right).count();
        let excerpt = |bytes: &[u8]| {
            let from = same.saturating_sub(40).min(bytes.len());
            String::from_utf8_lossy(&bytes[from..bytes.len().min(same + 80)]).into_owned()
        };
        self.different.push(format!(
            "{file} differs from byte {same} on\n  written: {:?}\n  now:     {:?}",
            excerpt(&written),
            excerpt(now)
        ));
    }
}

/// The names of all cases, by the digest of their component.
fn by_component(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut cases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(folder.join("cases")).expect("a folder that `write` wrote") {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let component = text(&json(folder, &name, "request.json")["component"]).to_owned();
        cases.entry(component).or_default().push(name);
    }
    cases.values_mut().for_each(|names| names.sort());
    cases
}

/// A case, out of its files.
fn read(folder: &Path, name: &str, component: &Arc<Vec<u8>>) -> Case {
    let (request, expected) = (json(folder, name, "request.json"), json(folder, name, "expected.json"));
    let epoch = fs::read(folder.join("epochs").join(text(&request["epoch"]))).unwrap();
    let epoch = Epoch::from_bytes(&epoch).unwrap();
    let history = &request["history"];
    let paid = history["paid"].as_array().into_iter().flatten().map(|amount| text(amount).parse().unwrap());
    let paid =
        epoch.payees().iter().map(str::to_owned).zip(paid).filter(|(_, amount): &(_, u128)| *amount > 0);
    let limit = |name: &str| text(&request["limits"][name]).parse().unwrap();
    Case {
        name: name.to_owned(),
        component: Arc::clone(component),
        paid: paid.collect(),
        carry: history["carry"].as_str().map(unhex).unwrap_or_default(),
        epoch,
        parameters: serde_json::from_str(text(&request["parameters"])).unwrap(),
        limits: Limits {
            instructions: text(&expected["runs"][0]["instructions"]).parse().unwrap(),
            memory: limit("memory"),
            table: limit("table"),
            transfer: limit("transfer"),
            output: limit("output"),
        },
    }
}

fn json(folder: &Path, name: &str, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join("cases").join(name).join(file)).unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text, as `write` writes it")
}

fn unhex(text: &str) -> Vec<u8> {
    let bytes = (0..text.len()).step_by(2);
    bytes.map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

//! The conformance corpus: runs of policies whose outcome must be the same on every engine, as data.
//!
//! All standard policies over the golden epochs and the real months; `lifetime` with what six months left behind; the
//! hostile policies; families of instructions at the edges of their types (`arithmetic`); and the files of
//! `tests/conformance/cases/`, each of which says in its header what it shows:
//!
//! ```text
//! ;; Shows: memory can be grown to the limit, and not a page further.
//! ;; Parameters: {"pages":3}
//! ;; Limits: {"memory":262144}
//! ```
//!
//! Every line `Parameters` is a case. `Limits` are those that differ from what all cases of files have. `Instead of`
//! leaves out sections of the hostile policies' prelude, which is put around these files too.
//!
//! What a case must come to is what the library says under one engine; others are held to that.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "for tests: the corpus is theirs, and a wrong case is told by its name"
)]

mod arithmetic;
mod checked;
mod written;

pub use checked::{Checked, Slice, check};
pub use written::{Written, write};

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apportion::charter::OnFault;
use apportion::fault::{Fault, FaultCode};
use apportion::limits::Usage;
use apportion::receipt::Outcome;
use apportion::{Charter, Engine, Epoch, History, Limits, Policy, settle};
use apportion_import::retro_funding::{self, Options, Track};
use serde_json::{Value, json};

use crate::hostile::{self, End};
use crate::{MONTHS, data, small_epoch};

/// What a run is asked.
#[derive(Clone)]
pub struct Case {
    /// Lower-case words joined by hyphens; no other case has it.
    pub name: String,
    /// The component as its author published it.
    pub component: Arc<Vec<u8>>,
    /// The epoch, all of whose pool is divided.
    pub epoch: Epoch,
    /// The parameters.
    pub parameters: Value,
    /// What was paid before, by payee, and handed over.
    pub paid: BTreeMap<String, u128>,
    /// What the policy handed over at the epoch before.
    pub carry: Vec<u8>,
    /// What the run may use.
    pub limits: Limits,
}

/// What came of a run, as far as it must be the same everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Came {
    /// What the policy answered, or how it failed.
    pub answer: Result<Answer, Fault>,
    /// What was used; none of a run that trapped or was stopped: nobody can ask it.
    pub used: Option<Usage>,
}

/// An answer, floats by their bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The division.
    pub division: Division,
    /// Measures by name.
    pub measures: Vec<(String, Vec<u64>)>,
    /// What is handed over.
    pub carry: Vec<u8>,
}

/// How the pool is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the contract")]
pub enum Division {
    ByWeight { shares: Vec<u64>, retained: u64 },
    ByAmount(Vec<u128>),
}

impl Case {
    /// The policy, admitted.
    pub fn policy(&self, engine: &Engine) -> Policy {
        engine.admit(&self.component).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Runs the case under an engine, with its own limits but for the instructions.
    pub fn run(&self, policy: &Policy, instructions: u64) -> Came {
        let mut terms =
            Charter::single("Conformance", policy, self.parameters.clone()).unwrap().terms().clone();
        terms.limits = Limits { instructions, ..self.limits };
        terms.on_fault = OnFault::Retain;
        let charter = Charter::new(terms).unwrap();
        let history = History {
            previous: None,
            asset: None,
            paid: self.paid.clone(),
            carry: BTreeMap::from([(policy.digest(), self.carry.clone())]),
        };
        let settlement = settle(&self.epoch, &charter, std::slice::from_ref(policy), &history)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let (receipt, list) = (&settlement.receipt, &settlement.payouts);
        let answer = match &receipt.terms().runs[0].outcome {
            Outcome::Fault(fault) => Err(fault.clone()),
            Outcome::Allocated { .. } => {
                let columns = &list.policies()[0];
                let parts = || list.iter().map(|payout| &payout.parts[0]);
                let division = match columns.retained {
                    Some(retained) => Division::ByWeight {
                        shares: parts().map(|part| part.share.expect("a weight")).collect(),
                        retained,
                    },
                    None => Division::ByAmount(parts().map(|part| part.amount).collect()),
                };
                let measures = columns.measures.iter().enumerate();
                let measures = measures.map(|(index, name)| {
                    (name.clone(), parts().map(|part| part.measures[index].to_bits()).collect())
                });
                let carry = settlement.carry.get(&policy.digest()).cloned().unwrap_or_default();
                Ok(Answer { division, measures: measures.collect(), carry })
            }
        };
        Came { answer, used: receipt.terms().runs[0].used }
    }

    /// The runs that are held against one another: with the case's own limit of instructions, and, where that used
    /// N, with a limit of N, of one more, and of one less, which must end it.
    ///
    /// # Panics
    ///
    /// If the last three are not as they must be.
    pub fn runs(&self, engine: &Engine) -> Vec<(u64, Came)> {
        let policy = self.policy(engine);
        let run = |instructions| (instructions, self.run(&policy, instructions));
        let whole = run(self.limits.instructions);
        let Some(Usage { instructions: count, .. }) = whole.1.used else { return vec![whole] };
        let (same, more, less) = (run(count), run(count + 1), run(count - 1));
        for (limit, came) in [&same, &more] {
            assert_eq!(*came, whole.1, "{}: {limit} instructions are enough", self.name);
        }
        let stopped = matches!(&less.1, Came { answer: Err(fault), used: None }
            if fault.code == FaultCode::OutOfInstructions);
        assert!(stopped, "{}: {} instructions are too few: {:?}", self.name, count - 1, less.1);
        vec![whole, same, more, less]
    }
}

/// Every case, by kind and name. `engine` settles the months that `lifetime` looks back on.
pub fn corpus(engine: &Engine) -> Vec<Case> {
    let mut cases = standard(engine);
    cases.extend(hostile());
    cases.extend(families());
    cases.extend(files());
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    cases
}

/// All standard policies over the golden epochs and the real months; those that are a month's own with the parameters
/// of that month, on the other track's months too, where they refuse; and some over examples of their own.
fn standard(engine: &Engine) -> Vec<Case> {
    let cooperative = fs::read(folder().join("../golden/cooperative.epoch")).unwrap();
    let mut epochs = vec![
        ("small".to_owned(), small_epoch()),
        ("cooperative".to_owned(), Epoch::from_bytes(&cooperative).unwrap()),
    ];
    let mut own = BTreeMap::new();
    for (name, track) in [("devtooling", Track::Devtooling), ("onchain", Track::Onchain)] {
        for month in MONTHS {
            let imported =
                retro_funding::import(&data("retro-funding").join(month), track, &Options::default())
                    .unwrap();
            let name = format!("{}-{name}", month.to_lowercase());
            own.insert((name.clone(), imported.policy), imported.parameters);
            epochs.push((name, imported.epoch));
        }
    }
    let last = own.clone();
    let mut cases = Vec::new();
    for policy in apportion_standard::all() {
        let component = Arc::new(policy.bytes.to_vec());
        for (name, epoch) in &epochs {
            let parameters = match policy.name {
                "optimism-devtooling" | "optimism-onchain" => {
                    let track = policy.name.trim_start_matches("optimism-");
                    let own = own.get(&(name.clone(), policy.name));
                    own.unwrap_or_else(|| &last[&(format!("m6-{track}"), policy.name)]).clone()
                }
                "proportional" | "lifetime" => weighted(epoch),
                // These epochs have neither comparisons nor lists: `examples` runs the two over some that have.
                "jury" => json!({"method": {"colley": {}}}),
                "split" => json!({"payees": {(epoch.payees().iter().next().unwrap()): 500_000}}),
                // A few steps show as much as hundreds, which an interpreter takes minutes for.
                "credrank" => json!({"tolerance": 1e-3}),
                "shapley" => reached(epoch),
                "lineage" => {
                    let kinds = epoch.node_kinds().iter().map(|kind| (kind.to_owned(), json!(1)));
                    json!({"outcomes": kinds.collect::<serde_json::Map<_, _>>(), "kept_otherwise": 0.25})
                }
                "influence" => influenced(epoch),
                _ => json!({}),
            };
            cases.push(Case {
                name: format!("{}-{name}", policy.name),
                component: Arc::clone(&component),
                epoch: epoch.clone(),
                parameters,
                paid: BTreeMap::new(),
                carry: Vec::new(),
                limits: Limits::default(),
            });
        }
    }
    cases.extend(looking_back(engine, &cases));
    cases.extend(examples());
    cases
}

/// Policies over the example beside their source, whose data no other epoch has.
fn examples() -> Vec<Case> {
    let case = |policy: &str, description: &str, name: &str, parameters: Value| {
        let path = folder().join("../../policies").join(policy).join("example").join(description);
        let component = apportion_standard::find(policy).unwrap().bytes.to_vec();
        Case {
            name: format!("{policy}-example-{name}"),
            component: Arc::new(component),
            epoch: apportion_import::tables::import(&path, &Default::default(), &mut |_| {}).unwrap().epoch,
            parameters,
            paid: BTreeMap::new(),
            carry: Vec::new(),
            limits: Limits::default(),
        }
    };
    let jury = |name: &str, method: Value| {
        let constraints = json!({"cap": "60%", "minimum": "0.01"});
        let parameters = json!({"method": {name: method}, "jurors": "alike", "constraints": constraints});
        let data = if name == "median" { "ballots.toml" } else { "comparisons.toml" };
        case("jury", data, name, parameters)
    };
    vec![
        jury("bradley-terry", json!({"prior": 0.1, "ties": "rao-kupper"})),
        jury("huber-logs", json!({"delta": 0.2})),
        jury("colley", json!({})),
        jury("rank-centrality", json!({"prior": 0.1})),
        jury("median", json!({"of": "voters", "quorum": 2})),
        case(
            "split",
            "epoch.toml",
            "lists",
            json!({"payees": {"treasurer": 100_000}, "lists": {"app": 900_000}}),
        ),
    ]
}

/// Parameters for a rule that weighs: everything that the epoch has.
fn weighted(epoch: &Epoch) -> Value {
    let all = |names: Vec<&str>| -> Value {
        let factors = names.into_iter().zip([1.0, 0.5, 0.25].into_iter().cycle());
        factors
            .map(|(name, factor)| (name.to_owned(), json!(factor)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    json!({
        "node_kinds": all(epoch.node_kinds().iter().collect()),
        "edge_kinds": all(epoch.edge_kinds().iter().collect()),
        "node_metrics": all(epoch.node_metrics().iter().collect()),
    })
}

/// Every node is an outcome that is reached through what it relies on: exact where few matter to one, else sampled.
fn reached(epoch: &Epoch) -> Value {
    let kinds: Vec<&str> = epoch.node_kinds().iter().collect();
    json!({
        "game": {"reachability": {"outcomes": kinds, "needs": {kinds[0]: "all"}}},
        "exact_up_to": 4,
        "sampling": {"permutations": 4},
    })
}

/// Parameters for `influence`: nodes of the first kind are the outputs, edges of the last kind have the scores.
fn influenced(epoch: &Epoch) -> Value {
    let (outputs, scored) = (epoch.node_kinds().iter().next(), epoch.edge_kinds().iter().last());
    json!({
        "portions": {"platform": 1, "data": 3},
        "fee": null,
        "score": null,
        "kinds": {
            "output": outputs.unwrap_or("output"),
            "adapters": "adapted-by",
            "data": scored.unwrap_or("influenced-by"),
        },
    })
}

/// `lifetime` over the months of one track in their order, each with what those before paid and handed over.
fn looking_back(engine: &Engine, cases: &[Case]) -> Vec<Case> {
    let (mut paid, mut carry) = (BTreeMap::<String, u128>::new(), Vec::new());
    let mut looking_back = Vec::new();
    for month in MONTHS {
        let name = format!("lifetime-{}-onchain", month.to_lowercase());
        let first = cases.iter().find(|case| case.name == name).unwrap();
        let case = Case {
            name: format!("{name}-looking-back"),
            paid: paid.clone(),
            carry,
            parameters: json!({"edge_metrics": {"amount": 1}}),
            ..first.clone()
        };
        let policy = case.policy(engine);
        let charter = Charter::single("Lifetime", &policy, case.parameters.clone()).unwrap();
        let history = History {
            previous: None,
            asset: None,
            paid: case.paid.clone(),
            carry: BTreeMap::from([(policy.digest(), case.carry.clone())]),
        };
        let mut settlement = settle(&case.epoch, &charter, std::slice::from_ref(&policy), &history).unwrap();
        for payout in settlement.payouts.rows() {
            *paid.entry(payout.payee.clone()).or_default() += payout.amount;
        }
        carry = settlement.carry.remove(&policy.digest()).unwrap_or_default();
        looking_back.push(case);
    }
    looking_back
}

/// Limits that are met within a second.
const SMALL: Limits = Limits {
    instructions: 200_000_000,
    memory: 64 << 20,
    table: 1 << 20,
    transfer: 16 << 20,
    output: 16 << 20,
};

/// A case over the small epoch.
fn small(name: String, component: Vec<u8>, parameters: Value) -> Case {
    let (component, epoch) = (Arc::new(component), small_epoch());
    Case { name, component, epoch, parameters, paid: BTreeMap::new(), carry: Vec::new(), limits: SMALL }
}

/// The hostile policies that are admitted.
fn hostile() -> Vec<Case> {
    let cases = hostile::files().into_iter().chain(hostile::frames());
    let admitted = cases.filter(|case| !matches!(case.end, End::NotAdmitted(_)));
    let cases = admitted.map(|case| {
        let parameters = serde_json::from_str(&case.parameters).unwrap();
        small(format!("hostile-{}", case.name), case.component(), parameters)
    });
    cases.collect()
}

/// Instructions at the edges of their types.
fn families() -> Vec<Case> {
    let mut cases: Vec<Case> = arithmetic::families()
        .into_iter()
        .map(|(name, component)| small(format!("arithmetic-{name}"), component, json!({})))
        .collect();
    for (name, (component, count)) in
        [("division", arithmetic::divisions()), ("conversion", arithmetic::conversions())]
    {
        let first = small(String::new(), component, json!({}));
        cases.extend((0..count).map(|case| Case {
            name: format!("arithmetic-{name}-{case:02}"),
            parameters: json!({ "case": case }),
            ..first.clone()
        }));
    }
    cases
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// The cases of all files, by name.
fn files() -> Vec<Case> {
    let entries = fs::read_dir(folder().join("cases")).expect("the folder of cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| file(path)).collect()
}

fn file(path: &Path) -> Vec<Case> {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let said = |key: &str| -> Vec<&str> {
        let key = format!(";; {key}: ");
        text.lines().filter_map(|line| line.strip_prefix(&key)).collect()
    };
    let json = |text: &str| -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {text}: {error}"))
    };
    assert!(!said("Shows").is_empty(), "{name}: its header has no `Shows`");
    let instead_of: Vec<&str> = said("Instead of").into_iter().flat_map(|line| line.split(", ")).collect();
    let mut limits = serde_json::to_value(SMALL).unwrap();
    for more in said("Limits") {
        limits.as_object_mut().unwrap().extend(json(more).as_object().unwrap().clone());
    }
    let first = Case {
        limits: serde_json::from_value(limits).unwrap(),
        ..small(name.clone(), hostile::policy(&text, &instead_of), json!({}))
    };
    match said("Parameters").as_slice() {
        [] => vec![first],
        all => all
            .iter()
            .enumerate()
            .map(|(index, parameters)| Case {
                name: format!("{name}-{}", index + 1),
                parameters: json(parameters),
                ..first.clone()
            })
            .collect(),
    }
}

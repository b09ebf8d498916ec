//! Audits: they find what is known to fail and nothing where theory says that there is nothing to find.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use apportion::audit::{Audit, AuditError, Card, Property, Verdict};
use apportion::audit::{ExampleEpoch, Finding};
use apportion::epoch::EpochRows;
use apportion::fault::FaultCode;
use apportion::{Charter, Engine, Epoch, History, Policy, audit, settle};
use apportion_tests::{hostile, small_epoch};
use serde_json::{Value, json};

use crate::jury::imported;
use crate::retro_funding::{TRACKS, months, standard};

fn audited(policy: &Policy, parameters: &Value, epochs: &[Epoch], trials: u32) -> Card {
    audit(&Audit { policy, parameters, epochs, trials, seed: 1 }, |_| {}).unwrap()
}

fn card(name: &str, parameters: &Value) -> Card {
    audited(&standard(&Engine::new().unwrap(), name), parameters, &[], 80)
}

/// Fails what must fail and holds all else, but for what may be either way and what is not the rule's doing.
fn holds_all_but(card: &Card, fail: &[Property], either: &[Property]) {
    let of_the_rule = Property::ALL.into_iter().filter(|property| !property.is_of_rounding());
    for property in of_the_rule.filter(|property| !either.contains(property)) {
        let finding = card.finding(property);
        let expected = if fail.contains(&property) { Verdict::Fails } else { Verdict::Holds };
        assert_eq!(finding.verdict(), expected, "{property}: {:?}", finding.example);
    }
}

/// Every example is what the policy does, and small.
fn is_settled_alike(card: &Card, policy: &Policy) {
    let charter = Charter::single("Anyone", policy, card.terms().parameters.clone()).unwrap();
    for finding in &card.terms().findings {
        let Some(example) = &finding.example else { continue };
        assert!(example.epochs[0].rows.payees.len() <= 6, "{}: {:?}", finding.property, example.change);
        for shown in &example.epochs {
            let epoch = shown.rows.build().unwrap();
            let policies = std::slice::from_ref(policy);
            let settled = settle(&epoch, &charter, policies, &History::default()).unwrap();
            let paid = settled.payouts.iter().map(|p| (p.payee.as_str(), p.amount));
            assert!(paid.eq(shown.payouts.iter().map(|p| (p.payee.as_str(), p.amount))));
        }
        if finding.property.is_attack() {
            let [before, after] = &example.epochs[..] else { panic!("an attack has a before and an after") };
            let together = |shown: &ExampleEpoch, who: &dyn Fn(&str) -> bool| {
                shown.payouts.iter().filter(|p| who(&p.payee)).map(|p| p.amount).sum::<u128>()
            };
            let gained = |payee: &str| example.who.iter().any(|who| who == payee);
            // Of two that merge the one that goes is no longer there to be named.
            if finding.property != Property::Merging {
                assert_eq!(together(after, &gained) - together(before, &gained), example.size);
            }
        }
    }
}

#[test]
fn an_equal_split_pays_who_does_nothing_and_every_identity() {
    let card = card("equal", &json!({}));
    holds_all_but(&card, &[Property::NullPlayer, Property::Splitting], &[]);
    // Every single time.
    assert_eq!(card.finding(Property::NullPlayer).failures, card.finding(Property::NullPlayer).trials);
}

/// In proportion to weights: additive and proof against splitting and merging, by arithmetic. What is weighed can be
/// made up all the same.
#[test]
fn a_proportional_rule_is_additive_and_proof_against_splitting() {
    let made_up = [Property::Spam, Property::SelfDealing, Property::CollusionRing, Property::Withholding];
    for name in ["proportional", "lifetime"] {
        let card = card(name, &points(json!({})));
        holds_all_but(&card, &made_up, &[]);
        assert_eq!(card.terms().stateful, name == "lifetime");
    }
}

fn points(more: Value) -> Value {
    let mut parameters = json!({"node_kinds": {"work": 1}, "edge_kinds": {"used": 1}});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parameters
}

#[test]
fn a_cap_invites_splitting_and_breaks_additivity() {
    let card = card("proportional", &points(json!({"max_share": 0.5})));
    for property in [Property::Splitting, Property::Additivity, Property::Efficiency] {
        assert_eq!(card.finding(property).verdict(), Verdict::Fails, "{property}");
    }
    for property in [Property::Symmetry, Property::NullPlayer, Property::Anonymity, Property::Merging] {
        assert_eq!(card.finding(property).verdict(), Verdict::Holds, "{property}");
    }
    // The smallest there is: one payee at the cap, and then two.
    let example = card.finding(Property::Splitting).example.as_ref().unwrap();
    assert_eq!((example.epochs[0].rows.payees.len(), example.epochs[0].rows.nodes.len()), (1, 1));
    assert_eq!(example.who.len(), 2);
    assert!(
        example.size.abs_diff(example.pool / 2) <= 1,
        "half of {} is gained: {}",
        example.pool,
        example.size
    );
}

#[test]
fn a_minimum_makes_jumps_and_invites_merging() {
    let policy = standard(&Engine::new().unwrap(), "proportional");
    let card = audited(&policy, &points(json!({"min_amount": 300_000})), &[], 200);
    // Of a larger pool more are above the minimum, at the cost of those who were.
    for property in [Property::Continuity, Property::Merging, Property::ResourceMonotonicity] {
        assert_eq!(card.finding(property).verdict(), Verdict::Fails, "{property}");
    }
    // The two epochs of a jump differ in one number, by a billionth.
    let jump = card.finding(Property::Continuity).example.as_ref().unwrap();
    let [before, after] = &jump.epochs[..] else { panic!("a jump has two sides") };
    let weights = |rows: &EpochRows| -> Vec<f64> {
        rows.nodes.iter().map(|node| node.weight).chain(rows.edges.iter().map(|edge| edge.weight)).collect()
    };
    let weights = [weights(&before.rows), weights(&after.rows)];
    let moved: Vec<(f64, f64)> =
        weights[0].iter().zip(&weights[1]).filter(|(a, b)| a != b).map(|(a, b)| (*a, *b)).collect();
    assert!(matches!(moved[..], [(low, high)] if low < high && high - low <= high * 1e-9), "{moved:?}");
}

#[test]
fn pagerank_gains_from_identities_and_from_links_made_up_or_kept_back() {
    let card = card("pagerank", &json!({}));
    let fail = [
        Property::Splitting,
        Property::SupporterSplitting,
        Property::CollusionRing,
        Property::SelfDealing,
        Property::Withholding,
    ];
    // It iterates until little changes, so it is additive up to that. Of the others theory says nothing: who joins may
    // take a rival's links.
    let either = [Property::Additivity, Property::PopulationMonotonicity, Property::Monotonicity];
    holds_all_but(&card, &fail, &either);
    assert_eq!(card.finding(Property::Additivity).verdict(), Verdict::Nearly);
}

/// Many small gifts are matched by more than one of the same sum, so one supporter under several names gains.
#[test]
fn quadratic_funding_is_open_to_supporters_under_several_names() {
    let card = card("quadratic-funding", &json!({}));
    assert_eq!(card.finding(Property::SupporterSplitting).verdict(), Verdict::Fails);
    assert_eq!(card.finding(Property::Anonymity).verdict(), Verdict::Holds);
}

/// What Shapley proved: of a game that adds up over outcomes nothing else can be said.
#[test]
fn the_shapley_value_has_its_axioms() {
    let game = json!({"coverage": {"outcomes": ["outcome"], "edge_kinds": ["covered-by"]}});
    // Few of the epochs that are made have outcomes that somebody's work covers.
    let card = audited(&standard(&Engine::new().unwrap(), "shapley"), &json!({"game": game}), &[], 400);
    for property in [
        Property::Efficiency,
        Property::Symmetry,
        Property::NullPlayer,
        Property::Anonymity,
        Property::Additivity,
    ] {
        let finding = card.finding(property);
        assert_eq!(finding.verdict(), Verdict::Holds, "{property}: {:?}", finding.example);
        assert!(finding.trials >= 20, "{property} was looked at {} times", finding.trials);
    }
}

#[test]
fn examples_are_what_the_policy_does() {
    let engine = Engine::new().unwrap();
    for (name, parameters) in
        [("equal", json!({})), ("pagerank", json!({})), ("proportional", points(json!({"max_share": 0.5})))]
    {
        let policy = standard(&engine, name);
        let card = audited(&policy, &parameters, &[small_epoch()], 60);
        is_settled_alike(&card, &policy);
        let again = audited(&policy, &parameters, &[small_epoch()], 60);
        assert_eq!(again.digest(), card.digest());
        assert_eq!(Card::from_bytes(card.as_bytes()), Ok(card.clone()));
        let other = Audit { policy: &policy, parameters: &parameters, epochs: &[], trials: 60, seed: 2 };
        assert_ne!(audit(&other, |_| {}).unwrap().digest(), card.digest());
    }
}

/// A rule that needs what only a given epoch has.
#[test]
fn what_made_epochs_lack_is_found_in_given_ones() {
    let policy = standard(&Engine::new().unwrap(), "proportional");
    let parameters = json!({"node_metrics": {"stars": 1}, "edge_metrics": {"lines": 1}});
    // Named by the parameters, so made epochs have them too.
    assert!(audited(&policy, &parameters, &[], 20).terms().answered >= 18);
    let month = months(&Engine::new().unwrap(), TRACKS[0]).pop().unwrap();
    let card = audited(&month.policy, &month.imported.parameters, &[month.imported.epoch], 12);
    assert_eq!(card.terms().refused[0].fault.code, FaultCode::NoAnswer);
    // Every second one is made, and all of those are refused.
    let answered = card.terms().answered;
    assert!((1..=6).contains(&answered) && card.finding(Property::Anonymity).trials == answered);
}

#[test]
fn a_policys_faults_are_told() {
    let engine = Engine::new().unwrap();
    let hostile = |name: &str| {
        let case = hostile::files().into_iter().find(|case| case.name == name).unwrap();
        engine.admit(&case.component()).unwrap()
    };
    let card = audited(&hostile("traps"), &json!({}), &[], 5);
    assert_eq!((card.terms().answered, card.terms().refused[0].trials), (0, 5));
    assert_eq!(card.terms().refused[0].fault.code, FaultCode::Unreachable);
    assert!(card.terms().findings.iter().all(|finding| finding.verdict() == Verdict::Untried));

    let (policy, parameters) = (hostile("refuses-its-parameters"), json!({}));
    let refused =
        audit(&Audit { policy: &policy, parameters: &parameters, epochs: &[], trials: 5, seed: 1 }, |_| {});
    assert!(matches!(refused, Err(AuditError::Refused(fault)) if fault.code == FaultCode::BadParameters));
    let (policy, parameters) = (standard(&engine, "equal"), json!({"kinds": []}));
    let refused =
        audit(&Audit { policy: &policy, parameters: &parameters, epochs: &[], trials: 5, seed: 1 }, |_| {});
    assert!(refused.unwrap_err().to_string().contains("kinds"));
}

#[test]
fn a_card_that_was_changed_is_refused() {
    let card = card("equal", &json!({}));
    let text = String::from_utf8(card.as_bytes().to_vec()).unwrap();
    let refused = |from: &str, to: &str, sentence: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = Card::from_bytes(changed.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(sentence), "{error}");
    };
    refused("card 2", "card 3", "format is `apportion card 3`");
    refused("card 2", "card 1", "one finding for each property");
    refused("\"answered\":80", "\"answered\":79", "not all trials");
    refused("\"property\":\"symmetry\"", "\"property\":\"spam\"", "one finding for each property");
    refused("\"number\":1", "\"number\":2", "another digest");
    refused("\"retained\":\"0\"", "\"retained\":\"1\"", "not the pool");
    refused("\"seed\":1", "\"seed\": 1", "canonical form");
}

#[test]
fn rows_of_real_months_give_the_identical_epochs() {
    let engine = Engine::new().unwrap();
    for track in TRACKS {
        for month in months(&engine, track) {
            let epoch = month.imported.epoch;
            assert_eq!(EpochRows::of(&epoch).build().unwrap().digest(), epoch.digest(), "{}", month.name);
        }
    }
    assert_eq!(EpochRows::of(&small_epoch()).build().unwrap().digest(), small_epoch().digest());
}

#[test]
fn a_card_stands_in_a_page_as_text() {
    let card = card("pagerank", &json!({}));
    let html = apportion_report::card(&card);
    assert!(html.contains("holds in") && html.contains("a payee gains by several identities"));
    assert!(html.contains(&card.digest().to_string()));
    for example in card.terms().findings.iter().filter_map(|finding| finding.example.as_ref()) {
        assert!(!example.change.contains('<'));
    }
}

/// A card that is committed beside a standard policy and shown on its page.
struct Kept {
    policy: &'static str,
    file: &'static str,
    /// What the parameters mean, for the head of a column.
    title: &'static str,
    trials: u32,
    with: With,
}

/// What a card is made with.
enum With {
    /// Parameters, and made epochs alone.
    Made(Value),
    /// The last month of a track, whose parameters they are.
    Month(usize),
    /// Parameters, and the epoch that tables beside the policy describe: made ones give it nothing to answer.
    Tables(&'static str, Value),
}

fn kept() -> Vec<Kept> {
    let card = |policy, trials, with| Kept { policy, file: "card.json", title: "found", trials, with };
    let plain = |policy, parameters| card(policy, 100, With::Made(parameters));
    let tables = |policy, file, parameters| card(policy, 60, With::Tables(file, parameters));
    let covered = json!({"coverage": {"outcomes": ["outcome"], "edge_kinds": ["covered-by"]}});
    let fees =
        json!({"portions": {"platform": 10, "model": 30, "adapters": 10, "data": 50}, "quality": "quality"});
    let compared = json!({"method": {"bradley-terry": {"prior": 0.1}}});
    vec![
        tables("commits", "epoch.toml", json!({})),
        plain("credrank", json!({})),
        plain("eigentrust", json!({})),
        plain("equal", json!({})),
        tables("influence", "epoch.toml", fees),
        Kept { title: "Comparisons", ..tables("jury", "comparisons.toml", compared) },
        Kept {
            file: "card-ballots.json",
            title: "Ballots",
            ..tables("jury", "ballots.toml", json!({"method": {"median": {}}}))
        },
        plain("lifetime", points(json!({}))),
        plain("lineage", json!({"outcomes": {"outcome": 1}, "kept_otherwise": 0.5})),
        card("optimism-devtooling", 30, With::Month(0)),
        card("optimism-onchain", 30, With::Month(1)),
        plain("pagerank", json!({})),
        Kept { title: "Without a cap", ..plain("proportional", points(json!({}))) },
        Kept {
            file: "card-capped.json",
            title: "With a cap of half",
            ..plain("proportional", points(json!({"max_share": 0.5})))
        },
        plain("quadratic-funding", json!({"surplus": "shared"})),
        Kept { trials: 400, ..plain("shapley", json!({"game": covered})) },
        plain("split", json!({"payees": {"ann": 500_000}})),
    ]
}

impl Kept {
    /// Parameters and given epochs.
    fn terms(&self, engine: &Engine) -> (Value, Vec<Epoch>) {
        match &self.with {
            With::Made(parameters) => (parameters.clone(), Vec::new()),
            With::Month(track) => {
                let month = months(engine, TRACKS[*track]).pop().unwrap();
                (month.imported.parameters, vec![month.imported.epoch])
            }
            With::Tables(file, parameters) => (parameters.clone(), vec![imported(self.policy, file)]),
        }
    }

    /// What it was made with, in a sentence.
    fn told(&self, card: &Card) -> String {
        let terms = card.terms();
        let given = match &self.with {
            With::Made(_) => "made epochs".to_owned(),
            With::Month(_) => "made epochs and parts of a real month".to_owned(),
            With::Tables(file, _) => format!("made epochs and parts of [an example](example/{file})"),
        };
        let first = if terms.stateful { "; each as a first epoch" } else { "" };
        let parameters = match &self.with {
            With::Month(_) => "the month's".to_owned(),
            With::Made(_) | With::Tables(..) => format!("`{}`", terms.parameters),
        };
        let (trials, answered) = (terms.trials, terms.answered);
        format!(
            "{trials} trials with {given}, of which {answered} were answered{first}. Parameters: {parameters}."
        )
    }

    /// How anyone makes it again.
    fn command(&self) -> String {
        let Kept { policy, file, .. } = self;
        let again = format!("apportion audit {policy} --again policies/{policy}/{file}");
        match &self.with {
            With::Made(_) => again,
            With::Month(track) => {
                let (track, folder) = (TRACKS[*track].name, "tests/data/retro-funding/M6");
                format!(
                    "apportion import retro-funding --track {track} {folder} -o target/{policy}\n\
                     {again} --epoch target/{policy}/epoch"
                )
            }
            With::Tables(file, _) => format!("{again} --epoch policies/{policy}/example/{file}"),
        }
    }
}

fn page(policy: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies").join(policy)
}

const BEGIN: &str =
    "<!-- The table below is written by the test `cards`: APPORTION_BLESS=1 cargo test --workspace cards -->";
const END: &str = "<!-- The end of what is written. -->";

/// The standard policies' cards, at least one for each: auditing again gives the same. Changing one is a decision:
/// APPORTION_BLESS=1.
#[test]
fn cards() {
    let engine = Engine::new().unwrap();
    let bless = std::env::var_os("APPORTION_BLESS").is_some();
    let mut pages: BTreeMap<&str, Vec<(Kept, Card)>> = BTreeMap::new();
    for kept in kept() {
        let (parameters, epochs) = kept.terms(&engine);
        let card = audited(&standard(&engine, kept.policy), &parameters, &epochs, kept.trials);
        assert!(
            card.terms().answered > 20 || epochs.len() == 1,
            "{}: as good as nothing answered",
            kept.policy
        );
        let file = page(kept.policy).join(kept.file);
        if bless {
            fs::write(&file, card.as_bytes()).unwrap();
        }
        let committed = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(committed == card.as_bytes(), "{}: {BEGIN}", file.display());
        pages.entry(kept.policy).or_default().push((kept, card));
    }
    let standard: BTreeSet<&str> = apportion_standard::all().iter().map(|standard| standard.name).collect();
    assert!(pages.keys().copied().eq(standard), "every standard policy has a card: {:?}", pages.keys());
    for (policy, cards) in pages {
        let file = page(policy).join("README.md");
        let text = fs::read_to_string(&file).unwrap();
        let (before, rest) =
            text.split_once(BEGIN).unwrap_or_else(|| panic!("{policy}: no place for a card"));
        let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("{policy}: no end of the card"));
        let shown = format!("{before}{BEGIN}\n\n{}\n{END}{after}", shown(&cards));
        if bless {
            fs::write(&file, &shown).unwrap();
        }
        assert!(fs::read_to_string(&file).unwrap() == shown, "{policy}: {BEGIN}");
    }
}

/// Every property is broken by some rule here, so that none holds because nothing could break it.
#[test]
fn nothing_is_held_that_nothing_breaks() {
    let mut broken = BTreeSet::new();
    for kept in kept() {
        let card = Card::from_bytes(&fs::read(page(kept.policy).join(kept.file)).unwrap()).unwrap();
        broken.extend(Property::ALL.into_iter().filter(|one| card.finding(*one).verdict() == Verdict::Fails));
    }
    // These two by a minimum: `a_minimum_makes_jumps_and_invites_merging`.
    broken.extend([Property::Continuity, Property::ResourceMonotonicity]);
    assert!(broken.into_iter().eq(Property::ALL), "some property never fails");
}

/// Cards of one policy beside one another, as a page shows them.
fn shown(cards: &[(Kept, Card)]) -> String {
    let mut text = String::new();
    for (kept, card) in cards {
        let title = if cards.len() > 1 { format!("{}: ", kept.title) } else { String::new() };
        let _ = writeln!(text, "{title}{}\n", kept.told(card));
    }
    text.push_str("| |");
    cards.iter().for_each(|(kept, _)| text.push_str(&format!(" {} |", kept.title)));
    text.push_str("\n|---|");
    cards.iter().for_each(|_| text.push_str("---|"));
    for property in Property::ALL {
        let _ = write!(text, "\n| {} (`{property}`) |", property.claim());
        cards.iter().for_each(|(_, card)| text.push_str(&format!(" {} |", found(card.finding(property)))));
    }
    text.push_str("\n\nAuditing again shows that this is so:\n\n```sh\n");
    cards.iter().for_each(|(kept, _)| text.push_str(&format!("{}\n", kept.command())));
    text.push_str("```\n");
    text
}

pub fn found(finding: &Finding) -> String {
    let most = finding.extent();
    match finding.verdict() {
        Verdict::Untried => "not tried".to_owned(),
        Verdict::Holds => format!("holds in {}", finding.trials),
        Verdict::Nearly => format!("nearly: off by at most {most}"),
        Verdict::Fails => {
            format!("**fails** in {} of {}, by up to {most}", finding.failures, finding.trials)
        }
    }
}

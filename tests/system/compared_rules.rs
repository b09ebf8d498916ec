//! What a comparison's page says of two charters: what differs is shown as different, whatever it is called.

use std::convert::Infallible;
use std::fs;

use apportion::audit::{Audit, Card};
use apportion::charter::{Appointment, CharterTerms, OnFault, Signers};
use apportion::replay::{SettledEpoch, SettledEpochs};
use apportion::{Charter, Engine, History, Policy, audit, settle};
use apportion_tests::{compare, data, hostile, replay_all, small_epoch};
use serde_json::{Value, json};

use crate::retro_funding::standard;

const SAME: &str = "The new charter is the one that was in force";

struct One(SettledEpoch);

impl SettledEpochs for One {
    type Error = Infallible;

    fn count(&self) -> usize {
        1
    }

    fn load(&self, _: usize) -> Result<SettledEpoch, Infallible> {
        Ok(self.0.clone())
    }
}

/// The page of an epoch that was divided under one charter and is replayed under another.
fn page(then: &Charter, new: &Charter, policies: &[Policy]) -> String {
    let epoch = small_epoch();
    let settlement = settle(&epoch, then, policies, &History::default()).unwrap();
    let settled = SettledEpoch::new(epoch, then.clone(), settlement.receipt, settlement.payouts).unwrap();
    let replayed =
        replay_all(&One(settled), std::slice::from_ref(new), policies, &History::default()).unwrap();
    apportion_report::page(&compare(&replayed, new, 0).unwrap())
}

/// The rows of the table of what differs: name, then, new.
fn differing(page: &str) -> Vec<[String; 3]> {
    let section = page.split("<h2 id=\"h-rules\">").nth(1).unwrap().split("</section>").next().unwrap();
    let table = section.split("<details>").next().unwrap();
    let bare = |cell: &str| {
        let mut text = String::new();
        for part in cell.split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        text
    };
    let rows = table.split("<tr><th scope=\"row\">").skip(1).map(|row| {
        let cells: Vec<String> = row.split("<td>").map(bare).collect();
        [cells[0].clone(), cells[1].clone(), cells[2].clone()]
    });
    rows.collect()
}

/// Names itself `lineage 0.1.0` and takes any parameters.
fn stranger(engine: &Engine) -> Policy {
    engine.admit(&hostile::file("takes-a-standard-name")).unwrap()
}

fn charter(policy: &Policy, parameters: Value) -> Charter {
    Charter::single("Test", policy, parameters).unwrap()
}

fn changed(charter: &Charter, change: impl Fn(&mut CharterTerms)) -> Charter {
    let mut terms = charter.terms().clone();
    change(&mut terms);
    Charter::new(terms).unwrap()
}

#[test]
fn a_charter_is_the_same_only_by_its_digest() {
    let policies = [stranger(&Engine::new().unwrap())];
    let then = charter(&policies[0], json!({"a": 1}));
    assert!(page(&then, &then, &policies).contains(SAME));
    let keys = |name: &str| {
        let key = fs::read_to_string(data("../../host/core/tests/data/ssh").join(name)).unwrap();
        format!("keeper@test {key}")
    };
    let signed = |required, allowed: String| {
        changed(&then, |terms| terms.signers = Some(Signers { required, allowed: allowed.clone() }))
    };
    let (ours, theirs) = (signed(1, keys("ed25519.pub")), signed(1, keys("ed25519-second.pub")));
    for (then, new) in [(&then, &ours), (&ours, &theirs), (&ours, &then)] {
        let page = page(then, new, &policies);
        assert!(!page.contains(SAME) && page.contains("changes who can change the rules"), "{page}");
        assert!(differing(&page)[0][0].contains("sign"), "who can change the charter comes first");
    }
    for new in [
        changed(&then, |terms| terms.name = "Test 2".to_owned()),
        changed(&then, |terms| terms.on_fault = OnFault::Retain),
        changed(&then, |terms| terms.limits.table += 1),
        changed(&then, |terms| terms.policies[0].portion = 2),
    ] {
        let page = page(&then, &new, &policies);
        assert!(!page.contains(SAME), "{:?}", new.terms());
        assert_eq!(differing(&page).len(), 1);
    }
}

#[test]
fn parameters_that_look_alike_are_different_settings() {
    let policies = [stranger(&Engine::new().unwrap())];
    let rows = |then: Value, new: Value| {
        differing(&page(&charter(&policies[0], then), &charter(&policies[0], new), &policies))
    };
    let row = |name: &str, then: &str, new: &str| [name, then, new].map(str::to_owned);
    assert_eq!(rows(json!({"a": 1}), json!({"a": "1"})), [row("lineage: parameter a", "1", "&quot;1&quot;")]);
    assert_eq!(
        rows(json!({"a": {"b": 1}}), json!({"a.b": 1})),
        [
            row("lineage: parameter a.b", "1", "not set"),
            row("lineage: parameter &quot;a.b&quot;", "not set", "1")
        ]
    );
    // A parameter of that name hides nothing: the real portion has a row of its own.
    let then = charter(&policies[0], json!({"portion": 1, "component": "0.1.0"}));
    let new = changed(&then, |terms| terms.policies[0].portion = 9);
    assert_eq!(differing(&page(&then, &new, &policies)), [row("lineage: portion", "1", "9")]);
}

/// Everywhere that a policy is named, it is a standard one by its digest or it is said that it is not.
#[test]
fn a_component_that_takes_a_standard_name_is_shown_as_what_it_is() {
    let engine = Engine::new().unwrap();
    let policies = [stranger(&engine), standard(&engine, "lineage")];
    let parameters = json!({"outcomes": {"paper": 1}});
    let [theirs, ours] = policies.each_ref().map(|policy| charter(policy, parameters.clone()));
    let impostor = "not the standard policy of that name";
    let shown = differing(&page(&ours, &theirs, &policies));
    let digests = policies.each_ref().map(|policy| policy.digest().to_string());
    let [_, then, new] = shown.iter().find(|row| row[0] == "lineage: component").unwrap();
    assert!(then.contains("(standard)") && then.contains(&digests[1]), "{then}");
    assert!(new.contains(impostor) && new.contains(&digests[0]), "{new}");

    let card = |policy: &Policy| -> Card {
        audit(&Audit { policy, parameters: &parameters, epochs: &[], trials: 2, seed: 1 }, |_| {}).unwrap()
    };
    let [theirs, ours] = policies.each_ref().map(|policy| apportion_report::card(&card(policy)));
    assert!(theirs.contains(impostor) && theirs.contains(&digests[0]), "{theirs}");
    assert!(ours.contains("lineage 0.1.0 (standard)"), "{ours}");
}

/// The order of policies decides who gets a unit that is left over.
#[test]
fn the_order_of_policies_is_a_difference() {
    let engine = Engine::new().unwrap();
    let policies = [stranger(&engine), standard(&engine, "equal")];
    let then = changed(&charter(&policies[0], json!({})), |terms| {
        terms.policies.push(Appointment::new(&policies[1], 1, json!({})));
    });
    let new = changed(&then, |terms| terms.policies.reverse());
    let shown = differing(&page(&then, &new, &policies));
    let names: Vec<&str> = shown.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["equal: position", "lineage: position"]);
}

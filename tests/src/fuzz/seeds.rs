//! The first inputs of each corpus, made from what the project's own tests have.

use std::fs;

use apportion::audit::Audit;
use apportion::ledger::{Event, LedgerIdentity};
use apportion::store::DirectoryStore;
use apportion::{Charter, Engine, History, Ledger, Store, audit, settle};

use crate::{data, hostile, small_epoch};

use super::SEPARATOR;
use super::components::{ANSWER_ADDRESS, DESCRIPTION_ADDRESS, DESCRIPTION_BYTES};

/// An input with a name.
pub(super) type Seed = (String, Vec<u8>);

/// All of them: the target, a name, the bytes.
pub fn all() -> Vec<(&'static str, String, Vec<u8>)> {
    let corpora: [(&str, Vec<Seed>); 10] = [
        ("epoch", ["small.epoch", "cooperative.epoch"].map(|name| (name.to_owned(), golden(name))).into()),
        ("tables", tables()),
        ("traces", traces()),
        ("admission", admission()),
        ("description", descriptions()),
        ("answer", answers()),
        ("receipt", objects()),
        ("ledger", vec![("one-epoch".to_owned(), ledger())]),
        ("proof", vec![("proof.json".to_owned(), golden("proof.json"))]),
        ("signature", signatures()),
    ];
    let named = |(target, seeds): (&'static str, Vec<Seed>)| {
        seeds.into_iter().map(move |(name, bytes)| (target, name, bytes))
    };
    corpora.into_iter().chain(super::imports::seeds()).flat_map(named).collect()
}

fn golden(name: &str) -> Vec<u8> {
    fs::read(data("../golden").join(name)).unwrap()
}

fn tables() -> Vec<Seed> {
    let example = |name: &str| fs::read(data("../../examples/cooperative").join(name)).unwrap();
    let json: &[u8] = b"{\"id\":\"a\",\"kind\":\"code\",\"weight\":0.5,\"time\":\"2025-07-02\",\"payee\":\"ada\",\"stars\":3}\n\
        {\"id\":\"b\",\"payee\":null,\"stars\":\"12\",\"team\":\"\\u0072ed\"}\n";
    let described = example("epoch.toml").as_slice().to_vec();
    let described = String::from_utf8(described).unwrap().replace("[payees]\nfiles = [\"payees.csv\"]", "");
    vec![
        (
            "csv".to_owned(),
            [b"c", example("nodes.csv").as_slice(), SEPARATOR, &example("edges.csv")].concat(),
        ),
        ("json-lines".to_owned(), [b"j", json, SEPARATOR, b"source,target\na,b\n"].concat()),
        ("description".to_owned(), [b"d", described.as_bytes()].concat()),
    ]
}

fn traces() -> Vec<Seed> {
    let samples = data("../../host/import/tests/data/traces");
    [
        ("prov", 'p', "prov/every-form.json"),
        ("openlineage", 'l', "openlineage/training.jsonl"),
        ("otlp", 'o', "otlp/july.jsonl"),
    ]
    .map(|(name, which, file)| {
        let document = fs::read_to_string(samples.join(file)).unwrap();
        (name.to_owned(), format!("{which}{document}").into_bytes())
    })
    .into()
}

fn admission() -> Vec<Seed> {
    let names =
        ["harmless", "traps", "exports-half-a-rule", "imports-a-core-module", "resources-without-end"];
    names.map(|name| (name.to_owned(), hostile::file(name))).into()
}

/// A word of 32 bits at a place of an image.
fn put(image: &mut [u8], place: usize, word: usize) {
    image[place..place + 4].copy_from_slice(&u32::try_from(word).unwrap().to_le_bytes());
}

fn descriptions() -> Vec<Seed> {
    let described = |schema: &str, parameters: &str| {
        let mut image = vec![0; DESCRIPTION_BYTES];
        let mut free = 64;
        for (field, text) in ["fuzz", "1.0.0-rc.1", "Who gets what.", schema].iter().enumerate() {
            put(&mut image, field * 8, DESCRIPTION_ADDRESS as usize + free);
            put(&mut image, field * 8 + 4, text.len());
            image[free..free + text.len()].copy_from_slice(text.as_bytes());
            free += text.len();
        }
        [image, parameters.as_bytes().to_vec()].concat()
    };
    let schemas = [
        (
            "plain",
            r#"{"type":"object","properties":{"a":{"type":"number","maximum":1}},"required":["a"]}"#,
            r#"{"a":2}"#,
        ),
        (
            "references",
            r##"{"$defs":{"t":{"items":{"$ref":"#/$defs/t"},"maxItems":3}},"properties":{"t":{"$ref":"#/$defs/t"}}}"##,
            r#"{"t":[[],[[]]]}"#,
        ),
        (
            "patterns",
            r#"{"patternProperties":{"^a+$":{"pattern":"^(x|y)*$"}},"additionalProperties":false,"propertyNames":{"maxLength":4}}"#,
            r#"{"aa":"xyx"}"#,
        ),
        (
            "alternatives",
            r#"{"oneOf":[{"required":["a"]},{"anyOf":[{"enum":[1,"b"]},{"const":null}]}],"unevaluatedProperties":false}"#,
            "1",
        ),
    ];
    schemas.map(|(name, schema, parameters)| (name.to_owned(), described(schema, parameters))).into()
}

fn answers() -> Vec<Seed> {
    let at = |place: usize| ANSWER_ADDRESS as usize + place;
    let mut weights = vec![0; 256];
    put(&mut weights, 16, at(64));
    put(&mut weights, 20, 3);
    (0..3).for_each(|row| put(&mut weights, 64 + row * 8, row + 1));
    // One measure, `score`, and a carry.
    put(&mut weights, 32, at(96));
    put(&mut weights, 36, 1);
    put(&mut weights, 96, at(200));
    put(&mut weights, 100, 5);
    weights[200..205].copy_from_slice(b"score");
    put(&mut weights, 104, at(128));
    put(&mut weights, 108, 3);
    put(&mut weights, 40, at(200));
    put(&mut weights, 44, 5);
    let mut amounts = vec![0; 128];
    amounts[8] = 1;
    put(&mut amounts, 16, at(64));
    put(&mut amounts, 20, 3);
    put(&mut amounts, 72, 99);
    let mut refusal = vec![0; 64];
    (refusal[0], refusal[8]) = (1, 1);
    put(&mut refusal, 12, at(32));
    put(&mut refusal, 16, 3);
    refusal[32..35].copy_from_slice("né".as_bytes());
    vec![("weights".to_owned(), weights), ("amounts".to_owned(), amounts), ("refusal".to_owned(), refusal)]
}

fn objects() -> Vec<Seed> {
    let engine = Engine::new().unwrap();
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let charter = Charter::single("Fuzz", &policy, serde_json::json!({"cap": 0.5})).unwrap();
    let (parameters, epochs) = (serde_json::json!({}), [small_epoch()]);
    let audited = Audit { policy: &policy, parameters: &parameters, epochs: &epochs, trials: 4, seed: 1 };
    let card = audit(&audited, |_| {}).unwrap();
    let settled = settle(&small_epoch(), &charter, &[policy], &History::default()).unwrap();
    vec![
        ("card".to_owned(), card.as_bytes().to_vec()),
        ("charter".to_owned(), golden("charter.json")),
        ("payouts".to_owned(), golden("payouts.json")),
        ("receipt".to_owned(), settled.receipt.as_bytes().to_vec()),
    ]
}

/// A charter, its adoption, an epoch settled: each line names those before it by their places.
fn ledger() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let store = DirectoryStore::create(&folder.path().join("ledger")).unwrap();
    let mut ledger = Ledger::create(store, LedgerIdentity::from_bytes([7; 32])).unwrap();
    let (engine, epoch, component) = (Engine::new().unwrap(), small_epoch(), hostile::harmless());
    let charter = Charter::single("Fuzz", &engine.admit(&component).unwrap(), serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 1, std::slice::from_ref(&component), &[]).unwrap();
    let settled = ledger.settle(&engine, &epoch).unwrap();
    let mut objects = vec![epoch.digest(), apportion::Digest::of(&component)];
    for (entry, event) in ledger.entries() {
        match event {
            Event::Creation { .. } => objects.push(*entry),
            Event::Adoption { charter, change, .. } => objects.extend([*charter, *change, *entry]),
            Event::Settlement { receipt, .. } => {
                objects.extend([settled.payouts.digest(), *receipt, *entry]);
            }
        }
    }
    let lines = objects.iter().skip(2).map(|object| {
        let text = String::from_utf8(ledger.store().get(object).unwrap().unwrap()).unwrap();
        let names = objects.iter().enumerate();
        names.fold(text, |text, (place, name)| text.replace(&name.to_string(), &format!("@{place:02}")))
    });
    lines.collect::<Vec<String>>().join("\n").into_bytes()
}

fn signatures() -> Vec<Seed> {
    let read = |name: String| fs::read(data("../../host/core/tests/data/ssh").join(name)).unwrap();
    let keys = ["ed25519", "ecdsa-p256", "ecdsa-p384", "sk-ed25519", "sk-ecdsa"];
    let signed = |key: &str| {
        let (list, signature) = (read(format!("{key}.pub")), read(format!("{key}.sig")));
        [b"ada@example.org,ada namespaces=\"apportion-*\" ", list.as_slice(), SEPARATOR, &signature].concat()
    };
    keys.map(|key| (key.to_owned(), signed(key))).into()
}

//! An invented SourceCred instance, two real ones, and what is wrong with others.

use std::io::Write;
use std::path::{Path, PathBuf};

use apportion::Epoch;
use apportion_import::sourcecred::{Imported, Options, import};
use serde_json::{Value, json};

use crate::folder::Folder;

const DAY: i64 = 86_400_000;
/// Sunday 1970-01-04, in milliseconds.
const SUNDAY: i64 = 3 * DAY;

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn stamped(kind: &str, version: &str, value: Value) -> Value {
    json!([{"type": format!("sourcecred/{kind}"), "version": version}, value])
}

fn weights(nodes: Value, edges: Value) -> Value {
    stamped("weights", "0.2.0", json!({"nodeWeights": nodes, "edgeWeights": edges}))
}

/// A plugin's graph: a user, an issue, a comment; who wrote it, what it replies to, and an edge to nowhere.
fn graph() -> Value {
    let node =
        |index: usize, time: Value| json!({"index": index, "timestampMs": time, "description": "words"});
    let edge = |name: &str, source: usize, target: usize, time: i64| json!({"address": ["s", "p", name, "1"], "srcIndex": source, "dstIndex": target, "timestampMs": time});
    let graph = json!({
        "sortedNodeAddresses": [
            ["s", "p", "comment", "a/b"], ["s", "p", "gone"], ["s", "p", "issue", "1"], ["s", "p", "user", "ann"],
        ],
        "nodes": [node(0, json!(SUNDAY + 9 * DAY)), node(2, json!(SUNDAY + DAY)), node(3, Value::Null)],
        "edges": [
            edge("wrote", 3, 2, SUNDAY + DAY),
            edge("replies", 0, 2, SUNDAY + 9 * DAY + 1),
            edge("mentions", 0, 1, SUNDAY + 9 * DAY),
        ],
    });
    let weights = weights(
        json!({"N\0s\0p\0issue\0": 3, "N\0s\0p\0comment\0": 1, "N\0s\0p\0": 0.5}),
        json!({"E\0s\0p\0replies\0": {"forwards": 2, "backwards": 0.25}}),
    );
    json!({"graphJSON": stamped("graph", "0.8.0", graph), "weightsJSON": weights})
}

fn entry(time: i64, action: Value) -> String {
    json!({"action": action, "ledgerTimestamp": time, "uuid": "u", "version": "1"}).to_string()
}

fn identity(id: &str, name: &str) -> String {
    let address = format!("N\0sourcecred\0core\0IDENTITY\0{id}\0");
    let identity = json!({"id": id, "name": name, "subtype": "USER", "address": address, "aliases": []});
    entry(0, json!({"type": "CREATE_IDENTITY", "identity": identity}))
}

fn of(kind: &str, id: &str) -> String {
    entry(0, json!({"type": kind, "identityId": id}))
}

fn paid(cred: i64, made: i64, receipts: &[&[(&str, &str)]]) -> String {
    let receipts = receipts.iter().map(|receipts| {
        let receipts: Vec<Value> =
            receipts.iter().map(|(id, amount)| json!({"id": id, "amount": amount})).collect();
        json!({"id": "a", "policy": {"policyType": "BALANCED", "budget": "9"}, "receipts": receipts})
    });
    let distribution = json!({"id": "d", "credTimestamp": cred, "allocations": receipts.collect::<Vec<_>>()});
    entry(made, json!({"type": "DISTRIBUTE_GRAIN", "distribution": distribution}))
}

fn ledger() -> Vec<String> {
    let alias = json!({"address": "N\0s\0p\0user\0ann\0", "description": "words"});
    vec![
        identity("zoe", "Zoe"),
        identity("ann", "Ann"),
        identity("ann2", "Ann again"),
        entry(0, json!({"type": "ADD_ALIAS", "identityId": "ann2", "alias": alias})),
        of("TOGGLE_ACTIVATION", "zoe"),
        of("TOGGLE_ACTIVATION", "ann2"),
        paid(SUNDAY + 7 * DAY, SUNDAY + 8 * DAY, &[&[("zoe", "1"), ("ann2", "2")], &[("zoe", "4")]]),
        paid(SUNDAY + 14 * DAY, SUNDAY + 15 * DAY, &[]),
        of("TOGGLE_ACTIVATION", "zoe"),
        of("TOGGLE_ACTIVATION", "ann"),
        entry(0, json!({"type": "MERGE_IDENTITIES", "base": "ann", "target": "ann2"})),
        entry(0, json!({"type": "RENAME_IDENTITY", "identityId": "ann", "newName": "Anna"})),
        entry(0, json!({"type": "TRANSFER_GRAIN", "from": "ann", "to": "zoe", "amount": "1", "memo": null})),
        paid(SUNDAY + 14 * DAY, SUNDAY + 16 * DAY, &[&[("ann", "340282366920938463463374607431768211455")]]),
    ]
}

pub(super) fn instance() -> Folder {
    let grain = json!({"allocationPolicies": [
        {"policyType": "IMMEDIATE", "budget": "1.5", "numIntervalsLookback": 2},
        {"policyType": "BALANCED", "budget": 3, "numIntervalsLookback": 0},
    ], "maxSimultaneousDistributions": 1});
    let dependencies =
        json!([{"id": "zoe", "name": "zoe", "periods": [{"startTime": "1970-01-11", "weight": 0.5}]}]);
    let overriding = weights(json!({"N\0s\0p\0issue\0": 8}), json!({}));
    Folder::new()
        .with("sourcecred.json", json!({"bundledPlugins": ["s/p"]}).to_string())
        .with("data/ledger.json", ledger().join("\n"))
        .with("config/weights.json", overriding.to_string())
        .with("config/grain.json", grain.to_string())
        .with("config/dependencies.json", dependencies.to_string())
        .with("config/currencyDetails.json", r#"{"currencyName": "$SUN", "currencySuffix": "s"}"#)
        .with(
            "output/graphs/s/p/graph",
            zlib(stamped("weightedGraph", "0.1.0", graph()).to_string().as_bytes()),
        )
}

fn read(folder: &Path) -> Imported {
    import(folder, &Options::default(), &mut |_| {}).unwrap()
}

fn refused(folder: &Folder) -> String {
    import(folder.path(), &Options::default(), &mut |_| {}).unwrap_err().to_string()
}

fn rows(epoch: &Epoch) -> Vec<String> {
    let id = |node: u32| epoch.node_ids().get(node as usize).unwrap();
    let node = |row: usize| {
        format!(
            "{} {} {} @{} {} {}",
            id(u32::try_from(row).unwrap()),
            epoch.node_kinds().get(epoch.node_kind()[row] as usize).unwrap(),
            epoch.node_weight()[row],
            epoch.node_time()[row],
            epoch.payees().get(epoch.node_payee()[row] as usize).unwrap_or("-"),
            epoch.node_metric("order").unwrap()[row],
        )
    };
    let edge = |row: usize| {
        format!(
            "{} > {} {} {}/{} @{}",
            id(epoch.edge_source()[row]),
            id(epoch.edge_target()[row]),
            epoch.edge_kinds().get(epoch.edge_kind()[row] as usize).unwrap(),
            epoch.edge_weight()[row],
            epoch.edge_metric("backwards").unwrap()[row],
            epoch.edge_time()[row],
        )
    };
    (0..epoch.node_count()).map(node).chain((0..epoch.edge_count()).map(edge)).collect()
}

#[test]
fn an_instance_becomes_the_epoch_to_pay_next() {
    let folder = instance();
    let imported = read(folder.path());
    let epoch = &imported.epoch;
    assert_eq!((epoch.number(), epoch.pool().to_string()), (3, "4.5 $SUN".to_owned()));
    // The second week of the graph may still be going on, but was paid for already.
    let (start, end) = (SUNDAY / 1000, (SUNDAY + 14 * DAY) / 1000);
    assert_eq!((epoch.window().start, epoch.window().end), (start, end));
    assert_eq!(epoch.payees().iter().collect::<Vec<_>>(), ["ann"]);
    assert_eq!(epoch.payee_names().iter().collect::<Vec<_>>(), ["Anna"]);
    let second_week = (SUNDAY + 7 * DAY) / 1000;
    let bonus = format!("sourcecred/core/BONUS/{}/sourcecred/core/IDENTITY/zoe", SUNDAY + 7 * DAY);
    assert_eq!(
        rows(epoch),
        [
            "s/p/comment/a%2Fb s/p/comment 0.5 @1036800 - 0",
            "s/p/issue/1 s/p/issue 4 @345600 - 0",
            &format!("{bonus} sourcecred/core/BONUS 0.25 @{second_week} - 0"),
            &format!("sourcecred/core/IDENTITY/ann sourcecred/core/IDENTITY 0 @{start} ann 2"),
            &format!("sourcecred/core/IDENTITY/zoe sourcecred/core/IDENTITY 0 @{start} - 1"),
            // A millisecond after is a second after: never back over a week's first moment.
            "s/p/comment/a%2Fb > s/p/issue/1 s/p/replies 2/0.25 @1036801",
            &format!("{bonus} > sourcecred/core/IDENTITY/zoe sourcecred/core/BONUS 1/0 @{second_week}"),
            "sourcecred/core/IDENTITY/ann > s/p/issue/1 s/p/wrote 1/1 @345600",
        ]
    );
    let expected = json!({
        "participant_kinds": ["sourcecred/core/IDENTITY"],
        "order": "order",
        "allocations": [
            {"policy": "immediate", "weeks": 2, "portion": 1},
            {"policy": "balanced", "weeks": 0, "portion": 2},
        ],
    });
    assert_eq!(imported.parameters, expected);
    assert_eq!(
        imported.notes,
        [
            "1 edges to or from nodes that no graph has were left out",
            "1 distributions that paid nothing were left out",
            "1 entries `TRANSFER_GRAIN` of the ledger were left out",
        ]
    );
}

#[test]
fn distributions_become_past_epochs() {
    let folder = instance();
    let past = read(folder.path()).past;
    assert_eq!(past.count(), 2);
    let paid = |epoch: &Epoch| {
        let label = epoch.node_label("paid").unwrap();
        let payees = (0..epoch.node_count()).filter(|row| !label.word(*row).is_empty());
        payees
            .map(|row| format!("{} {}", epoch.node_ids().get(row).unwrap(), label.word(row)))
            .collect::<Vec<_>>()
    };
    // What Ann got under her other identity is hers. Of the graph there was only the first week.
    let first = past.epoch(0).unwrap();
    assert_eq!((first.number(), first.pool().amount), (1, 7));
    assert_eq!(paid(&first), ["sourcecred/core/IDENTITY/ann 2", "sourcecred/core/IDENTITY/zoe 5"]);
    assert_eq!(first.payees().iter().collect::<Vec<_>>(), ["ann", "zoe"]);
    assert_eq!(
        (first.window().end, first.node_count(), first.edge_count()),
        ((SUNDAY + 7 * DAY) / 1000, 3, 1)
    );
    // Zoe is active no more.
    let second = past.epoch(1).unwrap();
    assert_eq!((second.number(), second.pool().amount), (2, u128::MAX));
    assert_eq!(second.payees().iter().collect::<Vec<_>>(), ["ann"]);
    assert!(past.epoch(2).is_err());
    assert_eq!(past.parameters()["allocations"], json!([{"policy": "recorded", "label": "paid"}]));
}

#[test]
fn what_is_set_by_hand_counts() {
    let folder = instance();
    let options = Options {
        number: Some(70),
        pool: Some("0.000000000000000001".to_owned()),
        until: Some("1970-01-25".to_owned()),
        ..Options::default()
    };
    let epoch = import(folder.path(), &options, &mut |_| {}).unwrap().epoch;
    assert_eq!(
        (epoch.number(), epoch.pool().amount, epoch.window().end),
        (70, 1, (SUNDAY + 21 * DAY) / 1000)
    );
    let told = |options| import(folder.path(), &options, &mut |_| {}).unwrap_err().to_string();
    let until = Some("soon".to_owned());
    assert!(told(Options { until, ..Options::default() }).contains("`soon` is not a time"));
    let pool = Some("-1".to_owned());
    assert!(told(Options { pool, ..Options::default() }).contains("`-1` is not an amount"));
}

/// A folder with the instance, one file of it changed.
fn with(name: &str, content: impl AsRef<[u8]>) -> Folder {
    instance().with(name, content)
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let with_ledger =
        |more: &[String]| with("data/ledger.json", [ledger(), more.to_vec()].concat().join("\n"));
    let changed = |path: &str, value: Value| {
        let mut graph = graph();
        *graph.pointer_mut(path).unwrap() = value;
        with("output/graphs/s/p/graph", zlib(stamped("weightedGraph", "0.1.0", graph).to_string().as_bytes()))
    };
    for (folder, told) in [
        (Folder::new(), "sourcecred.json: there is no such file"),
        (with("sourcecred.json", "{"), "sourcecred.json: is not what is expected here: EOF"),
        (
            with("sourcecred.json", r#"{"bundledPlugins": ["../../etc"]}"#),
            "sourcecred.json, column `bundledPlugins`: `../../etc` is not a plugin's name",
        ),
        (
            with("sourcecred.json", r#"{"bundledPlugins": ["s/p", "s/p"]}"#),
            "sourcecred.json, column `bundledPlugins`: `s/p` is there twice",
        ),
        (
            with("sourcecred.json", r#"{"bundledPlugins": []}"#),
            "`sourcecred.json` names no plugin whose graph",
        ),
        (
            with("sourcecred.json", r#"{"bundledPlugins": ["s/q"]}"#),
            "output/graphs/s/q/graph: there is no such file",
        ),
        (
            with("output/graphs/s/p/graph", "{}"),
            "output/graphs/s/p/graph: is damaged: its zlib data is invalid",
        ),
        (
            with("output/graphs/s/p/graph", &zlib(graph().to_string().as_bytes())[..40]),
            "output/graphs/s/p/graph: is cut off",
        ),
        (
            with(
                "output/graphs/s/p/graph",
                zlib(stamped("weightedGraph", "0.2.0", graph()).to_string().as_bytes()),
            ),
            "output/graphs/s/p/graph: is of `sourcecred/weightedGraph` 0.2.0, where `sourcecred/weightedGraph` 0.1.0",
        ),
        (changed("/graphJSON/0/version", json!("\u{1b}[31m")), "is of `sourcecred/graph` \\u{1b}[31m, where"),
        (
            changed("/graphJSON/1/nodes/1/index", json!(9)),
            "graph, row 2, column `nodes`: there is no address 9",
        ),
        (
            changed("/graphJSON/1/edges/0/srcIndex", json!(9)),
            "graph, row 1, column `edges`: there is no address 9",
        ),
        (changed("/graphJSON/1/edges/0/timestampMs", json!(i64::MAX)), "9223372036854775807 is not a time"),
        (changed("/graphJSON/1/edges/0/address", json!(["a\0"])), "a part of an address holds a NUL"),
        (
            changed("/graphJSON/1/edges/0/address", json!(["s", "p", "replies", "1"])),
            "graph, row 2, column `edges`: `s/p/replies/1` is there twice",
        ),
        (changed("/graphJSON/1/nodes/1", json!({"index": 1, "color": 3})), "unknown field `color`"),
        (
            changed("/weightsJSON/1/nodeWeights", json!({"N\0x": 1})),
            "`N\\0x` is not the beginning of an address",
        ),
        (
            changed("/weightsJSON/1/nodeWeights", json!({"N\0x\0": -1})),
            "the weight of `N\\0x\\0` is `-1`, below 0",
        ),
        (with("config/weights.json", "[]"), "config/weights.json: is not what is expected here"),
        (
            with("config/grain.json", "{}"),
            "`config/grain.json` has no budget to divide, and no pool was given",
        ),
        (
            with("config/dependencies.json", r#"[{"id": "bob", "periods": []}]"#),
            "config/dependencies.json: there is no identity `bob`",
        ),
        (with("data/ledger.json", ""), "data/ledger.json: has no identity: there is nobody to pay"),
        (with("data/ledger.json", identity("zoe", "Zoe")), "`data/ledger.json` has no active identity"),
        (with_ledger(&["nonsense".to_owned()]), "data/ledger.json, row 15: is not what is expected here"),
        (
            with_ledger(&[of("TOGGLE_ACTIVATION", "bob")]),
            "data/ledger.json, row 15: there is no identity `bob`",
        ),
        (with_ledger(&[of("TOGGLE_ACTIVATION", "ann2")]), "row 15: there is no identity `ann2` here"),
        (with_ledger(&[identity("zoe", "Zoe")]), "data/ledger.json, row 15: `zoe` is there twice"),
        (with_ledger(&[paid(0, 0, &[&[("zoe", "1e3")]])]), "row 15: `1e3` is not an amount of grain"),
        (with_ledger(&[paid(0, 0, &[&[("zoe", "-1")]])]), "row 15: `-1` is not an amount of grain"),
        (
            with_ledger(&[entry(
                0,
                json!({"type": "ADD_ALIAS", "identityId": "zoe",
                "alias": {"address": "N\0s\0p\0user\0ann\0"}}),
            )]),
            "row 15: `s/p/user/ann` is another identity's already",
        ),
        (
            with_ledger(&[entry(0, json!({"type": "MERGE_IDENTITIES", "base": "ann", "target": "ann"}))]),
            "row 15: merges an identity with itself",
        ),
        (
            with_ledger(&[identity("x", "\u{202e}"), of("TOGGLE_ACTIVATION", "x")]),
            "data/ledger.json, row 15, column",
        ),
    ] {
        let said = refused(&folder);
        assert!(said.contains(told), "{said}\n does not say\n{told}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}

/// Files that say little and unpack to much, or never end.
#[test]
fn what_would_fill_the_memory_is_refused() {
    let zeros = vec![b' '; 40 << 20];
    let bomb = zlib(&[b"[", zeros.as_slice(), b"]"].concat());
    assert!(bomb.len() < 1 << 20);
    let said = refused(&with("output/graphs/s/p/graph", bomb));
    assert!(
        said.contains("graph: holds more than") && said.contains("MiB, which no instance of its size does"),
        "{said}"
    );
    let said = refused(&with("config/personalAttributions.json", "[".repeat(1 << 20)));
    assert!(said.contains("recursion limit"), "{said}");
    let said = refused(&with("data/ledger.json", &zeros[..17 << 20]));
    assert!(
        said.contains("data/ledger.json: a row, line or description in it is longer than the 16777216 bytes"),
        "{said}"
    );
}

fn real(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/sourcecred").join(name)
}

#[test]
fn two_real_instances_are_read_whole() {
    for (name, payees, nodes, edges, past, pool) in [
        ("superbenefit", 9, 1_418, 1_895, 24, "10000 $ENERGY"),
        ("test-instance", 3, 170, 330, 6, "1000 GRAIN"),
    ] {
        let mut files = 0;
        let imported = import(&real(name), &Options::default(), &mut |_| files += 1).unwrap();
        let epoch = &imported.epoch;
        assert_eq!(
            (epoch.payees().len(), epoch.node_count(), epoch.edge_count()),
            (payees, nodes, edges),
            "{name}"
        );
        assert_eq!((imported.past.count(), epoch.pool().to_string().as_str()), (past, pool), "{name}");
        assert!(files > 5, "{name}: {files}");
        for index in 0..past {
            let epoch = imported.past.epoch(index).unwrap();
            assert_eq!(epoch.number(), index as u64 + 1);
            assert!(
                epoch.node_count() <= nodes && epoch.window().end <= imported.epoch.window().end,
                "{name}"
            );
        }
    }
}

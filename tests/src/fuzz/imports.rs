//! Folders of strangers: a git repository, a SourceCred instance, a month of Retro Funding. An input is their files,
//! one after another, with a separator between them.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use apportion::money::{Asset, Pool};
use apportion_import::git::{self, Detail};
use apportion_import::{Bound, Limits, retro_funding, sourcecred};
use gix_hash::ObjectId;
use gix_object::Kind;

use super::SEPARATOR;
use super::seeds::Seed;
use crate::git::Repository;

/// Files that an instance has, in the order of an input's parts.
const INSTANCE: [&str; 6] = [
    "sourcecred.json",
    "data/ledger.json",
    "config/weights.json",
    "config/dependencies.json",
    "config/grain.json",
    "output/graphs/s/p/graph",
];
/// Files that a month has, after the track.
const MONTH: [&str; 9] = [
    "weights/devtooling__arcturus.yaml",
    "weights/onchain__goldilocks.yaml",
    "data/devtooling__project_metadata.csv",
    "data/devtooling__onchain_metadata.csv",
    "data/devtooling__dependency_graph.csv",
    "data/devtooling__developer_graph.csv",
    "data/devtooling__utility_labels.csv",
    "data/onchain__project_metadata.csv",
    "data/onchain__metrics_by_project.csv",
];

/// Small ones, so that what is refused only by size is refused soon.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.set(Bound::Rows, 1 << 16);
    limits.set(Bound::Cells, 1 << 20);
    limits.set(Bound::Unpacked, 16 << 20);
    limits.set(Bound::Document, 4 << 20);
    limits
}

fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let Some(end) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        parts.push(&rest[..end]);
        rest = &rest[end + SEPARATOR.len()..];
    }
    parts.push(rest);
    parts
}

/// A repository's objects become an epoch or a sentence. The first byte of a part says what it is: a `c`ommit, a `g`
/// (tag), a `b`lob, a `t`ree of lines, a `T`ree as it is stored, a `h`ead, a table of `p`ayees, a `m`ailmap, a list of
/// `s`hallow commits. `@02` in a line stands for the id of object 2.
pub fn git(bytes: &[u8]) {
    let Some((&detail, rest)) = bytes.split_first() else { return };
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    let mut options = git::Options::new(Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 1_000 });
    options.limits = limits();
    options.detail = match detail {
        b'c' => Detail::Commits,
        b'f' => Detail::Files,
        _ => Detail::Lines,
    };
    let mut ids: Vec<ObjectId> = Vec::new();
    for part in parts(rest).into_iter().take(64) {
        let Some((&which, text)) = part.split_first() else { continue };
        let named = named(text, &ids);
        match which {
            b'c' => {
                let id = repository.object(Kind::Commit, &named);
                repository.branch("main", id);
                ids.push(id);
            }
            b'g' => ids.push(repository.object(Kind::Tag, &named)),
            b'b' => ids.push(repository.object(Kind::Blob, text)),
            b't' => ids.push(repository.object(Kind::Tree, &tree(text, &ids))),
            b'T' => ids.push(repository.object(Kind::Tree, text)),
            b'h' => fs::write(folder.path().join(".git/HEAD"), &named).unwrap(),
            b's' => fs::write(folder.path().join(".git/shallow"), &named).unwrap(),
            b'p' | b'm' => {
                let path = folder.path().join(if which == b'p' { "payees" } else { "mailmap" });
                fs::write(&path, text).unwrap();
                if which == b'p' { options.payees = Some(path) } else { options.mailmap = Some(path) }
            }
            _ => {}
        }
    }
    match git::import(folder.path(), &options, &mut |_| {}) {
        Ok(imported) => {
            super::epoch(imported.epoch.as_bytes());
            assert!(imported.authors.iter().all(|author| author.commits > 0));
            assert!(imported.joins.iter().all(|join| join.identities.len() > 1 && !join.node.is_empty()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A text with the ids of objects in the places of their numbers.
fn named(text: &[u8], ids: &[ObjectId]) -> Vec<u8> {
    let (mut named, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.iter().position(|byte| *byte == b'@') {
        named.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let number = rest.get(..2).and_then(|digits| str::from_utf8(digits).ok()?.parse::<usize>().ok());
        match number.and_then(|number| ids.get(number)) {
            Some(id) => {
                named.extend_from_slice(id.to_string().as_bytes());
                rest = &rest[2..];
            }
            None => named.push(b'@'),
        }
    }
    named.extend_from_slice(rest);
    named
}

/// Lines such as `100644 name @00` as git stores them.
fn tree(text: &[u8], ids: &[ObjectId]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Some(at) = line.windows(2).rposition(|pair| pair == b" @") else { continue };
        let number = str::from_utf8(&line[at + 2..]).ok().and_then(|digits| digits.parse::<usize>().ok());
        let Some(id) = number.and_then(|number| ids.get(number)) else { continue };
        bytes.extend_from_slice(&line[..at]);
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
    }
    bytes
}

fn write(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// An instance becomes epochs or problems. The graph comes unpacked, so that the fuzzer sees it.
pub fn sourcecred(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, part) in INSTANCE.iter().zip(parts(bytes)) {
        if name.ends_with("graph") {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(part).unwrap();
            write(folder.path(), name, &encoder.finish().unwrap());
        } else if !part.is_empty() {
            write(folder.path(), name, part);
        }
    }
    let options = sourcecred::Options { limits: limits(), ..sourcecred::Options::default() };
    match sourcecred::import(folder.path(), &options, &mut |_| {}) {
        Ok(imported) => {
            super::epoch(imported.epoch.as_bytes());
            for index in 0..imported.past.count() {
                match imported.past.epoch(index) {
                    Ok(past) => super::epoch(past.as_bytes()),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A month becomes an epoch or problems. The first byte says of which track.
pub fn retro_funding(bytes: &[u8]) {
    let Some((&which, rest)) = bytes.split_first() else { return };
    let track = if which == b'd' { retro_funding::Track::Devtooling } else { retro_funding::Track::Onchain };
    let folder = tempfile::tempdir().unwrap();
    for (name, part) in MONTH.iter().zip(parts(rest)).filter(|(_, part)| !part.is_empty()) {
        write(folder.path(), name, part);
    }
    let options = retro_funding::Options { limits: limits(), ..retro_funding::Options::default() };
    match retro_funding::import(folder.path(), track, &options) {
        Ok(imported) => super::epoch(imported.epoch.as_bytes()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The first inputs of the three.
pub(super) fn seeds() -> [(&'static str, Vec<Seed>); 3] {
    let joined = |first: &str, parts: &[&str]| {
        let separator = str::from_utf8(SEPARATOR).unwrap();
        format!("{first}{}", parts.join(separator)).into_bytes()
    };
    let ann = "author Ann Lee <ann@x> 1751241600 +0000\ncommitter Bob Roe <bob@x> 1751241700 +0200\n";
    let first =
        format!("ctree @04\n{ann}\nBegin\n\nReviewed-by: Ann Lee <bob@x>\nCo-authored-by: Cyd <cyd@x>\n");
    let second = format!("ctree @07\nparent @05\n{ann}encoding ISO-8859-1\n\nMore\n");
    let merge = format!("ctree @07\nparent @08\nparent @05\n{ann}\nMerge\n");
    let history = [
        "bone\n",
        "bone\ntwo\n",
        "bAnn Lee <ann@work> <ann@x>\n",
        "t100644 b @1",
        "t100644 .mailmap @2\n100644 a @0\n40000 src @3",
        first.as_str(),
        "g@05",
        "t100644 a @1\n120000 link @0\n160000 module @0",
        second.as_str(),
        merge.as_str(),
    ];
    let mut deep = vec!["b1\n".to_owned(), "t100644 a @0\n100644 b @0".to_owned()];
    for level in 1..8 {
        let mut tree = "t".to_owned();
        for name in ["a", "b", "c"] {
            let _ = writeln!(tree, "40000 {name} @{level}");
        }
        deep.push(tree);
    }
    deep.push("ctree @08\nauthor A B <a@x> 1 +0\ncommitter A B <a@x> 1 +0\n\nx\n".to_owned());
    deep.push("paddress,payee,name\na@x,ann,\n".to_owned());
    let deep: Vec<&str> = deep.iter().map(String::as_str).collect();
    let identity = |id: &str| {
        format!(
            r#"{{"action":{{"type":"CREATE_IDENTITY","identity":{{"id":"{id}","name":"{id}","subtype":"USER","address":"N\u0000sourcecred\u0000core\u0000IDENTITY\u0000{id}\u0000","aliases":[]}}}},"ledgerTimestamp":0,"uuid":"u","version":"1"}}
{{"action":{{"type":"TOGGLE_ACTIVATION","identityId":"{id}"}},"ledgerTimestamp":0,"uuid":"u","version":"1"}}
"#
        )
    };
    let paid = r#"{"action":{"type":"DISTRIBUTE_GRAIN","distribution":{"credTimestamp":864000000,"allocations":[{"receipts":[{"id":"ann","amount":"7"}]}]}},"ledgerTimestamp":950400000,"uuid":"u","version":"1"}"#;
    let ledger = format!("{}{}{paid}\n", identity("ann"), identity("zoe"));
    let graph = r#"[{"type":"sourcecred/weightedGraph","version":"0.1.0"},{"graphJSON":[{"type":"sourcecred/graph","version":"0.8.0"},{"sortedNodeAddresses":[["s","p","issue","1"],["sourcecred","core","IDENTITY","ann"]],"nodes":[{"index":0,"timestampMs":300000000,"description":"x"}],"edges":[{"address":["s","p","wrote","1"],"srcIndex":1,"dstIndex":0,"timestampMs":300000000}]}],"weightsJSON":[{"type":"sourcecred/weights","version":"0.2.0"},{"nodeWeights":{"N\u0000s\u0000p\u0000":2.5},"edgeWeights":{"E\u0000s\u0000":{"forwards":1,"backwards":0.5}}}]}]"#;
    let instance = [
        r#"{"bundledPlugins":["s/p"]}"#,
        ledger.as_str(),
        r#"[{"type":"sourcecred/weights","version":"0.2.0"},{"nodeWeights":{"N\u0000s\u0000":8},"edgeWeights":{}}]"#,
        r#"[{"id":"zoe","periods":[{"startTime":"1970-01-02","weight":0.5}]}]"#,
        r#"{"allocationPolicies":[{"policyType":"IMMEDIATE","budget":"1.5"},{"policyType":"RECENT","budget":2,"discount":0.16}]}"#,
        graph,
    ];
    let month = [
        "simulation:\n  alpha: 0.5\n  event_type_weights:\n    npm: 1.0\nallocation:\n  budget: 1333.33\n  min_amount_per_project: 200\n",
        "simulation:\n  periods: { previous: 'Feb 2026', current: 'Mar 2026' }\n  percentile_cap: 98.5\nallocation: { budget: 1.3e6 }\n",
        "project_id,project_name,star_count\ntool,t,7\nboth,b,\n",
        "project_id,total_gas_fees\nboth,1.5\nbridge,2\n",
        "dependency_source,onchain_builder_project_id,devtooling_project_id\nNPM,bridge,tool\n",
        "event_type,bucket_month,developer_id,project_id\nCOMMIT_CODE,2026-02-01,dev,both\nFORKED,2026-03-01,eve,tool\n",
        "recommendation,project_name\nFrameworks,t\n",
        "is_eligible,project_id,project_name,gas_fees\nTrue,a,A,3\n,b,B,\n",
        "amount,metric_name,chain,project_id,sample_date\n5.5,gas,BASE,a,2026-03-01\n,gas,BASE,c,2026-02-01\n",
    ];
    [
        ("git", vec![("history".to_owned(), joined("l", &history)), ("deep".to_owned(), joined("f", &deep))]),
        ("sourcecred", vec![("instance".to_owned(), joined("", &instance))]),
        (
            "retro_funding",
            vec![("devtooling".to_owned(), joined("d", &month)), ("onchain".to_owned(), joined("o", &month))],
        ),
    ]
}

//! Provenance documents and traces: what becomes of them, and what is said of the rest.

mod hostile;
mod owners;
mod reuse;
mod samples;
mod unknown;
mod window;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use apportion::Epoch;
use apportion::epoch::NO_PAYEE;
use apportion_import::tables::Imported;

/// A file under `tests/data/traces`.
fn sample(name: &str) -> Vec<u8> {
    std::fs::read(sample_path(name)).unwrap()
}

fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name)
}

/// An epoch in lines that a person can read and compare.
fn told(epoch: &Epoch) -> String {
    let mut text = String::new();
    let start = epoch.window().start;
    let since = |time: i64| if time == start { String::new() } else { format!(" at {time}") };
    let by = |weight: f64| if weight == 1.0 { String::new() } else { format!(" weight {weight}") };
    for (id, name) in epoch.payees().iter().zip(epoch.payee_names().iter()) {
        writeln!(text, "payee {id:?} {name:?}").unwrap();
    }
    for row in 0..epoch.node_count() {
        let id = epoch.node_ids().get(row).unwrap();
        let kind = epoch.node_kinds().get(epoch.node_kind()[row] as usize).unwrap();
        let payee = epoch.node_payee()[row];
        let owner = epoch.payees().get(payee as usize).filter(|_| payee != NO_PAYEE);
        let owner = owner.map(|owner| format!(" of {owner:?}")).unwrap_or_default();
        let (weight, time) = (by(epoch.node_weight()[row]), since(epoch.node_time()[row]));
        write!(text, "node {id:?}: {kind:?}{owner}{weight}{time}").unwrap();
        for name in epoch.node_metrics().iter() {
            match epoch.node_metric(name).unwrap()[row] {
                0.0 => {}
                value => write!(text, ", {name} {value}").unwrap(),
            }
        }
        for name in epoch.node_labels().iter() {
            match epoch.node_label(name).unwrap().word(row) {
                "" => {}
                word => write!(text, ", {name} {word:?}").unwrap(),
            }
        }
        text.push('\n');
    }
    for row in 0..epoch.edge_count() {
        let [source, target] = [epoch.edge_source()[row], epoch.edge_target()[row]]
            .map(|node| epoch.node_ids().get(node as usize).unwrap());
        let kind = epoch.edge_kinds().get(epoch.edge_kind()[row] as usize).unwrap();
        let (weight, time) = (by(epoch.edge_weight()[row]), since(epoch.edge_time()[row]));
        write!(text, "edge {source:?} {kind} {target:?}{weight}{time}").unwrap();
        for name in epoch.edge_metrics().iter() {
            match epoch.edge_metric(name).unwrap()[row] {
                0.0 => {}
                value => write!(text, ", {name} {value}").unwrap(),
            }
        }
        for name in epoch.edge_labels().iter() {
            match epoch.edge_label(name).unwrap().word(row) {
                "" => {}
                word => write!(text, ", {name} {word:?}").unwrap(),
            }
        }
        text.push('\n');
    }
    text
}

/// As [`told`], with the notes.
fn told_with_notes(imported: &Imported) -> String {
    let mut text = told(&imported.epoch);
    for note in &imported.notes {
        writeln!(text, "note: {note}").unwrap();
    }
    text
}

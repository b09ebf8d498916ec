//! No policy can harm the host: every case ends as it says, and a good policy is paid by right after it.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use apportion::charter::OnFault;
use apportion::engine::HostError;
use apportion::policy::AdmissionError;
use apportion::receipt::Outcome;
use apportion::settle::SettleError;
use apportion::{Charter, Engine, Epoch, History, Limits, Policy, settle};
use apportion_tests::hostile::{self, Case, End};
use apportion_tests::small_epoch;

/// The most memory that one case may take, in MiB: the limits below, the largest component, and what the compiler
/// needs for it.
const MOST_MEBIBYTES: u64 = 1024;
/// Names the cases to run, by a part of their names; all if the environment does not say.
const CASE: &str = "APPORTION_HOSTILE";

/// Limits that a hostile policy reaches within a second.
fn limits() -> Limits {
    Limits {
        instructions: 200_000_000,
        memory: 64 << 20,
        table: 1 << 20,
        transfer: 16 << 20,
        output: 16 << 20,
    }
}

fn charter(policy: &Policy, parameters: &str, on_fault: OnFault) -> Charter {
    let parameters = serde_json::from_str(parameters).unwrap();
    let single = Charter::single("Hostile", policy, parameters).unwrap();
    let mut terms = single.terms().clone();
    (terms.limits, terms.on_fault) = (limits(), on_fault);
    Charter::new(terms).unwrap()
}

/// What came of a case: how it ended, in the words of its header.
fn end_of(case: &Case, engine: &Engine, epoch: &Epoch) -> (End, String) {
    let policy = match engine.admit(&case.component()) {
        Ok(policy) => policy,
        Err(error) => {
            assert!(!matches!(error, AdmissionError::Host(_)), "the host is blamed: {error}");
            assert!(!error.to_string().contains('\u{1b}'), "a terminal would obey: {error:?}");
            return (End::NotAdmitted(error.to_string()), String::new());
        }
    };
    let settled = |on_fault| {
        let charter = charter(&policy, &case.parameters, on_fault);
        settle(epoch, &charter, std::slice::from_ref(&policy), &History::default())
    };
    match settled(OnFault::Stop) {
        Ok(settlement) => {
            assert!(settlement.logs[0].len() <= 64 << 10, "its log is not bounded");
            let amounts = settlement.payouts.iter().map(|payout| payout.amount);
            (End::Pays(amounts.collect()), String::new())
        }
        Err(SettleError::Fault { fault, .. }) => {
            // The same end again, in a receipt where the charter wants one: the pool stays whole.
            let retained = settled(OnFault::Retain).unwrap();
            let settlement = retained.receipt.terms();
            assert_eq!(settlement.runs[0].outcome, Outcome::Fault(fault.clone()));
            assert_eq!((settlement.paid, settlement.retained), (0, epoch.pool().amount));
            (End::Fault(fault.code.as_str().to_owned()), fault.sentence)
        }
        Err(error) => panic!("{error}"),
    }
}

fn is_as_said(said: &End, came: &End) -> bool {
    match (said, came) {
        (End::NotAdmitted(words), End::NotAdmitted(sentence)) => sentence.contains(words),
        _ => said == came,
    }
}

/// The process in which every case runs: apart, so that one that brings the host down is told, and memory is measured.
#[test]
#[ignore = "run by the test below"]
#[expect(clippy::disallowed_methods, reason = "how long each takes is shown and changes nothing")]
fn run_every_case() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let good = engine.admit(&hostile::harmless()).unwrap();
    let good_charter = charter(&good, "{}", OnFault::Stop);
    let paid = || settle(&epoch, &good_charter, std::slice::from_ref(&good), &History::default()).unwrap();
    let before = paid().receipt.digest();
    let wanted = env::var(CASE).unwrap_or_default();
    for case in hostile::all().into_iter().filter(|case| case.name.contains(&wanted)) {
        println!("case {}", case.name);
        let (resident, started) = (forget_peak(), Instant::now());
        let came = catch_unwind(AssertUnwindSafe(|| end_of(&case, &engine, &epoch)));
        let (took, grown) = (started.elapsed(), peak().saturating_sub(resident));
        let (verdict, shown) = match &came {
            Ok((came, sentence)) if is_as_said(&case.end, came) => {
                ("as said", format!("{came:?} {sentence}"))
            }
            Ok((came, sentence)) => ("WRONG  ", format!("{came:?} {sentence} instead of {:?}", case.end)),
            Err(_) => ("WRONG  ", "it panicked".to_owned()),
        };
        let shown: String = shown.chars().take(160).collect();
        println!("{verdict} | {:44} | {:6} ms | {grown:5} MiB | {shown}", case.name, took.as_millis());
        // The host is alive, and what it pays is not changed.
        assert_eq!(paid().receipt.digest(), before, "{}", case.name);
        assert!(grown <= MOST_MEBIBYTES, "{} took {grown} MiB", case.name);
    }
    // Last, because the compiler goes on until the process ends.
    let (hasty, started) = (engine.clone().with_compile_time(Duration::from_millis(500)), Instant::now());
    let stopped = hasty.admit(&hostile::slow_to_compile()).map(|_| ()).unwrap_err();
    assert!(matches!(stopped, AdmissionError::Host(HostError::CompileTime(_))), "{stopped}");
    println!("as said | slow-to-compile | {} ms | - | {stopped}", started.elapsed().as_millis());
    assert_eq!(paid().receipt.digest(), before);
    println!("every case has run");
}

/// Prints a table with each case's time and memory under `-- --nocapture`.
#[test]
fn every_case_ends_as_it_says() {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["hostile::run_every_case", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut table, mut last) = (Vec::new(), String::new());
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains(" | ") {
            table.push(line);
        } else if line.contains("case ") {
            last = line; // what began and has not ended, if the process ends now
        }
    }
    let status = child.wait().unwrap();
    println!("{}", table.join("\n"));
    // Not by `println!`, which shows nothing of a test that passes.
    writeln!(std::io::stdout(), "{} hostile cases", table.len()).unwrap();
    assert!(status.success() && last.ends_with("every case has run"), "{status} at `{last}`");
    let wrong: Vec<&String> = table.iter().filter(|line| line.starts_with("WRONG")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(table.len() == hostile::all().len() + 1 || env::var_os(CASE).is_some());
    assert!(hostile::files().len() >= 60, "only {} files", hostile::files().len());
}

/// The memory in use, in MiB; from here on the most is counted anew. 0 where the system does not tell.
fn forget_peak() -> u64 {
    let _ = fs::write("/proc/self/clear_refs", "5");
    status("VmRSS:")
}

fn peak() -> u64 {
    status("VmHWM:")
}

fn status(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
fn a_refusal_keeps_the_policys_own_words() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let policy = engine.admit(&hostile::file("refuses")).unwrap();
    let settled = settle(&epoch, &charter(&policy, "{}", OnFault::Stop), &[policy], &History::default());
    let Err(SettleError::Fault { fault, log, .. }) = settled else { panic!("{settled:?}") };
    assert_eq!(fault.to_string(), "no-answer: I am told to say this.");
    assert_eq!(log, "I am told to say this.\n");
}

/// A policy in Rust that panics, as built by `cargo xtask policies`: its author sees the words and the place.
#[test]
fn a_panic_in_rust_is_a_fault_and_its_words_are_in_the_log() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let policy = engine.admit(include_bytes!("../hostile/panics.wasm")).unwrap();
    for (how, words) in [
        ("saying", "the author's own words, over two lines"),
        ("index", "index out of bounds: the len is 3 but the index is 3"),
        ("overflow", "attempt to add with overflow"),
        ("unwrap", "called `Option::unwrap()` on a `None` value"),
        ("memory", "capacity overflow"),
    ] {
        let charter = charter(&policy, &format!(r#"{{"how": "{how}"}}"#), OnFault::Stop);
        let settled = settle(&epoch, &charter, std::slice::from_ref(&policy), &History::default());
        let Err(SettleError::Fault { fault, log, .. }) = settled else { panic!("{how}: {settled:?}") };
        assert_eq!(fault.code.as_str(), "unreachable", "{how}: {fault} {log}");
        assert!(log.contains(words) && log.contains(".rs:"), "{how}: {log}");
        assert_eq!(log.lines().count(), 1, "{how}: {log}");
    }
}

#[test]
fn compiling_that_takes_too_long_is_the_hosts_affair() {
    let engine = Engine::new().unwrap().with_compile_time(Duration::ZERO);
    assert!(matches!(engine.admit(&hostile::harmless()), Err(AdmissionError::Host(_))));
}

#[test]
fn parameters_are_held_to_the_schema() {
    let policy = Engine::new().unwrap().admit(&hostile::harmless()).unwrap();
    assert!(policy.check_parameters(&serde_json::json!({"cap": 0.5})).is_ok());
    let error = policy.check_parameters(&serde_json::json!({"cap": 2, "cup": 1})).unwrap_err().to_string();
    assert!(
        error.contains("`cap`: 2 is greater than the maximum of 1") && error.contains("'cup'"),
        "{error}"
    );
}

/// Parameters come from whoever proposes a charter: too many and too deep are refused where they are read.
#[test]
fn parameters_are_bounded() {
    let policy = Engine::new().unwrap().admit(&hostile::harmless()).unwrap();
    let long = serde_json::json!({"cap": "x".repeat(100 << 20)});
    assert!(policy.check_parameters(&long).is_err());
    let error = Charter::single("Long", &policy, long).unwrap_err().to_string();
    assert!(error.contains("its parameters are over 1048576 bytes"), "{error}");

    let good = charter(&policy, r#"{"cap":0.5}"#, OnFault::Stop);
    let text = String::from_utf8(good.as_bytes().to_vec()).unwrap();
    for (parameter, words) in [
        (format!("\"{}\"", "x".repeat(100 << 20)), "its parameters are over 1048576 bytes"),
        ("[".repeat(1 << 20), "recursion limit exceeded"),
        (format!("{}1{}", r#"{"a":"#.repeat(1 << 18), "}".repeat(1 << 18)), "recursion limit exceeded"),
        ("1e999".to_owned(), "number out of range"),
    ] {
        let written = text.replace("0.5", &parameter);
        assert_ne!(written, text);
        let error = Charter::from_bytes(written.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words) && error.len() < 2000, "{error}");
    }
}

/// What one flipped bit makes of a component: still admitted or refused, never a panic.
#[test]
fn damaged_components_are_refused_or_run_within_limits() {
    let (engine, epoch, whole) = (Engine::new().unwrap(), small_epoch(), hostile::harmless());
    for bit in (0..whole.len() * 8).step_by(97) {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(policy) = engine.admit(&damaged) {
            let charter = charter(&policy, "{}", OnFault::Retain);
            let _ = settle(&epoch, &charter, &[policy], &History::default());
        }
    }
}

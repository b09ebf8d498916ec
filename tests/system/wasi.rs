//! WASI is the same for everyone, never waits, and costs what it costs the host.

use apportion::fault::Fault;
use apportion::settle::SettleError;
use apportion::{Charter, Engine, Epoch, History, Limits, Settlement, settle};
use apportion_tests::{numbered_epoch, small_epoch, wasi::guest};

fn settled(epoch: &Epoch, allocating: &str) -> Result<Settlement, SettleError> {
    let policy = Engine::new().unwrap().admit(&guest("", allocating)).unwrap();
    let mut terms = Charter::single("WASI", &policy, serde_json::json!({})).unwrap().terms().clone();
    let instructions = 200_000_000;
    terms.limits = Limits { instructions, memory: 64 << 20, transfer: 16 << 20, ..Limits::default() };
    settle(epoch, &Charter::new(terms).unwrap(), &[policy], &History::default())
}

fn log_over(epoch: &Epoch, allocating: &str) -> String {
    settled(epoch, allocating).unwrap().logs.remove(0)
}

/// What the policy said of its epoch, line by line.
fn says(allocating: &str) -> Vec<String> {
    log_over(&small_epoch(), allocating).lines().map(str::to_owned).collect()
}

fn hexadecimal(numbers: &[u64]) -> Vec<String> {
    numbers.iter().map(|number| format!("{number:016x}")).collect()
}

fn fault(allocating: &str) -> Fault {
    match settled(&small_epoch(), allocating) {
        Err(SettleError::Fault { fault, .. }) => fault,
        Err(other) => panic!("{allocating}: {other}"),
        Ok(_) => panic!("{allocating}: no fault"),
    }
}

const HOUR: u64 = 3_600_000_000_000;

#[test]
fn the_clocks_stand_at_the_windows_end_and_at_zero() {
    let read = "(call $time (i32.const 4096)) (call $say (i64.load (i32.const 4096)))
                (call $say (i64.load32_u (i32.const 4104))) (call $say (call $ticks))";
    let end = u64::try_from(small_epoch().window().end).unwrap();
    assert_eq!(says(&format!("{read} {read}")), hexadecimal(&[end, 0, 0, end, 0, 0]));
}

#[test]
fn sleeping_takes_no_time_and_moves_the_clock() {
    let sleep = format!("(call $block (call $after (i64.const {HOUR}))) (call $say (call $ticks))");
    assert_eq!(says(&format!("{sleep} {sleep}")), hexadecimal(&[HOUR, 2 * HOUR]));
    let for_ever = "(call $block (call $at_instant (i64.const -1))) (call $block (call $after (i64.const 5)))
                    (call $say (call $ticks))";
    assert_eq!(says(for_ever), hexadecimal(&[u64::MAX]));
}

/// Of two timers the earlier is first, also when it stands behind; what is ready already moves no clock.
#[test]
fn waiting_for_one_of_many_waits_for_the_first() {
    let timers = format!(
        "(i32.store (i32.const 4096) (call $after (i64.const {})))
         (i32.store (i32.const 4100) (call $after (i64.const {HOUR})))
         (call $poll (i32.const 4096) (i32.const 2) (i32.const 4120))
         (call $say (i64.load32_u (i32.const 4124)))
         (call $say (i64.load32_u (i32.load (i32.const 4120))))
         (call $say (call $ticks))
         (call $say (i64.extend_i32_u (call $ready (i32.load (i32.const 4096)))))
         (i32.store (i32.const 4100) (call $writable (call $stdout)))
         (call $poll (i32.const 4096) (i32.const 2) (i32.const 4120))
         (call $say (i64.load32_u (i32.load (i32.const 4120))))
         (call $say (call $ticks))",
        2 * HOUR
    );
    assert_eq!(says(&timers), hexadecimal(&[1, 1, HOUR, 0, 1, HOUR]));
}

#[test]
fn thousands_may_be_waited_for_at_once() {
    // One timer, lent many times over.
    let lent = |times: u32| {
        format!(
            "(drop (call $after (i64.const 7)))
             (block (loop
               (br_if 1 (i32.ge_u (local.get $at) (i32.const {times})))
               (i32.store (i32.add (i32.const 6291456) (i32.mul (local.get $at) (i32.const 4))) (i32.const 1))
               (local.set $at (i32.add (local.get $at) (i32.const 1)))
               (br 0)))
             (call $poll (i32.const 6291456) (i32.const {times}) (i32.const 4096))
             (call $say (i64.load32_u (i32.const 4100)))"
        )
    };
    assert_eq!(says(&lent(9_000)), hexadecimal(&[9_000]));
    assert_eq!(fault(&lent(70_000)).code.as_str(), "bad-output");
    assert_eq!(fault("(call $poll (i32.const 0) (i32.const 0) (i32.const 4096))").code.as_str(), "bad-call");
}

#[test]
fn random_bytes_follow_from_the_epoch_and_from_nothing_else() {
    let draw = "(call $say (call $random)) (call $say (call $random)) (call $say (call $insecure))
                (call $seed (i32.const 4096)) (call $say (i64.load (i32.const 4096)))
                (call $say (i64.load (i32.const 4104)))
                (call $random_bytes (i64.const 16) (i32.const 4096))
                (call $say (i64.load (i32.load (i32.const 4096))))";
    let first = log_over(&numbered_epoch(7), draw);
    assert_eq!(log_over(&numbered_epoch(7), draw), first);
    let other = log_over(&numbered_epoch(8), draw);
    // Six numbers of two epochs, and no two of them the same.
    let mut numbers: Vec<&str> = first.lines().chain(other.lines()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 12, "{first}{other}");
    // For good: another engine, machine or version draws these too.
    assert_eq!(first.lines().next(), Some("9eb2d73791d1f8e7"));
    // How much of one kind is drawn changes nothing in another.
    let insecure = log_over(&numbered_epoch(7), "(call $say (call $insecure))");
    assert_eq!(insecure.lines().next(), first.lines().nth(2));
}

#[test]
fn there_is_no_environment_no_file_no_terminal_and_no_input() {
    let read = "(i64.store (i32.const 4096) (i64.const -1)) (call $environment (i32.const 4096))
                (call $say (i64.load32_u (i32.const 4100)))
                (i64.store (i32.const 4096) (i64.const -1)) (call $arguments (i32.const 4096))
                (call $say (i64.load32_u (i32.const 4100)))
                (i64.store (i32.const 4096) (i64.const -1)) (call $directories (i32.const 4096))
                (call $say (i64.load32_u (i32.const 4100)))
                (i64.store (i32.const 4096) (i64.const -1)) (call $terminal (i32.const 4096))
                (call $say (i64.load8_u (i32.const 4096)))
                (i64.store (i32.const 4096) (i64.const -1))
                (call $read (call $stdin) (i64.const 10) (i32.const 4096))
                (call $say (i64.load8_u (i32.const 4096))) (call $say (i64.load8_u (i32.const 4100)))";
    // The last two: it failed, because the stream is closed.
    assert_eq!(says(read), hexadecimal(&[0, 0, 0, 0, 1, 1]));
}

#[test]
fn what_is_printed_is_the_log_and_what_is_too_much_is_left_out() {
    let hello = "(call $write (call $stdout) (i32.const 400) (i32.const 6) (i32.const 4096))";
    let log = log_over(&small_epoch(), &format!("{hello} {hello} (call $say (i64.const 1))"));
    assert_eq!(log, "hello hello 0000000000000001\n");
    let million = "(memory.fill (i32.const 4096) (i32.const 0xc3) (i32.const 61440))
                   (loop
                     (call $write (call $stdout) (i32.const 4096) (i32.const 61440) (i32.const 0))
                     (local.set $at (i32.add (local.get $at) (i32.const 1)))
                     (br_if 0 (i32.lt_u (local.get $at) (i32.const 16))))";
    let log = log_over(&small_epoch(), million);
    assert!(log.len() <= 64 << 10 && log.len() > 60 << 10, "{}", log.len());
    assert!(log.chars().all(|c| c == char::REPLACEMENT_CHARACTER));
}

#[test]
fn to_exit_is_to_give_no_answer() {
    let said = "(call $say (i64.const 1)) (call $exit (i32.const 0))";
    assert_eq!(fault(said).to_string(), "unreachable: it stopped itself by asking to exit");
}

#[test]
fn what_costs_the_host_is_paid_for() {
    let loops = |call: &str| format!("(local.set $at (call $stdout)) (loop {call} (br 0))");
    for (call, code) in [
        // Host memory is asked for after it was paid.
        ("(call $random_bytes (i64.const 0x10000000000) (i32.const 4096))".to_owned(), "out-of-transfer"),
        ("(call $random_bytes (i64.const -1) (i32.const 4096))".to_owned(), "out-of-transfer"),
        ("(call $random_bytes (i64.const 2000000) (i32.const 4096))".to_owned(), "bad-call"),
        ("(call $zeros (call $stdout) (i64.const -1) (i32.const 4096))".to_owned(), "out-of-transfer"),
        // Calls for ever.
        (loops("(drop (call $random))"), "out-of-transfer"),
        (loops("(drop (call $ticks))"), "out-of-transfer"),
        (loops("(call $time (i32.const 4096))"), "out-of-transfer"),
        (loops("(call $environment (i32.const 4096))"), "out-of-transfer"),
        (loops("(call $directories (i32.const 4096))"), "out-of-transfer"),
        (loops("(call $drop_pollable (call $after (i64.const 1)))"), "out-of-transfer"),
        (
            loops("(call $write (local.get $at) (i32.const 0) (i32.const 60000) (i32.const 0))"),
            "out-of-transfer",
        ),
        // Handles for ever.
        (loops("(drop (call $stdout))"), "out-of-table"),
        (loops("(drop (call $after (i64.const 1)))"), "out-of-table"),
        // A handle that it does not have.
        ("(call $block (i32.const 77))".to_owned(), "bad-output"),
    ] {
        assert_eq!(fault(&call).code.as_str(), code, "{call}");
    }
}

#[test]
fn a_policy_that_describes_itself_has_wasi_at_1970() {
    let describing = "(call $time (i32.const 4096))
                      (if (i64.ne (i64.load (i32.const 4096)) (i64.const 0)) (then unreachable))
                      (call $random_bytes (i64.const 32) (i32.const 4096))
                      (call $block (call $after (i64.const 1000)))
                      (call $write (call $stdout) (i32.const 400) (i32.const 6) (i32.const 4096))";
    let engine = Engine::new().unwrap();
    assert_eq!(engine.admit(&guest(describing, "")).unwrap().name(), "guest");
    let greedy = engine.admit(&guest("(loop (drop (call $random)) (br 0))", "")).unwrap_err();
    assert!(greedy.to_string().contains("out-of-transfer"), "{greedy}");
}

#[test]
fn receipts_name_what_was_granted() {
    let settlement = settled(&small_epoch(), "").unwrap();
    let run = &settlement.receipt.terms().runs[0];
    for import in ["wasi:cli/exit@0.2.3", "wasi:io/streams@0.2.3", "apportion:policy/diagnostics@0.1.0"] {
        assert!(run.imports.iter().any(|granted| granted == import), "{import} in {:?}", run.imports);
    }
    assert_eq!(settlement.receipt.terms().paid, small_epoch().pool().amount);
}

#[test]
fn the_rest_of_wasi_is_refused_by_name() {
    let engine = Engine::new().unwrap();
    for import in [
        "wasi:sockets/tcp@0.2.3",
        "wasi:sockets/instance-network@0.2.0",
        "wasi:http/types@0.2.0",
        "wasi:http/outgoing-handler@0.2.3",
        "wasi:clocks/timezone@0.2.3",
        "wasi:cli/exit@0.3.0",
        "wasi:cli/exit@0.2.0-rc-2023-11-10",
        "wasi:cli/exit@0.2.3+words",
        "wasi:cli/exit",
        "wasi:keyvalue/store@0.2.0",
    ] {
        let component = wat::parse_str(format!("(component (import \"{import}\" (instance)))")).unwrap();
        let said = engine.admit(&component).unwrap_err().to_string();
        assert!(said.contains(&format!("imports `{import}`, which no policy gets")), "{said}");
    }
}

/// wasmtime-wasi starts threads of tokio where it waits. Nothing here waits, so there are none.
#[test]
#[cfg(target_os = "linux")]
fn no_thread_of_another_runtime_is_started() {
    says("(call $block (call $after (i64.const 1000))) (drop (call $writable (call $stdout)))");
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let name = std::fs::read_to_string(thread.unwrap().path().join("comm")).unwrap_or_default();
        assert!(!name.contains("tokio"), "{name}");
    }
}

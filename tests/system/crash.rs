//! A writer is killed at many moments: the ledger holds the old state or the new one, and goes on.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use apportion::ledger::LedgerError;
use apportion::store::{DirectoryStore, StoreError};
use apportion::verify::Verification;
use apportion::{Charter, Digest, Engine, Ledger, verify};
use apportion_tests::{create_ledger, hostile, numbered_epoch};

/// How often the writer is killed, if the environment does not say.
const KILLS: usize = 200;
/// A new ledger after so many kills: verifying reads every object.
const KILLS_A_LEDGER: usize = 10;
/// Names the ledger to the process that is to be killed.
const LEDGER: &str = "APPORTION_CRASH_LEDGER";

/// A ledger of a test's own with a charter, removed when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, engine: &Engine) -> Folder {
        let path = env::temp_dir().join(format!("apportion-crash-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let mut ledger = create_ledger(&path);
        let component = hostile::harmless();
        let policy = engine.admit(&component).unwrap();
        let charter = Charter::single("Crash", &policy, serde_json::json!({})).unwrap();
        ledger.adopt(engine, &charter, 0, &[component], &[]).unwrap();
        Folder(path)
    }

    fn open(&self) -> Ledger<DirectoryStore> {
        Ledger::open(DirectoryStore::open(&self.0).unwrap()).unwrap()
    }

    fn verified(&self) -> Verification {
        let verified = verify(DirectoryStore::open(&self.0).unwrap(), None, &mut |_| {}).unwrap();
        assert_eq!(verified.findings, [""; 0]);
        verified
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Fixed-seed xorshift: the kills differ from each other, not from run to run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn next_number(ledger: &Ledger<DirectoryStore>) -> u64 {
    ledger.settled().next_back().map_or(1, |(last, _)| last + 1)
}

/// The process that is killed: settles epoch after epoch and says each new head. Run by the test below only.
#[test]
#[ignore = "runs until it is killed, for the test of crashes"]
fn settle_until_killed() {
    let Some(path) = env::var_os(LEDGER) else { return };
    let engine = Engine::new().unwrap();
    let mut ledger = Ledger::open(DirectoryStore::open(path.as_ref()).unwrap()).unwrap();
    // Every policy is compiled before the first line: from then on it is mostly writing.
    let charter = ledger.latest_charter().unwrap().unwrap();
    ledger.policies_of(&engine, &charter).unwrap();
    let mut out = std::io::stdout().lock();
    loop {
        writeln!(out, "head {}", ledger.head().unwrap()).unwrap();
        out.flush().unwrap();
        let number = next_number(&ledger);
        ledger.settle(&engine, &numbered_epoch(number)).unwrap();
    }
}

/// When the writer is killed, told by what it does and not by a clock.
#[derive(Debug)]
struct Moment {
    /// It has said so many heads.
    lines: usize,
    /// Then this many of its files were seen while they were unfinished: a settlement writes seven names.
    files: usize,
    /// Then its folder was looked into so often again: some ten microseconds each.
    looks: usize,
}

impl Moment {
    fn any(dice: &mut Dice) -> Moment {
        let mut below = |end| usize::try_from(dice.below(end)).unwrap();
        Moment { lines: below(3) + 1, files: below(8), looks: below(200) }
    }
}

/// Starts the writer and kills it at a moment; all heads that it said.
fn kill_at(folder: &Folder, moment: &Moment) -> Vec<Digest> {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["crash::settle_until_killed", "--exact", "--ignored", "--nocapture"])
        .env(LEDGER, &folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(writer.stdout.take().unwrap());
    let mut said = String::new();
    while said.matches("head ").count() < moment.lines {
        assert_ne!(reader.read_line(&mut said).unwrap(), 0, "the writer ended by itself: {said}");
    }
    let mut seen = BTreeSet::new();
    let look = || unfinished(&folder.0);
    while seen.len() < moment.files {
        assert_eq!(writer.try_wait().unwrap(), None, "the writer ended by itself: {said}");
        seen.extend(look());
    }
    for _ in 0..moment.looks {
        look();
    }
    writer.kill().unwrap();
    assert!(!writer.wait().unwrap().success(), "it was killed");
    reader.read_to_string(&mut said).unwrap();
    said.lines().filter_map(|line| line.split("head ").nth(1)?.parse().ok()).collect()
}

/// The names of the files that are being written in a ledger; each has its own.
fn unfinished(ledger: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(ledger.join("unfinished")).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

#[derive(Debug, Default)]
struct Landed {
    before_append: usize,
    after_append: usize,
    with_unfinished_file: usize,
    with_unused_objects: usize,
}

/// After every kill the ledger is what the writer said last, or one whole entry further; and the next epoch settles.
#[test]
fn a_killed_writer_leaves_the_old_state_or_the_new_one() {
    let kills = env::var("APPORTION_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let (engine, mut dice, mut landed) = (Engine::new().unwrap(), Dice(0x5eed), Landed::default());
    let mut folder = Folder::new("kills", &engine);
    let mut left = 0;
    for kill in 0..kills {
        if kill % KILLS_A_LEDGER == 0 {
            drop(folder);
            folder = Folder::new("kills", &engine);
            left = 0;
        }
        let before = folder.open().entries().to_vec();
        let heads = kill_at(&folder, &Moment::any(&mut dice));

        let mut ledger = folder.open();
        let entries = ledger.entries().to_vec();
        assert!(entries.starts_with(&before), "kill {kill}: what was settled before is lost");
        let started = before.len() - 1;
        let after: Vec<Digest> = entries.iter().skip(started).map(|(entry, _)| *entry).collect();
        assert!(after.starts_with(&heads), "kill {kill}: an entry that was said is lost");
        match after.len() - heads.len() {
            0 => landed.before_append += 1,
            1 => landed.after_append += 1,
            more => panic!("kill {kill}: {more} entries that were never said"),
        }
        let verified = folder.verified();
        assert_eq!(verified.head, ledger.head());
        landed.with_unfinished_file += usize::from(!verified.unfinished.is_empty());
        landed.with_unused_objects += usize::from(!verified.unused.is_empty());

        // Every other time it goes on with another epoch. What was interrupted must not look like a fork then.
        let other = kill % 2;
        let number = next_number(&ledger) + other as u64;
        ledger.settle(&engine, &numbered_epoch(number)).unwrap();
        let verified = folder.verified();
        assert_eq!(verified.unfinished.len(), 0, "kill {kill}");
        if other == 0 {
            // The same epoch gives the same objects: nothing is left of the interrupted run.
            assert!(verified.unused.len() <= left, "kill {kill}");
        }
        left = verified.unused.len();
    }
    let line = format!("{kills} kills: {landed:?}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    let Landed { before_append, with_unfinished_file, with_unused_objects, .. } = landed;
    assert!(before_append > 0 && with_unfinished_file > 0 && with_unused_objects > 0, "{landed:?}");
}

#[test]
fn what_an_interrupted_writer_left_is_told_and_removed_by_the_next() {
    let engine = Engine::new().unwrap();
    let folder = Folder::new("unfinished", &engine);
    let (left, mine) = (folder.0.join("unfinished/1-0"), folder.0.join("unfinished/mine.txt"));
    fs::write(&left, "half an entr").unwrap();
    fs::write(&mine, "not the program's").unwrap();
    assert_eq!(folder.verified().unfinished, ["unfinished/1-0", "unfinished/mine.txt"]);
    folder.open().settle(&engine, &numbered_epoch(1)).unwrap();
    assert!(!left.exists() && mine.exists());

    // Nothing is removed while another writer is at work: it would be told and try again.
    fs::write(&left, "half an entr").unwrap();
    let other = fs::File::open(folder.0.join("lock")).unwrap();
    other.lock_shared().unwrap();
    let refused = folder.open().settle(&engine, &numbered_epoch(2));
    assert!(matches!(refused, Err(LedgerError::Store(StoreError::Locked))), "{refused:?}");
    assert!(left.exists());
    drop(other);
    folder.open().settle(&engine, &numbered_epoch(2)).unwrap();
    assert!(!left.exists());
}

/// Copies by tools that leave out empty folders are ledgers too.
#[test]
fn a_ledger_without_its_empty_folder_is_whole() {
    let engine = Engine::new().unwrap();
    let folder = Folder::new("copied", &engine);
    fs::remove_dir(folder.0.join("unfinished")).unwrap();
    assert_eq!(folder.verified().unfinished, [""; 0]);
    folder.open().settle(&engine, &numbered_epoch(1)).unwrap();
    assert_eq!(folder.verified().settlements, 1);
}

#[test]
fn a_folder_that_is_removed_meanwhile_is_an_error() {
    let engine = Engine::new().unwrap();
    let folder = Folder::new("removed", &engine);
    let mut ledger = folder.open();
    let before = ledger.head();
    let kept = folder.0.with_extension("kept");
    fs::rename(folder.0.join("objects"), &kept).unwrap();
    assert!(ledger.settle(&engine, &numbered_epoch(1)).is_err());
    fs::rename(&kept, folder.0.join("objects")).unwrap();
    assert_eq!((folder.open().head(), ledger.head()), (before, before));
    ledger.settle(&engine, &numbered_epoch(1)).unwrap();
    let before = ledger.head();
    fs::remove_dir_all(&folder.0).unwrap();
    let failed = ledger.settle(&engine, &numbered_epoch(2)).unwrap_err();
    assert!(failed.to_string().contains("missing from the ledger"), "{failed}");
    assert_eq!(ledger.head(), before);
}

//! A ledger that is kept and verified, and how a settlement ends that cannot go on.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use apportion::Digest;
use apportion::store::DirectoryStore;
use apportion_tests::{hostile, numbered_epoch, small_epoch, ssh};

use crate::run::{Folder, done, program, refused, run, text, tiny_ledger};

/// A charter changed by a signed decision, epochs settled into a ledger, the whole verified; and damage named.
#[test]
fn a_ledger_is_kept_and_verified() {
    let folder = Folder::new("ledger");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let key = ssh("ed25519").display().to_string();
    let public = fs::read_to_string(ssh("ed25519.pub")).unwrap();
    folder.file("allowed_signers", format!("keeper@test {public}"));
    let draft = "name = \"Ledger\"\nsigners = { required = 1, file = \"allowed_signers\" }\n[[policies]]\npolicy = \"equal\"\n";
    let draft = folder.file("draft.toml", draft);
    let open = folder.file("open.toml", "name = \"Open\"\n[[policies]]\npolicy = \"equal\"\n");
    let (charter, other, ledger) = (folder.path("charter"), folder.path("other"), folder.path("ledger"));
    done(&["charter", "new", &draft, "-o", &charter]);
    done(&["charter", "new", &open, "-o", &other]);
    refused(&["settle", "--epoch", &epoch, "--ledger", &ledger], 3, "there is no ledger in");
    let (identity, other_identity) = ("0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4));
    let adopt = ["charter", "adopt", &charter, "--ledger", &ledger, "--from", "1", "--identity", &identity];
    let said = text(&run(&adopt).stderr);
    assert!(said.contains(&format!("with the identity {identity}")), "{said}");
    let table = done(&["settle", "--epoch", &epoch, "--ledger", &ledger]);
    assert!(table.contains("1,000.01 EUR divided by equal"), "{table}");
    let noted = done(&["verify", "--ledger", &ledger]);
    let noted = noted.trim_end().rsplit(' ').next().unwrap();
    refused(
        &["settle", "--epoch", &epoch, "--ledger", &ledger],
        3,
        "epoch 7 is settled already, by receipt `",
    );

    let (change, signature) = (folder.path("change"), folder.path("signature"));
    refused(
        &["charter", "propose", &other, "--ledger", &ledger, "--from", "7", "-o", &change],
        3,
        "epoch 7 is settled",
    );
    let propose = ["charter", "propose", &other, "--ledger", &ledger, "--from", "8", "-o", &change];
    refused(
        &[&propose[..], &["--identity", &other_identity]].concat(),
        3,
        "has the identity 0123456789abcdef",
    );
    done(&propose);
    let adopt = ["charter", "adopt", &other, "--ledger", &ledger, "--from", "8"];
    refused(&adopt, 3, "the change is not signed as the charter in force demands");
    done(&["charter", "sign", &change, "--key", &key, "-o", &signature]);
    let adopted = run(&[&adopt[..], &["--signature", &signature]].concat());
    let said = text(&adopted.stderr);
    assert!(
        said.contains("signed by keeper@test")
            && said.contains("warning: the charter in force names no signers"),
        "{said}"
    );
    let shown = done(&["charter", "show", "--ledger", &ledger]);
    assert!(shown.contains("in force for epoch 8\ncharter of Open"), "{shown}");
    assert!(shown.contains(&format!("ledger {identity}\n")), "{shown}");
    assert!(
        done(&["charter", "show", "--ledger", &ledger, "--epoch", "7"])
            .contains("changed by 1 signatures of these keys")
    );

    let verified = done(&["verify", "--ledger", &ledger]);
    assert!(
        verified.contains("2 charters adopted, 1 by signatures")
            && verified.contains("1 settlement run again")
    );
    assert!(
        verified.lines().last().unwrap().starts_with("1 epoch settled and sound up to entry "),
        "{verified}"
    );
    assert!(done(&["verify", "--ledger", &ledger, "--structure-only"]).contains("not checked, because"));
    done(&["verify", "--ledger", &ledger, "--contains", noted, "--structure-only"]);
    let never = "00".repeat(32);
    let output =
        run(&["verify", "--ledger", &ledger, "--contains", noted, "--contains", &never, "--structure-only"]);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stdout);
    assert!(
        said.contains(&format!("wrong: `{never}` is neither an entry nor a receipt in the chain")),
        "{said}"
    );
    fs::write(Path::new(&ledger).join("head"), "nothing\n").unwrap();
    let output = run(&["verify", "--ledger", &ledger]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).contains("wrong: `head` is damaged"), "{}", text(&output.stdout));
}

/// A stranger's charter may let a run take more than this machine gives: the command says which limit stopped it and
/// which option raises that, and goes on where it can.
#[test]
fn limits_of_this_machine_stop_a_run_and_say_so() {
    let folder = Folder::new("limits");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    for number in [1, 2] {
        let epoch = folder.file("epoch", numbered_epoch(number).as_bytes());
        done(&["settle", "--epoch", &epoch, "--ledger", &ledger]);
    }
    let stopped = |arguments: &[&str], printed: &str, sentences: &[&str]| {
        let output = run(arguments);
        let (out, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(out.contains(printed), "{arguments:?}: {out}");
        for sentence in sentences {
            assert!(said.contains(sentence), "{arguments:?}: {said:?} does not say {sentence:?}");
        }
    };
    let memory = "this engine has 1073741824 for all runs together";
    let help = "help: `--max-memory` sets how much memory";
    let verify = ["verify", "--ledger", &ledger, "--max-memory", "1GiB"];
    stopped(&verify, &format!("bytes of memory, and {memory}"), &["entries not checked: 2", help]);
    let found = text(&run(&verify).stdout);
    assert_eq!(found.matches("not checked: entry `").count(), 2, "{found}");
    assert!(!found.contains("wrong: ") && !found.contains("sound"), "{found}");

    let epoch = folder.file("epoch", numbered_epoch(3).as_bytes());
    let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger, "--max-memory", "1GiB"];
    stopped(&settle, "", &["error: ", memory, help]);
    let explain = ["explain", "--ledger", &ledger, "--epoch", "2", "--payee", "ada", "--max-memory", "1GiB"];
    stopped(&explain, "", &["error: ", memory, help]);
    stopped(&["inspect", "equal", "--max-memory", "1MiB"], "", &["for all runs together", help]);

    let draft = "name = \"Much\"\n[[policies]]\npolicy = \"equal\"\n";
    let modest = format!("{draft}[limits]\nmemory = 67108864\noutput = 1048576\n").replace("Much", "Little");
    let (much, little) = (folder.path("much.json"), folder.path("little.json"));
    done(&["charter", "new", &folder.file("much.toml", draft), "-o", &much]);
    done(&["charter", "new", &folder.file("little.toml", modest), "-o", &little]);
    let replay =
        ["replay", "--ledger", &ledger, "--charter", &much, "--charter", &little, "--max-memory", "1GiB"];
    let sentences = [
        "not replayed: epoch 1 under `Much`",
        "not replayed: epoch 2 under `Much`",
        "the comparison is incomplete: 2 epochs left out",
        help,
    ];
    stopped(&replay, "Little", &sentences);

    let endless = hostile::allocating("(loop (br 0)) unreachable", "");
    let endless = folder.file("endless.wasm", endless);
    let sentences =
        ["error: a run took longer than this engine's limit of 1 second", "help: `--timeout` sets"];
    stopped(&["settle", "--epoch", &epoch, "--rule", &endless, "--timeout", "1"], "", &sentences);

    for (option, value) in
        [("--max-memory", "8GB"), ("--max-memory", "0"), ("--timeout", "0"), ("--timeout", "1h")]
    {
        refused(&["inspect", "equal", option, value], 2, "invalid value");
    }
}

/// The head of a ledger of sound structure.
fn sound_head(ledger: &str) -> Option<Digest> {
    let store = || DirectoryStore::open(Path::new(ledger)).unwrap();
    let verified = apportion::verify(store(), None, &mut |_| {}).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    verified.head
}

/// Killed at its first moment, at each file that it writes, and when it has appended: the epoch is settled or it is
/// not, and then it can be.
#[test]
fn a_killed_settle_is_done_or_not_done() {
    /// Three objects, the entry, the head.
    const FILES: u64 = 5;
    let folder = Folder::new("killed");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    let (mut before_append, mut after_append) = (0, 0);
    for number in 1..=40 {
        let epoch = folder.file("epoch", numbered_epoch(number).as_bytes());
        let old = sound_head(&ledger);
        let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger];
        let mut writer = program().args(settle).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        match number % (FILES + 2) {
            // It says so only when it has appended.
            6 => {
                let mut said = String::new();
                BufReader::new(writer.stderr.take().unwrap()).read_line(&mut said).unwrap();
                assert!(said.starts_with("appended receipt "), "{said}");
            }
            files => {
                let mut seen = BTreeSet::new();
                while (seen.len() as u64) < files && writer.try_wait().unwrap().is_none() {
                    let unfinished = fs::read_dir(Path::new(&ledger).join("unfinished")).unwrap();
                    seen.extend(unfinished.map(|entry| entry.unwrap().file_name()));
                }
            }
        }
        let _ = writer.kill();
        writer.wait().unwrap();
        if sound_head(&ledger) == old {
            before_append += 1;
            done(&settle);
        } else {
            after_append += 1;
            refused(&settle, 3, &format!("epoch {number} is settled already"));
        }
    }
    eprintln!("40 kills of the program: {before_append} before it appended, {after_append} after");
    assert!(before_append > 0 && after_append > 0, "{before_append} before, {after_append} after");
    assert!(done(&["verify", "--ledger", &ledger]).contains("40 settlements run again"));
}

/// Files where folders should be: root may write everywhere, so permissions would show nothing.
#[test]
fn a_ledger_that_cannot_be_written_is_told_and_as_before() {
    let folder = Folder::new("unwritable");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    let head = sound_head(&ledger);
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger];
    for (name, sentence) in [
        ("unfinished", "`unfinished` is a file and not a part of a ledger"),
        ("objects", "`objects` is a file and not a part of a ledger"),
        ("lock", "`lock` is a folder and not a part of a ledger"),
    ] {
        let (place, kept) = (Path::new(&ledger).join(name), folder.path("kept"));
        fs::rename(&place, &kept).unwrap();
        // A folder in place of the lock, a file in place of the others.
        if name == "lock" {
            fs::create_dir(&place).unwrap()
        } else {
            fs::write(&place, "").unwrap()
        }
        refused(&settle, 3, sentence);
        if name == "lock" {
            fs::remove_dir(&place).unwrap()
        } else {
            fs::remove_file(&place).unwrap()
        }
        fs::rename(&kept, &place).unwrap();
        assert_eq!(sound_head(&ledger), head, "{name}");
    }
    let file = folder.file("file", "");
    refused(&["settle", "--epoch", &epoch, "--ledger", &file], 1, "the ledger's folder cannot be opened: ");
    done(&settle);
}

/// Unmounts its folder when the test is over.
struct Mounted(String);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// A disk that runs full at every step of a settlement: told, the ledger as before; with room again it goes on.
#[test]
fn a_full_disk_is_told_and_the_ledger_as_before() {
    let folder = Folder::new("full");
    let disk = folder.path("disk");
    fs::create_dir(&disk).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", &disk];
    if !Command::new("mount").args(mount).stderr(Stdio::null()).status().is_ok_and(|done| done.success()) {
        eprintln!("skipped: no right to mount a small disk");
        return;
    }
    let disk = Mounted(disk);
    let (ledger, filler) = (format!("{}/ledger", disk.0), format!("{}/filler", disk.0));
    tiny_ledger(&ledger);
    let head = sound_head(&ledger);
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger];
    fs::write(&filler, vec![0; 512 << 10]).unwrap_err();
    let mut refusals = 0;
    while !run(&settle).status.success() {
        refused(&settle, 1, "No space left on device");
        assert_eq!(sound_head(&ledger), head);
        refusals += 1;
        // One page more room.
        let file = fs::File::options().write(true).open(&filler).unwrap();
        file.set_len(file.metadata().unwrap().len().saturating_sub(4096)).unwrap();
        assert!(refusals < 40, "there is room enough");
    }
    assert!(refusals >= 3, "only {refusals} steps were refused");
    assert!(sound_head(&ledger) != head);
    assert!(done(&["verify", "--ledger", &ledger]).contains("1 settlement run again"));
}

/// Whoever printed into a full file is told, and that the receipt was appended.
#[test]
#[cfg(target_os = "linux")]
fn printing_into_a_full_file_is_told() {
    let folder = Folder::new("print");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output =
        program().args(["settle", "--epoch", &epoch, "--ledger", &ledger]).stdout(full).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("appended receipt ") && said.contains("error: cannot print the result: "),
        "{said}"
    );
}

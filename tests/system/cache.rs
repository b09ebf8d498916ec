//! Compiled policies that are kept: in memory, and in a folder that nobody else can write to.
//!
//! An engine that has no time to compile shows what came from where: it can admit only what is compiled already.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use apportion::engine::{CacheError, HostError};
use apportion::policy::AdmissionError;
use apportion::{Charter, Engine, History, settle};
use apportion_tests::{hostile, small_epoch};

/// A folder of a test's own, removed when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("apportion-cache-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    fn engine(&self) -> Engine {
        Engine::new().unwrap().with_cache(&self.0).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether it is admitted without compiling.
fn is_there(engine: Engine, component: &[u8]) -> bool {
    match engine.with_compile_time(Duration::ZERO).admit(component) {
        Ok(_) => true,
        Err(AdmissionError::Host(HostError::CompileTime(_))) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_was_admitted_once_is_not_compiled_again() {
    let (engine, component) = (Engine::new().unwrap(), hostile::harmless());
    assert!(!is_there(engine.clone(), &component));
    let policy = engine.admit(&component).unwrap();
    assert!(is_there(engine.clone(), &component));
    assert!(engine.admitted(&policy.digest()).is_some());
    assert!(!is_there(Engine::new().unwrap(), &component)); // another engine has its own
}

#[cfg(unix)]
#[test]
fn what_lies_in_the_folder_is_used_and_gives_the_same_settlement() {
    let (folder, component, epoch) = (Folder::new("used"), hostile::harmless(), small_epoch());
    let settled = |engine: Engine| {
        let policy = engine.admit(&component).unwrap();
        let charter = Charter::single("Cache", &policy, serde_json::json!({})).unwrap();
        settle(&epoch, &charter, &[policy], &History::default()).unwrap()
    };
    assert!(!is_there(folder.engine(), &component));
    let compiled = settled(folder.engine());
    assert!(is_there(folder.engine(), &component));
    // Also what the engine counted.
    assert_eq!(settled(folder.engine().with_compile_time(Duration::ZERO)), compiled);
    assert_eq!(folder.files().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_damaged_or_foreign_file_is_compiled_anew_and_replaced() {
    let (folder, component) = (Folder::new("damaged"), hostile::harmless());
    folder.engine().admit(&component).unwrap();
    let file = folder.files().remove(0);
    let whole = fs::read(&file).unwrap();
    folder.engine().admit(&hostile::file("nan-of-a-division")).unwrap();
    let other = folder.files().into_iter().find(|other| *other != file).unwrap();
    let damage = |at: usize| {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        damaged
    };
    let last = whole.len() - 1;
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("half", whole[..whole.len() / 2].to_vec()),
        ("one byte more", [&whole[..], b"x"].concat()),
        ("a bit of its format", damage(3)),
        ("a bit of its digest", damage(40)),
        ("a bit of its code", damage(last / 2)),
        ("its last bit", damage(last)),
        ("another policy's", fs::read(&other).unwrap()),
    ] {
        fs::write(&file, bytes).unwrap();
        assert!(!is_there(folder.engine(), &component), "{what}");
        folder.engine().admit(&component).unwrap();
        assert!(is_there(folder.engine(), &component), "{what}");
        // Not the same bytes: the engine writes the names of exports in any order.
        assert_eq!(fs::read(&file).unwrap().len(), whole.len(), "{what}");
    }
    assert_eq!(folder.files().len(), 2);
}

/// Code that lies where others can write is not run.
#[cfg(unix)]
#[test]
fn a_folder_that_is_not_the_users_alone_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("open");
    let open = || Engine::new().unwrap().with_cache(&folder.0).map(drop);
    open().unwrap();
    assert_eq!(fs::metadata(&folder.0).unwrap().permissions().mode() & 0o777, 0o700);
    for mode in [0o755, 0o770, 0o702, 0o777, 0o710] {
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(mode)).unwrap();
        let refused = open().unwrap_err();
        assert!(matches!(refused, CacheError::Open { mode: its, .. } if its == mode), "{refused}");
        assert!(refused.to_string().contains(&format!("mode {mode:o}")), "{refused}");
    }
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    open().unwrap();
    if std::os::unix::fs::chown(&folder.0, Some(12_345), None).is_ok() {
        assert!(matches!(open(), Err(CacheError::Owner(_))));
    }
    let file = folder.0.with_extension("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Engine::new().unwrap().with_cache(&file), Err(CacheError::Io { .. })));
    fs::remove_file(&file).unwrap();
}

/// A policy runs as well without: a folder that vanished or cannot be written to is nobody's error.
#[cfg(unix)]
#[test]
fn a_folder_that_vanished_is_no_error() {
    let (folder, component) = (Folder::new("vanished"), hostile::harmless());
    let engine = folder.engine();
    fs::remove_dir_all(&folder.0).unwrap();
    engine.admit(&component).unwrap();
}

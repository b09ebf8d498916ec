//! The program, a folder for it, and a small ledger.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use apportion::{Charter, Engine};
use apportion_tests::{create_ledger, hostile};

/// A folder of a test's own, removed when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("apportion-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), bytes).unwrap();
        self.path(name)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program, which leaves nothing in the user's own cache folder.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
    program.env("APPORTION_CACHE", "");
    program
}

pub fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// It ended well, said nothing on standard error but what it wrote, and printed this.
pub fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// It ended with this code and one sentence that says this, and printed nothing.
pub fn refused(arguments: &[&str], code: i32, sentence: &str) {
    let output = run(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(sentence), "{arguments:?}: {said:?} does not say {sentence:?}");
    assert!(said.starts_with("error: ") && !said.contains("panicked") && !said.contains('\u{1b}'), "{said}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
}

/// A ledger with a charter that names a tiny policy.
pub fn tiny_ledger(path: &str) {
    let engine = Engine::new().unwrap();
    let mut ledger = create_ledger(Path::new(path));
    let component = hostile::harmless();
    let policy = engine.admit(&component).unwrap();
    let charter = Charter::single("Tiny", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 0, &[component], &[]).unwrap();
}

//! A folder of files to import, and what is said of it.

use std::path::Path;

use apportion_import::tables::{Imported, Options, import};
use apportion_import::{Bound, ImportError, Limits};

pub const HEAD: &str = "number = 1\nwindow = { start = 2025-07-01, end = 2025-08-01 }\npool = { asset = \"EUR\", decimals = 2, amount = \"10.00\" }\n";

/// As [`HEAD`], for documents of any date.
pub const AGES: &str = "number = 1\nwindow = { start = 1970-01-01, end = 2100-01-01 }\npool = { asset = \"EUR\", decimals = 2, amount = \"10.00\" }\n";

/// A folder of files that is gone after the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Folder {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Imports the tables that `body`, after a common head, describes.
    pub fn import(&self, body: &str) -> Result<Imported, ImportError> {
        self.import_as(HEAD, body)
    }

    pub fn import_as(&self, head: &str, body: &str) -> Result<Imported, ImportError> {
        let description = self.path().join("epoch.toml");
        std::fs::write(&description, format!("{head}{body}")).unwrap();
        import(&description, &Options::default(), &mut |_| {})
    }

    /// As [`Folder::refused`], with another bound.
    pub fn refused_within(&self, bound: Bound, value: u64, body: &str) -> String {
        let description = self.path().join("epoch.toml");
        std::fs::write(&description, format!("{HEAD}{body}")).unwrap();
        let options = Options { limits: within(bound, value) };
        let error = import(&description, &options, &mut |_| {}).unwrap_err().to_string();
        error.replace(&format!("{}/", self.path().display()), "")
    }

    /// The lines of the error, without what depends on this machine.
    pub fn refused(&self, body: &str) -> String {
        let error = self.import(body).unwrap_err().to_string();
        error.replace(&format!("{}/", self.path().display()), "")
    }
}

/// The usual limits but for one.
pub fn within(bound: Bound, value: u64) -> Limits {
    let mut limits = Limits::default();
    limits.set(bound, value);
    limits
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

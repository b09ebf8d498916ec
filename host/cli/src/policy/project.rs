//! A policy's project: a folder with the rule, its kit, its cases and `policy.toml`, which says what it is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::language::Language;
use crate::objects;
use crate::outcome::Refused;

/// The file that makes a folder a project.
pub const MANIFEST: &str = "policy.toml";

/// A project as its manifest describes it.
pub struct Project {
    pub folder: PathBuf,
    pub name: String,
    pub language: &'static Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    language: String,
}

impl Project {
    /// Reads what project a folder is.
    pub fn open(folder: &Path) -> Result<Project> {
        let path = folder.join(MANIFEST);
        if !path.exists() {
            let shown = folder.display();
            bail!(Refused(format!(
                "`{shown}` is no policy's project: it has no {MANIFEST} (`apportion policy new` makes one)"
            )));
        }
        let place = || format!("`{}`", path.display());
        let manifest: Manifest = toml::from_str(&objects::text(&path)?)
            .map_err(|error| Refused(error.to_string()))
            .with_context(place)?;
        check_name(&manifest.name).with_context(place)?;
        let language = Language::named(&manifest.language).with_context(place)?;
        Ok(Project { folder: folder.to_owned(), name: manifest.name, language })
    }

    /// Words of the table with what they stand for: `{name}`, `{module}` (the name as an identifier).
    pub fn filled(&self, words: &str) -> String {
        words.replace("{name}", &self.name).replace("{module}", &self.name.replace('-', "_"))
    }

    /// Where the component is built to.
    pub fn component(&self) -> PathBuf {
        self.file("build").join(&self.name).with_extension("wasm")
    }

    /// The author's own file, for messages.
    pub fn entry(&self) -> PathBuf {
        self.file(self.language.entry)
    }

    /// A file of the project, shown as `rule.js` and not as `./rule.js`.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.strip_prefix(".").unwrap_or(&self.folder).join(path)
    }
}

/// What a policy may be called, so that every language's tools take it for a project's name too.
pub fn check_name(name: &str) -> Result<()> {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let letter_first = name.starts_with(|first: char| first.is_ascii_lowercase());
    if letter_first && name.len() <= 64 && name.split('-').all(word) {
        return Ok(());
    }
    let shown = name.escape_debug();
    bail!(Refused(format!(
        "`{shown}` cannot be a policy's name: write lower-case words joined by hyphens, as `night-shifts`, at most 64 letters"
    )))
}

//! The cases of `tests/hostile/`, a file each.

use std::fs;
use std::path::{Path, PathBuf};

use super::case::{Case, End};
use super::component::{component, module};

/// The cases of all files, by name.
pub fn files() -> Vec<Case> {
    let entries = fs::read_dir(folder()).expect("the folder of hostile policies");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|is| is == "wat") && !path.ends_with("prelude.wat"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// The component of one file.
pub fn file(name: &str) -> Vec<u8> {
    read(&folder().join(name).with_extension("wat")).component()
}

/// A policy that does nothing bad, to show that the others fail by what they do.
pub fn harmless() -> Vec<u8> {
    file("harmless")
}

/// A policy with a state: the first payee's share is one more at each epoch, which the carry's length counts.
pub fn stateful() -> Vec<u8> {
    file("counts-epochs")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile")
}

fn read(path: &Path) -> Case {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let said = |key: &str| {
        let key = format!(";; {key}: ");
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(&key)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    };
    let needed = |key: &str| said(key).unwrap_or_else(|| panic!("{name}: its header has no `{key}`"));
    let (tries, end) = (needed("Tries"), end(&needed("Ends")).unwrap_or_else(|| panic!("{name}: its end")));
    let parameters = said("Parameters").unwrap_or_else(|| "{}".to_owned());
    let (instead_of, wit) = (said("Instead of").unwrap_or_default(), said("Wit").unwrap_or_default());
    let of = name.clone();
    let make = Box::new(move || {
        let is_whole = text
            .lines()
            .find(|line| line.starts_with('('))
            .is_some_and(|line| line.starts_with("(component"));
        if is_whole {
            return wat::parse_str(&text).unwrap_or_else(|error| panic!("{of}: {error}"));
        }
        let without: Vec<&str> = instead_of.split(", ").collect();
        component(&module(&text, &without), &wit).unwrap_or_else(|error| panic!("{of}: {error:#}"))
    });
    Case { name, tries, parameters, end, make }
}

fn end(text: &str) -> Option<End> {
    if let Some(code) = text.strip_prefix("fault ") {
        return Some(End::Fault(code.to_owned()));
    }
    if let Some(words) = text.strip_prefix("not admitted: ") {
        return Some(End::NotAdmitted(words.to_owned()));
    }
    let amounts = text.strip_prefix("pays ")?.split(' ').map(str::parse).collect::<Result<_, _>>();
    Some(End::Pays(amounts.ok()?))
}

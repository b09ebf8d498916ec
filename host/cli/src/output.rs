//! Files are written whole or not at all, through a handle to their folder.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::arguments::OutputFile;
use crate::outcome::Refused;

/// Whether a file that is there with other content may be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

impl Existing {
    /// From the flag `--force`.
    pub fn from_force(force: bool) -> Existing {
        if force { Existing::Replace } else { Existing::Keep }
    }
}

/// Writes the one file that a command makes.
pub fn write_output(output: &OutputFile, bytes: &[u8]) -> Result<()> {
    write_file(&output.output, bytes, Existing::from_force(output.force))
}

/// Writes one file.
pub fn write_file(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    let name = path.file_name().ok_or_else(|| Refused(format!("`{}` names no file", path.display())))?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    write_files(folder, &[(&name.to_string_lossy(), bytes)], existing)
}

/// Writes files into a folder, which is made if need be: first all of them under other names, then renamed in order,
/// so that a full disk or a crash leaves no half-written file under its final name.
pub fn write_files(folder: &Path, files: &[(&str, &[u8])], existing: Existing) -> Result<()> {
    let place = || format!("cannot write to `{}`", folder.display());
    std::fs::create_dir_all(folder).with_context(place)?;
    let dir = Dir::open_ambient_dir(folder, ambient_authority()).with_context(place)?;
    for (name, bytes) in files {
        if existing == Existing::Keep && dir.exists(name) && dir.read(name).ok().as_deref() != Some(*bytes) {
            let path = folder.join(name);
            bail!(Refused(format!("`{}` is there with other content; --force replaces it", path.display())));
        }
    }
    let written = write_aside(&dir, files).and_then(|asides| {
        let renamed =
            asides.iter().zip(files).try_for_each(|(aside, (name, _))| dir.rename(aside, &dir, name));
        renamed.and_then(|()| sync(&dir))
    });
    if written.is_err() {
        for (name, _) in files {
            let _ = dir.remove_file(aside(name)); // what was never renamed; the first error is the one to tell
        }
    }
    written.with_context(place)
}

fn aside(name: &str) -> OsString {
    format!(".{name}.part-{}", std::process::id()).into()
}

fn write_aside(dir: &Dir, files: &[(&str, &[u8])]) -> std::io::Result<Vec<OsString>> {
    let mut asides = Vec::new();
    for (name, bytes) in files {
        let aside = aside(name);
        let mut file = dir.open_with(&aside, OpenOptions::new().write(true).create(true).truncate(true))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        asides.push(aside);
    }
    Ok(asides)
}

/// Renames last through a power cut only once the folder itself is on the disk.
fn sync(dir: &Dir) -> std::io::Result<()> {
    if cfg!(unix) { dir.open(".")?.sync_all() } else { Ok(()) }
}

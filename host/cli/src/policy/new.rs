//! `apportion policy new`: a project that builds and passes its test at once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::language::Language;
use super::project::check_name;
use crate::arguments::NewPolicyArguments;
use crate::outcome::Refused;
use crate::print::{Lines, say};

/// Stands in the templates where the policy's name goes.
const NAME: &str = "policy-name";

pub fn new(arguments: &NewPolicyArguments) -> Result<()> {
    check_name(&arguments.name)?;
    let language = Language::named(&arguments.lang)?;
    let folder = arguments.output.clone().unwrap_or_else(|| PathBuf::from(&arguments.name));
    let place = || format!("cannot make `{}`", folder.display());
    if folder.try_exists().with_context(place)? {
        bail!(Refused(format!("`{}` is there already: give another name or `-o DIR`", folder.display())));
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(place)?;
    // Under another name until all of it is there.
    let aside = tempfile::Builder::new().prefix(".policy-").tempdir_in(parent).with_context(place)?;
    let project = aside.path().join("project");
    for (path, text) in language.files() {
        let path = project.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(place)?;
        }
        match std::str::from_utf8(text) {
            Ok(text) => fs::write(path, text.replace(NAME, &arguments.name)),
            Err(_) => fs::write(path, text),
        }
        .with_context(place)?;
    }
    fs::rename(&project, &folder).with_context(place)?;

    let shown = folder.display();
    let entry = folder.join(language.entry);
    let mut text = Lines::default();
    say!(text, "{shown}: a policy in {}, which begins in {}", language.title, entry.display());
    say!(text);
    say!(text, "Next:");
    say!(text, "  cd {shown}");
    for command in language.prepare {
        say!(text, "  {command}");
    }
    say!(text, "  apportion policy build");
    say!(text, "  apportion policy test");
    text.print()
}

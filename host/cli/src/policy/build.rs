//! `apportion policy build`: the language's own tools, then a component that is admitted.

use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use apportion::policy::AdmissionError;
use wit_component::ComponentEncoder;

use super::language::{Check, Made, Need, PATHS, STAND_INS};
use super::project::{MANIFEST, Project};
use super::rust;
use crate::arguments::BuildPolicyArguments;
use crate::engine::Engines;
use crate::outcome::Refused;
use crate::output::{Existing, write_file};
use crate::print::{self, Lines, note, say};
use crate::table::grouped;

const LEFT_NOTHING: &str =
    "the build did not leave what it should: does a manifest have another name than `{name}`?";

pub fn build(arguments: &BuildPolicyArguments, engines: &Engines) -> Result<()> {
    let project = Project::open(&arguments.folder)?;
    for need in project.language.needs {
        require(&project, need)?;
    }
    let component = project.component();
    let folder = component.parent().unwrap_or(&project.folder);
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    for step in project.language.steps {
        run(&project, step)?;
    }
    if let Made::CoreModule(path) = project.language.made {
        let path = project.file(&project.filled(path));
        let place = || format!("`{}`", path.display());
        let module = fs::read(&path).with_context(place).with_context(|| project.filled(LEFT_NOTHING))?;
        let encoded = ComponentEncoder::default().validate(true).module(&module).and_then(|it| it.encode());
        let encoded = encoded.map_err(|error| Refused(format!("it makes no component: {error:#}")));
        write_file(&component, &encoded.with_context(place)?, Existing::Replace)?;
    }
    let policy = super::admitted(engines, &component).map_err(|error| no_policy(&project, error))?;
    let bytes = fs::metadata(&component).with_context(|| format!("`{}`", component.display()))?.len();
    let size = grouped(&bytes.to_string());
    let (shown, name, version, digest) =
        (component.display(), policy.name(), policy.version(), policy.digest());
    let mut text = Lines::default();
    say!(text, "{shown}: {name} {version}, {size} bytes, {digest}");
    text.print()?;
    if policy.name() != project.name {
        note!(
            "it calls itself `{}`, and `{}` says `{}`",
            policy.name(),
            project.file(MANIFEST).display(),
            project.name
        );
    }
    Ok(())
}

/// Why what was built is no policy, and what to do where nothing in it says that it is one.
fn no_policy(project: &Project, error: anyhow::Error) -> anyhow::Error {
    let (entry, exports) = (project.entry(), project.language.exports);
    let entry = entry.display();
    match error.downcast_ref() {
        Some(AdmissionError::NoRule) => {
            error.context(format!("`{entry}` exports no policy: it must have {exports}"))
        }
        _ => error.context(format!("what was built of `{entry}` is no policy")),
    }
}

fn require(project: &Project, need: &Need) -> Result<()> {
    let there = match need.check {
        Check::File(path) => project.file(path).exists(),
        Check::Runs(words) => {
            let quiet = |command: &mut Command| {
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
            };
            quiet(&mut project.command(words)).is_ok_and(|status| status.success())
        }
        Check::RustTarget(target) => project.rust_target(target),
    };
    if there {
        return Ok(());
    }
    let (folder, install) = (project.folder.display(), project.filled(need.install));
    bail!(
        "{} is missing, which builds a policy in {}; in `{folder}`: {install}",
        need.what,
        project.language.title
    )
}

fn run(project: &Project, step: &[&str]) -> Result<()> {
    let mut command = project.command(step);
    let words = step.iter().filter(|word| **word != PATHS);
    let shown = words.map(|word| project.filled(word)).collect::<Vec<_>>().join(" ");
    if step.contains(&PATHS) {
        rust::keep_paths_out(&mut command, &project.folder)?;
    }
    let place = || format!("cannot run `{shown}`");
    // What tools print is no result of ours.
    command.stdin(Stdio::null()).stdout(print::to_tools());
    let explained = project.language.explained;
    // A tool is left the terminal, with its colours, unless there is something to look for.
    let (status, word) = match explained {
        [] => (command.status().with_context(place)?, None),
        _ => read_along(command.stderr(Stdio::piped()).spawn().with_context(place)?, explained)
            .with_context(place)?,
    };
    if !status.success() {
        let entry = project.entry();
        let see = format!("see what `{shown}` said above");
        bail!(Refused(format!("`{}` does not build: {}", entry.display(), word.unwrap_or(&see))));
    }
    Ok(())
}

/// Passes on what a tool says, and gives the word for the first thing in it that is explained.
fn read_along<'a>(
    mut tool: Child,
    explained: &[(&str, &'a str)],
) -> io::Result<(ExitStatus, Option<&'a str>)> {
    let mut word = None;
    if let Some(said) = tool.stderr.take() {
        let mut lines = BufReader::new(said);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            print::pass_on(&line)?;
            let text = String::from_utf8_lossy(&line);
            let found = explained.iter().find(|(part, _)| text.trim_end().ends_with(part));
            word = word.or(found.map(|(_, word)| *word));
            line.clear();
        }
    }
    Ok((tool.wait()?, word))
}

impl Project {
    /// Words of the table with what they stand for: `{name}`, `{module}` (the name as an identifier).
    fn filled(&self, words: &str) -> String {
        words.replace("{name}", &self.name).replace("{module}", &self.name.replace('-', "_"))
    }

    /// A command of the language's tools, in the project's folder. A tool that is installed in the project goes before
    /// one of the machine.
    fn command(&self, words: &[&str]) -> Command {
        let (program, arguments) = words.split_first().unwrap_or((&"", &[]));
        let stand_in = STAND_INS.iter().find(|(name, _)| name == program && !self.has(program));
        let (program, first) = stand_in.and_then(|(_, words)| words.split_first()).unwrap_or((program, &[]));
        let mut command = Command::new(self.tool(program));
        command.args(first);
        let arguments = arguments.iter().filter(|word| **word != PATHS);
        command.args(arguments.map(|word| self.filled(word))).current_dir(&self.folder);
        // A tool's own calls say nothing to an author, and stand after what does.
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command
    }

    fn tool(&self, program: &str) -> PathBuf {
        self.own_tool(program).unwrap_or_else(|| PathBuf::from(program))
    }

    fn own_tool(&self, program: &str) -> Option<PathBuf> {
        let bins = [".venv/bin", ".venv/Scripts"].map(|bin| self.folder.join(bin).join(file_name(program)));
        let own = bins.into_iter().find(|path| path.exists())?;
        // A relative path would be looked for from the folder that the command runs in.
        std::path::absolute(own).ok()
    }

    /// Whether there is a tool by this name, in the project or on the machine.
    fn has(&self, program: &str) -> bool {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut folders = env::split_paths(&path);
        self.own_tool(program).is_some() || folders.any(|folder| folder.join(file_name(program)).is_file())
    }

    /// Whether Rust's standard library for a target is installed, or a sysroot named that has it.
    fn rust_target(&self, target: &str) -> bool {
        let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
        if env::var(flags).is_ok_and(|flags| flags.contains("--sysroot")) {
            return true;
        }
        let printed = self.command(&["rustc", "--print", "target-libdir", "--target", target]).output();
        printed.is_ok_and(|output| {
            output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
        })
    }
}

/// A program's file: `zig.exe` on Windows.
fn file_name(program: &str) -> String {
    format!("{program}{}", env::consts::EXE_SUFFIX)
}

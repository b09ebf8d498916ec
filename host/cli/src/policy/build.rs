//! `apportion policy build`: the language's own tools, then a component that is admitted.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use wit_component::ComponentEncoder;

use super::language::{Check, Made, Need};
use super::project::{MANIFEST, Project};
use crate::arguments::BuildPolicyArguments;
use crate::engine::Engines;
use crate::outcome::Refused;
use crate::output::{Existing, write_file};
use crate::table::grouped;

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
        let module = fs::read(&path).with_context(place)?;
        let encoded = ComponentEncoder::default().validate(true).module(&module).and_then(|it| it.encode());
        let encoded = encoded.map_err(|error| Refused(format!("it makes no component: {error:#}")));
        write_file(&component, &encoded.with_context(place)?, Existing::Replace)?;
    }
    let policy = super::admitted(engines, &component)
        .with_context(|| format!("what was built of `{}` is no policy", project.entry().display()))?;
    let bytes = fs::metadata(&component).with_context(|| format!("`{}`", component.display()))?.len();
    let size = grouped(&bytes.to_string());
    let (shown, name, version, digest) =
        (component.display(), policy.name(), policy.version(), policy.digest());
    writeln!(io::stdout().lock(), "{shown}: {name} {version}, {size} bytes, {digest}")?;
    if policy.name() != project.name {
        eprintln!(
            "note: it calls itself `{}`, and `{}` says `{}`",
            policy.name(),
            project.file(MANIFEST).display(),
            project.name
        );
    }
    Ok(())
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
    let shown = step.iter().map(|word| project.filled(word)).collect::<Vec<_>>().join(" ");
    // What tools print is no result of ours.
    let output = command.stdin(Stdio::null()).stdout(io::stderr()).status();
    let status = output.with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!(Refused(format!(
            "`{}` does not build: see what `{shown}` said above",
            project.entry().display()
        )));
    }
    Ok(())
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
        let mut command = Command::new(self.tool(program));
        command.args(arguments.iter().map(|word| self.filled(word))).current_dir(&self.folder);
        // A tool's own calls say nothing to an author, and stand after what does.
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command
    }

    fn tool(&self, program: &str) -> PathBuf {
        let own = [".venv/bin", ".venv/Scripts"].map(|bin| {
            let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
            self.folder.join(bin).join(name)
        });
        let own = own.into_iter().find(|path| path.exists());
        // A relative path would be looked for from the folder that the command runs in.
        let own = own.and_then(|path| std::path::absolute(path).ok());
        own.unwrap_or_else(|| PathBuf::from(program))
    }

    /// Whether Rust's standard library for a target is installed, or a sysroot named that has it.
    fn rust_target(&self, target: &str) -> bool {
        let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
        if std::env::var(flags).is_ok_and(|flags| flags.contains("--sysroot")) {
            return true;
        }
        let printed = self.command(&["rustc", "--print", "target-libdir", "--target", target]).output();
        printed.is_ok_and(|output| {
            output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
        })
    }
}

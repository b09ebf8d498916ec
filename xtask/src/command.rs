//! Other programs: started from the workspace's root, and named when they fail.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The cargo that runs this program.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Command> {
    command(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")), arguments)
}

/// A program with arguments.
pub fn command<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Command> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(crate::workspace::root()?);
    Ok(command)
}

/// Where the system finds a program of this name.
pub fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.exists())
}

/// Whether the system finds a program of this name.
pub fn is_installed(name: &str) -> bool {
    find(name).is_some()
}

/// Runs a command, whose output is seen as it comes.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", describe(command)))?;
    ensure!(status.success(), "{} fails: {status}", describe(command));
    Ok(())
}

/// Runs a command, whose output goes to a file.
pub fn run_logged(command: &mut Command, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    run(command.stderr(file.try_clone()?).stdout(file))
}

/// Runs a command, and returns what it prints, without the line break at the end.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", describe(command)))?;
    ensure!(output.status.success(), "{} fails: {}", describe(command), output.status);
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// Whether a command runs and ends well; what it prints is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// A command as a person would type it: `cargo fmt --all`.
pub fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = [program].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

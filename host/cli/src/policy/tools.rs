//! The tools that build a project: in the project's own folder, or on the machine.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::language::{PATHS, STAND_INS};
use super::project::Project;

/// A command of the language's tools, in the project's folder. A tool that is installed in the project goes before
/// one of the machine.
pub fn command(project: &Project, words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().unwrap_or((&"", &[]));
    let stand_in = STAND_INS.iter().find(|(name, _)| name == program && !has(project, program));
    let (program, first) = stand_in.and_then(|(_, words)| words.split_first()).unwrap_or((program, &[]));
    let mut command = Command::new(tool(project, program));
    command.args(first);
    let arguments = arguments.iter().filter(|word| **word != PATHS);
    command.args(arguments.map(|word| project.filled(word))).current_dir(&project.folder);
    // A tool's own calls say nothing to an author, and stand after what does.
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    command
}

fn tool(project: &Project, program: &str) -> PathBuf {
    own_tool(project, program).unwrap_or_else(|| PathBuf::from(program))
}

fn own_tool(project: &Project, program: &str) -> Option<PathBuf> {
    let bins = [".venv/bin", ".venv/Scripts"].map(|bin| project.folder.join(bin).join(file_name(program)));
    let own = bins.into_iter().find(|path| path.exists())?;
    // A relative path would be looked for from the folder that the command runs in.
    std::path::absolute(own).ok()
}

/// Whether there is a tool by this name, in the project or on the machine.
fn has(project: &Project, program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path);
    own_tool(project, program).is_some() || folders.any(|folder| folder.join(file_name(program)).is_file())
}

/// Whether Rust's standard library for a target is installed, or a sysroot named that has it.
pub fn has_rust_target(project: &Project, target: &str) -> bool {
    let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
    if env::var(flags).is_ok_and(|flags| flags.contains("--sysroot")) {
        return true;
    }
    let printed = command(project, &["rustc", "--print", "target-libdir", "--target", target]).output();
    printed.is_ok_and(|output| {
        output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}

/// A program's file: `zig.exe` on Windows.
fn file_name(program: &str) -> String {
    format!("{program}{}", env::consts::EXE_SUFFIX)
}

//! `cargo xtask policies`: the standard policies, from their crates to committed components; and those of tests.
//!
//! A policy's identity is the digest of its bytes, so a build has to give the same bytes in any folder on any machine
//! with the same toolchain. What is committed is the proof: continuous integration builds anew and compares.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use wit_component::ComponentEncoder;

use crate::bindings::CONTRACT;
use crate::committed::{self, Mode, cargo};

const TARGET: &str = "wasm32-unknown-unknown";
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// One line of `index.json`, in the order of its keys.
#[derive(Serialize)]
struct Entry {
    name: String,
    version: String,
    /// The version of the contract that the component speaks.
    contract: &'static str,
    /// BLAKE3 of the component, in hexadecimal: what `b3sum` prints.
    digest: String,
    /// The component's size.
    bytes: usize,
}

/// What `cargo metadata` says, as far as it is needed.
#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
    targets: Vec<CrateTarget>,
}

#[derive(Deserialize)]
struct CrateTarget {
    crate_types: Vec<String>,
}

pub fn run(mode: Mode) -> Result<()> {
    let root = committed::workspace_root()?;
    let workspace = workspace(&root)?;
    let policies = policies(&workspace, &root.join("policies"))?;
    let tested = self::policies(&workspace, &root.join("tests"))?;
    build(&root, &[policies.as_slice(), tested.as_slice()].concat())?;

    let dist = root.join("policies/dist");
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let mut index = Vec::new();
    for policy in &policies {
        let component = component(&workspace, policy)?;
        eprintln!("{}: {} KiB", policy.name, component.len().div_ceil(1024));
        index.push(Entry {
            name: policy.name.clone(),
            version: policy.version.clone(),
            contract: CONTRACT,
            digest: blake3::hash(&component).to_string(),
            bytes: component.len(),
        });
        files.push((dist.join(&policy.name).with_extension("wasm"), component));
    }
    files
        .push((dist.join("index.json"), format!("{}\n", serde_json::to_string_pretty(&index)?).into_bytes()));
    files.push((dist.join("src/table.rs"), table(&index)?.into_bytes()));

    // Policies that only tests need are in no index.
    for policy in &tested {
        let path = root.join("tests/hostile").join(&policy.name).with_extension("wasm");
        files.push((path, component(&workspace, policy)?));
    }

    let mut differing = Vec::new();
    for (path, bytes) in &files {
        if committed::write_or_compare(path, bytes, mode)? {
            differing.push(path.strip_prefix(&root).unwrap_or(path).display().to_string());
        }
    }
    match (mode, differing.as_slice()) {
        (_, []) => eprintln!("policies/dist is up to date"),
        (Mode::Write, written) => eprintln!("wrote {}", written.join(", ")),
        (Mode::Check, differing) => bail!(
            "not what the sources give: {}. Run `cargo xtask policies` and commit the result; if the sources did not \
             change, this machine builds other bytes, which is a bug",
            differing.join(", ")
        ),
    }
    Ok(())
}

fn workspace(root: &Path) -> Result<Workspace> {
    let output = cargo()
        .current_dir(root)
        .args(["metadata", "--no-deps", "--locked", "--format-version", "1"])
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The packages in a folder that make a component, by name.
fn policies<'a>(workspace: &'a Workspace, folder: &Path) -> Result<Vec<&'a Package>> {
    let makes_component = |package: &&Package| {
        package.targets.iter().any(|target| target.crate_types.iter().any(|of| of == "cdylib"))
    };
    let packages = workspace.packages.iter().filter(|package| package.manifest_path.starts_with(folder));
    let mut policies: Vec<_> = packages.filter(makes_component).collect();
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    ensure!(!policies.is_empty(), "no package under {} makes a cdylib", folder.display());
    Ok(policies)
}

fn build(root: &Path, policies: &[&Package]) -> Result<()> {
    ensure!(
        std::env::var_os("RUSTFLAGS").is_none(),
        "RUSTFLAGS is set, which would change the components: unset it, or say what is needed in {FLAGS}"
    );
    let given = std::env::var(FLAGS).unwrap_or_default();
    require_standard_library(&given)?;

    // The folder of the target is where `cargo metadata` says; a build script's variables are not for a child.
    let flags = flags(&given, root)?;
    // One by one: together all would be given every feature of the SDK that one of them asks for, and code that a policy
    // does not use changes its bytes too.
    for policy in policies {
        let mut command = cargo();
        command.current_dir(root).args(["build", "--locked", "--profile", "policy", "--target", TARGET]);
        let status = command.args(["--package", &policy.name]).env(FLAGS, &flags).status();
        ensure!(status.context("cannot run cargo")?.success(), "the policy `{}` does not build", policy.name);
    }
    Ok(())
}

fn require_standard_library(flags: &str) -> Result<()> {
    if flags.contains("--sysroot") {
        return Ok(());
    }
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "sysroot"])
        .output()
        .context("cannot run rustc")?;
    let sysroot = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    ensure!(
        sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir(),
        "the standard library of {TARGET} is missing: run `rustup target add {TARGET}`, or name a sysroot that has it \
         in {FLAGS}=\"--sysroot DIR\""
    );
    Ok(())
}

/// The caller's flags, then the folders whose names must not get into a component: where cargo keeps the sources of
/// a registry (the folder is named after the registry's host) and where this workspace lies. Of several prefixes
/// that fit, rustc takes the last.
fn flags(given: &str, root: &Path) -> Result<String> {
    let mut flags = given.to_owned();
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => std::env::home_dir().context("neither CARGO_HOME nor a home folder is known")?.join(".cargo"),
    };
    write!(flags, " --remap-path-prefix={}=/apportion", root.display())?;
    let mut registries = Vec::new();
    if let Ok(entries) = std::fs::read_dir(home.join("registry/src")) {
        for entry in entries {
            registries.push(entry?.path());
        }
    }
    registries.sort();
    for registry in registries {
        write!(flags, " --remap-path-prefix={}=/rust/deps", registry.display())?;
    }
    ensure!(
        !root.to_string_lossy().contains(' '),
        "{} has a space, which {FLAGS} cannot carry",
        root.display()
    );
    Ok(flags)
}

/// The component of what was built.
fn component(workspace: &Workspace, policy: &Package) -> Result<Vec<u8>> {
    let module = policy.name.replace('-', "_");
    let module = workspace.target_directory.join(TARGET).join("policy").join(module).with_extension("wasm");
    let module = std::fs::read(&module).with_context(|| format!("the build left no {}", module.display()))?;
    componentize(&module).with_context(|| format!("policy `{}`", policy.name))
}

fn componentize(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(module)?.encode()
}

fn table(index: &[Entry]) -> Result<String> {
    let mut table = String::from("// @generated by `cargo xtask policies`. Do not edit.\n\n");
    table.push_str("pub(crate) static POLICIES: &[crate::StandardPolicy] = &[\n");
    for Entry { name, version, contract, digest, .. } in index {
        writeln!(table, "    crate::StandardPolicy {{")?;
        writeln!(table, "        name: {name:?},")?;
        writeln!(table, "        version: {version:?},")?;
        writeln!(table, "        contract: {contract:?},")?;
        writeln!(table, "        digest: {digest:?},")?;
        writeln!(table, "        bytes: include_bytes!(\"../{name}.wasm\"),")?;
        writeln!(table, "    }},")?;
    }
    table.push_str("];\n");
    Ok(table)
}

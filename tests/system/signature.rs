//! Our signatures and OpenSSH's own: each accepts what the other makes, and neither what the other refuses.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use apportion::signature::{AllowedSigners, CHARTER_NAMESPACE, sign};

const KEYS: [&str; 4] = ["ed25519", "ed25519-second", "ecdsa-p256", "ecdsa-p384"];
/// Some that the armor's lines end with exactly, and characters that need care.
const NAMESPACES: [&str; 6] =
    [CHARTER_NAMESPACE, "n", "file", "a b", "ünïcode", "one@that-is-rather-long.example.org"];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/core/tests/data/ssh")
}

fn read(name: &str) -> String {
    fs::read_to_string(data().join(name)).unwrap()
}

/// Runs `ssh-keygen` with `input`: what it wrote, if it was content. Nothing at all if it is not installed.
fn ssh_keygen(arguments: &[&str], input: &[u8]) -> Option<Result<String, String>> {
    let started = Command::new("ssh-keygen")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        // Not by `eprintln!`, which is shown of failing tests only.
        io::stderr().write_all(b"skipped: no ssh-keygen\n").unwrap();
        return None;
    };
    // It may have refused its arguments and gone before reading: its exit says so.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Some(if output.status.success() { Ok(text) } else { Err(String::from_utf8(output.stderr).unwrap()) })
}

/// ssh-keygen signs with no key that others can read, and git keeps no such permission.
fn private_copy(folder: &Path, key: &str) -> String {
    let path = folder.join(key);
    fs::write(&path, read(key)).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name} {}", read(&format!("{name}.pub")))).collect()
}

#[test]
fn what_ssh_keygen_signs_is_accepted_here() {
    let folder = tempfile::tempdir().unwrap();
    let allowed = AllowedSigners::parse(&list(&KEYS)).unwrap();
    for key in KEYS {
        let path = private_copy(folder.path(), key);
        for namespace in NAMESPACES {
            for message in [&b""[..], b"a charter\n", &[0xff; 5000]] {
                let arguments = ["-q", "-Y", "sign", "-n", namespace, "-f", &path];
                let Some(signed) = ssh_keygen(&arguments, message) else { return };
                let signature = signed.unwrap();
                let signer = allowed.verify(namespace, message, &signature).unwrap();
                assert_eq!(signer.principals, [key]);
                assert!(allowed.verify(namespace, b"another charter\n", &signature).is_err());
            }
        }
    }
}

#[test]
fn what_is_signed_here_is_accepted_by_ssh_keygen() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("allowed"), list(&KEYS)).unwrap();
    for key in KEYS {
        for namespace in NAMESPACES {
            let message = b"a charter\n";
            fs::write(path("signature"), sign(&read(key), namespace, message).unwrap()).unwrap();
            let (allowed, signature) = (path("allowed"), path("signature"));
            let arguments = ["-Y", "verify", "-n", namespace, "-f", &allowed, "-I", key, "-s", &signature];
            let Some(verified) = ssh_keygen(&arguments, message) else { return };
            verified.unwrap();
            ssh_keygen(&arguments, b"another charter\n").unwrap().unwrap_err();
        }
    }
}

/// The fixtures of hardware keys were not made by hardware: OpenSSH is asked whether it would take them.
#[test]
fn the_fixtures_are_good_by_ssh_keygen() {
    let folder = tempfile::tempdir().unwrap();
    let list_path = folder.path().join("allowed").to_str().unwrap().to_owned();
    for key in KEYS.iter().copied().chain(["sk-ed25519", "sk-ecdsa"]) {
        fs::write(&list_path, list(&[key])).unwrap();
        let signature = data().join(format!("{key}.sig"));
        let signature = signature.to_str().unwrap();
        let arguments =
            ["-Y", "verify", "-n", CHARTER_NAMESPACE, "-f", &list_path, "-I", key, "-s", signature];
        let Some(verified) = ssh_keygen(&arguments, read("message").as_bytes()) else { return };
        verified.unwrap();
    }
}

/// A list that OpenSSH reads is read here with the same verdict on each namespace.
#[test]
fn options_mean_what_they_mean_to_ssh_keygen() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (list_path, signature_path) = (path("allowed"), path("signature"));
    let key = read("ed25519.pub");
    for options in [
        "",
        "namespaces=\"file\"",
        "NAMESPACES=\"file,apportion-*\"",
        "namespaces=\"*,!apportion-charter\"",
        "namespaces=\"f?le\"",
        "namespaces=\"!file\"",
    ] {
        let text = format!("# who may sign\n\n \tada,ada@example.org \t{options}  {key}\n");
        fs::write(&list_path, &text).unwrap();
        let allowed = AllowedSigners::parse(&text).unwrap();
        for namespace in NAMESPACES {
            let signature = sign(&read("ed25519"), namespace, b"a charter\n").unwrap();
            fs::write(&signature_path, &signature).unwrap();
            let arguments =
                ["-Y", "verify", "-n", namespace, "-f", &list_path, "-I", "ada", "-s", &signature_path];
            let Some(theirs) = ssh_keygen(&arguments, b"a charter\n") else { return };
            let ours = allowed.verify(namespace, b"a charter\n", &signature);
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{options} {namespace}: {ours:?} and {theirs:?}");
        }
    }
}

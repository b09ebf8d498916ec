//! Repositories that lead out of their folder: refused, unless that is asked for.

use apportion_import::git::{Options, Outside, import};
use apportion_tests::git::{Commit, Repository};

use super::histories::{MONDAY, options, read, refused};

/// A repository with one commit, and an empty folder beside it.
fn two() -> (tempfile::TempDir, Repository, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (inside, other) = (folder.path().join("inside"), folder.path().join("other"));
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::create_dir_all(&other).unwrap();
    let repository = Repository::new(&inside);
    let tree = repository.files(&[("a", "1\n")]);
    let author = format!("Ann Lee <ann@x> {MONDAY} +0000");
    let id = repository.commit(&Commit {
        tree,
        parents: &[],
        author: &author,
        committer: "",
        header: "",
        message: "One\n",
    });
    repository.branch("main", id);
    (folder, repository, other)
}

fn following() -> Options {
    Options { outside: Outside::Follow, ..options() }
}

#[test]
fn a_git_file_that_leads_elsewhere_is_refused_unless_allowed() {
    let (_folder, repository, other) = two();
    let git = repository.folder().join(".git");
    std::fs::write(other.join(".git"), format!("gitdir: {}\n", git.display())).unwrap();
    let said = refused(&other, &options());
    assert!(said.starts_with("the repository's `.git` leads out of its folder, to `"), "{said}");
    assert_eq!(import(&other, &following(), &mut |_| {}).unwrap().epoch.payees().len(), 1);
    // One that stays within is as good as a folder.
    std::fs::rename(&git, repository.folder().join("kept")).unwrap();
    std::fs::write(&git, "gitdir: kept\n").unwrap();
    assert_eq!(read(&repository, &options()).epoch.payees().len(), 1);
}

#[test]
fn alternates_that_lead_elsewhere_are_refused_at_any_remove() {
    let (_folder, repository, other) = two();
    let borrowing = Repository::new(&other);
    // By way of a folder within: that one leads out.
    let within = other.join("objects");
    std::fs::create_dir_all(within.join("info")).unwrap();
    std::fs::create_dir_all(other.join(".git/objects/info")).unwrap();
    borrowing.file("objects/info/alternates", "../../objects\n");
    let head = std::fs::read_to_string(repository.folder().join(".git/refs/heads/main")).unwrap();
    borrowing.file("refs/heads/main", &head);
    assert!(refused(&other, &options()).starts_with("commit "), "nothing is there yet");
    let objects = repository.folder().join(".git/objects");
    std::fs::write(within.join("info/alternates"), format!("{}\n", objects.display())).unwrap();
    let said = refused(&other, &options());
    assert!(said.starts_with("the repository's objects/info/alternates leads out of its folder"), "{said}");
    assert_eq!(read(&borrowing, &following()).epoch.payees().len(), 1);
}

#[cfg(unix)]
#[test]
fn links_that_lead_elsewhere_are_refused() {
    use std::os::unix::fs::symlink;

    for (name, what) in [
        ("objects", "objects"),
        ("objects/pack", "objects"),
        ("objects/pack/pack-1.pack", "objects"),
        ("HEAD", "references"),
        ("refs/heads/main", "references"),
        ("packed-refs", "packed-refs"),
        ("shallow", "shallow"),
    ] {
        let (_folder, repository, other) = two();
        let (path, target) = (repository.folder().join(".git").join(name), other.join("moved"));
        if path.exists() {
            std::fs::rename(&path, &target).unwrap();
        } else if name.ends_with("pack") && !name.ends_with(".pack") {
            std::fs::create_dir_all(&target).unwrap();
        } else {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&target, "").unwrap();
        }
        symlink(&target, &path).unwrap();
        let said = refused(repository.folder(), &options());
        assert!(
            said.starts_with(&format!("the repository's {what} leads out of its folder")),
            "{name}: {said}"
        );
        assert_eq!(read(&repository, &following()).epoch.payees().len(), 1, "{name}");
    }
    // What never ends is not even opened.
    let (_folder, repository, _) = two();
    let path = repository.folder().join(".git/refs/heads/main");
    std::fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    let said = refused(repository.folder(), &following());
    assert_eq!(said, "the repository's `references` cannot be read: it is not a file");
}

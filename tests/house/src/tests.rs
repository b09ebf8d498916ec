//! Small crates with one thing wrong each.

use std::fs;

use tempfile::TempDir;

use crate::layers::Layers;
use crate::names::Names;
use crate::pattern::Code;
use crate::reader;
use crate::rules::{Belongs, Rules};
use crate::source::Source;
use crate::tables::circles::Known;
use crate::tables::order::Order;
use crate::tables::rules::{Allowed, Packages, Part, Rule};
use crate::uses::uses;

/// A crate of files, each a name and its code; the first is the root.
fn read(files: &[(&str, &str)]) -> Source {
    let folder = TempDir::new().unwrap();
    for (name, code) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, code).unwrap();
    }
    reader::read(folder.path(), &folder.path().join(files[0].0)).unwrap()
}

/// All uses between files, as `user -> used`.
fn edges(files: &[(&str, &str)]) -> Vec<String> {
    let source = read(files);
    let uses = uses(&source);
    uses.keys().map(|(user, used)| format!("{} -> {}", source.name(*user), source.name(*used))).collect()
}

fn circles(files: &[(&str, &str)], known: &[Known]) -> Vec<String> {
    let source = read(files);
    let uses = uses(&source);
    Layers::new(&source, &uses).circles(files[0].0, known)
}

/// The lines on which a pattern occurs in a crate of one file.
fn lines(code: &str, pattern: &str, part: Part) -> Vec<usize> {
    let source = read(&[("lib.rs", code)]);
    let names = Names::new(&source);
    Code::new(&names, &source.files[0], part).hits(pattern, &[]).iter().map(|hit| hit.line).collect()
}

#[test]
fn child_that_uses_its_parent_closes_a_circle() {
    let files = [
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b;\npub struct Thing;"),
        ("a/b.rs", "fn make() -> super::Thing {\n    super::Thing\n}"),
    ];
    let found = circles(&files, &[]);
    assert_eq!(
        found,
        ["lib.rs: a circle of 2 files: a -> a::b -> a\
          \n  a.rs uses a::b:\n    1: mod b;\
          \n  a/b.rs uses a:\n    1: super::Thing\n    2: super::Thing"]
    );
}

#[test]
fn siblings_that_use_each_other_close_a_circle() {
    let a = "use crate::b;\npub fn one() { b::two() }";
    let files = [("lib.rs", "mod a;\nmod b;"), ("a.rs", a), ("b.rs", "pub fn two() { crate::a::one() }")];
    assert_eq!(circles(&files, &[]).len(), 1);
    assert!(circles(&files, &[Known { root: "lib.rs", files: &["a", "b"] }]).is_empty());
}

#[test]
fn known_circle_that_is_open_is_reported() {
    let files = [("lib.rs", "mod a;\nmod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;")];
    assert_eq!(circles(&files, &[]), Vec::<String>::new());
    let found = circles(&files, &[Known { root: "lib.rs", files: &["a", "b"] }]);
    assert!(found.len() == 1 && found[0].contains("a, b is open"), "{found:?}");
}

#[test]
fn use_through_a_re_export_is_one_of_the_file_that_defines() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub use a::Thing as Renamed;\npub use a::inner::*;"),
        ("a.rs", "pub mod inner;\npub struct Thing;"),
        ("a/inner.rs", "pub struct Deep;"),
        ("b.rs", "fn f(_: crate::Renamed, _: crate::Deep) {}"),
    ];
    let expected = ["lib -> a", "lib -> a::inner", "lib -> b", "a -> a::inner", "b -> a", "b -> a::inner"];
    assert_eq!(sorted(edges(&files)), sorted(expected.map(str::to_owned).to_vec()));
}

#[test]
fn every_place_of_a_path_is_seen() {
    let used = "pub struct T;\npub fn f() {}\nmacro_rules! m { () => {} }\npub(crate) use m;";
    for code in [
        "use crate::used::{self, T};",
        "fn g() { use crate::used::f; f() }",
        "fn g() { crate::used::f() }",
        "use crate::used; fn g() { println!(\"{:?}\", used::f()) }",
        "#[serde(with = \"crate::used::f\")] struct S;",
        "#[arg(value_parser = crate::used::f)] struct S;",
        "crate::used::m!();",
        "use crate::used::*; fn g() -> T { T }",
        "mod inner { fn g() { super::super::used::f() } }",
        "macro_rules! n { () => { $crate::used::f() } }",
    ] {
        let found = edges(&[("lib.rs", "mod user;\nmod used;"), ("user.rs", code), ("used.rs", used)]);
        assert!(found.contains(&"user -> used".to_owned()), "{code}");
    }
}

#[test]
fn local_names_are_no_uses() {
    let code =
        "use std::fmt;\nstruct A { used: u8 }\nfn g(used: A) -> u8 { used.used }\nimpl fmt::Debug for A {}";
    let found =
        edges(&[("lib.rs", "mod user;\nmod used;"), ("user.rs", code), ("used.rs", "pub fn used() {}")]);
    assert_eq!(found, ["lib -> user", "lib -> used"]);
}

#[test]
fn module_and_function_of_one_name_are_told_apart() {
    let lib = "mod card;\nmod user;\npub use card::card;";
    let code = "fn g() { crate::card(); crate::card::other() }";
    let found =
        edges(&[("lib.rs", lib), ("card.rs", "pub fn card() {}\npub fn other() {}"), ("user.rs", code)]);
    assert_eq!(found, ["lib -> card", "lib -> user", "user -> card"]);
}

#[test]
fn module_of_an_import_of_several_names_is_no_function_of_its_name() {
    let lib = "mod user;\nmod year;\npub fn year() {}";
    let files = [
        ("lib.rs", lib),
        ("user.rs", "use crate::year::{A, B};\nfn f() { A::new() }"),
        ("year.rs", "pub struct A;\npub struct B;"),
    ];
    assert!(circles(&files, &[]).is_empty());
}

#[test]
fn type_uses_the_files_that_implement_it() {
    let files = [
        ("lib.rs", "mod a;\nmod b;"),
        ("a.rs", "pub struct A;"),
        ("b.rs", "use crate::a::A;\nimpl A { pub fn more(&self) {} }"),
    ];
    let found = circles(&files, &[]);
    assert!(found.len() == 1 && found[0].contains("2: impl A in b.rs"), "{found:?}");
    // A trait is named where its methods are called.
    let files = [files[0], files[1], ("b.rs", "use crate::a::A;\npub trait T {}\nimpl T for A {}")];
    assert!(circles(&files, &[]).is_empty());
}

#[test]
fn tests_are_exempt_from_circles() {
    let files = [
        ("lib.rs", "mod a;\n#[cfg(test)]\nmod tests;\npub fn f() {}"),
        (
            "a.rs",
            "pub struct A;\n#[cfg(test)]\nmod tests { use crate::f; }\nimpl A { #[cfg(test)] fn t() { crate::f() } }",
        ),
        ("tests.rs", "use super::*;"),
    ];
    assert!(circles(&files, &[]).is_empty());
}

#[test]
fn order_that_was_decided_is_held() {
    let source =
        read(&[("lib.rs", "mod a;\nmod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;")]);
    let uses = uses(&source);
    let order = |modules| Layers::new(&source, &uses).order(&Order { package: "p", modules });
    assert!(order(&["b", "a"]).is_empty());
    assert_eq!(order(&["a", "b"]), ["`a` may not use `b`\n  a.rs uses b:\n    1: crate::b::B"]);
    assert!(order(&["b"])[0].starts_with("the module `a` of p is missing"));
    assert!(order(&["c", "b", "a"])[0].starts_with("the module `c` of p is no longer there"));
}

#[test]
fn pattern_is_found_under_any_import() {
    for code in [
        "fn f() { std::thread::sleep(d) }",
        "use std::thread; fn f() { thread::sleep(d) }",
        "use std::{thread::{self as t}, time}; fn f() { t::sleep(d) }",
        "use std::thread::sleep; fn f() { sleep(d) }",
        "use std::thread::sleep as wait; fn f() { wait(d) }",
        "fn f() { vec![std::thread::sleep(d)]; }",
    ] {
        assert!(!lines(code, "thread::sleep", Part::Product).is_empty(), "{code}");
    }
    for code in ["// thread::sleep", "/// thread::sleep\nfn f() {}", "fn f() { g(\"thread::sleep\") }"] {
        assert!(lines(code, "thread::sleep", Part::Product).is_empty(), "{code}");
    }
}

#[test]
fn pattern_in_tests_is_found_only_where_everything_is_meant() {
    let code = "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() { println!() }\n}";
    assert!(lines(code, "println!", Part::Product).is_empty());
    assert_eq!(lines(code, "println!", Part::Everything), [4]);
    assert_eq!(lines("fn f() { open(\"/dev/tty0\") }", "\"/dev/tty", Part::Product), [1]);
}

const RULES: &[Rule] = &[Rule {
    says: "only `gate` prints",
    because: "of this test",
    forbidden: &["println!"],
    unless: &["escape("],
    part: Part::Product,
    packages: Packages::All,
    allowed: &[Allowed { place: "p::gate", because: "the gate" }],
}];

#[test]
fn rule_is_broken_outside_of_what_is_allowed() {
    let gate = ("gate.rs", "mod inner;");
    let inner = ("gate/inner.rs", "fn f() { println!() }");
    let other = ("other.rs", "fn f() {\n    println!(\"{}\", escape(x));\n    println!()\n}");
    let findings = |files: &[(&str, &str)]| {
        let mut rules = Rules::new(RULES);
        rules.apply(&read(files), Belongs { package: "p", is_product: true });
        rules.findings()
    };
    assert_eq!(
        findings(&[("lib.rs", "mod gate;\nmod other;"), gate, inner, other]),
        ["only `gate` prints, because of this test:\n  other.rs:3: `println!`"]
    );
    let unneeded = findings(&[("lib.rs", "")]);
    assert!(
        unneeded.len() == 1 && unneeded[0].contains("nothing in p::gate needs to be allowed"),
        "{unneeded:?}"
    );
}

fn sorted(mut edges: Vec<String>) -> Vec<String> {
    edges.sort();
    edges
}

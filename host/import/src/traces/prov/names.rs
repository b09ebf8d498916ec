//! The names of a PROV-JSON document, whose prefixes stand for namespaces.

use std::collections::BTreeMap;

/// What the prefixes of a document, or of a bundle in it, stand for.
pub(super) struct Names {
    namespaces: BTreeMap<String, String>,
    /// Those of the bundle that is being read, which take the place of its document's.
    of_bundle: Option<BTreeMap<String, String>>,
    /// The file, to which names that begin with `_:` are local.
    file: String,
}

/// A name in full, and whether its prefix was not declared, so that it is as it was written.
pub(super) struct FullName {
    pub(super) name: String,
    pub(super) undeclared: Option<String>,
}

/// The prefix of names that have none.
const DEFAULT: &str = "default";
const PROV: (&str, &str) = ("prov", "http://www.w3.org/ns/prov#");
const XSD: (&str, &str) = ("xsd", "http://www.w3.org/2001/XMLSchema#");

impl Names {
    pub(super) fn new(file: &str) -> Names {
        let namespaces = [PROV, XSD].map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned()));
        Names { namespaces: namespaces.into(), of_bundle: None, file: file.to_owned() }
    }

    /// What is declared from here on holds for a bundle, until its end.
    pub(super) fn begin_bundle(&mut self) {
        self.of_bundle = Some(BTreeMap::new());
    }

    pub(super) fn end_bundle(&mut self) {
        self.of_bundle = None;
    }

    /// Declares a prefix. Whether that can be: the keys of PROV-JSON are written with `prov`, which can stand for
    /// nothing else.
    pub(super) fn declare(&mut self, prefix: &str, namespace: &str) -> bool {
        if [PROV, XSD].iter().any(|(fixed, _)| *fixed == prefix) {
            let is_same = |known: &String| known.trim_end_matches('#') == namespace.trim_end_matches('#');
            return self.namespaces.get(prefix).is_some_and(is_same);
        }
        let declared = self.of_bundle.as_mut().unwrap_or(&mut self.namespaces);
        declared.insert(prefix.to_owned(), namespace.to_owned());
        true
    }

    /// The name in full: a URI, wherever the document declares what its prefix stands for.
    pub(super) fn full(&self, written: &str) -> FullName {
        if written.starts_with("_:") {
            return FullName { name: format!("{written}@{}", self.file), undeclared: None };
        }
        let (prefix, local) = written.split_once(':').unwrap_or((DEFAULT, written));
        let of_bundle = self.of_bundle.as_ref().and_then(|declared| declared.get(prefix));
        match of_bundle.or_else(|| self.namespaces.get(prefix)) {
            Some(namespace) => FullName { name: format!("{namespace}{local}"), undeclared: None },
            None if local.starts_with("//") || prefix == "urn" => {
                FullName { name: written.to_owned(), undeclared: None }
            }
            None => FullName { name: written.to_owned(), undeclared: Some(prefix.to_owned()) },
        }
    }
}

/// The last part of a name, for people: of `ex:Answer` and `http://example.org/Answer` it is `Answer`.
pub(super) fn local_part(name: &str) -> &str {
    let end = name.trim_end_matches(['#', '/', ':']);
    match end.rsplit(['#', '/', ':']).next() {
        Some(local) if !local.is_empty() => local,
        _ => name,
    }
}

/// Whether a name is one of PROV's own.
pub(super) fn is_of_prov(name: &str) -> bool {
    name.starts_with("prov:") || name.starts_with(PROV.1)
}

/// A name or a value as it is shown to a person.
pub(super) fn shown(name: &str) -> String {
    crate::problem::shortened(name).escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_full_wherever_their_prefix_is_declared() {
        let mut names = Names::new("a.json");
        assert!(names.declare("ex", "http://example.org/") && names.declare("default", "http://d.org/#"));
        assert!(
            names.declare("prov", "http://www.w3.org/ns/prov#") && !names.declare("prov", "http://other/")
        );
        for (written, name, undeclared) in [
            ("ex:a:b", "http://example.org/a:b", None),
            ("a", "http://d.org/#a", None),
            ("prov:Person", "http://www.w3.org/ns/prov#Person", None),
            ("_:b1", "_:b1@a.json", None),
            ("https://example.org/x", "https://example.org/x", None),
            ("urn:uuid:1", "urn:uuid:1", None),
            ("foo:a", "foo:a", Some("foo")),
        ] {
            let full = names.full(written);
            assert_eq!((full.name.as_str(), full.undeclared.as_deref()), (name, undeclared), "{written}");
        }
        names.begin_bundle();
        names.declare("ex", "http://bundle.org/");
        assert_eq!(
            (names.full("ex:a").name, names.full("b").name),
            ("http://bundle.org/a".to_owned(), "http://d.org/#b".to_owned())
        );
        names.end_bundle();
        assert_eq!(names.full("ex:a").name, "http://example.org/a");
        assert_eq!(Names::new("a.json").full("a").undeclared.as_deref(), Some("default"));
    }

    #[test]
    fn the_last_part_of_a_name_is_never_empty() {
        for (name, local) in [
            ("ex:Answer", "Answer"),
            ("http://e.org/x#A", "A"),
            ("http://e.org/", "e.org"),
            (":", ":"),
            ("a", "a"),
        ] {
            assert_eq!(local_part(name), local);
        }
    }
}

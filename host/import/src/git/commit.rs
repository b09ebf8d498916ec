//! A commit's bytes, read as git reads them: what is broken costs what is broken and not the commit.

use gix_hash::ObjectId;

/// A commit, not yet decoded.
pub(super) struct Commit<'a> {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    pub(super) author: Signature<'a>,
    pub(super) committer: Signature<'a>,
    /// What the header says names and message are written in; empty where it says nothing, which means UTF-8.
    pub(super) encoding: &'a [u8],
    pub(super) message: &'a [u8],
}

/// Who and when; empty where the line is missing or broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signature<'a> {
    pub(super) name: &'a [u8],
    pub(super) address: &'a [u8],
    /// Seconds since 1970-01-01 UTC.
    pub(super) seconds: Option<i64>,
}

impl<'a> Commit<'a> {
    /// None if there is no tree, or a parent is no id.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Commit<'a>> {
        let (mut tree, mut parents) = (None, Vec::new());
        let (mut author, mut committer, mut encoding) = (None, None, None);
        let mut rest = bytes;
        loop {
            let (line, after) = match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
                None => (rest, &b""[..]),
            };
            rest = after;
            if line.is_empty() {
                break;
            }
            let (key, value) = split(line, b' ');
            match key {
                b"tree" if tree.is_none() => tree = Some(ObjectId::from_hex(value).ok()?),
                b"parent" => parents.push(ObjectId::from_hex(value).ok()?),
                b"author" if author.is_none() => author = Some(Signature::parse(value)),
                b"committer" if committer.is_none() => committer = Some(Signature::parse(value)),
                b"encoding" if encoding.is_none() => encoding = Some(value),
                _ => {}
            }
        }
        Some(Commit {
            tree: tree?,
            parents,
            author: author.unwrap_or_default(),
            committer: committer.unwrap_or_default(),
            encoding: encoding.unwrap_or_default(),
            message: rest,
        })
    }
}

impl<'a> Signature<'a> {
    /// `Name <address> seconds zone`, found as git finds it: the address ends at the first `>`, the time begins after
    /// the last.
    fn parse(line: &'a [u8]) -> Signature<'a> {
        let Some(person) = person(line) else { return Signature::default() };
        let after = line.iter().rposition(|byte| *byte == b'>').map_or(line.len(), |end| end + 1);
        let time = line.get(after..).unwrap_or_default().trim_ascii();
        let (seconds, _) = split(time, b' ');
        let seconds = std::str::from_utf8(seconds).ok().and_then(|seconds| seconds.parse().ok());
        Signature { seconds, ..person }
    }
}

/// `Name <address>` at the start of a line.
pub(super) fn person(line: &[u8]) -> Option<Signature<'_>> {
    let (name, rest) = split_once(line, b'<')?;
    let (address, _) = split_once(rest, b'>')?;
    Some(Signature { name: name.trim_ascii(), address, seconds: None })
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|byte| *byte == at)?;
    Some((bytes.get(..position)?, bytes.get(position + 1..)?))
}

fn split(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    split_once(bytes, at).unwrap_or((bytes, b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(line: &str) -> (&[u8], &[u8], Option<i64>) {
        let Signature { name, address, seconds } = Signature::parse(line.as_bytes());
        (name, address, seconds)
    }

    #[test]
    fn broken_signatures_give_what_they_hold() {
        assert_eq!(signature("Ann Lee <ann@x> 12 +0100"), (&b"Ann Lee"[..], &b"ann@x"[..], Some(12)));
        assert_eq!(signature(" <> -5 +0000"), (&b""[..], &b""[..], Some(-5)));
        assert_eq!(signature("A <a@x> b> 7 +0"), (&b"A"[..], &b"a@x"[..], Some(7)));
        assert_eq!(signature("A <a@x> now"), (&b"A"[..], &b"a@x"[..], None));
        assert_eq!(signature("A <a@x> 99999999999999999999 +0"), (&b"A"[..], &b"a@x"[..], None));
        assert_eq!(signature("nobody at all"), (&b""[..], &b""[..], None));
    }

    #[test]
    fn a_header_may_hold_anything_but_needs_a_tree() {
        let id = "0123456789012345678901234567890123456789";
        let text = format!(
            "tree {id}\nparent {id}\nauthor A <a@x> 1 +0\ngpgsig x\n tree no\nodd\n\nHello\n\nWorld\n"
        );
        let commit = Commit::parse(text.as_bytes()).unwrap();
        assert_eq!((commit.parents.len(), commit.message), (1, &b"Hello\n\nWorld\n"[..]));
        assert_eq!(commit.committer, Signature::default());
        assert!(Commit::parse(b"author A <a@x> 1 +0\n\n").is_none());
        assert!(Commit::parse(format!("tree {id}\nparent 12\n").as_bytes()).is_none());
        assert!(Commit::parse(b"").is_none());
    }
}

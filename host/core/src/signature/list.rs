//! The lines of OpenSSH's file of allowed signers: ssh-keygen(1), ALLOWED SIGNERS.

use ed25519_dalek::VerifyingKey;
use ssh_key::PublicKey;
use ssh_key::public::{EcdsaPublicKey, KeyData};

use super::{KEY_TYPES, Signer, fingerprint, unsupported};
use crate::text::{is_invisible, visible};

/// A key of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) signer: Signer,
    pub(super) key: KeyData,
    /// Patterns of the namespaces that the key may sign for; any if absent.
    namespaces: Option<Vec<String>>,
}

impl Entry {
    /// OpenSSH's pattern list: one pattern must match, and none that begins with `!`.
    pub(super) fn may_sign_for(&self, namespace: &str) -> bool {
        let Some(patterns) = &self.namespaces else { return true };
        let matches = |pattern: &str| pattern_matches(pattern.as_bytes(), namespace.as_bytes());
        let mut allowed = false;
        for pattern in patterns {
            match pattern.strip_prefix('!') {
                Some(excepted) if matches(excepted) => return false,
                Some(_) => {}
                None => allowed |= matches(pattern),
            }
        }
        allowed
    }
}

/// Reads a line: nothing of a blank one or a comment.
pub(super) fn read_line(line: &str) -> Result<Option<Entry>, String> {
    let line = line.trim_matches([' ', '\t', '\r']);
    if let Some(c) = line.chars().find(|&c| c != '\t' && is_invisible(c)) {
        return Err(format!("holds the invisible character U+{:04X}", u32::from(c)));
    }
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (principals, rest) = split_field(line)?;
    if KEY_TYPES.contains(&principals) {
        return Err("begins with a key: name who holds it before".to_owned());
    }
    let principals = read_principals(principals)?;
    let (second, after) = split_field(rest)?;
    let is_key_type = ["ssh-", "ecdsa-", "sk-"].iter().any(|start| second.starts_with(start));
    let (namespaces, (key_type, rest)) = match is_key_type {
        true => (None, (second, after)),
        false if second.is_empty() => return Err("has no key after the principals".to_owned()),
        false => (read_options(second)?, split_field(after)?),
    };
    let (key, spelled) = read_key(key_type, split_field(rest)?.0)?;
    let signer = Signer { principals, fingerprint: fingerprint(&key), key: spelled };
    Ok(Some(Entry { signer, key, namespaces }))
}

/// Everything up to a blank outside double quotes, and what follows the blanks.
fn split_field(text: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        !quoted && matches!(c, ' ' | '\t')
    });
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((field, rest)) => Ok((field, rest.trim_start_matches([' ', '\t']))),
        None if quoted => Err("has a double quote that is never closed".to_owned()),
        None => Ok((text, "")),
    }
}

fn read_principals(field: &str) -> Result<Vec<String>, String> {
    let unquoted = field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(field);
    let principals: Vec<String> = unquoted.split(',').map(|name| name.trim().to_owned()).collect();
    for name in &principals {
        if name.is_empty() {
            return Err("has an empty principal".to_owned());
        }
        if name.contains(['*', '?', '!', '"']) {
            return Err(format!("names `{}`, a pattern: name who holds the key", visible(name, 64)));
        }
    }
    Ok(principals)
}

/// The patterns of `namespaces`, if that option is given.
fn read_options(mut options: &str) -> Result<Option<Vec<String>>, String> {
    let mut namespaces = None;
    loop {
        let end = options.find(['=', ',']).unwrap_or(options.len());
        let (name, rest) = options.split_at_checked(end).unwrap_or((options, ""));
        let (value, rest) = match rest.strip_prefix("=\"").and_then(|rest| rest.split_once('"')) {
            Some((value, rest)) => (Some(value), rest),
            None => (None, rest),
        };
        match (name.to_ascii_lowercase().as_str(), value) {
            ("cert-authority", _) => {
                return Err("lists an authority for certificates: list each signer's own key".to_owned());
            }
            (dated @ ("valid-after" | "valid-before"), _) => {
                return Err(format!(
                    "has the option `{dated}`, which cannot be kept because no clock is read here: \
                     strike the line when the key is to stop signing"
                ));
            }
            ("namespaces", _) if namespaces.is_some() => {
                return Err("has the option `namespaces` twice".to_owned());
            }
            ("namespaces", Some(patterns)) => namespaces = Some(read_patterns(patterns)?),
            ("namespaces", None) => {
                return Err("has the option `namespaces` without a list in double quotes".to_owned());
            }
            _ => return Err(format!("has the unknown option `{}`", visible(name, 64))),
        }
        match rest.strip_prefix(',') {
            Some(more) => options = more,
            None if rest.is_empty() => return Ok(namespaces),
            None => return Err(format!("has `{}` after the option `{name}`", visible(rest, 64))),
        }
    }
}

fn read_patterns(list: &str) -> Result<Vec<String>, String> {
    let patterns: Vec<String> = list.split(',').map(str::to_owned).collect();
    match patterns.iter().any(|pattern| pattern.trim_start_matches('!').is_empty()) {
        true => Err("has an empty namespace".to_owned()),
        false => Ok(patterns),
    }
}

/// The key and its text, which is the only one it has: with two, a key could be listed as two.
fn read_key(key_type: &str, base64: &str) -> Result<(KeyData, String), String> {
    if !KEY_TYPES.contains(&key_type) {
        return Err(unsupported(key_type));
    }
    let text = format!("{key_type} {base64}");
    match PublicKey::from_openssh(&text) {
        Ok(key) if has_long_point(key.key_data()) && key.to_openssh().as_deref() == Ok(&text) => {
            check_point(key.key_data())?;
            Ok((key.into(), text))
        }
        _ => Err(format!("holds no key of the type `{key_type}`, or a damaged one")),
    }
}

/// Refuses an ed25519 key that no private key belongs to: of a few points of small order, among them the identity, anybody
/// can make signatures over any message, and of what is no point nobody can.
fn check_point(key: &KeyData) -> Result<(), String> {
    let bytes = match key {
        KeyData::Ed25519(key) => key.0,
        KeyData::SkEd25519(key) => key.public_key().0,
        _ => return Ok(()),
    };
    match VerifyingKey::from_bytes(&bytes) {
        Ok(key) if key.is_weak() => {
            Err("holds a key of small order, with which anybody can sign: nobody has such a key by chance"
                .to_owned())
        }
        Ok(_) => Ok(()),
        Err(_) => Err("holds a key that is not a point of its curve".to_owned()),
    }
}

/// OpenSSH reads no point of a curve in its short form.
fn has_long_point(key: &KeyData) -> bool {
    let point = match key {
        KeyData::Ecdsa(EcdsaPublicKey::NistP256(point)) => point.as_bytes(),
        KeyData::Ecdsa(EcdsaPublicKey::NistP384(point)) => point.as_bytes(),
        KeyData::SkEcdsaSha2NistP256(key) => key.ec_point().as_bytes(),
        _ => return true,
    };
    point.first() == Some(&4)
}

/// Whether `*` and `?` of `pattern` can stand for what `text` has there.
fn pattern_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut last_star = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', after)), _) => {
                last_star = Some((after, text));
                pattern = after;
            }
            (None, None) => return true,
            (Some((wanted, after)), Some((found, rest))) if *wanted == b'?' || wanted == found => {
                (pattern, text) = (after, rest);
            }
            // The last star takes one byte more; earlier ones need not, since it would take what they leave.
            _ => match last_star {
                Some((after, [_, rest @ ..])) => {
                    last_star = Some((after, rest));
                    (pattern, text) = (after, rest);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_openssh() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbYb", false),
            ("?", "", false),
            ("f?le", "file", true),
            ("file", "files", false),
            ("*a*a*a*a*a*a*a*a*b", &"a".repeat(5000), false),
        ] {
            assert_eq!(pattern_matches(pattern.as_bytes(), text.as_bytes()), matches, "{pattern}");
        }
    }
}

//! Text of strangers, in any encoding, as text that an epoch can hold.

use std::fmt::Write;

use apportion_core::text::visible;

/// Text for people: UTF-8 or else Latin-1, in one line, at most `max` bytes.
pub(super) fn readable(bytes: &[u8], max: usize) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    visible(&text, max)
}

/// Bytes in the encoding that a commit names; `None` if there is no encoding of that name.
pub(super) fn decode(bytes: &[u8], encoding: &[u8]) -> Option<String> {
    let encoding = encoding_rs::Encoding::for_label(encoding)?;
    Some(encoding.decode_without_bom_handling(bytes).0.into_owned())
}

/// A path as it stands in an id: itself, or, where that could not be shown or told apart, in quotes with octal escapes,
/// as git quotes it. Never longer than `max` bytes: the rest of a longer one is its digest.
pub(super) fn path(bytes: &[u8], max: usize) -> String {
    let plain = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains(['"', '\\']) && visible(text, usize::MAX) == *text);
    let shown = plain.map_or_else(|| quoted(bytes), ToOwned::to_owned);
    if shown.len() <= max {
        return shown;
    }
    let digest = apportion_core::canonical::Digest::of(bytes).to_string();
    let end = shown.floor_char_boundary(max.saturating_sub(digest.len() + 1));
    format!("{}…{digest}", shown.get(..end.saturating_sub(2)).unwrap_or_default())
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let mut buffer = [0; 4];
            let c: &str = c.encode_utf8(&mut buffer);
            match c {
                "\"" => text.push_str("\\\""),
                "\\" => text.push_str("\\\\"),
                _ if visible(c, usize::MAX) == c => text.push_str(c),
                _ => octal(c.as_bytes(), &mut text),
            }
        }
        octal(chunk.invalid(), &mut text);
    }
    text.push('"');
    text
}

fn octal(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        let _ = write!(text, "\\{byte:03o}"); // into a string: cannot fail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_and_told_apart() {
        assert_eq!(path("src/größe.rs".as_bytes(), 100), "src/größe.rs");
        assert_eq!(path(b"a\\b\"\n\xff", 100), r#""a\\b\"\012\377""#);
        assert_eq!(path("a\u{202e}b".as_bytes(), 100), r#""a\342\200\256b""#);
        let long = path("ä".repeat(900).as_bytes(), 1_000);
        assert!(long.len() <= 1_000 && long.starts_with("ää") && long.contains('…'));
        assert_ne!(long, path("ä".repeat(901).as_bytes(), 1_000));
    }

    #[test]
    fn names_are_read_in_any_encoding() {
        assert_eq!(readable(b"J\xf6rg\x1b[2J", 100), "Jörg [2J");
        assert_eq!(decode(b"J\xf6rg", b"ISO-8859-1").as_deref(), Some("Jörg"));
        assert_eq!(decode(b"\xb5\xd5", b"no such thing"), None);
    }
}

//! Writes canonical JSON ([RFC 8785]): members sorted by their names' UTF-16 units, numbers as ECMAScript has them, no
//! spaces.
//!
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785

use std::cmp::Ordering;
use std::io::{Error, Result, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

/// Whole numbers up to here are doubles, and ECMAScript writes them as digits.
const MAX_EXACT: u64 = 1 << 53;

/// The one spelling of `value`.
pub(super) fn spelled<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    let speller = Speller { text: &mut text, members: Vec::new(), objects: Vec::new() };
    value.serialize(&mut Serializer::with_formatter(Nowhere, speller))?;
    Ok(text)
}

/// Keeps the text itself, so that the members of an object can be sorted once they are all there.
struct Speller<'a> {
    text: &'a mut Vec<u8>,
    /// Of all objects that are not closed yet.
    members: Vec<Member>,
    /// Where each open object's members begin, in `members` and in `text`.
    objects: Vec<(usize, usize)>,
}

/// Where a member lies in the text.
#[derive(Clone, Copy, Default)]
struct Member {
    start: usize,
    name_end: usize,
    end: usize,
}

/// What serde_json writes to: everything goes through the speller, so anything that came here would be lost.
struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, _: &[u8]) -> Result<usize> {
        Err(Error::other("this kind of value has no canonical spelling here"))
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Speller<'_> {
    fn put(&mut self, text: &[u8]) -> Result<()> {
        self.text.extend_from_slice(text);
        Ok(())
    }

    fn number(&mut self, value: f64) -> Result<()> {
        self.put(ryu_js::Buffer::new().format(value).as_bytes())
    }

    fn whole(&mut self, value: u64) -> Result<()> {
        if value > MAX_EXACT { self.number(value as f64) } else { write!(self.text, "{value}") }
    }

    /// Sorts the members of the innermost object, which begin at `first` in `members` and at `start` in the text.
    fn sort(&mut self, first: usize, start: usize) {
        let (text, members) = (&*self.text, &mut self.members[first..]);
        // A name as it is spelled, without its quotes.
        let name = |member: &Member| &text[member.start + 1..member.name_end - 1];
        let order = |a: &Member, b: &Member| compare(name(a), name(b));
        if members.is_sorted_by(|a, b| order(a, b).is_le()) {
            return;
        }
        members.sort_by(order);
        let mut sorted = Vec::with_capacity(text.len() - start);
        for member in members {
            if !sorted.is_empty() {
                sorted.push(b',');
            }
            sorted.extend_from_slice(&text[member.start..member.end]);
        }
        self.text.truncate(start);
        self.text.append(&mut sorted);
    }
}

/// By UTF-16 units of the names themselves. Names are nearly always plain, and then their bytes have the same order.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let plain = |name: &[u8]| name.iter().all(|&byte| byte.is_ascii() && byte != b'\\');
    if plain(a) && plain(b) {
        return a.cmp(b);
    }
    let units = |name: &[u8]| -> Vec<u16> {
        let quoted = [b"\"", name, b"\""].concat();
        serde_json::from_slice::<String>(&quoted).unwrap_or_default().encode_utf16().collect()
    };
    units(a).cmp(&units(b))
}

/// Every method that writes; what is left out calls one of these or none.
impl Formatter for Speller<'_> {
    fn write_null<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.put(b"null")
    }

    fn write_bool<W: ?Sized + Write>(&mut self, _: &mut W, value: bool) -> Result<()> {
        self.put(if value { b"true" } else { b"false" })
    }

    fn write_i8<W: ?Sized + Write>(&mut self, _: &mut W, value: i8) -> Result<()> {
        self.number(value.into())
    }

    fn write_i16<W: ?Sized + Write>(&mut self, _: &mut W, value: i16) -> Result<()> {
        self.number(value.into())
    }

    fn write_i32<W: ?Sized + Write>(&mut self, _: &mut W, value: i32) -> Result<()> {
        self.number(value.into())
    }

    fn write_i64<W: ?Sized + Write>(&mut self, _: &mut W, value: i64) -> Result<()> {
        self.number(value as f64)
    }

    fn write_u8<W: ?Sized + Write>(&mut self, _: &mut W, value: u8) -> Result<()> {
        self.whole(value.into())
    }

    fn write_u16<W: ?Sized + Write>(&mut self, _: &mut W, value: u16) -> Result<()> {
        self.whole(value.into())
    }

    fn write_u32<W: ?Sized + Write>(&mut self, _: &mut W, value: u32) -> Result<()> {
        self.whole(value.into())
    }

    fn write_u64<W: ?Sized + Write>(&mut self, _: &mut W, value: u64) -> Result<()> {
        self.whole(value)
    }

    fn write_f32<W: ?Sized + Write>(&mut self, _: &mut W, value: f32) -> Result<()> {
        self.number(value.into())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, _: &mut W, value: f64) -> Result<()> {
        self.number(value)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.put(b"\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.put(b"\"")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, _: &mut W, fragment: &str) -> Result<()> {
        self.put(fragment.as_bytes())
    }

    /// serde_json escapes what the standard escapes, and as it does.
    fn write_char_escape<W: ?Sized + Write>(&mut self, _: &mut W, escape: CharEscape) -> Result<()> {
        CompactFormatter.write_char_escape(self.text, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.put(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.put(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> Result<()> {
        if first { Ok(()) } else { self.put(b",") }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.put(b"{")?;
        self.objects.push((self.members.len(), self.text.len()));
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        if let Some((first, start)) = self.objects.pop() {
            self.sort(first, start);
            self.members.truncate(first);
        }
        self.put(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> Result<()> {
        if !first {
            self.put(b",")?;
        }
        self.members.push(Member { start: self.text.len(), ..Member::default() });
        Ok(())
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        let end = self.text.len();
        if let Some(member) = self.members.last_mut() {
            member.name_end = end;
        }
        Ok(())
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.put(b":")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        let end = self.text.len();
        if let Some(member) = self.members.last_mut() {
            member.end = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Number, Value};

    /// Any JSON, with names and texts of every script and numbers of every size.
    fn json() -> impl Strategy<Value = Value> {
        let text =
            || prop_oneof![".{0,6}", "[\\x00-\\x7f]{0,4}", "[\u{20ac}\u{e000}\u{fb33}\u{1f600}a\"\\\\]{0,3}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (0..3_u64).prop_map(|step| Value::from(MAX_EXACT - 1 + step)),
            any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                proptest::collection::vec((text(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        /// Another's writing of the standard gives the same bytes.
        #[test]
        fn any_value_is_spelled_as_serde_jcs_does(value in json()) {
            prop_assert_eq!(spelled(&value).unwrap(), serde_jcs::to_vec(&value).unwrap());
        }
    }

    #[test]
    fn what_cannot_be_spelled_is_an_error() {
        assert!(spelled(&u128::MAX).is_err(), "amounts are strings");
        assert_eq!(
            spelled(&f64::NAN).unwrap(),
            b"null",
            "as serde_json has it; no reader takes it for a number"
        );
    }
}

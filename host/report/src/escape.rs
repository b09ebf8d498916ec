//! The page's only way from text to markup.
//!
//! A page is made of [`Html`], and there are three ways to make that: the crate's own markup, which is `'static`; the
//! macros [`html!`] and [`write_html!`], which escape every argument that is not `Html` itself; and JSON for a script. So a
//! text from outside that somebody forgets to escape is escaped, and one that is written past the macros does not compile.

use std::fmt::{self, Display, Write};
use std::ops::Add;

use apportion_core::canonical::Digest;
use apportion_core::comparison::Difference;
use apportion_core::fault::FaultCode;
use apportion_core::text::{escape, is_hidden};

/// Markup in which everything from outside has been escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

impl Html {
    /// The crate's own markup.
    pub(crate) fn of(markup: &'static str) -> Html {
        Html(markup.to_owned())
    }

    /// Text, between tags or in a quoted attribute.
    pub(crate) fn text(text: impl Display) -> Html {
        let mut html = Html::default();
        let _ = write!(Gate(&mut html.0), "{text}"); // writing into memory cannot fail
        html
    }

    /// JSON inside a `<script>` element: the same JSON, without a character that could end the element or that hides.
    pub(crate) fn json(json: &str) -> Html {
        let mut escaped = String::with_capacity(json.len());
        for c in json.chars() {
            match c {
                // These stand only inside JSON's strings, where an escape means the same.
                c if matches!(c, '<' | '>' | '&') || c > '\u{7e}' && is_hidden(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        escaped.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => escaped.push(c),
            }
        }
        Html(escaped)
    }

    /// Puts values in the places `{{name}}` of a template, in one pass: what was put in is never read as a place.
    pub(crate) fn filled(template: &'static str, values: &[(&str, Html)]) -> Html {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((name, after)) = after.split_once("}}") else {
                rest = after;
                continue;
            };
            let value = values.iter().find(|(known, _)| *known == name);
            filled.push_str(value.map_or("", |(_, value)| &value.0));
            rest = after;
        }
        Html(filled + rest)
    }

    pub(crate) fn push_markup(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    pub(crate) fn push(&mut self, more: &Html) {
        self.0.push_str(&more.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn join(parts: impl IntoIterator<Item = Html>, between: &'static str) -> Html {
        let mut joined = Html::default();
        for (index, part) in parts.into_iter().enumerate() {
            joined.0.push_str(if index == 0 { "" } else { between });
            joined.push(&part);
        }
        joined
    }

    /// The finished page.
    pub(crate) fn into_page(self) -> String {
        self.0
    }

    /// For the macros, whose arguments are all [`Shown`].
    pub(crate) fn write(&mut self, arguments: fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(arguments); // writing into memory cannot fail
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Html>>(parts: I) -> Html {
        Html::join(parts, "")
    }
}

impl Add<&'static str> for Html {
    type Output = Html;

    fn add(mut self, markup: &'static str) -> Html {
        self.0.push_str(markup);
        self
    }
}

impl Add<Html> for Html {
    type Output = Html;

    fn add(mut self, more: Html) -> Html {
        self.push(&more);
        self
    }
}

/// Adds to [`Html`], as `write!` does to a string: `write_html!(html, "<b>{}</b>", text)`. Arguments stand in the list: what
/// a format string would take from around it could not be escaped, and does not compile.
macro_rules! write_html {
    ($html:expr, $markup:literal $(, $argument:expr)* $(,)?) => {
        $html.write(format_args!(concat!($markup) $(, $crate::escape::Shown(&$argument))*))
    };
}
pub(crate) use write_html;

/// Makes [`Html`], as `format!` does a string. See [`write_html!`].
macro_rules! html {
    ($markup:literal $(, $argument:expr)* $(,)?) => {{
        let mut html = $crate::escape::Html::default();
        $crate::escape::write_html!(html, $markup $(, $argument)*);
        html
    }};
}
pub(crate) use html;

/// An argument of the macros, as it stands in markup.
pub(crate) struct Shown<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Markup + ?Sized> Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

/// What can stand in markup.
pub(crate) trait Markup {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl Markup for Html {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Markup + ?Sized> Markup for &T {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self).show(f)
    }
}

/// Numbers have no character that means anything in markup, and may be formatted.
macro_rules! numbers {
    ($($number:ty)*) => { $(impl Markup for $number {
        fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            Display::fmt(self, f)
        }
    })* };
}
numbers!(i32 u32 u64 u128 usize f64);

/// Everything else is escaped.
macro_rules! texts {
    ($($text:ty)*) => { $(impl Markup for $text {
        fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(Gate(f), "{self}")
        }
    })* };
}
texts!(str String Digest Difference FaultCode);

/// Escapes what is written through it: what means something in markup, and what a browser would act on instead of showing
/// it, or show nothing for.
struct Gate<'a, W>(&'a mut W);

impl<W: Write> Write for Gate<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                c if is_hidden(c) => write!(self.0, "{}", escape(c))?,
                c => self.0.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_browser_acts_on_gets_through() {
        assert_eq!(
            Html::text("<script>alert('\"&')</script>").0,
            "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"
        );
        assert_eq!(Html::text("a\u{202e}b\u{0}").0, "a\\u{202e}b\\u{0}");
        let hostile = serde_json::json!({"name": "</script><!--\u{2028}&\u{e0041}"});
        let embedded = Html::json(&hostile.to_string()).0;
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{e0041}']), "{embedded}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&embedded).unwrap(), hostile);
    }

    #[test]
    fn arguments_are_escaped_unless_they_are_markup() {
        let bold = html!("<b title=\"{}\">{:.1}</b>", "\"<", 0.25);
        assert_eq!(html!("{}{}", bold, "<".to_owned()).0, "<b title=\"&quot;&lt;\">0.2</b>&lt;");
    }

    #[test]
    fn what_was_put_in_is_not_read_again() {
        let values = [("a", Html::text("{{b}}")), ("b", Html::text("no"))];
        assert_eq!(Html::filled("<{{a}}>{{c}}.", &values).0, "<{{b}}>.");
    }

    #[test]
    fn every_place_of_the_template_has_a_value_and_the_other_way_round() {
        let (template, page) = (include_str!("../templates/page.html"), include_str!("lib.rs"));
        for place in template.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
            assert!(page.contains(&format!("(\"{place}\", ")), "{place} has no value");
        }
        for line in page.lines().filter_map(|line| line.trim().strip_prefix("(\"")) {
            let name = line.split('"').next().unwrap_or_default();
            assert!(template.contains(&format!("{{{{{name}}}}}")), "{name} has no place");
        }
    }
}

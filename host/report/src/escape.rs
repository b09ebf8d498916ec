//! A stranger's text where a browser reads it.

/// Text between tags or in a quoted attribute. What a browser would act on instead of showing it (controls, marks
/// that turn the reading direction) is spelled out.
pub(crate) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if is_invisible(c) => escaped.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// JSON inside a `<script>` element: the same JSON, without a character that could end the element.
pub(crate) fn json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // These stand only inside JSON's strings, where an escape means the same.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Puts values in the places `{{name}}` of a template, in one pass: what was put in is never read as a place.
pub(crate) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            rest = after;
            continue;
        };
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_browser_acts_on_gets_through() {
        assert_eq!(
            text("<script>alert('\"&')</script>"),
            "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"
        );
        assert_eq!(text("a\u{202e}b\u{0}"), "a\\u{202e}b\\u{0}");
        let hostile = serde_json::json!({"name": "</script><!--\u{2028}&"});
        let embedded = json(&hostile.to_string());
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}']), "{embedded}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&embedded).unwrap(), hostile);
    }

    #[test]
    fn what_was_put_in_is_not_read_again() {
        let values = [("a", "{{b}}".to_owned()), ("b", "no".to_owned())];
        assert_eq!(fill("<{{a}}>{{c}}.", &values), "<{{b}}>.");
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

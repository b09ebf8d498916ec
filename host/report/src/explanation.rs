//! The page that explains payouts.

use std::fmt::Write;

use apportion::Digest;
use apportion::explain::{Explanation, Path};

use crate::escape::{self, fill, json};
use crate::explained::{Words, side_by_side};

/// The page for one payee, or for several of one epoch beside one another: one HTML file that opens offline, with
/// the exact explanations embedded as JSON.
pub fn explanation_page(explanations: &[Explanation]) -> String {
    let words: Vec<Words<'_>> = explanations.iter().map(Words::of).collect();
    let exact = serde_json::to_string(explanations).unwrap_or_default();
    // Nobody whose text ends up in the page can know it, as in a comparison's.
    let nonce = Digest::of(exact.as_bytes()).to_string();
    let names: Vec<&str> = words.iter().map(Words::who).collect();
    let mut sections = String::new();
    if let [first, second] = &words[..] {
        sections.push_str(&beside(first, second));
    }
    for words in &words {
        sections.push_str(&payee(words));
    }
    fill(
        include_str!("../templates/explanation.html"),
        &[
            ("nonce", nonce),
            ("style", include_str!("../templates/style.css").to_owned()),
            ("json", json(&exact)),
            ("title", escape::text(&names.join(", "))),
            ("sections", sections),
        ],
    )
}

fn beside(first: &Words<'_>, second: &Words<'_>) -> String {
    let header = ["", first.who(), second.who()].map(str::to_owned);
    let rows: Vec<Vec<String>> = side_by_side(first, second).into_iter().map(Vec::from).collect();
    format!("<section><h2>Side by side</h2>{}</section>", table(&header, &rows))
}

fn payee(words: &Words<'_>) -> String {
    let explanation = words.explanation;
    let mut html = format!(
        "<section><p class=\"kicker\"><bdi>{}</bdi></p><p class=\"headline\">{}</p>",
        escape::text(&explanation.payee),
        escape::text(&words.headline())
    );
    for part in &explanation.parts {
        let said = format!("{} {} gave {}", part.policy, part.version, words.amount(part.amount));
        let _ = write!(html, "<h3>{}</h3>", escape::text(&said));
        if !part.measures.is_empty() {
            let rows: Vec<Vec<String>> =
                part.measures.iter().map(|measure| words.measure(measure).to_vec()).collect();
            html.push_str(&table(&["The rule's measure", "Value", "Place"].map(str::to_owned), &rows));
        }
    }
    html.push_str("</section><section><h2>What it would get without each of its contributions</h2>");
    let rows: Vec<Vec<String>> = words.contributions("\u{2003}").into_iter().map(Vec::from).collect();
    if !rows.is_empty() {
        html.push_str(&table(&["Without", "It would get", "That is"].map(str::to_owned), &rows));
    }
    let _ = write!(html, "<p>{}</p></section>", escape::text(&words.together()));
    if !explanation.reliances.is_empty() {
        html.push_str("<section><h2>What it would get if they had not relied on it</h2>");
        let rows: Vec<Vec<String>> =
            explanation.reliances.iter().map(|reliance| words.reliance(reliance).to_vec()).collect();
        html.push_str(&table(&["Without", "By", "It would get", "That is"].map(str::to_owned), &rows));
        if let Some(further) = words.further() {
            let _ = write!(html, "<p class=\"minor\">{}</p>", escape::text(&further));
        }
        html.push_str("</section>");
    }
    if !explanation.paths.is_empty() {
        html.push_str(
            "<section><h2>The strongest ways on which credit comes to it</h2>\
             <p class=\"minor\">By the graph alone: each arrow has the part of all that leaves the node before it.</p>",
        );
        html.push_str(&picture(&explanation.paths));
        html.push_str("<ul>");
        for path in &explanation.paths {
            let _ = write!(html, "<li class=\"minor\">{}</li>", escape::text(&words.path(path)));
        }
        html.push_str("</ul></section>");
    }
    if let Some(change) = &explanation.change {
        html.push_str("<section><h2>What changed</h2><ul>");
        for sentence in words.change(change) {
            let _ = write!(html, "<li>{}</li>", escape::text(&sentence));
        }
        html.push_str("</ul></section>");
    }
    html
}

fn table(header: &[String], rows: &[Vec<String>]) -> String {
    let mut html = String::from("<div class=\"wide\" tabindex=\"0\"><table><thead><tr>");
    for title in header {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape::text(title));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            let cell = escape::text(cell);
            let _ = if index == 0 {
                write!(html, "<th scope=\"row\"><bdi>{cell}</bdi></th>")
            } else {
                write!(html, "<td>{cell}</td>")
            };
        }
        html.push_str("</tr>");
    }
    html + "</tbody></table></div>"
}

/// The ways as lines of boxes, one under another.
fn picture(paths: &[Path]) -> String {
    const BOX: usize = 150;
    const GAP: usize = 90;
    const ROW: usize = 54;
    let longest = paths.iter().map(|path| path.steps.len()).max().unwrap_or(0);
    let (width, height) = ((longest + 1) * BOX + longest * GAP + 4, paths.len() * ROW + 4);
    let mut svg = format!(
        "<div class=\"wide\" tabindex=\"0\"><svg class=\"ways\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"The same ways, drawn; they are told below\">"
    );
    for (row, path) in paths.iter().enumerate() {
        let y = row * ROW + 2;
        let mut put = |column: usize, id: &str, kind: &str| {
            let x = column * (BOX + GAP) + 2;
            let _ = write!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{BOX}\" height=\"40\" rx=\"6\"/>\
                 <text x=\"{}\" y=\"{}\">{}</text><text class=\"minor\" x=\"{}\" y=\"{}\">{}</text>",
                x + 8,
                y + 17,
                escape::text(&cut(id)),
                x + 8,
                y + 32,
                escape::text(&cut(kind))
            );
        };
        put(0, &path.from, &path.kind);
        for (index, step) in path.steps.iter().enumerate() {
            put(index + 1, &step.to, &step.kind);
        }
        for (index, step) in path.steps.iter().enumerate() {
            let (from, to) = (index * (BOX + GAP) + BOX + 4, (index + 1) * (BOX + GAP));
            let _ = write!(
                svg,
                "<path d=\"M{from} {0}H{to}m-7 -4l7 4l-7 4\"/><text class=\"minor middle\" x=\"{1}\" y=\"{2}\">{3:.1} %</text>",
                y + 20,
                (from + to) / 2,
                y + 14,
                step.part * 100.0
            );
        }
    }
    svg + "</svg></div>"
}

/// So much of a text as fits into a box.
fn cut(text: &str) -> String {
    const FITS: usize = 20;
    if text.chars().count() <= FITS {
        text.to_owned()
    } else {
        text.chars().take(FITS - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
mod tests {
    use apportion::explain::{Question, explain};
    use apportion::{
        Asset, Charter, ColumnNames, Edge, Engine, EpochBuilder, Header, History, Node, Pool, Window,
    };

    use super::*;

    /// Whatever a stranger writes into an epoch, the page shows it and does nothing else with it.
    #[test]
    fn a_strangers_text_is_only_shown() {
        let hostile = "</script><img src=x onerror=alert(1)>\"'&";
        let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 1000 };
        let header = Header { number: 1, window: Window { start: 0, end: 1 }, pool };
        let mut epoch = EpochBuilder::new(header, ColumnNames::default()).unwrap();
        epoch.payee(hostile, hostile);
        for (id, payee) in [(hostile, Some(hostile)), ("answer", None)] {
            epoch.node(Node { id, kind: hostile, weight: 1.0, time: None, payee, metrics: &[], labels: &[] });
        }
        let (source, target) = ("answer", hostile);
        let edge = Edge { source, target, kind: hostile, weight: 1.0, time: None, metrics: &[], labels: &[] };
        epoch.edge(edge);
        let epoch = epoch.finish().unwrap();

        let policies =
            [Engine::new().unwrap().admit(include_bytes!("../../../policies/dist/equal.wasm")).unwrap()];
        let charter = Charter::single("Test", &policies[0], serde_json::json!({})).unwrap();
        let history = History::default();
        let question = Question {
            epoch: &epoch,
            charter: &charter,
            policies: &policies,
            history: &history,
            before: None,
            runs: 9,
        };
        let explanation = explain(&question, hostile, |_, _| ()).unwrap();
        let page = explanation_page(&[explanation.clone(), explanation]);
        assert!(!page.contains("<img") && page.matches("</script>").count() == 1, "{page}");
        assert!(page.contains("Side by side") && page.contains("&lt;img src=x onerror=alert(1)&gt;"));
        assert!(page.contains("100.0 %") && page.contains("10.00 EUR"));
    }
}

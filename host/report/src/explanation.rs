//! The page that explains payouts.

use apportion_core::canonical::Digest;
use apportion_core::explanation::Explanation;

use crate::escape::{Html, html, write_html};
use crate::explained::{Most, WAYS, Words, side_by_side};
use crate::figures::cut;

/// What marks the rows that stand further in: the parts of a group.
const INDENT: &str = "\u{2003}";
/// What stands in a table's first column: on a narrow page amounts do not fit beside long names.
const SHORT: &str = "short";
/// As short, under two people's names.
const BESIDE: &str = "beside";
const LONG: &str = "long-names";
/// How many lines of a list a page shows; all are in the JSON that it holds.
const MOST: Most = Most { lines: 40, inner: 10 };

/// The page for one payee, or for several of one epoch beside one another: one HTML file that opens offline, with
/// the exact explanations embedded as JSON.
pub fn explanation_page(explanations: &[Explanation]) -> String {
    let words: Vec<Words<'_>> = explanations.iter().map(Words::of).collect();
    let exact = serde_json::to_string(explanations).unwrap_or_default();
    // Nobody whose text ends up in the page can know it, as in a comparison's.
    let nonce = Digest::of(exact.as_bytes()).to_string();
    let names: Vec<&str> = words.iter().map(Words::who).collect();
    let mut sections = Html::default();
    if let [first, second] = &words[..] {
        sections.push(&beside(first, second));
    }
    for words in &words {
        sections.push(&payee(words));
    }
    let page = Html::filled(
        include_str!("../templates/explanation.html"),
        &[
            ("nonce", Html::text(nonce)),
            ("style", Html::of(include_str!("../templates/style.css"))),
            ("json", Html::json(&exact)),
            ("title", Html::text(names.join(", "))),
            ("sections", sections),
        ],
    );
    page.into_page()
}

fn beside(first: &Words<'_>, second: &Words<'_>) -> Html {
    let [first_title, second_title] = [first, second].map(Words::called);
    let header = ["", &first_title, &second_title];
    let rows: Vec<Vec<String>> = side_by_side(first, second).into_iter().map(Vec::from).collect();
    html!("<section><h2>Side by side</h2>{}</section>", table(first, BESIDE, &header, &rows))
}

fn payee(words: &Words<'_>) -> Html {
    let explanation = words.explanation;
    let mut html = html!(
        "<section><p class=\"kicker\"><bdi>{}</bdi></p><p class=\"headline\">{}</p>",
        explanation.payee,
        said(words, &words.headline())
    );
    for part in &explanation.parts {
        write_html!(html, "<p>{}</p>", said(words, &words.part(part)));
        if !part.measures.is_empty() {
            let rows: Vec<Vec<String>> =
                part.measures.iter().map(|measure| words.measure(measure).to_vec()).collect();
            html.push(&table(words, SHORT, &["Measure", "Value", "Place"], &rows));
        }
    }
    html.push_markup("</section><section><h2>What it would get without what it contributed</h2>");
    let rows: Vec<Vec<String>> = words.contributions(INDENT, MOST).into_iter().map(Vec::from).collect();
    if !rows.is_empty() {
        html.push(&table(words, LONG, &["Without", "It would get", "That is"], &rows));
    }
    write_html!(html, "<p>{}</p></section>", said(words, &words.without_contributions()));
    if explanation.relied > 0 {
        html.push_markup("<section><h2>What it would get if others had not relied on it</h2>");
        let rows: Vec<Vec<String>> = words.reliances(INDENT, MOST).into_iter().map(Vec::from).collect();
        if !rows.is_empty() {
            html.push(&table(words, LONG, &["Without", "By", "It would get", "That is"], &rows));
        }
        if let Some(together) = words.without_reliances() {
            write_html!(html, "<p>{}</p>", said(words, &together));
        }
        html.push_markup("</section>");
    }
    if !explanation.paths.is_empty() {
        write_html!(
            html,
            "<section><h2>The strongest ways on which credit comes to it</h2><p class=\"minor\">{}</p>",
            WAYS
        );
        html.push(&picture(words));
        html.push_markup("<details><summary>The same in words</summary><ul>");
        for path in &explanation.paths {
            let lines = words.path(path);
            write_html!(html, "<li class=\"minor\">{}</li>", lines.join(", "));
        }
        html.push_markup("</ul></details></section>");
    }
    if let Some(change) = &explanation.change {
        html.push_markup("<section><h2>What changed</h2><ul>");
        for sentence in words.change(change) {
            write_html!(html, "<li>{}</li>", said(words, &sentence));
        }
        html.push_markup("</ul></section>");
    }
    html
}

/// A sentence, with amounts that no line break tears apart.
fn said(words: &Words<'_>, sentence: &str) -> Html {
    let mut kept = String::new();
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once(' ') {
        let number = before.ends_with(|last: char| last.is_ascii_digit());
        let unit = after.starts_with('%') || after.starts_with(&words.explanation.asset);
        kept.push_str(before);
        kept.push(if number && unit { '\u{a0}' } else { ' ' });
        rest = after;
    }
    Html::text(kept + rest)
}

fn table(words: &Words<'_>, names: &str, header: &[&str], rows: &[Vec<String>]) -> Html {
    let mut html = html!("<div class=\"wide\" tabindex=\"0\"><table class=\"{}\"><thead><tr>", names);
    for title in header {
        write_html!(html, "<th scope=\"col\">{}</th>", title);
    }
    html.push_markup("</tr></thead><tbody>");
    for row in rows {
        let inner = row.first().is_some_and(|first| first.starts_with(INDENT));
        html.push_markup(if inner { "<tr class=\"inner\">" } else { "<tr>" });
        for (index, cell) in row.iter().enumerate() {
            let cell = said(words, cell.strip_prefix(INDENT).unwrap_or(cell));
            if index == 0 {
                write_html!(html, "<th scope=\"row\"><bdi>{}</bdi></th>", cell)
            } else {
                write_html!(html, "<td>{}</td>", cell)
            };
        }
        html.push_markup("</tr>");
    }
    html + "</tbody></table></div>"
}

/// The ways as lines of boxes, one under another.
fn picture(words: &Words<'_>) -> Html {
    let paths = &words.explanation.paths;
    const BOX: usize = 184;
    const GAP: usize = 90;
    const ROW: usize = 54;
    /// So many characters of a text fit into a box.
    const FITS: usize = 20;
    let longest = paths.iter().map(|path| path.steps.len()).max().unwrap_or(0);
    let (width, height) = ((longest + 1) * BOX + longest * GAP + 4, paths.len() * ROW + 4);
    let mut svg = html!(
        "<div class=\"wide\" tabindex=\"0\"><svg class=\"ways\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"The same ways, drawn; they are told below\">",
        width,
        height,
        width,
        height
    );
    for (row, path) in paths.iter().enumerate() {
        let y = row * ROW + 2;
        let mut put = |column: usize, id: &str, kind: &str| {
            let x = column * (BOX + GAP) + 2;
            write_html!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"40\" rx=\"6\"/>\
                 <svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"40\"><text x=\"8\" y=\"17\">{}</text>\
                 <text class=\"minor\" x=\"8\" y=\"32\">{}</text></svg>",
                x,
                y,
                BOX,
                x,
                y,
                BOX,
                cut(id, FITS),
                cut(kind, FITS)
            );
        };
        let names = &words.explanation.names.nodes;
        let named = |id: &String| names.get(id).unwrap_or(id).clone();
        put(0, &named(&path.from), &path.kind);
        for (index, step) in path.steps.iter().enumerate() {
            put(index + 1, &named(&step.to), &step.kind);
        }
        for (index, step) in path.steps.iter().enumerate() {
            let (from, to) = (index * (BOX + GAP) + BOX + 4, (index + 1) * (BOX + GAP));
            write_html!(
                svg,
                "<path d=\"M{4} {0}H{5}m-7 -4l7 4l-7 4\"/><text class=\"minor middle\" x=\"{1}\" y=\"{2}\">{3:.1} %</text>",
                y + 20,
                (from + to) / 2,
                y + 14,
                step.part * 100.0,
                from,
                to
            );
        }
    }
    svg + "</svg></div>"
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
mod tests {
    use apportion::explain::{Explainer, Question};
    use apportion::{Engine, History};
    use apportion_core::charter::Charter;
    use apportion_core::epoch::{Edge, EpochBuilder, Header, Node, Payee, Window};
    use apportion_core::money::{Asset, Pool};

    use super::*;

    /// Whatever a stranger writes into an epoch, the page shows it and does nothing else with it.
    #[test]
    fn a_strangers_text_is_only_shown() {
        let hostile = "</script><img src=x onerror=alert(1)>\"'&";
        let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 1000 };
        let header = Header { number: 1, window: Window { start: 0, end: 1 }, pool };
        let mut epoch = EpochBuilder::new(header).unwrap();
        epoch.payee(Payee::new(hostile).name(hostile));
        for (id, payee) in [(hostile, Some(hostile)), ("answer", None)] {
            epoch.node(Node::new(id, hostile).payee(payee));
        }
        let (source, target) = ("answer", hostile);
        let edge = Edge::new(source, target, hostile);
        epoch.edge(edge);
        let epoch = epoch.build().unwrap();

        let policies =
            [Engine::new().unwrap().admit(apportion_standard::find("equal").unwrap().bytes).unwrap()];
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
        let explanation = Explainer::new(question).unwrap().explain(hostile, |_| ()).unwrap();
        let page = explanation_page(&[explanation.clone(), explanation]);
        assert!(!page.contains("<img") && page.matches("</script>").count() == 1, "{page}");
        assert!(page.contains("Side by side") && page.contains("&lt;img src=x onerror=alert(1)&gt;"));
        assert!(page.contains("100.0\u{a0}%") && page.contains("10.00\u{a0}EUR"));
    }
}

//! A card of an audit as a part of a page.

use apportion_core::card::ExampleEpoch;
use apportion_core::card::{Card, CardFormat, Finding, Verdict};
use apportion_core::money::Asset;
use std::collections::BTreeSet;

use crate::escape::{Html, html, write_html};
use crate::wording::{counted, grouped};

/// What one rule was found to hold and not to hold: a table, and an example of everything that fails. It asks for no
/// script and no style of its own, so that it can stand in any page.
///
/// ```
/// # fn fragment(card: &apportion_core::card::Card) {
/// let html: String = apportion_report::card(card);
/// # }
/// ```
pub fn card(card: &Card) -> String {
    fragment(card).into_page()
}

pub(crate) fn fragment(card: &Card) -> Html {
    let terms = card.terms();
    let mut rows = Html::default();
    for finding in &terms.findings {
        write_html!(
            rows,
            "<tr><th scope=\"row\">{}</th><td class=\"{}\">{}</td></tr>",
            finding.property.claim(),
            if finding.verdict() == Verdict::Fails { "less" } else { "level" },
            verdict(finding)
        );
    }
    let state = if terms.stateful { " It keeps state, and only its first epoch was tested." } else { "" };
    let earlier = match card.format() {
        CardFormat::One => " The audit was an earlier version, whose epochs a rule could recognise.",
        CardFormat::Two => "",
    };
    let examples: Html = terms.findings.iter().filter_map(example).collect();
    let examples = match examples.is_empty() {
        true => examples,
        false => {
            html!("<details><summary>An example of everything that fails</summary>{}</details>", examples)
        }
    };
    html!(
        "<h3><bdi>{}</bdi> put to the test</h3>\
         <p class=\"minor\">{} tried, {} answered.{}{} What fails, fails; what holds held in so many trials.</p>\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"What holds\"><table><thead><tr>\
         <th scope=\"col\">It holds that</th><th scope=\"col\">Found</th></tr></thead><tbody>{}</tbody></table></div>\
         {}<p class=\"minor\">Policy <code>{}</code><br>Card <code>{}</code></p>",
        apportion_standard::describe(&terms.name, &terms.version, &terms.policy.to_string()),
        counted(terms.trials as usize, "epoch"),
        terms.answered,
        state,
        earlier,
        rows,
        examples,
        terms.policy,
        card.digest()
    )
}

fn verdict(finding: &Finding) -> String {
    let trials = counted(finding.trials as usize, "trial");
    let most = finding.extent();
    match finding.verdict() {
        Verdict::Untried => "not tried: nothing to try it on".to_owned(),
        Verdict::Holds => format!("holds in {trials}"),
        Verdict::Nearly => format!("nearly: off by at most {most} in {trials}"),
        Verdict::Fails => format!("fails in {} of {trials}, by up to {most}", finding.failures),
    }
}

/// What was done, and what everyone got.
fn example(finding: &Finding) -> Option<Html> {
    let example = finding.example.as_ref().filter(|_| finding.verdict() == Verdict::Fails)?;
    let asset = &example.epochs.first()?.rows.header.pool.asset;
    let mut head = Html::default();
    for shown in &example.epochs {
        write_html!(head, "<th scope=\"col\">{}, {}</th>", shown.role, asset.symbol());
    }
    let payees: BTreeSet<&str> =
        example.epochs.iter().flat_map(|shown| &shown.payouts).map(|payout| payout.payee.as_str()).collect();
    let mut rows = Html::default();
    for payee in payees {
        write_html!(rows, "<tr><th scope=\"row\"><bdi class=\"id\">{}</bdi></th>", payee);
        for shown in &example.epochs {
            write_html!(rows, "<td>{}</td>", got(shown, payee, asset));
        }
        rows.push_markup("</tr>");
    }
    Some(html!(
        "<h4>{}</h4><p>{}: <strong>{}</strong> {}, {} of the pool.</p>\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Example\"><table><thead><tr>\
         <th scope=\"col\">Payee</th>{}</tr></thead><tbody>{}</tbody></table></div>",
        finding.property.breach(),
        example.change,
        grouped(&asset.format_rounded(example.size, 2)),
        asset.symbol(),
        example.percent(),
        head,
        rows
    ))
}

fn got(shown: &ExampleEpoch, payee: &str, asset: &Asset) -> Html {
    let payout = shown.payouts.iter().find(|payout| payout.payee == payee);
    payout.map_or_else(
        || Html::of("\u{2013}"),
        |payout| {
            html!(
                "<data value=\"{}\">{}</data>",
                payout.amount,
                grouped(&asset.format_rounded(payout.amount, 2))
            )
        },
    )
}

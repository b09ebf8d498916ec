//! A card of an audit as a part of a page.

use std::collections::BTreeSet;
use std::fmt::Write;

use apportion::audit::ExampleEpoch;
use apportion::{Asset, Card, CardFormat, Finding, Verdict};

use crate::escape;
use crate::wording::{counted, grouped};

/// What one rule was found to hold and not to hold: a table, and an example of everything that fails. It asks for no
/// script and no style of its own, so that it can stand in any page.
///
/// ```
/// # fn fragment(card: &apportion::Card) {
/// let html: String = apportion_report::card(card);
/// # }
/// ```
pub fn card(card: &Card) -> String {
    let terms = card.terms();
    let mut rows = String::new();
    for finding in &terms.findings {
        let _ = write!(
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
    let examples: String = terms.findings.iter().filter_map(example).collect();
    let examples = match examples.as_str() {
        "" => String::new(),
        examples => {
            format!("<details><summary>An example of everything that fails</summary>{examples}</details>")
        }
    };
    format!(
        "<h3><bdi>{}</bdi> put to the test</h3>\
         <p class=\"minor\">{} tried, {} answered.{state}{earlier} What fails, fails; what holds held in so many trials.</p>\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"What holds\"><table><thead><tr>\
         <th scope=\"col\">It holds that</th><th scope=\"col\">Found</th></tr></thead><tbody>{rows}</tbody></table></div>\
         {examples}<p class=\"minor\">Policy <code>{}</code><br>Card <code>{}</code></p>",
        escape::text(&apportion_standard::describe(&terms.name, &terms.version, &terms.policy.to_string())),
        counted(terms.trials as usize, "epoch"),
        terms.answered,
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
fn example(finding: &Finding) -> Option<String> {
    let example = finding.example.as_ref().filter(|_| finding.verdict() == Verdict::Fails)?;
    let asset = &example.epochs.first()?.rows.header.pool.asset;
    let mut head = String::new();
    for shown in &example.epochs {
        let _ = write!(
            head,
            "<th scope=\"col\">{}, {}</th>",
            escape::text(&shown.role),
            escape::text(asset.symbol())
        );
    }
    let payees: BTreeSet<&str> =
        example.epochs.iter().flat_map(|shown| &shown.payouts).map(|payout| payout.payee.as_str()).collect();
    let mut rows = String::new();
    for payee in payees {
        let _ = write!(rows, "<tr><th scope=\"row\"><bdi class=\"id\">{}</bdi></th>", escape::text(payee));
        for shown in &example.epochs {
            let _ = write!(rows, "<td>{}</td>", got(shown, payee, asset));
        }
        rows.push_str("</tr>");
    }
    Some(format!(
        "<h4>{}</h4><p>{}: <strong>{}</strong> {}, {} of the pool.</p>\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Example\"><table><thead><tr>\
         <th scope=\"col\">Payee</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>",
        finding.property.breach(),
        escape::text(&example.change),
        grouped(&asset.format_rounded(example.size, 2)),
        escape::text(asset.symbol()),
        example.percent()
    ))
}

fn got(shown: &ExampleEpoch, payee: &str, asset: &Asset) -> String {
    let payout = shown.payouts.iter().find(|payout| payout.payee == payee);
    payout.map_or_else(
        || "\u{2013}".to_owned(),
        |payout| {
            format!(
                "<data value=\"{}\">{}</data>",
                payout.amount,
                grouped(&asset.format_rounded(payout.amount, 2))
            )
        },
    )
}

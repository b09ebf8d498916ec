//! The page's parts, from the comparison.

use std::cmp::Reverse;
use std::fmt::Write;

use apportion::{CandidateSide, ComparedPayee, PolicyFault, Spread};

use crate::escape;
use crate::wording::{Wording, epoch, is_compared, part, percent};

/// How many of those who gain and lose most are named at the top.
const MOST: usize = 5;

/// Epochs that the new rule could not settle, and policies that gave nothing, told before any number.
pub(crate) fn faults(wording: &Wording<'_>) -> String {
    let mut items = String::new();
    for compared in &wording.terms.epochs {
        match &compared.candidate {
            CandidateSide::Fault(fault) => {
                let _ = write!(
                    items,
                    "<li>{}: the new rule gives no payouts, so this epoch is left out of every sum. {}</li>",
                    epoch(compared),
                    sentence(wording, fault)
                );
            }
            CandidateSide::Settled(side) => {
                for fault in &side.faults {
                    let _ = write!(
                        items,
                        "<li>{}: a part of the pool stays in the treasury. {}</li>",
                        epoch(compared),
                        sentence(wording, fault)
                    );
                }
            }
        }
    }
    if items.is_empty() { items } else { format!("<ul class=\"faults\" role=\"note\">{items}</ul>") }
}

/// What a policy of the new charter gave instead of an allocation.
fn sentence(wording: &Wording<'_>, fault: &PolicyFault) -> String {
    format!(
        "{}: <q>{}</q> <span class=\"minor\">({})</span>",
        wording.policy(wording.terms.candidate, &fault.policy),
        escape::text(&fault.fault.sentence),
        fault.fault.code
    )
}

/// The numbers to remember.
pub(crate) fn figures(wording: &Wording<'_>) -> String {
    let (totals, statistics) = (&wording.terms.totals, &wording.terms.statistics);
    // In a box that is too narrow the asset's name stands below its amount.
    let amount = |amount: u128| wording.amount(amount).replacen('\u{a0}', " ", 1);
    let mut html = String::new();
    for (what, figure) in [
        ("would have got more", wording.payees(statistics.gain)),
        ("would have got less", wording.payees(statistics.lose)),
        ("would have got the same", wording.payees(statistics.same)),
        ("would have gone to others", amount(totals.changes_hands)),
        ("were paid", amount(totals.original)),
        ("would have been paid", amount(totals.candidate)),
    ] {
        let _ = write!(html, "<div><dt>{what}</dt><dd>{figure}</dd></div>");
    }
    html
}

/// Who gains and who loses most.
pub(crate) fn most(wording: &Wording<'_>) -> String {
    let by_change = |less: bool| {
        let payees = wording.terms.payees.iter();
        let mut payees: Vec<&ComparedPayee> =
            payees.filter(|p| p.difference.magnitude() > 0 && p.difference.is_negative() == less).collect();
        payees.sort_by_key(|payee| Reverse(payee.difference.magnitude()));
        payees.truncate(MOST);
        payees
    };
    let (gain, lose) = (by_change(false), by_change(true));
    let largest = gain.iter().chain(&lose).map(|p| p.difference.magnitude()).max().unwrap_or(0);
    let list = |title: &str, class: &str, payees: &[&ComparedPayee]| {
        let mut html = format!("<div><h3>{title}</h3>");
        if payees.is_empty() {
            return html + "<p>Nobody.</p></div>";
        }
        html.push_str("<ol class=\"most\">");
        for payee in payees {
            let width = 100.0 * part(payee.difference.magnitude(), largest).unwrap_or(0.0);
            let _ = write!(
                html,
                "<li><span class=\"who\">{}</span> <strong>{}</strong>\
                 <svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
                 <rect class=\"{class}\" width=\"{width:.1}\" height=\"4\"/></svg>\
                 <span class=\"minor\">{} then, {} under the new rule</span></li>",
                wording.payee(payee),
                wording.difference(payee.difference),
                wording.data(payee.original),
                wording.data(payee.candidate)
            );
        }
        html + "</ol></div>"
    };
    list("Would gain most", "more", &gain) + &list("Would lose most", "less", &lose)
}

/// The statistics, each in words.
pub(crate) fn spread(wording: &Wording<'_>) -> String {
    let statistics = &wording.terms.statistics;
    let (then, new) = (&statistics.original, &statistics.candidate);
    let ratio = |value: Option<f64>| {
        value.map_or("\u{2013}".to_owned(), |value| format!("{value:.3}").replace('-', "\u{2212}"))
    };
    let mut html = String::new();
    let row = |what: &str, value: &dyn Fn(&Spread) -> String| {
        format!("<tr><th scope=\"row\">{what}</th><td>{}</td><td>{}</td></tr>", value(then), value(new))
    };
    for row in [
        row("Payees who get something", &|s| s.paid.to_string()),
        row("The largest payee\u{2019}s part", &|s| percent(s.top_1)),
        row("The five largest together", &|s| percent(s.top_5)),
        row("The ten largest together", &|s| percent(s.top_10)),
        row("How few payees hold half of it", &|s| s.half.to_string()),
        row("Gini coefficient <span class=\"minor\">(0: all the same, 1: one has all)</span>", &|s| {
            ratio(s.gini)
        }),
    ] {
        html.push_str(&row);
    }
    let _ = write!(
        html,
        "<tr><th scope=\"row\">How alike the order of payees is \
         <span class=\"minor\">(rank correlation; 1: the same order, \u{2212}1: turned around)</span></th>\
         <td colspan=\"2\">{}</td></tr>",
        ratio(statistics.rank_correlation)
    );
    html
}

/// A row per epoch.
pub(crate) fn epochs(wording: &Wording<'_>) -> String {
    let mut html = String::new();
    for compared in &wording.terms.epochs {
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td>",
            epoch(compared),
            wording.data(compared.original.paid)
        );
        match &compared.candidate {
            CandidateSide::Settled(side) => {
                let _ = write!(
                    html,
                    "<td>{}</td><td>{}</td></tr>",
                    wording.data(side.paid),
                    wording.data(compared.changes_hands)
                );
            }
            CandidateSide::Fault(_) => html.push_str("<td colspan=\"2\">no payouts</td></tr>"),
        }
    }
    html
}

/// A row per payee: the largest gain first, the largest loss last.
pub(crate) fn payees(wording: &Wording<'_>) -> String {
    let mut payees: Vec<&ComparedPayee> = wording.terms.payees.iter().collect();
    payees.sort_by_key(|payee| {
        let magnitude = payee.difference.magnitude();
        let order = if payee.difference.is_negative() { (1, magnitude) } else { (0, u128::MAX - magnitude) };
        (order, Reverse(payee.original))
    });
    let mut html = String::new();
    for payee in payees {
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
            wording.payee(payee),
            wording.data(payee.original),
            wording.data(payee.candidate),
            wording.difference(payee.difference)
        );
    }
    html
}

/// What to hold the page against.
pub(crate) fn digests(wording: &Wording<'_>) -> String {
    let mut html = String::new();
    let mut item = |what: &str, digest: String| {
        let _ = write!(html, "<dt>{what}</dt><dd><code>{digest}</code></dd>");
    };
    for charter in &wording.terms.charters {
        let role = if charter.digest == wording.terms.candidate { "New charter" } else { "Charter then" };
        item(
            &format!("{role}: <bdi>{}</bdi>", escape::text(&charter.terms.name)),
            charter.digest.to_string(),
        );
    }
    for compared in &wording.terms.epochs {
        let number = compared.number;
        item(&format!("Epoch {number}"), compared.epoch.to_string());
        item(&format!("Epoch {number}, receipt then"), compared.original.receipt.to_string());
        if let (true, CandidateSide::Settled(side)) = (is_compared(compared), &compared.candidate) {
            item(&format!("Epoch {number}, receipt under the new charter"), side.receipt.to_string());
        }
    }
    html
}

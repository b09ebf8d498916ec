//! The page's parts, from the comparison.

use apportion_core::canonical::Digest;
use apportion_core::comparison::{CandidateSide, ComparedPayee, PolicyFault, Spread};
use std::cmp::Reverse;

use crate::escape::{Html, html, write_html};
use crate::wording::{Wording, epoch, is_compared, part, percent};

/// How many of those who gain and lose most are named at the top.
const MOST: usize = 5;

/// Epochs that the new rule could not settle, and policies that gave nothing, told before any number.
pub(crate) fn faults(wording: &Wording<'_>) -> Html {
    let mut items = Html::default();
    for compared in &wording.terms.epochs {
        match &compared.candidate {
            CandidateSide::Fault(fault) => {
                write_html!(
                    items,
                    "<li>{}: the new rule gives no payouts, so this epoch is left out of every sum. {}</li>",
                    epoch(compared),
                    sentence(wording, fault)
                );
            }
            CandidateSide::Settled(side) => {
                for fault in &side.faults {
                    write_html!(
                        items,
                        "<li>{}: a part of the pool stays in the treasury. {}</li>",
                        epoch(compared),
                        sentence(wording, fault)
                    );
                }
            }
        }
    }
    if items.is_empty() { items } else { html!("<ul class=\"faults\" role=\"note\">{}</ul>", items) }
}

/// What a policy of the new charter gave instead of an allocation.
fn sentence(wording: &Wording<'_>, fault: &PolicyFault) -> Html {
    html!(
        "{}: <q>{}</q> <span class=\"minor\">({})</span>",
        wording.policy(wording.terms.candidate, &fault.policy),
        fault.fault.sentence,
        fault.fault.code
    )
}

/// The numbers to remember.
pub(crate) fn figures(wording: &Wording<'_>) -> Html {
    let (totals, statistics) = (&wording.terms.totals, &wording.terms.statistics);
    // In a box that is too narrow the asset's name stands below its amount.
    let amount = |amount: u128| wording.amount_in_parts(amount);
    let mut html = Html::default();
    for (what, figure) in [
        ("would have got more", Html::text(wording.payees(statistics.gain))),
        ("would have got less", Html::text(wording.payees(statistics.lose))),
        ("would have got the same", Html::text(wording.payees(statistics.same))),
        ("would have gone to others", amount(totals.changes_hands)),
        ("were paid", amount(totals.original)),
        ("would have been paid", amount(totals.candidate)),
    ] {
        write_html!(html, "<div><dt>{}</dt><dd>{}</dd></div>", what, figure);
    }
    html
}

/// Who gains and who loses most.
pub(crate) fn most(wording: &Wording<'_>) -> Html {
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
        let mut html = html!("<div><h3>{}</h3>", title);
        if payees.is_empty() {
            return html + "<p>Nobody.</p></div>";
        }
        html.push_markup("<ol class=\"most\">");
        for payee in payees {
            let width = 100.0 * part(payee.difference.magnitude(), largest).unwrap_or(0.0);
            write_html!(
                html,
                "<li><span class=\"who\">{}</span> <strong>{}</strong>\
                 <svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
                 <rect class=\"{}\" width=\"{:.1}\" height=\"4\"/></svg>\
                 <span class=\"minor\">{} then, {} under the new rule</span></li>",
                wording.payee(payee),
                wording.difference(payee.difference),
                class,
                width,
                wording.data(payee.original),
                wording.data(payee.candidate)
            );
        }
        html + "</ol></div>"
    };
    list("Would gain most", "more", &gain) + list("Would lose most", "less", &lose)
}

/// The statistics, each in words.
pub(crate) fn spread(wording: &Wording<'_>) -> Html {
    let statistics = &wording.terms.statistics;
    let (then, new) = (&statistics.original, &statistics.candidate);
    let ratio = |value: Option<f64>| {
        value.map_or("\u{2013}".to_owned(), |value| format!("{value:.3}").replace('-', "\u{2212}"))
    };
    let mut html = Html::default();
    let row = |what: &'static str, value: &dyn Fn(&Spread) -> String| {
        html!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            Html::of(what),
            value(then),
            value(new)
        )
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
        html.push(&row);
    }
    write_html!(
        html,
        "<tr><th scope=\"row\">How alike the order of payees is \
         <span class=\"minor\">(rank correlation; 1: the same order, \u{2212}1: turned around)</span></th>\
         <td colspan=\"2\">{}</td></tr>",
        ratio(statistics.rank_correlation)
    );
    html
}

/// A row per epoch.
pub(crate) fn epochs(wording: &Wording<'_>) -> Html {
    let mut html = Html::default();
    for compared in &wording.terms.epochs {
        write_html!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td>",
            epoch(compared),
            wording.data(compared.original.paid)
        );
        match &compared.candidate {
            CandidateSide::Settled(side) => {
                write_html!(
                    html,
                    "<td>{}</td><td>{}</td></tr>",
                    wording.data(side.paid),
                    wording.data(compared.changes_hands)
                );
            }
            CandidateSide::Fault(_) => html.push_markup("<td colspan=\"2\">no payouts</td></tr>"),
        }
    }
    html
}

/// A row per payee: the largest gain first, the largest loss last.
pub(crate) fn payees(wording: &Wording<'_>) -> Html {
    let mut payees: Vec<&ComparedPayee> = wording.terms.payees.iter().collect();
    payees.sort_by_key(|payee| {
        let magnitude = payee.difference.magnitude();
        let order = if payee.difference.is_negative() { (1, magnitude) } else { (0, u128::MAX - magnitude) };
        (order, Reverse(payee.original))
    });
    let mut html = Html::default();
    for payee in payees {
        write_html!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            wording.payee(payee),
            wording.data(payee.original),
            wording.data(payee.candidate),
            wording.difference(payee.difference)
        );
    }
    html
}

/// What to hold the page against.
pub(crate) fn digests(wording: &Wording<'_>) -> Html {
    let mut html = Html::default();
    let mut item = |what: Html, digest: Digest| {
        write_html!(html, "<dt>{}</dt><dd><code>{}</code></dd>", what, digest);
    };
    for charter in &wording.terms.charters {
        let role = if charter.digest == wording.terms.candidate { "New charter" } else { "Charter then" };
        item(html!("{}: <bdi>{}</bdi>", role, charter.terms.name), charter.digest);
    }
    for compared in &wording.terms.epochs {
        let number = compared.number;
        item(html!("Epoch {}", number), compared.epoch);
        item(html!("Epoch {}, receipt then", number), compared.original.receipt);
        if let (true, CandidateSide::Settled(side)) = (is_compared(compared), &compared.candidate) {
            item(html!("Epoch {}, receipt under the new charter", number), side.receipt);
        }
    }
    html
}

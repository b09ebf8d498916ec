//! Drawings, as SVG that takes its colours from the page.

use std::fmt::Write as _;

use apportion_core::comparison::CandidateSide;

use crate::escape::{Html, write_html};
use crate::wording::{Wording, is_compared, part};

/// The most corners of a Lorenz curve: more than a screen can show apart.
const CORNERS: usize = 200;
/// The most epochs whose numbers stand under the bars.
const LABELS: usize = 12;

/// Lorenz curves of both sides: what part of all the poorest part of payees holds.
pub(crate) fn lorenz(wording: &Wording<'_>) -> Html {
    let paid: Vec<(u128, u128)> = wording.terms.payees.iter().map(|p| (p.original, p.candidate)).collect();
    let paid: Vec<(u128, u128)> = paid.into_iter().filter(|&pair| pair != (0, 0)).collect();
    let (original, candidate): (Vec<u128>, Vec<u128>) = paid.into_iter().unzip();
    let mut svg = Html::of(
        "<svg class=\"chart square\" viewBox=\"0 0 340 300\" role=\"img\" aria-labelledby=\"lorenz-title\">\
         <title id=\"lorenz-title\">How much the payees with the least hold together, then and under the new rule</title>\
         <path class=\"frame\" d=\"M40 10V260H330\"/><path class=\"even\" d=\"M40 260L330 10\"/>\
         <text x=\"120\" y=\"140\" class=\"even-label\">all the same</text>",
    );
    for (tenths, label) in [(0, "0"), (5, "50"), (10, "100")] {
        write_html!(
            svg,
            "<text x=\"34\" y=\"{}\" class=\"end\">{}</text><text x=\"{}\" y=\"276\" class=\"middle\">{}</text>",
            264 - 25 * tenths,
            label,
            40 + 29 * tenths,
            label
        );
    }
    svg = svg
        + "<text x=\"185\" y=\"295\" class=\"middle\">% of payees, from the least paid</text>"
        + "<text x=\"14\" y=\"135\" class=\"middle turned\">% of all that is paid</text>";
    for (class, amounts) in [("then", original), ("new", candidate)] {
        write_html!(svg, "<polyline class=\"line {}\" points=\"{}\"/>", class, curve(amounts));
    }
    svg + "</svg>"
}

fn curve(mut amounts: Vec<u128>) -> String {
    amounts.sort_unstable();
    let total: u128 = amounts.iter().sum();
    let every = amounts.len().div_ceil(CORNERS).max(1);
    let mut points = String::from("40,260");
    let mut held = 0;
    for (index, amount) in amounts.iter().enumerate() {
        held += amount;
        let count = index + 1;
        if count.is_multiple_of(every) || count == amounts.len() {
            let x = 40.0 + 290.0 * count as f64 / amounts.len() as f64;
            let y = 260.0 - 250.0 * part(held, total).unwrap_or(0.0);
            let _ = write!(points, " {x:.1},{y:.1}"); // writing into memory cannot fail
        }
    }
    points
}

/// For each epoch what was paid, what would have been, and how much of it would have gone to others.
pub(crate) fn epochs(wording: &Wording<'_>) -> Html {
    let epochs = &wording.terms.epochs;
    let most = epochs.iter().flat_map(|epoch| match &epoch.candidate {
        CandidateSide::Settled(side) => [epoch.original.paid, side.paid],
        CandidateSide::Fault(_) => [epoch.original.paid, 0],
    });
    let most = most.max().unwrap_or(0);
    let mut svg = Html::of(
        "<svg class=\"chart\" viewBox=\"0 0 340 180\" role=\"img\" aria-labelledby=\"epochs-title\">\
         <title id=\"epochs-title\">What each epoch paid, then and under the new rule; the table below has the numbers</title>\
         <path class=\"frame\" d=\"M10 150H330\"/>",
    );
    let width = 320.0 / epochs.len().max(1) as f64;
    let bar = (width * 0.26).min(24.0);
    for (index, epoch) in epochs.iter().enumerate() {
        let middle = 10.0 + width * (index as f64 + 0.5);
        let mut draw = |class: &str, place: f64, amount: u128| {
            let height = 135.0 * part(amount, most).unwrap_or(0.0);
            write_html!(
                svg,
                "<rect class=\"{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                class,
                middle + place * bar,
                150.0 - height,
                bar,
                height
            );
        };
        draw("then", -1.55, epoch.original.paid);
        if let CandidateSide::Settled(side) = &epoch.candidate {
            draw("new", -0.5, side.paid);
            draw("moved", 0.55, epoch.changes_hands);
        }
        if epochs.len() <= LABELS || index.is_multiple_of(epochs.len().div_ceil(LABELS)) {
            let mark = if is_compared(epoch) { "" } else { " \u{2717}" };
            write_html!(
                svg,
                "<text x=\"{:.1}\" y=\"168\" class=\"middle\">{}{}</text>",
                middle,
                epoch.number,
                mark
            );
        }
    }
    svg + "</svg>"
}

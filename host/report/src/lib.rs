//! A comparison of two rules, or why a payee got its amount, as one HTML file for people who are no programmers.
//!
//! The file opens offline: it asks nothing of any other place, and its content security policy forbids it to. Text
//! from epochs and charters may come from anyone and is escaped wherever it stands. Without scripts it is a page of
//! words, drawings and tables; with them the long table can be searched and sorted. The exact comparison is embedded
//! as JSON, so that whoever doubts a number can read it there.
//!
//! ```
//! # fn page(comparison: &apportion_core::comparison::Comparison) {
//! let html: String = apportion_report::page(comparison);
//! # }
//! ```

#![forbid(unsafe_code)]

mod card;
mod charts;
mod escape;
pub mod explained;
mod explanation;
mod rules;
mod sections;
mod wording;

use apportion_core::card::Card;
use apportion_core::comparison::Comparison;

pub use card::card;

pub use explanation::explanation_page;

use escape::Html;
use wording::Wording;

/// The whole page.
pub fn page(comparison: &Comparison) -> String {
    page_with_cards(comparison, &[])
}

/// The whole page, with what audits found of the rules beside them.
pub fn page_with_cards(comparison: &Comparison, cards: &[Card]) -> String {
    let wording = Wording::of(comparison);
    // Whoever writes text that ends up in the page cannot know the digest of the whole, so it serves as the nonce.
    let nonce = Html::text(comparison.digest());
    let bytes = String::from_utf8_lossy(comparison.as_bytes());
    let page = Html::filled(
        include_str!("../templates/page.html"),
        &[
            ("nonce", nonce.clone()),
            ("style", Html::of(include_str!("../templates/style.css"))),
            ("script", Html::of(include_str!("../templates/page.js"))),
            ("json", Html::json(&bytes)),
            ("title", wording.title()),
            ("period", wording.period()),
            ("headline", wording.headline()),
            ("faults", sections::faults(&wording)),
            ("figures", sections::figures(&wording)),
            ("most", sections::most(&wording)),
            ("lorenz", charts::lorenz(&wording)),
            ("spread", sections::spread(&wording)),
            ("chart-epochs", charts::epochs(&wording)),
            ("epochs", sections::epochs(&wording)),
            ("count", Html::text(wording.payees(comparison.terms().payees.len()))),
            ("asset", Html::text(comparison.asset().symbol())),
            ("payees", sections::payees(&wording)),
            ("rules", rules::side_by_side(&wording)),
            ("cards", cards.iter().map(card::fragment).collect()),
            ("digests", sections::digests(&wording)),
            ("digest", nonce),
        ],
    );
    page.into_page()
}

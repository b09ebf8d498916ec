//! The files of an instance.

/// The numbers of the files; those of the graphs follow.
pub(super) const PLUGINS: usize = 0;
pub(super) const LEDGER: usize = 1;
pub(super) const WEIGHTS: usize = 2;
pub(super) const DEPENDENCIES: usize = 3;
pub(super) const GRAIN: usize = 4;
pub(super) const CURRENCY: usize = 5;
pub(super) const ATTRIBUTIONS: usize = 6;
/// The number of the first graph.
pub(super) const FIRST_GRAPH: usize = FILES.len();
pub(super) const FILES: [&str; 7] = [
    "sourcecred.json",
    "data/ledger.json",
    "config/weights.json",
    "config/dependencies.json",
    "config/grain.json",
    "config/currencyDetails.json",
    "config/personalAttributions.json",
];

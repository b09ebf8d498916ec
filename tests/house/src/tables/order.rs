//! The order of modules where it is a decision: of two modules in a list, only the later may use the earlier.
//!
//! Layers follow from the code and need no list. A list here says which way around two modules have to stand.

/// The order of a package's modules, lowest first. A module stands for all modules in it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) package: &'static str,
    pub(crate) modules: &'static [&'static str],
}

pub(crate) const ORDERS: &[Order] = &[
    Order {
        package: "apportion-core",
        modules: &[
            "error",
            "text",
            "number",
            "sorting",
            "canonical",
            "signature",
            "money",
            "epoch",
            "apportionment",
            "limits",
            "fault",
            "charter",
            "payouts",
            "receipt",
            "proof",
            "settled",
            "replayed",
            "comparison",
            "explanation",
            "property",
            "card",
            "entry",
            "store",
            "arrow",
        ],
    },
    Order {
        package: "apportion",
        modules: &[
            "parallel",
            "progress",
            "guide",
            "host_error",
            "metering",
            "trace",
            "verdict",
            "state",
            "runtime",
            "abi",
            "sandbox",
            "policy",
            "engine",
            "source",
            "standard",
            "resolve",
            "charter",
            "settle",
            "replay",
            "compare",
            "explain",
            "audit",
            "ledger",
            "verify",
        ],
    },
];

//! The steps of an answer, each a span, and the ids of traces and spans.

/// The steps of an answer, each a span.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// The agent that answers.
    Run = 1,
    /// It asks its model.
    Ask,
    /// The scout, if it searches.
    Scout,
    /// The scout has its question phrased by the base model.
    Phrase,
    /// The scout looks into the index.
    Look,
}

impl Step {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Step::Run | Step::Scout => "agent-run",
            Step::Ask | Step::Phrase => "model-call",
            Step::Look => "retrieval",
        }
    }

    /// When a step begins and ends, in seconds before the answer.
    pub(crate) fn before(self) -> (i64, i64) {
        match self {
            Step::Run => (60, 0),
            Step::Scout => (55, 25),
            Step::Phrase => (54, 50),
            Step::Look => (45, 30),
            Step::Ask => (20, 2),
        }
    }
}

/// The node of a span.
pub(crate) fn span(month: u32, number: u32, step: Step) -> String {
    format!("span:{}/{}", trace_id(month, number), span_id(month, number, step))
}

/// Year, month and number of an answer, as the 32 digits of a trace's id.
pub(crate) fn trace_id(month: u32, number: u32) -> String {
    format!("2025{month:02}{number:026}")
}

/// The 16 digits of a span's id.
pub(crate) fn span_id(month: u32, number: u32, step: Step) -> String {
    format!("2025{month:02}{number:08}{:02}", step as u32)
}

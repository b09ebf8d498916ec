//! Who is who: the data sets and who gave to them, the feedback, the models, the agents. All invented.

use crate::calendar::day;

/// A collection of records that people gave.
pub(crate) struct Set {
    pub(crate) id: &'static str,
    /// The payee who keeps it in order.
    pub(crate) keeper: &'static str,
    /// When the edition that models were trained on was made.
    pub(crate) made: i64,
    pub(crate) batches: &'static [Batch],
}

/// What one person gave to a set.
pub(crate) struct Batch {
    pub(crate) by: &'static str,
    pub(crate) records: u32,
    /// What a reviewer thought of them, in tenths.
    pub(crate) quality: u32,
    /// What holds the same text has the same word.
    pub(crate) same: &'static str,
}

const fn batch(by: &'static str, records: u32, quality: u32, same: &'static str) -> Batch {
    Batch { by, records, quality, same }
}

/// Withdrawn when month 7 begins.
pub(crate) const LETTERS: Set = Set {
    id: "set:harbour-letters",
    keeper: "harbour-archive",
    made: day(2023, 3, 1),
    batches: &[batch("ana", 400, 9, ""), batch("bo", 250, 7, ""), batch("ilse", 600, 8, "")],
};
pub(crate) const NOTES: Set = Set {
    id: "set:field-notes",
    keeper: "field-school",
    made: day(2024, 2, 1),
    batches: &[
        batch("ana", 300, 8, ""),
        batch("cleo", 500, 9, ""),
        batch("dag", 200, 6, ""),
        batch("jory", 350, 7, "storm-tide"),
    ],
};
pub(crate) const MINUTES: Set = Set {
    id: "set:town-minutes",
    keeper: "minutes-guild",
    made: day(2022, 9, 1),
    batches: &[
        batch("bo", 450, 8, ""),
        batch("cleo", 120, 5, ""),
        batch("dag", 150, 7, "storm-tide"),
        batch("jory", 600, 9, ""),
    ],
};
pub(crate) const SETS: [&Set; 3] = [&LETTERS, &NOTES, &MINUTES];

/// When the letters were withdrawn.
pub(crate) const WITHDRAWN: i64 = day(2025, 7, 1);

/// Answers that people judged: a set that nobody keeps. A batch is what one of them judged.
pub(crate) const FEEDBACK: [&Set; 2] = [
    &Set {
        id: "feedback:1",
        keeper: "",
        made: day(2024, 12, 1),
        batches: &[batch("cleo", 200, 9, ""), batch("noor", 500, 8, ""), batch("pim", 300, 7, "")],
    },
    &Set {
        id: "feedback:2",
        keeper: "",
        made: day(2025, 8, 20),
        batches: &[batch("noor", 400, 9, ""), batch("pim", 500, 8, "")],
    },
];

impl Set {
    /// `harbour-letters`.
    pub(crate) fn name(&self) -> &'static str {
        self.id.strip_prefix("set:").unwrap_or(self.id)
    }

    pub(crate) fn batch_id(&self, batch: &Batch) -> String {
        match self.id.strip_prefix("feedback:") {
            Some(round) => format!("ratings:{round}/{}", batch.by),
            None => format!("batch:{}/{}", self.name(), batch.by),
        }
    }
}

impl Batch {
    /// What it counts in its set: records times quality.
    pub(crate) fn points(&self) -> u32 {
        self.records * self.quality / 10
    }
}

/// A base model, or a fine-tuning of one.
pub(crate) struct Model {
    pub(crate) builder: &'static str,
    pub(crate) name: &'static str,
    pub(crate) base: Option<&'static Model>,
    /// What it was trained on, and how large a part of the training each was.
    pub(crate) used: &'static [(&'static Set, u32)],
    pub(crate) made: i64,
}

impl Model {
    pub(crate) fn id(&self) -> String {
        format!("model:{}/{}", self.builder, self.name)
    }

    pub(crate) fn training(&self) -> String {
        format!("training:{}", self.name)
    }
}

const TIDAL_1: Model = Model {
    builder: "tidal-lab",
    name: "tidal-1",
    base: None,
    used: &[(&LETTERS, 4), (&NOTES, 2), (&MINUTES, 3)],
    made: day(2024, 11, 20),
};
/// Trained anew, without the letters.
const TIDAL_2: Model = Model {
    builder: "tidal-lab",
    name: "tidal-2",
    base: None,
    used: &[(&NOTES, 3), (&MINUTES, 4)],
    made: day(2025, 8, 25),
};
const FARM_1: Model = Model {
    builder: "plough-collective",
    name: "farm-1",
    base: Some(&TIDAL_1),
    used: &[(&NOTES, 3), (FEEDBACK[0], 1)],
    made: day(2024, 12, 10),
};
const FARM_2: Model = Model {
    builder: "plough-collective",
    name: "farm-2",
    base: Some(&TIDAL_2),
    used: &[(&NOTES, 3), (FEEDBACK[1], 1)],
    made: day(2025, 8, 29),
};
const CLERK_1: Model = Model {
    builder: "clerk-works",
    name: "clerk-1",
    base: Some(&TIDAL_1),
    used: &[(&LETTERS, 2), (&MINUTES, 2), (FEEDBACK[0], 1)],
    made: day(2024, 12, 12),
};
/// Trained anew on the day of the withdrawal, on a base that still knows the letters.
const CLERK_2: Model = Model {
    builder: "clerk-works",
    name: "clerk-2",
    base: Some(&TIDAL_1),
    used: &[(&MINUTES, 3), (FEEDBACK[0], 1)],
    made: WITHDRAWN,
};
const CLERK_3: Model = Model {
    builder: "clerk-works",
    name: "clerk-3",
    base: Some(&TIDAL_2),
    used: &[(&MINUTES, 3), (FEEDBACK[1], 1)],
    made: day(2025, 9, 28),
};

/// Every model, in the order in which they were trained, and the month from which it is known.
pub(crate) const MODELS: [(&Model, u32); 7] =
    [(&TIDAL_1, 1), (&FARM_1, 1), (&CLERK_1, 1), (&CLERK_2, 7), (&TIDAL_2, 9), (&FARM_2, 9), (&CLERK_3, 10)];

/// The base model that the month's searches are phrased by.
pub(crate) const fn base_in_use(month: u32) -> &'static Model {
    if month < 9 { &TIDAL_1 } else { &TIDAL_2 }
}

/// An agent that answers questions.
pub(crate) struct Agent {
    pub(crate) name: &'static str,
    pub(crate) owner: &'static str,
}

pub(crate) const ALMANAC: Agent = Agent { name: "almanac", owner: "moss" };
pub(crate) const COUNTER: Agent = Agent { name: "counter", owner: "tern" };
/// Searches for the other two.
pub(crate) const SCOUT: Agent = Agent { name: "scout", owner: "wren" };
pub(crate) const AGENTS: [&Agent; 3] = [&ALMANAC, &COUNTER, &SCOUT];

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Crops,
    Tides,
    Permits,
}

impl Topic {
    /// How much a set says of it, in tenths: letters, notes, minutes, feedback.
    pub(crate) fn told_by(self, set: &Set) -> u64 {
        let of = match self {
            Topic::Crops => [2, 10, 3, 4],
            Topic::Tides => [9, 6, 3, 4],
            Topic::Permits => [6, 1, 10, 5],
        };
        of[SETS.iter().position(|known| known.id == set.id).unwrap_or(3)]
    }
}

/// The fine-tuning that an agent asks in a month.
pub(crate) fn model_in_use(agent: &Agent, month: u32) -> &'static Model {
    match (agent.name, month) {
        ("almanac", ..9) => &FARM_1,
        ("almanac", _) => &FARM_2,
        (_, ..7) => &CLERK_1,
        (_, 7..10) => &CLERK_2,
        _ => &CLERK_3,
    }
}

/// Serves all answers.
pub(crate) const PLATFORM: &str = "lantern";
/// Keeps the index that is searched.
pub(crate) const INDEX: &str = "gazette";

/// Everyone who is paid: id, what to show, and what they are.
pub const PAYEES: [(&str, &str, Part); 19] = [
    (PLATFORM, "Lantern", Part::Platform),
    ("tidal-lab", "Tidal Lab", Part::Base),
    ("plough-collective", "Plough Collective", Part::FineTunings),
    ("clerk-works", "Clerk Works", Part::FineTunings),
    ("harbour-archive", "Harbour Archive", Part::Keepers),
    ("field-school", "Field School", Part::Keepers),
    ("minutes-guild", "Minutes Guild", Part::Keepers),
    ("ana", "Ana", Part::People),
    ("bo", "Bo", Part::People),
    ("cleo", "Cleo", Part::People),
    ("dag", "Dag", Part::People),
    ("ilse", "Ilse", Part::People),
    ("jory", "Jory", Part::People),
    ("noor", "Noor", Part::People),
    ("pim", "Pim", Part::People),
    ("moss", "Moss", Part::Agents),
    ("tern", "Tern", Part::Agents),
    ("wren", "Wren", Part::Agents),
    (INDEX, "Gazette", Part::Agents),
];

/// What a payee does, for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Serves the answers.
    Platform,
    /// Trains the base model.
    Base,
    /// Trains the fine-tunings.
    FineTunings,
    /// Keeps a data set.
    Keepers,
    /// Gave records or judgements.
    People,
    /// Owns an agent, or the index that agents search.
    Agents,
}

//! What happens in the twelve months: questions, answers, searches and the scores of influence, drawn from the seed.

use crate::calendar::day;
use crate::cast::{
    ALMANAC, Agent, Batch, COUNTER, FEEDBACK, LETTERS, MINUTES, Model, NOTES, SETS, Set, Topic, model_in_use,
};
use crate::chance::Chance;
use crate::steps::{Step, span};

/// How many months.
pub(crate) const MONTHS: u32 = 12;
/// How many months back a search is still good for another answer.
const SEARCH_LASTS: u32 = 2;
/// How many batches are scored for each answer.
const SCORES: usize = 5;

/// A month as it was.
#[derive(Clone)]
pub(crate) struct Happened {
    pub(crate) month: u32,
    /// By time.
    pub(crate) answers: Vec<Answer>,
    /// Answers of months before whose searches are reused in this one.
    pub(crate) earlier: Vec<Answer>,
    pub(crate) evaluations: Vec<Evaluation>,
}

/// A question, answered.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) month: u32,
    /// In its month, from 1.
    pub(crate) number: u32,
    /// When it was given, in seconds.
    pub(crate) time: i64,
    pub(crate) topic: Topic,
    /// What was paid for it, in cents.
    pub(crate) fee: u64,
    pub(crate) agent: &'static Agent,
    pub(crate) model: &'static Model,
    pub(crate) search: Search,
    pub(crate) scores: Vec<Score>,
}

impl Answer {
    pub(crate) fn span(&self, step: Step) -> String {
        span(self.month, self.number, step)
    }

    pub(crate) fn ended(&self, step: Step) -> i64 {
        self.time - step.before().1
    }
}

/// What an answer was found by.
#[derive(Clone, PartialEq)]
pub(crate) enum Search {
    /// The model knew.
    None,
    /// The scout searched.
    New,
    /// The scout had searched for another answer.
    Of { month: u32, number: u32 },
}

/// How much a batch moved an answer, in thousandths.
#[derive(Clone)]
pub(crate) struct Score {
    pub(crate) batch: String,
    pub(crate) influence: i64,
    pub(crate) error: u64,
}

/// How well the models do when trained on some of the sets, in thousandths.
#[derive(Clone)]
pub(crate) struct Evaluation {
    pub(crate) round: u32,
    pub(crate) time: i64,
    pub(crate) sets: Vec<&'static Set>,
    pub(crate) accuracy: u64,
    pub(crate) error: u64,
}

/// The year of a seed.
pub(crate) fn year(seed: u64) -> Vec<Happened> {
    let mut months: Vec<Happened> = Vec::new();
    for month in 1..=MONTHS {
        let answers = answers(seed, month, &months);
        let is_reused = |answer: &&Answer| {
            let search = Search::Of { month: answer.month, number: answer.number };
            answers.iter().any(|later| later.search == search)
        };
        let before = months.iter().flat_map(|before| &before.answers);
        let earlier = before.filter(is_reused).cloned().collect();
        months.push(Happened { month, answers, earlier, evaluations: evaluations(seed, month) });
    }
    months
}

/// The month's answers, by time.
fn answers(seed: u64, month: u32, before: &[Happened]) -> Vec<Answer> {
    let mut chance = Chance::new(seed, u64::from(month));
    let count = 8 + 2 * u64::from(month - 1) + chance.below(4);
    let (start, end) = window(month);
    // Not in the first hour or the last, so that all steps of an answer are of its month.
    let open = (end - start - 7_200).unsigned_abs();
    let mut times: Vec<i64> =
        (0..count).map(|_| start + 3_600 + i64::try_from(chance.below(open)).unwrap_or(0)).collect();
    times.sort_unstable();

    let mut answers: Vec<Answer> = Vec::new();
    for (number, time) in (1..).zip(times) {
        let topic = [Topic::Crops, Topic::Tides, Topic::Permits][place(chance.below(3))];
        let agent = match topic {
            Topic::Crops => &ALMANAC,
            Topic::Permits => &COUNTER,
            Topic::Tides => [&ALMANAC, &COUNTER][place(chance.below(2))],
        };
        let model = model_in_use(agent, month);
        let known = before.iter().filter(|happened| happened.month + SEARCH_LASTS >= month);
        let found: Vec<&Answer> = known
            .flat_map(|happened| &happened.answers)
            .chain(&answers)
            .filter(|answer| answer.topic == topic && answer.search == Search::New)
            .collect();
        let search = if !chance.happens(70) {
            Search::None
        } else if !found.is_empty() && chance.happens(50) {
            let found = found[place(chance.below(found.len() as u64))];
            Search::Of { month: found.month, number: found.number }
        } else {
            Search::New
        };
        let fee = 200 + chance.below(400) + chance.below(400);
        let scores = scores(&mut chance, topic, model);
        answers.push(Answer { month, number, time, topic, fee, agent, model, search, scores });
    }
    answers
}

/// Scores of some batches that the model, or its base, was trained on.
fn scores(chance: &mut Chance, topic: Topic, model: &'static Model) -> Vec<Score> {
    let mut batches: Vec<(&Set, &Batch)> = Vec::new();
    for model in [Some(model), model.base].into_iter().flatten() {
        for (set, _) in model.used {
            for batch in set.batches {
                if !batches.iter().any(|(known, other)| known.id == set.id && other.by == batch.by) {
                    batches.push((set, batch));
                }
            }
        }
    }
    let mut scores = Vec::new();
    while scores.len() < SCORES && !batches.is_empty() {
        let (set, batch) = batches.swap_remove(place(chance.below(batches.len() as u64)));
        let size = 20 + topic.told_by(set) * u64::from(batch.quality) * (4 + chance.below(8));
        let size = i64::try_from(size).unwrap_or(0);
        // One in six led the answer astray, less far than others led it.
        let influence = if chance.below(6) == 0 { -size / 3 } else { size };
        scores.push(Score { batch: set.batch_id(batch), influence, error: 30 + chance.below(120) });
    }
    scores.sort_by(|a, b| a.batch.cmp(&b.batch));
    scores
}

/// The evaluations of the models in use: one for each choice of the sets that are not withdrawn. They are repeated when
/// models are trained anew: when the letters are withdrawn, and with the new base model.
fn evaluations(seed: u64, month: u32) -> Vec<Evaluation> {
    let (round, time, sets): (u32, i64, &[&'static Set]) = match month {
        ..7 => (1, day(2024, 12, 15), &SETS),
        7..9 => (2, day(2025, 7, 1), &[&NOTES, &MINUTES]),
        _ => (3, day(2025, 8, 30), &[&NOTES, &MINUTES]),
    };
    let mut chance = Chance::new(seed, 100 + u64::from(round));
    (0..1_u32 << sets.len())
        .map(|members| {
            let of: Vec<&'static Set> =
                (0..).zip(sets).filter(|(bit, _)| members >> bit & 1 == 1).map(|(_, set)| *set).collect();
            let has = |set: &Set| of.iter().any(|member| member.id == set.id);
            let alone: u64 = [(&LETTERS, 90), (&NOTES, 120), (&MINUTES, 150)]
                .iter()
                .filter(|(set, _)| has(set))
                .map(|(_, adds)| adds)
                .sum();
            // Letters and minutes tell much the same; notes and minutes are worth more together.
            let together = if has(&NOTES) && has(&MINUTES) { 20 } else { 0 };
            let twice = if has(&LETTERS) && has(&MINUTES) { 40 } else { 0 };
            let accuracy = 400 + alone + together - twice + chance.below(17);
            Evaluation { round, time, sets: of, accuracy, error: 5 + chance.below(8) }
        })
        .collect()
}

/// The first second of a month, and of the one after it.
pub(crate) fn window(month: u32) -> (i64, i64) {
    let first = |month: u32| {
        if month > 12 { day(2026, i64::from(month) - 12, 1) } else { day(2025, i64::from(month), 1) }
    };
    (first(month), first(month + 1))
}

/// The feedback that is known in a month.
pub(crate) fn feedback(month: u32) -> impl Iterator<Item = &'static Set> {
    let (_, end) = window(month);
    FEEDBACK.into_iter().filter(move |feedback| feedback.made < end)
}

/// A number drawn below the length of a list, as a place in it.
fn place(drawn: u64) -> usize {
    usize::try_from(drawn).unwrap_or(0)
}

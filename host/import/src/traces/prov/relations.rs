//! PROV's relations: which member of each relied on which.

/// A relation with a direction: its source relied on its target.
pub(super) struct Direction {
    pub(super) name: &'static str,
    pub(super) source: End,
    pub(super) target: End,
    /// The end that is meant where `target` is not there.
    pub(super) otherwise: Option<End>,
}

/// An end of a relation: the member that names it, and what is named.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) key: &'static str,
    pub(super) kind: &'static str,
}

const fn end(key: &'static str, kind: &'static str) -> End {
    End { key, kind }
}

const fn direction(name: &'static str, source: End, target: End) -> Direction {
    Direction { name, source, target, otherwise: None }
}

/// The edges of the graph, in PROV's own names, by PROV-DM's section 5.
pub(super) const DIRECTIONS: [Direction; 12] = [
    direction("wasGeneratedBy", end("prov:entity", "entity"), end("prov:activity", "activity")),
    direction("used", end("prov:activity", "activity"), end("prov:entity", "entity")),
    direction("wasInformedBy", end("prov:informed", "activity"), end("prov:informant", "activity")),
    Direction {
        otherwise: Some(end("prov:starter", "activity")),
        ..direction("wasStartedBy", end("prov:activity", "activity"), end("prov:trigger", "entity"))
    },
    direction("wasDerivedFrom", end("prov:generatedEntity", "entity"), end("prov:usedEntity", "entity")),
    direction("wasAttributedTo", end("prov:entity", "entity"), end("prov:agent", "agent")),
    direction("wasAssociatedWith", end("prov:activity", "activity"), end("prov:agent", "agent")),
    direction("actedOnBehalfOf", end("prov:delegate", "agent"), end("prov:responsible", "agent")),
    direction("wasInfluencedBy", end("prov:influencee", "thing"), end("prov:influencer", "thing")),
    direction("specializationOf", end("prov:specificEntity", "entity"), end("prov:generalEntity", "entity")),
    direction("mentionOf", end("prov:specificEntity", "entity"), end("prov:generalEntity", "entity")),
    direction("hadMember", end("prov:collection", "entity"), end("prov:entity", "entity")),
];

/// The plan that an association names: the activity relied on it as well.
pub(super) const PLAN: (&str, End) = ("hadPlan", end("prov:plan", "entity"));

/// Members of relations that name things, so that they are in full like ids.
pub(super) const REFERENCES: [&str; 6] =
    ["prov:activity", "prov:bundle", "prov:ender", "prov:generation", "prov:starter", "prov:usage"];

/// Relations that no edge can be, and why.
pub(super) const WITHOUT_DIRECTION: [(&str, &str); 2] = [
    ("alternateOf", "neither of two alternates relied on the other"),
    ("wasEndedBy", "an activity did not rely on what ended it"),
];

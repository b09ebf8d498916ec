//! The spans that outcomes of the window rest on -> nodes and relations.

use std::collections::{BTreeMap, BTreeSet};

use apportion_core::epoch::Window;

use crate::problem::Place;

use super::super::draft::{Draft, Relation, Value};
use super::span::{Agent, Span, Thing};
use super::{SpanId, Traces};

const OUT_OF_REACH: &str = "a span that no outcome of the window leads to";
const FAILED_TRACE: &str = "a trace that ended in ERROR, so that it is no outcome";
const FAILED_SPAN: &str = "a span that ended in ERROR, so that nothing relied on it";
const ROUNDED_SUM: &str =
    "digits of what several first spans of a trace earned, which are fractions and integers beyond 2^53";
const LOST_PARENT: &str = "the parent of a span, which is in no file: the span counts as a root of its trace";

impl Traces {
    /// Writes into the draft the traces that ended within the window, as outcomes, and all spans that they lead to, or
    /// that anything leads to which is in the draft already. Spans of all files are to be read by then.
    pub(crate) fn close(self, window: Window, draft: &mut Draft) {
        let mut graph = Graph::new(&self.spans, window, draft);
        graph.cited();
        graph.outcomes(window);
        while let Some(id) = graph.next.pop() {
            graph.span(id);
        }
        let reached = graph.reached;
        for (id, (place, _)) in &self.spans {
            if !reached.contains(id) {
                draft.leave_out(OUT_OF_REACH, *place);
            }
        }
    }
}

struct Graph<'a> {
    spans: &'a BTreeMap<SpanId, (Place, Span)>,
    children: BTreeMap<SpanId, Vec<SpanId>>,
    /// The spans without a parent, of each trace.
    roots: BTreeMap<u128, Vec<SpanId>>,
    /// Who carried out a span: the agent that it names, else that of the nearest span above it which names one.
    agents: BTreeMap<SpanId, &'a Agent>,
    /// Which spans made a thing.
    makers: BTreeMap<&'a str, Vec<SpanId>>,
    reached: BTreeSet<SpanId>,
    next: Vec<SpanId>,
    /// Things whose makers are in the graph.
    things: BTreeSet<&'a str>,
    draft: &'a mut Draft,
}

impl<'a> Graph<'a> {
    fn new(spans: &'a BTreeMap<SpanId, (Place, Span)>, window: Window, draft: &'a mut Draft) -> Graph<'a> {
        let mut graph = Graph {
            spans,
            children: BTreeMap::new(),
            roots: BTreeMap::new(),
            agents: BTreeMap::new(),
            makers: BTreeMap::new(),
            reached: BTreeSet::new(),
            next: Vec::new(),
            things: BTreeSet::new(),
            draft,
        };
        for (id, (place, span)) in spans {
            let parent = span.parent.map(|parent| SpanId { trace: id.trace, span: parent });
            match parent {
                Some(parent) if spans.contains_key(&parent) => {
                    graph.children.entry(parent).or_default().push(*id);
                }
                _ => {
                    graph.roots.entry(id.trace).or_default().push(*id);
                    if parent.is_some() {
                        graph.draft.leave_out(LOST_PARENT, *place);
                    }
                }
            }
            // What was made anew later is not what the window's outcomes rest on.
            if !span.has_failed && seconds(span.end) < window.end {
                for thing in &span.generated {
                    graph.makers.entry(&thing.id).or_default().push(*id);
                }
            }
        }
        graph.hand_down_agents();
        graph
    }

    fn hand_down_agents(&mut self) {
        let own = |id: &SpanId| self.spans.get(id).and_then(|(_, span)| span.agent.as_ref());
        let mut next: Vec<(SpanId, &Agent)> =
            self.spans.keys().filter_map(|id| Some((*id, own(id)?))).collect();
        while let Some((id, agent)) = next.pop() {
            self.agents.insert(id, agent);
            let below = self.children.get(&id).into_iter().flatten();
            let without = below.filter(|child| own(child).is_none() && !self.agents.contains_key(child));
            next.extend(without.map(|child| (*child, agent)));
        }
    }

    /// What other documents lead to.
    fn cited(&mut self) {
        let makers = &self.makers;
        let things: Vec<&'a str> =
            makers.keys().copied().filter(|thing| self.draft.nodes.contains_key(*thing)).collect();
        for thing in things {
            self.makers_of(thing);
        }
        for id in self.spans.keys() {
            if self.draft.nodes.contains_key(&id.to_string()) {
                self.reach(*id);
            }
        }
    }

    /// The traces that ended within the window.
    fn outcomes(&mut self, window: Window) {
        let spans = self.spans;
        for (trace, roots) in std::mem::take(&mut self.roots) {
            let roots =
                || roots.iter().filter_map(|id| spans.get(id).map(|(place, span)| (*id, *place, span)));
            let Some(end) = roots().map(|(.., span)| seconds(span.end)).max() else { continue };
            if !(window.start..window.end).contains(&end) {
                continue;
            }
            if roots().all(|(.., span)| span.has_failed) {
                let place = roots().map(|(_, place, _)| place).min().unwrap_or_default();
                self.draft.leave_out(FAILED_TRACE, place);
                continue;
            }
            self.draft.at = roots().map(|(_, place, _)| place).min().unwrap_or_default();
            let outcome = format!("trace:{trace:032x}");
            let node = self.draft.describe(&outcome, "trace");
            node.set_time(end);
            let mut earned: Vec<&Value> = Vec::new();
            for (_, _, span) in roots().filter(|(.., span)| !span.has_failed) {
                if !span.name.is_empty() {
                    node.set_name(&span.name);
                }
                earned.extend(&span.earned);
            }
            let sum = sum(&earned);
            if let Some((earned, _)) = &sum {
                node.set("earned", earned.clone());
            }
            if let Some((_, false)) = sum {
                self.draft.leave_out(ROUNDED_SUM, self.draft.at);
            }
            for (id, place, span) in roots() {
                self.rely(&outcome, "wasGeneratedBy", id, (place, span));
            }
        }
    }

    /// `source` relied on a span, unless that failed.
    fn rely(&mut self, source: &str, kind: &'static str, id: SpanId, (place, span): (Place, &Span)) {
        if span.has_failed {
            return self.draft.leave_out(FAILED_SPAN, place);
        }
        let mut relation = Relation::new(source, kind, id.to_string());
        relation.time = time(span).filter(|_| kind == "wasGeneratedBy");
        self.draft.relate(relation);
        self.reach(id);
    }

    fn reach(&mut self, id: SpanId) {
        if self.reached.insert(id) {
            self.next.push(id);
        }
    }

    fn span(&mut self, id: SpanId) {
        let spans = self.spans;
        let Some((place, span)) = spans.get(&id) else { return };
        self.draft.at = *place;
        let source = id.to_string();
        let node = self.draft.describe(&source, span.kind);
        if let Some(time) = time(span) {
            node.set_time(time);
        }
        if !span.name.is_empty() {
            node.set_name(&span.name);
        }
        for (column, value) in &span.columns {
            node.set(column, value.clone());
        }
        for child in self.children.remove(&id).unwrap_or_default() {
            if let Some((place, span)) = spans.get(&child) {
                self.rely(&source, "wasInformedBy", child, (*place, span));
            }
        }
        for link in &span.links {
            match spans.get(link) {
                _ if *link == id => self.draft.leave_out("a link of a span to itself", *place),
                Some((place, span)) => self.rely(&source, "wasInformedBy", *link, (*place, span)),
                None => {
                    self.draft.mention(&link.to_string(), "missing-step");
                    self.draft.relate(Relation::new(&source, "wasInformedBy", link.to_string()));
                }
            }
        }
        for (thing, score) in &span.used {
            self.thing(thing);
            let mut relation = Relation::new(&source, "used", &thing.id);
            relation.time = time(span);
            relation.columns.extend(score.clone().map(|score| ("score".to_owned(), score)));
            self.draft.relate(relation);
        }
        if !span.has_failed {
            span.generated.iter().for_each(|thing| self.thing(thing));
        }
        if let Some(agent) = self.agents.get(&id) {
            let node = self.draft.describe(&agent.id, "agent");
            node.is_agent = true;
            if let Some(name) = &agent.name {
                node.set_name(name);
            }
            self.draft.relate(Relation::new(&source, "wasAssociatedWith", &agent.id));
        }
    }

    fn thing(&mut self, thing: &'a Thing) {
        // A trace says all of a model or tool that there is to know to it. A document is described elsewhere.
        match thing.kind.as_str() {
            "model" | "tool" => {
                self.draft.describe(&thing.id, &thing.kind);
            }
            kind => self.draft.mention(&thing.id, kind),
        }
        self.makers_of(&thing.id);
    }

    /// Relates a thing to the spans that made it.
    fn makers_of(&mut self, thing: &'a str) {
        if !self.things.insert(thing) {
            return;
        }
        let spans = self.spans;
        for maker in self.makers.get(thing).cloned().unwrap_or_default() {
            if let Some((place, span)) = spans.get(&maker) {
                self.rely(thing, "wasGeneratedBy", maker, (*place, span));
            }
        }
    }
}

/// What the roots of one trace earned together, and whether that is exact as far as what they say is. They are in the
/// order of their ids, so that rounding is the same whatever the files' order.
fn sum(earned: &[&Value]) -> Option<(Value, bool)> {
    match earned {
        [] => return None,
        [one] => return Some(((*one).clone(), true)),
        _ => {}
    }
    let texts = || earned.iter().map(|value| value.number_text());
    let integers: Option<Vec<i128>> = texts().map(|text| text.parse().ok()).collect();
    let exact = integers.and_then(|all| all.into_iter().try_fold(0_i128, i128::checked_add));
    if let Some(sum) = exact.and_then(|sum| Value::number(&sum.to_string())) {
        return Some((sum, true));
    }
    let is_held = !earned.iter().any(|value| matches!(value, Value::LongInteger(_)));
    Some((Value::Number(texts().filter_map(|text| text.parse::<f64>().ok()).sum()), is_held))
}

/// When a span ended, in seconds since 1970, if that is known.
fn time(span: &Span) -> Option<i64> {
    (span.end != 0).then(|| seconds(span.end))
}

fn seconds(nanoseconds: u64) -> i64 {
    i64::try_from(nanoseconds / 1_000_000_000).unwrap_or(i64::MAX)
}

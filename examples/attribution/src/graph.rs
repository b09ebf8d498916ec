//! A month as nodes and edges, each with where it is told: what is written in any form is written from here.

use crate::cast::{
    AGENTS, Agent, Batch, INDEX, LETTERS, MODELS, PAYEES, PLATFORM, Part, SCOUT, SETS, Set, WITHDRAWN,
    base_in_use,
};
use crate::steps::{Step, span, trace_id};
use crate::year::{Answer, Happened, Search, feedback, window};

/// Where a node or an edge is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// In the document of provenance.
    Provenance,
    /// In the traces.
    Traces,
    /// In the table of this name.
    Table(&'static str),
}

pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    /// Seconds; none of agents and the like, which have no age.
    pub(crate) time: Option<i64>,
    pub(crate) payee: Option<&'static str>,
    /// Since when it is withdrawn, in seconds.
    pub(crate) withdrawn: Option<i64>,
    /// Further columns.
    pub(crate) cells: Vec<(&'static str, String)>,
    pub(crate) told: Told,
}

pub(crate) struct Edge {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) kind: &'static str,
    pub(crate) weight: u32,
    /// Further columns.
    pub(crate) cells: Vec<(&'static str, String)>,
    pub(crate) told: Told,
}

/// Who owns what people gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// Who gave it.
    People,
    /// The keeper of the set: to see what a set earns as a whole.
    Keepers,
}

/// A month's nodes and edges.
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    owners: Owners,
}

impl Graph {
    pub(crate) fn of(happened: &Happened, owners: Owners) -> Graph {
        let mut graph = Graph { nodes: Vec::new(), edges: Vec::new(), owners };
        graph.agents();
        for set in SETS.into_iter().chain(feedback(happened.month)) {
            graph.set(set, window(happened.month).1);
        }
        graph.models(happened.month);
        graph.evaluations(happened);
        for answer in &happened.answers {
            graph.steps(answer);
            graph.outcome(answer);
        }
        for answer in &happened.earlier {
            graph.search(answer);
        }
        graph
    }

    /// People, organisations and the programs that act for them.
    fn agents(&mut self) {
        for (payee, _, part) in PAYEES {
            let kind = match part {
                Part::People => "Person",
                _ => "Organization",
            };
            self.node(&agent_id(payee), kind, None, Some(payee), Told::Provenance);
        }
        for agent in AGENTS {
            self.node(&format!("agent:{}", agent.name), "agent", None, Some(agent.owner), Told::Traces);
        }
        let index = format!("data-source:{INDEX}");
        self.node(&index, "data-source", None, Some(INDEX), Told::Provenance);
        self.edge(&index, &agent_id(INDEX), "wasAttributedTo", 1, Told::Provenance);
    }

    /// A data set or a round of feedback, and what was given to it, as it is known at the `end` of the month.
    fn set(&mut self, set: &Set, end: i64) {
        let keeper = Some(set.keeper).filter(|keeper| !keeper.is_empty());
        let [kind, of_batch] = if keeper.is_some() { ["data-set", "batch"] } else { ["feedback", "ratings"] };
        self.node(set.id, kind, Some(set.made), keeper, Told::Table("data.csv")).withdrawn =
            Some(WITHDRAWN).filter(|time| set.id == LETTERS.id && *time < end);
        if let Some(keeper) = keeper {
            self.edge(set.id, &agent_id(keeper), "wasAttributedTo", 1, Told::Provenance);
        }
        for batch in set.batches {
            let id = set.batch_id(batch);
            let owner = self.owner(set, batch);
            let cells = [("points", batch.points().to_string()), ("same", batch.same.to_owned())];
            self.node(&id, of_batch, Some(set.made), Some(owner), Told::Table("data.csv")).cells =
                cells.into();
            self.edge(&id, &agent_id(owner), "wasAttributedTo", 1, Told::Provenance);
            self.edge(set.id, &id, "hadMember", batch.points(), Told::Table("members.csv"));
            self.edge(&id, set.id, "part-of", 1, Told::Table("members.csv"));
        }
    }

    fn owner(&self, set: &Set, batch: &Batch) -> &'static str {
        if self.owners == Owners::Keepers && !set.keeper.is_empty() { set.keeper } else { batch.by }
    }

    /// All models that are known in a month, also those no longer in use: a record is added to and not cut.
    fn models(&mut self, month: u32) {
        for (model, _) in MODELS.iter().filter(|(_, from)| *from <= month) {
            let (id, training) = (model.id(), model.training());
            self.node(&id, "model", Some(model.made), Some(model.builder), Told::Provenance);
            self.node(&training, "training", Some(model.made), None, Told::Provenance);
            self.edge(&id, &agent_id(model.builder), "wasAttributedTo", 1, Told::Provenance);
            self.edge(&id, &training, "wasGeneratedBy", 1, Told::Provenance);
            if let Some(base) = model.base {
                self.edge(&id, &base.id(), "wasDerivedFrom", 1, Told::Provenance);
            }
            for (set, part) in model.used {
                self.edge(&training, set.id, "used", *part, Told::Provenance);
            }
        }
    }

    fn evaluations(&mut self, happened: &Happened) {
        let table = Told::Table("evaluations.csv");
        for evaluation in &happened.evaluations {
            let sets: Vec<&str> = evaluation.sets.iter().map(|set| set.name()).collect();
            let name = if sets.is_empty() { "nothing".to_owned() } else { sets.join("+") };
            let id = format!("evaluation:{}/{name}", evaluation.round);
            let cells = [
                ("accuracy", thousandths(evaluation.accuracy)),
                ("deviation", thousandths(evaluation.error)),
            ];
            self.node(&id, "evaluation", Some(evaluation.time), None, table).cells = cells.into();
            for set in &evaluation.sets {
                self.edge(&id, set.id, "evaluated-with", 1, Told::Table("evaluated.csv"));
            }
        }
    }

    /// What the agents did for an answer.
    fn steps(&mut self, answer: &Answer) {
        let (run, asked) = (answer.span(Step::Run), answer.span(Step::Ask));
        self.step(answer, Step::Run, answer.agent);
        self.step(answer, Step::Ask, answer.agent);
        self.edge(&run, &asked, "wasInformedBy", 1, Told::Traces);
        self.edge(&asked, &answer.model.id(), "used", 1, Told::Traces);
        match answer.search {
            Search::None => {}
            Search::New => {
                self.search(answer);
                self.edge(&run, &answer.span(Step::Scout), "wasInformedBy", 1, Told::Traces);
            }
            Search::Of { month, number } => {
                self.edge(&run, &span(month, number, Step::Scout), "wasInformedBy", 1, Told::Traces);
            }
        }
    }

    /// What the scout did for an answer.
    fn search(&mut self, answer: &Answer) {
        let scout = answer.span(Step::Scout);
        let (phrased, looked) = (answer.span(Step::Phrase), answer.span(Step::Look));
        for step in [Step::Scout, Step::Phrase, Step::Look] {
            self.step(answer, step, &SCOUT);
        }
        self.edge(&scout, &phrased, "wasInformedBy", 1, Told::Traces);
        self.edge(&scout, &looked, "wasInformedBy", 1, Told::Traces);
        self.edge(&phrased, &base_in_use(answer.month).id(), "used", 1, Told::Traces);
        self.edge(&looked, &format!("data-source:{INDEX}"), "used", 1, Told::Traces);
    }

    fn step(&mut self, answer: &Answer, step: Step, agent: &Agent) {
        let id = answer.span(step);
        self.node(&id, step.kind(), Some(answer.ended(step)), Some(agent.owner), Told::Traces);
        self.edge(&id, &format!("agent:{}", agent.name), "wasAssociatedWith", 1, Told::Traces);
    }

    /// The answer itself: what it earned, who served it, and what moved it.
    fn outcome(&mut self, answer: &Answer) {
        let id = format!("trace:{}", trace_id(answer.month, answer.number));
        let fee = vec![("fee", format!("{}.{:02}", answer.fee / 100, answer.fee % 100))];
        self.node(&id, "trace", Some(answer.time), None, Told::Table("fees.csv")).cells = fee;
        self.edge(&id, &answer.span(Step::Run), "wasGeneratedBy", 1, Told::Traces);
        let table = Told::Table("answers.csv");
        self.edge(&id, &agent_id(PLATFORM), "served-by", 1, table);
        let base = answer.model.base.unwrap_or(answer.model);
        self.edge(&id, &base.id(), "generated-by", 1, table);
        self.edge(&id, &answer.model.id(), "adapted-by", 1, table);
        for score in &answer.scores {
            let sign = if score.influence < 0 { "-" } else { "" };
            let influence = format!("{sign}{}", thousandths(score.influence.unsigned_abs()));
            let edge = self.edge(&id, &score.batch, "influenced-by", 1, Told::Table("influence.csv"));
            edge.cells = vec![("influence", influence), ("error", thousandths(score.error))];
        }
    }

    fn node(
        &mut self,
        id: &str,
        kind: &'static str,
        time: Option<i64>,
        payee: Option<&'static str>,
        told: Told,
    ) -> &mut Node {
        let (id, withdrawn, cells) = (id.to_owned(), None, Vec::new());
        self.nodes.push(Node { id, kind, time, payee, withdrawn, cells, told });
        let last = self.nodes.len() - 1;
        &mut self.nodes[last]
    }

    fn edge(&mut self, source: &str, target: &str, kind: &'static str, weight: u32, told: Told) -> &mut Edge {
        let (source, target) = (source.to_owned(), target.to_owned());
        self.edges.push(Edge { source, target, kind, weight, cells: Vec::new(), told });
        let last = self.edges.len() - 1;
        &mut self.edges[last]
    }
}

/// The node of a payee.
pub(crate) fn agent_id(payee: &str) -> String {
    let is_person = PAYEES.iter().any(|(id, _, part)| *id == payee && *part == Part::People);
    format!("{}:{payee}", if is_person { "person" } else { "organisation" })
}

pub(crate) fn thousandths(number: u64) -> String {
    format!("{}.{:03}", number / 1_000, number % 1_000)
}

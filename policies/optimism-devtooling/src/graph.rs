//! The published rule's three tables of edges, restored from the epoch in their own order.

use std::collections::BTreeMap;

use apportion_guest::propagate::Link;
use apportion_guest::{Epoch, Factor, Label, Refusal, math};

use crate::parameters::Simulation;

/// A link of one of the tables, in the order of its input file.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    pub source: u32,
    pub target: u32,
    /// Start of its month, seconds since 1970-01-01 UTC.
    pub month: i64,
    /// Its event type, as a word of the edge label `event`.
    event: u32,
}

/// The three tables (NOTES step 1).
#[derive(Debug)]
pub struct Tables {
    /// On-chain project to tool.
    pub packages: Vec<Connection>,
    /// On-chain project to developer, commits only.
    pub commits: Vec<Connection>,
    /// Developer to tool.
    pub contributions: Vec<Connection>,
}

impl Tables {
    pub fn of(epoch: &Epoch) -> Self {
        let events = epoch.edge_label("event");
        let packages = table(epoch, events, "package-dependency");
        let mut commits = table(epoch, events, "onchain-project-to-developer");
        let commit = words_in_upper_case(events).iter().position(|word| word == "COMMIT_CODE");
        commits.retain(|link| Some(link.event as usize) == commit);
        let mut contributions = table(epoch, events, "developer-to-devtooling-project");
        // Work on a tool that is the developer's own on-chain project is not a tool's use by others. The published
        // rule looks at the last on-chain project of the developer only.
        let mut last_project = vec![u32::MAX; epoch.node_ids().len()];
        for link in &commits {
            last_project[link.target as usize] = link.source;
        }
        contributions.retain(|link| last_project[link.source as usize] != link.target);
        Self { packages, commits, contributions }
    }
}

/// The edges of a kind in the order of their input file. An epoch that does not tell the rows of its input has them
/// in its own order.
fn table(epoch: &Epoch, events: Option<Label<'_>>, kind: &str) -> Vec<Connection> {
    let Some(kind) = epoch.edge_kind_named(kind) else { return Vec::new() };
    let edges = epoch.edge_kind().iter().enumerate().filter(|(_, of_edge)| **of_edge == kind);
    let mut edges: Vec<usize> = edges.map(|(edge, _)| edge).collect();
    if let Some(rows) = epoch.edge_metric("row") {
        edges.sort_by(|a, b| rows[*a].total_cmp(&rows[*b]));
    }
    let (sources, targets, times) = (epoch.edge_source(), epoch.edge_target(), epoch.edge_time());
    let connection = |edge: usize| Connection {
        source: sources[edge],
        target: targets[edge],
        month: times[edge],
        event: events.map_or(0, |label| label.rows()[edge]),
    };
    edges.into_iter().map(connection).collect()
}

fn words_in_upper_case(label: Option<Label<'_>>) -> Vec<String> {
    label.map_or_else(Vec::new, |label| label.words().iter().map(|word| word.to_ascii_uppercase()).collect())
}

/// Turns connections into weighted links (NOTES step 5).
#[derive(Debug)]
pub struct Weighing {
    newest: i64,
    /// By the word of the edge label `event`.
    event_weights: Vec<f64>,
    /// By node.
    utilities: Vec<f64>,
}

impl Weighing {
    pub fn of(epoch: &Epoch, tables: &Tables, simulation: &Simulation) -> Result<Self, Refusal> {
        let all = tables.packages.iter().chain(&tables.commits).chain(&tables.contributions);
        let newest = all.map(|link| link.month).max().unwrap_or(0);

        let listed = by_upper_case(&simulation.event_type_weights)?;
        let weight = |event: &String| match listed.get(event) {
            Some(weight) => *weight,
            None => {
                if !event.is_empty() {
                    epoch.log(format!("event type {event} is not in the parameters: weight 0"));
                }
                0.0
            }
        };
        let mut event_weights: Vec<f64> =
            words_in_upper_case(epoch.edge_label("event")).iter().map(weight).collect();
        if event_weights.is_empty() {
            // An epoch without the label: every link has the empty event type, which no parameter lists.
            event_weights.push(0.0);
        }
        let utilities = match epoch.node_label("utility") {
            None => vec![1.0; epoch.node_ids().len()],
            Some(label) => {
                let factor = |word: &String| simulation.utility_weights.get(word).map_or(1.0, |of| of.get());
                let of_word: Vec<f64> = label.words().iter().map(factor).collect();
                label.rows().iter().map(|word| of_word[*word as usize]).collect()
            }
        };
        Ok(Self { newest, event_weights, utilities })
    }

    /// Links whose weight does not depend on the tool: commits.
    pub fn links(&self, table: &[Connection], half_life_years: f64) -> Vec<Link> {
        let mut age = Age { newest: self.newest, half_life_years, last: (self.newest, 1.0) };
        let link = |of: &Connection| Link {
            source: of.source,
            target: of.target,
            weight: age.factor(of.month) * self.event_weights[of.event as usize],
        };
        table.iter().map(link).collect()
    }

    /// Links whose weight is multiplied by the utility of the tool they lead to.
    pub fn links_to_tools(&self, table: &[Connection], half_life_years: f64) -> Vec<Link> {
        let mut links = self.links(table, half_life_years);
        for link in &mut links {
            link.weight *= self.utilities[link.target as usize];
        }
        links
    }
}

/// 2^(-age / half-life).
struct Age {
    newest: i64,
    half_life_years: f64,
    /// Month and factor of the last link: many in a row are of one month, and a power is dear.
    last: (i64, f64),
}

impl Age {
    fn factor(&mut self, month: i64) -> f64 {
        if self.last.0 != month {
            let days = self.newest.saturating_sub(month) as f64 / 86_400.0;
            self.last = (month, math::pow(2.0, -(days / 365.0) / self.half_life_years));
        }
        self.last.1
    }
}

/// Drops links of weight 0; of parallel links the last in order replaces the earlier ones, as in NetworkX.
pub fn last_of_parallel(mut links: Vec<Link>) -> Vec<Link> {
    links.retain(|link| link.weight > 0.0);
    // Reversed and stable, so that the last of each run of equals is its first.
    links.reverse();
    links.sort_by_key(|link| (link.source, link.target));
    links.dedup_by_key(|link| (link.source, link.target));
    links
}

fn by_upper_case(weights: &BTreeMap<String, Factor>) -> Result<BTreeMap<String, f64>, Refusal> {
    let mut upper = BTreeMap::new();
    for (name, weight) in weights {
        if upper.insert(name.to_ascii_uppercase(), weight.get()).is_some() {
            let sentence = format!("`event_type_weights` lists `{name}` twice, in upper and lower case");
            return Err(Refusal::BadParameters(sentence));
        }
    }
    Ok(upper)
}

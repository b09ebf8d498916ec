//! Every output's fee, divided in its parts and brought to the nodes that they lead to.

use std::borrow::Cow;
use std::ops::Range;

use apportion_guest::{Epoch, Refusal, exact, weights_from_scores};

use crate::claims::Claims;
use crate::ends::Ends;
use crate::parameters::{Missing, Negative, Parameters};
use crate::spread::Spread;
use crate::{RUN, is_output};

/// The parts of a fee, in the order of their portions.
pub(crate) const PARTS: [&str; 4] = ["platform", "model", "adapters", "data"];
const PLATFORM: usize = 0;
const DATA: usize = 3;

/// What the fees of all outputs came to, in one unit, which is none of money.
pub(crate) struct Fees {
    /// How many outputs have a fee.
    pub(crate) outputs: usize,
    /// How many of them lack a part that has a portion.
    pub(crate) lacking: [usize; 4],
    /// What went to each part.
    pub(crate) reached: [u128; 4],
    /// What stays because a part was missing. With `reached` it is all fees.
    pub(crate) missing: u128,
    /// What nodes got of the platform's, the model's and the adapters' parts, by node.
    pub(crate) direct: [Vec<f64>; 3],
    /// What nodes got of the data's part.
    pub(crate) data: Earned,
}

/// By node, what data points and data sets got.
pub(crate) struct Earned {
    /// With the sign of the scores.
    pub(crate) signed: Vec<f64>,
    /// Without it; empty if no score counts as negative.
    pub(crate) size: Vec<f64>,
    pub(crate) spread: Option<Spread>,
}

/// An output and its fee, as a weight.
struct Output {
    node: usize,
    fee: u64,
}

/// What an edge of an output is there for.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// It leads to who gets the part of this row.
    Direct(usize),
    /// It has a score.
    Data,
    Other,
}

/// Columns of some edges.
struct Run<'a> {
    kinds: Cow<'a, [u32]>,
    targets: Cow<'a, [u32]>,
    weights: Cow<'a, [f64]>,
    /// None where the weights are the scores.
    scores: Option<Cow<'a, [f64]>>,
    errors: Option<Cow<'a, [f64]>>,
}

struct Division<'a> {
    epoch: &'a Epoch,
    parameters: &'a Parameters,
    ends: &'a Ends<'a>,
    portions: [u32; 4],
    roles: Vec<Role>,
    claims: Claims<'a>,
    /// Of the output at hand: part, target, weight.
    direct: Vec<(usize, u32, f64)>,
    fees: Fees,
}

impl Fees {
    /// Divides the fee of every output.
    pub(crate) fn divide(epoch: &Epoch, parameters: &Parameters, ends: &Ends<'_>) -> Result<Self, Refusal> {
        let outputs = outputs(epoch, parameters)?;
        let mut division = Division::new(epoch, parameters, ends)?;
        division.fees.outputs = outputs.len();
        let mut rest = outputs.as_slice();
        for (nodes, rows) in epoch.runs(RUN) {
            let (here, later) = rest.split_at(rest.partition_point(|output| output.node < nodes.end));
            rest = later;
            if !here.is_empty() {
                let run = division.read(rows.clone());
                for output in here {
                    let edges = epoch.out_edges(output.node);
                    division.output(output, &run, edges.start - rows.start..edges.end - rows.start)?;
                }
            }
        }
        Ok(division.fees)
    }

    /// What the pool is divided by.
    pub(crate) fn reached_and_missing(&self) -> [u128; 5] {
        let [platform, model, adapters, data] = self.reached;
        [platform, model, adapters, data, self.missing]
    }
}

/// The outputs whose fee is above 0, by node. One that is below 2^-63 of the largest counts as 0.
fn outputs(epoch: &Epoch, parameters: &Parameters) -> Result<Vec<Output>, Refusal> {
    let column = match &parameters.fee {
        None => epoch.node_weight(),
        Some(name) => epoch
            .node_metric(name)
            .ok_or_else(|| Refusal::NoAnswer(format!("the epoch has no node metric `{name}`")))?,
    };
    let is_output = is_output(epoch, parameters);
    let nodes: Vec<usize> = (0..column.len()).filter(|node| is_output(*node)).collect();
    let fees: Vec<f64> = nodes.iter().map(|node| column[*node]).collect();
    if let Some((node, fee)) = nodes.iter().zip(&fees).find(|(_, fee)| **fee < 0.0) {
        let output = &epoch.node_ids()[*node];
        return Err(Refusal::NoAnswer(format!("the fee of `{output}` is {fee}, which is below 0")));
    }
    let fees = weights_from_scores(&fees)?;
    let outputs = nodes.into_iter().zip(fees).map(|(node, fee)| Output { node, fee });
    let outputs: Vec<Output> = outputs.filter(|output| output.fee > 0).collect();
    if outputs.is_empty() {
        let kind = &parameters.kinds.output;
        return Err(Refusal::NoAnswer(format!("no node of the kind `{kind}` has a fee")));
    }
    Ok(outputs)
}

impl<'a> Division<'a> {
    fn new(epoch: &'a Epoch, parameters: &'a Parameters, ends: &'a Ends<'a>) -> Result<Self, Refusal> {
        let portions = parameters.portions.each();
        if portions[DATA] > 0 {
            let named = [&parameters.score, &parameters.error].into_iter().flatten();
            if let Some(name) = named.into_iter().find(|name| !epoch.has_edge_metric(name)) {
                return Err(Refusal::NoAnswer(format!("the epoch has no edge metric `{name}`")));
            }
        }
        let kinds = &parameters.kinds;
        let roles = epoch.edge_kinds().iter().map(|kind| {
            let direct = [&kinds.platform, &kinds.model, &kinds.adapters];
            match direct.into_iter().position(|of_part| of_part == kind) {
                Some(part) if portions[part] > 0 => Role::Direct(part),
                None if kind == &kinds.data && portions[DATA] > 0 => Role::Data,
                _ => Role::Other,
            }
        });
        let nodes = epoch.node_kind().len();
        let column = |there: bool| if there { vec![0.0; nodes] } else { Vec::new() };
        let told = portions[DATA] > 0 && parameters.error.is_some();
        let data = Earned {
            signed: column(portions[DATA] > 0),
            size: column(portions[DATA] > 0 && parameters.negative == Negative::Offset),
            spread: told.then(|| Spread::new(ends.accounts())),
        };
        let [platform, model, adapters, _] = portions.map(|portion| column(portion > 0));
        let fees = Fees {
            outputs: 0,
            lacking: [0; 4],
            reached: [0; 4],
            missing: 0,
            direct: [platform, model, adapters],
            data,
        };
        let claims = Claims::new(epoch, parameters)?;
        let (roles, direct) = (roles.collect(), Vec::new());
        Ok(Self { epoch, parameters, ends, portions, roles, claims, direct, fees })
    }

    fn read(&self, rows: Range<usize>) -> Run<'a> {
        let data = self.portions[DATA] > 0;
        let metric = |name: &'a Option<String>| {
            let name = name.as_ref().filter(|_| data)?;
            Some(self.epoch.edge_metric_in(name, rows.clone()))
        };
        Run {
            kinds: self.epoch.edge_kind_in(rows.clone()),
            targets: self.epoch.edge_target_in(rows.clone()),
            weights: self.epoch.edge_weight_in(rows.clone()),
            scores: metric(&self.parameters.score),
            errors: metric(&self.parameters.error),
        }
    }

    fn output(&mut self, output: &Output, run: &Run<'_>, edges: Range<usize>) -> Result<(), Refusal> {
        let mut sums = self.gather(output, run, edges)?;
        if self.portions[PLATFORM] > 0 && sums[PLATFORM] == 0.0 && self.ends.is_owned(output.node) {
            // Nobody is said to have served it, so its owner has.
            let node = u32::try_from(output.node).unwrap_or(u32::MAX);
            self.direct.push((PLATFORM, node, 1.0));
            sums[PLATFORM] = 1.0;
        }
        let parts = self.parts(output.fee, sums.map(|sum| sum > 0.0));
        for (reached, part) in self.fees.reached.iter_mut().zip(parts) {
            *reached += part;
        }
        let mut rates = [0.0; 4];
        for ((rate, sum), part) in rates.iter_mut().zip(sums).zip(parts) {
            if part > 0 {
                *rate = part as f64 / sum;
                if !sum.is_finite() || !rate.is_finite() {
                    return Err(
                        self.refuse(output, &format!("sum to {sum}, by which nothing can be divided"))
                    );
                }
            }
        }
        for (part, target, weight) in self.direct.drain(..) {
            self.fees.direct[part][target as usize] += rates[part] * weight;
        }
        self.earn(sums[DATA], rates[DATA]);
        Ok(())
    }

    /// Sorts the edges of an output by what they are there for; the sum of the weights or scores of each part.
    fn gather(&mut self, output: &Output, run: &Run<'_>, edges: Range<usize>) -> Result<[f64; 4], Refusal> {
        self.claims.clear();
        self.direct.clear();
        let mut sums = [0.0; 4];
        let scores = run.scores.as_deref().unwrap_or(&run.weights);
        for edge in edges {
            match self.roles[run.kinds[edge] as usize] {
                Role::Direct(part) => {
                    sums[part] += run.weights[edge];
                    self.direct.push((part, run.targets[edge], run.weights[edge]));
                }
                Role::Data => {
                    let error = run.errors.as_ref().map_or(0.0, |errors| errors[edge]);
                    if error < 0.0 {
                        return Err(self.refuse(output, &format!("have a standard error of {error}")));
                    }
                    self.claims.add(run.targets[edge], scores[edge], error);
                }
                Role::Other => {}
            }
        }
        self.claims.close();
        sums[DATA] = self.claims.sum();
        Ok(sums)
    }

    /// The parts of a fee, of which those that are not there are 0; what they leave is noted.
    fn parts(&mut self, fee: u64, there: [bool; 4]) -> [u128; 4] {
        let mut portions = self.portions.map(u128::from);
        let whole = u128::from(fee) * portions.iter().sum::<u128>();
        for ((portion, there), lacking) in portions.iter_mut().zip(there).zip(&mut self.fees.lacking) {
            if !there {
                *lacking += usize::from(*portion > 0);
                *portion = 0;
            }
        }
        // At most 2^62 * 2^22 by 2^22: exact.
        let own = portions.map(|portion| u128::from(fee) * portion);
        let left = whole - own.iter().sum::<u128>();
        let others = (left > 0 && self.parameters.missing == Missing::Others)
            .then(|| exact::in_proportion(whole, &portions))
            .flatten();
        match others.as_deref() {
            Some([platform, model, adapters, data]) => [*platform, *model, *adapters, *data],
            _ => {
                self.fees.missing += left;
                own
            }
        }
    }

    /// Brings what goes to an output's data to the points.
    fn earn(&mut self, total: f64, rate: f64) {
        if rate == 0.0 {
            return;
        }
        let Earned { signed, size, spread } = &mut self.fees.data;
        self.claims.each(|claim| {
            let amount = rate * claim.value;
            for (point, share) in claim.points {
                let point = *point as usize;
                signed[point] += amount * share;
                if let Some(size) = size.get_mut(point) {
                    *size += amount.abs() * share;
                }
            }
            if let Some(spread) = spread {
                spread.add(self.ends, claim, total, rate);
            }
        });
        if let Some(spread) = spread {
            spread.close();
        }
    }

    fn refuse(&self, output: &Output, sentence: &str) -> Refusal {
        let id = &self.epoch.node_ids()[output.node];
        Refusal::NoAnswer(format!("edges that leave the output `{id}` {sentence}"))
    }
}

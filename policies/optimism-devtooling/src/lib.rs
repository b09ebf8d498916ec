#![doc = include_str!("../README.md")]
// What is indexed here are columns by rows of their own epoch: the contract and `Epoch` guarantee their lengths.

mod graph;
mod parameters;
mod pretrust;

use apportion_guest::propagate::{Link, Network, PageRank};
use apportion_guest::{Allocation, Epoch, Policy, Refusal, limits, scale};

use graph::{Connection, Tables, Weighing};
pub use parameters::{Limits, LinkTypes, Parameters, Simulation, Thresholds};

/// The policy `optimism-devtooling`.
#[derive(Clone, Copy, Debug)]
pub struct OptimismDevtooling;

apportion_guest::export!(OptimismDevtooling);

impl Policy for OptimismDevtooling {
    type Parameters = Parameters;
    const NAME: &'static str = "optimism-devtooling";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Developer tools in proportion to the credit that on-chain projects pass on to \
        them, through packages they depend on and through developers they share, as in Optimism's Retro Funding \
        of season 7.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let simulation = &parameters.simulation;
        let listed = Listed::of(epoch)?;
        let tables = Tables::of(epoch);
        if tables.packages.is_empty() && tables.contributions.is_empty() {
            return Err(Refusal::no_answer(
                "no edge leads to a developer tool, by a package or by a developer",
            ));
        }
        let pretrust = pretrust::of(epoch, &listed, &tables, simulation);
        let scores = Scores::of(epoch, &listed, &tables, &pretrust, simulation)?;
        let connections = Connections::of(epoch, &tables);
        let eligible = connections.eligible(&simulation.eligibility_thresholds);

        let score_if = |tool: &u32| if eligible[*tool as usize] { scores.total[*tool as usize] } else { 0.0 };
        let eligible_scores: Vec<f64> = listed.tools.iter().map(score_if).collect();
        let mut final_scores = vec![0.0; epoch.node_ids().len()];
        for (tool, score) in listed.tools.iter().zip(eligible_scores) {
            final_scores[*tool as usize] = score;
        }
        let payees = Payees { epoch, tools: &listed.tools };
        let Some(shares) = scale::normalise(&payees.sum(&final_scores)) else {
            return Err(Refusal::no_answer("no eligible developer tool has any credit"));
        };
        let pool = epoch.pool_in_units();
        let (least, most) =
            (parameters.allocation.min_amount_per_project, parameters.allocation.max_share_per_project);
        let amounts = limits::in_descending_passes(&shares, pool, most.get(), least.get());
        let eligible: Vec<f64> = eligible.iter().map(|eligible| f64::from(u8::from(*eligible))).collect();
        Ok(Allocation::from_amounts(&amounts, pool)?
            .measure("score", shares)
            .measure("package-score", payees.sum(&scores.packages))
            .measure("developer-score", payees.sum(&scores.developers))
            .measure("package-connections", payees.sum(&connections.packages))
            .measure("developer-connections", payees.sum(&connections.developers))
            .measure("eligible", payees.most(&eligible)))
    }
}

/// The projects of the two lists, by node.
struct Listed {
    onchain: Vec<u32>,
    tools: Vec<u32>,
}

impl Listed {
    fn of(epoch: &Epoch) -> Result<Self, Refusal> {
        let Some(label) = epoch.node_label("listed") else {
            return Err(Refusal::no_answer(
                "no node is labelled `listed`, so it is not known which are on-chain projects and which are tools",
            ));
        };
        let [onchain, tool, both] = ["onchain", "devtooling", "both"].map(|word| label.index_of(word));
        let nodes = |in_list: &dyn Fn(Option<u32>) -> bool| -> Vec<u32> {
            (0_u32..)
                .zip(label.rows())
                .filter(|(_, word)| in_list(Some(**word)))
                .map(|(node, _)| node)
                .collect()
        };
        let tools = nodes(&|word| word == tool || word == both);
        if tools.is_empty() {
            return Err(Refusal::no_answer("no node is labelled `listed` as `devtooling` or `both`"));
        }
        Ok(Self { onchain: nodes(&|word| word == onchain || word == both), tools })
    }
}

/// The two rankings and their weighted sum, by node; each sums to 1 over the tools, or is 0 everywhere.
struct Scores {
    packages: Vec<f64>,
    developers: Vec<f64>,
    total: Vec<f64>,
}

impl Scores {
    fn of(
        epoch: &Epoch,
        listed: &Listed,
        tables: &Tables,
        pretrust: &[f64],
        simulation: &Simulation,
    ) -> Result<Self, Refusal> {
        let weighing = Weighing::of(epoch, tables, simulation)?;
        let half_lives = &simulation.link_type_time_decays;
        let packages = weighing.links_to_tools(&tables.packages, half_lives.package_dependency.get());
        let packages = tool_scores(packages, simulation.alpha_onchain.get(), pretrust, &listed.tools)?;

        let mut developers = weighing.links(&tables.commits, half_lives.onchain_project_to_developer.get());
        let half_life = half_lives.developer_to_devtooling_project.get();
        developers.extend(weighing.links_to_tools(&tables.contributions, half_life));
        let developers = tool_scores(developers, simulation.alpha_devtooling.get(), pretrust, &listed.tools)?;

        let weights = &simulation.link_type_weights;
        let (of_packages, of_developers) =
            (weights.package_dependency, weights.developer_to_devtooling_project);
        let both = packages.iter().zip(&developers);
        let total =
            both.map(|(package, developer)| package * of_packages.get() + developer * of_developers.get());
        let total = total.collect();
        Ok(Self { packages, developers, total })
    }
}

/// A ranking of the tools by links, by node, summing to 1 over the tools, or 0 everywhere if no tool is ranked.
fn tool_scores(links: Vec<Link>, damping: f64, pretrust: &[f64], tools: &[u32]) -> Result<Vec<f64>, Refusal> {
    let network = Network::new(pretrust.len(), &graph::last_of_parallel(links));
    // The tolerance and the bound are the published rule's.
    let ranking = PageRank { damping, tolerance: 1e-8, max_iterations: 100 }.rank(&network, pretrust);
    if !ranking.settled {
        let sentence =
            format!("a ranking of damping {damping} did not settle in {} iterations", ranking.iterations);
        return Err(Refusal::NoAnswer(sentence));
    }
    let of_tools: Vec<f64> = tools.iter().map(|tool| ranking.scores[*tool as usize]).collect();
    let mut scores = vec![0.0; pretrust.len()];
    for (tool, score) in tools.iter().zip(scale::normalise(&of_tools).unwrap_or_default()) {
        scores[*tool as usize] = score;
    }
    Ok(scores)
}

/// How many distinct on-chain projects and developers are linked to each node, whatever the weight of the links.
struct Connections {
    packages: Vec<f64>,
    developers: Vec<f64>,
}

impl Connections {
    fn of(epoch: &Epoch, tables: &Tables) -> Self {
        let count = |table: &[Connection]| {
            let mut pairs: Vec<_> = table.iter().map(|link| (link.target, link.source)).collect();
            pairs.sort_unstable();
            pairs.dedup();
            let mut counts = vec![0.0; epoch.node_ids().len()];
            for (target, _) in pairs {
                counts[target as usize] += 1.0;
            }
            counts
        };
        Self { packages: count(&tables.packages), developers: count(&tables.contributions) }
    }

    fn eligible(&self, thresholds: &Thresholds) -> Vec<bool> {
        let projects = f64::from(thresholds.num_projects_with_package_links);
        let developers = f64::from(thresholds.num_onchain_developers_with_links);
        let both = self.packages.iter().zip(&self.developers);
        both.map(|(packages, shared)| *packages >= projects || *shared >= developers).collect()
    }
}

/// Values by node brought to the payees that own the tools. What nobody owns is left out, before the split.
struct Payees<'a> {
    epoch: &'a Epoch,
    tools: &'a [u32],
}

impl Payees<'_> {
    fn sum(&self, by_node: &[f64]) -> Vec<f64> {
        self.fold(by_node, |sum, value| sum + value)
    }

    fn most(&self, by_node: &[f64]) -> Vec<f64> {
        self.fold(by_node, f64::max)
    }

    fn fold(&self, by_node: &[f64], combine: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let mut by_payee = vec![0.0; self.epoch.payees().len()];
        for tool in self.tools {
            let payee = self.epoch.node_payee()[*tool as usize];
            if let Some(of_payee) = by_payee.get_mut(payee as usize) {
                *of_payee = combine(*of_payee, by_node[*tool as usize]);
            }
        }
        by_payee
    }
}

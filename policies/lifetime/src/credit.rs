//! The credit that payees earn in an epoch: what `proportional` calls points.

use apportion_guest::{Epoch, Refusal, by_kind};

use crate::Parameters;

/// The credit earned by each payee of the epoch, in payee order: 0 or more.
pub(crate) fn earned(epoch: &Epoch, parameters: &Parameters) -> Result<Vec<f64>, Refusal> {
    let Parameters { node_kinds, node_metrics, edge_kinds, edge_metrics } = parameters;
    if [node_kinds, node_metrics, edge_kinds, edge_metrics].iter().all(|table| table.is_empty()) {
        return Err(Refusal::bad_parameters(
            "nothing earns credit: give `node_kinds`, `node_metrics`, `edge_kinds` or `edge_metrics` an entry",
        ));
    }
    let mut credit = Credit { epoch, by_payee: vec![0.0; epoch.payees().len()] };
    if !node_kinds.is_empty() {
        let factors = by_kind(epoch.node_kinds(), node_kinds, 0.0);
        credit.add_nodes(epoch.node_kind().iter().zip(epoch.node_weight()).map(weighed(&factors)));
    }
    for (name, factor) in node_metrics {
        let Some(values) = epoch.node_metric(name) else {
            return Err(Refusal::NoAnswer(format!("the epoch has no node metric `{name}`")));
        };
        credit.add_nodes(values.iter().map(|value| value.max(0.0) * factor.get()));
    }
    if !edge_kinds.is_empty() {
        let factors = by_kind(epoch.edge_kinds(), edge_kinds, 0.0);
        credit.add_edges(epoch.edge_kind().iter().zip(epoch.edge_weight()).map(weighed(&factors)));
    }
    for (name, factor) in edge_metrics {
        let Some(values) = epoch.edge_metric(name) else {
            return Err(Refusal::NoAnswer(format!("the epoch has no edge metric `{name}`")));
        };
        credit.add_edges(values.iter().map(|value| value.max(0.0) * factor.get()));
    }
    Ok(credit.by_payee)
}

struct Credit<'a> {
    epoch: &'a Epoch,
    by_payee: Vec<f64>,
}

impl Credit<'_> {
    fn add_nodes(&mut self, credit: impl Iterator<Item = f64>) {
        for (payee, credit) in self.epoch.node_payee().iter().zip(credit) {
            if let Some(sum) = self.by_payee.get_mut(*payee as usize) {
                *sum += credit;
            }
        }
    }

    fn add_edges(&mut self, credit: impl Iterator<Item = f64>) {
        let owners = self.epoch.node_payee();
        for (target, credit) in self.epoch.edge_target().iter().zip(credit) {
            let payee = owners.get(*target as usize);
            if let Some(sum) = payee.and_then(|payee| self.by_payee.get_mut(*payee as usize)) {
                *sum += credit;
            }
        }
    }
}

fn weighed(factors: &[f64]) -> impl Fn((&u32, &f64)) -> f64 {
    move |(kind, weight)| weight * factors.get(*kind as usize).copied().unwrap_or(0.0)
}

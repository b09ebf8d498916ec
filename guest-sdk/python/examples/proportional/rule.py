"""The standard policy `proportional` in Python: the same parameters, and the same shares to the unit.

../../../../policies/proportional/README.md says what it does.
"""

from math import isfinite

from kit import Allocation, BadParameters, Refusal, policy
from limits import capped, without_dust


def _factors(description):
    return {
        "description": description,
        "type": "object",
        "additionalProperties": {"type": "number", "minimum": 0},
        "default": {},
    }


PARAMETERS = {
    "title": "Parameters",
    "description": "What earns points, and the limits of what they are worth. At least one of the four tables has an entry.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "node_kinds": _factors("Points per unit of node weight, by kind of node: they go to the node's payee."),
        "node_metrics": _factors(
            "Points per unit of a node metric, by its name: they go to the node's payee. Negative values count as 0."
        ),
        "edge_kinds": _factors(
            "Points per unit of edge weight, by kind of edge: they go to the payee of the edge's target."
        ),
        "edge_metrics": _factors(
            "Points per unit of an edge metric, by its name: they go to the payee of the edge's target. Negative values"
            " count as 0."
        ),
        "max_share": {
            "description": "No payee gets more than this part of the pool; what is above goes to the others in proportion"
            " to their points.",
            "type": ["number", "null"],
            "minimum": 0,
            "maximum": 1,
            "default": None,
        },
        "min_amount": {
            "description": "Payees that would get less are not paid, in whole units of the asset; what they leave goes to"
            " the others.",
            "type": "number",
            "minimum": 0,
            "default": 0,
        },
    },
}


@policy(
    name="proportional",
    version="0.1.0",
    summary="Every payee in proportion to its points, which the parameters give for nodes, edges and their metrics; with"
    " an optional cap and minimum.",
    parameters=PARAMETERS,
)
def allocate(epoch, parameters):
    from_nodes, from_edges = _points(epoch, parameters)
    total = [nodes + edges for nodes, edges in zip(from_nodes, from_edges)]
    # Not by `sum`, which is cleverer than adding one after the other.
    all_points = 0.0
    for points in total:
        all_points += points
    if not (all_points > 0 and isfinite(all_points)):
        raise Refusal("no payee has a point")
    pool = epoch.pool_in_units
    kept = without_dust(total, pool, float(parameters.get("min_amount", 0)))
    most = parameters.get("max_share")
    measures = {"points": total, "points-from-nodes": from_nodes, "points-from-edges": from_edges}
    # Without a cap the points themselves are the shares, and the engine divides exactly.
    if most is None:
        return Allocation.from_scores(kept, measures=measures)
    return Allocation.from_amounts(capped(kept, pool, float(most)), pool, measures=measures)


def _points(epoch, parameters):
    """Points of each payee, from nodes and from edges."""
    names = ["node_kinds", "node_metrics", "edge_kinds", "edge_metrics"]
    node_kinds, node_metrics, edge_kinds, edge_metrics = (_table(parameters, name) for name in names)
    if not (node_kinds or node_metrics or edge_kinds or edge_metrics):
        raise BadParameters(
            "nothing earns points: give `node_kinds`, `node_metrics`, `edge_kinds` or `edge_metrics` an entry"
        )
    from_nodes = [0.0] * len(epoch.payees)
    from_edges = [0.0] * len(epoch.payees)
    of_nodes = epoch.node_payee
    if node_kinds:
        factors = [node_kinds.get(kind, 0.0) for kind in epoch.node_kinds]
        weighed = (weight * factors[kind] for kind, weight in zip(epoch.node_kind, epoch.node_weight))
        _add(from_nodes, of_nodes, weighed)
    for name, factor in node_metrics.items():
        values = epoch.node_metric(name)
        if values is None:
            raise Refusal(f"the epoch has no node metric `{name}`")
        _add(from_nodes, of_nodes, (max(value, 0.0) * factor for value in values))
    of_edges = [of_nodes[target] for target in epoch.edge_target] if edge_kinds or edge_metrics else []
    if edge_kinds:
        factors = [edge_kinds.get(kind, 0.0) for kind in epoch.edge_kinds]
        weighed = (weight * factors[kind] for kind, weight in zip(epoch.edge_kind, epoch.edge_weight))
        _add(from_edges, of_edges, weighed)
    for name, factor in edge_metrics.items():
        values = epoch.edge_metric(name)
        if values is None:
            raise Refusal(f"the epoch has no edge metric `{name}`")
        _add(from_edges, of_edges, (max(value, 0.0) * factor for value in values))
    return from_nodes, from_edges


def _table(parameters, name):
    """A table of factors, sorted by name, so that sums have one order."""
    return {key: float(factor) for key, factor in sorted(parameters.get(name, {}).items())}


def _add(sums, payees, points):
    """Adds the points of each row to its payee, if it has one."""
    for payee, points_of_row in zip(payees, points):
        if payee < len(sums):
            sums[payee] += points_of_row

"""The standard policy `pagerank` in Python: the same parameters, and the same shares to the unit.

../../../../policies/pagerank/README.md says what it does.
"""

from kit import Allocation, Refusal, policy
from propagate import Network


def _factors(description):
    return {
        "description": description,
        "type": ["object", "null"],
        "additionalProperties": {"type": "number", "minimum": 0},
        "default": None,
    }


PARAMETERS = {
    "title": "Parameters",
    "description": "What edges weigh, where credit starts, and how long it flows.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "edge_kinds": _factors(
            "What an edge weighs, by kind: this factor times the edge's weight. A kind that is not listed weighs nothing;"
            " without the list every kind has the factor 1."
        ),
        "start_kinds": _factors(
            "Where credit starts, by kind of node: this factor times the node's weight. Without the list every node alike."
        ),
        "damping": {
            "description": "The part of its credit that a node passes on.",
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.85,
        },
        "tolerance": {
            "description": "The scores are settled when an iteration changes them by less than this a node, in sum.",
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 1e-6,
        },
        "max_iterations": {
            "description": "If the scores are not settled after so many iterations there is no answer.",
            "type": "integer",
            "minimum": 1,
            "maximum": 10_000,
            "default": 1_000,
        },
        "iterations": {
            "description": "Exactly so many iterations instead, settled or not.",
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 10_000,
            "default": None,
        },
    },
}


@policy(
    name="pagerank",
    version="0.1.0",
    summary="Every payee in proportion to the PageRank of its nodes: a node counts for what those who rely on it count"
    " for, shared over all they rely on.",
    parameters=PARAMETERS,
)
def allocate(epoch, parameters):
    network = Network(epoch.node_count, epoch.edge_source, epoch.edge_target, _edge_weights(epoch, parameters))
    if not network.members:
        raise Refusal("no edge has a weight")
    exactly = parameters.get("iterations")
    most = parameters.get("max_iterations", 1_000) if exactly is None else exactly
    # Nothing changes by less than nothing: with a tolerance of 0 all iterations are made.
    tolerance = float(parameters.get("tolerance", 1e-6)) if exactly is None else 0.0
    damping = float(parameters.get("damping", 0.85))
    start = _start(epoch, parameters, network)
    of_nodes, settled = network.rank(start, damping=damping, tolerance=tolerance, max_iterations=most)
    if not settled and exactly is None:
        raise Refusal(f"the scores did not settle in {most} iterations")
    scores = [0.0] * len(epoch.payees)
    for payee, score in zip(epoch.node_payee, of_nodes):
        if payee < len(scores):
            scores[payee] += score
    if not any(scores):
        raise Refusal("no payee owns a node that credit reaches")
    return Allocation.from_scores(scores, measures={"pagerank": scores})


def _edge_weights(epoch, parameters):
    kinds = parameters.get("edge_kinds")
    factors = [1.0] * len(epoch.edge_kinds) if kinds is None else _by_kind(epoch.edge_kinds, kinds)
    return [factors[kind] * weight for kind, weight in zip(epoch.edge_kind, epoch.edge_weight)]


def _start(epoch, parameters, network):
    """Where credit starts, one number per node; None for everywhere alike."""
    kinds = parameters.get("start_kinds")
    if kinds is None:
        return None
    factors = _by_kind(epoch.node_kinds, kinds)
    start = [factors[kind] * weight for kind, weight in zip(epoch.node_kind, epoch.node_weight)]
    if not any(start[node] > 0 for node in network.members):
        raise Refusal("credit starts at no node that an edge touches")
    return start


def _by_kind(kinds, table):
    """The factor of each kind of the epoch; 0 for one that is not listed."""
    return [float(table.get(kind, 0)) for kind in kinds]

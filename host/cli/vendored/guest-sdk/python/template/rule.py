"""Who gets what. An example that works: change it to the rule you have in mind."""

from kit import Allocation, Refusal, policy

# What a programme may set, as JSON Schema. The engine checks parameters against it before it calls `allocate`.
PARAMETERS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "kinds": {
            "description": "What a unit of weight counts for, by kind of node; 1 for a kind that is not listed.",
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0},
            "default": {},
        },
    },
}


@policy(
    name="policy-name",
    version="0.1.0",
    summary="Every payee in proportion to the weight of what it made, which counts by its kind.",
    parameters=PARAMETERS,
)
def allocate(epoch, parameters):
    kinds = parameters.get("kinds", {})
    factors = [kinds.get(kind, 1) for kind in epoch.node_kinds]
    points = [0.0] * len(epoch.payees)
    for payee, kind, weight in zip(epoch.node_payee, epoch.node_kind, epoch.node_weight):
        # A node that nobody owns has the payee NO_PAYEE, which is no row of `points`.
        if payee < len(points):
            points[payee] += factors[kind] * weight
    if not any(points):
        raise Refusal("no payee has a point")
    return Allocation.from_scores(points, measures={"points": points})

"""Mistakes that authors make, for ../../check: how each is told."""

from kit import policy


@policy(
    name="mistakes",
    version="0.1.0",
    summary="Nobody gets anything, because it breaks off.",
    parameters={"type": "object", "required": ["how"], "properties": {"how": {"enum": ["throws", "returns", "loops"]}}},
)
def allocate(epoch, parameters):
    print("it is about to fail")
    if parameters["how"] == "throws":
        return inner(epoch)
    if parameters["how"] == "returns":
        return epoch.node_weight
    while True:
        pass


def inner(epoch):
    return epoch.nothing

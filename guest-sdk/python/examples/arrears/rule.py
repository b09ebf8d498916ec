"""Every payee is paid what it earned over all epochs and was not paid yet: an example of a rule that remembers."""

from kit import Allocation, Refusal, policy

PARAMETERS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "wage": {
            "description": "What a node, or an edge to its target, earns its payee: whole units of the asset.",
            "type": "integer",
            "minimum": 0,
            "maximum": 4294967295,
            "default": 1,
        },
        "label": {
            "description": "The column of words that says which of them earn.",
            "type": "string",
            "default": "state",
        },
        "word": {"description": "The word of those that do.", "type": "string", "default": "done"},
    },
}


@policy(
    name="arrears",
    version="0.1.0",
    summary="Every payee what it earned over all epochs and was not paid yet, in the order of payees, as long as the"
    " pool lasts.",
    parameters=PARAMETERS,
    stateful=True,
)
def allocate(epoch, parameters):
    label, word = parameters.get("label", "state"), parameters.get("word", "done")
    nodes, edges = epoch.node_label(label), epoch.edge_label(label)
    if nodes is None and edges is None:
        raise Refusal(f"the epoch has no label `{label}`")
    wage = int(parameters.get("wage", 1)) * 10**epoch.decimals
    accounts = read(epoch.carry)
    for payee in epoch.payees:
        accounts.setdefault(payee, 0)

    def earn(node):
        # A node that nobody owns has the payee NO_PAYEE, which is no row of `payees`.
        payee = epoch.node_payee[node]
        if payee < len(epoch.payees):
            accounts[epoch.payees[payee]] += wage

    if nodes is not None:
        for node in range(epoch.node_count):
            if nodes.word(node) == word:
                earn(node)
    if edges is not None:
        for edge, target in enumerate(epoch.edge_target):
            if edges.word(edge) == word:
                earn(target)

    earned = [accounts[payee] for payee in epoch.payees]
    owed = [max(amount - paid, 0) for amount, paid in zip(earned, epoch.paid)]
    left, amounts = epoch.pool, []
    for amount in owed:
        amounts.append(min(amount, left))
        left -= amounts[-1]
    measures = {"earned": earned, "owed": owed}
    return Allocation(amounts=amounts, measures=measures, carry=written(accounts))


# An account in the carry: the length of the payee's id in 2 bytes, the id, and what it earned in 16, smallest first.
# A dict keeps the order in which accounts were opened.


def read(carry):
    accounts, at = {}, 0
    while at < len(carry):
        begins = at + 2
        ends = begins + int.from_bytes(carry[at:begins], "little")
        at = ends + 16
        accounts[carry[begins:ends].decode()] = int.from_bytes(carry[ends:at], "little")
    return accounts


def written(accounts):
    carry = bytearray()
    for payee, earned in accounts.items():
        name = payee.encode()
        carry += len(name).to_bytes(2, "little") + name + earned.to_bytes(16, "little")
    return bytes(carry)

"""The weighted, personalised PageRank: `apportion_guest::propagate` of the Rust SDK, operation by operation.

Sums are made one after the other and not by `sum`, which is cleverer and gives other last bits.
"""

from array import array
from math import isfinite


class Network:
    """The nodes that links of positive weight touch, and the links by their targets."""

    def __init__(self, node_count, sources, targets, weights):
        self.node_count = node_count
        links = [
            (source, target, weight)
            for source, target, weight in zip(sources, targets, weights)
            if weight > 0 and isfinite(weight)
        ]
        place_of = array("I", bytes(4 * node_count))
        for source, target, _ in links:
            place_of[source] = place_of[target] = 1
        self.members = array("I")
        for node, touched in enumerate(place_of):
            if touched:
                place_of[node] = len(self.members)
                self.members.append(node)

        size = len(self.members)
        leaving = [0.0] * size
        self.offsets = [0] * (size + 1)
        for source, target, weight in links:
            leaving[place_of[source]] += weight
            self.offsets[place_of[target] + 1] += 1
        for place in range(1, size + 1):
            self.offsets[place] += self.offsets[place - 1]
        following = list(self.offsets)
        # The links into place n are [offsets[n], offsets[n + 1]); `parts` is a link's part of all that leaves its source.
        self.sources = array("I", bytes(4 * len(links)))
        self.parts = array("d", bytes(8 * len(links)))
        for source, target, weight in links:
            origin, place = place_of[source], place_of[target]
            row = following[place]
            following[place] += 1
            self.sources[row] = origin
            self.parts[row] = weight / leaving[origin]
        self.dangling = [place for place, sum_of_place in enumerate(leaving) if sum_of_place == 0]

    def rank(self, preference, *, damping, tolerance, max_iterations):
        """Scores that sum to 1 over the network, one per node, and whether they settled.

        `preference` says where credit starts; None for everywhere alike. The iteration is NetworkX's `pagerank`, to the
        order of its terms.
        """
        size = len(self.members)
        teleport = self._teleport(preference)
        now = [1.0 / size] * size
        settled, iterations = False, 0
        while iterations < max_iterations and not settled:
            now, change = self._step(teleport, damping, now)
            iterations += 1
            settled = change < size * tolerance
        scores = array("d", bytes(8 * self.node_count))
        for node, score in zip(self.members, now):
            scores[node] = score
        return scores, settled

    def _step(self, teleport, damping, now):
        """One iteration: the scores after it, and how much it changed them in sum."""
        held = 0.0
        for place in self.dangling:
            held += now[place]
        after, change = [], 0.0
        sources, parts, offsets = self.sources, self.parts, self.offsets
        for place, back in enumerate(teleport):
            received = 0.0
            for link in range(offsets[place], offsets[place + 1]):
                received += now[sources[link]] * parts[link]
            returned = (1.0 - damping) * back
            score = damping * (received + held * back) + returned
            after.append(score)
            change += abs(score - now[place])
        return after, change

    def _teleport(self, preference):
        """The positive entries of `preference` over the members, summing to 1; uniform if there are none."""
        size = len(self.members)
        teleport = [0.0] * size if preference is None else [max(preference[node], 0.0) for node in self.members]
        total = 0.0
        for part in teleport:
            total += part
        if total > 0 and isfinite(total):
            return [part / total for part in teleport]
        return [1.0 / size] * size

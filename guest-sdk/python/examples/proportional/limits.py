"""The most and the least that a payee gets: `apportion_guest::limits` of the Rust SDK, operation by operation."""

from math import isfinite


def capped(scores, pool, max_share):
    """Divides a pool by scores, nobody above `max_share` of it; what a capped payee leaves goes to the others."""
    cap = max_share * pool
    order = _descending(scores)
    scores_left = _sum_from_the_end(scores, order)
    pool_left = pool
    amounts = [0.0] * len(scores)
    at_cap = 0
    # In descending order, the first who is not above the cap ends the capping: all after have less.
    for row in order:
        if scores[row] / scores_left * pool_left <= cap:
            break
        amounts[row] = cap
        pool_left -= cap
        scores_left -= scores[row]
        at_cap += 1
    # Summed anew: subtracting left the rounding of the giants in the sum.
    rest = order[at_cap:]
    scores_left = _sum_from_the_end(scores, rest)
    for row in rest:
        amounts[row] = scores[row] / scores_left * pool_left
    return amounts


def without_dust(scores, pool, min_amount):
    """Scores with those put to 0 whose payee would get less than `min_amount` of `pool`; the smallest goes first."""
    order = _descending(scores)
    kept = [0.0] * len(scores)
    total, length = 0.0, 0
    for place, row in enumerate(order):
        total += scores[row]
        last_of_equals = place + 1 == len(order) or scores[order[place + 1]] < scores[row]
        if last_of_equals and scores[row] / total * pool >= min_amount:
            length = place + 1
    for row in order[:length]:
        kept[row] = scores[row]
    return kept


def _sum_from_the_end(scores, rows):
    # Not by `sum`, which is cleverer than adding one after the other.
    total = 0.0
    for row in reversed(rows):
        total += scores[row]
    return total


def _descending(scores):
    """The rows of positive scores, from the largest down; equal ones in their order."""
    positive = [row for row, score in enumerate(scores) if score > 0 and isfinite(score)]
    return sorted(positive, key=lambda row: -scores[row])

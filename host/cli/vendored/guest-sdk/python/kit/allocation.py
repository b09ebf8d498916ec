"""How a policy divides the pool. The engine makes the payouts, exactly: no policy can mint, lose or misround."""

from math import frexp, isfinite, ldexp

from .definition import Refusal

# What amounts may fall short of the pool by before the difference is retained, as a part of the pool.
SUM_TOLERANCE = 1e-9


class Allocation:
    """Shares or amounts, one per payee in payee order.

    shares: whole numbers, of which only the proportions count; see `from_scores` for fractions.
    retained: the share that stays in the treasury. All shares 0: the whole pool stays.
    amounts: base units instead, together at most the pool; the rest stays in the treasury.
    measures: finite numbers per payee that are kept with the payouts and shown to people, by name
        (`package-connections`); at most 32.
    carry: bytes that this policy is handed at the next epoch; at most 1 MiB.
    """

    def __init__(self, *, shares=None, retained=0, amounts=None, measures=None, carry=b""):
        self.shares = shares
        self.retained = retained
        self.amounts = amounts
        self.measures = {} if measures is None else measures
        self.carry = carry

    @classmethod
    def from_scores(cls, scores, *, measures=None, carry=b""):
        """In proportion to scores, each finite and 0 or more, in any unit."""
        shares, _ = _scaled(scores, 0.0)
        return cls(shares=shares, measures=measures, carry=carry)

    @classmethod
    def from_amounts(cls, amounts, pool, *, measures=None, carry=b""):
        """Each payee its amount in whole units of a pool of `pool` whole units.

        The treasury gets what they leave of it if that is more than 1e-9 of it; less is the rounding of the sum.
        """
        total = 0.0
        for amount in amounts:
            total += amount
        if total > pool * (1.0 + SUM_TOLERANCE):
            raise Refusal(f"the amounts sum to {total}, more than the pool of {pool}")
        rest = pool - total
        shares, retained = _scaled(amounts, rest if rest > pool * SUM_TOLERANCE else 0.0)
        return cls(shares=shares, retained=retained, measures=measures, carry=carry)


def _scaled(scores, retained):
    """Multiplies by the power of two that brings the largest between 2^61 and 2^62, and rounds, ties to even.

    The same arithmetic as the Rust SDK's, bit for bit.
    """
    largest = 0.0
    for payee, score in enumerate(scores):
        if isinstance(score, bool) or not isinstance(score, int | float) or not isfinite(score) or score < 0:
            raise Refusal(f"the score of payee {payee} is `{score}`: it must be finite and 0 or more")
        largest = max(largest, float(score))
    largest = max(largest, retained)
    shift = 62 - frexp(largest)[1]
    return [round(ldexp(float(score), shift)) for score in scores], round(ldexp(retained, shift))

"""What a policy in Python is written with. CONTRACT.md says what an epoch is and what a policy may do.

    from kit import Allocation, Refusal, policy

    @policy(name="stars", version="1.0.0", summary="Every payee in proportion to its stars.", parameters={"type": "object"})
    def allocate(epoch, parameters):
        ...
        return Allocation.from_scores(points, measures={"points": points})
"""

from .allocation import Allocation
from .definition import BadParameters, Refusal, policy
from .epoch import NO_PAYEE, Epoch, Label

__all__ = ["NO_PAYEE", "Allocation", "BadParameters", "Epoch", "Label", "Refusal", "policy"]

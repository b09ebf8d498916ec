"""What a policy says of itself, and how it declines."""

import re
from collections.abc import Callable
from dataclasses import dataclass


class Refusal(Exception):
    """The rule has no answer for this epoch. The sentence is shown to people: `raise Refusal("no payee has a point")`."""


class BadParameters(Exception):
    """The parameters contradict each other in a way that the schema cannot say."""


@dataclass(frozen=True)
class Policy:
    """What `@policy` makes of a function."""

    name: str
    version: str
    summary: str
    parameters: dict
    stateful: bool
    allocate: Callable


def policy(*, name: str, version: str, summary: str, parameters: dict, stateful: bool = False):
    """Makes a policy of the function below it, which is called with the epoch and the parameters.

    name: lower-case words joined by hyphens, at most 64 letters.
    version: semantic version of the policy.
    summary: one sentence, at most 1,024 bytes: who gets what, and why.
    parameters: JSON Schema (2020-12) of the parameters. The engine checks them against it and fills in no defaults.
    stateful: whether the policy reads `epoch.paid` or `epoch.carry`, or returns a carry.
    """

    def must(holds: bool, what: str) -> None:
        if not holds:
            raise TypeError(f"@policy(...): {what}")

    must(
        isinstance(name, str) and len(name) <= 64 and re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name) is not None,
        f"`name` is lower-case words joined by hyphens, at most 64 letters, and not {name!r}",
    )
    must(
        isinstance(version, str) and re.match(r"\d+\.\d+\.\d+", version) is not None,
        f'`version` is a version such as "1.0.0", and not {version!r}',
    )
    must(isinstance(summary, str) and summary != "", f"`summary` is one sentence, and not {summary!r}")
    must(isinstance(parameters, dict), f"`parameters` is a JSON Schema, and not {parameters!r}")
    must(isinstance(stateful, bool), f"`stateful` is True or False, and not {stateful!r}")

    def made(allocate: Callable) -> Policy:
        must(callable(allocate), f"write it above a function, and not above {allocate!r}")
        return Policy(name, version, summary, parameters, stateful, allocate)

    return made

"""What the component exports: the contract's rule, made of the policy in the author's `rule.py`."""

import json
import sys

import rule
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import diagnostics, types

from .allocation import Allocation
from .definition import BadParameters, Policy, Refusal
from .epoch import Epoch

FILE = "rule.py"

MOST_CALLS = 10


class _Log:
    """Where `print` writes: a component has no terminal."""

    def __init__(self):
        self._begun = ""

    def write(self, text):
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            diagnostics.log(line)
        return len(text)

    def flush(self):
        if self._begun:
            self.write("\n")


def _policy() -> Policy:
    policies = [value for value in vars(rule).values() if isinstance(value, Policy)]
    if len(policies) != 1:
        raise TypeError(f"{FILE} has {len(policies)} policies: write @policy(...) above the one function that is the rule")
    return policies[0]


_POLICY = _policy()
_SCHEMA = json.dumps(_POLICY.parameters)


class Rule(exports.Rule):
    def describe(self):
        return types.Description(_POLICY.name, _POLICY.version, _POLICY.summary, _SCHEMA, _POLICY.stateful)

    def allocate(self, parameters):
        sys.stdout = sys.stderr = _Log()
        try:
            epoch = Epoch()
            allocation = _lowered(_POLICY.allocate(epoch, json.loads(parameters)), len(epoch.payees))
        except Refusal as refusal:
            raise Err(types.Refusal_NoAnswer(str(refusal))) from None
        except BadParameters as refusal:
            raise Err(types.Refusal_BadParameters(str(refusal))) from None
        except BaseException as error:
            sys.stdout.flush()
            for line in _trace(error):
                diagnostics.log(line)
            raise
        sys.stdout.flush()
        return allocation


def _trace(error):
    """The error and the calls that led to it, by the author's functions and lines; the kit's own are left out.

    Not by the module `traceback`, which reads the sources, and there are none in a component.
    """
    calls = []
    place = error.__traceback__
    while place is not None:
        code = place.tb_frame.f_code
        if "/kit/" not in code.co_filename:
            calls.append(f"  in {code.co_qualname}, {code.co_filename.rpartition('/')[2]}:{place.tb_lineno}")
        place = place.tb_next
    calls.reverse()
    # The innermost ones: of a recursion without end there are a thousand.
    shown = calls[:MOST_CALLS] or [f"  in {_POLICY.allocate.__qualname__}, {FILE}"]
    return [f"{type(error).__name__}: {error}", *shown]


def _lowered(answer, payees):
    """The answer as the contract wants it, checked, so that a mistake is told in words and not as a trap without any."""

    def must(holds, what):
        if not holds:
            raise TypeError(f"{_POLICY.allocate.__qualname__} returned {what}")

    def column(values, name):
        must(hasattr(values, "__len__") and hasattr(values, "__iter__"), f"{values!r} as {name}: it must be a list or an array")
        must(len(values) == payees, f"{len(values)} values as {name} for {payees} payees")
        return list(values)

    def whole(value, bits, what):
        is_whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << bits
        must(is_whole, f"{value!r} {what}: it must be a whole number, 0 or more (see Allocation.from_scores)")
        return value

    must(isinstance(answer, Allocation), f"{type(answer).__name__}: it must return an Allocation")
    must((answer.shares is None) != (answer.amounts is None), "not exactly one of `shares` and `amounts`")
    must(isinstance(answer.measures, dict), "`measures` that are no dict of lists by their names")
    must(isinstance(answer.carry, bytes), "a `carry` that is not bytes")
    if answer.amounts is None:
        shares = column(answer.shares, "`shares`")
        for payee, share in enumerate(shares):
            whole(share, 64, f"as the share of payee {payee}")
        division = types.Division_ByWeight(types.Weights(shares, whole(answer.retained, 64, "as `retained`")))
    else:
        amounts = column(answer.amounts, "`amounts`")
        for payee, amount in enumerate(amounts):
            whole(amount, 128, f"as the amount of payee {payee}")
        division = types.Division_ByAmount([types.Amount(amount >> 64, amount & (1 << 64) - 1) for amount in amounts])
    measures = []
    for name, values in answer.measures.items():
        must(isinstance(name, str), f"a measure with the name {name!r}, which is no text")
        values = column(values, f"measure `{name}`")
        for payee, value in enumerate(values):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            must(is_number, f"{value!r} in measure `{name}` for payee {payee}: it must be a number")
        measures.append(types.Measure(name, [float(value) for value in values]))
    return types.Allocation(division, measures, answer.carry)

"""The epoch being settled: all that a policy can know.

Nodes, edges and payees are named by their rows. A column is fetched when it is first asked for, so a policy pays for
what it reads. Credit flows along an edge from its source to its target: the source relied on the target.
"""

from array import array
from bisect import bisect_left
from functools import cached_property

from wit_world.imports import epoch as _epoch
from wit_world.imports import graph as _graph
from wit_world.imports import history as _history
from wit_world.imports.types import Span

NO_PAYEE = 0xFFFFFFFF
"""The payee of a node that nobody owns: no row of any column of payees."""


def _payees() -> Span:
    return Span(0, _epoch.payee_count())


def _nodes() -> Span:
    return Span(0, _graph.node_count())


def _edges() -> Span:
    return Span(0, _graph.edge_count())


def _whole(amount) -> int:
    return amount.high << 64 | amount.low


class Epoch:
    @cached_property
    def number(self) -> int:
        return _epoch.number()

    @cached_property
    def window(self) -> tuple[int, int]:
        """Start (inclusive) and end (exclusive), seconds since 1970-01-01 UTC."""
        return _epoch.window()

    @cached_property
    def pool(self) -> int:
        """What this policy divides, in base units."""
        return _whole(_epoch.pool())

    @cached_property
    def pool_in_units(self) -> float:
        """The same in whole units of the asset, to the nearest float."""
        # Whole units and the rest are converted apart so that a pool of whole units is exact.
        unit = 10**self.decimals
        whole, rest = divmod(self.pool, unit)
        return float(whole) + float(rest) / float(unit)

    @cached_property
    def asset(self) -> str:
        """The asset's symbol."""
        return _epoch.asset()

    @cached_property
    def decimals(self) -> int:
        """One whole unit is 10^decimals base units."""
        return _epoch.decimals()

    @cached_property
    def seed(self) -> int:
        """The same for everyone who settles this epoch."""
        return _epoch.seed()

    @cached_property
    def payees(self) -> list[str]:
        """Ids, sorted by their UTF-8 bytes, which is Python's order too."""
        return _epoch.payee_ids(_payees())

    @cached_property
    def node_count(self) -> int:
        return _graph.node_count()

    @cached_property
    def node_kinds(self) -> list[str]:
        """Sorted; every kind occurs."""
        return _graph.node_kinds()

    @cached_property
    def node_ids(self) -> list[str]:
        """Sorted."""
        return _graph.node_ids(_nodes())

    @cached_property
    def node_kind(self) -> array:
        """Index into `node_kinds`."""
        return array("I", _graph.node_kind(_nodes()))

    @cached_property
    def node_weight(self) -> array:
        """Finite, 0 or more; 1 where the input gives none."""
        return array("d", _graph.node_weight(_nodes()))

    @cached_property
    def node_time(self) -> array:
        """Seconds since 1970-01-01 UTC; the start of the window where the input gives none."""
        return array("q", _graph.node_time(_nodes()))

    @cached_property
    def node_payee(self) -> array:
        """Row of the payee, or NO_PAYEE."""
        return array("I", _graph.node_payee(_nodes()))

    @cached_property
    def edge_count(self) -> int:
        return _graph.edge_count()

    @cached_property
    def edge_kinds(self) -> list[str]:
        """Sorted; every kind occurs."""
        return _graph.edge_kinds()

    @cached_property
    def edge_source(self) -> array:
        """Row of a node. Edges are sorted by source, target, kind, time, then the rest."""
        return array("I", _graph.edge_source(_edges()))

    @cached_property
    def edge_target(self) -> array:
        """Row of a node."""
        return array("I", _graph.edge_target(_edges()))

    @cached_property
    def edge_kind(self) -> array:
        """Index into `edge_kinds`."""
        return array("I", _graph.edge_kind(_edges()))

    @cached_property
    def edge_weight(self) -> array:
        """Finite, 0 or more; 1 where the input gives none."""
        return array("d", _graph.edge_weight(_edges()))

    @cached_property
    def edge_time(self) -> array:
        """Seconds since 1970-01-01 UTC; the start of the window where the input gives none."""
        return array("q", _graph.edge_time(_edges()))

    @cached_property
    def edge_offsets(self) -> array:
        """One number more than there are nodes: the edges that leave node n are rows [offsets[n], offsets[n + 1])."""
        return array("I", _graph.edge_offsets(Span(0, _graph.node_count() + 1)))

    @cached_property
    def node_metrics(self) -> list[str]:
        """Names of the nodes' further columns of numbers, sorted."""
        return _graph.node_metrics()

    @cached_property
    def edge_metrics(self) -> list[str]:
        """Names of the edges' further columns of numbers, sorted."""
        return _graph.edge_metrics()

    @cached_property
    def node_labels(self) -> list[str]:
        """Names of the nodes' further columns of words, sorted."""
        return _graph.node_labels()

    @cached_property
    def edge_labels(self) -> list[str]:
        """Names of the edges' further columns of words, sorted."""
        return _graph.edge_labels()

    @cached_property
    def paid(self) -> list[int]:
        """What each payee has been paid so far, in base units. For stateful policies."""
        return [_whole(amount) for amount in _history.paid(_payees())]

    @cached_property
    def carry(self) -> bytes:
        """What this policy handed over at the last epoch; empty at the first. For stateful policies."""
        return _history.carry()

    def __init__(self):
        self._further = {}

    def node_metric(self, name: str) -> array | None:
        """A further column of numbers, absent ones 0; None if the epoch has no such column."""
        return self._column("node metric", name, self.node_metrics, lambda: _numbers(_graph.node_metric(name, _nodes())))

    def edge_metric(self, name: str) -> array | None:
        """A further column of numbers, absent ones 0; None if the epoch has no such column."""
        return self._column("edge metric", name, self.edge_metrics, lambda: _numbers(_graph.edge_metric(name, _edges())))

    def node_label(self, name: str) -> "Label | None":
        """A further column of words; None if the epoch has no such column."""
        fetch = lambda: Label(_graph.node_dictionary(name), _graph.node_label(name, _nodes()))  # noqa: E731
        return self._column("node label", name, self.node_labels, fetch)

    def edge_label(self, name: str) -> "Label | None":
        """A further column of words; None if the epoch has no such column."""
        fetch = lambda: Label(_graph.edge_dictionary(name), _graph.edge_label(name, _edges()))  # noqa: E731
        return self._column("edge label", name, self.edge_labels, fetch)

    def _column(self, what, name, names, fetch):
        if name not in names:
            return None
        if (what, name) not in self._further:
            self._further[what, name] = fetch()
        return self._further[what, name]


class Label:
    """A column of words."""

    def __init__(self, words, rows):
        self.words: list[str] = words
        """The dictionary: sorted, the first the empty word, which stands for absent."""
        self.rows = array("I", rows)
        """Index into `words`, one a row."""

    def word(self, row: int) -> str:
        return self.words[self.rows[row]]

    def index_of(self, word: str) -> int | None:
        """The index of a word, if it is in the dictionary."""
        place = bisect_left(self.words, word)
        return place if place < len(self.words) and self.words[place] == word else None


def _numbers(values) -> array:
    return array("d", values)

"""The meaning of a rule: small frozen values that check themselves when made.

Notation (`language.py`) is kept apart from meaning, and meaning from execution: the oracle interprets these nodes slowly and
plainly, the plan lowers them to integer steps, the SQL export writes them for DuckDB. Every node knows its type and its scope,
so that no later stage has to guess.

Scope is whose value it is. A *household* value is one per household; a *person* value is one per member. A household value may
be used where a person's is expected (every member shares it), never the other way round: only an aggregate leads from the
members to the household.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

HOUSEHOLD, PERSON = "household", "person"
NUMERIC = ("int", "won", "rate")
ORDERED = ("int", "won", "rate", "date")


class Node:
    """An expression with a `type` (bool, int, won, rate, code, date) and a `scope` (household, person)."""

    type: str
    scope: str

    def children(self) -> tuple[Node, ...]:
        return ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children():
            yield from child.walk()


def widest(*nodes: Node) -> str:
    """The scope of something made of these: a person's as soon as one of them is."""
    return PERSON if any(node.scope == PERSON for node in nodes) else HOUSEHOLD


# Leaves ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Constant(Node):
    """A literal: a bool, an int, or (after parameters are resolved) an exact number of won or rate."""

    value: bool | int | Fraction
    type: str
    scope: str = HOUSEHOLD


@dataclass(frozen=True)
class Name(Node):
    """A fact, a derived value or a built-in name; whoever executes looks up which."""

    name: str
    type: str
    scope: str


@dataclass(frozen=True)
class Parameter(Node):
    """A dated parameter; with `keys` it is a look-up in a table, one key per dimension."""

    name: str
    type: str
    keys: tuple[Node, ...] = ()

    @property
    def scope(self) -> str:  # type: ignore[override]
        return widest(*self.keys)

    def children(self) -> tuple[Node, ...]:
        return self.keys


@dataclass(frozen=True)
class Entitled(Node):
    """The answer of another programme, as a three-valued bool."""

    programme: str
    scope: str
    type: str = "bool"


# Three-valued logic (Kleene): a certain part decides, an unknown part waits -------------------------------------------------------


@dataclass(frozen=True)
class Not(Node):
    item: Node
    type: str = "bool"

    @property
    def scope(self) -> str:  # type: ignore[override]
        return self.item.scope

    def children(self) -> tuple[Node, ...]:
        return (self.item,)


@dataclass(frozen=True)
class _Many(Node):
    items: tuple[Node, ...]
    type: str = "bool"

    @property
    def scope(self) -> str:  # type: ignore[override]
        return widest(*self.items)

    def children(self) -> tuple[Node, ...]:
        return self.items


class And(_Many):
    """All items."""


class Or(_Many):
    """At least one item."""


@dataclass(frozen=True)
class AtMost(Node):
    """left <= right, the only order there is: every other comparison of numbers and dates is made of it."""

    left: Node
    right: Node
    type: str = "bool"

    @property
    def scope(self) -> str:  # type: ignore[override]
        return widest(self.left, self.right)

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class OneOf(Node):
    """A code is one of these. An unknown code is unknown, whatever the list."""

    item: Node
    indexes: frozenset[int]
    type: str = "bool"

    @property
    def scope(self) -> str:  # type: ignore[override]
        return self.item.scope

    def children(self) -> tuple[Node, ...]:
        return (self.item,)


# Numbers: exact, and a range as soon as something is unknown -------------------------------------------------------------------


@dataclass(frozen=True)
class Add(Node):
    left: Node
    right: Node
    type: str

    @property
    def scope(self) -> str:  # type: ignore[override]
        return widest(self.left, self.right)

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Subtract(Add):
    """left - right; the range runs from the least left minus the greatest right."""


@dataclass(frozen=True)
class Multiply(Add):
    """int × int, int × won, won × rate, rate × rate; exact, never rounded."""


@dataclass(frozen=True)
class Least(Node):
    items: tuple[Node, ...]
    type: str

    @property
    def scope(self) -> str:  # type: ignore[override]
        return widest(*self.items)

    def children(self) -> tuple[Node, ...]:
        return self.items


class Greatest(Least):
    """The greatest item."""


@dataclass(frozen=True)
class Choose(Node):
    """`yes if condition else no`; while the condition is unknown the result is whatever both could give."""

    condition: Node
    yes: Node
    no: Node
    type: str

    @property
    def scope(self) -> str:  # type: ignore[override]
        return widest(self.condition, self.yes, self.no)

    def children(self) -> tuple[Node, ...]:
        return (self.condition, self.yes, self.no)


@dataclass(frozen=True)
class Round(Node):
    """To a multiple of `unit`: `up` and `down` towards plus and minus infinity, `half_up` to the nearest, halves upwards."""

    direction: str
    item: Node
    unit: int
    type: str

    @property
    def scope(self) -> str:  # type: ignore[override]
        return self.item.scope

    def children(self) -> tuple[Node, ...]:
        return (self.item,)


@dataclass(frozen=True)
class Elapsed(Node):
    """Completed years or months from a day to the as-of date, as ages are counted; negative for a day that is still to come.

    A day that does not exist in the later month counts as its last day: who is born on 29 February turns a year older on
    28 February of a common year.
    """

    unit: str  # "years" | "months"
    start: Node
    type: str = "int"

    @property
    def scope(self) -> str:  # type: ignore[override]
        return self.start.scope

    def children(self) -> tuple[Node, ...]:
        return (self.start,)


# From the members to the household ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Members(Node):
    """any, all, count, sum, max or min over the members; one unknown member leaves a range, never a silent gap."""

    kind: str
    body: Node
    type: str
    scope: str = HOUSEHOLD

    def children(self) -> tuple[Node, ...]:
        return (self.body,)


@dataclass(frozen=True)
class Spouse(Node):
    """any or sum over this person's spouse in the same household: none gives False or 0."""

    kind: str
    body: Node
    type: str
    scope: str = PERSON

    def children(self) -> tuple[Node, ...]:
        return (self.body,)

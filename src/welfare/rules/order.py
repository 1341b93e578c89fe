"""Which value must be known before which: the order in which derived values and programmes are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError as _GraphCycle
from graphlib import TopologicalSorter

from welfare.rules import nodes
from welfare.rules.catalogue import Derived, Programme
from welfare.rules.nodes import Node


class CycleError(ValueError):
    """Things that depend on themselves; `names` is the circle."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(" → ".join(names))
        self.names = names


def programme_nodes(programme: Programme) -> tuple[Node, ...]:
    """The expressions of a programme: its criteria and, if it pays won, its amount."""
    amount = () if programme.amount.won is None else (programme.amount.won,)
    return (*(criterion.when for criterion in programme.criteria), *amount)


def mentioned(expressions: Iterable[Node]) -> tuple[set[str], set[str]]:
    """The names (facts and derived values) and the programmes that expressions speak of."""
    names, programmes = set(), set()
    for expression in expressions:
        for node in expression.walk():
            if isinstance(node, nodes.Name):
                names.add(node.name)
            elif isinstance(node, nodes.Entitled):
                programmes.add(node.programme)
    return names, programmes


def resting_on(derived: Mapping[str, Derived], programmes: Mapping[str, Programme]) -> dict[str, list[str]]:
    """Parameter → the programmes that rest on it: directly, through derived values, or through programmes they ask for.

    In the order of the programmes; a parameter nothing rests on is not there. Needs no circles.
    """
    figures: dict[str, set[str]] = {}
    for name in order(derived, programmes):
        expressions = [derived[name].value] if name in derived else list(programme_nodes(programmes[name]))
        named, asked = mentioned(expressions)
        behind = {
            node.name for one in expressions for node in one.walk() if isinstance(node, nodes.Parameter)
        }
        figures[name] = behind.union(*(figures[other] for other in (named | asked) & figures.keys()))
    found: dict[str, list[str]] = {}
    for name in programmes:
        for figure in sorted(figures[name]):
            found.setdefault(figure, []).append(name)
    return found


def order(derived: Mapping[str, Derived], programmes: Mapping[str, Programme]) -> list[str]:
    """Derived values and programmes, each after everything it needs.

    Raises CycleError.
    """
    graph: dict[str, set[str]] = {}
    for name, value in derived.items():
        names, asked = mentioned([value.value])
        graph[name] = {other for other in names if other in derived} | asked
    for name, programme in programmes.items():
        names, asked = mentioned(programme_nodes(programme))
        graph[name] = {other for other in names if other in derived} | asked
    try:
        return list(TopologicalSorter(graph).static_order())
    except _GraphCycle as error:
        raise CycleError(tuple(dict.fromkeys(error.args[1]))) from None


def depth(derived: Mapping[str, Derived], programmes: Mapping[str, Programme]) -> dict[str, int]:
    """How many operations deep each derived value and programme is, through everything it rests on. Needs no circles."""
    found: dict[str, int] = {}

    def of(node: Node) -> int:
        below = max((of(child) for child in node.children()), default=0)
        if isinstance(node, nodes.Name | nodes.Entitled):
            below = found.get(node.name if isinstance(node, nodes.Name) else node.programme, 0)
        return below + 1

    for name in order(derived, programmes):
        expressions = [derived[name].value] if name in derived else programme_nodes(programmes[name])
        found[name] = max(map(of, expressions), default=0)
    return found


def order_derived(derived: dict[str, Derived], programmes: Mapping[str, Programme]) -> dict[str, Derived]:
    return _sorted(derived, _places(derived, programmes))


def order_programmes(
    programmes: dict[str, Programme], derived: Mapping[str, Derived]
) -> dict[str, Programme]:
    return _sorted(programmes, _places(derived, programmes))


def _places(derived: Mapping[str, Derived], programmes: Mapping[str, Programme]) -> Callable[[str], int]:
    return {name: place for place, name in enumerate(order(derived, programmes))}.__getitem__


def _sorted[T](items: dict[str, T], place: Callable[[str], int]) -> dict[str, T]:
    return {name: items[name] for name in sorted(items, key=place)}

"""Which of several mutually exclusive entitlements to take, for many households at once.

The choice is that of a single assessment (`rules.assessment`): the combination that pays most, then the most programmes, then the
earlier ones. Households whose exclusive entitlements are the same programmes of the same members face the same choices and differ
only in what each pays, so each such pattern is thought through once, for all its households together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from welfare.rules.exclusion import Rivals, busiest, groups, without
from welfare.screening.encode import Array


def patterns(household: Array, node: Array) -> Iterator[tuple[Array, Array]]:
    """Households (ascending, one entry for each of their nodes, nodes ascending) grouped by their nodes.

    Gives the nodes of a pattern, and the places of its entries, shape (households, nodes).
    """
    first = np.flatnonzero(np.diff(household, prepend=-1))
    sizes = np.diff(np.append(first, len(household)))
    for size in np.unique(sizes):
        places = first[sizes == size][:, None] + np.arange(size)
        nodes, group = np.unique(node[places], axis=0, return_inverse=True)
        order = np.argsort(group.ravel(), kind="stable")
        ends = np.cumsum(np.bincount(group.ravel()))
        for pattern, end, start in zip(nodes, ends, [0, *ends], strict=False):
            yield pattern, places[order[start:end]]


def best(rivals: Rivals, worth: Array) -> Array:
    """What to take: shape (nodes, households), like `worth`; `rivals` are places of nodes."""
    taken = np.zeros(worth.shape, bool)
    for group in groups(rivals):
        first = busiest(rivals, group)
        with_it = best(without(rivals, group, rivals[first] | {first}), worth)
        with_it[first] = True
        if not rivals[first]:
            taken |= with_it
            continue
        other = best(without(rivals, group, {first}), worth)
        taken |= np.where(_at_least(with_it, other, worth), with_it, other)
    return taken


def _at_least(one: Array, other: Array, worth: Array) -> Array:
    """Where the first choice is as good as the second: in won, then in number, then in order."""
    result = np.ones(worth.shape[1], bool)
    undecided = np.ones(worth.shape[1], bool)
    for a, b in (
        ((worth * one).sum(axis=0), (worth * other).sum(axis=0)),
        (one.sum(axis=0), other.sum(axis=0)),
        (-one.argmax(axis=0), -other.argmax(axis=0)),
    ):
        result = np.where(undecided, a >= b, result)
        undecided &= a == b
    return result


def better(rivals: Rivals, worth: Array, taken: Array) -> Array:
    """For each node that is not taken the place of the best rival that is; -1 elsewhere."""
    found = np.full(worth.shape, -1)
    for place, others in rivals.items():
        most = np.full(worth.shape[1], -1)
        for other in sorted(others):
            gain = taken[other] & ~taken[place] & (worth[other] > most)
            found[place][gain] = other
            most = np.where(gain, worth[other], most)
    return found

"""What hangs together among mutually exclusive entitlements: shared by the choice for one household and for many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Rivals = Mapping[int, set[int]]  # place → the places it cannot be had together with; every rival is a key too


def groups(rivals: Rivals) -> Iterator[set[int]]:
    """The places that hang together, group by group: each is a small choice of its own."""
    left = set(rivals)
    while left:
        group, stack = set(), [min(left)]
        while stack:
            place = stack.pop()
            if place not in group:
                group.add(place)
                stack += rivals[place]
        left -= group
        yield group


def busiest(rivals: Rivals, group: set[int]) -> int:
    """The place with most rivals, the earliest of equals: taking it or leaving it divides the choice best."""
    return max(group, key=lambda i: (len(rivals[i]), -i))


def without(rivals: Rivals, group: set[int], gone: set[int]) -> dict[int, set[int]]:
    """The rivals among a group once some places are gone."""
    return {i: rivals[i] - gone for i in group - gone}

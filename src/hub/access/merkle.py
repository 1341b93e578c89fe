"""A Merkle tree as in RFC 9162, section 2.1: one short proof shows that a leaf is in it, or that it only grew.

Pure arithmetic on hashes. Whoever has leaves gives them out as `Node`s: the hash of the complete subtree of 2**level
leaves that begins at leaf index * 2**level. What is asked for is always complete, so such a hash never changes again.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from hashlib import sha256

type Node = Callable[[int, int], bytes]  # (level, index) -> hash

EMPTY = sha256(b"").digest()


def leaf(content: bytes) -> bytes:
    """The hash of one leaf. Its first byte sets it apart from a parent, so that neither passes for the other."""
    return sha256(b"\0" + content).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\1" + left + right).digest()


def peaks(start: int, end: int) -> Iterator[tuple[int, int]]:
    """(level, index) of the complete subtrees that leaves `start` to before `end` consist of, from left to right.

    `start` must be a multiple of the smallest power of two that is not less than their number, as 0 always is.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def span(start: int, end: int, node: Node) -> bytes:
    """The hash of leaves `start` to before `end`, with the same condition as `peaks`."""
    return fold([node(*peak) for peak in peaks(start, end)])


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root above peaks."""
    return reduce(lambda right, left: parent(left, right), reversed(hashes)) if hashes else EMPTY


class Growing:
    """The peaks of a tree that leaves are added to one by one: its root at any time, in the room of a few hashes."""

    def __init__(self, peaks: Sequence[tuple[int, bytes]] = ()) -> None:
        self._peaks = list(peaks)  # (level, hash), from left to right

    def add(self, hash_of_leaf: bytes) -> None:
        """One leaf more."""
        level, right, peaks = 0, hash_of_leaf, self._peaks
        while peaks and peaks[-1][0] == level:
            right = sha256(b"\1" + peaks.pop()[1] + right).digest()
            level += 1
        peaks.append((level, right))

    def root(self) -> bytes:
        """The root of what was added so far."""
        return fold([hashed for _level, hashed in self._peaks])


# -- proofs ----------------------------------------------------------------------------------------------------


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves, from the leaf up (2.1.3.1).

    Raises ValueError for a leaf beyond the tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < middle:
            path.append(span(middle, end, node))
            end = middle
        else:
            path.append(span(start, middle, node))
            start = middle
    return path[::-1]


def consistency(first: int, second: int, node: Node) -> list[bytes]:
    """The hashes that show that the first `first` of `second` leaves are what they were (2.1.4.1).

    Raises ValueError for sizes that are not 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} has not grown from one of {first}")
    path, start, end, untouched = [], 0, second, True
    while end != first:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if first <= middle:
            path.append(span(middle, end, node))
            end = middle
        else:
            path.append(span(start, middle, node))
            start, untouched = middle, False
    if not untouched:
        path.append(span(start, end, node))
    return path[::-1]


def shows_inclusion(hash_of_leaf: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path leads from this leaf to this root (2.1.3.2). Needs nothing but its arguments."""
    if not 0 <= index < size:
        return False
    at, last, reached = index, size - 1, hash_of_leaf
    for other in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            reached = parent(other, reached)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            reached = parent(reached, other)
        at, last = at >> 1, last >> 1
    return last == 0 and reached == root


def shows_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path shows that the tree of `second` leaves has grown from that of `first` (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return first_root == second_root and not path
    whole = first & (first - 1) == 0  # then the first root is itself a part of the second tree
    path = [first_root, *path] if whole else list(path)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    reached_first = reached_second = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            reached_first = parent(other, reached_first)
            reached_second = parent(other, reached_second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            reached_second = parent(reached_second, other)
        at, last = at >> 1, last >> 1
    return last == 0 and (reached_first, reached_second) == (first_root, second_root)

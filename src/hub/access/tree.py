"""The Merkle tree over the sealed records: what an outsider checks the trail by, without key and without database.

The chain (`hub.access.chain`) proves to the hub that nothing was altered. The tree proves it to whoever holds heads, such as
the city, a court or the resident concerned: that one record stood in the trail when a head was made (inclusion), and that
a later trail still is the earlier one with records added (consistency). Leaf n is the record at position n + 1. Of the
inner hashes only those above 1,024 leaves are kept, one row for about 1,000 records; the rest is worked out when asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from hub.access import content, merkle
from hub.access.models import AccessRecord, Head, Subtree

LEVEL = 10  # subtrees of 2 ** LEVEL leaves and more are kept


class NotProved(Exception):
    """Why a proof cannot be given; its words are for whoever asked."""


# -- growing ---------------------------------------------------------------------------------------------------


def grow(size: int) -> bytes:
    """Keep every subtree that has become complete with `size` sealed records; returns the root. For the sealer."""
    nodes = _Nodes()
    for index in range(Subtree.objects.filter(level=LEVEL).count(), size >> LEVEL):
        level, hashed = LEVEL, nodes(LEVEL, index)
        nodes.keep(level, index, hashed)
        while index & 1:  # the subtree above it is complete, too
            hashed = merkle.parent(nodes(level, index - 1), hashed)
            level, index = level + 1, index >> 1
            nodes.keep(level, index, hashed)
    return merkle.span(0, size, nodes)


def peaks(size: int) -> list[tuple[int, int, bytes]]:
    """(level, index, hash) of the complete subtrees of the first `size` records: all that is needed to forget these."""
    nodes = _Nodes()
    return [(level, index, nodes(level, index)) for level, index in merkle.peaks(0, size)]


class _Nodes:
    """Hashes of complete subtrees: kept ones from their table, the others from the records. Reads each part once."""

    def __init__(self) -> None:
        # Small subtrees are kept only where the records below them were forgotten.
        small = Subtree.objects.filter(level__lt=LEVEL)
        self._known = {(one.level, one.index): bytes(one.hash) for one in small}
        self._chunks: set[int] = set()

    def __call__(self, level: int, index: int) -> bytes:
        known = self._known.get((level, index))
        if known is None:
            known = self._known[level, index] = self._found(level, index)
        return known

    def keep(self, level: int, index: int, hashed: bytes) -> None:
        Subtree.objects.create(level=level, index=index, hash=hashed)
        self._known[level, index] = hashed

    def _found(self, level: int, index: int) -> bytes:
        if level >= LEVEL:
            kept = Subtree.objects.filter(level=level, index=index).values_list("hash", flat=True).first()
            if kept is not None:
                return bytes(kept)
        if level:
            return merkle.parent(self(level - 1, 2 * index), self(level - 1, 2 * index + 1))
        if (chunk := index >> LEVEL) not in self._chunks:
            self._read_leaves(chunk)
            return self(0, index)
        raise NotProved(_("Records that the proof needs are missing. `hub audit verify` says where."))

    def _read_leaves(self, chunk: int) -> None:
        self._chunks.add(chunk)
        first = (chunk << LEVEL) + 1
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT position, {content.COLUMNS} FROM access_accessrecord "  # noqa: S608
                "WHERE position BETWEEN %s AND %s",
                [first, first + (1 << LEVEL) - 1],
            )
            for position, *values in cursor:
                self._known[0, position - 1] = merkle.leaf(content.encode(values))


# -- proofs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inclusion:
    """The record at a position is in the trail that a head of `size` records ends."""

    position: int
    record: list[Any]  # its values, in the order of `content.COLUMNS`
    size: int
    root: bytes
    path: list[bytes]

    def holds(self) -> bool:
        """Whether the proof shows what it says. Needs nothing but itself; the root is to be compared with the head's."""
        hashed = merkle.leaf(content.encode(self.record))
        return merkle.shows_inclusion(hashed, self.position - 1, self.size, self.root, self.path)

    def roots(self) -> dict[int, bytes]:
        """The roots it speaks of, by the position of their heads."""
        return {self.size: self.root}


@dataclass(frozen=True)
class Consistency:
    """The trail that the second head ends is that of the first with records added."""

    first: int
    first_root: bytes
    second: int
    second_root: bytes
    path: list[bytes]

    def holds(self) -> bool:
        """Whether the proof shows what it says, as with `Inclusion`."""
        return merkle.shows_consistency(self.first, self.first_root, self.second, self.second_root, self.path)

    def roots(self) -> dict[int, bytes]:
        """The roots it speaks of, by the position of their heads."""
        return {self.first: self.first_root, self.second: self.second_root}


type Proof = Inclusion | Consistency


def prove_inclusion(record: int, head: int | None = None) -> Inclusion:
    """That the record of this number is in the trail up to a head (its position; the newest). Raises NotProved."""
    position = AccessRecord.objects.filter(pk=record).values_list("position", flat=True).first()
    if position is None:
        raise NotProved(_("Record %(record)d is not in the trail, or not sealed yet.") % {"record": record})
    size, root = _head(head)
    if position > size:
        raise NotProved(
            _("Record %(record)d came after that head; name one from position %(position)d on.")
            % {"record": record, "position": position}
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {content.COLUMNS} FROM access_accessrecord WHERE position = %s",  # noqa: S608
            [position],
        )
        values = list(cursor.fetchone())
    path = merkle.inclusion(position - 1, size, _Nodes())
    return _sound(Inclusion(position, values, size, root, path))


def prove_consistency(first: int, second: int | None = None) -> Consistency:
    """That the trail of one head (its position) grew into that of another (the newest). Raises NotProved."""
    first, first_root = _head(first)
    second, second_root = _head(second)
    if first > second:
        raise NotProved(_("Name the older head first."))
    path = merkle.consistency(first, second, _Nodes())
    return _sound(Consistency(first, first_root, second, second_root, path))


def _head(position: int | None) -> tuple[int, bytes]:
    found = Head.objects.order_by("-position")
    head = (found if position is None else found.filter(position=position)).first()
    if head is None:
        raise NotProved(_("There is no head at that position; `hub audit heads` names the last."))
    if not head.root:
        raise NotProved(_("That head is from before the hub kept the tree; name a later one."))
    return head.position, bytes(head.root)


def _sound[P: (Inclusion, Consistency)](proof: P) -> P:
    if not proof.holds():
        raise NotProved(
            _("The records do not lead to this head: the trail was altered. `hub audit verify` says where.")
        )
    return proof


def written(proof: Proof) -> str:
    """A proof as JSON text, to hand out."""
    said: dict[str, Any] = {"proof": type(proof).__name__.lower()}
    for name, value in vars(proof).items():
        if isinstance(value, bytes):
            said[name] = value.hex()
        else:
            said[name] = [hashed.hex() for hashed in value] if name == "path" else value
    return json.dumps(said, ensure_ascii=False, indent=2)


def read(text: str) -> Proof:
    """The proof in a JSON text. Raises ValueError when there is none in it."""
    try:
        said: Mapping[str, Any] = json.loads(text)
        path = [bytes.fromhex(hashed) for hashed in said["path"]]
        if said["proof"] == "inclusion":
            root = bytes.fromhex(said["root"])
            return Inclusion(int(said["position"]), list(said["record"]), int(said["size"]), root, path)
        if said["proof"] == "consistency":
            roots = bytes.fromhex(said["first_root"]), bytes.fromhex(said["second_root"])
            return Consistency(int(said["first"]), roots[0], int(said["second"]), roots[1], path)
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(_("There is no proof in this file; it must be what `hub audit prove` printed."))

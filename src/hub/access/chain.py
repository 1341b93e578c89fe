"""The chain that shows whether the audit trail was altered, and from which record on.

A record is born with `mac`, a keyed hash of what it says, so from its first moment it can be neither altered nor made
up without the key. Once a minute the sealer gives every committed record its `position` and its `link`, the keyed hash
of the link before and the record's mac: from then on none can be taken out, moved or put between. Requests never wait
for the chain, for it is made behind them. What neither shows, a tail cut off together with its heads, is seen through
the heads that left the machine (`hub.access.heads`). Threats, limits and figures: docs/decisions/0007-audit-chain.md.
"""

import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import connection, connections, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub import places
from hub.access import content, heads, merkle, tree
from hub.access.heads import NO_LINK, Sealed
from hub.access.models import Checkpoint, Head, Subtree
from hub.owning import OWNER

BATCH = 1_000  # records sealed in one short transaction
KEPT_YEARS = 2  # records are kept at least this long (안전성 확보조치 기준 제8조)

_LOCK = 4_302_017  # one sealer at a time; any number, used nowhere else


class WrongKey(Exception):
    """The key in the hub's home is not the one this trail was sealed with."""

    def __str__(self) -> str:
        return (
            f"The key {_key_file()} did not seal this trail. Put the key back that was kept with the backup; "
            "nothing is sealed until then."
        )


# -- the key ---------------------------------------------------------------------------------------------------


def _key_file() -> Path:
    return places.HOME / "audit-key"


def key() -> bytes:
    """The key of the chain, 32 bytes: made once per installation, in the hub's home, never in the database."""
    return _read_key(places.home() / "audit-key")


@lru_cache(maxsize=4)
def _read_key(path: Path) -> bytes:
    if not path.exists():
        # Written whole beside its place and then linked there, so that nobody ever reads half a key.
        number, unfinished = tempfile.mkstemp(dir=path.parent, prefix="audit-key.")
        with os.fdopen(number, "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(unfinished, path)
        os.unlink(unfinished)
    return bytes.fromhex(path.read_text().strip())


# -- records ---------------------------------------------------------------------------------------------------


def mac(key: bytes, values: Sequence[Any]) -> bytes:
    """The keyed hash (HMAC-SHA256) of what a record says (`content.of`)."""
    return keyed_hash(key)(content.encode(values))


@lru_cache(maxsize=4)
def keyed_hash(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 with this key. The key is worked in once and not for each record, which saves a third."""
    begun = hmac.new(key, digestmod="sha256")

    def digest(text: bytes) -> bytes:
        made = begun.copy()
        made.update(text)
        return made.digest()

    return digest


# -- sealing ---------------------------------------------------------------------------------------------------


def seal() -> int:
    """Chain every committed record that is not yet, and send the new heads out; returns how many records.

    Called every minute by a worker, and by `hub audit seal`. Raises WrongKey, and OSError when heads cannot leave; what
    was sealed stays sealed then, and the next call sends what was left.
    """
    sealed = 0
    while True:
        batch = _seal_batch()
        sealed += batch
        if batch < BATCH:
            break
    heads.send()
    return sealed


@transaction.atomic
def _seal_batch() -> int:
    digest = keyed_hash(key())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = Head.objects.order_by("-position").first()
        if last is not None and not hmac.compare_digest(sign_head(_sealed(last)), last.signature):
            raise WrongKey
        position, link = (last.position, bytes(last.link)) if last else (0, NO_LINK)
        cursor.execute(
            "SELECT id, mac FROM access_accessrecord WHERE position IS NULL ORDER BY id LIMIT %s", [BATCH]
        )
        rows = cursor.fetchall()
        if not rows:
            return 0
        numbers, positions, links = [], [], []
        for number, made in rows:
            position += 1
            link = digest(link + made)
            numbers.append(number)
            positions.append(position)
            links.append(link)
        cursor.execute(
            "UPDATE access_accessrecord AS record SET position = next.position, link = next.link "
            "FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS next(id, position, link) "
            "WHERE record.id = next.id",
            [numbers, positions, links],
        )
    new = Sealed(position, link, timezone.now(), tree.grow(position))
    Head.objects.create(position=position, link=link, at=new.at, root=new.root, signature=sign_head(new))
    return len(rows)


def sign_head(head: Sealed) -> bytes:
    """The keyed hash that tells a head of ours from one made up."""
    # Heads from before there was a tree have no root, and were signed without.
    root = [head.root.hex()] if head.root else []
    return mac(key(), ["head", head.position, head.link.hex(), content.microseconds(head.at), *root])


def _sealed(head: Head) -> Sealed:
    return Sealed(head.position, bytes(head.link), head.at, bytes(head.root), bytes(head.signature))


# -- verification ----------------------------------------------------------------------------------------------

_WRONG: dict[str, str | Promise] = {
    "altered": _("The record was altered after it was written."),
    "unsealed": _("A record that is not sealed yet was altered or made up."),
    "missing": _("A record was taken out here."),
    "moved": _("The record stands at another place than it was sealed at, or the chain was made anew."),
    "twice": _("The record is a copy of another one."),
    "head": _("A head of the chain in the database is not genuine."),
    "cut": _("The end of the trail was cut off: a head outside this machine knows more records."),
    "differs": _("A head outside this machine tells of another chain."),
    "outside": _("A head outside this machine is not genuine, or was sealed with another key."),
    "checkpoint": _("The point up to which the trail was forgotten is not genuine."),
}


@dataclass(frozen=True)
class Wrong:
    """The first thing that is not as it was written: what, at which position, and in which record if it is there."""

    what: str
    position: int | None = None
    record: int | None = None

    def __str__(self) -> str:
        return str(_WRONG[self.what])


@dataclass(frozen=True)
class Verdict:
    """What a verification found. `unused` numbers were drawn by transactions that were undone (see the decision)."""

    at: datetime
    sealed: int
    unsealed: int
    unused: int
    forgotten: int
    position: int
    link: bytes
    heads_outside: int
    wrong: Wrong | None

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.wrong is None


def verify() -> Verdict:
    """Go through the whole trail and compare it with its macs, its links, its heads and the heads outside."""
    at = timezone.now()
    outside = list(heads.outside())  # before the records, so that no head is newer than what is read
    with transaction.atomic():
        return _Verification(at, outside).verdict()


class _Verification:
    """One walk along the chain; stops at the first thing that is wrong."""

    def __init__(self, at: datetime, outside: list[Sealed]) -> None:
        self.at = at
        self.key = key()
        self.outside = outside
        self.position, self.link, self.forgotten = 0, NO_LINK, 0
        self.tree = merkle.Growing()
        self.sealed = self.unsealed = self.lowest = self.highest = 0

    def verdict(self) -> Verdict:
        wrong = next(self._wrong(), None)
        seen = self.sealed + self.unsealed
        return Verdict(
            at=self.at,
            sealed=self.sealed,
            unsealed=self.unsealed,
            unused=self.highest - self.lowest + 1 - seen if seen else 0,
            forgotten=self.forgotten,
            position=self.position,
            link=self.link,
            heads_outside=len(self.outside),
            wrong=wrong,
        )

    def _wrong(self) -> Iterator[Wrong]:
        yield from self._checkpoint()
        expected: dict[int, tuple[str, bytes, bytes]] = {}
        made_up: list[Wrong] = []
        for head in Head.objects.order_by("position").iterator():
            if not hmac.compare_digest(sign_head(_sealed(head)), bytes(head.signature)):
                made_up.append(Wrong("head", head.position))
                continue
            expected[head.position] = ("head", bytes(head.link), bytes(head.root))
        for outside in self.outside:
            if not hmac.compare_digest(sign_head(outside), outside.signature):
                made_up.append(Wrong("outside", outside.position))
                continue
            if outside.position == self.forgotten and outside.link != self.link:
                yield Wrong("differs", outside.position)
            expected[outside.position] = ("differs", outside.link, outside.root)
        yield from self._chain(expected)
        yield from made_up  # after the chain, so that the first wrong record is named where there is one
        last = max(expected, default=0)
        if last > self.position:
            cut = any(head.position > self.position for head in self.outside)
            yield Wrong("cut" if cut else "missing", self.position + 1)
        yield from self._not_sealed_yet()
        yield from self._copies()

    def _checkpoint(self) -> Iterator[Wrong]:
        last = Checkpoint.objects.order_by("-position").first()
        if last is None:
            return
        if not hmac.compare_digest(_sign_checkpoint(last), bytes(last.signature)):
            yield Wrong("checkpoint", last.position)
        self.position = self.forgotten = last.position
        self.link = bytes(last.link)
        kept = {(one.level, one.index): bytes(one.hash) for one in Subtree.objects.all()}
        places = merkle.peaks(0, last.position)
        self.tree = merkle.Growing([(place[0], kept.get(place, b"")) for place in places])
        if self.tree.root() != bytes(last.root):
            yield Wrong("checkpoint", last.position)

    def _chain(self, expected: dict[int, tuple[str, bytes, bytes]]) -> Iterator[Wrong]:
        # Local names: this loop runs once for every record of years.
        position, link, digest = self.position, self.link, keyed_hash(self.key)
        encode, leaf, add = content.encode, merkle.leaf, self.tree.add
        for rows in _rows("position IS NOT NULL ORDER BY position"):
            for number, at_position, stored_mac, stored_link, *values in rows:
                if at_position != position + 1:
                    self.position, self.link = position, link
                    yield Wrong("missing" if at_position > position else "moved", position + 1)
                said = encode(values)
                if digest(said) != stored_mac:
                    yield Wrong("altered", at_position, number)
                link = digest(link + stored_mac)
                if link != stored_link:
                    yield Wrong("moved", at_position, number)
                position = at_position
                add(leaf(said))
                if position in expected:
                    what, link_then, root_then = expected[position]
                    if link_then != link or root_then and root_then != self.tree.root():
                        yield Wrong(what, position, number)
            self.position, self.link = position, link
            self._seen(rows)
            self.sealed += len(rows)

    def _not_sealed_yet(self) -> Iterator[Wrong]:
        for rows in _rows("position IS NULL ORDER BY id"):
            for number, _position, stored_mac, _link, *values in rows:
                if mac(self.key, values) != stored_mac:
                    yield Wrong("unsealed", None, number)
            self._seen(rows)
            self.unsealed += len(rows)

    def _seen(self, rows: list[tuple[Any, ...]]) -> None:
        numbers = [row[0] for row in rows]
        self.lowest = min(self.lowest or numbers[0], *numbers)
        self.highest = max(self.highest, *numbers)

    def _copies(self) -> Iterator[Wrong]:
        """A record copied as it is has a genuine mac; its mark gives it away. The database refuses it, too."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(position), max(id) FROM access_accessrecord "
                "GROUP BY mark HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
            )
            for position, number in cursor.fetchall():
                yield Wrong("twice", position, number)


def _rows(where: str) -> Iterator[list[tuple[Any, ...]]]:
    """(id, position, mac, link, then the content) of records, some thousands at a time."""
    statement = f"SELECT id, position, mac, link, {content.COLUMNS} FROM access_accessrecord WHERE {where}"  # noqa: S608
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(5_000):
            yield rows


# -- forgetting ------------------------------------------------------------------------------------------------


@transaction.atomic(using=OWNER)
def forget_before(day: date) -> Checkpoint | None:
    """Remove the records from before `day`, up to the last head of that time; the chain stays verifiable from there on.

    Only the owner of the tables can do it (`hub audit forget`). None when there is nothing that old. Raises ValueError
    for a day within the last two years, and WrongKey.
    """
    today = timezone.localdate()
    if day > today.replace(year=today.year - KEPT_YEARS, day=min(today.day, 28)):
        raise ValueError(f"The trail is kept for {KEPT_YEARS} years; {day} lies within them.")
    midnight = timezone.make_aware(datetime(day.year, day.month, day.day))
    with connections[OWNER].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT min(position) FROM access_accessrecord WHERE at >= %s", [midnight])
        (kept_from,) = cursor.fetchone()
        found = Head.objects.using(OWNER).order_by("-position")
        head = (found if kept_from is None else found.filter(position__lt=kept_from)).first()
        if head is None or Checkpoint.objects.using(OWNER).filter(position__gte=head.position).exists():
            return None
        if not hmac.compare_digest(sign_head(_sealed(head)), bytes(head.signature)):
            raise WrongKey
        peaks = tree.peaks(head.position)
        for level, index, hashed in peaks:
            Subtree.objects.using(OWNER).get_or_create(level=level, index=index, defaults={"hash": hashed})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE access_accessrecord DISABLE TRIGGER trail_only_grows_rows")
        cursor.execute("DELETE FROM access_accessrecord WHERE position <= %s", [head.position])
        cursor.execute("ALTER TABLE access_accessrecord ENABLE TRIGGER trail_only_grows_rows")
    root = merkle.fold([hashed for _level, _index, hashed in peaks])
    made = Checkpoint(position=head.position, link=bytes(head.link), root=root, at=timezone.now(), before=day)
    made.signature = _sign_checkpoint(made)
    made.save(force_insert=True, using=OWNER)
    return made


def _sign_checkpoint(point: Checkpoint) -> bytes:
    said = ["checkpoint", point.position, bytes(point.link).hex(), content.microseconds(point.at)]
    return mac(key(), [*said, point.before.isoformat(), bytes(point.root).hex()])

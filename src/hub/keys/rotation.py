"""Changing keys while people work.

    rotate      a new key makes what is new; the one before is old and still reads what it made
    move_on     values under old keys are decrypted, encrypted under the active key and indexed anew, batch by batch
    retire      an old key that nothing needs any more is destroyed

`move_on` keeps no state of its own: what stands under an old key is what remains to be done, so it may be killed at any
moment and started again, twice at once if need be. A batch is one short transaction that skips records somebody else is
writing at that moment and comes back to them.

Each step is in the audit trail.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection, models, transaction
from psycopg import errors, sql

from hub.access.actions import record
from hub.access.models import User
from hub.keys import columns, ring
from hub.keys.columns import Column
from hub.keys.ring import Key, KeyProblem, State, Use
from hub.walls import everywhere

BATCH = 1000  # records of one transaction
PATIENCE = 60  # seconds to wait for others who use keys, or who hold records
_TURN = "1s"  # how long others may be kept waiting behind us at a time

type Progress = Callable[[int, int], None]  # (values moved, of how many)


@dataclass(frozen=True)
class Standing:
    """A key and how many stored values need it, by column."""

    key: Key
    values: dict[str, int]


def begin() -> None:
    """See to it that the keys of this database are here: make them for a hub that has nothing encrypted, else check.

    Raises KeyProblem when values exist whose keys are not on the ring.
    """
    with everywhere(), transaction.atomic():
        used = _used()
    if not used and ring.begin():
        return
    lacking = missing()
    if lacking:
        raise KeyProblem(
            f"The key file {ring.ring().path} lacks keys that this database needs: {', '.join(lacking)}. "
            "Put back the key file that belongs to this database."
        )


def missing() -> list[str]:
    """Ids of keys that stored values need and the ring has not."""
    there = {key.id for key in ring.ring().keys if key.secret is not None}
    with everywhere(), transaction.atomic():
        return sorted({number.hex() for _, number in _used() if number not in there})


def standings() -> list[Standing]:
    """Every key of the ring with what needs it, in the order of the ring."""
    with everywhere(), transaction.atomic():
        used = _used()
    return [
        Standing(key, {column: number for (column, of), number in used.items() if of == key.id})
        for key in ring.ring().keys
    ]


def rotate(use: Use, *, by: User | None = None) -> Key:
    """A new active key of this use. `by` is None at the terminal, where an account of the system stands for the person."""
    with everywhere(), _alone():
        made = ring.add(use)
        record(by, "keys.rotated", ("key", made.name), purpose=use.value)
    return made


def move_on(progress: Progress | None = None, *, batch: int = BATCH, by: User | None = None) -> int:
    """Bring every stored value under the active keys; returns how many records were changed.

    Raises KeyProblem, after moving all others, when records stay locked by others for longer than PATIENCE or cannot
    be read.
    """
    with everywhere():
        total = _remaining()
        with transaction.atomic():
            record(by, "keys.moving", purpose=f"{total} records")
        done, unreadable, idle_since = 0, set[str](), time.monotonic()
        while _remaining() > len(unreadable):
            before = done
            for column in columns.every():
                for moved, unread in _batches(column, batch):
                    done += moved
                    unreadable |= unread
                    if progress:
                        progress(done, max(total, done))
            if done > before:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > PATIENCE:
                raise KeyProblem(
                    "Some records are being written by others and were left. Run it again later."
                )
            else:
                time.sleep(0.1)
        with transaction.atomic():
            record(by, "keys.moved", purpose=f"{done} records")
    if unreadable:
        raise KeyProblem(
            f"{done} records were moved. {len(unreadable)} cannot be read and stay as they are; restore them from a "
            f"backup: {', '.join(sorted(unreadable)[:5])}{' …' if len(unreadable) > 5 else ''}"
        )
    return done


def retire(name: str, *, by: User | None = None) -> Key:
    """Destroy an old key, named by its id. Raises KeyProblem when it is active or anything still needs it."""
    with everywhere(), _alone():
        key = next((key for key in ring.ring().keys if key.name == name.lower()), None)
        if key is None:
            raise KeyProblem(f"There is no key {name}. The ids are shown by: hub keys list")
        if key.state is State.ACTIVE:
            raise KeyProblem(f"Key {key.name} is active: what is new is made with it. First: hub keys rotate")
        if key.state is State.RETIRED:
            raise KeyProblem(f"Key {key.name} is retired already.")
        needed = {column: number for (column, of), number in _used().items() if of == key.id}
        if needed:
            told = ", ".join(f"{number} in {column}" for column, number in needed.items())
            raise KeyProblem(f"Key {key.name} is still needed: {told}. First: hub keys reencrypt")
        record(by, "keys.retired", ("key", key.name), purpose=key.use.value)
        return ring.destroy(key.id)


# -- how -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """A transaction in which nobody else uses keys.

    Others queue behind whoever waits for a lock, so we ask for a second at a time and step back in between.
    """
    with transaction.atomic():
        for turn in range(PATIENCE):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_TURN])
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [columns.LOCK])
                    cursor.execute("SELECT set_config('lock_timeout', '0', true)")
                break
            except DatabaseError as problem:
                if not isinstance(problem.__cause__, errors.LockNotAvailable):
                    raise
                if turn == PATIENCE - 1:
                    raise KeyProblem(
                        "Somebody has been using keys in one transaction for over a minute. Nothing was changed. "
                        "Try again when long work, such as an import, is over."
                    ) from None
                time.sleep(0.2)
        yield


def _called(field: models.Field) -> sql.Identifier:
    """SQL: the name of this column."""
    return sql.Identifier(str(field.column))


def _key_id(field: models.Field) -> sql.Composable:
    """SQL: the id of the key that made this column's value."""
    return sql.SQL("substring({}, {}, {})").format(_called(field), ring.ID_AT, ring.ID)


def _used() -> dict[tuple[str, bytes], int]:
    """How many values each key made, by (column, key id)."""
    found: dict[tuple[str, bytes], int] = {}
    for column in columns.every():
        for field in (column.encrypted, *column.indexes):
            query = sql.SQL(
                "SELECT {key}, count(*) FROM {table} WHERE {field} IS NOT NULL GROUP BY 1"
            ).format(
                key=_key_id(field),
                table=sql.Identifier(column.model._meta.db_table),
                field=_called(field),
            )
            with connection.cursor() as cursor:
                cursor.execute(query)
                for number, count in cursor.fetchall():
                    found[f"{column.model._meta.label_lower}.{field.name}", bytes(number)] = count
    return found


def _under_old_keys(column: Column, keys: ring.Ring) -> sql.Composable:
    """SQL: this record has a value that an old key made."""
    old = {use: [key.id for key in keys.living(use) if key.state is State.OLD] for use in Use}
    tests = [
        sql.SQL("{} = ANY({})").format(_key_id(column.encrypted), sql.Literal(old[Use.ENCRYPT])),
        *(
            sql.SQL("{} = ANY({})").format(_key_id(index), sql.Literal(old[Use.INDEX]))
            for index in column.indexes
        ),
    ]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(tests))


def _remaining() -> int:
    """How many records have a value under an old key."""
    keys, number = ring.ring(), 0
    for column in columns.every():
        query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
            sql.Identifier(column.model._meta.db_table), _under_old_keys(column, keys)
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query)
            number += int(cursor.fetchone()[0])
    return number


def _batches(column: Column, size: int) -> Iterator[tuple[int, set[str]]]:
    """One pass over a table in the order of its primary key, a transaction for each batch.

    Yields how many records a batch changed, and the places of those that could not be read.
    """
    last: object = None
    while True:
        with transaction.atomic():
            keys = columns.hold()
            rows = _take(column, keys, last, size)
            unread = _put(column, keys, rows)
        if not rows:
            return
        last = rows[-1][0]
        yield len(rows) - len(unread), unread


def _take(column: Column, keys: ring.Ring, last: object, size: int) -> list[tuple[object, bytes]]:
    """The next records to move, ours until the transaction ends: (primary key, encrypted value)."""
    pk = column.model._meta.pk
    assert pk is not None
    query = sql.SQL(
        "SELECT {pk}, {encrypted} FROM {table} WHERE {after} AND {old} ORDER BY {pk} LIMIT {size}"
        " FOR UPDATE SKIP LOCKED"
    ).format(
        pk=_called(pk),
        encrypted=_called(column.encrypted),
        table=sql.Identifier(column.model._meta.db_table),
        after=sql.SQL("TRUE") if last is None else sql.SQL("{} > {}").format(_called(pk), sql.Literal(last)),
        old=_under_old_keys(column, keys),
        size=sql.Literal(size),
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [(number, bytes(stored)) for number, stored in cursor.fetchall()]


def _put(column: Column, keys: ring.Ring, rows: list[tuple[object, bytes]]) -> set[str]:
    """Write these records' values under the active keys, in one statement; returns the places that are unreadable."""
    encrypted = column.encrypted
    pk = column.model._meta.pk
    assert pk is not None
    numbers: list[object] = []
    fresh: list[list[bytes]] = [[] for _ in range(1 + len(column.indexes))]
    unread: set[str] = set()
    for number, stored in rows:
        place = encrypted.place(number)
        try:
            plain = keys.decrypt(encrypted.purpose, stored, place)
        except KeyProblem:
            unread.add(place)
            continue
        numbers.append(number)
        fresh[0].append(keys.encrypt(encrypted.purpose, plain, place))
        for at, index in enumerate(column.indexes, start=1):
            fresh[at].append(keys.blind_index(index.purpose, plain))
    if not numbers:
        return unread
    fields = (encrypted, *column.indexes)
    names = [sql.Identifier(f"value{at}") for at in range(len(fields))]
    statement = sql.SQL(
        "UPDATE {table} AS kept SET {settings} FROM unnest(%s::{type}[], {arrays}) AS fresh (number, {names})"
        " WHERE kept.{pk} = fresh.number"
    ).format(
        table=sql.Identifier(column.model._meta.db_table),
        settings=sql.SQL(", ").join(
            sql.SQL("{} = fresh.{}").format(_called(field), name)
            for field, name in zip(fields, names, strict=True)
        ),
        type=sql.SQL(pk.db_type(connection) or ""),
        arrays=sql.SQL(", ").join([sql.SQL("%s::bytea[]")] * len(fields)),
        names=sql.SQL(", ").join(names),
        pk=_called(pk),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [numbers, *fresh])
    return unread

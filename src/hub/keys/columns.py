"""The two kinds of database column that carry what keys made.

A model that keeps a secret value declares it, and that is all: rotation finds every such column of every app by its
kind, so no value is forgotten when a key goes.

    encrypted = Encrypted(purpose="people.identity_number")
    blind_index = BlindIndex(of="encrypted", purpose="people.blind_index")

Nothing happens behind an assignment. Actions call `encrypt` and `decrypt` where the plain value is really needed.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q

from hub.keys import ring as keys

# Whoever uses keys holds this lock in shared mode until the transaction ends; whoever changes the ring holds it alone.
# So no transaction can commit a value under a key that was destroyed meanwhile, or miss one that is being moved.
LOCK = int.from_bytes(b"hub.keys")


class Encrypted(models.BinaryField):
    """A value encrypted for one purpose and bound to its record."""

    def __init__(self, *args: Any, purpose: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.purpose = purpose

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """For migrations."""
        name, path, args, more = super().deconstruct()
        return name, path, args, {**more, "purpose": self.purpose}

    def place(self, pk: object) -> str:
        """What a value of this column is bound to."""
        return f"{self.model._meta.db_table}.{self.column}.{pk}"


class BlindIndex(models.BinaryField):
    """What the value of an `Encrypted` column of the same model is looked up by."""

    def __init__(self, *args: Any, of: str, purpose: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.of = of
        self.purpose = purpose

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """For migrations."""
        name, path, args, more = super().deconstruct()
        return name, path, args, {**more, "of": self.of, "purpose": self.purpose}


@dataclass(frozen=True)
class Column:
    """An encrypted column and the blind indexes made of it."""

    model: type[models.Model]
    encrypted: Encrypted
    indexes: tuple[BlindIndex, ...]

    def __str__(self) -> str:
        return f"{self.model._meta.label_lower}.{self.encrypted.name}"


def of(model: type[models.Model]) -> list[Column]:
    """The encrypted columns of a model."""
    fields = model._meta.concrete_fields
    return [
        Column(
            model,
            field,
            tuple(one for one in fields if isinstance(one, BlindIndex) and one.of == field.name),
        )
        for field in fields
        if isinstance(field, Encrypted)
    ]


def every() -> list[Column]:
    """The encrypted columns of all apps."""
    return [column for model in apps.get_models() for column in of(model)]


def hold() -> keys.Ring:
    """The keys, which stay in force until the transaction ends. Call inside one."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Keys are used inside a transaction only.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    return keys.ring()


def encrypt(record: models.Model, name: str, plain: bytes) -> None:
    """Put `plain` into an encrypted column of a record, and its blind indexes beside it; the caller saves it.

    The primary key is bound in, so the record must have it already: make it a UUID, or save the record first.
    """
    if record.pk is None:
        raise ValueError("a record needs its primary key before a value is bound to it")
    ring = hold()
    column = _named(record, name)
    setattr(record, name, ring.encrypt(column.encrypted.purpose, plain, column.encrypted.place(record.pk)))
    for index in column.indexes:
        setattr(record, index.name, ring.blind_index(index.purpose, plain))


def decrypt(record: models.Model, name: str) -> bytes:
    """The plain value of an encrypted column. Whoever calls has passed a gate. Raises KeyProblem."""
    ring = hold()
    column = _named(record, name)
    purpose, place = column.encrypted.purpose, column.encrypted.place(record.pk)
    try:
        return ring.decrypt(purpose, bytes(getattr(record, name)), place)
    except keys.UnknownKey:
        # It may have moved to a new key after it was fetched and before the lock was ours.
        record.refresh_from_db(fields=[name])
        return ring.decrypt(purpose, bytes(getattr(record, name)), place)


def holding(model: type[models.Model], name: str, plain: bytes) -> Q:
    """The condition that a record's encrypted column holds this value, whichever key its blind index was made with."""
    ring = hold()
    column = next(column for column in of(model) if column.encrypted.name == name)
    index = column.indexes[0]
    return Q((f"{index.name}__in", ring.blind_indexes(index.purpose, plain)))


def _named(record: models.Model, name: str) -> Column:
    return next(column for column in of(type(record)) if column.encrypted.name == name)

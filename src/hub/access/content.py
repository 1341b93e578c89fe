"""What a record of the trail says, in the one form from which its mac and its leaf of the tree are made.

Read off a new record or out of the table it is the same, to the byte: canonical JSON of the values in this order.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.access.models import AccessRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

COLUMNS = (
    "mark::text, (extract(epoch FROM at) * 1000000)::bigint, actor_id, roles, session, origin, verb, "
    "object_kind, object_id, household, person, listed, subjects, purpose"
)
NAMES = (
    "mark", "at", "actor", "roles", "session", "origin", "verb",
    "object_kind", "object_id", "household", "person", "listed", "subjects", "purpose",
)  # fmt: skip
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def of(made: AccessRecord) -> list[Any]:
    """The values of a record in the order of `COLUMNS`."""
    return [
        str(made.mark),
        microseconds(made.at),
        made.actor_id,
        made.roles,
        made.session,
        made.origin,
        made.verb,
        made.object_kind,
        made.object_id,
        made.household,
        made.person,
        made.listed,
        made.subjects,
        made.purpose,
    ]


def encode(values: Sequence[Any]) -> bytes:
    """Values as compact JSON in UTF-8."""
    return _write(values).encode()


def microseconds(at: datetime) -> int:
    """A moment as whole microseconds since 1970, which is how PostgreSQL keeps it."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(number: int) -> datetime:
    """The moment of that many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=number)

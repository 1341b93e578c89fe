"""The one door to the audit trail: what was done, by whom, in which post, from where, to whom, and what for.

The five items of the Korean standard (안전성 확보조치 기준 제8조: user, time, place, person concerned, action) and the
purpose. A deed and its record share one transaction, so there is neither without the other: when the trail cannot be
written, nothing is done and nothing is shown.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.access import chain, content
from hub.access.models import AccessRecord, User
from hub.access.queries import duties


@dataclass(frozen=True)
class Whence:
    """Where a deed comes from: a network address or "worker" or "command", and a keyed hash of the session."""

    origin: str
    session: str = ""


_FROM_A_TERMINAL = Whence("command")
_WHENCE: ContextVar[Whence] = ContextVar("whence", default=_FROM_A_TERMINAL)


@contextmanager
def coming_from(origin: str, session: str = "") -> Iterator[None]:
    """Within this block, deeds are recorded as coming from there. The middleware and the worker say so once."""
    token = _WHENCE.set(Whence(origin, session))
    try:
        yield
    finally:
        _WHENCE.reset(token)


# A birthday and seven more digits, with or without a hyphen, masked or not: a resident number, invented ones included.
_RESIDENT_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\s*-?\s*\d[\d*]{6}(?![0-9A-Za-z*])"
)


def record(
    actor: User | AnonymousUser | None,
    verb: str,
    of: models.Model | tuple[str, str] | None = None,
    purpose: str = "",
    *,
    household: int | None = None,
    person: int | None = None,
    listed: Iterable[int] | None = None,
    subjects: int | None = None,
    origin: str | None = None,
) -> AccessRecord:
    """Write down that `actor` did `verb` (as "app.verb", in the past tense) to an object, for a purpose.

    Every read of a household and every write goes through here, in the same transaction as the deed itself. `of` is
    a model instance or a pair (kind, id); never a name or a number that says who a resident is. The household and the
    person concerned are read off the instance where it has them; `listed` are the numbers of the households a list
    or an export showed, `subjects` how many residents or households were shown (default: as many as listed).

    Raises ValidationError for a purpose that holds a resident number.
    """
    if isinstance(of, models.Model):
        kind, number = of._meta.label_lower, str(of.pk)
        of_household = of.pk if kind == "people.household" else getattr(of, "household_id", None)
        of_person = of.pk if kind == "people.person" else getattr(of, "person_id", None)
        household = of_household if household is None else household
        person = of_person if person is None else person
    else:
        kind, number = of or ("", "")
    if _RESIDENT_NUMBER.search(purpose):
        raise ValidationError(
            _("State the purpose without a resident number: the audit trail keeps it for years.")
        )
    numbers = None if listed is None else sorted(set(listed))
    if subjects is None:
        subjects = int(household is not None or person is not None) if numbers is None else len(numbers)
    whence = _WHENCE.get()
    made = AccessRecord(
        mark=uuid4(),
        at=timezone.now(),
        actor=actor if isinstance(actor, User) else None,
        roles=",".join(dict.fromkeys(duty.role.value for duty in duties(actor))) if actor else "",
        session=whence.session,
        origin=origin or whence.origin,
        verb=verb,
        object_kind=kind,
        object_id=number,
        household=household,
        person=person,
        listed=numbers,
        subjects=subjects,
        purpose=purpose,
    )
    made.mac = chain.mac(chain.key(), content.of(made))
    made.save(force_insert=True)
    return made

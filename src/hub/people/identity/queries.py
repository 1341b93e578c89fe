"""What is known of identity numbers, always masked."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from hub.access.access import area_of_duty
from hub.access.models import AccessRecord, User
from hub.access.roles import Right
from hub.people.access import in_area
from hub.people.identity.models import IdentityNumber
from hub.people.models import Person
from hub.people.queries import RESIDENT, entries


def of_persons(persons: Iterable[Person]) -> dict[int, list[IdentityNumber]]:
    """The numbers recorded for each person who stands, latest first, by the person's number; a number that a merged entry has as
    well is told once. One query, nothing encrypted.
    """
    found: dict[int, list[IdentityNumber]] = {person.pk: [] for person in persons}
    numbers = IdentityNumber.objects.filter(person__in=entries(found)).defer("encrypted")
    told: dict[tuple[int, bytes], int] = {}
    for number in numbers.annotate(stands=RESIDENT).order_by("-collected_on", "-recorded_at"):
        if told.setdefault((number.stands, bytes(number.blind_index)), number.person_id) == number.person_id:
            found[number.stands].append(number)
    return found


def held_by_several(user: User) -> list[list[IdentityNumber]]:
    """Numbers recorded for more than one person of the user's area of duty: a slip of the pen, or one person twice.

    Complete unless the key of the blind index is being changed at this moment.
    """
    numbers = in_duty(user)
    several = (
        numbers.values("blind_index").annotate(persons=Count(RESIDENT, distinct=True)).filter(persons__gt=1)
    )
    found: dict[bytes, list[IdentityNumber]] = {}
    for number in numbers.filter(blind_index__in=several.values("blind_index")).order_by("person"):
        found.setdefault(bytes(number.blind_index), []).append(number)
    return list(found.values())


def others_with(number: IdentityNumber, user: User) -> list[IdentityNumber]:
    """The same number where it is recorded for other residents of the user's area of duty."""
    same = in_duty(user).filter(blind_index=number.blind_index)
    return list(same.exclude(person__in=entries([number.person.stands_id])).order_by("person"))


def in_duty(user: User) -> QuerySet[IdentityNumber]:
    """The numbers of persons whose household this user may open."""
    here = in_area(area_of_duty(user, Right.SEE_HOUSEHOLDS), "person__household__")
    return IdentityNumber.objects.filter(here).select_related("person__household", "person__same_as")


def done_within(user: User, verb: str, period: timedelta) -> int:
    """How often this user did this of late, by the audit trail."""
    return AccessRecord.objects.filter(actor=user, verb=verb, at__gt=timezone.now() - period).count()

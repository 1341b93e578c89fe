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


def of_persons(persons: Iterable[Person]) -> dict[int, list[IdentityNumber]]:
    """The numbers recorded for each person, latest first, by the person's number. One query, nothing encrypted."""
    found: dict[int, list[IdentityNumber]] = {person.pk: [] for person in persons}
    numbers = IdentityNumber.objects.filter(person__in=found).defer("encrypted", "blind_index")
    for number in numbers.order_by("-collected_on", "-recorded_at"):
        found[number.person_id].append(number)
    return found


def held_by_several(user: User) -> list[list[IdentityNumber]]:
    """Numbers recorded for more than one person of the user's area of duty: a slip of the pen, or one person twice.

    Complete unless the key of the blind index is being changed at this moment.
    """
    numbers = in_duty(user)
    several = (
        numbers.values("blind_index").annotate(persons=Count("person", distinct=True)).filter(persons__gt=1)
    )
    found: dict[bytes, list[IdentityNumber]] = {}
    for number in numbers.filter(blind_index__in=several.values("blind_index")).order_by("person"):
        found.setdefault(bytes(number.blind_index), []).append(number)
    return list(found.values())


def others_with(number: IdentityNumber, user: User) -> list[IdentityNumber]:
    """The same number where it is recorded for other persons of the user's area of duty."""
    same = in_duty(user).filter(blind_index=number.blind_index).exclude(person=number.person_id)
    return list(same.order_by("person"))


def in_duty(user: User) -> QuerySet[IdentityNumber]:
    """The numbers of persons whose household this user may open."""
    here = in_area(area_of_duty(user, Right.SEE_HOUSEHOLDS), "person__household__")
    return IdentityNumber.objects.filter(here).select_related("person__household")


def done_within(user: User, verb: str, period: timedelta) -> int:
    """How often this user did this of late, by the audit trail."""
    return AccessRecord.objects.filter(actor=user, verb=verb, at__gt=timezone.now() - period).count()

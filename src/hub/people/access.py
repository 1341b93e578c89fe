"""The gates of households: who may open which, and who may write about it.

A household is open to whoever holds the right in its dong or zone, unless it is sealed; beyond that only to those its seal names and,
for a day, to whoever opened it in an emergency. Both are asked here and, apart from this, by the database (`hub.walls`).
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hub import walls
from hub.access.access import Asking, Refused, may, require
from hub.access.models import User
from hub.access.roles import Right
from hub.people.models import Household, Opening, Seal


def cleared_for(user: Asking) -> frozenset[int]:
    """Numbers of households open to this user in spite of area or seal. Read once for each user object.

    A clearance does not survive the post: without any right to see households it opens nothing.
    """
    if not isinstance(user, User) or not may(user, Right.SEE_HOUSEHOLDS):
        return frozenset()
    known: frozenset[int] | None = user.__dict__.get("_cleared")
    if known is None:
        # The two tables lie behind the wall that this answer is needed for.
        with walls.everywhere(), transaction.atomic():
            emergencies = Opening.objects.filter(
                user=user, emergency=True, until__gt=timezone.now(), verdict=""
            ).values_list("household")
            named = Seal.objects.filter(allowed=user, lifted_at=None).values_list("household")
            known = frozenset(number for (number,) in emergencies.union(named))
        user.__dict__["_cleared"] = known
    return known


def in_area(area: Collection[str] | None, household: str = "") -> Q:
    """Condition for rows whose household lies in this area of duty (codes of dongs and zones; None: everywhere).

    `household` is the way from the row to its household, such as "person__household__".
    """
    if area is None:
        return Q()
    return Q((f"{household}centre__in", area)) | Q((f"{household}zone__in", area))


def forget_clearances(user: User) -> None:
    """Read them anew when next asked: one was added or taken away."""
    user.__dict__.pop("_cleared", None)


def may_about(user: Asking, right: Right, household: Household) -> bool:
    """Whether this user may do this about this household: the right holds there and the household may be seen."""
    if household.pk in cleared_for(user):
        return may(user, right)
    return not household.sealed and may(user, right, household.dong, household.zone_id)


def require_about(user: Asking, right: Right, household: Household) -> None:
    """Raise Refused unless `may_about`."""
    if household.pk in cleared_for(user):
        require(user, right)
        return
    require(user, right, household.dong, household.zone_id)
    if household.sealed:
        raise Refused(_("This household is sealed. It is open to those its seal names."))


def may_see_household(user: Asking, household: Household) -> bool:
    """Whether this user may open this household."""
    return may_about(user, Right.SEE_HOUSEHOLDS, household)


def require_see_household(user: Asking, household: Household) -> None:
    """Raise Refused unless `may_see_household`."""
    require_about(user, Right.SEE_HOUSEHOLDS, household)


def may_record(user: Asking, household: Household) -> bool:
    """Whether this user may write about this household."""
    return may_about(user, Right.RECORD_FACTS, household)


def require_record(user: Asking, household: Household) -> None:
    """Raise Refused unless `may_record`."""
    require_about(user, Right.RECORD_FACTS, household)

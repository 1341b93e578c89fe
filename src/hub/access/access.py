"""The gates: who may what, and where.

Each question exists twice: `may...` answers yes or no for a page, `require...` raises with the reason. Views and
actions pass a gate once and never ask again.
"""

from typing import Protocol

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.access.queries import duties
from hub.access.roles import Right

type Asking = User | AnonymousUser


class InADong(Protocol):
    """Anything that lies in one dong, such as a household."""

    @property
    def dong(self) -> str:
        """Ten-digit code of the dong."""


class Refused(PermissionDenied):
    """A gate stayed closed; the text is a sentence for the person who asked."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


_REASONS: dict[Right, str | Promise] = {
    Right.SEE_HOUSEHOLDS: _("Your post does not include seeing households."),
    Right.RECORD_FACTS: _("Your post does not include recording facts about households."),
    Right.INTERVIEW: _("Your post does not include desk interviews."),
    Right.SEE_FIGURES: _("Your post does not include the figures of the district."),
    Right.START_RUNS: _("Your post does not include starting a district run."),
    Right.IMPORT_LISTS: _("Your post does not include importing lists."),
    Right.MANAGE_ACCOUNTS: _("Your post does not include managing accounts."),
    Right.READ_TRAIL: _("Your post does not include reading the audit trail."),
}


def may(user: Asking, right: Right, dong: str | None = None) -> bool:
    """Whether a post held today carries this right, in this dong if one is named."""
    return any(right in duty.rights and (dong is None or duty.covers(dong)) for duty in duties(user))


def require(user: Asking, right: Right, dong: str | None = None) -> None:
    """Raise Refused unless `may`."""
    if may(user, right, dong):
        return
    if dong is not None and may(user, right):
        raise Refused(_("This household lies outside your area of duty."))
    raise Refused(_REASONS[right])


def area_of_duty(user: Asking, right: Right) -> frozenset[str] | None:
    """The dong codes in which this right holds; None means the whole district, empty means nowhere."""
    held = [duty.dongs for duty in duties(user) if right in duty.rights]
    if any(dongs is None for dongs in held):
        return None
    return frozenset().union(*(dongs for dongs in held if dongs is not None))


def may_see_household(user: Asking, household: InADong) -> bool:
    """Whether this household may be opened by this user."""
    return may(user, Right.SEE_HOUSEHOLDS, household.dong)


def require_see_household(user: Asking, household: InADong) -> None:
    """Raise Refused unless `may_see_household`."""
    require(user, Right.SEE_HOUSEHOLDS, household.dong)


def may_record_facts(user: Asking, household: InADong) -> bool:
    """Whether this user may write facts about this household."""
    return may(user, Right.RECORD_FACTS, household.dong)


def require_record_facts(user: Asking, household: InADong) -> None:
    """Raise Refused unless `may_record_facts`."""
    require(user, Right.RECORD_FACTS, household.dong)

"""The gates: who may what, and where. Those of single households stand in `people.access`.

Each question exists twice: `may...` answers yes or no for a page, `require...` raises with the reason. Views and
actions pass a gate once and never ask again.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.access.queries import duties
from hub.access.roles import Right
from hub.organisation.queries import dong_of

type Asking = User | AnonymousUser


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
    Right.MANAGE_CONSENT: _("Your post does not include taking or withdrawing consent."),
    Right.UNMASK_NUMBERS: _("Your post does not include seeing whole resident numbers."),
    Right.SEAL: _("Your post does not include sealing households."),
    Right.LINK_PERSONS: _("Your post does not include linking persons."),
    Right.IMPORT_LISTS: _("Your post does not include taking in lists."),
    Right.START_RUNS: _("Your post does not include starting a district run."),
    Right.PUBLISH_PROGRAMMES: _("Your post does not include putting programmes in force."),
    Right.EXPORT: _("Your post does not include taking lists out of the hub."),
    Right.SEE_FIGURES: _("Your post does not include the figures of the district."),
    Right.APPROVE: _("Your post does not include approving as the second person."),
    Right.MANAGE_ACCOUNTS: _("Your post does not include managing accounts."),
    Right.KEEP_REGISTER: _("Your post does not include changes of the register."),
    Right.READ_TRAIL: _("Your post does not include reading the audit trail."),
    Right.INSPECT: _("Your post does not include the inspection of the audit trail."),
    Right.ERASE: _("Your post does not include erasing personal data."),
}


def may(user: Asking, right: Right, dong: str | None = None, zone: str | None = None) -> bool:
    """Whether a post held today carries this right; in this dong, or this zone of it, if one is named."""
    return any(right in duty.rights and (dong is None or duty.covers(dong, zone)) for duty in duties(user))


def require(user: Asking, right: Right, dong: str | None = None, zone: str | None = None) -> None:
    """Raise Refused unless `may`."""
    if may(user, right, dong, zone):
        return
    if dong is not None and may(user, right):
        raise Refused(_("This household lies outside your area of duty."))
    raise Refused(_REASONS[right])


def require_user(user: Asking) -> User:
    """The signed-in user behind a request. Raises Refused for anybody else."""
    if not isinstance(user, User):
        raise Refused("")
    return user


def area_of_duty(user: Asking, right: Right) -> frozenset[str] | None:
    """Codes of the dongs and zones in which this right holds; None means the whole district, empty means nowhere.

    A zone is not named where its dong is.
    """
    held = [duty.area for duty in duties(user) if right in duty.rights]
    if any(area is None for area in held):
        return None
    places = frozenset[str]().union(*(area for area in held if area is not None))
    return frozenset(place for place in places if dong_of(place) == place or dong_of(place) not in places)


def require_manage_account(by: User | None, account: User) -> None:
    """Raise Refused unless `by` manages accounts and this one is somebody else's.

    `by` is None only when the hub itself acts, at installation.
    """
    if by is None:
        return
    require(by, Right.MANAGE_ACCOUNTS)
    if by.pk == account.pk:
        raise Refused(_("Nobody changes their own posts or account; ask another administrator."))

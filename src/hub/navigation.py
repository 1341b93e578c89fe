"""What the masthead offers: one line per place, in the order of the work.

An entry appears as soon as its app brings the named address, and only to those who hold its right.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.access.access import may
from hub.access.queries import duties
from hub.access.roles import Right


@dataclass(frozen=True)
class Entry:
    """A place in the masthead: the name of its address, its words, and the right one needs to see it."""

    address: str
    label: str | Promise
    right: Right | None = None


ENTRIES = (
    Entry("home", _("Home")),
    Entry("worklist", _("Work list"), Right.SEE_HOUSEHOLDS),
    Entry("interviews", _("Desk interview"), Right.INTERVIEW),
    Entry("run", _("District run"), Right.SEE_FIGURES),
    Entry("search", _("Find a household"), Right.SEE_HOUSEHOLDS),
    Entry("agency_lists", _("Agency lists"), Right.IMPORT_LISTS),
    Entry("emergencies", _("Emergency openings"), Right.INSPECT),
    Entry("subject_requests", _("Requests"), Right.MANAGE_CONSENT),
    Entry("retention", _("Retention"), Right.ERASE),
    Entry("programmes", _("Programmes")),
    Entry("inspection", _("Inspection"), Right.INSPECT),
    Entry("trail", _("Audit trail"), Right.READ_TRAIL),
    Entry("approvals", _("Second person"), Right.APPROVE),
    Entry("zones", _("Zones"), Right.MANAGE_ACCOUNTS),
    Entry("accounts", _("Accounts"), Right.MANAGE_ACCOUNTS),
)

# What anybody may read without signing in.
FOR_STRANGERS = (Entry("programmes", _("Programmes")), Entry("sign_in", _("Sign in")))


def _within(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(address))


def masthead(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation`, a list of {label, address, here}, and `duty_posts`, the names of posts held."""
    user = getattr(request, "user", None)
    if user is None:
        return {"navigation": [], "duty_posts": []}
    signed_in = user.is_authenticated
    offered: list[dict[str, Any]] = []
    for entry in ENTRIES if signed_in else FOR_STRANGERS:
        if entry.right is not None and not may(user, entry.right):
            continue
        try:
            address = reverse(entry.address)
        except NoReverseMatch:
            continue
        offered.append({"label": entry.label, "address": address, "here": False})
    # Of places one inside the other, the inner one is where the reader is.
    around = [one for one in offered if _within(request.path, one["address"])]
    if around:
        max(around, key=lambda one: len(one["address"]))["here"] = True
    return {
        "navigation": offered,
        "duty_posts": [duty.role.label for duty in duties(user)] if signed_in else [],
    }

"""Fetch and authorise: the only ways views and actions get at an interview or a run."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from hub.access.access import Asking, Refused, area_of_duty, require
from hub.access.roles import Right
from hub.organisation.queries import dong_of
from hub.screening.models import Interview, Run


def run_to_see(user: Asking, run: int) -> Run:
    """A run whose figures this user may see. Raises Refused or Http404."""
    require(user, Right.SEE_FIGURES)
    return get_object_or_404(Run, pk=run)


def require_start_runs(user: Asking) -> None:
    """Raise Refused unless this user may screen the district."""
    require(user, Right.START_RUNS)


def may_walk_in(user: Asking) -> bool:
    """Whether this user may interview somebody who walked in. Who is on no register lies in no zone, so it takes a dong."""
    area = area_of_duty(user, Right.INTERVIEW)
    return area is None or any(dong_of(place) == place for place in area)


def require_walk_in(user: Asking) -> None:
    """Raise Refused unless `may_walk_in`."""
    require(user, Right.INTERVIEW)
    if not may_walk_in(user):
        raise Refused(_("Your post is limited to zones. Begin the interview on the page of the household."))


def interview_to_hold(user: Asking, interview: int) -> Interview:
    """An interview of a centre where this user holds interviews. Raises Refused or Http404."""
    require(user, Right.INTERVIEW)
    found = get_object_or_404(Interview.objects.select_related("centre", "household"), pk=interview)
    require(user, Right.INTERVIEW, found.dong, found.zone)
    return found

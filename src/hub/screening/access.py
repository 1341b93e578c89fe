"""Fetch and authorise: the only ways views and actions get at an interview or a run."""

from django.shortcuts import get_object_or_404

from hub.access.access import Asking, require
from hub.access.roles import Right
from hub.screening.models import Interview, Run


def run_to_see(user: Asking, run: int) -> Run:
    """A run whose figures this user may see. Raises Refused or Http404."""
    require(user, Right.SEE_FIGURES)
    return get_object_or_404(Run, pk=run)


def require_start_runs(user: Asking) -> None:
    """Raise Refused unless this user may screen the district."""
    require(user, Right.START_RUNS)


def interview_to_hold(user: Asking, interview: int) -> Interview:
    """An interview of a centre where this user holds interviews. Raises Refused or Http404."""
    require(user, Right.INTERVIEW)
    found = get_object_or_404(Interview.objects.select_related("centre"), pk=interview)
    require(user, Right.INTERVIEW, found.dong)
    return found

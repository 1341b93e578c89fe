"""Fetch and authorise: who may inspect, and who may answer."""

from datetime import date

from django.shortcuts import get_object_or_404

from hub.access.access import Asking, require, require_user
from hub.access.models import User
from hub.access.roles import Right
from hub.inspection.models import Finding, Report


def require_inspect(user: Asking) -> User:
    """The user, who may inspect. Raises Refused."""
    require(user, Right.INSPECT)
    return require_user(user)


def require_read_trail(user: Asking) -> User:
    """The user, who may read the trail. Raises Refused."""
    require(user, Right.READ_TRAIL)
    return require_user(user)


def report_to_inspect(user: Asking, month: date) -> Report:
    """The report on this month. Raises Refused or Http404."""
    require_inspect(user)
    return get_object_or_404(Report.objects.select_related("signed_by"), month=month)


def finding_to_inspect(user: Asking, finding: int) -> Finding:
    """A finding for whoever inspects. Raises Refused or Http404."""
    require_inspect(user)
    return get_object_or_404(
        Finding.objects.select_related("report", "user", "asked_by", "decided_by"), pk=finding
    )


def finding_to_answer(user: Asking, finding: int) -> Finding:
    """A question put to this user; another's looks as if it were not there. Raises Refused or Http404."""
    asked = Finding.objects.filter(user=require_user(user), asked_at__isnull=False)
    return get_object_or_404(asked.select_related("report", "asked_by"), pk=finding)

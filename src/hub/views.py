"""The few pages that belong to no app: the sign of life, and the pages of errors."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hub.access.access import Refused
from hub.access.actions import record


@login_not_required
@transaction.non_atomic_requests
@require_GET
def alive(request: HttpRequest) -> HttpResponse:
    """Whether the hub and its database answer; for the start command and for monitoring. Tells nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("alive", content_type="text/plain")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what the browser sent cannot be read."""
    return render(request, "400.html", status=400)


def refused(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """403: with the reason, when one of our own gates gave one. A closed gate is part of the audit trail."""
    if isinstance(exception, Refused):
        _record_refusal(request)
    reason = str(exception) if isinstance(exception, Refused) else ""
    return render(request, "403.html", {"reason": reason}, status=403)


def _record_refusal(request: HttpRequest) -> None:
    match = request.resolver_match
    asked = {name: value for name, value in match.kwargs.items() if isinstance(value, int)} if match else {}
    page = (f"page.{match.url_name}"[:60] if match else "", str(next(iter(asked.values()), "")))
    household, person = asked.get("household"), asked.get("person")
    record(request.user, "access.refused", page, household=household, person=person, subjects=0)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose origin cannot be proven, most often one left open over night."""
    return render(request, "403_form.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: without repeating the address, which may hold what it should not.

    What is hidden answers as what is not there, so trying numbers shows in the audit trail and nowhere else.
    """
    if request.resolver_match is not None and request.resolver_match.kwargs and request.user.is_authenticated:
        _record_refusal(request)
    return render(request, "404.html", status=404)


def fault(request: HttpRequest) -> HttpResponse:
    """500: a page that needs neither database nor session, for either may be what failed."""
    return render(None, "500.html", status=500)

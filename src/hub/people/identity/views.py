"""Pages about identity numbers. A whole number stands in the answer to one posted form and in no address or list."""

import logging
import secrets
import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from hub.access.access import Refused, require
from hub.access.actions import record
from hub.access.models import User
from hub.access.proof import recently_proved
from hub.access.roles import Right
from hub.keys.ring import KeyProblem
from hub.people.identity import actions, queries
from hub.people.identity.access import number_to_unmask, person_to_record
from hub.people.identity.forms import FindByNumber, StoreNumber, Unmask
from hub.people.identity.models import IdentityNumber, LegalGround
from hub.people.sources import Source

SHOWN_FOR = 60  # seconds

log = logging.getLogger(__name__)


@sensitive_post_parameters("number")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Find a person by the whole number; posted, so that it never stands in an address."""
    require(request.user, Right.SEE_HOUSEHOLDS)
    form, found, status = FindByNumber(request.POST or None), None, 200
    if request.method == "POST" and form.is_valid():
        try:
            found = actions.find_by_number(form.cleaned_data["number"], by=_user(request))
            form = FindByNumber()  # the number does not stay on the screen
        except ValidationError as problem:
            form.add_error("number", problem)
        except (actions.TooMany, KeyProblem) as problem:
            status = _told(form, problem)
    return render(request, "people/find_by_number.html", {"form": form, "found": found}, status=status)


@sensitive_post_parameters("number")
@sensitive_variables("form", "kept")
@require_http_methods(["GET", "HEAD", "POST"])
def store(request: HttpRequest, person: int) -> HttpResponse:
    """Record a number of a person."""
    about, status = person_to_record(request.user, person), 200
    form = StoreNumber(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            kept = actions.store(
                about,
                given["number"],
                ground=LegalGround(given["ground"]),
                source=Source(given["source"]),
                by=_user(request),
            )
        except KeyProblem as problem:
            status = _told(form, problem)
        else:
            messages.success(request, _("Stored: %(masked)s") % {"masked": kept.masked})
            for other in queries.others_with(kept, _user(request)):
                messages.warning(
                    request,
                    _(
                        "Household %(household)d has a person with the same number. Please find out which is right."
                    )
                    % {"household": other.person.household_id},
                )
            return redirect("household", about.household_id)
    if request.method != "POST":
        record(request.user, "people.opened_number_form", about)
    return render(request, "people/store_number.html", {"form": form, "person": about}, status=status)


@recently_proved
@sensitive_variables("whole")
@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest, number: uuid.UUID) -> HttpResponse:
    """Ask why a number must be seen whole, and show it once.

    The form carries a mark that is good for one answer: going back, or loading the page again, asks anew.
    """
    kept = number_to_unmask(request.user, number)
    form, status = Unmask(request.POST or None), 200
    if request.method == "POST" and not _first_time(request, kept):
        form = Unmask()
        messages.info(request, _("The number is shown once. To see it again, please state the reason again."))
    elif request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            whole = actions.unmask(
                kept,
                by=_user(request),
                ground=LegalGround(given["ground"]),
                need=actions.Need(given["need"]),
                reason=given["reason"],
            )
        except ValidationError as problem:
            form.add_error("reason", problem)
        except (actions.TooMany, KeyProblem) as problem:
            status = _told(form, problem)
        else:
            return _shown(request, kept, whole)
    else:
        record(request.user, "people.opened_number", kept)
    page = {"form": form, "kept": kept, "once": _mark(request, kept), "seconds": SHOWN_FOR}
    return render(request, "people/number.html", page, status=status)


@sensitive_variables("whole")
def _shown(request: HttpRequest, kept: IdentityNumber, whole: str) -> HttpResponse:
    response = render(
        request, "people/number_shown.html", {"kept": kept, "whole": whole, "seconds": SHOWN_FOR}
    )
    # The browser leaves by itself, without a script, and keeps no copy to come back to.
    response.headers["Refresh"] = f"{SHOWN_FOR}; url={reverse('number', args=[kept.pk])}"
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _mark(request: HttpRequest, kept: IdentityNumber) -> str:
    mark = request.session[f"once {kept.pk}"] = secrets.token_urlsafe(12)
    return mark


def _first_time(request: HttpRequest, kept: IdentityNumber) -> bool:
    expected = request.session.pop(f"once {kept.pk}", "")
    return bool(expected) and secrets.compare_digest(expected, request.POST.get("once", ""))


def _told(form: FindByNumber | StoreNumber | Unmask, problem: actions.TooMany | KeyProblem) -> int:
    """Say in the form what stands in the way; returns the status of the answer."""
    if isinstance(problem, actions.TooMany):
        form.add_error(
            None,
            _("You have done this very often in the last %(minutes)d minutes. Please wait a while.")
            % {"minutes": problem.minutes},
        )
        return 429
    log.error("keys: %s", problem)  # ids of keys and records, nothing of what they hold
    form.add_error(
        None,
        _("Numbers cannot be read or stored at the moment. Nothing is lost. Please tell your administrator."),
    )
    return 503


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Refused("")
    return request.user

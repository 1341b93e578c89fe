"""Proving again who one is, just before a deed that cannot be taken back.

    @recently_proved
    @require_POST
    def unseal(request, household): ...

Whoever signed in or proved themselves within the last five minutes passes. Anybody else gets a page that asks for the
passphrase or a passkey, and then goes on with exactly what was about to be done: a form that was filled in travels
through that page as it is and is never stored. Only files must be chosen again; a browser does not send them twice.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from hub.access import passkeys, signing_in
from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import User

type View = Callable[..., HttpResponse]

RECENTLY = timedelta(minutes=5)
_AT = "proved"  # what the session calls the time of the last proof
_FIELDS = ("proof-password", "proof-passkey", "proof-method", "csrfmiddlewaretoken")


def is_recent(request: HttpRequest) -> bool:
    """Whether this person signed in or proved themselves within the last minutes."""
    started = getattr(request.session, "started_at", None)
    if started is not None and timezone.now() - started <= RECENTLY:
        return True
    return 0 <= time.time() - float(request.session.get(_AT, 0)) <= RECENTLY.total_seconds()


def recently_proved(view: View) -> View:
    """Put before a view: it runs for people who have just proved who they are. The outermost decorator."""

    @sensitive_post_parameters("proof-password")
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if is_recent(request):
            return view(request, *args, **kwargs)
        problem = ""
        if "proof-method" in request.POST:
            try:
                proved = _prove(request)
            except signing_in.LockedOut:
                # Not the person this session belongs to, most likely.
                signing_in.sign_out(request)
                return redirect("sign_in")
            except Refused as refused:
                proved, problem = False, str(refused)
            if proved:
                if request.POST["proof-method"] != "POST":
                    return redirect(request.get_full_path())
                request.POST = _without_proof(request.POST)  # type: ignore[assignment]
                return view(request, *args, **kwargs)
            problem = problem or _("This is not your passphrase.")
        return _ask(request, problem)

    return guarded


def _ask(request: HttpRequest, problem: str) -> HttpResponse:
    assert isinstance(request.user, User)
    typed = _without_proof(request.POST)
    page = {
        "problem": problem,
        "method": request.POST.get("proof-method", request.method),
        "kept": [(name, value) for name, values in typed.lists() for value in values],
        "files": bool(request.FILES),
        "passkeys": request.user.passkeys.filter(host=passkeys.host_of(request)).exists(),
    }
    return render(request, "access/prove.html", page)


def _without_proof(posted: QueryDict) -> QueryDict:
    kept = posted.copy()
    for name in _FIELDS:
        kept.pop(name, None)
    return kept


def _prove(request: HttpRequest) -> bool:
    user = request.user
    assert isinstance(user, User)
    if request.POST.get("proof-passkey"):
        passkeys.recognise(request, request.POST["proof-passkey"], user)
    else:
        who, origin = ("access.user", str(user.pk)), signing_in.origin_of(request)
        signing_in.FACTOR.check(who, origin, user)
        if not user.check_password(request.POST.get("proof-password", "")):
            record(user, signing_in.FACTOR.verb, who, origin=origin)
            return False
    record(user, "access.proved", user)
    request.session[_AT] = int(time.time())
    return True

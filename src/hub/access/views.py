"""Pages of signing in and out, and the choice of language."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from hub.access import actions
from hub.access.forms import SignIn
from hub.access.models import User


@login_not_required
@sensitive_post_parameters("password")
@sensitive_variables("form")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The door."""
    wanted = _own_address(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST" and request.user.is_authenticated:
        return redirect(wanted)
    form = SignIn(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.sign_in(request, form.cleaned_data["username"], form.cleaned_data["password"])
        except actions.LockedOut:
            form.add_error(
                None,
                _("Too many attempts under this user name. Please try again in %(minutes)d minutes.")
                % {"minutes": actions.LOCK_FOR.total_seconds() // 60},
            )
            status = 429
        else:
            if user is not None:
                return _speaking(redirect(wanted), user.language)
            form.add_error(None, _("User name and password do not fit together."))
    return render(request, "access/sign_in.html", {"form": form, "next": wanted}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Leave, and be told so at the door."""
    actions.sign_out(request)
    return redirect(reverse("sign_in"))


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak Korean or English from now on, on this machine and for this user."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    if isinstance(request.user, User):
        actions.choose_language(request.user, chosen)
    return _speaking(redirect(_own_address(request, request.POST.get("next", ""))), chosen)


def _own_address(request: HttpRequest, address: str) -> str:
    """The address, when it is one of ours; else home."""
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if ours else reverse("home")


def _speaking(response: HttpResponseRedirect, language: str) -> HttpResponseRedirect:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    return response

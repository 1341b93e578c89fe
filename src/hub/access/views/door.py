"""Pages of signing in and out, and the choice of language.

None of them needs a sign-in; those after the first answer only a browser in which somebody is half signed in, and lead
everybody else to the beginning.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from hub.access import actions, passkeys, proof, queries, signing_in
from hub.access.access import Refused
from hub.access.forms import ChoosePassword, Code, SignIn
from hub.access.models import User
from hub.access.signing_in import Next

type View = Callable[..., HttpResponse]


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
    signing_in.forget_half(request)
    form = SignIn(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            following = signing_in.begin(
                request, form.cleaned_data["username"], form.cleaned_data["password"], wanted
            )
        except signing_in.LockedOut as locked:
            form.add_error(None, _too_many(locked))
            status = 429
        except signing_in.InitialPassphraseOver:
            form.add_error(
                None,
                _("The days of this first passphrase are over. Please ask your administrator for another."),
            )
        else:
            if following is Next.NOTHING:
                return _speaking(redirect(wanted), _language_of(request))
            if following is not None:
                return redirect(following.value)
            form.add_error(None, _("User name and password do not fit together."))
    return _door(request, form, wanted, status)


def _door(request: HttpRequest, form: SignIn, wanted: str, status: int = 200) -> HttpResponse:
    page = {"form": form, "next": wanted, "passkeys": passkeys.possible(request)}
    return render(request, "access/sign_in.html", page, status=status)


@login_not_required
@never_cache
@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone, or give it as the second factor."""
    user = signing_in.half(request)
    wanted = _own_address(request, request.POST.get("next") or signing_in.wanted_page(request))
    try:
        owner = passkeys.recognise(request, request.POST.get("answer", ""), user)
    except Refused as refused:
        if user is not None:
            return _ask_code(request, user, Code(), str(refused))
        form = SignIn({})
        form.errors.clear()
        form.add_error(None, str(refused))
        return _door(request, form, wanted)
    signing_in.enter(request, owner, "passkey")
    return _speaking(redirect(wanted), owner.language)


@login_not_required
@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """The question a browser's script puts to its passkeys; JSON as WebAuthn wants it."""
    user = request.user if isinstance(request.user, User) else signing_in.half(request)
    if request.POST.get("to") != "make":
        return JsonResponse(passkeys.ask_for(request, user))
    if user is None or (request.user.is_authenticated and not proof.is_recent(request)):
        return JsonResponse({}, status=403)
    if not request.user.is_authenticated and signing_in.after_password(user) is not Next.ENROL:
        return JsonResponse({}, status=403)
    return JsonResponse(passkeys.ask_to_make(request, user))


# -- after the password ----------------------------------------------------------------------------------------


def half_signed_in(step: Next) -> Callable[[View], View]:
    """For the pages between the password and the session: `view(request, user)`, only when this step is next."""

    def around(view: View) -> View:
        @login_not_required
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            user = signing_in.half(request)
            if user is None:
                return redirect("sign_in")
            following = signing_in.after_password(user)
            if following is not step:
                return redirect(following.value if following is not Next.NOTHING else "sign_in")
            return view(request, user)

        return guarded

    return around


@half_signed_in(Next.SECOND_FACTOR)
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest, user: User) -> HttpResponse:
    """The code of the app, a recovery code, or a passkey."""
    form = Code(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _ask_code(request, user, form)
    try:
        right = signing_in.take_second_factor(request, user, form.cleaned_data["code"])
    except signing_in.LockedOut as locked:
        return _ask_code(request, user, form, _too_many(locked), status=429)
    except signing_in.CodesUnreadable as unreadable:
        return _ask_code(request, user, form, str(unreadable), status=503)
    if not right:
        return _ask_code(request, user, form, _("This code is not right, or was used already."))
    wanted = _own_address(request, signing_in.wanted_page(request))
    signing_in.enter(request, user, "code")
    return _speaking(redirect(wanted), user.language)


def _ask_code(
    request: HttpRequest, user: User, form: Code, problem: str = "", status: int = 200
) -> HttpResponse:
    page = {
        "form": form,
        "problem": problem,
        "codes": queries.has_authenticator(user) or user.recovery_codes.filter(used_at=None).exists(),
        "passkeys": user.passkeys.filter(host=passkeys.host_of(request)).exists(),
    }
    return render(request, "access/second_factor.html", page, status=status)


@half_signed_in(Next.CHOOSE_PASSWORD)
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, user: User) -> HttpResponse:
    """A passphrase of one's own in place of the initial one."""
    form = ChoosePassword(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = _own_address(request, signing_in.wanted_page(request))
        try:
            actions.choose_password(user, form.cleaned_data["password"])
        except ValidationError as problem:
            form.add_error("password", problem)
        else:
            following = signing_in.go_on(request, user)
            if following is Next.NOTHING:
                return _speaking(redirect(wanted), user.language)
            return redirect(following.value)
    return render(request, "access/choose_password.html", {"form": form, "account": user})


@half_signed_in(Next.ENROL)
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest, user: User) -> HttpResponse:
    """Set up the first second factor: an app that shows codes, or a passkey."""
    problem = set_up(request, user) if request.method == "POST" else ""
    if problem is not None:
        return render(request, "access/enrol.html", {**to_set_up(request, user), "problem": problem})
    wanted = _own_address(request, signing_in.wanted_page(request))
    codes = signing_in.new_recovery_codes(user)
    signing_in.enter(request, user, "enrolment")
    response = render(request, "access/recovery_codes.html", {"codes": codes, "onward": wanted})
    return _speaking(response, user.language)


def set_up(request: HttpRequest, user: User) -> str | None:
    """Take a first code or a made passkey from a form; None when it is set up, else what is wrong in words."""
    if request.POST.get("answer"):
        try:
            passkeys.keep(request, user, request.POST["answer"], request.POST.get("name", ""))
        except Refused as refused:
            return str(refused)
        return None
    if signing_in.confirm_authenticator(user, "".join(request.POST.get("code", "").split())):
        return None
    return _("This code is not right. Please wait for the next one and check the clock of your phone.")


def to_set_up(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the pages of setting up show: the secret of the app, as QR code and in letters, and whether passkeys go."""
    secret, address = signing_in.begin_authenticator(user)
    drawing = segno.make(address, error="m").svg_inline(scale=5, border=4, svgclass="qr", lineclass=None)
    return {
        "form": Code(),
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "drawing": mark_safe(drawing),
        "passkeys": passkeys.possible(request),
    }


# -- out, and the language -------------------------------------------------------------------------------------


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Leave, and be told so at the door."""
    signing_in.sign_out(request)
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


def _too_many(locked: signing_in.LockedOut) -> str:
    return _("Too many attempts under this user name. Please try again in %(minutes)d minutes.") % {
        "minutes": locked.minutes
    }


def _own_address(request: HttpRequest, address: str) -> str:
    """The address, when it is one of ours; else home."""
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if ours else reverse("home")


def _language_of(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.language


def _speaking[Response: HttpResponse](response: Response, language: str) -> Response:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    return response

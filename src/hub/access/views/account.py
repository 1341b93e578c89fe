"""Pages of one's own account: how one signs in, from where one is signed in, and what one may do."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access import actions, passkeys, queries, signing_in
from hub.access.access import Refused
from hub.access.forms import ChangePassword
from hub.access.models import Deed, User
from hub.access.proof import recently_proved
from hub.access.purposes import BASES, Purpose
from hub.access.roles import SCOPES, Right
from hub.access.views import door


def _oneself(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # every page here needs sign-in
    return request.user


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Everything about one's own account on one page."""
    user = _oneself(request)
    page = {
        "posts": queries.posts_not_over(user).prefetch_related("centres", "zones").order_by("since", "pk"),
        "authenticator": queries.has_authenticator(user),
        "passkeys": user.passkeys.order_by("created_at"),
        "passkeys_possible": passkeys.possible(request),
        "codes_left": user.recovery_codes.filter(used_at=None).count(),
        "has_factor": queries.has_second_factor(user),
        "needs_factor": queries.needs_second_factor(user),
        "may_remove": signing_in.may_remove_a_factor(user),
        "sessions": queries.sessions_of(user),
        "here": signing_in.stored_key(request),
        "requests": queries.asked_by(user),
    }
    return render(request, "access/account.html", page)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Another passphrase; the other sessions end."""
    user = _oneself(request)
    form = ChangePassword(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            signing_in.change_password(request, user, form.cleaned_data["old"], form.cleaned_data["password"])
        except ValidationError as problem:
            form.add_error("password", problem)
        except Refused as refused:
            form.add_error("old", str(refused))
        else:
            messages.success(request, _("Your passphrase is changed. All other sessions are ended."))
            return redirect("account")
    return render(request, "access/password.html", {"form": form})


@recently_proved
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """Set up an app that shows codes, or one more passkey."""
    user = _oneself(request)
    first = not queries.has_second_factor(user)
    problem = door.set_up(request, user) if request.method == "POST" else ""
    if problem is not None:
        held = queries.has_authenticator(user)
        page = {"passkeys": passkeys.possible(request)} if held else door.to_set_up(request, user)
        return render(request, "access/factor.html", {**page, "problem": problem, "held": held})
    if first:
        codes = signing_in.new_recovery_codes(user)
        return render(request, "access/recovery_codes.html", {"codes": codes, "onward": reverse("account")})
    messages.success(request, _("It is set up."))
    return redirect("account")


@recently_proved
@require_POST
def remove_factor(request: HttpRequest) -> HttpResponse:
    """Forget the app (`what=authenticator`) or a passkey (`what=` its number)."""
    user = _oneself(request)
    if not signing_in.may_remove_a_factor(user):
        raise Refused(_("Your post needs a second factor. Please set up another one first."))
    what = request.POST.get("what", "")
    if what == "authenticator":
        signing_in.remove_authenticator(user)
    elif what.isdecimal():
        signing_in.remove_passkey(user, int(what))
    messages.success(request, _("It is removed."))
    return redirect("account")


@recently_proved
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes, shown once."""
    user = _oneself(request)
    if not queries.has_second_factor(user):
        raise Http404
    codes = signing_in.new_recovery_codes(user)
    return render(request, "access/recovery_codes.html", {"codes": codes, "onward": reverse("account")})


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End the session named in the form, or all but this one."""
    user = _oneself(request)
    if request.POST.get("session"):
        actions.end_session(user, request.POST["session"])
    else:
        actions.end_other_sessions(user, signing_in.stored_key(request))
    messages.success(request, _("Ended."))
    return redirect("account")


@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """Who may what: the table of roles and rights, as the gates read it."""
    page = {
        "roles": [
            {
                "label": role.label,
                "rights": [right.label for right in Right if right in scope.rights],
                "whole_district": scope.whole_district,
                "needs_second_factor": scope.needs_second_factor,
            }
            for role, scope in SCOPES.items()
        ],
        "deeds": [deed.label for deed in Deed],
        "purposes": [(purpose.label, BASES[purpose]) for purpose in Purpose],
    }
    return render(request, "access/roles.html", page)

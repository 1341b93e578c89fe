"""Pages of the administrator: whose accounts there are, and which posts they hold."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access import actions, approvals, queries, signing_in
from hub.access.access import require
from hub.access.forms import ChangeZones, NewAccount, NewPost
from hub.access.models import Deed, Post, RightsRecord, User
from hub.access.proof import recently_proved
from hub.access.roles import SCOPES, Right, Role
from hub.organisation.models import Centre, Zone


def _manager(request: HttpRequest) -> User:
    require(request.user, Right.MANAGE_ACCOUNTS)
    assert isinstance(request.user, User)
    return request.user


@require_http_methods(["GET", "HEAD", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts; a part of a name is posted, so that it stands in no address."""
    _manager(request)
    text = request.POST.get("text", "").strip()[:80]
    return render(request, "access/accounts.html", {"accounts": queries.accounts(text), "text": text})


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    """Make an account; its initial passphrase is shown once."""
    by = _manager(request)
    form = NewAccount(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, passphrase = actions.open_account(
                form.cleaned_data["username"], form.cleaned_data["name"], by=by
            )
        except ValidationError as problem:
            form.add_error("username", problem.messages[0])
        else:
            return _show_passphrase(request, made, passphrase)
    return render(request, "access/new_account.html", {"form": form})


def _show_passphrase(request: HttpRequest, user: User, passphrase: str) -> HttpResponse:
    page = {"account": user, "passphrase": passphrase, "days": actions.INITIAL_FOR.days}
    return render(request, "access/passphrase.html", page)


@require_GET
def one_account(request: HttpRequest, account: int) -> HttpResponse:
    """Posts, state and history of one account."""
    by = _manager(request)
    return _page(request, by, get_object_or_404(User, pk=account), NewPost())


def _page(request: HttpRequest, by: User, user: User, form: NewPost) -> HttpResponse:
    names = {centre.pk: str(centre) for centre in Centre.objects.all()}
    names |= {zone.pk: f"{zone.centre} {zone}" for zone in Zone.objects.select_related("centre")}
    page = {
        "account": user,
        "oneself": user.pk == by.pk,
        "posts": user.posts.prefetch_related("centres", "zones").order_by("-since", "-pk"),
        "today": timezone.localdate(),
        "form": form,
        "sessions": queries.sessions_of(user).count(),
        "has_factor": queries.has_second_factor(user),
        "history": [(change, _places(change, names)) for change in queries.history(user)],
        "approval": approvals.latest(Deed.RESET_SIGN_IN, user, by),
    }
    return render(request, "access/one_account.html", page)


def _places(change: RightsRecord, names: dict[str, str]) -> str:
    """Where a post was, by the names of today; a place that is gone keeps its code."""
    if change.role and not change.places and not SCOPES[Role(change.role)].whole_district:
        return _("In no zone")
    return ", ".join(names.get(code, code) for code in change.places.split(","))


@recently_proved
@require_POST
def give_post(request: HttpRequest, account: int) -> HttpResponse:
    """Give a post."""
    by = _manager(request)
    user = get_object_or_404(User, pk=account)
    form = NewPost(request.POST)
    if not form.is_valid():
        return _page(request, by, user, form)
    given = form.cleaned_data
    actions.give_post(
        user,
        given["role"],
        given["centres"],
        zones=given["zones"],
        only_zones=given["only_zones"],
        since=given["since"],
        until=given["until"],
        by=by,
    )
    messages.success(request, _("The post is given."))
    return redirect("one_account", account)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def post_zones(request: HttpRequest, account: int, post: int) -> HttpResponse:
    """Other zones for a post, and whether it is limited to them."""
    by = _manager(request)
    held = get_object_or_404(Post.objects.select_related("user"), pk=post, user=account)
    stands = {"zones": held.zones.all(), "only_zones": held.only_zones}
    dongs = set(held.centres.values_list("pk", flat=True))
    form = ChangeZones(request.POST if request.method == "POST" else None, dongs=dongs, initial=stands)
    if request.method == "POST" and form.is_valid():
        actions.change_zones(
            held, form.cleaned_data["zones"], only_zones=form.cleaned_data["only_zones"], by=by
        )
        messages.success(request, _("The zones of the post are changed."))
        return redirect("one_account", account)
    return render(request, "access/post_zones.html", {"post": held, "account": held.user, "form": form})


@recently_proved
@require_POST
def end_post(request: HttpRequest, account: int, post: int) -> HttpResponse:
    """End a post at once."""
    by = _manager(request)
    actions.end_post(get_object_or_404(Post.objects.select_related("user"), pk=post, user=account), by=by)
    messages.success(request, _("The post is ended; its rights are gone."))
    return redirect("one_account", account)


@recently_proved
@require_POST
def close_account(request: HttpRequest, account: int) -> HttpResponse:
    """Somebody has left."""
    by = _manager(request)
    actions.close_account(get_object_or_404(User, pk=account), by=by)
    messages.success(request, _("The account is closed. Its sessions and posts are ended."))
    return redirect("one_account", account)


@recently_proved
@require_POST
def reopen_account(request: HttpRequest, account: int) -> HttpResponse:
    """Somebody has come back."""
    by = _manager(request)
    user = get_object_or_404(User, pk=account, is_active=False)
    return _show_passphrase(request, user, actions.reopen_account(user, by=by))


@recently_proved
@require_POST
def reset(request: HttpRequest, account: int) -> HttpResponse:
    """Ask a second person to let somebody begin their sign-in anew (`reason`), or, once allowed, do it."""
    by = _manager(request)
    user = get_object_or_404(User, pk=account, is_active=True)
    if "reason" not in request.POST:
        return _show_passphrase(request, user, signing_in.reset(user, by=by))
    facts = _("Account %(username)s of %(name)s") % {"username": user.username, "name": user.name}
    approvals.ask(Deed.RESET_SIGN_IN, user, by, request.POST["reason"][:400], facts=facts)
    messages.success(request, _("A second person can now decide about it."))
    return redirect("one_account", account)

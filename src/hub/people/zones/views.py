"""Pages about zones: which there are, what lies in them, and closing them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access.access import require, require_user
from hub.access.models import User
from hub.access.proof import recently_proved
from hub.access.queries import posts_naming
from hub.access.roles import Right
from hub.organisation import queries as organisation
from hub.organisation.models import Zone
from hub.people.zones import actions, queries
from hub.people.zones.forms import ChangeZone, NewZone


def _keeper(request: HttpRequest) -> User:
    require(request.user, Right.MANAGE_ACCOUNTS)
    return require_user(request.user)


def _found(code: str) -> Zone:
    zone = organisation.zone_called(code)
    if zone is None:
        raise Http404
    return zone


@require_GET
def zones(request: HttpRequest) -> HttpResponse:
    """All zones by dong."""
    _keeper(request)
    return render(request, "people/zones.html", {"dongs": queries.by_dong()})


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def new_zone(request: HttpRequest) -> HttpResponse:
    """Make a zone; `?dong=` is the one it is for."""
    by = _keeper(request)
    form = NewZone(request.POST or None, initial={"centre": request.GET.get("dong")})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.make(given["centre"], given["name"], given["ground"], by=by)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _("The zone is made, and its households lie in it."))
            return redirect("zones")
    return render(request, "people/zone.html", {"form": form})


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def zone(request: HttpRequest, zone: str) -> HttpResponse:
    """Its name and what lies in it."""
    by = _keeper(request)
    found = _found(zone)
    form = ChangeZone(request.POST or None, initial={"name": found.name, "ground": found.ground})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(found, form.cleaned_data["name"], form.cleaned_data["ground"], by=by)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _("The zone is changed, and its households lie in it."))
            return redirect("zones")
    page = {"form": form, "zone": found, "limited": posts_naming(found).filter(only_zones=True).count()}
    return render(request, "people/zone.html", page)


@recently_proved
@require_POST
def close_zone(request: HttpRequest, zone: str) -> HttpResponse:
    """Close it."""
    by = _keeper(request)
    actions.close(_found(zone), by=by)
    messages.success(request, _("The zone is closed; its households lie in no zone."))
    return redirect("zones")

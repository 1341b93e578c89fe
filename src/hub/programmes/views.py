"""The catalogue, to look things up in while somebody waits. Anybody may read it: the law is no secret."""

from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from hub.programmes import queries
from hub.programmes.forms import Between
from welfare.rules.catalogue import CERTAIN

KINDS = ("computed", "by_hand")


@login_not_required
@require_GET
def programmes(request: HttpRequest) -> HttpResponse:
    """All programmes by field of life; `?q=` finds, `?scope=` and `?kind=` narrow."""
    scope, kind = request.GET.get("scope", ""), request.GET.get("kind", "")
    catalogue = queries.catalogue()
    choice = queries.Choice(
        request.GET.get("q", "")[:80],
        scope if scope in catalogue.scopes else "",
        kind if kind in KINDS else "",
    )
    found = queries.found(choice)
    page = {
        "choice": choice,
        "scopes": catalogue.scopes,
        "number": len(found),
        "best": found[:3] if choice.words.strip() else [],
        "fields": queries.by_field(found),
    }
    template = "programmes/programmes.html#found" if request.htmx else "programmes/programmes.html"  # type: ignore[attr-defined]
    return render(request, template, page)


@login_not_required
@require_GET
def programme(request: HttpRequest, programme: str) -> HttpResponse:
    """One programme: who gets it, what, with which papers, where, by which law, and how sure the figures are."""
    catalogue = queries.catalogue()
    found = catalogue.programmes.get(programme)
    if found is None:
        raise Http404
    sources = [catalogue.sources[source] for source in found.sources]
    page = {
        "programme": found,
        "certain": found.confidence in CERTAIN,
        "field": catalogue.fields[found.field],
        "field_id": found.field,
        "scope": catalogue.scopes[found.scope],
        "amount": queries.in_words(found.amount.text) if found.amount.text else "",
        "figures": queries.figures(found),
        "sources": sources,
        "reviewed": queries.reviewed(sources),
        "excludes": [catalogue.programmes[other] for other in found.excludes],
        "others": [
            other for other in catalogue.programmes.values() if other.field == found.field and other != found
        ],
    }
    return render(request, "programmes/programme.html", page)


@login_not_required
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """What changed between two days, `?earlier=` and `?later=`; the last year unless others are asked for."""
    today = timezone.localdate()
    asked = {"earlier": _a_year_before(today).isoformat(), "later": today.isoformat()}
    asked |= {name: request.GET[name][:20] for name in asked if request.GET.get(name)}
    form = Between(asked)
    fields = None
    if form.is_valid():
        fields = queries.changed_fields(form.cleaned_data["earlier"], form.cleaned_data["later"])
    return render(request, "programmes/changes.html", {"form": form, "fields": fields})


def _a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)

"""The catalogue, to look things up in while somebody waits."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hub.programmes import queries
from welfare.rules.catalogue import CERTAIN


@require_GET
def programmes(request: HttpRequest) -> HttpResponse:
    """All programmes by field of life; `?q=` narrows them."""
    search = request.GET.get("q", "")[:80]
    fields = queries.by_field(search)
    page = {"fields": fields, "search": search, "number": sum(len(found) for _, found in fields)}
    template = "programmes/programmes.html#found" if request.htmx else "programmes/programmes.html"  # type: ignore[attr-defined]
    return render(request, template, page)


@require_GET
def programme(request: HttpRequest, programme: str) -> HttpResponse:
    """One programme: who gets it, what, with which papers, where, by which law, and how sure the figures are."""
    catalogue = queries.catalogue()
    found = catalogue.programmes.get(programme)
    if found is None:
        raise Http404
    page = {
        "programme": found,
        "certain": found.confidence in CERTAIN,
        "field": catalogue.fields[found.field],
        "amount": queries.in_words(found.amount.text) if found.amount.text else "",
        "figures": queries.figures(found),
        "sources": [catalogue.sources[source] for source in found.sources],
        "excludes": [catalogue.programmes[other] for other in found.excludes],
    }
    return render(request, "programmes/programme.html", page)

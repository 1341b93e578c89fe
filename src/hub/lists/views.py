"""Pages of agency lists: kinds of list, a file on its way through columns, preview and application, and its rows."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access.access import Refused, area_of_duty, require
from hub.access.actions import record
from hub.access.models import User
from hub.access.roles import Right
from hub.lists import actions, forms, guard, queries
from hub.lists.access import import_to_work_on, link_to_undo, list_to_use, row_to_decide
from hub.lists.models import Import, ImportRow, Link
from hub.people.access import require_see_household
from hub.people.models import Person
from welfare.intake import IntakeError
from welfare.outgoing import as_csv


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Refused("")
    return request.user


@require_GET
def agency_lists(request: HttpRequest) -> HttpResponse:
    """Every kind of list, and the imports that wait for somebody."""
    require(request.user, Right.IMPORT_LISTS)
    page = {"lists": queries.lists(), "waiting": queries.waiting(_user(request))}
    return render(request, "lists/agency_lists.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
def new_list(request: HttpRequest) -> HttpResponse:
    """A new kind of list."""
    require(request.user, Right.IMPORT_LISTS)
    form = forms.NewList(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_list(**form.cleaned_data, by=_user(request))
        except ValidationError:
            form.add_error("name", _("This agency has a list of this name already."))
        else:
            return redirect("agency_list", made.pk)
    return render(request, "lists/new_list.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def agency_list(request: HttpRequest, number: int) -> HttpResponse:
    """One kind of list: what was imported so far, and the way to the next file."""
    found = list_to_use(request.user, number)
    form = forms.NewFile(
        request.POST or None, request.FILES or None, dongs=area_of_duty(request.user, Right.IMPORT_LISTS)
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = actions.take_file(
                found,
                file.name,
                file.read(),
                data_day=form.cleaned_data["data_day"],
                centre=form.cleaned_data["centre"],
                by=_user(request),
            )
        except IntakeError as error:
            language = get_language() or "ko"
            form.add_error("file", f"{error.where} {error.what[language]} → {error.mend[language]}".strip())
        except actions.Known as known:
            messages.warning(request, _("This very file is here already; nothing was changed."))
            return redirect("import", known.earlier.pk)
        else:
            return redirect("import_columns", made.pk)
    page = {"list": found, "form": form, "imports": queries.imports_of(found, _user(request))[:24]}
    return render(request, "lists/agency_list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request: HttpRequest, number: int) -> HttpResponse:
    """What each column of a file means."""
    found = import_to_work_on(request.user, number)
    if found.state != Import.State.COLUMNS:
        return redirect("import", found.pk)
    form = forms.Columns(request.POST or None, guess=found.guess)
    if request.method == "POST" and form.is_valid():
        actions.decide_columns(found, form.found, by=_user(request))
        return redirect("import", found.pk)
    record(request.user, "lists.read_columns", found)
    return render(request, "lists/columns.html", {"import": found, "form": form})


@require_GET
def import_page(request: HttpRequest, number: int) -> HttpResponse:
    """Where an import stands: how far the work has come, what would change, what was written; asks again by itself."""
    found = import_to_work_on(request.user, number)
    page: dict[str, Any] = {"import": found}
    if not found.under_way and found.state != Import.State.COLUMNS:
        page |= {
            "counts": queries.counts(found),
            "problems": queries.problems(found),
            "written": queries.written(found),
            "doubts": [guard.sentence(doubt) for doubt in found.warnings],
        }
    template = "lists/import.html#standing" if request.htmx else "lists/import.html"  # type: ignore[attr-defined]
    return render(request, template, page)


@require_GET
def import_rows(request: HttpRequest, number: int) -> HttpResponse:
    """The rows of an import with what they would change or have changed; `?outcome=` keeps to one kind."""
    found = import_to_work_on(request.user, number)
    outcome = request.GET.get("outcome", "")
    if outcome not in ("", "problems", *ImportRow.Outcome):
        outcome = ""
    given = request.GET.get("page", "1")
    page = int(given) if given.isdecimal() and 0 < int(given) < 100_000 else 1
    lines = queries.lines(found, outcome, page)
    record(request.user, "lists.read_rows", found, purpose=f"{outcome or 'all'}, page {page}")
    shown = {
        "import": found,
        "lines": lines[: queries.PAGE],
        "outcome": outcome,
        "counts": queries.counts(found),
        "problems": queries.problems(found),
        "previous": page - 1 if page > 1 else None,
        "following": page + 1 if len(lines) > queries.PAGE else None,
    }
    return render(request, "lists/rows.html", shown)


@require_GET
def import_report(request: HttpRequest, number: int) -> HttpResponse:
    """Every row that did not simply go through, as CSV, with the address of each cell."""
    found = import_to_work_on(request.user, number)
    record(request.user, "lists.took_report", found)
    heads = [
        _("Row"),
        _("Cell"),
        _("Column"),
        _("Text"),
        _("Outcome"),
        _("What is wrong"),
        _("How to mend it"),
    ]
    content = as_csv(heads, queries.report(found))
    name = f"import-{found.pk}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
def apply_import(request: HttpRequest, number: int) -> HttpResponse:
    """Write a previewed import."""
    found = import_to_work_on(request.user, number)
    actions.apply(found, by=_user(request), looked_at_doubts="looked_at_doubts" in request.POST)
    return redirect("import", number)


@require_POST
def undo_import(request: HttpRequest, number: int) -> HttpResponse:
    """Remove everything that an import wrote."""
    actions.undo(import_to_work_on(request.user, number), by=_user(request))
    return redirect("import", number)


@require_POST
def discard_import(request: HttpRequest, number: int) -> HttpResponse:
    """Throw away a file that was not applied."""
    found = import_to_work_on(request.user, number)
    actions.discard(found, by=_user(request))
    return redirect("agency_list", found.agency_list_id)


@require_POST
def try_again(request: HttpRequest, number: int) -> HttpResponse:
    """Go on after a fault."""
    actions.try_again(import_to_work_on(request.user, number), by=_user(request))
    return redirect("import", number)


# Whom a row speaks of ---------------------------------------------------------------------------------------------


@require_GET
def review(request: HttpRequest, number: int) -> HttpResponse:
    """The next row that somebody must look at."""
    found = import_to_work_on(request.user, number)
    row = queries.to_look_at(found).first()
    if row is None:
        messages.success(request, _("Every row has been looked at."))
        return redirect("import", number)
    return redirect("import_row", row.pk)


@require_GET
def import_row(request: HttpRequest, number: int) -> HttpResponse:
    """A row beside the residents that it may speak of, word by word, and what was decided about it."""
    row = row_to_decide(request.user, number)
    candidates = queries.candidates(row)
    for candidate in candidates:
        household = candidate.resident.person.household
        require_see_household(request.user, household)
        record(request.user, "lists.compared", household, purpose=f"import {row.of_id}, row {row.number}")
    page = {
        "row": row,
        "import": row.of,
        "candidates": candidates,
        "verdicts": queries.VERDICTS,
        "links": row.links.select_related("person", "decided_by"),
        "waiting": queries.to_look_at(row.of).count(),
        "open": row.outcome in ("doubtful", "unplaced"),
        "line": queries.line(row),
    }
    return render(request, "lists/row.html", page)


@require_POST
def decide_row(request: HttpRequest, number: int) -> HttpResponse:
    """Same person, another person, or later."""
    row = row_to_decide(request.user, number)
    given = request.POST.get("person", "")
    person = get_object_or_404(
        Person.objects.select_related("household"),
        pk=int(given) if given.isdecimal() and len(given) < 19 else 0,
    )
    answer = request.POST.get("answer", "")
    if answer not in Link.Answer or person.pk not in row.candidates:
        raise Refused(_("Choose one of the answers offered."))
    actions.decide(row, person, answer, by=_user(request))
    row.refresh_from_db()
    if answer == Link.Answer.ANOTHER and row.candidates:
        return redirect("import_row", number)
    return redirect("review", row.of_id)


@require_POST
def look_for(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody whom the rule did not find, by name or number; posted, so that a name never stands in an address."""
    row = row_to_decide(request.user, number)
    if not actions.look_for(row, request.POST.get("text", "")[:80], by=_user(request)):
        messages.warning(request, _("Nobody else of this name or number in the area."))
    return redirect("import_row", number)


@require_POST
def undo_link(request: HttpRequest, number: int) -> HttpResponse:
    """Take a decision back."""
    link = link_to_undo(request.user, number)
    actions.undo_decision(link, by=_user(request))
    return redirect("import_row", link.row_id)

"""Pages of the inspection: months and their reports, findings, questions, the trail itself, and whom it concerned."""

import csv
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access import heads
from hub.access.access import may, require_user
from hub.access.actions import record
from hub.access.roles import Right
from hub.inspection import actions, deeds, forms, queries
from hub.inspection.access import (
    finding_to_answer,
    finding_to_inspect,
    report_to_inspect,
    require_inspect,
    require_read_trail,
)
from hub.inspection.models import Finding, Report
from hub.inspection.tasks import examine_month

PAGE = 50  # records of the trail on one page


# -- months ----------------------------------------------------------------------------------------------------


@require_GET
def inspection(request: HttpRequest) -> HttpResponse:
    """The months, what is overdue, and how the chain and its heads stand."""
    require_inspect(request.user)
    this = queries.month_of(timezone.localdate())
    reports = {report.month: report for report in Report.objects.select_related("signed_by")}
    late = queries.overdue()
    shown = sorted({*reports, *late, this, queries.month_before(this)}, reverse=True)
    months = [(reports.get(month) or Report(month=month), month in late) for month in shown]
    chain = queries.newest_chain()
    page = {
        "months": months,
        "late": late,
        "this": this,
        "heads": heads.standing(),
        "chain": chain,
        "chain_wrong": queries.wrong_in_words(chain),
    }
    return render(request, "inspection/inspection.html", page)


def _month(year: int, month: int) -> date:
    try:
        return date(year, month, 1)
    except ValueError:
        raise Http404 from None


@require_GET
def report(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """One month: as it is now, or as it was signed. Made to be printed."""
    found = report_to_inspect(request.user, _month(year, month))
    record(require_user(request.user), "inspection.read_report", found)
    return render(request, "inspection/report.html", _page_of(found))


def _page_of(found: Report, **more: Any) -> dict[str, Any]:
    content = found.content or queries.content(found)
    findings = list(found.findings.select_related("user"))
    __, ends = queries.bounds(found)
    return {
        "report": found,
        "content": content,
        "totals": [queries.Totals(**line) for line in content["totals"]],
        "exports": [one | {"deed": deeds.in_words(one["verb"])} for one in content["exports"]],
        "kinds": [
            (kind, of_kind)
            for kind in Finding.Kind
            if (of_kind := [finding for finding in findings if finding.kind == kind])
        ],
        "undecided": sum(not finding.decision for finding in findings),
        "over": timezone.now() >= ends,
        "chain": content["chain"],
        "chain_wrong": queries.wrong_in_words(content["chain"]),
        "genuine": found.signed_at is None or actions.hash_of(found.content or {}) == found.hash,
        "signature": forms.Signature(),
        "several": forms.DecideSeveral(open_findings=[]),
    } | more


@require_POST
def examine(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Go through the month now, in the background."""
    user = require_inspect(request.user)
    day = _month(year, month)
    if day > timezone.localdate():
        raise Http404
    Report.objects.get_or_create(month=day)
    examine_month.enqueue(day.isoformat(), user.pk)
    messages.info(request, _("The month is being gone through. Open the page again in a moment."))
    return redirect("inspection_report", year, month)


@require_POST
def decide_several(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """One decision for the findings that were ticked."""
    found = report_to_inspect(request.user, _month(year, month))
    open_findings = {finding.pk: finding for finding in found.findings.filter(decision="")}
    form = forms.DecideSeveral(request.POST, open_findings=list(open_findings))
    if form.is_valid():
        decision = Finding.Decision(form.cleaned_data["decision"])
        user = require_user(request.user)

        def decide_each() -> None:
            for number in form.cleaned_data["findings"]:
                actions.decide(open_findings[number], decision, form.cleaned_data["reason"], by=user)

        if _done(request, form, decide_each):
            return redirect("inspection_report", year, month)
    return render(request, "inspection/report.html", _page_of(found, several=form), status=422)


@require_POST
def sign(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Freeze the month."""
    found = report_to_inspect(request.user, _month(year, month))
    form = forms.Signature(request.POST)
    user = require_user(request.user)
    if form.is_valid() and _done(
        request, form, lambda: actions.sign(found, form.cleaned_data["remark"], by=user)
    ):
        messages.success(request, _("The report is signed and stays as it is."))
        return redirect("inspection_report", year, month)
    return render(request, "inspection/report.html", _page_of(found, signature=form), status=422)


def _done(request: HttpRequest, form: Any, deed: Callable[[], object]) -> bool:
    """Do it; what speaks against it is said on the form and nothing is lost."""
    try:
        deed()
    except ValidationError as problem:
        form.add_error(None, problem)
        return False
    return True


# -- findings --------------------------------------------------------------------------------------------------


@require_GET
def finding(request: HttpRequest, finding: int) -> HttpResponse:
    """One finding: the records behind it, what was asked, answered and decided."""
    found = finding_to_inspect(request.user, finding)
    record(
        require_user(request.user), "inspection.read_finding", found, household=found.household, subjects=0
    )
    return render(request, "inspection/finding.html", _page_of_finding(found))


def _page_of_finding(found: Finding, **more: Any) -> dict[str, Any]:
    behind = queries.AccessRecord.objects.select_related("actor").filter(pk__in=found.records).order_by("at")
    return {
        "finding": found,
        "records": deeds.described(behind),
        "ask": forms.Question(),
        "decide": forms.Decision(),
        "may_change": found.report.signed_at is None,
    } | more


@require_POST
def ask(request: HttpRequest, finding: int) -> HttpResponse:
    """Put a question to the user."""
    found = finding_to_inspect(request.user, finding)
    form = forms.Question(request.POST)
    user = require_user(request.user)
    if form.is_valid() and _done(
        request, form, lambda: actions.ask(found, form.cleaned_data["question"], by=user)
    ):
        return redirect("inspection_finding", finding)
    return render(request, "inspection/finding.html", _page_of_finding(found, ask=form), status=422)


@require_POST
def decide(request: HttpRequest, finding: int) -> HttpResponse:
    """Decide about a finding."""
    found = finding_to_inspect(request.user, finding)
    form = forms.Decision(request.POST)
    user = require_user(request.user)
    if form.is_valid():
        decision = Finding.Decision(form.cleaned_data["decision"])
        if _done(
            request, form, lambda: actions.decide(found, decision, form.cleaned_data["reason"], by=user)
        ):
            return redirect("inspection_finding", finding)
    return render(request, "inspection/finding.html", _page_of_finding(found, decide=form), status=422)


# -- questions to oneself --------------------------------------------------------------------------------------


@require_GET
def questions(request: HttpRequest) -> HttpResponse:
    """What one was asked about one's own access; for everybody."""
    asked = Finding.objects.filter(user=require_user(request.user), asked_at__isnull=False)
    page = {"findings": asked.select_related("asked_by").order_by("-asked_at")}
    return render(request, "inspection/questions.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, finding: int) -> HttpResponse:
    """One question, with one's own records it is about, and the answer."""
    found = finding_to_answer(request.user, finding)
    user = require_user(request.user)
    form = forms.Answer(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and _done(request, form, lambda: actions.answer(found, form.cleaned_data["answer"], by=user))
    ):
        messages.success(request, _("Your answer has been sent."))
        return redirect("inspection_questions")
    record(user, "inspection.read_question", found, household=found.household, subjects=0)
    behind = queries.AccessRecord.objects.select_related("actor").filter(pk__in=found.records).order_by("at")
    page = {"finding": found, "form": form, "records": deeds.described(behind)}
    return render(request, "inspection/question.html", page, status=422 if form.errors else 200)


# -- the trail -------------------------------------------------------------------------------------------------


@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Search the trail by household, user, deed and day. Reading it is recorded, too."""
    user = require_read_trail(request.user)
    form = forms.Look(request.GET or None, verbs=deeds.choices())
    page: dict[str, Any] = {"form": form, "may_inspect": may(user, Right.INSPECT)}
    if form.is_valid() and (wanted := form.wanted()):
        found = Paginator(queries.trail(wanted), PAGE).get_page(request.GET.get("page"))
        about = ("access.user", str(wanted.user)) if wanted.user else None
        page["records"] = deeds.described(found.object_list)  # read before this reading is itself recorded
        record(user, "inspection.read_trail", about, household=wanted.household, subjects=0)
        asked = request.GET.copy()
        asked.pop("page", None)
        page |= {"found": found, "asked": asked.urlencode()}
    return render(request, "inspection/trail.html", page)


# -- whom it concerned -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def affected(request: HttpRequest) -> HttpResponse:
    """Everybody an access concerned, to be told about it; posted with a reason, as a file."""
    user = require_inspect(request.user)
    form = forms.Look(request.GET or None, verbs=deeds.choices())
    page: dict[str, Any] = {"form": form, "download": forms.Download()}
    if form.is_valid() and (wanted := form.wanted()):
        people = queries.affected(queries.trail(wanted))
        numbers = [person.household for person in people]
        download = forms.Download(request.POST or None)
        if request.method == "POST" and download.is_valid():
            purpose = download.cleaned_data["purpose"]
            try:
                record(
                    user, "inspection.exported_affected", None, purpose, listed=numbers, subjects=len(people)
                )
            except ValidationError as problem:
                download.add_error("purpose", problem)
            else:
                return _as_csv(people)
        record(user, "inspection.listed_affected", listed=numbers, subjects=len(people))
        page |= {"people": people, "download": download, "asked": request.GET.urlencode()}
    return render(request, "inspection/affected.html", page)


def _as_csv(people: list[queries.Affected]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="affected-{timezone.localdate()}.csv"'
    response.write("\ufeff")  # by which spreadsheets know it is UTF-8
    writer = csv.writer(response)
    writer.writerow([_("Household"), _("Person"), _("Name"), _("Dong"), _("Times"), _("First"), _("Last")])
    for one in people:
        moments = [timezone.localtime(at).isoformat(" ", "minutes") for at in (one.first_at, one.last_at)]
        cells = [one.household, one.person or "", one.name, one.dong, one.times, *moments]
        writer.writerow([_harmless(cell) for cell in cells])
    return response


def _harmless(cell: object) -> object:
    """A text no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell

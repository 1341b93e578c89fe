"""Pages of the district run and of the desk interview."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access.access import Refused, area_of_duty, may, require, require_user
from hub.access.actions import record
from hub.access.roles import Right
from hub.organisation import queries as organisation
from hub.people.models import Household
from hub.programmes import queries as programmes
from hub.screening import actions, forms, queries, sheets
from hub.screening.access import (
    interview_to_hold,
    may_walk_in,
    require_start_runs,
    require_walk_in,
    run_to_see,
)
from hub.screening.models import Interview, Run
from welfare.rules.assessment import NOT_ENTITLED

ROWS, ROWS_MAX = 4, 20  # members the first form has room for, and at most


# District runs ------------------------------------------------------------------------------------------------------------------


@require_GET
def run(request: HttpRequest) -> HttpResponse:
    """The newest district run: by programme, and by dong on a map and in a table."""
    require(request.user, Right.SEE_FIGURES)
    latest = queries.latest_run()
    page: dict[str, Any] = {
        "run": latest,
        "under_way": queries.unfinished_run(),
        "may_start": may(request.user, Right.START_RUNS),
    }
    if latest is not None:
        page |= {
            "programmes": queries.by_programme(latest),
            "totals": queries.missed_totals(latest),
            "unavailable": programmes.rules(latest.as_of).unavailable,
        } | _dongs(latest)
    return render(request, "screening/run.html", page)


@require_GET
def run_programme(request: HttpRequest, programme: str) -> HttpResponse:
    """One programme of the newest run, over the dongs."""
    require(request.user, Right.SEE_FIGURES)
    latest = queries.latest_run()
    if latest is None:
        raise Http404
    counted = {counts.programme.id: counts for counts in queries.by_programme(latest)}
    if programme not in counted:
        raise Http404
    page = {"run": latest, "counts": counted[programme]} | _dongs(latest, programme)
    return render(request, "screening/run_programme.html", page)


def _dongs(run: Run, programme: str | None = None) -> dict[str, Any]:
    """Table rows and the map; its colours show the share of households in six steps from the least to the most."""
    rows = {row.centre.code: row for row in queries.by_dong(run, programme)}
    shares = [row.share for row in rows.values()]
    least, most = min(shares, default=0), max(shares, default=0)
    drawing = organisation.map_shapes()
    areas = [
        {
            "shape": shape,
            "level": min(5, int(6 * (row.share - least) / (most - least or 1))),
            "value": f"{row.share} %",
            "address": "",
        }
        for shape in drawing.shapes
        if (row := rows.get(shape.code)) is not None
    ]
    return {"dongs": list(rows.values()), "map": drawing, "areas": areas, "least": least, "most": most}


@require_POST
def start_run(request: HttpRequest) -> HttpResponse:
    """Screen the district now, in the background."""
    require_start_runs(request.user)
    started = actions.ask_for_run(by=require_user(request.user))
    return redirect("run_progress", started.pk)


@require_GET
def run_progress(request: HttpRequest, run: int) -> HttpResponse:
    """How far a run has come; the page asks again by itself while it is under way."""
    page = {"run": run_to_see(request.user, run), "may_start": may(request.user, Right.START_RUNS)}
    template = "screening/run_progress.html#progress" if request.htmx else "screening/run_progress.html"  # type: ignore[attr-defined]
    return render(request, template, page)


@require_POST
def cancel_run(request: HttpRequest, run: int) -> HttpResponse:
    """Stop a run that waits or is under way."""
    require_start_runs(request.user)
    actions.cancel_run(run_to_see(request.user, run), by=require_user(request.user))
    return redirect("run_progress", run)


# Desk interviews ----------------------------------------------------------------------------------------------------------------


@require_GET
def interviews(request: HttpRequest) -> HttpResponse:
    """One's own recent interviews, and the way to a new one."""
    require(request.user, Right.INTERVIEW)
    user = require_user(request.user)
    held = list(Interview.objects.filter(held_by=user).select_related("centre")[:20])
    if held:
        registered = [one.household_id for one in held if one.household_id is not None]
        record(user, "screening.listed_interviews", listed=registered, subjects=len(held))
    return render(
        request, "screening/interviews.html", {"interviews": held, "may_walk_in": may_walk_in(user)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def open_interview(request: HttpRequest) -> HttpResponse:
    """Who lives in the household: the start of an interview with somebody who walked in."""
    require_walk_in(request.user)
    facts = queries.askable_at_start()
    rows = _rows(request)
    opening = forms.Opening(request.POST or None, dongs=area_of_duty(request.user, Right.INTERVIEW))
    members = [
        forms.Member(
            request.POST or None,
            prefix=f"member-{i}",
            facts=facts,
            initial={"relation": "head"} if i == 0 else {},
        )
        for i in range(rows)
    ]
    problem = ""
    sent = request.method == "POST" and "more" not in request.POST
    # Every form is looked at, so that each shows what is wrong with it.
    if sent and not [form for form in (opening, *members) if not form.is_valid()]:
        given = [values for member in members if (values := member.values())]
        if not given:
            problem = _("Write down at least one person.")
        else:
            forms.couples(given)
            try:
                opened = actions.open_interview(
                    by=require_user(request.user),
                    centre=opening.cleaned_data["centre"],
                    members=given,
                    facts=queries.facts_of_the_district(),
                    policy=opening.cleaned_data["policy"],
                )
            except ValueError as error:
                problem = str(error)
            else:
                return redirect("interview", opened.pk)
    page = {"opening": opening, "members": members, "facts": facts, "rows": rows, "problem": problem}
    return render(request, "screening/open_interview.html", page)


def _rows(request: HttpRequest) -> int:
    given = request.POST.get("rows", "")
    rows = int(given) if given.isdecimal() else ROWS
    return min(ROWS_MAX, max(1, rows) + (4 if "more" in request.POST else 0))


@require_POST
def open_interview_with(request: HttpRequest, household: int) -> HttpResponse:
    """Go on with a household on the register."""
    require(request.user, Right.INTERVIEW)
    try:
        opened = actions.open_interview_with(
            household, by=require_user(request.user), policy=Interview.Policy.ANY_TIME
        )
    except (Household.DoesNotExist, Refused):
        raise Http404 from None
    return redirect("interview", opened.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def interview(request: HttpRequest, interview: int) -> HttpResponse:
    """The next question, and beside it what is settled so far. A POST answers the question it carries."""
    found = interview_to_hold(request.user, interview)
    if found.closed_at is not None:
        return redirect("interview_result", found.pk)
    form = None
    if request.method == "POST":
        form = _take_answer(request, found)
        if form is None:
            if not request.htmx:  # type: ignore[attr-defined]
                return redirect("interview", found.pk)
            found.refresh_from_db()
    else:
        record(require_user(request.user), "screening.read_interview", found)
    page = _conversation(found, form)
    template = "screening/interview.html#conversation" if request.htmx else "screening/interview.html"  # type: ignore[attr-defined]
    return render(request, template, page)


def _take_answer(request: HttpRequest, interview: Interview) -> forms.Answer | None:
    """Store the answer; gives the form back, with what is wrong, when it cannot be."""
    facts = programmes.catalogue().facts
    fact = facts.get(request.POST.get("fact", ""))
    members = [int(place) for place in request.POST.getlist("members") if place.isdecimal()]
    if fact is None or any(place >= len(interview.known["members"]) for place in members):
        raise Http404
    names = sheets.called(interview.known["members"], interview.as_of)
    form = forms.Answer(request.POST, fact=fact, members=members, names=names)
    said = request.POST.get("said", "")
    try:
        if said in queries.SAID:
            given = {"fact": fact.name, "members": members, "said": said}
            actions.answer(interview, given, by=require_user(request.user))
            return None
        if form.is_valid():
            actions.answer(interview, form.answer(), by=require_user(request.user))
            return None
    except ValueError as error:
        form.add_error(None, str(error))
    return form


def _conversation(interview: Interview, form: forms.Answer | None) -> dict[str, Any]:
    """What the page of a conversation shows; `form` is one that came back with problems."""
    before, held = queries.replayed(interview)
    names = sheets.called(interview.known["members"], interview.as_of)
    question = held.next()
    if form is None and question is not None:
        form = forms.Answer(fact=question.fact, members=question.members, names=names)
    sheet = sheets.sheet(held.assessment, names)
    different = {(change.programme.id, change.member) for change in held.changed_since(before)}
    changed = [line for line in sheet.lines if (line.result.programme.id, line.result.member) in different]
    return {
        "interview": interview,
        "question": question,
        "form": form,
        "sheet": sheet,
        "changed": {line.key for line in changed},
        "now_possible": [line for line in changed if line.result.answer != NOT_ENTITLED],
        "now_refused": [line for line in changed if line.result.answer == NOT_ENTITLED],
        "asked": len(interview.answers),
        "names": names,
    }


@require_POST
def take_back(request: HttpRequest, interview: int) -> HttpResponse:
    """The last answer was a mistake."""
    actions.take_back(interview_to_hold(request.user, interview), by=require_user(request.user))
    return redirect("interview", interview)


@require_POST
def close_interview(request: HttpRequest, interview: int) -> HttpResponse:
    """Enough for today."""
    found = interview_to_hold(request.user, interview)
    unrecorded = actions.close_interview(found, by=require_user(request.user))
    if unrecorded:
        messages.warning(
            request,
            ngettext(
                "The household has changed since the conversation began. What was said of %(number)d member is kept here and was "
                "not recorded; please record it on the household's page.",
                "The household has changed since the conversation began. What was said of %(number)d members is kept here and was "
                "not recorded; please record it on the household's page.",
                unrecorded,
            )
            % {"number": unrecorded},
        )
    return redirect("interview_result", interview)


@require_GET
def interview_result(request: HttpRequest, interview: int) -> HttpResponse:
    """What the resident takes home: one clear page, made to be printed."""
    found = interview_to_hold(request.user, interview)
    held = queries.conversation(found)
    record(require_user(request.user), "screening.read_interview", found)
    names = sheets.called(found.known["members"], found.as_of)
    page = {
        "interview": found,
        "sheet": sheets.sheet(held.assessment, names),
        "names": names,
        "catalogue": programmes.catalogue(),
    }
    return render(request, "screening/interview_result.html", page)

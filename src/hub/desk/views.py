"""Home, work list, search, and the household on one page."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access import approvals
from hub.access.access import Refused, area_of_duty, may, require, require_user
from hub.access.actions import record
from hub.access.models import Approval, Deed, User
from hub.access.proof import recently_proved
from hub.access.queries import own_zones
from hub.access.roles import Right
from hub.desk import papers, queries
from hub.inspection import queries as inspection
from hub.organisation import queries as organisation
from hub.people import actions as people
from hub.people import queries as residents
from hub.people.access import may_about, may_record, require_record
from hub.people.forms import ExportReason, TakeOut, WriteNote
from hub.people.models import Household
from hub.people.queries import KnownHousehold
from hub.people.search import MOST, wanted
from hub.people.views import closed
from hub.programmes import queries as programmes
from hub.screening import queries as screening
from hub.screening import sheets
from hub.screening.access import may_walk_in
from hub.screening.models import Run
from hub.templatetags.words import spoken
from welfare.outgoing import as_xlsx

_WHOLE_NUMBER = re.compile(r"\s*\d{6}[\s-]*\d{7}\s*")
EXPORTED_MOST = 5_000  # households of one file
PAGE = 25  # households on one page of the work list


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What is to be done, for the posts this person holds."""
    user = request.user
    run = screening.latest_run()
    area = area_of_duty(user, Right.SEE_HOUSEHOLDS)
    page: dict[str, Any] = {
        "run": run,
        "may_see": may(user, Right.SEE_HOUSEHOLDS),
        "may_interview": may_walk_in(user),
        "may_see_figures": may(user, Right.SEE_FIGURES),
        "catalogue": programmes.catalogue(),
        "questions": inspection.questions_to(user),
    }
    if may(user, Right.INSPECT):
        page["overdue"] = inspection.overdue()
        page["chain_wrong"] = inspection.wrong_in_words(inspection.newest_chain())
    if run is not None and page["may_see"]:
        page["area"] = None if area is None else organisation.named(area)
        page["own_zones"] = organisation.zones(area).filter(pk__in=own_zones(user))
        page["totals"] = screening.missed_totals(run, area)
        page["items"] = screening.worklist(run, area, number=10)
        _record_list(request, page["items"])
        dongs = None if area is None else {organisation.dong_of(place) for place in area}
        page["programmes"] = [counts for counts in screening.by_programme(run, dongs) if counts.missed][:8]
        page["limited"] = dongs != area
    return render(request, "desk/home.html", page)


@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    """Households of one's area of duty that miss something, most won first; `?programme=` keeps to one programme, `?zone=` to
    one zone.
    """
    require(request.user, Right.SEE_HOUSEHOLDS)
    run = screening.latest_run()
    programme = request.GET.get("programme") or None
    catalogue = programmes.catalogue()
    if programme is not None and programme not in catalogue.programmes:
        raise Http404
    given = request.GET.get("page", "1")
    number = int(given) if given.isdecimal() and 0 < int(given) < 100_000 else 1
    area = area_of_duty(request.user, Right.SEE_HOUSEHOLDS)
    zones = organisation.zones(area)
    zone = None
    if code := request.GET.get("zone"):
        zone = organisation.zone_called(code, area)
        if zone is None:
            raise Http404
        area = frozenset({zone.pk})
    items = (
        screening.worklist(run, area, programme=programme, first=(number - 1) * PAGE, number=PAGE + 1)
        if run
        else []
    )
    page = {
        "run": run,
        "items": _record_list(request, items[:PAGE]),
        "programme": catalogue.programmes[programme] if programme else None,
        "zone": zone,
        "own_zones": [one for one in zones if one.pk in own_zones(request.user)],
        "zones": [one for one in zones if one.pk not in own_zones(request.user)],
        "number": number,
        "may_export": may(request.user, Right.EXPORT),
        "previous": number - 1 if number > 1 else None,
        "following": number + 1 if len(items) > PAGE else None,
    }
    return render(request, "desk/worklist.html", page)


def _record_list(request: HttpRequest, items: list[screening.WorkItem]) -> list[screening.WorkItem]:
    """A list of households that miss something says much about each: whose it showed is written down."""
    if items:
        shown = [item.household for item in items]
        record(require_user(request.user), "screening.listed_missed", listed=shown)
    return items


@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Find residents by whatever an official has at hand; posted, so that a name never stands in an address."""
    require(request.user, Right.SEE_HOUSEHOLDS)
    text = request.POST.get("text", "")[:80]
    whole_number = bool(_WHOLE_NUMBER.fullmatch(text))
    if whole_number:  # it is looked up elsewhere, with the care it needs, and shown nowhere
        text = ""
    enough = wanted(text) is not None  # else nobody is looked for, and nobody is missing
    found = people.search(text, by=require_user(request.user)) if enough else None
    template = "desk/search.html#found" if request.htmx else "desk/search.html"  # type: ignore[attr-defined]
    page = {
        "text": text,
        "found": found,
        "most": MOST,
        "whole_number": whole_number,
        "too_short": bool(text.strip()) and not enough,
    }
    return render(request, template, page)


@require_GET
def household(request: HttpRequest, household: int) -> HttpResponse:
    """Who lives there, what they are entitled to and do not receive, with every reason, what was promised, and what is on record."""
    user = require_user(request.user)
    require(user, Right.SEE_HOUSEHOLDS)
    catalogue = programmes.catalogue()
    try:
        known = people.open_household(household, catalogue, by=user)
    except people.PurposeNeeded:
        return redirect("state_purpose", household)
    except (Household.DoesNotExist, Refused):
        return closed(request, household)
    rules = programmes.rules()
    described = known.described()
    names = [member.person.name for member in known.members]
    part = request.GET.get("part")
    if part == "record" and request.htmx:  # type: ignore[attr-defined]
        return _record(request, known)
    sheet = sheets.sheet(rules.assess(described), names)
    if part in ("unknown", "refused") and request.htmx:  # type: ignore[attr-defined]
        return render(request, f"screening/_sheet.html#{part}", {"sheet": sheet, "parts_at": request.path})
    if part == "line" and request.htmx:  # type: ignore[attr-defined]
        line = next((one for one in sheet.lines if one.key == request.GET.get("line")), None)
        if line is None:
            raise Http404
        return render(request, "screening/_lines.html#reasons", {"line": line})
    labels = sheets.called(described.members, rules.day)
    here = known.household
    written = list(residents.notes(here).select_related("written_by"))
    page = {
        "known": known,
        "members": queries.members(known, labels, timezone.localdate()),
        "left": known.left,
        "addresses": residents.addresses(here),
        "relations": residents.relations(here),
        "warnings": residents.warnings(written),
        "promises": residents.promises(written),
        "timeline": residents.timeline(known, written),
        "opening": known.opening,
        "seal": residents.seal_of(here) if here.sealed else None,
        "sheet": sheet,
        "changed": (),  # nothing is new here
        "parts_at": "" if part == "all" else request.path,
        "day": rules.day,
        "today": timezone.localdate(),
        "note_form": WriteNote(),
        "take_out_form": TakeOut(),
        "may_interview": may_about(user, Right.INTERVIEW, here),
        "may_record": may_record(user, here),
        "may_keep": may_about(user, Right.KEEP_REGISTER, here),
        "may_seal": may_about(user, Right.SEAL, here),
        "may_link": may_about(user, Right.LINK_PERSONS, here),
        "may_unmask": may_about(user, Right.UNMASK_NUMBERS, here),
        "may_serve": may_about(user, Right.MANAGE_CONSENT, here),
    }
    return render(request, "desk/household.html", page)


def _record(request: HttpRequest, known: KnownHousehold) -> HttpResponse:
    """What is on record about the household, or about the member whose number stands in `?member=`."""
    member = request.GET.get("member", "")
    found = next((one for one in known.members if str(one.person.pk) == member), None)
    page = {
        "facts": found.facts if found else known.facts,
        "person": found.person if found else None,
        "household": known.household,
        "may_record": may_record(request.user, known.household),
    }
    return render(request, "desk/_record.html", page)


@require_POST
def take_out(request: HttpRequest, household: int) -> HttpResponse:
    """The household's record as a file, for a reason that is written down and stands on every sheet."""
    user = require_user(request.user)
    require(user, Right.SEE_HOUSEHOLDS)
    form = TakeOut(request.POST)
    try:
        known = people.open_household(household, programmes.catalogue(), by=user)
        require_record(user, known.household)
        if not form.is_valid():
            page = {"household": known.household, "form": form, "title": _("Take the record out")}
            return render(request, "people/form.html", page)
        people.take_out(
            known.household, by=user, form=form.cleaned_data["form"], reason=form.cleaned_data["reason"]
        )
    except people.PurposeNeeded:
        return redirect("state_purpose", household)
    except Household.DoesNotExist:
        raise Http404 from None
    rules = programmes.rules()
    described = known.described()
    labels = sheets.called(described.members, rules.day)
    sheet = sheets.sheet(rules.assess(described), [member.person.name for member in known.members])
    taken = _("Taken out by %(name)s on %(when)s: %(why)s") % {
        "name": user.name,
        "when": timezone.localtime().strftime("%Y-%m-%d %H:%M"),
        "why": form.cleaned_data["reason"],
    }
    chosen = form.cleaned_data["form"]
    written = papers.written(
        chosen,
        known,
        queries.members(known, labels, timezone.localdate()),
        sheet,
        addresses=[address.text for address in residents.addresses(known.household)],
        taken=taken,
    )
    headers = {"Content-Disposition": f'attachment; filename="household-{known.household.pk}.{chosen}"'}
    return HttpResponse(written, content_type=papers.FORMS[chosen], headers=headers)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def export_worklist(request: HttpRequest) -> HttpResponse:
    """The whole work list of one's dongs as XLSX: asked for with a reason, allowed by a second person, taken out once."""
    user = require_user(request.user)
    require(user, Right.SEE_HOUSEHOLDS)
    require(user, Right.EXPORT)
    run = screening.latest_run()
    if run is None:  # the work list itself says that there is nothing yet
        return redirect("worklist")
    area = area_of_duty(user, Right.EXPORT)
    subject = ("screening.run", str(run.pk))
    asked = approvals.latest(Deed.EXPORT, subject, user)
    form = ExportReason(request.POST or None)
    if request.method == "POST" and asked is not None and asked.granted:
        return _worklist_file(user, run, area, asked)
    if request.method == "POST" and (asked is None or asked.granted is False) and form.is_valid():
        totals = screening.missed_totals(run, area)
        facts = _("Work list of the run of %(day)s: %(households)d households") % {
            "day": run.as_of,
            "households": totals["households"],
        }
        # Who approves it must be able to approve everywhere the list reaches.
        dongs = set() if area is None else {organisation.dong_of(place) for place in area}
        where = dongs.pop() if len(dongs) == 1 else ""
        asked = approvals.ask(
            Deed.EXPORT, subject, user, form.cleaned_data["reason"], facts=facts, dong=where
        )
    page = {"run": run, "form": form, "asked": asked}
    return render(request, "desk/export_worklist.html", page)


def _worklist_file(user: User, run: Run, area: frozenset[str] | None, asked: Approval) -> HttpResponse:
    approvals.use(Deed.EXPORT, ("screening.run", str(run.pk)), user)
    items = screening.worklist(run, area, number=EXPORTED_MOST)
    record(
        user,
        "screening.exported_missed",
        run,
        f"approval {asked.pk}",
        listed=[item.household for item in items],
    )
    heads = [_("Household"), _("Dong"), _("Entitled but not receiving"), _("A year")]
    rows = (
        [
            item.household,
            str(item.centre),
            ", ".join(spoken(programme.name) for programme in item.programmes),
            item.won_a_year,
        ]
        for item in items
    )
    taken = _("Taken out by %(name)s on %(when)s: %(why)s") % {
        "name": user.name,
        "when": timezone.localtime().strftime("%Y-%m-%d %H:%M"),
        "why": asked.reason,
    }
    written = as_xlsx(_("Work list"), heads, [*rows, [taken, "", "", ""]])
    headers = {"Content-Disposition": f'attachment; filename="worklist-{run.pk}.xlsx"'}
    return HttpResponse(written, content_type=papers.FORMS["xlsx"], headers=headers)

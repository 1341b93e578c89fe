"""Pages of what is done to one household: why it is opened, what is written about it, what changes in the register.

A household that is not there, lies outside one's area of duty or is sealed gives the same answer, so that nobody learns from it
which of the three it is.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub import walls
from hub.access import approvals
from hub.access.access import Refused, require, require_user
from hub.access.actions import record
from hub.access.models import Deed, User
from hub.access.proof import recently_proved
from hub.access.purposes import Purpose
from hub.access.queries import users_who_may
from hub.access.roles import Right
from hub.people import actions, forms, queries, register
from hub.people.access import require_about, require_record
from hub.people.models import Address, Household, LifeEvent, Note, Opening, Person, Relation, Seal
from hub.people.sources import Source
from hub.programmes import queries as programmes


def reached(user: User, number: int) -> Household:
    """The household, to do something about it; leaves its mark. Http404 when it is not there or not to be seen."""
    require(user, Right.SEE_HOUSEHOLDS)
    try:
        return actions.reach_household(number, by=user)
    except (Household.DoesNotExist, Refused):
        raise Http404 from None


type Page = Callable[..., HttpResponse]


def for_a_purpose(page: Page) -> Page:
    """Ask for the purpose first where none was stated yet for a household, and come back to what was asked for."""

    @wraps(page)
    def ask_first(request: HttpRequest, household: int, **more: Any) -> HttpResponse:
        try:
            return page(request, household, **more)
        except actions.PurposeNeeded as needed:
            ask = reverse("state_purpose", args=[needed.household])
            return redirect(f"{ask}?{urlencode({'then': request.path})}" if request.method == "GET" else ask)

    return ask_first


def closed(request: HttpRequest, number: int, form: forms.Emergency | None = None) -> HttpResponse:
    """A household that cannot be opened, for whatever reason, and the way in for an emergency."""
    user = require_user(request.user)
    record(user, "access.refused", ("people.household", str(number)), household=number, subjects=0)
    page = {"number": number, "form": form or forms.Emergency()}
    return render(request, "people/closed.html", page, status=404)


# -- opening ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def state_purpose(request: HttpRequest, household: int) -> HttpResponse:
    """For what the household is opened; asked once, then remembered for a while."""
    user = require_user(request.user)
    require(user, Right.SEE_HOUSEHOLDS)
    try:
        found = actions.find_household(household, by=user)
    except (Household.DoesNotExist, Refused):
        raise Http404 from None
    record(user, "people.asked_purpose", found)
    form = forms.StatePurpose(request.POST or None)
    if request.method == "POST" and form.is_valid():
        purpose = Purpose(form.cleaned_data["purpose"])
        actions.open_household(
            found.pk, programmes.catalogue(), by=user, purpose=purpose, reason=form.cleaned_data["reason"]
        )
        then = request.GET.get("then", "")
        inside = url_has_allowed_host_and_scheme(then, {request.get_host()}, request.is_secure())
        return redirect(then) if inside else redirect("household", found.pk)
    return render(request, "people/purpose.html", {"household": found, "form": form})


@require_POST
def open_in_emergency(request: HttpRequest, household: int) -> HttpResponse:
    """See a closed household for a day, because life or safety is at stake."""
    user = require_user(request.user)
    require(user, Right.SEE_HOUSEHOLDS)
    form = forms.Emergency(request.POST)
    if not form.is_valid():
        return closed(request, household, form)
    try:
        actions.open_in_emergency(household, by=user, reason=form.cleaned_data["reason"])
    except Household.DoesNotExist:
        form.add_error(None, _("There is no household with this number. Check the number."))
        return closed(request, household, form)
    return redirect("household", household)


@require_GET
def emergencies(request: HttpRequest) -> HttpResponse:
    """Emergency openings that wait for a review."""
    require(request.user, Right.INSPECT)
    return _waiting(request)


@require_POST
def review_emergency(request: HttpRequest, opening: int) -> HttpResponse:
    """Judge one."""
    user = require_user(request.user)
    require(user, Right.INSPECT)
    form = forms.Review(request.POST)
    if not form.is_valid():
        return _waiting(request, form, opening)
    try:
        actions.review_emergency(
            opening,
            by=user,
            verdict=Opening.Verdict(form.cleaned_data["verdict"]),
            text=form.cleaned_data["text"],
        )
    except Opening.DoesNotExist:
        raise Http404 from None
    return redirect("emergencies")


def _waiting(
    request: HttpRequest, form: forms.Review | None = None, wrong: int | None = None
) -> HttpResponse:
    """The page of those that wait; `wrong` is the one whose form came back."""
    with walls.everywhere(), transaction.atomic():  # numbers of households, no more
        waiting = queries.emergencies()
    record(
        require_user(request.user), "people.listed_emergencies", listed=[one.household_id for one in waiting]
    )
    late = timezone.now() - actions.REVIEW_WITHIN
    page = {
        "waiting": [(one, one.opened_at < late) for one in waiting],
        "form": form or forms.Review(),
        "wrong": wrong,
    }
    return render(request, "people/emergencies.html", page)


# -- writing about it ------------------------------------------------------------------------------------------


@require_POST
@for_a_purpose
def write_note(request: HttpRequest, household: int) -> HttpResponse:
    """A note, a promise or a warning; from the form on the household's page."""
    user = require_user(request.user)
    found = reached(user, household)
    require_record(user, found)
    form = forms.WriteNote(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        actions.write_note(
            found, by=user, kind=Note.Kind(given["kind"]), text=given["text"], due_on=given["due_on"]
        )
        return redirect("household", found.pk)
    return _form(request, found, form, gettext_lazy("Write down"))


@require_POST
@for_a_purpose
def settle_note(request: HttpRequest, household: int, note: int) -> HttpResponse:
    """A promise was kept, or a warning no longer holds."""
    user = require_user(request.user)
    found = reached(user, household)
    try:
        actions.settle_note(found, note, by=user)
    except Note.DoesNotExist:
        raise Http404 from None
    return redirect("household", found.pk)


@require_GET
@for_a_purpose
def choose_fact(request: HttpRequest, household: int) -> HttpResponse:
    """Which fact to record: the household's and the members', by what the catalogue asks."""
    user = require_user(request.user)
    found = reached(user, household)
    require_record(user, found)
    facts = programmes.catalogue().facts.values()
    page = {
        "household": found,
        "members": found.members.filter(left_on=None).order_by("pk"),
        "of_household": sorted((fact for fact in facts if fact.of == "household"), key=_by_label),
        "of_person": sorted((fact for fact in facts if fact.of == "person"), key=_by_label),
    }
    return render(request, "people/choose_fact.html", page)


def _by_label(fact: Any) -> str:
    return str(fact.label["ko"])


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def record_fact(request: HttpRequest, household: int, fact: str) -> HttpResponse:
    """A value with source and day, or why there is none. `?member=` is the person's number for a person's fact."""
    user = require_user(request.user)
    found = reached(user, household)
    require_record(user, found)
    catalogue = programmes.catalogue()
    declared = catalogue.facts.get(fact)
    if declared is None:
        raise Http404
    about: Household | Person = found
    if declared.of == "person":
        member = request.GET.get("member", "")
        about = get_object_or_404(
            Person, pk=member if member.isdecimal() else 0, household=found, left_on=None
        )
    form = forms.RecordFact(request.POST or None, fact=declared)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        said = given["said"]
        try:
            actions.record_facts(
                about,
                {fact: form.value} if said == "value" else {},
                catalogue,
                by=user,
                source=Source(given["source"]),
                collected_on=given["collected_on"],
                expires_on=given["expires_on"],
                gaps={} if said == "value" else {fact: said},
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("household", found.pk)
    page = {"household": found, "about": about, "fact": declared, "form": form}
    return render(request, "people/record_fact.html", page)


# -- the register ----------------------------------------------------------------------------------------------


def _form(
    request: HttpRequest, household: Household, form: Any, title: object, note: object = ""
) -> HttpResponse:
    page = {"household": household, "form": form, "title": title, "note": note}
    return render(request, "people/form.html", page)


def _kept(
    request: HttpRequest, household: Household, form: Any, title: object, keep: Callable[[], object]
) -> HttpResponse:
    """The page of a form: shown, shown again with what is wrong, or carried out and back to the household."""
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                keep()
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("household", household.pk)
    return _form(request, household, form, title)


def _to_keep(request: HttpRequest, household: int) -> tuple[User, Household]:
    user = require_user(request.user)
    found = reached(user, household)
    require(user, Right.KEEP_REGISTER)
    return user, found


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def new_person(request: HttpRequest, household: int) -> HttpResponse:
    """A birth, or somebody moving in."""
    user, found = _to_keep(request, household)
    form = forms.NewPerson(request.POST or None)

    def keep() -> None:
        given = form.cleaned_data
        register.register_person(
            found,
            given["name"],
            by=user,
            event=LifeEvent.Kind(given["event"]),
            on=given["on"],
            birth_date=given["birth_date"],
            phone=given["phone"],
            source=Source.DOCUMENT,
        )

    return _kept(request, found, form, gettext_lazy("Somebody new in the household"), keep)


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def leaving(request: HttpRequest, household: int) -> HttpResponse:
    """A death, a move away, or a split."""
    user, found = _to_keep(request, household)
    members = found.members.filter(left_on=None).order_by("pk")
    form = forms.Leaving(request.POST or None, persons=members)

    def keep() -> None:
        given = form.cleaned_data
        if given["how"] in Person.Left.values:
            register.register_leaving(
                given["person"],
                by=user,
                how=Person.Left(given["how"]),
                on=given["on"],
                source=Source.DOCUMENT,
            )
            return
        if given["how"] == "split":
            to = register.register_household(given["to"], found.centre, by=user)
        else:
            other = Household.objects.filter(pk=given["to"]).first()
            if other is None:
                raise ValidationError({"to": _("There is no household with this number in your dongs.")})
            to = other
        register.move(
            given["person"],
            to,
            by=user,
            on=given["on"],
            split=given["how"] == "split",
            source=Source.DOCUMENT,
        )

    return _kept(request, found, form, gettext_lazy("Somebody leaves the household"), keep)


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def new_address(request: HttpRequest, household: int) -> HttpResponse:
    """A registered or actual address from a day on."""
    user, found = _to_keep(request, household)
    form = forms.NewAddress(request.POST or None)

    def keep() -> None:
        given = form.cleaned_data
        kind = Address.Kind(given["kind"])
        register.change_address(found, kind, given["text"], by=user, on=given["on"], source=Source.DOCUMENT)

    return _kept(request, found, form, gettext_lazy("New address"), keep)


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def new_relation(request: HttpRequest, household: int) -> HttpResponse:
    """A relative or guardian who lives elsewhere."""
    user = require_user(request.user)
    found = reached(user, household)
    require_record(user, found)
    form = forms.NewRelation(request.POST or None, persons=found.members.filter(left_on=None).order_by("pk"))

    def keep() -> None:
        given = form.cleaned_data
        register.add_relation(
            given["person"],
            given["name"],
            Relation.Kind(given["kind"]),
            by=user,
            source=Source(given["source"]),
            on=timezone.localdate(),
            obligor=given["obligor"],
            estranged=given["estranged"],
            phone=given["phone"],
        )

    return _kept(request, found, form, gettext_lazy("Relative elsewhere"), keep)


@require_POST
@for_a_purpose
def end_relation(request: HttpRequest, household: int, relation: int) -> HttpResponse:
    """It no longer holds."""
    user = require_user(request.user)
    found = reached(user, household)
    ended = get_object_or_404(Relation, pk=relation, person__household=found, ended_on=None)
    register.end_relation(ended, by=user, on=timezone.localdate())
    return redirect("household", found.pk)


# -- sealing ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def seal(request: HttpRequest, household: int) -> HttpResponse:
    """Hide a household from everybody but those named."""
    user = require_user(request.user)
    found = reached(user, household)
    require(user, Right.SEAL)
    here = users_who_may(Right.SEE_HOUSEHOLDS, found.dong, found.zone_id)
    form = forms.SealHousehold(request.POST or None, users=here)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.seal_household(
                found,
                by=user,
                kind=Seal.Kind(given["kind"]),
                reason=given["reason"],
                allowed=given["allowed"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("home")
    note = _(
        "Afterwards only those named see that this household exists. Opening it in an emergency is reviewed within a day."
    )
    return _form(request, found, form, gettext_lazy("Seal the household"), note)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def unseal(request: HttpRequest, household: int) -> HttpResponse:
    """Let everybody on duty in the dong see it again: ask a second person with a reason, then do it."""
    user = require_user(request.user)
    found = reached(user, household)
    require_about(user, Right.SEAL, found)
    asked = approvals.latest(Deed.UNSEAL, found, user)
    form = forms.Unseal(request.POST or None)
    if request.method == "POST" and asked is not None and asked.granted:
        actions.lift_seal(found, by=user)
        return redirect("household", found.pk)
    if request.method == "POST" and (asked is None or asked.granted is False) and form.is_valid():
        facts = _("Lift the seal of household %(number)d") % {"number": found.pk}
        asked = approvals.ask(
            Deed.UNSEAL, found, user, form.cleaned_data["reason"], facts=facts, dong=found.dong
        )
    return render(request, "people/unseal.html", {"household": found, "form": form, "asked": asked})

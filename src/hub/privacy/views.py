"""Pages of consents, of residents' requests, and of what is kept and destroyed."""

from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hub.access.access import may, require, require_user
from hub.access.actions import record
from hub.access.roles import Right
from hub.privacy import actions, erasure, forms, queries, retention
from hub.privacy.access import (
    across_dongs,
    consent_to_withdraw,
    person_to_serve,
    request_to_see,
    require_erase,
)
from hub.privacy.models import ConsentPurpose, ConsentText, ErasureRecord, RetentionRun, SubjectRequest


def _complain(form: django_forms.Form, error: ValidationError) -> None:
    """Put what is wrong above the form; what was typed stays."""
    for sentence in error.messages:
        form.add_error(None, sentence)


# -- consents --------------------------------------------------------------------------------------------------


@require_GET
def person(request: HttpRequest, person: int) -> HttpResponse:
    """One person's consents, how each purpose stands, and the requests the person made."""
    found = person_to_serve(request.user, person)
    record(require_user(request.user), "privacy.read_consents", found)
    page = {
        "person": found,
        "resident_number": queries.masked(found.resident_number),
        "standings": queries.standings(found, timezone.localdate()),
        "history": queries.history(found),
        "requests": queries.requests_of(found).order_by("-pk"),
        "withdraw": forms.Withdraw(),
        "today": timezone.localdate(),
    }
    return render(request, "privacy/person.html", page)


def _text(consent_purpose: str, language: str | None = None) -> ConsentText:
    if consent_purpose not in ConsentPurpose.values:
        raise Http404
    wanted = language or translation.get_language() or "ko"
    found = queries.text_in_force(ConsentPurpose(consent_purpose), wanted, timezone.localdate())
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def give_consent(request: HttpRequest, person: int, consent_purpose: str) -> HttpResponse:
    """Explain a text, item by item, and write down what the person agrees to."""
    found = person_to_serve(request.user, person)
    text = _text(consent_purpose)
    form = forms.Give(request.POST or None, consent_text=text)
    if request.method == "POST" and form.is_valid():
        try:
            actions.give_consent(found, text, form.answers(), by=require_user(request.user), **form.given())
        except ValidationError as error:
            _complain(form, error)
        else:
            return redirect("person_privacy", found.pk)
    return render(request, "privacy/give_consent.html", {"person": found, "text": text, "form": form})


@require_GET
def consent_form(request: HttpRequest, person: int, consent_purpose: str) -> HttpResponse:
    """The text as a paper to sign, in the language of the resident: `?language=en`."""
    found = person_to_serve(request.user, person)
    wanted = request.GET.get("language", "")
    language = wanted if wanted in ("ko", "en") else translation.get_language() or "ko"
    text = _text(consent_purpose, language)
    record(require_user(request.user), "privacy.printed_form", found, purpose=consent_purpose)
    with translation.override(language):
        return render(request, "privacy/consent_form.html", {"person": found, "text": text})


@require_POST
def withdraw_consent(request: HttpRequest, consent: int) -> HttpResponse:
    """The person does not agree any longer."""
    found = consent_to_withdraw(request.user, consent)
    form = forms.Withdraw(request.POST)
    if form.is_valid() and found.withdrawn_on is None:
        actions.withdraw_consent(
            found,
            by=require_user(request.user),
            how=form.cleaned_data["how"],
            reason=form.cleaned_data["reason"],
        )
    return redirect("person_privacy", found.person_id)


# -- requests of residents -------------------------------------------------------------------------------------


@require_GET
@across_dongs
def subject_requests(request: HttpRequest) -> HttpResponse:
    """What residents asked and must be told, the overdue first."""
    user = require_user(request.user)
    if not may(user, Right.ERASE):
        require(user, Right.MANAGE_CONSENT)
    desk = queries.desk(user, timezone.localdate())
    record(user, "privacy.listed_requests")
    return render(request, "privacy/requests.html", {"desk": desk, "may_erase": may(user, Right.ERASE)})


@require_http_methods(["GET", "HEAD", "POST"])
def receive_request(request: HttpRequest, person: int) -> HttpResponse:
    """Take a request in."""
    found = person_to_serve(request.user, person)
    form = forms.Receive(request.POST or None, initial={"received_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            received = actions.receive_request(found, by=require_user(request.user), **form.cleaned_data)
        except ValidationError as error:
            _complain(form, error)
        else:
            return redirect("subject_request", received.pk)
    return render(request, "privacy/receive_request.html", {"person": found, "form": form})


@require_GET
@across_dongs
def subject_request(request: HttpRequest, number: int) -> HttpResponse:
    """One request: what was asked, by when, what was answered; for an erasure what it would remove or has removed."""
    return _request_page(request, request_to_see(request.user, number))


def _request_page(
    request: HttpRequest, found: SubjectRequest, form: forms.Answer | None = None
) -> HttpResponse:
    user = require_user(request.user)
    record(user, "privacy.read_request", found.person, purpose=found.kind)
    erases = found.kind == SubjectRequest.Kind.ERASURE
    home = found.person.household
    serves = may(user, Right.MANAGE_CONSENT, home.dong, home.zone_id)
    today = timezone.localdate()
    decides = found.unfinished and erases and may(user, Right.ERASE) and found.received_by_id != user.pk
    if form is None:
        form = forms.DecideErasure(person=found.person) if decides else forms.Answer()
    if decides and isinstance(form, forms.DecideErasure):
        # Who decides about free text sees what is written about the others too.
        for household in {note.household for note, *_boxes in form.notes}:
            record(user, "privacy.read_notes", household, purpose=found.kind)
    page: dict[str, Any] = {
        "asked": found,
        "person": found.person,
        "form": form,
        "overdue": found.unfinished and found.due_on < today,
        "serves": serves,
        "may_answer": found.unfinished and not erases and serves,
        "may_decide": decides,
        "resident_number": queries.masked(found.person.resident_number),
        "may_make_record": serves
        and found.kind in (SubjectRequest.Kind.ACCESS, SubjectRequest.Kind.EXPLANATION)
        and found.state != SubjectRequest.State.REFUSED,
        "plan": erasure.plan(found.person, today) if erases and found.unfinished else None,
        "proof": ErasureRecord.objects.filter(request=found).first(),
    }
    return render(request, "privacy/request.html", page)


@require_POST
@across_dongs
def answer_request(request: HttpRequest, number: int) -> HttpResponse:
    """Answer, or refuse with the reason."""
    found = request_to_see(request.user, number)
    form = forms.Answer(request.POST)
    if form.is_valid():
        try:
            actions.answer_request(
                found,
                form.cleaned_data["answer"],
                by=require_user(request.user),
                refused="refuse" in request.POST,
            )
            return redirect("subject_request", number)
        except ValidationError as error:
            _complain(form, error)
    return _request_page(request, found, form)


@require_POST
@across_dongs
def decide_erasure(request: HttpRequest, number: int) -> HttpResponse:
    """The second person grants the erasure, which is then carried out with its proof, or refuses it."""
    require_erase(request.user)
    found = request_to_see(request.user, number)
    form = forms.DecideErasure(request.POST, person=found.person)
    if form.is_valid():
        try:
            actions.decide_erasure(
                found,
                by=require_user(request.user),
                granted="refuse" not in request.POST,
                answer=form.cleaned_data["answer"],
                told=form.told(),
            )
            return redirect("subject_request", number)
        except ValidationError as error:
            _complain(form, error)
    return _request_page(request, found, form)


@require_POST
@across_dongs
def make_record(request: HttpRequest, number: int) -> HttpResponse:
    """Everything held about the person who asks, as a PDF. Posted: making it is a deed with a mark of its own."""
    found = request_to_see(request.user, number)
    made = actions.make_record(found, by=require_user(request.user))
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="request-{found.pk}.pdf"'},
    )


# -- retention -------------------------------------------------------------------------------------------------


@require_GET
@across_dongs
def retention_table(request: HttpRequest) -> HttpResponse:
    """How long each kind of data is kept, what is due today, and what was destroyed so far."""
    user = require_erase(request.user)
    due = retention.due(timezone.localdate())
    record(user, "privacy.read_retention")
    page = {
        "due": due,
        "waiting": queries.requests_for(user).filter(state=SubjectRequest.State.OPEN).count(),
        "any_due": any(one.due for one in due),
        "under_way": queries.retention_run(),
        "runs": RetentionRun.objects.all()[:10],
        "proofs": queries.proofs(),
    }
    return render(request, "privacy/retention.html", page)


@require_POST
@across_dongs
def start_retention(request: HttpRequest) -> HttpResponse:
    """Destroy in the background what is due today."""
    return redirect("retention_progress", actions.ask_for_retention(by=require_erase(request.user)).pk)


@require_GET
@across_dongs
def retention_progress(request: HttpRequest, run: int) -> HttpResponse:
    """How far a destruction has come; the page asks again by itself while it is under way."""
    require_erase(request.user)
    found = get_object_or_404(RetentionRun.objects.select_related("proof"), pk=run)
    template = "privacy/retention_progress.html"
    return render(request, f"{template}#progress" if request.htmx else template, {"run": found})  # type: ignore[attr-defined]


@require_GET
@across_dongs
def proof(request: HttpRequest, proof: int) -> HttpResponse:
    """The proof of one erasure, made to be printed and filed."""
    require_erase(request.user)
    return render(request, "privacy/proof.html", {"proof": get_object_or_404(ErasureRecord, pk=proof)})

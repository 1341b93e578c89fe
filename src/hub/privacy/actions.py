"""Taking and ending consents, serving the requests of residents, and destroying what its period has ended for."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import User
from hub.people import queries as people
from hub.people.models import Address, FactRecord, Household, Note, Person
from hub.privacy import erasure, paper, retention, right_of_access, texts
from hub.privacy.access import require_erase, require_serve
from hub.privacy.models import (
    Consent,
    ConsentPurpose,
    ConsentText,
    ErasureRecord,
    ExpiringFiles,
    GivenBy,
    Manner,
    RetentionRun,
    SubjectRequest,
)
from hub.privacy.retention import Fate, Kind
from hub.programmes import queries as programmes
from hub.screening import actions as screening_actions
from hub.screening import queries as screening
from hub.screening.models import Interview, Listed, Missed, Run

DAYS_TO_ANSWER = 10  # PIPA decree arts. 41 to 44
OF_AGE_TO_CONSENT = 14  # PIPA art. 22-2
BATCH = 1000  # rows erased in one transaction


# -- consent texts ---------------------------------------------------------------------------------------------


@transaction.atomic
def publish_texts(written: Iterable[texts.Written] | None = None, *, by: User | None = None) -> int:
    """Publish the consent texts that are new; returns how many. `by` is None only at installation.

    Raises TextProblem when a published version reads differently now: what was signed stays as it was.
    """
    published = {
        (text.consent_purpose, text.version, text.language): text.hash for text in ConsentText.objects.all()
    }
    made = 0
    for text in texts.written() if written is None else written:
        known = published.get((text.consent_purpose, text.version, text.language))
        if known is None:
            ConsentText.objects.create(
                consent_purpose=text.consent_purpose,
                version=text.version,
                language=text.language,
                valid_from=text.valid_from,
                months=text.months,
                body=text.body,
                hash=text.hash,
            )
            made += 1
        elif known != text.hash:
            raise texts.TextProblem(
                f"{text.consent_purpose}.yaml: version {text.version} ({text.language}) is published and reads differently; "
                "give the changed text a new version"
            )
    if made:
        record(by, "privacy.published_texts", purpose=f"{made} texts")
    return made


# -- consents --------------------------------------------------------------------------------------------------


@transaction.atomic
def give_consent(
    person: Person,
    text: ConsentText,
    items: Mapping[str, bool],
    *,
    by: User,
    manner: str,
    given_on: date | None = None,
    expires_on: date | None = None,
    representative: str = "",
    recipients: str = "",
    paper_reference: str = "",
) -> Consent:
    """Write down what a person agreed to, item by item, after `by` explained it.

    A term is never longer than the text allows. Raises Refused outside the area of duty and ValidationError with a
    sentence for everything that is missing or does not fit; nothing is recorded then.
    """
    require_serve(by, person)
    today = timezone.localdate()
    given_on = given_on or today
    longest = None if text.months is None else _months_after(given_on, text.months)
    body = text.body["items"]
    wrong = []
    if given_on > today:
        wrong.append(_("The day of the consent lies in the future."))
    if given_on < text.valid_from:
        wrong.append(_("This text was not in force yet on that day."))
    if set(items) != {item["id"] for item in body}:
        wrong.append(_("Every item needs its own answer."))
    if any(not item["optional"] and not items.get(item["id"]) for item in body):
        wrong.append(_("A required item was not agreed to, so there is no consent to record."))
    if expires_on is not None and (expires_on < given_on or (longest is not None and expires_on > longest)):
        wrong.append(_("The last day lies outside the term the text allows."))
    if _under_age(person, given_on) and not representative:
        wrong.append(_("This person is under 14: a legal representative consents (PIPA art. 22-2)."))
    if manner == Manner.SPOKEN:
        wrong.append(_("Consent is given on paper or on the screen."))
    if manner == Manner.PAPER and not paper_reference:
        wrong.append(_("Where is the signed paper? Give the number of the scan or the shelf."))
    if (
        any("recipient" in item for item in body)
        and text.consent_purpose == ConsentPurpose.PARTNERS
        and not recipients
    ):
        wrong.append(_("Name the partners the data may be given to."))
    if wrong:
        raise ValidationError(wrong)
    consent = Consent.objects.create(
        person=person,
        text=text,
        items=dict(items),
        given_on=given_on,
        expires_on=expires_on or longest,
        given_by=GivenBy.REPRESENTATIVE if representative else GivenBy.SELF,
        representative=representative,
        manner=manner,
        recipients=recipients,
        paper_reference=paper_reference,
        explained_by=by,
    )
    record(by, "privacy.gave_consent", person, purpose=text.consent_purpose)
    return consent


def _months_after(day: date, months: int) -> date:
    """The last day of a term of months that begins on `day`."""
    years, month = divmod(day.month - 1 + months, 12)
    for shorter in range(4):
        try:
            begins_again = date(day.year + years, month + 1, day.day - shorter)
        except ValueError:
            continue
        return begins_again if shorter else begins_again - timedelta(days=1)
    raise AssertionError("a month has at least 28 days")


def _under_age(person: Person, day: date) -> bool:
    """Whether the birth date in force says that this person is too young to consent alone."""
    catalogue = programmes.catalogue()
    records = FactRecord.objects.filter(person__in=people.entries([person.stands_id]))
    known = people.standings(records, catalogue).get("birth_date")
    born = known.now.value if known is not None else None
    if not isinstance(born, date):
        return False
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day)) < OF_AGE_TO_CONSENT


@transaction.atomic
def withdraw_consent(
    consent: Consent, *, by: User, how: str, reason: str = "", on: date | None = None
) -> Consent:
    """End a consent. Withdrawing is as easy as giving: no reason is needed. Raises Refused, ValidationError."""
    require_serve(by, consent.person)
    consent = Consent.objects.select_for_update().get(pk=consent.pk)
    if consent.withdrawn_on is not None:
        raise ValidationError(_("This consent was withdrawn already."))
    day = on or timezone.localdate()
    if not consent.given_on <= day <= timezone.localdate():
        raise ValidationError(_("The day of withdrawal lies before the consent or in the future."))
    _withdraw([consent], by, how, reason, day)
    return consent


def _withdraw(consents: Iterable[Consent], by: User, how: str, reason: str, day: date) -> None:
    for consent in consents:
        consent.withdrawn_on = day
        consent.withdrawn_how = how
        consent.withdrawal_reason = reason
        consent.withdrawal_recorded_by = by
        consent.save(
            update_fields=["withdrawn_on", "withdrawn_how", "withdrawal_reason", "withdrawal_recorded_by"]
        )
        record(by, "privacy.withdrew_consent", consent.person, purpose=consent.consent_purpose)


# -- requests of residents -------------------------------------------------------------------------------------


@transaction.atomic
def receive_request(
    person: Person, kind: str, *, by: User, identity: str, details: str = "", received_on: date | None = None
) -> SubjectRequest:
    """Take a request in; it must be answered within ten days. Raises Refused, ValidationError."""
    require_serve(by, person)
    day = received_on or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError(_("The day of the request lies in the future."))
    if not identity:
        raise ValidationError(_("Say how you made sure who is asking."))
    try:
        with transaction.atomic():
            request = SubjectRequest.objects.create(
                kind=kind,
                person=person,
                received_on=day,
                due_on=day + timedelta(days=DAYS_TO_ANSWER),
                received_by=by,
                identity=identity,
                details=details,
            )
    except IntegrityError:
        raise ValidationError(_("A request to erase this person is open already.")) from None
    record(by, "privacy.received_request", person, purpose=kind)
    return request


@transaction.atomic
def answer_request(
    request: SubjectRequest, answer: str, *, by: User, refused: bool = False
) -> SubjectRequest:
    """Answer a request, or refuse it with the reason. An erasure is decided by `decide_erasure` instead."""
    request = _open(request)
    require_serve(by, request.person)
    if request.kind == SubjectRequest.Kind.ERASURE:
        raise Refused(_("An erasure is decided by a second person."))
    return _answer(request, answer, by, refused)


def _open(request: SubjectRequest) -> SubjectRequest:
    """The request, locked. Raises ValidationError when it was answered already."""
    found = (
        SubjectRequest.objects.select_for_update(of=("self",))
        .select_related("person__household")
        .get(pk=request.pk)
    )
    if not found.unfinished:
        raise ValidationError(_("This request was answered already."))
    return found


def _answer(request: SubjectRequest, answer: str, by: User, refused: bool) -> SubjectRequest:
    if not answer.strip():
        raise ValidationError(_("Write what the person is told."))
    request.state = SubjectRequest.State.REFUSED if refused else SubjectRequest.State.DONE
    request.answer, request.answered_by, request.answered_on = answer, by, timezone.localdate()
    request.save()
    record(
        by,
        "privacy.refused_request" if refused else "privacy.answered_request",
        request.person,
        purpose=request.kind,
    )
    return request


@transaction.atomic
def decide_erasure(
    request: SubjectRequest,
    *,
    by: User,
    granted: bool,
    answer: str,
    told: erasure.Told = erasure.NO_NOTES,
) -> SubjectRequest:
    """Grant an erasure and carry it out with its proof, or refuse it with the reason: all of it or nothing.

    `told` is what `by` decided about the notes: those that are not about the person stay, and so do those a benefit being
    received was decided on.

    Raises Refused unless `by` may erase and is not who received the request; ValidationError when it was decided, or
    when the notes are no longer as `by` saw them.
    """
    require_erase(by)
    request = _open(request)
    if request.kind != SubjectRequest.Kind.ERASURE:
        raise ValidationError(_("This request asks for something else."))
    if request.received_by_id == by.pk:
        raise Refused(_("Who received the request does not decide it: a second person does."))
    request.decided_by, request.decided_at = by, timezone.now()
    if granted:
        _erase_person(request, by, told)
    return _answer(request, answer, by, refused=not granted)


def _erase_person(request: SubjectRequest, by: User, told: erasure.Told) -> None:
    person, day = request.person, timezone.localdate()
    whole, recipient = erasure.alone(person), erasure.receives(person)
    _check_told(person, told, recipient=recipient)
    planned = erasure.plan(person, day, told)
    entries = people.entries([person.stands_id])
    record(by, "privacy.erased_person", person, purpose="subject request")
    in_force = Consent.objects.filter(person__in=entries, withdrawn_on__isnull=True).select_related(
        "text", "person"
    )
    _withdraw(in_force, by, Manner.PAPER, "", day)
    about = [one.pk for one in erasure.interviews_about(person)]
    # Locked, so that an answer being written at this moment is not lost and not kept.
    for interview in Interview.objects.select_for_update().filter(pk__in=about):
        places = erasure.places_of(person, interview)
        left = erasure.without(interview, places, whole_household=interview.household_id in whole)
        if left is None:
            continue
        interview.known, interview.answers = left
        interview.save(update_fields=["known", "answers"])
    facts = erasure.rows_of(retention.kind_of("people.factrecord"), person, whole)
    (facts.exclude(source__in=erasure.DECIDED_ON) if recipient else facts).delete()
    for line in planned:
        if line.kind.person and line.kind.fate in (Fate.ERASE, Fate.FOLLOW) and line.kept == 0:
            erasure.rows_of(line.kind, person, whole).delete()
    screening_actions.list_anew(household__in=erasure.homes(person))
    if not recipient:
        Address.objects.filter(household__in=whole).delete()
    notes = Note.objects.filter(pk__in=told.about - told.decided_on)
    for household in Household.objects.filter(notes__in=notes).distinct():
        record(by, "privacy.erased_notes", household, purpose=request.kind)
    notes.delete()
    if not recipient:
        _empty_persons(list(entries.values_list("pk", flat=True)))
    _expire_files()
    person.refresh_from_db()
    _prove(
        [
            _line(before, after)
            for before, after in zip(planned, erasure.plan(person, day, told), strict=True)
        ],
        day,
        request=request,
    )


def _check_told(person: Person, told: erasure.Told, *, recipient: bool) -> None:
    """Lock the notes. Raises ValidationError when they are not those that were decided about, or it does not fit."""
    in_reach = Note.objects.select_for_update().filter(pk__in=erasure.notes_in_reach(person))
    if told.in_reach != set(in_reach.values_list("pk", flat=True)) or not told.about <= told.in_reach:
        raise ValidationError(erasure.NOTES_CHANGED)
    if not told.decided_on <= told.about:
        raise ValidationError(_("A note that stays for a benefit must be about this person: tick both."))
    if told.decided_on and not recipient:
        raise ValidationError(
            _("No benefit is received any more, so no note stays for it. Please look again.")
        )


def _line(before: erasure.Line, after: erasure.Line) -> dict[str, Any]:
    """One line of a proof: what was planned beside what is counted afterwards.

    The deeds of the erasure itself leave marks in the trail, so there is more of it after than before.
    """
    with override("ko"):
        return {
            "kind": before.kind.model,
            "label": before.label,
            "law": before.kind.law,
            "before": before.rows,
            "erased": max(0, before.rows - after.rows),
            "kept": before.kept,
            "reason": str(before.reason) if before.kept else "",
            "until": before.until_shown if before.kept else "",
            "after": after.rows,
        }


def _prove(
    lines: list[dict[str, Any]],
    day: date,
    *,
    run: RetentionRun | None = None,
    request: SubjectRequest | None = None,
) -> ErasureRecord:
    occasion = ["run", run.pk] if run is not None else ["request", request.pk if request else None]
    return ErasureRecord.objects.create(
        as_of=day,
        run=run,
        request=request,
        lines=lines,
        hash=texts.digest({"occasion": occasion, "day": day.isoformat(), "lines": lines}),
    )


# -- what emptying means, model by model -------------------------------------------------------------------------


def _empty_persons(numbers: list[int]) -> None:
    """Leave of a resident the number alone. Who is whose partner stays: it says nothing, and is the other's too."""
    Person.objects.filter(pk__in=numbers).update(name="", resident_number="", phone="", terms="")


def _forget_persons(numbers: list[int]) -> dict[str, int]:
    """Persons whose period has ended, with everything that goes with a person."""
    erased = {"people.person": len(numbers)}
    for kind in retention.kinds():
        if kind.person and not kind.on_request and kind.fate in (Fate.ERASE, Fate.FOLLOW):
            removed, _by_model = kind.rows.filter(**{f"{kind.person}__in": numbers}).delete()
            erased[kind.model] = removed
    screening_actions.list_anew(household__in=erasure.came_from(Person.objects.filter(pk__in=numbers)))
    _empty_persons(numbers)
    return erased


def _forget_users(numbers: list[int]) -> dict[str, int]:
    for user in User.objects.filter(pk__in=numbers):
        user.name, user.username, user.is_active = "", f"left-{user.pk}", False
        user.set_unusable_password()
        user.save(update_fields=["name", "username", "is_active", "password"])
    return {"access.user": len(numbers)}


def _forget_words(numbers: list[int]) -> dict[str, int]:
    SubjectRequest.objects.filter(pk__in=numbers).update(details="", answer="")
    return {"privacy.subjectrequest": len(numbers)}


def _forget_runs(numbers: list[int]) -> dict[str, int]:
    listed, _by_model = Listed.objects.filter(run__in=numbers).delete()
    missed, _by_model = Missed.objects.filter(run__in=numbers).delete()
    for run in Run.objects.filter(pk__in=numbers):
        _remove_files(run)
    return {"screening.run": len(numbers), "screening.missed": missed, "screening.listed": listed}


_EMPTYING: dict[str, Callable[[list[int]], dict[str, int]]] = {
    "people.person": _forget_persons,
    "access.user": _forget_users,
    "privacy.subjectrequest": _forget_words,
    "screening.run": _forget_runs,
}


# -- destroying what its period has ended for ----------------------------------------------------------------------


@transaction.atomic
def ask_for_retention(*, by: User) -> RetentionRun:
    """Put the destruction of everything that is due today into the queue. Raises Refused."""
    from hub.privacy.tasks import destroy_due

    run = prepare_retention(by=by)
    transaction.on_commit(lambda: destroy_due.enqueue(run.pk))
    return run


@transaction.atomic
def prepare_retention(*, by: User | None, as_of: date | None = None) -> RetentionRun:
    """A destruction that waits to be carried out, of what was due on a day (today). Raises Refused, ValidationError."""
    if by is not None:
        require_erase(by)
    as_of = as_of or timezone.localdate()
    if as_of > timezone.localdate():
        raise ValidationError(_("What is due only later is not destroyed today."))
    try:
        with transaction.atomic():
            run = RetentionRun.objects.create(asked_by=by, as_of=as_of)
    except IntegrityError:
        raise Refused(_("A destruction is under way already.")) from None
    record(by, "privacy.asked_for_destruction", run)
    return run


def carry_out_retention(number: int) -> RetentionRun:
    """Carry out a destruction in short transactions, from wherever it was interrupted, and freeze its proof.

    What a transaction erased and the count of it stand or fall together, so the proof is right after any interruption.
    """
    run = RetentionRun.objects.get(pk=number)
    if not run.unfinished:
        return run
    try:
        if run.state == RetentionRun.State.WAITING:
            _begin(number)
        for kind in retention.kinds():
            while kind.over is not None and _erase_batch(number, kind):
                pass
        return _finish(number)
    except Exception as fault:
        # The kind of fault only: a message may quote a value.
        RetentionRun.objects.filter(pk=number).update(
            state=RetentionRun.State.FAILED, finished_at=timezone.now(), failure=type(fault).__name__
        )
        raise


@transaction.atomic
def _begin(number: int) -> None:
    run = RetentionRun.objects.select_for_update().get(pk=number)
    counted = retention.due(run.as_of)
    run.state = RetentionRun.State.RUNNING
    run.before = {one.kind.model: one.rows for one in counted}
    run.due = {one.kind.model: one.due for one in counted}
    run.save(update_fields=["state", "before", "due"])


@transaction.atomic
def _erase_batch(number: int, kind: Kind) -> bool:
    """Erase up to BATCH rows of one kind; False when none was due any more."""
    run = RetentionRun.objects.select_for_update().get(pk=number)
    assert kind.over is not None
    rows = list(kind.over(run.as_of).order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not rows:
        return False
    erased = _EMPTYING[kind.model](rows) if kind.model in _EMPTYING else _delete(kind, rows)
    for model, count in erased.items():
        run.erased[model] = run.erased.get(model, 0) + count
    run.save(update_fields=["erased"])
    return True


def _delete(kind: Kind, rows: list[Any]) -> dict[str, int]:
    kind.rows.filter(pk__in=rows).delete()
    return {kind.model: len(rows)}


@transaction.atomic
def _finish(number: int) -> RetentionRun:
    run = RetentionRun.objects.select_for_update().get(pk=number)
    lines = []
    with override("ko"):
        for one in retention.due(run.as_of):
            model = one.kind.model
            lines.append(
                {
                    "kind": model,
                    "label": str(one.kind.label),
                    "law": one.kind.law,
                    "before": run.before.get(model, 0),
                    "erased": run.erased.get(model, 0),
                    "kept": one.held,
                    "reason": str(erasure.RECIPIENT) if one.held else "",
                    "until": str(erasure.AFTER_BENEFIT) if one.held else "",
                    "after": one.rows,
                }
            )
    run.state, run.finished_at = RetentionRun.State.DONE, timezone.now()
    run.save(update_fields=["state", "finished_at"])
    _prove(lines, run.as_of, run=run)
    if run.erased.get("people.person") or run.erased.get("people.factrecord"):
        _expire_files()
    record(run.asked_by, "privacy.destroyed_due", run)
    return run


# -- files of district runs ----------------------------------------------------------------------------------------


def _expire_files() -> None:
    """Mark the files of every run so far: they hold a person who is erased. They are made again without that person."""
    from hub.privacy.tasks import renew_files

    for run in retention.runs_with_files():
        ExpiringFiles.objects.get_or_create(run=run)
    transaction.on_commit(lambda: renew_files.enqueue())


def _remove_files(run: Run) -> None:
    for folder in (run.snapshot_folder, run.folder):
        shutil.rmtree(folder, ignore_errors=True)
    ExpiringFiles.objects.update_or_create(run=run, defaults={"removed_at": timezone.now()})


def remove_expired_files() -> int:
    """Remove the files that are marked, except results that pages still show; returns how many runs lost theirs.

    The snapshot of the newest run goes at once; its results go when a newer run has taken their place.
    """
    newest = screening.latest_run()
    removed = 0
    for mark in ExpiringFiles.objects.filter(removed_at__isnull=True).select_related("run"):
        if mark.run.unfinished:
            continue  # still being written; the next time finds it finished
        if newest is not None and mark.run_id == newest.pk:
            shutil.rmtree(mark.run.snapshot_folder, ignore_errors=True)
            continue
        with transaction.atomic():
            _remove_files(mark.run)
        removed += 1
    return removed


def renew_expired_files() -> None:
    """Remove marked files; where they are what pages show, screen the district again first. For a worker."""
    remove_expired_files()
    newest = screening.latest_run()
    if newest is None or not ExpiringFiles.objects.filter(run=newest, removed_at__isnull=True).exists():
        return
    if screening.unfinished_run() is None:
        screening_actions.run_district_now()
        remove_expired_files()


# -- the right of access -------------------------------------------------------------------------------------------


@transaction.atomic
def make_record(request: SubjectRequest, *, by: User) -> bytes:
    """Everything held about the person who asks, as one PDF in the language spoken now; leaves its mark.

    Raises Refused outside the area of duty, and for a request that does not ask for it.
    """
    require_serve(by, request.person)
    if request.kind not in (SubjectRequest.Kind.ACCESS, SubjectRequest.Kind.EXPLANATION):
        raise Refused(_("This document answers a request for access or for an explanation."))
    if request.state == SubjectRequest.State.REFUSED:
        raise Refused(_("This request was refused."))
    record(by, "privacy.gave_record", request.person, purpose=request.kind)
    return paper.pdf(right_of_access.document(request.person, timezone.localdate(), request=request))

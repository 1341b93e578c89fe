"""Starting, carrying out and cancelling district runs; holding interviews."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from time import monotonic
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

import welfare
from hub import walls
from hub.access.access import Refused, require
from hub.access.actions import record
from hub.access.models import User
from hub.access.purposes import Purpose
from hub.access.roles import Right
from hub.organisation.models import Centre
from hub.people import actions as people_actions
from hub.people import exchange
from hub.people import queries as people
from hub.people.models import Household, Person
from hub.people.sources import Source
from hub.programmes import queries as programmes
from hub.screening import queries
from hub.screening.models import Interview, Listed, Missed, Run
from hub.screening.pace import UNPACED, Pace
from welfare.rules.assessment import PER_YEAR
from welfare.screening import Cancelled, Snapshot, screen, write_snapshot
from welfare.screening import Run as Results

Progress = Callable[[int, int], None]
PAUSED_EVERY = 10_000  # rows filed between two looks at the pace
TOLD_EVERY = 0.5  # seconds between two updates of the progress that pages show


# District runs ------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_run(*, by: User | None, as_of: date | None = None) -> Run:
    """Put a run of the whole district into the queue. Raises Refused while another is unfinished."""
    from hub.screening.tasks import district_run

    run = prepare_run(by=by, as_of=as_of)
    # In this transaction, not after it: a run that nobody is told to carry out would block every later one.
    district_run.enqueue(run.pk)
    return run


@transaction.atomic
def prepare_run(*, by: User | None, as_of: date | None = None) -> Run:
    """A run that waits to be carried out. Raises Refused while another is unfinished."""
    try:
        with transaction.atomic():
            run = Run.objects.create(asked_by=by, as_of=as_of or timezone.localdate())
    except IntegrityError:
        raise Refused(_("A district run is under way already.")) from None
    record(by, "screening.asked_for_run", run)
    return run


def run_district_now(progress: Progress | None = None) -> Run:
    """Screen the district in this process: for the installation, which has no worker yet and nobody to wait for."""
    return carry_out((queries.unfinished_run() or prepare_run(by=None)).pk, progress)


@transaction.atomic
def cancel_run(run: Run, *, by: User) -> None:
    """Ask an unfinished run to stop; one that has not begun is cancelled at once."""
    waiting = Run.objects.filter(pk=run.pk, state=Run.State.WAITING)
    if not waiting.update(state=Run.State.CANCELLED, cancel_asked=True, finished_at=timezone.now()):
        Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(cancel_asked=True)
    record(by, "screening.cancelled_run", run)


def carry_out(number: int, progress: Progress | None = None, *, pace: Pace = UNPACED) -> Run:
    """Carry out a run, from wherever an earlier attempt was interrupted; a finished one is left alone.

    PostgreSQL → snapshot → screening → results: each step leaves something complete behind or nothing at all.
    """
    run = Run.objects.get(pk=number)
    if not run.unfinished:
        return run
    with walls.everywhere():  # the law is asked about everybody, sealed households included
        return _carried_out(run, progress, pace)


def _carried_out(run: Run, progress: Progress | None, pace: Pace) -> Run:
    number = run.pk
    started = run.started_at or timezone.now()
    Run.objects.filter(pk=number).update(state=Run.State.RUNNING, started_at=started)
    try:
        _carry_out(run, _telling(run, progress, pace), pace)
    except Cancelled:
        _finish(run, Run.State.CANCELLED)
        shutil.rmtree(run.folder, ignore_errors=True)
    except Exception as fault:
        # The kind of fault only: a message may quote a value, and a value may say who somebody is.
        _finish(run, Run.State.FAILED, failure=type(fault).__name__)
        raise
    run.refresh_from_db()
    return run


def _carry_out(run: Run, progress: Progress, pace: Pace) -> None:
    rules = programmes.rules(run.as_of)
    snapshot = _snapshot(run, rules.catalogue, pace)
    Run.objects.filter(pk=run.pk).update(
        households=snapshot.households,
        snapshot=snapshot.hash,
        catalogue_version=rules.catalogue.version,
        library_version=welfare.__version__,
    )
    results = screen(
        rules,
        snapshot,
        run.folder,
        workers=1 if pace.look() else 2,
        progress=progress,
        cancelled=lambda: _cancel_asked(run),
    )
    with transaction.atomic():
        _file_missed(run, results, rules, pace)
        _finish(run, Run.State.DONE, households_done=snapshot.households)
        record(run.asked_by, "screening.finished_run", run, subjects=snapshot.households)


def _snapshot(run: Run, catalogue: welfare.Catalogue, pace: Pace) -> Snapshot:
    """What is known now, frozen; an interrupted run goes on with the snapshot it began with."""
    if (run.snapshot_folder / "manifest.json").exists():
        return Snapshot(run.snapshot_folder)
    shutil.rmtree(run.snapshot_folder, ignore_errors=True)
    pace.look()
    with transaction.atomic():
        households, members = people.tables_for_snapshot(catalogue, on=run.as_of, rest=pace.rest)
    return write_snapshot(
        catalogue,
        households,
        members,
        run.snapshot_folder,
        run.as_of,
        progress=lambda _households: pace.rest(),
    )


def _cancel_asked(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, cancel_asked=True).exists()


def _telling(run: Run, also: Progress | None, pace: Pace) -> Progress:
    last = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last >= TOLD_EVERY or done == total:
            last = monotonic()
            Run.objects.filter(pk=run.pk).update(households_done=done)
        if also is not None:
            also(done, total)
        pace.look()
        pace.rest()

    return tell


def _finish(run: Run, state: str, **more: object) -> None:
    Run.objects.filter(pk=run.pk).update(state=state, finished_at=timezone.now(), **more)


def _file_missed(run: Run, results: Results, rules: welfare.RuleSet, pace: Pace) -> None:
    """Entitled, surely not received, and no better programme in its place: one row each."""
    Missed.objects.filter(run=run).delete()
    with connection.cursor() as cursor:  # or all the rows would be checked at once, at the end
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    dong_of = dict(Household.objects.values_list("pk", "centre_id"))
    pairs = results.pairs(missed=True)
    columns = zip(
        pairs["household_id"].to_pylist(),
        pairs["person_id"].to_pylist(),
        pairs["programme"].to_pylist(),
        pairs["amount_low"].to_pylist(),
        pairs["set_aside_for"].to_pylist(),
        strict=True,
    )
    yearly = {name: PER_YEAR[programme.amount.per] for name, programme in rules.programmes.items()}
    found = (
        (run.pk, household, person, dong_of[household], programme, won, (won or 0) * yearly[programme])
        for household, person, programme, won, set_aside_for in columns
        if set_aside_for is None and household in dong_of
    )
    names = ("run_id", "household_id", "person_id", "centre_id", "programme", "won", "won_a_year")
    exchange.add_rows("screening_missed", names, _pausing(found, pace))
    list_anew(run=run)


def _pausing[Row](rows: Iterable[Row], pace: Pace) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number % PAUSED_EVERY == 0:
            pace.look()
            pace.rest()
        yield row


@transaction.atomic
def list_anew(**which: object) -> None:
    """Make lines of the work list from what is missed: of a `run`, or of a `household` of which something was erased."""
    Listed.objects.filter(**which).delete()
    sums = (
        Missed.objects.filter(**which)
        .order_by()
        .values("run_id", "household_id", "centre_id")
        .annotate(number=Count("pk"), won=Sum("won_a_year"))
    )
    statement, values = sums.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO screening_listed (run_id, household_id, centre_id, entitlements, won_a_year) "
            + statement,
            values,
        )


# Interviews -----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_interview(
    *,
    by: User,
    centre: Centre,
    members: Sequence[Mapping[str, object]],
    facts: Mapping[str, object],
    policy: str,
) -> Interview:
    """Begin with somebody who walked in. Raises ValueError, in words for people, when a value does not fit."""
    known = {"household": dict(facts), "members": [dict(member) for member in members]}
    return _open(by=by, centre=centre, known=known, policy=policy)


@transaction.atomic
def open_interview_with(household_id: int, *, by: User, policy: str) -> Interview:
    """Begin with a household on the register: what is recorded about it is not asked again.

    Raises Refused outside the area of duty and Household.DoesNotExist.
    """
    found = people_actions.open_household(
        household_id, programmes.catalogue(), by=by, purpose=Purpose.INTERVIEW
    )
    require(by, Right.INTERVIEW, found.household.dong, found.household.zone_id)
    described = found.described()
    known = {"household": dict(described.facts), "members": [dict(member) for member in described.members]}
    return _open(by=by, centre=found.household.centre, known=known, policy=policy, household=found.household)


def _open(
    *, by: User, centre: Centre, known: dict[str, Any], policy: str, household: Household | None = None
) -> Interview:
    rules = programmes.rules()
    interview = Interview(
        centre=centre,
        household=household,
        held_by=by,
        as_of=rules.day,
        catalogue_version=rules.catalogue.version,
        policy=policy,
        known=queries.storable(known),
    )
    queries.conversation(interview)  # raises when the values do not fit
    interview.save()
    record(by, "screening.opened_interview", interview)
    return interview


@transaction.atomic
def answer(interview: Interview, given: Mapping[str, object], *, by: User) -> Interview:
    """Add one answer: {fact, members, value} or {fact, members, said: unknown | refused}.

    Raises ValueError, in words for people, when the value does not fit; nothing is lost then.
    """
    interview = Interview.objects.select_for_update().get(pk=interview.pk)
    interview.answers = [*interview.answers, queries.storable(dict(given))]
    queries.conversation(interview)
    interview.save(update_fields=["answers"])
    record(by, "screening.answered", interview)
    return interview


@transaction.atomic
def take_back(interview: Interview, *, by: User) -> Interview:
    """Take the last answer back."""
    interview = Interview.objects.select_for_update().get(pk=interview.pk)
    interview.answers = interview.answers[:-1]
    interview.save(update_fields=["answers"])
    record(by, "screening.took_back_answer", interview)
    return interview


@transaction.atomic
def close_interview(interview: Interview, *, by: User) -> int:
    """End the conversation; what a household on the register said becomes recorded facts for the next run.

    Gives of how many members nothing could be recorded: they live here no more, or the household has changed since, so that
    nobody can tell who was meant. What was said of them stays in the interview.
    """
    unrecorded = 0
    interview = Interview.objects.select_for_update().get(pk=interview.pk)
    if interview.closed_at is not None:
        return unrecorded
    interview.closed_at = timezone.now()
    interview.save(update_fields=["closed_at"])
    if interview.household is not None:
        household_facts, member_facts = queries.answered_facts(interview)
        members = [member.stands for member in queries.members_of(interview)]
        about: list[tuple[Household | Person, dict[str, Any]]] = [(interview.household, household_facts)]
        for number, facts in enumerate(member_facts):
            member = members[number] if members else None
            if member and member.left_on is None and member.household_id == interview.household_id:
                about.append((member, facts))
            else:
                unrecorded += bool(facts)
        for subject, facts in about:
            if facts:
                people_actions.record_facts(
                    subject,
                    facts,
                    programmes.catalogue(),
                    by=by,
                    source=Source.INTERVIEW,
                    purpose=Purpose.INTERVIEW,
                )
    record(by, "screening.closed_interview", interview)
    return unrecorded

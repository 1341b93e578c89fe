"""Everything that changes an import: taking a file in, reading, applying, undoing, and decisions about rows.

Long work goes block by block, each block one transaction together with the position it reached. Whatever interrupts it,
the next worker goes on after the last whole block; done twice, it is done once.
"""

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from itertools import batched
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import User
from hub.lists import guard, linking
from hub.lists.access import require_import
from hub.lists.differences import SOURCE, Standings, plain
from hub.lists.matching import CANDIDATES_MAX, Match, identity_of, people_of_row, people_of_rows
from hub.lists.models import AgencyList, Import, ImportFile, ImportRow, Link
from hub.organisation.models import Centre
from hub.people import actions as people
from hub.people.access import may_record, require_see_household
from hub.people.models import FactRecord, Household, Person
from hub.people.queries import entries
from hub.programmes import queries as programmes
from welfare import Catalogue
from welfare.intake import IntakeError, Sheet, read_sheet_apart
from welfare.intake.agency import LEFT_OUT, Row, guess, read_rows

BLOCK = 200  # rows in one transaction
State, Outcome = Import.State, ImportRow.Outcome


# Taking a file in -------------------------------------------------------------------------------------------------


@transaction.atomic
def make_list(*, name: str, agency: str, states: str, by: User) -> AgencyList:
    """A new kind of list. Raises ValidationError when the agency has one of this name."""
    made = AgencyList(name=name, agency=agency, states=states, created_by=by)
    made.full_clean(exclude=["columns"])
    made.save()
    record(by, "lists.made_list", made)
    return made


class Known(Exception):
    """The very same file was taken in before; `earlier` is that import."""

    def __init__(self, earlier: Import) -> None:
        super().__init__(str(earlier.pk))
        self.earlier = earlier


@transaction.atomic
def take_file(
    of: AgencyList, name: str, content: bytes, *, data_day: date, centre: Centre | None, by: User
) -> Import:
    """Keep a file and guess what its columns mean; nothing is written about anybody yet.

    Raises IntakeError for a file that cannot be read safely, Known for one that is here already, Refused outside the area.
    """
    require_import(by, centre)
    digest = hashlib.sha256(content).hexdigest()
    spent = (State.UNDONE, State.DISCARDED, State.REFUSED)
    if earlier := of.imports.filter(file_hash=digest, centre=centre).exclude(state__in=spent).first():
        raise Known(earlier)
    sheet = _opened(name, content)
    found = guess(sheet, programmes.catalogue().facts, of.columns)
    made = Import.objects.create(
        agency_list=of,
        centre=centre,
        file_name=Path(name).name[:120],
        file_hash=digest,
        form=sheet.form,
        data_day=data_day,
        uploaded_by=by,
        head_row=found.head_row,
        guess=[vars(column) | {"samples": list(column.samples)} for column in found.columns],
        notes=sheet.notes,
    )
    ImportFile.objects.create(of=made, content=content)
    record(by, "lists.took_file", made)
    return made


def _opened(name: str, content: bytes) -> Sheet:
    """The sheet of a file, read by a process of its own. The copy it reads is gone afterwards."""
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix.lower()[:8]) as copy:
        copy.write(content)
        copy.flush()
        try:
            return read_sheet_apart(Path(copy.name))
        except IntakeError as error:
            raise IntakeError(Path(name).name, error.what, error.mend, error.where) from None


@transaction.atomic
def decide_columns(found: Import, meanings: Mapping[int, str], *, by: User) -> None:
    """Say what each column means, remember it for the next file, and have the rows read in the background."""
    found = _locked(found, State.COLUMNS)
    heads = {column["place"]: column["head"] for column in found.guess}
    found.columns = {str(place): meaning for place, meaning in meanings.items() if meaning != LEFT_OUT}
    found.state, found.position = State.READING, 0
    found.save()
    found.agency_list.columns |= {
        heads[place]: meaning for place, meaning in meanings.items() if heads.get(place)
    }
    found.agency_list.save(update_fields=["columns"])
    record(by, "lists.decided_columns", found)
    _have_done(found)


def _have_done(found: Import) -> None:
    """Put the work that the state asks for into the queue."""
    from hub.lists.tasks import go_on_with_import

    transaction.on_commit(lambda: go_on_with_import.enqueue(found.pk))


class Moved(Refused):
    """An import is no longer where the caller saw it."""


def _locked(found: Import, *states: str) -> Import:
    """The import, held until the end of the transaction. Raises Refused when its state has moved on."""
    held = (
        Import.objects.select_for_update(of=("self",))
        .select_related("agency_list", "centre")
        .get(pk=found.pk)
    )
    if held.state not in states:
        raise Moved(_("This import has moved on meanwhile. Look at it again."))
    return held


@transaction.atomic
def try_again(found: Import, *, by: User) -> None:
    """Go on with work that a fault had stopped."""
    found = _locked(found, State.READING, State.APPLYING, State.UNDOING)
    found.failure = ""
    found.save(update_fields=["failure"])
    record(by, "lists.tried_again", found)
    _have_done(found)


@transaction.atomic
def discard(found: Import, *, by: User) -> None:
    """Throw a file away that was not applied: its rows go, that it was here stays."""
    found = _locked(found, State.COLUMNS, State.READY)
    found.lines.all().delete()
    ImportFile.objects.filter(of=found).delete()
    found.state, found.guess = State.DISCARDED, []
    found.save(update_fields=["state", "guess"])
    record(by, "lists.discarded", found)


# The work in the background ---------------------------------------------------------------------------------------


def go_on(number: int) -> Import:
    """Do what the state of an import asks for, from where an earlier attempt stopped; anything else is left alone."""
    steps = {State.READING: _read, State.APPLYING: _apply_block, State.UNDOING: _undo_block}
    while True:
        found = Import.objects.select_related("agency_list", "centre").get(pk=number)
        if found.state not in steps:
            return found
        try:
            steps[State(found.state)](found)
        except Moved:
            continue  # somebody asked for something else meanwhile
        except Exception as fault:
            # The kind of fault only: a message may quote a value, and a value may say who somebody is.
            Import.objects.filter(pk=number, state__in=list(steps)).update(failure=type(fault).__name__)
            raise


def _dongs(found: Import) -> frozenset[str] | None:
    return None if found.centre_id is None else frozenset({found.centre_id})


def _read(found: Import) -> None:
    """Read the rows of the file, bring them together with residents and compare; block by block."""
    catalogue = programmes.catalogue()
    try:
        sheet = _opened(found.file_name, bytes(found.file.content))
    except IntakeError as error:
        refusal = {"what": error.what, "mend": error.mend, "where": error.where}
        Import.objects.filter(pk=found.pk).update(state=State.REFUSED, refusal=refusal)
        return
    meanings = {int(place): meaning for place, meaning in found.columns.items()}
    # Years of two digits are resolved by the day of upload, so that a worker next day reads the same.
    today = timezone.localdate(found.uploaded_at)
    rows = list(read_rows(sheet, found.head_row, meanings, catalogue.facts, today))
    Import.objects.filter(pk=found.pk).update(rows=len(rows))
    while _read_block(found.pk, rows, catalogue):
        pass
    _link(found)
    with transaction.atomic():
        found = _locked(found, State.READING)
        _set_aside_disagreements(found)
        found.warnings = guard.doubts(found, [column["head"] for column in found.guess])
        found.state, found.position, found.guess, found.failure = State.READY, 0, [], ""
        found.save()
        ImportFile.objects.filter(of=found).delete()
        record(found.uploaded_by, "lists.read_file", found)


def _link(found: Import) -> None:
    """Bring rows that no rule placed together with residents, where the linkage is sure; elsewhere propose somebody."""
    waiting = found.lines.filter(outcome__in=[Outcome.DOUBTFUL, Outcome.UNPLACED], links=None)
    proposed = linking.proposals(
        waiting.exclude(why__in=["elsewhere", "contradiction"]).values_list("pk", "who"), _dongs(found)
    )
    catalogue = programmes.catalogue()
    for numbers in batched(proposed, BLOCK):
        with transaction.atomic():
            found = _locked(found, State.READING)
            rows = list(found.lines.select_for_update().filter(pk__in=numbers))
            people_by = Person.objects.select_related("household").in_bulk(
                [proposed[row.pk].person for row in rows]
            )
            stand = Standings(
                list(people_by.values()), [one.household for one in people_by.values()], catalogue
            )
            for row in rows:
                proposal = proposed[row.pk]
                person = people_by.get(proposal.person)
                if person is None:
                    continue
                row.candidates = list(dict.fromkeys([person.pk, *row.candidates]))[:CANDIDATES_MAX]
                kept = row.candidates
                if proposal.sure:
                    _place(row, Match("linked", person, person.household), stand, found.data_day)
                    row.candidates = kept
                    Link.objects.create(
                        row=row,
                        person=person,
                        household=person.household,
                        answer=Link.Answer.SAME,
                        probability=proposal.probability,
                    )
                else:
                    row.outcome, row.why = Outcome.DOUBTFUL, row.why if row.why == "several" else "similar"
                row.save()


def _set_aside_disagreements(found: Import) -> None:
    """Rows of one file that say different things about one resident cannot both be right: none of them is written."""
    facts = programmes.catalogue().facts
    said: dict[tuple[str, int], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    rows = found.lines.filter(household__isnull=False).order_by()
    for row, person, household, says in rows.values_list(
        "pk", "person_id", "household_id", "says"
    ).iterator():
        for name, value in says.items():
            subject = person if name in facts and facts[name].of == "person" else household
            if subject is not None:
                said[name, subject][str(value)].add(row)
    torn = [row for values in said.values() if len(values) > 1 for rows in values.values() for row in rows]
    found.lines.filter(pk__in=torn).update(outcome=Outcome.WRONG, why="disagree")


@transaction.atomic
def _read_block(number: int, rows: list[Row], catalogue: Catalogue) -> bool:
    """The next rows; False when none is left."""
    found = _locked(Import(pk=number), State.READING)
    block = rows[found.position : found.position + BLOCK]
    if not block:
        return False
    states = {found.agency_list.states: True} if found.agency_list.states else {}
    matches = people_of_rows([row.who for row in block], _dongs(found), found.agency_list)
    stand = Standings(
        [match.person for match in matches if match.person],
        [match.household for match in matches if match.household],
        catalogue,
    )
    made = []
    for row, match in zip(block, matches, strict=True):
        made.append(_line(found, row, match, stand, states))
    ImportRow.objects.bulk_create(made)
    found.position += len(block)
    found.save(update_fields=["position"])
    return True


def _line(found: Import, row: Row, match: Match, stand: Standings, states: Mapping[str, Any]) -> ImportRow:
    line = ImportRow(
        of=found,
        number=row.number,
        who=row.who,
        says=dict(states) | {name: plain(value) for name, value in row.says.items()},
        problems=[vars(problem) for problem in row.problems],
        remarks=[vars(remark) for remark in row.remarks],
        identity=identity_of(row.who),
    )
    if row.misread or not row.who or row.problems and not line.says:
        line.outcome = Outcome.WRONG
        return line
    _place(line, match, stand, found.data_day)
    return line


def _place(line: ImportRow, match: Match, stand: Standings, day: date) -> None:
    """Bring a row together with whom it speaks of, and say what it would change."""
    line.why, line.candidates = match.why, list(match.candidates)
    line.person, line.household, line.before = match.person, match.household, {}
    if match.household is None:
        line.outcome = Outcome.DOUBTFUL if match.candidates else Outcome.UNPLACED
        return
    difference = stand.difference(line.says, match.person, match.household, day)
    line.outcome, line.before = difference.outcome, difference.before


@transaction.atomic
def apply(found: Import, *, by: User, looked_at_doubts: bool = False) -> None:
    """Have a previewed import written. Raises Refused while doubts of the guard are unanswered."""
    require_import(by, found.centre)
    found = _locked(found, State.READY)
    if found.warnings and not looked_at_doubts:
        raise Refused(_("Answer the doubts about this file first."))
    found.state, found.position, found.applied_by, found.applied_at = State.APPLYING, 0, by, timezone.now()
    found.save()
    record(by, "lists.applied", found, purpose="with doubts answered" if found.warnings else "")
    _have_done(found)


def _next(found: Import, *outcomes: str, written: bool = False) -> list[ImportRow]:
    """The next rows after the position: those with one of these outcomes, or those that have written something."""
    rows = ImportRow.objects.filter(of=found, number__gt=found.position).select_related(
        "person__household", "household", "person_record__person__household", "household_record__household"
    )
    if outcomes:
        rows = rows.filter(outcome__in=outcomes)
    if written:
        rows = rows.filter(Q(person_record__isnull=False) | Q(household_record__isnull=False))
    return list(rows.order_by("number")[:BLOCK])


@transaction.atomic
def _apply_block(found: Import) -> None:
    """Write the next rows that say something new, or finish. Compared again: a preview grows old."""
    found = _locked(found, State.APPLYING)
    rows = _next(found, Outcome.NEW, Outcome.CHANGED)
    if rows:
        catalogue = programmes.catalogue()
        stand = Standings(
            [row.person for row in rows if row.person],
            [row.household for row in rows if row.household],
            catalogue,
        )
        assert found.applied_by is not None
        _write(rows, found, stand, by=found.applied_by)
        found.position = rows[-1].number
    else:
        found.state, found.position, found.failure = State.APPLIED, 0, ""
        record(found.applied_by, "lists.finished_applying", found)
    found.save(update_fields=["state", "position", "failure"])


def _write(rows: list[ImportRow], found: Import, stand: Standings, *, by: User) -> None:
    """Write what rows add to what is known now, each as a record of its own. Where one cannot be, it alone is left out."""
    told: list[tuple[Household | Person, dict[str, Any]]] = []
    places: list[tuple[ImportRow, str]] = []
    for row in rows:
        assert row.household is not None
        difference = stand.difference(row.says, row.person, row.household, found.data_day)
        row.outcome, row.before = difference.outcome, difference.before
        for slot, about, values in (
            ("person_record", row.person, difference.of_person),
            ("household_record", row.household, difference.of_household),
        ):
            if about is not None and values:
                told.append((about, values))
                places.append((row, slot))
                stand.expect(about, values, found.data_day)
    try:
        with transaction.atomic():
            made = _state(told, found, by=by)
    except (ValidationError, Refused) as error:
        if len(rows) == 1:
            # The catalogue has changed since the row was read, or the household has moved out of the area of duty.
            rows[0].outcome = Outcome.UNPLACED if isinstance(error, Refused) else Outcome.WRONG
            rows[0].why = "elsewhere" if isinstance(error, Refused) else rows[0].why
            rows[0].save(update_fields=["outcome", "why"])
            return
        for row in rows:
            assert row.household is not None
            alone = Standings([row.person] if row.person else [], [row.household], stand.catalogue)
            _write([row], found, alone, by=by)
        return
    for (row, slot), record_made in zip(places, made, strict=True):
        setattr(row, slot, record_made)
    ImportRow.objects.bulk_update(rows, ["outcome", "before", "person_record", "household_record"])


def _state(
    told: list[tuple[Household | Person, dict[str, Any]]], found: Import, *, by: User
) -> list[FactRecord]:
    """Write down what a list says of residents, with the day it speaks of and the import it came with."""
    return people.record_facts_of_many(
        told,
        programmes.catalogue(),
        by=by,
        source=SOURCE,
        collected_on=found.data_day,
        purpose=f"list {found.agency_list_id}, import {found.pk}",
    )


@transaction.atomic
def undo(found: Import, *, by: User) -> None:
    """Have everything removed that an import wrote."""
    require_import(by, found.centre)
    found = _locked(found, State.APPLIED, State.APPLYING)
    found.state, found.position, found.undone_by, found.undone_at = State.UNDOING, 0, by, timezone.now()
    found.save()
    record(by, "lists.undid", found)
    _have_done(found)


@transaction.atomic
def _undo_block(found: Import) -> None:
    """Take back what the next rows wrote, or finish."""
    found = _locked(found, State.UNDOING)
    rows = _next(found, written=True)
    assert found.undone_by is not None
    _take_back(rows, found, by=found.undone_by)
    if rows:
        found.position = rows[-1].number
    else:
        found.state, found.position, found.failure = State.UNDONE, 0, ""
        record(found.undone_by, "lists.finished_undoing", found)
    found.save(update_fields=["state", "position", "failure", "kept_later", "left_over"])


def _take_back(rows: list[ImportRow], found: Import, *, by: User) -> None:
    """Remove the records that rows wrote. What a later list says too is handed to that list, so it stays known."""
    going: list[FactRecord] = []
    for row in rows:
        records = [made for made in (row.person_record, row.household_record) if made is not None]
        if records and row.household is not None and not may_record(by, row.household):
            found.left_over += len(records)
            continue
        going += records
        row.person_record = row.household_record = None
    if not going:
        return
    ImportRow.objects.bulk_update(rows, ["person_record", "household_record"])
    found.kept_later += _said_since(going)
    people.take_back_facts(going, by=by, purpose=f"import {found.pk} undone")
    _hand_on(going, found, by=by)


def _about(records: list[FactRecord]) -> Q:
    return Q(person__in=[made.person_id for made in records if made.person_id]) | Q(
        household__in=[made.household_id for made in records if made.household_id]
    )


def _said_since(records: list[FactRecord]) -> int:
    """Beside how many of these records somebody has recorded one of the same facts since."""
    since: dict[tuple[int | None, int | None], list[FactRecord]] = defaultdict(list)
    for later in FactRecord.objects.filter(_about(records), pk__gt=min(made.pk for made in records)):
        since[later.person_id, later.household_id].append(later)
    return sum(
        any(
            later.pk > made.pk and set(later.values) & set(made.values)
            for later in since[made.person_id, made.household_id]
        )
        for made in records
    )


def _hand_on(records: list[FactRecord], found: Import, *, by: User) -> None:
    """Later lists that found everything known because of these records become the source of what they say too."""
    later = (
        ImportRow.objects.filter(_about(records), of__state=State.APPLIED, of__gt=found.pk)
        .exclude(outcome__in=[Outcome.DOUBTFUL, Outcome.UNPLACED, Outcome.WRONG])
        .select_related("of", "person__household", "household")
        .order_by("of__data_day", "pk")
    )
    by_subject: dict[tuple[str, int | None], list[ImportRow]] = defaultdict(list)
    for row in later:
        by_subject["person_record", row.person_id].append(row)
        by_subject["household_record", row.household_id].append(row)
    for made in records:
        slot = "person_record" if made.person_id else "household_record"
        for row in by_subject[slot, made.person_id or made.household_id]:
            values = {name: value for name, value in made.values.items() if row.says.get(name) == value}
            about = row.person if made.person_id else row.household
            if values and about is not None and getattr(row, f"{slot}_id") is None:
                (handed,) = _state([(about, values)], row.of, by=by)
                ImportRow.objects.filter(pk=row.pk).update(**{slot: handed})
                break


# Decisions about rows ---------------------------------------------------------------------------------------------


@transaction.atomic
def decide(row: ImportRow, person: Person, answer: str, *, by: User) -> Link:
    """Say whether a row speaks of a resident. Where the list was applied already, the row is written at once.

    Raises Refused outside the area of duty, and when the row has found its person meanwhile.
    """
    person = person.stands
    require_see_household(by, person.household)
    found = _locked(row.of, State.READY, State.APPLIED)
    row = ImportRow.objects.select_for_update().get(pk=row.pk)
    if row.outcome not in (Outcome.DOUBTFUL, Outcome.UNPLACED):
        raise Refused(_("It has been decided already whom this row speaks of."))
    dongs = _dongs(found)
    if dongs is not None and person.household.dong not in dongs:
        raise Refused(_("This household lies outside your area of duty."))
    try:
        with transaction.atomic():
            link = Link.objects.create(
                row=row, person=person, household=person.household, answer=answer, decided_by=by
            )
    except IntegrityError:
        raise Refused(_("It has been decided already whom this row speaks of.")) from None
    record(by, "lists.decided", link, purpose=answer)
    if answer == Link.Answer.SAME:
        _place_decided(row, found, Match("decided", person, person.household), by=by)
    elif answer == Link.Answer.ANOTHER:
        gone = set(entries([person.pk]).values_list("pk", flat=True))
        row.candidates = [number for number in row.candidates if number not in gone]
        row.outcome = Outcome.DOUBTFUL if row.candidates else Outcome.UNPLACED
        row.save(update_fields=["candidates", "outcome"])
    return link


@transaction.atomic
def look_for(row: ImportRow, text: str, *, by: User) -> int:
    """Find somebody by name or number for a row that waits; who is found becomes a candidate. Returns how many are new."""
    found = _locked(row.of, State.READY, State.APPLIED)
    row = ImportRow.objects.select_for_update().get(pk=row.pk)
    if row.outcome not in (Outcome.DOUBTFUL, Outcome.UNPLACED):
        raise Refused(_("It has been decided already whom this row speaks of."))
    dongs = _dongs(found)
    met = [one.person_id for one in people.search(text, by=by) if dongs is None or one.dong in dongs]
    new = [number for number in met if number not in row.candidates][:CANDIDATES_MAX]
    if new:
        row.candidates = [*new, *row.candidates]
        row.outcome, row.why = (
            Outcome.DOUBTFUL,
            row.why if row.why in ("several", "contradiction") else "similar",
        )
        row.save(update_fields=["candidates", "outcome", "why"])
    return len(new)


def _place_decided(row: ImportRow, found: Import, match: Match, *, by: User) -> None:
    assert match.household is not None
    catalogue = programmes.catalogue()
    stand = Standings([match.person] if match.person else [], [match.household], catalogue)
    kept = row.candidates
    _place(row, match, stand, found.data_day)
    row.candidates = kept
    row.save()
    if found.state == State.APPLIED and row.outcome in (Outcome.NEW, Outcome.CHANGED):
        _write([row], found, stand, by=by)


@transaction.atomic
def undo_decision(link: Link, *, by: User) -> None:
    """Take a decision back: what the row wrote because of it goes, and the row waits to be looked at again."""
    found = _locked(link.row.of, State.READY, State.APPLIED)
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.undone_at is not None:
        return
    row = ImportRow.objects.select_for_update().get(pk=link.row_id)
    if link.answer == Link.Answer.SAME:
        _take_back([row], found, by=by)
    link.undone_at, link.undone_by = timezone.now(), by
    link.save(update_fields=["undone_at", "undone_by"])
    record(by, "lists.undid_decision", link)
    if link.answer == Link.Answer.SAME or row.household is None:
        # Whom the rule finds now is a candidate only: a person has been wrong about this row before.
        match = people_of_row(row.who, _dongs(found), found.agency_list)
        again = [*match.candidates, *([match.person.pk] if match.person else []), link.person_id]
        row.candidates = list(dict.fromkeys(again))
        row.person, row.household, row.before = None, None, {}
        row.outcome, row.why = Outcome.DOUBTFUL, "similar"
        row.save()

"""The past of a demonstration's households, as `welfare.synthetic.past` invents it, written into the tables at once.

It stands beside the apps and not in one: what befell residents is kept by `people`, what they agreed to by `privacy`. Like a district
that is taken in, it leaves one line in the audit trail: nobody did these deeds one by one.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta

import pyarrow as pa
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from hub import walls
from hub.access.actions import record
from hub.access.models import AccessRecord, User
from hub.access.queries import duties, users_who_may
from hub.access.roles import Right
from hub.people import search
from hub.people.exchange import add_rows
from hub.people.models import Household, Seal
from hub.people.sources import Source
from hub.privacy.models import ConsentPurpose, GivenBy, Manner
from hub.privacy.queries import text_in_force
from welfare.hangul import letters
from welfare.synthetic import INVENTED
from welfare.synthetic.past import Agreed, Past, Sealed, invent_past

VERB = "people.took_in_past"


def is_taken_in() -> bool:
    """Whether a past was taken in already."""
    return AccessRecord.objects.filter(verb=VERB).exists()


def take_in_past(
    households: pa.Table,
    members: pa.Table,
    *,
    also: Collection[int] = (),
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Past:
    """Invent the past of an invented district that was taken in before, and write it down; returns it.

    The tables are those of `invent_district`; the households of `also` have a past in any case. Deeds are those of users who may
    record facts in the dong, of the fitting role where there is one. Raises ValueError where nobody may.
    """
    past = invent_past(households, members, timezone.localdate(), also=also, seed=seed)
    dong_of = dict(zip(households["household_id"].to_pylist(), households["area"].to_pylist(), strict=True))
    with walls.everywhere(), transaction.atomic():
        office = Office(dong_of)
        progress(1, 4)
        _write_register(past)
        progress(2, 4)
        _write_records(past, office)
        progress(3, 4)
        _seal(past.seals, office)
        _agree(past.consents, office)
        progress(4, 4)
        record(None, VERB, purpose=f"{len(past.households)} households")
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(_WRITTEN)}")
    return past


_WRITTEN = (
    *("people_person", "people_lifeevent", "people_address", "people_relation", "people_factrecord"),
    *("people_note", "people_seal", "privacy_consent"),
)


class Office:
    """Who works where: the user that stands for a role in a household's dong."""

    def __init__(self, dong_of: dict[int, str]) -> None:
        self._dong_of = dong_of
        self._found: dict[tuple[str, str], User] = {}

    def of(self, role: str, household: int) -> User:
        """Raises ValueError where nobody may record facts."""
        dong = self._dong_of[household]
        found = self._found.get((dong, role))
        if found is None:
            found = self._found[dong, role] = _on_duty(role, dong)
        return found


def _on_duty(role: str, dong: str) -> User:
    among = list(users_who_may(Right.RECORD_FACTS, dong).order_by("pk"))
    if not among:
        raise ValueError(f"Nobody may record facts in dong {dong}: make accounts first.")
    return next((user for user in among if any(duty.role.value == role for duty in duties(user))), among[0])


def _write_register(past: Past) -> None:
    """Who left, what befell, and where one lived."""
    source = Source.INVENTED.value
    add_rows(
        "people_person",
        ("id", "household_id", "name", "resident_number", "left_on", "left_by", "terms"),
        (
            (
                *(gone.person, gone.household, gone.name, f"{number[:8]}******", gone.left_on, gone.how),
                search.terms(gone.name, gone.born),
            )
            for gone, number in zip(past.departed, past.numbers, strict=True)
        ),
    )
    add_rows(
        "people_lifeevent",
        ("household_id", "person_id", "kind", "happened_on", "other", "before", "source", "recorded_at"),
        (
            (event.household, event.person, event.kind, event.on, event.other, event.before, source)
            + (_evening(event.on),)
            for event in past.events
        ),
    )
    add_rows(
        "people_address",
        ("household_id", "kind", "text", "terms", "since", "until", "source"),
        (
            (lived.household, lived.kind, lived.text, letters(lived.text)[:400], lived.since, lived.until)
            + (source,)
            for lived in past.addresses
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_address AS address SET since = came.since"
            " FROM unnest(%s::bigint[], %s::date[]) AS came (household, since)"
            " WHERE address.household_id = came.household AND address.kind = 'registered' AND address.until IS NULL",
            [list(past.since), list(past.since.values())],
        )


def _write_records(past: Past, office: Office) -> None:
    """What was told, who lives elsewhere, and what was noted."""
    born = (
        (None, gone.person, Source.INVENTED.value, gone.left_on, None)
        + (_evening(gone.left_on), None)
        + (json.dumps({"birth_date": gone.born.isoformat()}), None)
        for gone in past.departed
    )
    told = (
        (told.household if told.person is None else None, told.person, told.source, told.at.date())
        + (told.expires_on, _moment(told.at), office.of(told.by, told.household).pk)
        + (json.dumps(told.values), json.dumps(told.gaps) if told.gaps else None)
        for told in past.told
    )
    columns = ("household_id", "person_id", "source", "collected_on", "expires_on", "recorded_at")
    for rows in (born, told):
        add_rows("people_factrecord", (*columns, "recorded_by_id", "values", "gaps"), rows)
    add_rows(
        "people_relation",
        ("person_id", "to_id", "name", "kind", "obligor", "estranged", "phone")
        + ("source", "stated_on", "recorded_by_id"),
        (
            (one.person, one.to, one.name, one.kind, one.obligor, one.estranged, one.phone, one.source)
            + (one.on, office.of(one.by, one.household).pk)
            for one in past.relatives
        ),
    )
    add_rows(
        "people_note",
        (
            "household_id",
            "kind",
            "text",
            "written_by_id",
            "written_at",
            "due_on",
            "settled_on",
            "settled_by_id",
        ),
        (
            (note.household, note.kind, note.text, writer, _moment(note.at), note.due_on, note.settled_on)
            + (writer if note.settled_on else None,)
            for note in past.notes
            for writer in (office.of(note.by, note.household).pk,)
        ),
    )


def _moment(local: datetime) -> str:
    """A moment here as PostgreSQL reads it."""
    return f"{local.isoformat()} {settings.TIME_ZONE}"


def _evening(day: date) -> str:
    """When what is known by its day alone was written down: as an office closes."""
    return _moment(datetime.combine(day, time(17, 30)))


def _seal(seals: Sequence[Sealed], office: Office) -> None:
    """Hide the households; a case manager may open each."""
    made = [
        Seal(
            household_id=one.household,
            kind=one.kind,
            reason=one.reason,
            sealed_by=office.of("district_officer", one.household),
        )
        for one in seals
    ]
    Seal.objects.bulk_create(made)
    for seal, one in zip(made, seals, strict=True):
        seal.sealed_at = timezone.make_aware(one.at)
        seal.allowed.add(office.of("case_manager", one.household))
    Seal.objects.bulk_update(made, ["sealed_at"])
    Household.objects.filter(pk__in=[one.household for one in seals]).update(sealed=True)


def _agree(consents: Iterable[Agreed], office: Office) -> None:
    """Write down the consents, under the texts of today; without a published text there is nothing to agree to."""
    today = timezone.localdate()
    texts = {purpose.value: text_in_force(purpose, "ko", today) for purpose in ConsentPurpose}
    rows = []
    for number, one in enumerate(consents, 1):
        given = today - timedelta(days=one.days_ago)
        text = texts[one.purpose]
        if text is None:
            continue
        given = max(given, text.valid_from)
        expires = None if text.months is None else given + timedelta(days=30 * text.months)
        half = given + (today - given) / 2
        items = {item["id"]: one.options or not item["optional"] for item in text.body["items"]}
        withdrawn = one.state == "withdrawn"
        by = office.of(one.by, one.household).pk
        rows.append(
            (one.person, text.pk, json.dumps(items), given, half if one.state == "expired" else expires)
            + (GivenBy.SELF.value, "", Manner.PAPER.value, one.recipients, f"{INVENTED}-{number:05}", by)
            + (_evening(given), half if withdrawn else None)
            + (Manner.SPOKEN.value if withdrawn else "", "", by if withdrawn else None)
        )
    add_rows(
        "privacy_consent",
        ("person_id", "text_id", "items", "given_on", "expires_on", "given_by", "representative", "manner")
        + ("recipients", "paper_reference", "explained_by_id", "recorded_at", "withdrawn_on")
        + ("withdrawn_how", "withdrawal_reason", "withdrawal_recorded_by_id"),
        rows,
    )

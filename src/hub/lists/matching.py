"""Whom a row speaks of: one seam, `people_of_rows`.

The rule is strict and simple: the number on the register, or name and date of birth within the area, with nothing that
contradicts. Whatever else could be the same person is a candidate and waits for somebody to look; nobody is ever brought
together with a row by likeness alone. A better rule (a blind index of resident numbers, probabilities of `welfare.linkage`)
replaces what happens inside `people_of_rows` and nothing around it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models.fields.json import KeyTextTransform
from django.utils.crypto import salted_hmac

from hub.lists.models import AgencyList, Link
from hub.organisation.models import Centre
from hub.people.models import FactRecord, Household, Person
from hub.people.queries import RESIDENT
from welfare.hangul import letters

CANDIDATES_MAX = 8
AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "unknown"
_NO_DIGIT = re.compile(r"\D+")

type Who = Mapping[str, str]
type Places = Mapping[str, str]  # name or code of a dong → its code


@dataclass(frozen=True)
class Resident:
    """Somebody of the register by the words that lists use: the words of one entry, and the person who stands for it."""

    person: Person
    who: dict[str, str]


@dataclass(frozen=True)
class Match:
    """Whom a row speaks of, or whom it may speak of; `why` in one word: number, exact, decided, household, contradiction,
    several, similar, nobody, elsewhere."""

    why: str
    person: Person | None = None
    household: Household | None = None
    candidates: tuple[int, ...] = ()


def identity_of(who: Who) -> str:
    """A keyed hash that is the same for the same words, so a decision about a row holds for the next file."""
    words = json.dumps(dict(who), sort_keys=True, ensure_ascii=False)
    return salted_hmac("hub.lists.identity", words, algorithm="sha256").hexdigest()


def people_of_rows(rows: Sequence[Who], dongs: Collection[str] | None, of: AgencyList) -> list[Match]:
    """A match for each row, in order. `dongs` is the area of the import (None: the district). A handful of queries."""
    known = _Known(rows, dongs)
    decided = _decisions(rows, of)
    return [_match(who, known, decided.get(identity_of(who), {}), dongs) for who in rows]


def people_of_row(who: Who, dongs: Collection[str] | None, of: AgencyList) -> Match:
    """`people_of_rows` for one."""
    return people_of_rows([who], dongs, of)[0]


def _match(who: Who, known: "_Known", decided: Mapping[int, str], dongs: Collection[str] | None) -> Match:
    named_dong = dong_named(who.get("area", ""), known.places)
    if named_dong is not None and dongs is not None and named_dong not in dongs:
        return Match("elsewhere")
    same = [number for number, answer in decided.items() if answer == Link.Answer.SAME]
    if same and (resident := known.by_number.get(same[0])):
        return Match("decided", resident.person, resident.person.household)
    another = {number for number, answer in decided.items() if answer == Link.Answer.ANOTHER}
    if "person_id" in who:
        resident = known.by_number.get(int(who["person_id"]))
        if resident is not None:
            if DIFFERS not in compared(who, resident, known.places).values():
                return Match("number", resident.person, resident.person.household)
            return Match("contradiction", candidates=_numbers([resident], another))
    namesakes = known.by_name.get(who.get("name", ""), [])
    fitting = {
        resident.person.pk: resident
        for resident in namesakes
        if is_exact(who, resident, known.places) and resident.person.pk not in another
    }
    exact = list(fitting.values())
    if len(exact) == 1:
        return Match("exact", exact[0].person, exact[0].person.household)
    if exact:
        return Match("several", candidates=_numbers(exact, another))
    if "household_id" in who and not {"name", "birth_date", "person_id"} & set(who):
        household = known.households.get(int(who["household_id"]))
        return Match("household", household=household) if household else Match("nobody")
    alike = [r for r in namesakes if list(compared(who, r, known.places).values()).count(DIFFERS) <= 1]
    candidates = _numbers(alike, another)
    return Match("similar", candidates=candidates) if candidates else Match("nobody")


def _numbers(residents: Iterable[Resident], without: Collection[int]) -> tuple[int, ...]:
    numbers = dict.fromkeys(resident.person.pk for resident in residents)
    return tuple(number for number in numbers if number not in without)[:CANDIDATES_MAX]


def is_exact(who: Who, resident: Resident, places: Places) -> bool:
    """Whether name and date of birth agree and nothing else differs."""
    found = compared(who, resident, places)
    return found.get("name") == found.get("birth_date") == AGREES and DIFFERS not in found.values()


def compared(who: Who, resident: Resident, places: Places) -> dict[str, str]:
    """For each word of a row whether it agrees with the register, differs, or cannot be told."""
    found = {}
    for word, said in who.items():
        registered = resident.who.get(word, "")
        if word == "area":
            said = dong_named(said, places) or ""
        elif word == "resident_number":
            said, registered = said[:8], registered[:8]
        elif word == "phone":
            said, registered = _NO_DIGIT.sub("", said), _NO_DIGIT.sub("", registered)
        elif word == "address":
            said, registered = letters(said), letters(registered)
            if said and registered and (said in registered or registered in said):
                said = registered  # 충현로 1 and 서대문구 충현로 1
        found[word] = UNKNOWN if not said or not registered else AGREES if said == registered else DIFFERS
    return found


class _Known:
    """The residents that rows of one block can speak of."""

    def __init__(self, rows: Sequence[Who], dongs: Collection[str] | None) -> None:
        self.places = places()
        numbers = {int(who["person_id"]) for who in rows if "person_id" in who}
        names = {who["name"] for who in rows if "name" in who}
        persons = Person.objects.select_related("household", "same_as__household").order_by("pk")
        households = Household.objects.all()
        if dongs is not None:
            persons = persons.filter(household__centre__in=dongs)
            households = households.filter(centre__in=dongs)
        found = list(persons.filter(pk__in=numbers)) + list(persons.filter(name__in=names))
        self.by_number: dict[int, Resident] = {}
        self.by_name: dict[str, list[Resident]] = defaultdict(list)
        for resident in residents(found):
            self.by_number[int(resident.who["person_id"])] = resident
            self.by_number.setdefault(resident.person.pk, resident)
            self.by_name[resident.who["name"]].append(resident)
        self.households = households.in_bulk(
            {int(who["household_id"]) for who in rows if "household_id" in who}
        )


def residents(persons: Iterable[Person]) -> list[Resident]:
    """These entries with what the register says of who they are. One query for all."""
    by_number = {person.pk: person for person in persons}
    told: dict[int, dict[str, str]] = {number: {} for number in by_number}
    records = FactRecord.objects.filter(person__in=by_number).order_by("collected_on", "pk")
    words = (KeyTextTransform(word, "values") for word in ("birth_date", "sex"))
    for number, born, sex in records.values_list("person_id", *words):
        told[number] |= {word: said for word, said in (("birth_date", born), ("sex", sex)) if said}
    return [
        Resident(
            person.stands,
            {
                "person_id": str(person.pk),
                "household_id": str(person.household_id),
                "name": person.name,
                "resident_number": f"{number[:8]}******" if (number := person.resident_number) else "",
                "area": person.household.centre_id,
            }
            | told[person.pk],
        )
        for person in by_number.values()
    ]


def _decisions(rows: Sequence[Who], of: AgencyList) -> dict[str, dict[int, str]]:
    """What was decided about the same words in an earlier file of this list: identity → person → answer."""
    links = Link.objects.filter(
        row__identity__in={identity_of(who) for who in rows}, row__of__agency_list=of, undone_at__isnull=True
    ).exclude(answer=Link.Answer.LATER)
    links = links.exclude(decided_by=None)  # what was computed is computed anew
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for identity, person, answer in links.order_by("pk").values_list("row__identity", RESIDENT, "answer"):
        found[identity][person] = answer
    return found


def dong_named(text: str, known: Places) -> str | None:
    """The code of the dong that a cell names: 충현동, 서대문구 충현동, 1141056500; None when it names none of ours."""
    words = text.split()
    return known.get(words[-1]) if words else None


def places() -> Places:
    """Every dong by its name and by its code."""
    return {word: centre.code for centre in Centre.objects.all() for word in (centre.code, centre.name_ko)}

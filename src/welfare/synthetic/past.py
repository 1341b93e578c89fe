"""What befell the people of an invented district: moves, births, deaths and splits, relatives elsewhere, what visits found, what was
noted and promised.

A share of the households has a past, larger where an office looks more often: old people who live alone, lone parents. It is
drawn household by household from a stream of its own, so a household's past is the same whoever else has one. Whoever left or lives
elsewhere carries a name and a number that cannot exist, like everybody else here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from welfare.synthetic.district import MEMBERS_MAX
from welfare.synthetic.dongs import DONGS
from welfare.synthetic.families import FEMALE, MALE
from welfare.synthetic.identity import (
    FIRST_SYLLABLES,
    INVENTED,
    LAST_SYLLABLES,
    SURNAMES,
    invent_addresses,
    invent_resident_numbers,
)
from welfare.synthetic.world import stream

# How many households of a kind have a past.
SHARES = {"old_alone": 0.15, "lone_parent": 0.25, "old": 0.06, "alone": 0.04, "family": 0.025, "other": 0.025}
YEARS = 1790  # days the past reaches back: nothing in it is old enough to be destroyed
FIRST_LEFT = 90  # person_id of who has left = household_id * MEMBERS_MAX + 90, 91, …


@dataclass(frozen=True, slots=True)
class Departed:
    """Somebody who lived in the household and died or moved out of the district (`how`)."""

    person: int
    household: int
    name: str
    sex: int  # as in `families`
    born: date
    left_on: date
    how: str  # death | moved_out


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a household's history; `other` is the household moved to or from, `before` what stood there before."""

    household: int
    person: int | None
    kind: str  # birth | death | moved_in | moved_out | split_off | formed | address
    on: date
    other: int | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class Lived:
    """An address of former days, or one where the household actually lives (`until` is None then)."""

    household: int
    kind: str  # registered | actual
    text: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody who lives elsewhere; `to` where that is a person of the district."""

    household: int
    person: int
    to: int | None
    name: str
    kind: str  # parent | child | child_in_law | sibling
    obligor: bool
    estranged: bool | None
    phone: str
    source: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Told:
    """What a source said about a household or, where `person` is given, about a person: values, and why there is none (`gaps`)."""

    household: int
    person: int | None
    source: str  # visit | interview | document | resident
    by: str
    at: datetime
    expires_on: date | None
    values: dict[str, object]
    gaps: dict[str, str]


@dataclass(frozen=True, slots=True)
class Noted:
    """A note, a promise with its day, or a warning, and the day it was kept or lifted."""

    household: int
    kind: str  # note | promise | warning
    text: str
    by: str
    at: datetime
    due_on: date | None = None
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A household hidden from everybody but a few."""

    household: int
    kind: str  # violence | staff
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent and how it stands: in_force, expired or withdrawn."""

    person: int
    household: int
    purpose: str
    by: str
    days_ago: int
    state: str
    options: bool  # whether what may be refused was agreed to as well
    recipients: str


@dataclass
class Past:
    """Everything that befell, each kind in the order of its days. `by` is always a role of the office."""

    households: list[int] = field(default_factory=list)
    departed: list[Departed] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)  # resident numbers of `departed`
    events: list[Event] = field(default_factory=list)
    addresses: list[Lived] = field(default_factory=list)
    since: dict[int, date] = field(default_factory=dict)  # household: day it came to its address of now
    relatives: list[Relative] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    notes: list[Noted] = field(default_factory=list)
    seals: list[Sealed] = field(default_factory=list)
    consents: list[Agreed] = field(default_factory=list)


def invent_past(
    households: pa.Table, members: pa.Table, day: date, *, also: Collection[int] = (), seed: int = 1
) -> Past:
    """The past of a share of the households that `invent_district` gave, and of all those in `also`, up to the day before `day`.

    Facts are told only where the tables have a column for them. Same arguments, same past.
    """
    past = Past()
    scenes = _scenes(households, members, day, frozenset(also), seed)
    for scene in scenes:
        past.households.append(scene.household)
        _came(past, scene)
        _born_here(past, scene)
        _left(past, scene)
        _relatives(past, scene)
        _visits(past, scene)
        _warning(past, scene)
        _consents(past, scene)
        if scene.household not in also:
            _seal(past, scene)
    _splits(past, scenes)
    past.numbers = _numbers(past.departed, seed)
    past.events.sort(key=lambda event: event.on)
    past.told.sort(key=lambda told: told.at)
    past.notes.sort(key=lambda note: note.at)
    return past


# -- who has a past ----------------------------------------------------------------------------------------------


@dataclass
class Scene:
    """One household while its past is drawn: what the tables say, and days not to go back behind."""

    household: int
    row: dict[str, Any]
    members: list[dict[str, Any]]
    kind: str  # a key of SHARES
    former: str  # an address it may have had
    day: date
    rng: random.Random
    settled: date  # day from which everybody was here

    @property
    def head(self) -> dict[str, Any]:
        return self.members[0]

    def age(self, member: Mapping[str, Any]) -> int:
        return int((self.day - member["birth_date"]).days / 365.2425)

    def ago(self, least: int, most: int) -> date:
        """A day between so many and so many days back, not before everybody was here."""
        latest = self.day - timedelta(days=least)
        return min(latest, max(self.day - timedelta(days=self.rng.randint(least, most)), self.settled))

    def moment(self, on: date) -> datetime:
        """Some minute of that day's office hours."""
        return datetime.combine(on, time(9, 5)) + timedelta(minutes=self.rng.randrange(8 * 60))

    def name(self, surname: str = "") -> str:
        first, last = self.rng.choice(FIRST_SYLLABLES), self.rng.choice(LAST_SYLLABLES)
        return f"{surname or self.rng.choice(SURNAMES)}{first}{last}"

    def phone(self) -> str:
        """As `invent_phones`: no Korean number goes on with 0 after 010."""
        return f"010-0{self.rng.randrange(1000):03}-{self.rng.randrange(10_000):04}"


def _scenes(
    households: pa.Table, members: pa.Table, day: date, also: frozenset[int], seed: int
) -> list[Scene]:
    kinds = _kinds(members, day)
    shares = np.array(list(SHARES.values()))[kinds]
    numbers = households["household_id"].to_numpy()
    chosen = stream((seed,), "past").random(len(numbers)) < shares
    chosen |= np.isin(numbers, np.array(sorted(also), np.int64))
    wanted = pa.array(numbers[chosen])
    rows = households.filter(pa.array(chosen)).to_pylist()
    living: dict[int, list[dict[str, Any]]] = {}
    about = [
        name for name in ("person_id", "household_id", "name", "birth_date", "sex", "relation", "couple")
    ]
    about += [draft.fact for draft in OF_HEAD if draft.fact in members.column_names]
    for one in members.select(about).filter(pc.is_in(members["household_id"], wanted)).to_pylist():
        living.setdefault(one["household_id"], []).append(one)
    places = {dong.code: place for place, dong in enumerate(DONGS)}
    former = invent_addresses(
        np.array([places[row["area"]] for row in rows], np.int64), stream((seed,), "former address")
    ).to_pylist()
    names = list(SHARES)
    return [
        Scene(
            row["household_id"],
            row,
            living[row["household_id"]],
            names[kind],
            address,
            day,
            random.Random(f"{seed} {row['household_id']}"),
            day - timedelta(days=YEARS),
        )
        for row, kind, address in zip(rows, kinds[chosen].tolist(), former, strict=True)
    ]


def _kinds(members: pa.Table, day: date) -> np.ndarray:
    """Of each household the place of its kind in SHARES."""
    home = members["household_id"].to_numpy()
    first = np.flatnonzero(np.diff(home, prepend=home[0] - 1))
    days = (np.datetime64(day) - members["birth_date"].to_numpy()).astype("timedelta64[D]").astype(np.int64)
    size = np.diff(np.append(first, len(home)))
    old = np.maximum.reduceat(days, first) >= 65 * 365.2425
    minor = np.minimum.reduceat(days, first) < 19 * 365.2425
    alone, couple = size == 1, members["couple"].to_numpy()[first] > 0
    names = list(SHARES)
    picked = np.select(
        [alone & old, alone, old, minor & ~couple, minor],
        [names.index(name) for name in ("old_alone", "alone", "old", "lone_parent", "family")],
        names.index("other"),
    )
    return np.asarray(picked, np.int64)


# -- who came, was born and left -----------------------------------------------------------------------------------


def _came(past: Past, scene: Scene) -> None:
    """Moved here within the district, or from outside; some have lived here for longer than the past reaches back."""
    if scene.rng.random() > (0.4 if scene.kind == "alone" else 0.85):
        return
    on = scene.day - timedelta(days=scene.rng.randint(1000, YEARS))
    past.since[scene.household] = scene.settled = on
    if scene.rng.random() < 0.6:
        past.events.append(Event(scene.household, None, "address", on, before=scene.former))
        # The first day of the past stands for one nobody remembers.
        began = scene.day - timedelta(days=YEARS)
        past.addresses.append(
            Lived(scene.household, "registered", scene.former, began, max(began, on - timedelta(days=1)))
        )
    else:
        for member in scene.members:
            if member["birth_date"] < on:
                past.events.append(Event(scene.household, member["person_id"], "moved_in", on))
    if scene.rng.random() < 0.08:
        actual = scene.former.replace("호 (", "호, 고시원 (")
        past.addresses.append(Lived(scene.household, "actual", actual, scene.ago(60, 600), None))


def _born_here(past: Past, scene: Scene) -> None:
    for member in scene.members:
        if scene.settled < member["birth_date"] < scene.day:
            past.events.append(Event(scene.household, member["person_id"], "birth", member["birth_date"]))


def _left(past: Past, scene: Scene) -> None:
    """A husband or wife who died, a grown child who went to live elsewhere."""
    head = scene.head
    single = head["couple"] == 0 and scene.age(head) >= 60
    if single and head.get("marital_status") in (None, "widowed") and scene.rng.random() < 0.45:
        # The register counts deaths of the last year among the facts, and this must not contradict it.
        on = scene.ago(400, 1500)
        born = head["birth_date"] + timedelta(days=scene.rng.randint(-2500, 1500))
        sex = MALE if head["sex"] == "female" else FEMALE
        _depart(past, scene, scene.name(), sex, born, on, "death")
    elif 48 <= scene.age(head) <= 75 and scene.rng.random() < 0.25:
        on = scene.ago(90, 1200)
        born = scene.day - timedelta(days=int(scene.rng.uniform(20, scene.age(head) - 24) * 365.2425))
        sex = scene.rng.choice((FEMALE, MALE))
        person = _depart(past, scene, scene.name(head["name"][0]), sex, born, on, "moved_out")
        _relate(past, scene, head["person_id"], person, past.departed[-1].name, "child")


def _depart(past: Past, scene: Scene, name: str, sex: int, born: date, on: date, how: str) -> int:
    person = (
        scene.household * MEMBERS_MAX
        + FIRST_LEFT
        + sum(one.household == scene.household for one in past.departed[-2:])
    )
    past.departed.append(Departed(person, scene.household, name, sex, born, on, how))
    past.events.append(Event(scene.household, person, how, on))
    return person


def _numbers(departed: Sequence[Departed], seed: int) -> list[str]:
    born = np.array([one.born for one in departed], "datetime64[D]")
    sex = np.array([one.sex for one in departed], np.int64)
    made = invent_resident_numbers(born, sex, np.zeros(len(born), bool), stream((seed,), "departed"))
    numbers: list[str] = made.to_pylist()
    return numbers


def _splits(past: Past, scenes: Sequence[Scene]) -> None:
    """Young people who live alone and were once children of another household of their dong with the same surname."""
    parents: dict[tuple[str, str], list[Scene]] = {}
    for scene in scenes:
        if scene.kind != "alone" and 45 <= scene.age(scene.head) <= 75:
            parents.setdefault((scene.row["area"], scene.head["name"][0]), []).append(scene)
    for scene in scenes:
        head = scene.head
        age = scene.age(head)
        if scene.kind != "alone" or not 20 <= age <= 39 or scene.household in past.since:
            continue
        among = parents.get((scene.row["area"], head["name"][0]), [])
        fitting = next((one for one in among if 22 <= one.age(one.head) - age <= 40), None)
        if fitting is None:
            continue
        among.remove(fitting)
        on = max(
            scene.day - timedelta(days=scene.rng.randint(120, 1400)), fitting.settled + timedelta(days=1)
        )
        child, parent = head["person_id"], fitting.head["person_id"]
        past.since[scene.household] = on
        past.events.append(Event(fitting.household, child, "split_off", on, other=scene.household))
        past.events.append(Event(scene.household, child, "formed", on, other=fitting.household))
        _relate(past, scene, child, parent, fitting.head["name"], "parent")
        _relate(past, fitting, parent, child, head["name"], "child")


def _relatives(past: Past, scene: Scene) -> None:
    """Children of the old, parents of the young; sometimes a brother or sister."""
    head, rng = scene.head, scene.rng
    surname = head["name"][0]
    if scene.age(head) >= 60 and rng.random() < 0.75:
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            _relate(past, scene, head["person_id"], None, scene.name(surname), "child")
        if rng.random() < 0.3:
            _relate(past, scene, head["person_id"], None, scene.name(), "child_in_law")
    elif scene.age(head) < 50 and rng.random() < 0.5:
        _relate(past, scene, head["person_id"], None, scene.name(surname), "parent")
    if rng.random() < 0.15:
        _relate(past, scene, head["person_id"], None, scene.name(surname), "sibling")


def _relate(past: Past, scene: Scene, person: int, to: int | None, name: str, kind: str) -> None:
    rng = scene.rng
    # Where the register knows that nobody is obliged to support, nobody is (`has_obligor`).
    obligor = kind != "sibling" and scene.row.get("has_obligor") is not False
    estranged = rng.choices((False, True, None), (6, 2, 2))[0]
    phone = "" if estranged else scene.phone()
    source, by = rng.choice((("interview", "coordinator"), ("visit", "planner"), ("resident", "coordinator")))
    past.relatives.append(
        Relative(
            scene.household, person, to, name, kind, obligor, estranged, phone, source, by, scene.ago(30, 700)
        )
    )


# -- what was told, noted and promised -----------------------------------------------------------------------------

Said = str | int | bool  # a value; "?unknown", "?refused" and "?none" are gaps


@dataclass(frozen=True)
class Draft:
    """What may be told about a fact: in which households, and what; `given` is what the register says, None where it is silent."""

    fact: str
    tell: Callable[[random.Random, Any], Said]
    kinds: tuple[str, ...] = tuple(SHARES)
    ages: tuple[int, int] = (0, 200)  # of the head
    passing: bool = False  # holds for a while only


_OLD, _ALONE, _CHILDREN = ("old_alone", "old"), ("old_alone", "alone"), ("lone_parent", "family")


def _chance(share: float, refused: float = 0.0) -> Callable[[random.Random, Any], Said]:
    def tell(rng: random.Random, given: Any) -> Said:
        return "?refused" if rng.random() < refused else rng.random() < share

    return tell


def _among(*values: Said) -> Callable[[random.Random, Any], Said]:
    return lambda rng, given: rng.choice(values)


def _near(
    step: int, otherwise: tuple[int, ...], refused: float = 0.0
) -> Callable[[random.Random, Any], Said]:
    """What the register says, a few steps off: people round, and registers are late."""

    def tell(rng: random.Random, given: Any) -> Said:
        if rng.random() < refused:
            return "?refused"
        return max(0, given + step * rng.choice((-3, -1, 2, 4))) if given else rng.choice(otherwise)

    return tell


OF_HOUSEHOLD = (
    Draft("monthly_rent", _near(20_000, (300_000, 350_000, 420_000, 500_000))),
    Draft("rent_arrears_months", _among(0, 0, 1, 2, 3, "?refused"), passing=True),
    Draft("loan_arrears_months", _among(0, 0, 2, 4, "?refused", "?unknown")),
    Draft("electricity_bill", _near(2_500, (18_000, 26_000, 41_000))),
    Draft("below_housing_standard", _chance(0.15)),
    Draft("has_television", _chance(0.85)),
    Draft("heavy_debt", _chance(0.15, refused=0.15)),
    Draft("unsecured_debts", _among("?refused", "?unknown", "?none", 3_000_000, 12_000_000)),
    Draft("family_crisis", _chance(0.1)),
    Draft("multiple_needs", _chance(0.2)),
    Draft("isolation_risk", _among("none", "low", "low", "medium", "high"), kinds=_ALONE),
    Draft("obligor_unavailable", _among(False, True, "?refused", "?unknown"), kinds=_OLD),
    Draft("childcare_gap", _chance(0.4), kinds=_CHILDREN),
    Draft("financial_assets", _near(500_000, (1_000_000, 3_000_000, 8_000_000), refused=0.4)),
)
OF_HEAD = (
    Draft("earned_income", _near(50_000, (0, 300_000, 600_000), refused=0.1), ages=(19, 70)),
    Draft("casual_income", _among(0, 0, 200_000, 450_000, "?refused"), ages=(19, 75), passing=True),
    Draft("private_transfer", _among(0, 0, 100_000, 200_000, "?refused", "?none")),
    Draft("chronic_illness", _chance(0.55), ages=(50, 200)),
    Draft("daily_living_help_needed", _chance(0.2), ages=(65, 200)),
    Draft("carer_absent", _chance(0.4), ages=(65, 200)),
    Draft("needs_denture_or_implant", _chance(0.35), ages=(60, 200)),
    Draft("geriatric_illness", _among(False, False, True, "?unknown"), ages=(65, 200)),
    Draft("treatment_cost", _among("?unknown", "?none", 450_000), ages=(45, 200), passing=True),
    Draft("work_status", _among("not_working", "job_seeking", "casual"), ages=(19, 64), passing=True),
    Draft("mobile_bill", _near(3_000, (22_000, 33_000, 55_000))),
    Draft("worked_days_3_months", _among(0, 12, 35, "?unknown"), ages=(19, 64), passing=True),
    Draft("transit_trips", _among(8, 22, 44), ages=(19, 64)),
    Draft("withdrawn", _chance(0.1), kinds=("alone",), ages=(19, 45)),
)
HOLDS = 180  # days for which what passes is taken to hold

_WAYS = (("visit", "planner"), ("visit", "nurse"), ("interview", "coordinator"), ("visit", "case_manager"))
_OTHER_WAYS = (("document", "coordinator"), ("resident", "coordinator"))
_FIRST_WORDS = "가정방문하여 생활 실태를 살피고 안부를 확인함."


def _visits(past: Past, scene: Scene) -> None:
    """One to three conversations; each leaves facts and a note, most leave a promise."""
    rng = scene.rng
    earlier = sorted(scene.ago(91, 720) for _ in range(rng.choice((0, 1, 1, 2))))
    days = [*earlier, scene.ago(2, 90)]
    for number, on in enumerate(days):
        source, by = rng.choice(_WAYS if number == 0 or rng.random() < 0.7 else _OTHER_WAYS)
        at = scene.moment(on)
        _tell(past, scene, None, OF_HOUSEHOLD, scene.row, source, by, at)
        _tell(past, scene, scene.head["person_id"], OF_HEAD, scene.head, source, by, at)
        words = rng.choice(NOTES[scene.kind])
        if number == 0 and source == "visit":
            words = f"{_FIRST_WORDS} {words}"
        past.notes.append(Noted(scene.household, "note", words, by, at))
        if rng.random() < 0.75:
            _promise(past, scene, by, at)


def _tell(
    past: Past,
    scene: Scene,
    person: int | None,
    drafts: Sequence[Draft],
    given: Mapping[str, Any],
    source: str,
    by: str,
    at: datetime,
) -> None:
    rng, age = scene.rng, scene.age(scene.head)
    said: dict[bool, tuple[dict[str, object], dict[str, str]]] = {False: ({}, {}), True: ({}, {})}
    for draft in drafts:
        fits = draft.fact in given and scene.kind in draft.kinds and draft.ages[0] <= age <= draft.ages[1]
        if not fits or rng.random() > 0.45:
            continue
        if draft.fact in ("monthly_rent", "rent_arrears_months") and given.get("tenure") != "monthly_rent":
            continue
        values, gaps = said[draft.passing]
        value = draft.tell(rng, given[draft.fact])
        if isinstance(value, str) and value.startswith("?"):
            gaps[draft.fact] = value[1:]
            if value == "?none":  # an amount of which there is none is nothing, and known
                values[draft.fact] = 0
        else:
            values[draft.fact] = value
    for passing, (values, gaps) in said.items():
        if values or gaps:
            expires = at.date() + timedelta(days=HOLDS) if passing else None
            past.told.append(Told(scene.household, person, source, by, at, expires, values, gaps))


def _promise(past: Past, scene: Scene, by: str, at: datetime) -> None:
    """Kept, still open, or overdue: what was promised long ago was nearly always kept."""
    rng = scene.rng
    yesterday = scene.day - timedelta(days=1)
    due = at.date() + timedelta(days=rng.choice((7, 14, 14, 30)))
    kept: date | None = None
    if at.date() < scene.day - timedelta(days=90) or rng.random() < 0.25:
        kept = min(due + timedelta(days=rng.randint(-4, 5)), yesterday)
    elif rng.random() < 0.7:
        due = max(due, scene.day + timedelta(days=rng.randint(1, 30)))
    past.notes.append(Noted(scene.household, "promise", rng.choice(PROMISES[scene.kind]), by, at, due, kept))


def _warning(past: Past, scene: Scene) -> None:
    if scene.rng.random() < 0.07:
        on = scene.ago(30, 600)
        lifted = scene.ago(1, 29) if scene.rng.random() < 0.4 else None
        text = scene.rng.choice(WARNINGS)
        past.notes.append(
            Noted(scene.household, "warning", text, "planner", scene.moment(on), settled_on=lifted)
        )


def _seal(past: Past, scene: Scene) -> None:
    drawn = scene.rng.random()
    at = scene.moment(scene.ago(20, 500))
    if scene.kind == "lone_parent" and drawn < 1 / 30:
        reason = "가정폭력 피해로 거주지가 알려지지 않아야 함 (지어낸 사유)"
        past.seals.append(Sealed(scene.household, "violence", reason, at))
    elif drawn < 1 / 1500:
        past.seals.append(Sealed(scene.household, "staff", "동 주민센터 직원의 가족 (지어낸 사유)", at))


def _consents(past: Past, scene: Scene) -> None:
    rng = scene.rng
    for purpose, share, by in (
        ("home_visit", 0.4, "planner"),
        ("application", 0.25, "coordinator"),
        ("case_sharing", 0.15, "case_manager"),
        ("partners", 0.08, "planner"),
    ):
        if rng.random() < share:
            state = rng.choices(("in_force", "expired", "withdrawn"), (7, 2, 1))[0]
            recipients = f"{INVENTED}나눔복지관 (지어낸 기관)" if purpose == "partners" else ""
            past.consents.append(
                Agreed(
                    scene.head["person_id"],
                    scene.household,
                    purpose,
                    by,
                    rng.randint(20, 300),
                    state,
                    rng.random() < 0.6,
                    recipients,
                )
            )


NOTES: dict[str, tuple[str, ...]] = {
    "old_alone": (
        "혼자 지내심. 무릎이 불편하여 계단 출입이 어렵다고 하심.",
        "식사는 하루 두 끼, 반찬은 주로 김치. 밑반찬 지원에 관심을 보이심.",
        "약을 아침저녁으로 복용 중. 복용 시간을 자주 잊는다고 하심.",
        "전화를 잘 받지 않으심. 오전 10시에서 11시 사이가 통화하기 좋음.",
        "겨울철 난방을 아끼느라 실내가 서늘함. 난방비 지원 제도를 안내함.",
        "경로당에 일주일에 두 번 나가심. 이웃과의 왕래는 있는 편임.",
    ),
    "old": (
        "배우자의 병간호로 외출이 어렵다고 하심. 방문 간호를 안내함.",
        "최근 병원비 지출이 늘어 생활비가 빠듯하다고 하심.",
        "따로 사는 자녀와는 명절에만 연락한다고 하심.",
        "장기요양 등급 신청 절차를 안내하고 신청서를 전달함.",
        "보일러가 오래되어 고장이 잦음. 집수리 지원을 알아보기로 함.",
    ),
    "lone_parent": (
        "저녁 시간 아이 돌봄이 비어 아이돌봄서비스를 안내함.",
        "양육비를 받지 못하고 있음. 양육비이행관리원 상담을 안내함.",
        "근무 시간이 불규칙하여 상담은 저녁 6시 이후를 원함.",
        "아이의 학습 지원에 관심이 많음. 지역아동센터를 안내함.",
    ),
    "family": (
        "둘째의 어린이집 입소를 기다리는 중. 가정양육수당을 안내함.",
        "맞벌이로 방과 후 돌봄이 필요하다고 함. 다함께돌봄센터를 안내함.",
        "전세 만기가 다가와 이사를 알아보는 중이라고 함.",
        "주소득자의 근로시간이 줄어 소득이 감소하였다고 함.",
    ),
    "alone": (
        "구직 중이며 외출이 거의 없다고 함. 일자리 상담을 안내함.",
        "월세가 밀린 적이 있어 주거급여를 안내함.",
        "식사를 거르는 날이 많다고 함. 건강검진을 권유함.",
        "우편물이 쌓여 있어 문 앞에 안내문을 남김. 다음 날 연락이 닿음.",
    ),
    "other": (
        "소득이 줄어 공과금 납부가 늦어진다고 함. 분할 납부를 안내함.",
        "가족 중 한 명이 치료 중이라 의료비 지원을 문의함.",
        "제도 안내문을 전달하고 필요한 서류를 설명함.",
    ),
}
PROMISES: dict[str, tuple[str, ...]] = {
    "old_alone": (
        "기초연금 신청서를 챙겨 다시 방문하기로 함",
        "밑반찬 지원 대상 여부를 확인하여 전화드리기로 함",
        "방문간호사와 함께 혈압을 재러 오기로 함",
        "응급안전안심 장비 설치를 신청해 드리기로 함",
    ),
    "old": (
        "장기요양 인정 신청 결과를 확인하여 알려 드리기로 함",
        "집수리 지원 신청서를 가져다드리기로 함",
        "의료비 영수증을 함께 정리하기로 함",
    ),
    "lone_parent": (
        "한부모가족증명서 발급 서류를 알려 드리기로 함",
        "아이돌봄서비스 대기 순번을 확인하여 연락하기로 함",
        "교육급여 신청을 도와 드리기로 함",
    ),
    "family": (
        "돌봄센터의 빈자리를 확인하여 연락하기로 함",
        "전세자금 대출 상담 창구를 알아봐 드리기로 함",
    ),
    "alone": (
        "주거급여 신청에 필요한 서류 목록을 보내기로 함",
        "일자리 상담 예약을 잡아 드리기로 함",
        "다음 주에 안부 전화를 드리기로 함",
    ),
    "other": (
        "긴급복지 요건에 해당하는지 확인하여 알려 드리기로 함",
        "서류를 받으러 다시 방문하기로 함",
    ),
}
WARNINGS = (
    "마당에 큰 개가 있음. 방문 전에 전화할 것.",
    "술을 드신 저녁에는 언성을 높이시므로 두 명이 방문할 것.",
    "호흡기 질환으로 치료 중. 방문 시 마스크를 쓸 것.",
    "현관 계단이 가파르고 어두움. 손전등을 챙길 것.",
)

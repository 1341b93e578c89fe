"""Two lists of the same invented people with the errors lists have, and who is who: what linkage is measured against.

Each list is typed on its own, from the same truth. Errors are those of Korean offices: a neighbouring key of the two-set keyboard, a letter
that looks or sounds alike, a lost final, two letters swapped; a wrong digit or an exchanged month and day of birth; a telephone one digit off, shared by the
family, changed, or not told; an address people have moved away from, written by lot instead of by road, or without its unit; a foreigner's
name in Latin letters. There are twins, and namesakes born on one day, of whom one may be in this list and the other in that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from welfare.hangul import FINALS, INITIALS, VOWELS, parts
from welfare.synthetic.district import AS_OF
from welfare.synthetic.dongs import DONGS, targets
from welfare.synthetic.families import FEMALE, Families, invent_families
from welfare.synthetic.identity import LAST_SYLLABLES, invent_addresses, invent_names, invent_resident_numbers
from welfare.synthetic.world import stream

PERSONS_A_HOUSEHOLD = 2.2
TWINS = 0.015  # of persons
NAMESAKES = 0.0006  # of persons share name, sex and birth date with somebody else
FOREIGN = 0.03
OWN_PHONE = 0.72  # others give the telephone of the head of the household

NEIGHBOURS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
KEY_LETTERS = dict(
    zip("qwertyuiopasdfghjklzxcvbnm", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ", strict=True)
)
# Letters that sound or look alike.
ALIKE = (
    "ㅐㅔ",
    "ㅒㅖ",
    "ㅗㅜ",
    "ㅓㅏ",
    "ㅕㅑ",
    "ㅣㅢ",
    "ㅚㅙㅞ",
    "ㅛㅗ",
    "ㅠㅜ",
    "ㄱㅋ",
    "ㄷㅌ",
    "ㅅㅆ",
    "ㅈㅊ",
    "ㅂㅍ",
    "ㅁㅇ",
    "ㄴㅇ",
    "ㄴㄹ",
)
# One syllable as passports have it: the official letters first.
LATIN_INITIALS = {
    "ㄱ": "g|k", "ㄲ": "kk", "ㄴ": "n", "ㄷ": "d|t", "ㄸ": "tt", "ㄹ": "r", "ㅁ": "m", "ㅂ": "b|p", "ㅃ": "pp", "ㅅ": "s", "ㅆ": "ss", "ㅇ": "",
    "ㅈ": "j|ch", "ㅉ": "jj", "ㅊ": "ch", "ㅋ": "k", "ㅌ": "t", "ㅍ": "p", "ㅎ": "h",
}  # fmt: skip
LATIN_VOWELS = {
    "ㅏ": "a|ah", "ㅐ": "ae|ai", "ㅑ": "ya", "ㅒ": "yae", "ㅓ": "eo|u", "ㅔ": "e", "ㅕ": "yeo|you", "ㅖ": "ye", "ㅗ": "o|oh", "ㅘ": "wa", "ㅙ": "wae",
    "ㅚ": "oe|oi", "ㅛ": "yo", "ㅜ": "u|oo", "ㅝ": "wo", "ㅞ": "we", "ㅟ": "wi", "ㅠ": "yu|yoo", "ㅡ": "eu|u", "ㅢ": "ui|ee", "ㅣ": "i|ee",
}  # fmt: skip
LATIN_FINALS = {"": "", "ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅅ": "t", "ㅇ": "ng", "ㅈ": "t", "ㅊ": "t", "ㅋ": "k", "ㅌ": "t", "ㅍ": "p", "ㅎ": "t"}  # fmt: skip


@dataclass(frozen=True)
class Errors:
    """How often, in one list, a value is told wrongly or not at all; shares of records."""

    name: float = 0.04
    birth_date: float = 0.012
    exchanged_day: float = 0.004
    sex: float = 0.002
    phone_untold: float = 0.15
    phone_changed: float = 0.05
    phone_digit: float = 0.015
    moved: float = 0.05
    address_untold: float = 0.03
    by_lot: float = 0.0
    unit_untold: float = 0.08
    latin: float = 0.0  # of foreigners
    number: float = 0.0  # told whole; otherwise perhaps masked
    number_masked: float = 0.4


@dataclass(frozen=True)
class InventedLists:
    """`left` and `right` have the columns of `welfare.linkage`; `truth` has `left` and `right`, the ids of one person."""

    left: pa.Table
    right: pa.Table
    truth: pa.Table


# A register, and a list collected at desks: by lot for some, foreigners as in their passports, the number from three in ten.
REGISTER = Errors(number=1.0)
COLLECTED = Errors(name=0.05, by_lot=0.15, latin=0.8, phone_untold=0.2, number=0.3)


def invent_lists(
    people: int,
    seed: int = 1,
    shared: float = 0.75,
    left: Errors = REGISTER,
    right: Errors = COLLECTED,
    as_of: date = AS_OF,
) -> InventedLists:
    """Two lists of `people` records each, of which the share `shared` is of persons in both. Same arguments, same lists.

    Raises ValueError for a number below one or a share outside 0 … 1.
    """
    if people < 1 or not 0 <= shared <= 1:
        raise ValueError(f"people must be at least 1 and shared between 0 and 1, not {people} and {shared}")
    both = round(people * shared)
    everybody = 2 * people - both
    truth = _Truth(everybody, seed, as_of)
    order = stream((seed,), "who is where").permutation(truth.count)[:everybody]
    rows = order[:people], np.r_[order[:both], order[people:]]
    lists = []
    for side, errors, who in zip(("left", "right"), (left, right), rows, strict=True):
        rng = stream((seed,), f"errors of the {side} list")
        lists.append(_Typist(truth, errors, rng).list_of(rng.permutation(who)))
    tables = [table for table, _ in lists]
    place = {person: id for id, person in zip(tables[1]["id"].to_pylist(), lists[1][1].tolist(), strict=True)}
    pairs = [
        (id, place[person])
        for id, person in zip(tables[0]["id"].to_pylist(), lists[0][1].tolist(), strict=True)
        if person in place
    ]
    return InventedLists(
        tables[0],
        tables[1],
        pa.table({"left": [a for a, _ in pairs], "right": [b for _, b in pairs]}, schema=_TRUTH),
    )


_TRUTH = pa.schema([("left", pa.int64()), ("right", pa.int64())])
_LIST = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("birth_date", pa.date32()),
        ("sex", pa.string()),
        ("phone", pa.string()),
        ("address", pa.string()),
        ("dong", pa.string()),
        ("number", pa.string()),
    ]
)


class _Truth:
    """At least `people` invented persons without an error."""

    def __init__(self, people: int, seed: int, as_of: date) -> None:
        households = max(1, int(people / PERSONS_A_HOUSEHOLD) + 1)
        while True:
            self.families = invent_families(targets(households), as_of, stream((seed,), "families"))
            if len(self.families.home) >= people:
                break
            households += households // 10 + 1
        families, self.count = self.families, len(self.families.home)
        rng = stream((seed,), "persons of lists")
        self.name = np.array(invent_names(families, stream((seed,), "name")).to_pylist(), object)
        self.sex = families.sex.copy()
        self.birth = np.datetime64(as_of, "D") - families.age_days
        self.foreign = rng.random(self.count) < FOREIGN
        self._twins(families, rng)
        self._namesakes(rng)
        addresses = invent_addresses(families.dong, stream((seed,), "address")).to_pylist()
        self.address = [addresses[home] for home in families.home]
        self.dong = [DONGS[families.dong[home]].ko for home in families.home]
        mobile = rng.integers(0, 10**7, self.count)
        head = families.first[families.home]
        shared = rng.random(self.count) >= OWN_PHONE
        # 010-0… is given to nobody.
        self.phone = np.where(shared, mobile[head], mobile)
        self.number = invent_resident_numbers(
            self.birth, self.sex, self.foreign, stream((seed,), "number")
        ).to_pylist()

    def _twins(self, families: Families, rng: np.random.Generator) -> None:
        """Brothers and sisters who follow each other in a household, born on one day, with names that begin alike."""
        second = (
            np.flatnonzero(
                (families.home[1:] == families.home[:-1]) & (families.relation[1:] == families.relation[:-1])
            )
            + 1
        )
        chosen = second[rng.random(len(second)) < TWINS * self.count / 2 / max(len(second), 1)]
        for row in chosen.tolist():
            self.birth[row] = self.birth[row - 1]
            self.name[row] = self.name[row - 1][:2] + str(rng.choice(LAST_SYLLABLES))
            if rng.random() < 0.7:
                self.sex[row] = self.sex[row - 1]

    def _namesakes(self, rng: np.random.Generator) -> None:
        count = int(NAMESAKES * self.count / 2)
        chosen = rng.permutation(self.count)[: 2 * count]
        for one, other in zip(chosen[:count].tolist(), chosen[count:].tolist(), strict=True):
            self.name[other], self.birth[other], self.sex[other] = (
                self.name[one],
                self.birth[one],
                self.sex[one],
            )


class _Typist:
    """Writes one list, with the errors of its office."""

    def __init__(self, truth: _Truth, errors: Errors, rng: np.random.Generator) -> None:
        self.truth, self.errors, self.rng = truth, errors, rng

    def list_of(self, who: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        """The list, and for each of its records the person."""
        rows = [self._record(int(person)) for person in who]
        ids = self.rng.permutation(len(who)) + 1
        columns = [ids, *zip(*rows, strict=True)] if rows else [[] for _ in _LIST]
        return pa.table(
            [pa.array(column, kind) for column, kind in zip(columns, _LIST.types, strict=True)], schema=_LIST
        ), who

    def _now(self, share: float) -> bool:
        return share > 0 and self.rng.random() < share

    def _record(self, person: int) -> tuple[object, ...]:
        truth, errors = self.truth, self.errors
        name = truth.name[person]
        if truth.foreign[person] and self._now(errors.latin):
            name = romanise(name, self.rng)
        elif self._now(errors.name):
            name = mistype(name, self.rng)
        birth = self._birth(truth.birth[person].item())
        sex = (truth.sex[person] == FEMALE) != self._now(errors.sex)
        address, dong = self._address(person)
        return (
            name,
            birth,
            "female" if sex else "male",
            self._phone(person),
            address,
            dong,
            self._number(person),
        )

    def _birth(self, day: date) -> date:
        if self._now(self.errors.birth_date):
            return _wrong_digit_of(day, self.rng)
        if self._now(self.errors.exchanged_day) and day.day <= 12:
            return day.replace(month=day.day, day=day.month)
        return day

    def _phone(self, person: int) -> str | None:
        if self._now(self.errors.phone_untold):
            return None
        number = int(self.truth.phone[person])
        if self._now(self.errors.phone_changed):
            number = int(self.rng.integers(0, 10**7))
        digits = f"{number:07}"
        if self._now(self.errors.phone_digit):
            place = int(self.rng.integers(0, 7))
            digits = digits[:place] + str(self.rng.integers(0, 10)) + digits[place + 1 :]
        return f"010-0{digits[:3]}-{digits[3:]}"

    def _address(self, person: int) -> tuple[str | None, str | None]:
        errors, truth = self.errors, self.truth
        if self._now(errors.address_untold):
            return None, truth.dong[person]
        address, dong = truth.address[person], truth.dong[person]
        if self._now(errors.moved):
            other = int(self.rng.integers(0, truth.count))
            address, dong = truth.address[other], truth.dong[other]
        if self._now(errors.by_lot):
            address = _by_lot(address)
        if self._now(errors.unit_untold):
            address = address.split(",")[0]
        return address, dong

    def _number(self, person: int) -> str | None:
        if self._now(self.errors.number):
            return str(self.truth.number[person])
        if self._now(self.errors.number_masked):
            return f"{self.truth.number[person][:8]}******"
        return None


def mistype(name: str, rng: np.random.Generator) -> str:
    """A Korean name with one typing error."""
    # The surname is typed wrongly less often than the given name.
    place = 0 if rng.random() < 0.15 else int(rng.integers(1, len(name)))
    split = parts(name[place])
    if split is None:
        return name
    ways: tuple[Callable[..., str | None], ...] = (_neighbour, _alike, _lost_final, _swapped)
    for _ in range(20):
        way = ways[int(rng.choice(4, p=[0.35, 0.4, 0.2, 0.05]))]
        wrong = way(*split, rng)
        if wrong and wrong != name[place]:
            return name[:place] + wrong + name[place + 1 :]
    return name


def _build(initial: str, vowel: str, final: str) -> str | None:
    if initial not in INITIALS or vowel not in VOWELS or final not in FINALS:
        return None
    return chr(ord("가") + (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final))


def _neighbour(initial: str, vowel: str, final: str, rng: np.random.Generator) -> str | None:
    split = [initial, vowel, final]
    place = int(rng.integers(0, 3))
    key = {letter: key for key, letter in KEY_LETTERS.items()}.get(split[place])
    if key is None:
        return None
    line = next(line for line in NEIGHBOURS if key in line)
    at = line.index(key) + (1 if rng.random() < 0.5 else -1)
    if not 0 <= at < len(line):
        return None
    split[place] = KEY_LETTERS[line[at]]
    return _build(*split)


def _alike(initial: str, vowel: str, final: str, rng: np.random.Generator) -> str | None:
    split = [initial, vowel, final]
    place = int(rng.choice(3, p=[0.2, 0.6, 0.2]))
    groups = [group for group in ALIKE if split[place] and split[place] in group]
    if not groups:
        return None
    split[place] = str(rng.choice(list(str(rng.choice(groups)).replace(split[place], ""))))
    return _build(*split)


def _lost_final(initial: str, vowel: str, final: str, rng: np.random.Generator) -> str | None:
    return _build(initial, vowel, "") if final else _build(initial, vowel, "ㄴ")


def _swapped(initial: str, vowel: str, final: str, rng: np.random.Generator) -> str | None:
    return _build(final, vowel, initial) if final else None


def romanise(name: str, rng: np.random.Generator) -> str:
    """A Korean name in Latin letters, as one of the spellings passports have, surname first or last."""
    surname, *given = [_latin(sign, rng) for sign in name]
    if rng.random() < 0.3:
        return f"{'-'.join(given).title()} {surname.title()}"
    return (
        f"{surname} {''.join(given)}".upper()
        if rng.random() < 0.6
        else f"{surname.title()} {'-'.join(given).capitalize()}"
    )


def _latin(sign: str, rng: np.random.Generator) -> str:
    split = parts(sign)
    if split is None:
        return sign
    initial, vowel, final = split
    first, middle = LATIN_INITIALS[initial].split("|"), LATIN_VOWELS[vowel].split("|")
    return str(rng.choice(first)) + str(rng.choice(middle)) + LATIN_FINALS.get(final, "t")


def _wrong_digit_of(day: date, rng: np.random.Generator) -> date:
    """Another day that differs in the year's last digits, the month or the day."""
    how = rng.random()
    if how < 0.35:
        return _moved_to_year(day, day.year + int(rng.choice([-10, -1, 1, 10])))
    if how < 0.6:
        return date(day.year, (day.month + int(rng.choice([1, 9])) - 1) % 12 + 1, min(day.day, 28))
    return day + timedelta(days=int(rng.choice([-10, -1, 1, 10])))


def _moved_to_year(day: date, year: int) -> date:
    return day.replace(year=year, day=min(day.day, 28))


def _by_lot(address: str) -> str:
    """The same place by lot: each invented house has its own number in its dong, and keeps its unit."""
    line, _, unit = address.partition(",")
    district, dong, road, house = line.split(" ")
    way = int("".join(sign for sign in road if sign.isdigit()))
    return f"{district} {dong} {way * 7 + 100}-{house}" + (f",{unit}" if unit else "")

"""Names, resident numbers and addresses nobody can mistake for a real person's.

Surnames are plain words no Korean register knows as a surname. A resident number has a month of birth from 21
to 32 and a check digit that is wrong under both published formulas (nationals and foreigners), so it is
refused twice. Addresses lie on streets that say they are invented.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from welfare.synthetic.dongs import DISTRICT, DONGS
from welfare.synthetic.families import CHILD, GRANDCHILD, MALE, PARENT, SIBLING, Families

INVENTED = "가상"  # the marker every invented person carries
MONTH_SHIFT = 20  # month 1 … 12 becomes 21 … 32, which no calendar has
WEIGHTS = np.array([2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])

SURNAMES = np.array(list("봄별숲샘달솔꽃빛늘들돌물눈뜰벗참"))
FIRST_SYLLABLES = np.array(list("가나다라마바새아자초하고노도로모보소오은한단온여무"))
LAST_SYLLABLES = np.array(list("람래루미빈설솜슬안울음이은진찬티해현호환봄결린담율"))


def check_digit(digits: np.ndarray) -> np.ndarray:
    """The check digit of a national's resident number for rows of its first twelve digits."""
    return (11 - (digits @ WEIGHTS) % 11) % 10


def foreign_check_digit(digits: np.ndarray) -> np.ndarray:
    """The check digit of a foreigner's registration number for rows of its first twelve digits."""
    return (13 - (digits @ WEIGHTS) % 11) % 10


def invent_names(families: Families, rng: np.random.Generator) -> pa.Array:
    """A name for everybody; children, siblings and the head's father share the family's surname."""
    people, households = len(families.home), len(families.size)
    surname = rng.integers(0, len(SURNAMES), people)
    head = surname[families.first]
    # Children take the father's surname: the spouse's where the head is the mother of a couple.
    second = np.minimum(families.first + 1, people - 1)
    has_spouse = (families.size > 1) & (families.couple[families.first] == 1)
    family = np.where(has_spouse & (families.sex[families.first] != MALE), surname[second], head)
    kin = np.isin(families.relation, (CHILD, GRANDCHILD, SIBLING))
    surname[kin] = family[families.home[kin]]
    father = (families.relation == PARENT) & (families.sex == MALE)
    surname[father] = head[families.home[father]]
    assert len(family) == households
    given = rng.integers(0, len(FIRST_SYLLABLES) * len(LAST_SYLLABLES), people)
    lookup = (
        SURNAMES[:, None, None] + FIRST_SYLLABLES[None, :, None] + LAST_SYLLABLES[None, None, :]
    ).ravel()
    return pa.array(lookup).take(pa.array(surname * len(FIRST_SYLLABLES) * len(LAST_SYLLABLES) + given))


def invent_resident_numbers(
    birth_date: np.ndarray, sex: np.ndarray, foreign: np.ndarray, rng: np.random.Generator
) -> pa.Array:
    """Fourteen characters that look like a resident number and cannot be one.

    `birth_date` is datetime64[D]; `sex` as in `families`; `foreign` bool.
    """
    year = birth_date.astype("datetime64[Y]").astype(np.int64) + 1970
    month = birth_date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (birth_date - birth_date.astype("datetime64[M]")).astype(np.int64) + 1
    century = np.select([year < 1900, year < 2000], [9, np.where(foreign, 5, 1)], np.where(foreign, 7, 3))
    kind = np.where(sex == MALE, century, (century + 1) % 10)
    serial = rng.integers(0, 100_000, len(year))
    front = year % 100 * 10_000 + (month + MONTH_SHIFT) * 100 + day
    twelve = front * 1_000_000 + kind * 100_000 + serial
    digits = twelve[:, None] // 10 ** np.arange(11, -1, -1) % 10
    # Five away from the right digit is three away from the foreigners' one, never equal to either.
    wrong = (check_digit(digits) + 5) % 10
    text = pc.utf8_lpad(pa.array(front).cast(pa.string()), 6, "0")
    back = pc.utf8_lpad(pa.array((kind * 100_000 + serial) * 10 + wrong).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise(text, back, "-")


def invent_addresses(dong: np.ndarray, rng: np.random.Generator) -> pa.Array:
    """A line such as "서대문구 홍제1동 가상로12길 7, 301호 (지어낸 주소)" for each household."""
    count = len(dong)

    def number(low: int, high: int) -> pa.Array:
        return pa.array(rng.integers(low, high, count)).cast(pa.string())

    where = pa.array([f"{DISTRICT['ko']} {one.ko} {INVENTED}로" for one in DONGS]).take(pa.array(dong))
    floor = rng.integers(1, 16, count) * 100 + rng.integers(1, 9, count)
    return pc.binary_join_element_wise(
        where,
        number(1, 60),
        "길 ",
        number(1, 180),
        ", ",
        pa.array(floor).cast(pa.string()),
        "호 (지어낸 주소)",
        "",
    )


def invent_phones(families: Families, age: np.ndarray, rng: np.random.Generator) -> pa.Array:
    """A number such as "010-0123-4567" for everybody aged 12 and over; no Korean number goes on with 0 after 010.

    One in seven spouses has no phone of their own and gives the head's. Empty for children.
    """
    people = len(age)
    number = rng.integers(0, 10_000_000, people)
    shares = (families.place == 1) & (families.couple == 1) & (rng.random(people) < 1 / 7)
    number = np.where(shares, number[families.first[families.home]], number)
    middle = pc.utf8_lpad(pa.array(number // 10_000).cast(pa.string()), 4, "0")
    last = pc.utf8_lpad(pa.array(number % 10_000).cast(pa.string()), 4, "0")
    phone = pc.binary_join_element_wise("010", middle, last, "-")
    return pc.if_else(pa.array(age >= 12), phone, "")

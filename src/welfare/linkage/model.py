"""How much each way of agreeing speaks for one person: the Fellegi–Sunter model of a Korean list of residents.

A pair's evidence is a sum, one term for each comparison: log2(m / u), where m is how often records of *one* person agree so and u how often records of
*two* persons do (Fellegi and Sunter 1969). m is a fixed prior, written below and measured against no particular list: the share of typing errors, moves and
changed telephones hardly differs between lists, while estimating it from a list of thirty people is hopeless. u is a property of the population
– how common a name is, how many live in a dong – and is counted in the lists at hand (`population.py`), with the prior for what is too rare to count.

Two things are not independent and are therefore one comparison: telephone and address, which a family shares. Together they say *this household*
once, and the name and the birth date must say who of it. Twins are the one case in which even those two hang together, and have a term of their own.

In conditions `name_l` is the value of the left record and `name_r` that of the right; every condition is symmetric.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """One way of agreeing. `m` and `u` are shares of pairs; the last level of a comparison has no condition."""

    when: str
    m: float
    u: float
    frequency: bool = False  # the rarer the common value, the stronger the evidence
    relatives: bool = False  # m shrinks with the length of the lists, see `population.py`


@dataclass(frozen=True)
class Comparison:
    """What is compared, where it cannot be, and its levels from the best to the worst."""

    name: str
    unknown: str
    levels: tuple[Level, ...]
    counted: bool = True  # whether u is counted in the lists, or stays as written


def _guarded(cheap: str, dear: str) -> str:
    """Both hold; `dear` is looked at only where `cheap` does, which `and` would not promise."""
    return f"case when {cheap} then {dear} else false end"


def _edits(column: str, other: str, most: int, ends: int = 0) -> str:
    """At most so many keys wrong, missing, too many, or swapped with their neighbour.

    With `ends`, that many signs at the beginning or at the end must be the same; a single slip in a text twice as long leaves one of the
    two whole, and most pairs need no counting.
    """
    left, right = f"{column}_l", f"{other}_r"
    cheap = f"abs(length({left}) - length({right})) <= {most}"
    if ends:
        cheap += f" and (left({left}, {ends}) = left({right}, {ends}) or right({left}, {ends}) = right({right}, {ends}))"
    return _guarded(cheap, f"damerau_levenshtein({left}, {right}) <= {most}")


NUMBER_UNKNOWN = "number_l is null or number_r is null"
NUMBER_SAME = "number_l = number_r"
# A whole resident number ends in a check digit, so two true numbers differ in at least two places.
NUMBER_SLIP = _guarded("regexp_full_match(number_l || number_r, '[0-9]+')", _edits("number", "number", 1))

NAME_UNKNOWN = "name_l is null or name_r is null or latin_l <> latin_r"
NAME_SAME = "name_l = name_r"
NAME_SLIP = _edits("name", "name", 1, 2)
SOUND_SAME = "(sound_l = sound_r or sound_l = turned_r or turned_l = sound_r)"
NAME_SOUND = f"latin_l and {SOUND_SAME}"
NAME_SIMILAR = (
    f"({_edits('name', 'name', 2, 2)} or "
    + _guarded(
        "latin_l",
        "jaro_winkler_similarity(name_l, name_r) >= 0.9"
        " or list_has_any(string_split(name_l, ' '), string_split(name_r, ' '))",
    )
    + ")"
)
NAME_SURNAME = "surname_l = surname_r"

SOUND_UNKNOWN = "sound_l is null or sound_r is null or latin_l = latin_r"
SOUND_SLIP = (
    f"({_edits('sound', 'sound', 1)} or {_edits('sound', 'turned', 1)} or {_edits('turned', 'sound', 1)})"
)

BIRTH_UNKNOWN = "birth_date_l is null or birth_date_r is null"
BIRTH_SAME = "birth_date_l = birth_date_r"
BIRTH_SLIP = (
    f"({_edits('birth_date', 'birth_date', 1, 3)} or left(birth_date_l, 4) = left(birth_date_r, 4)"
    " and substr(birth_date_l, 5, 2) = right(birth_date_r, 2) and right(birth_date_l, 2) = substr(birth_date_r, 5, 2))"
)
BIRTH_PART = (
    "(left(birth_date_l, 4) = left(birth_date_r, 4))::int + (substr(birth_date_l, 5, 2) = substr(birth_date_r, 5, 2))::int"
    " + (right(birth_date_l, 2) = right(birth_date_r, 2))::int >= 2"
)

PHONE_UNKNOWN = "phone_l is null or phone_r is null"
PHONE_SAME = "phone_l = phone_r"
PHONE_SLIP = _edits("phone", "phone", 1, 5)

# Streets and houses can be compared within one notation; across two, only the dong and the unit.
STREET_OPEN = "(street_l is null or street_r is null or notation_l <> notation_r)"
DONG_OPEN = "(dong_l is null or dong_r is null)"
HOUSE_SAME = "notation_l = notation_r and street_l = street_r and house_l = house_r"
UNIT_OPEN = "(unit_l is null or unit_r is null)"
ADDRESS_SAME = f"{HOUSE_SAME} and unit_l = unit_r"
# The other record does not tell the unit, or the building has none.
ADDRESS_HOUSE = f"{HOUSE_SAME} and {UNIT_OPEN}"
# One slip in one of the three, the others the same.
ADDRESS_SLIP = (
    "("
    + _guarded(
        f"notation_l = notation_r and house_l = house_r and (unit_l = unit_r or {UNIT_OPEN})",
        _edits("street", "street", 2),
    )
    + " or "
    + _guarded(
        "notation_l = notation_r and street_l = street_r and unit_l = unit_r", _edits("house", "house", 1)
    )
    + " or "
    + _guarded(HOUSE_SAME, _edits("unit", "unit", 1))
    + ")"
)
# By road name here and by lot there: the unit of an apartment is the same in both.
ADDRESS_UNIT = "notation_l <> notation_r and dong_l = dong_r and unit_l = unit_r"
DONG_SAME = "dong_l = dong_r"

PHONE_AGREES = f"({PHONE_SAME} or {PHONE_SLIP})"
ADDRESS_AGREES = f"({ADDRESS_SAME} or {ADDRESS_HOUSE} or {ADDRESS_SLIP})"

# A home that agrees under a name that does not is that of a relative, whom the other list holds instead.
NAME_AGREES = f"({NAME_SAME} or {NAME_SLIP} or {NAME_SOUND})"
RELATIVES = _guarded(
    "not coalesce(number_l = number_r, false) and not coalesce(latin_l <> latin_r, true)",
    f"(coalesce({PHONE_AGREES}, false) or coalesce({ADDRESS_AGREES}, false) or coalesce({ADDRESS_UNIT}, false))"
    f" and not {NAME_AGREES}",
)
# Born on one day, besides: twins. That their birth dates agree says little then (one in two hundred pairs of a family, not one in twenty
# thousand), that their surnames do says nothing, and their given names are alike by choice.
TWINS = _guarded(f"coalesce({BIRTH_SAME}, false)", RELATIVES)

COMPARISONS = (
    Comparison(
        "number",
        NUMBER_UNKNOWN,
        (Level(NUMBER_SAME, 0.970, 1e-7), Level(NUMBER_SLIP, 0.022, 1e-6), Level("", 0.008, 1.0)),
    ),
    Comparison(
        "name",
        NAME_UNKNOWN,
        (
            Level(NAME_SAME, 0.900, 3e-4, frequency=True),
            Level(NAME_SLIP, 0.070, 3e-4, frequency=True),
            Level(NAME_SOUND, 0.008, 3e-4),
            Level(NAME_SIMILAR, 0.012, 3e-3),
            Level(NAME_SURNAME, 0.003, 0.07),
            Level("", 0.007, 1.0),
        ),
    ),
    Comparison(
        "sound",
        SOUND_UNKNOWN,
        (Level(SOUND_SAME, 0.800, 5e-4), Level(SOUND_SLIP, 0.150, 3e-3), Level("", 0.050, 1.0)),
    ),
    Comparison(
        "birth_date",
        BIRTH_UNKNOWN,
        (
            Level(BIRTH_SAME, 0.945, 4e-5, frequency=True),
            Level(BIRTH_SLIP, 0.035, 1e-3),
            Level(BIRTH_PART, 0.010, 4e-3),
            Level("", 0.010, 1.0),
        ),
    ),
    Comparison(
        "sex", "sex_l is null or sex_r is null", (Level("sex_l = sex_r", 0.993, 0.5), Level("", 0.007, 0.5))
    ),
    # Where somebody lives, by what is known of it: telephone and street, telephone and dong, or one of the three.
    Comparison(
        "home",
        f"{PHONE_UNKNOWN} or {STREET_OPEN}",
        (
            Level(f"{PHONE_AGREES} and {ADDRESS_AGREES}", 0.700, 1e-5),
            Level(PHONE_AGREES, 0.180, 1e-5),
            Level(ADDRESS_SAME, 0.070, 1e-5),
            Level(ADDRESS_AGREES, 0.020, 1e-4),
            Level(DONG_SAME, 0.015, 0.07),
            Level("", 0.015, 0.93),
        ),
    ),
    Comparison(
        "phone_and_dong",
        f"{PHONE_UNKNOWN} or {DONG_OPEN} or not {STREET_OPEN}",
        (
            Level(PHONE_AGREES, 0.880, 1e-5),
            Level(ADDRESS_UNIT, 0.060, 1e-4),
            Level(DONG_SAME, 0.045, 0.07),
            Level("", 0.015, 0.93),
        ),
    ),
    Comparison(
        "phone",
        f"{PHONE_UNKNOWN} or not {DONG_OPEN} or not {STREET_OPEN}",
        (
            Level(PHONE_SAME, 0.860, 1e-5),
            Level(PHONE_SLIP, 0.030, 1e-5),
            Level("", 0.110, 1.0),
        ),
    ),
    Comparison(
        "address",
        f"{STREET_OPEN} or not ({PHONE_UNKNOWN})",
        (
            Level(ADDRESS_SAME, 0.650, 1e-5),
            Level(ADDRESS_AGREES, 0.180, 1e-4),
            Level(DONG_SAME, 0.050, 0.07),
            Level("", 0.120, 0.93),
        ),
    ),
    Comparison(
        "dong",
        f"{DONG_OPEN} or not {STREET_OPEN} or not ({PHONE_UNKNOWN})",
        (
            Level(ADDRESS_UNIT, 0.450, 1e-4),
            Level(DONG_SAME, 0.450, 0.07),
            Level("", 0.100, 0.93),
        ),
    ),
    Comparison(
        "relatives",
        "false",
        (
            Level(TWINS, 0.00015, 1.0, relatives=True),
            Level(RELATIVES, 1.0, 1.0, relatives=True),
            Level("", 1.0, 1.0),
        ),
        counted=False,
    ),
)

# What a review screen says about each field, from the best to the worst; what is left is "differs".
WORDS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "name": (
        "sound_l is null or sound_r is null",
        (
            ("same", NAME_SAME),
            ("slip", f"latin_l = latin_r and {NAME_SLIP}"),
            ("sound", f"(latin_l or latin_r) and {SOUND_SAME}"),
            ("similar", f"latin_l = latin_r and {NAME_SIMILAR} or latin_l <> latin_r and {SOUND_SLIP}"),
            ("surname", NAME_SURNAME),
        ),
    ),
    "birth_date": (
        BIRTH_UNKNOWN,
        (("same", BIRTH_SAME), ("slip", BIRTH_SLIP), ("part", BIRTH_PART)),
    ),
    "sex": ("sex_l is null or sex_r is null", (("same", "sex_l = sex_r"),)),
    "phone": (PHONE_UNKNOWN, (("same", PHONE_SAME), ("slip", PHONE_SLIP))),
    "address": (
        f"{STREET_OPEN} and {DONG_OPEN}",
        (
            ("same", ADDRESS_SAME),
            ("house", ADDRESS_HOUSE),
            ("slip", ADDRESS_SLIP),
            ("unit", ADDRESS_UNIT),
            ("dong", DONG_SAME),
        ),
    ),
    "number": (NUMBER_UNKNOWN, (("same", NUMBER_SAME), ("slip", NUMBER_SLIP))),
}

AGREEMENTS = (
    "same", "slip", "sound", "similar", "surname", "part", "house", "unit", "dong", "differs", "unknown",
)  # fmt: skip

# Only pairs that share a key are compared at all. A key is a text of one record, null where it is not told; a key that would alone bring more than so many
# pairs finds nobody: it is a placeholder or an institution's, or, of the last three, simply not rare.
CROWD, FEW = 40_000, 100
KEYS = {
    "by_number": ("number", CROWD),
    "by_birth_date": ("birth_date", CROWD),
    "by_phone": ("phone", CROWD),
    "by_home": ("street || '/' || house || '/' || unit", CROWD),
    "by_house_and_year": ("street || '/' || house || '/' || left(birth_date, 4)", CROWD),
    "by_name_and_year": ("name || '/' || left(birth_date, 4)", CROWD),
    "by_name_and_day": ("name || '/' || right(birth_date, 4)", CROWD),
    "by_name_and_dong": ("name || '/' || dong", CROWD),
    "by_sound_and_year": ("sound || '/' || left(birth_date, 4)", CROWD),
    "by_turned_and_year": ("turned || '/' || left(birth_date, 4)", CROWD),
    "by_name": ("name", FEW),
    "by_street": ("street", FEW),
    "by_dong": ("dong", FEW),
}
# A name whose surname stands last in one list meets the other list's name read the usual way.
CROSSED = (("by_turned_and_year", "by_sound_and_year"), ("by_sound_and_year", "by_turned_and_year"))
BLOCKS = (*((key, key) for key in KEYS if key != "by_turned_and_year"), *CROSSED)

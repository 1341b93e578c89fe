"""What can be known about a person or a household, declared once.

A fact is the only way a value enters a rule. Its declared domain is what makes an unknown value useful: the engine lets it
span the whole domain instead of guessing, so a wide or wrong domain is a wrong answer waiting to happen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

Text = dict[str, str]  # {"ko": ..., "en": ...}

TYPES = ("bool", "int", "won", "code", "date")
SUBJECTS = ("household", "person")
SENSITIVITIES = ("ordinary", "personal", "sensitive")

HOUSEHOLD_SIZE_MAX = 20  # members; the largest household on the register the tables must cover

# Names the language gives by itself: they describe the shape of the household, not something one asks.
AS_OF = "as_of"
HOUSEHOLD_SIZE = "household_size"
COUPLE = "couple"
COUPLE_MAX = 9
BY_HAND = "by_hand"  # what only a person can check: nobody ever tells it, so it stays unknown
BUILT_IN = (AS_OF, HOUSEHOLD_SIZE, COUPLE, BY_HAND)


@dataclass(frozen=True)
class Fact:
    """One declared fact.

    `low` and `high` bound the domain in the fact's own unit: won, a count, or a date written as the integer yyyymmdd.
    For a code they are the first and last index into `codes`. `cost` is what asking costs: 0 a register answers, 1 anybody
    knows, 2 one must think, 3 a document is needed. `register` is the authority's record that answers without the resident,
    `shown_by` the paper or word that shows it where no register does.
    """

    name: str
    of: str
    type: str
    label: Text
    question: Text | None = None
    help: Text | None = None
    sensitivity: str = "ordinary"
    register: Text | None = None
    shown_by: Text | None = None
    cost: int = 1
    low: int = 0
    high: int = 1
    per: str | None = None
    codes: tuple[str, ...] = ()
    code_labels: tuple[Text, ...] = ()
    aliases: tuple[str, ...] = field(default=())

    @property
    def askable(self) -> bool:
        """A fact without a question can only come from a register."""
        return self.question is not None

    def encode(self, value: object) -> int | bool:
        """The integer the engine calculates with: won, count, code index or yyyymmdd; a bool stays a bool.

        Raises ValueError with a sentence for people when the value has the wrong type or lies outside the domain.
        """
        if self.type == "bool":
            if isinstance(value, bool):
                return value
            raise ValueError(f"{self.name}: {value!r} is not true or false")
        if self.type == "code":
            if value in self.codes:
                return self.codes.index(str(value))
            raise ValueError(f"{self.name}: {value!r} is not one of {', '.join(self.codes)}")
        if self.type == "date":
            number = encode_date(value, self.name)
        elif isinstance(value, int) and not isinstance(value, bool):
            number = value
        else:
            raise ValueError(f"{self.name}: {value!r} is not a whole number")
        if not self.low <= number <= self.high:
            raise ValueError(
                f"{self.name}: {self.decode(number)} is outside {self.decode(self.low)} … {self.decode(self.high)}"
            )
        return number

    def decode(self, number: int | bool) -> object:
        """The value a person recognises: the inverse of `encode`, for numbers inside or outside the domain."""
        if self.type == "code":
            return self.codes[int(number)]
        if self.type == "date":
            return decode_date(int(number))
        return number


def encode_date(value: object, name: str = "date") -> int:
    """A date or ISO text as the integer yyyymmdd, whose order is the order of days.

    Raises ValueError when the text is not a date.
    """
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{name}: {value!r} is not a date written as 2026-03-01") from None
    if not isinstance(value, date):
        raise ValueError(f"{name}: {value!r} is not a date")  # noqa: TRY004 - one kind of refusal for every value
    return value.year * 10000 + value.month * 100 + value.day


def decode_date(number: int) -> date:
    """The day behind the integer yyyymmdd."""
    return date(number // 10000, number // 100 % 100, number % 100)


HOUSEHOLD_SIZE_FACT = Fact(
    HOUSEHOLD_SIZE,
    "household",
    "int",
    {"ko": "가구원 수", "en": "Household size"},
    low=1,
    high=HOUSEHOLD_SIZE_MAX,
)
COUPLE_FACT = Fact(
    COUPLE, "person", "int", {"ko": "부부 번호", "en": "Couple number"}, low=0, high=COUPLE_MAX
)
AS_OF_FACT = Fact(
    AS_OF, "household", "date", {"ko": "기준일", "en": "As-of date"}, low=19000101, high=21001231
)
BY_HAND_FACT = Fact(
    BY_HAND, "household", "bool", {"ko": "담당자가 직접 확인할 사항", "en": "To be checked by a person"}
)
BUILT_IN_FACTS = (HOUSEHOLD_SIZE_FACT, COUPLE_FACT, AS_OF_FACT, BY_HAND_FACT)

"""The invented people while their facts are being drawn: one random stream per fact, each fact drawn once,
when first asked for.

A rule (see `circumstances`) is a function of the world and gives one value per household or per person. It
may look at other facts by name; they are drawn first, whether or not the catalogue has them. So a fact's
values depend on the seed and on the rules behind it only, not on what else a catalogue declares.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

from welfare.synthetic.dongs import DONGS
from welfare.synthetic.families import COMPOSITIONS, FEMALE, HEAD, SPOUSE, Families


def stream(seed: tuple[int, ...], name: str) -> np.random.Generator:
    """The random stream that belongs to a name."""
    return np.random.Generator(np.random.PCG64([*seed, zlib.crc32(name.encode())]))


@dataclass(frozen=True)
class Codes:
    """Values of a code fact: `place` points into `names`."""

    names: tuple[str, ...]
    place: np.ndarray

    def among(self, *wanted: str) -> np.ndarray:
        """Where the code is one of `wanted`."""
        return np.isin(self.place, [self.names.index(name) for name in wanted])


Values = np.ndarray | Codes
Rule = Callable[["World", np.random.Generator], Values]


@dataclass
class World:
    """Families with everything already drawn about them.

    Rules of a person's fact give one value per person, rules of a household's fact one per household.
    """

    families: Families
    as_of: date
    seed: tuple[int, ...]
    rules: dict[str, Rule]
    drawn: dict[str, Values] = field(default_factory=dict)

    def draw(self, name: str) -> Values:
        """All values of a fact (or of a latent circumstance) that has a rule."""
        if name not in self.drawn:
            self.drawn[name] = self.rules[name](self, stream(self.seed, name))
        return self.drawn[name]

    def __getitem__(self, name: str) -> np.ndarray:
        """Numbers or truths of a fact."""
        values = self.draw(name)
        assert isinstance(values, np.ndarray), name
        return values

    def codes(self, name: str) -> Codes:
        values = self.draw(name)
        assert isinstance(values, Codes), name
        return values

    # Between households and persons -------------------------------------------------------------------------

    @property
    def people(self) -> int:
        return len(self.families.home)

    @property
    def households(self) -> int:
        return len(self.families.size)

    def each(self, of_households: np.ndarray) -> np.ndarray:
        """A value of the household for each of its members."""
        return of_households[self.families.home]

    def total(self, of_persons: np.ndarray) -> np.ndarray:
        """The sum over the members of each household."""
        return np.add.reduceat(of_persons.astype(np.int64), self.families.first)

    def any(self, of_persons: np.ndarray) -> np.ndarray:
        """Whether it is so for any member."""
        return np.logical_or.reduceat(of_persons, self.families.first)

    # What every rule needs ----------------------------------------------------------------------------------

    @cached_property
    def birth_date(self) -> np.ndarray:
        return np.datetime64(self.as_of, "D") - self.families.age_days

    @cached_property
    def months(self) -> np.ndarray:
        """Completed months on the as-of date."""
        of_birth = self.birth_date.astype("datetime64[M]")
        day = (self.birth_date - of_birth).astype(np.int64) + 1
        now = (self.as_of.year - 1970) * 12 + self.as_of.month - 1
        return now - of_birth.astype(np.int64) - (self.as_of.day < day)

    @cached_property
    def age(self) -> np.ndarray:
        """Completed years on the as-of date."""
        return self.months // 12

    @cached_property
    def female(self) -> np.ndarray:
        return self.families.sex == FEMALE

    @cached_property
    def adult(self) -> np.ndarray:
        return self.age >= 19

    @cached_property
    def head(self) -> np.ndarray:
        return self.families.relation == HEAD

    @cached_property
    def leads(self) -> np.ndarray:
        """The head and the head's spouse."""
        return self.head | (self.families.relation == SPOUSE)

    @cached_property
    def composition(self) -> Codes:
        """What kind of household it is; several entries of the table may share a name."""
        names = tuple(dict.fromkeys(one.name for one in COMPOSITIONS))
        places = np.array([names.index(one.name) for one in COMPOSITIONS])
        return Codes(names, places[self.families.composition])

    @cached_property
    def head_age(self) -> np.ndarray:
        return self.age[self.families.first]

    @cached_property
    def minors(self) -> np.ndarray:
        """Members under 18, by household."""
        return self.total(self.age < 18)

    @cached_property
    def rent_level(self) -> np.ndarray:
        return np.array([dong.rent for dong in DONGS])[self.families.dong]

    @cached_property
    def home_level(self) -> np.ndarray:
        return np.array([dong.home for dong in DONGS])[self.families.dong]

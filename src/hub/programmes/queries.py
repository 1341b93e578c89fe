"""The catalogue as pages and other apps read it. Files are read once in each process."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import product

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, ngettext

import welfare
from hub.templatetags.words import won
from welfare import formula
from welfare.facts import Text, decode_date
from welfare.rules import Catalogue, Programme, RuleSet
from welfare.rules.catalogue import CERTAIN, DatedValue, Parameter, Source
from welfare.rules.changes import FigureChange, RuleChange, changes
from welfare.rules.search import ProgrammeSearch

SIZES_SHOWN = 6  # persons; larger households are rare and follow a rule the note states


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue of this office."""
    return welfare.load(settings.CATALOGUE)


@lru_cache(maxsize=1)
def search() -> ProgrammeSearch:
    """The index that finds a programme of the catalogue."""
    return ProgrammeSearch(catalogue())


def reload() -> Catalogue:
    """The catalogue as its files are now."""
    catalogue.cache_clear()
    search.cache_clear()
    return catalogue()


def rules(day: date | None = None) -> RuleSet:
    """The rules of a day, today if none is named."""
    return catalogue().at(day or timezone.localdate())


@dataclass(frozen=True)
class Figure:
    """A parameter as a programme's page shows it: the value of the day and how sure it is."""

    parameter: Parameter
    dated: DatedValue
    stale: bool

    @property
    def certain(self) -> bool:
        return self.dated.confidence in CERTAIN

    @property
    def shown(self) -> list[tuple[str, str]]:
        """(key, value) as a person reads them."""
        return shown(self.parameter, self.dated)

    @property
    def history(self) -> list[tuple[DatedValue, str]]:
        """The other values a single figure has had or is decided to have, the latest first; a table's are too many to list."""
        if self.parameter.by:
            return []
        others = [value for value in self.parameter.values if value is not self.dated]
        return [(value, shown(self.parameter, value)[0][1]) for value in reversed(others)]


def shown(parameter: Parameter, dated: DatedValue) -> list[tuple[str, str]]:
    """(key, value) of a figure; a single one has an empty key, a table by size stops at six persons."""
    language = get_language() or "ko"
    facts = catalogue().facts
    keys: list[list[str]] = []
    for name in parameter.by:
        if name in facts:
            keys.append([label[language] for label in facts[name].code_labels])
        else:
            keys.append(
                [
                    ngettext("%(number)d person", "%(number)d persons", size) % {"number": size}
                    for size in range(1, SIZES_SHOWN + 1)
                ]
            )
    found = []
    for place in product(*(range(len(labels)) for labels in keys)):
        index = 0
        for step, extent in zip(place, parameter.shape, strict=True):
            index = index * extent + step
        key = " · ".join(labels[step] for labels, step in zip(keys, place, strict=True))
        found.append((key, _figure(parameter.type, dated.value[index])))
    return found


def _figure(kind: str, value: int | Fraction) -> str:
    """A number of the law in words: won, a count, a day, a share in percent or as a fraction."""
    if kind == "won":
        return won(int(value))
    if kind == "date":
        return str(decode_date(int(value)))
    if kind == "int":
        return f"{int(value):,}"
    percent = Fraction(value) * 100
    if percent.denominator in (1, 2, 4, 5, 10, 20, 25, 50, 100):
        return f"{float(percent):g} %"
    return str(value)


def in_words(text: str) -> str:
    """An expression of a programme file in the page's language."""
    return formula.in_words(text, catalogue(), get_language() or "ko")


@dataclass(frozen=True)
class Choice:
    """What narrows the list: words, who gives it, and whether a machine decides all of it."""

    words: str = ""
    scope: str = ""
    kind: str = ""  # "computed" or "by_hand"

    def __contains__(self, programme: Programme) -> bool:
        return (not self.scope or programme.scope == self.scope) and (
            not self.kind or programme.computable is (self.kind == "computed")
        )


@dataclass(frozen=True)
class FieldOfLife:
    """A field of life with the programmes of it that were found."""

    id: str
    name: Text
    programmes: list[Programme]


def found(choice: Choice) -> list[Programme]:
    """The programmes that hold every word, the likeliest first; all, by name, where nothing is asked."""
    return [programme for programme in search().find(choice.words) if programme in choice]


def by_field(programmes: list[Programme]) -> list[FieldOfLife]:
    """Programmes under their fields of life, in the catalogue's order of fields; empty fields are left out."""
    return [
        FieldOfLife(field, name, here)
        for field, name in catalogue().fields.items()
        if (here := [programme for programme in programmes if programme.field == field])
    ]


def reviewed(sources: list[Source]) -> str:
    """The day the newest of these sources was read, or "" where none says."""
    return max((source.read_on for source in sources), default="")


@dataclass(frozen=True)
class Difference:
    """A changed figure with the entries that differ: (key, before, after); a table is cut after `ENTRIES_SHOWN`."""

    change: FigureChange
    entries: list[tuple[str, str, str]]
    more: int


ENTRIES_SHOWN = 6  # of a table; the programme's page has them all


@dataclass(frozen=True)
class ChangedField:
    """What changed in one field of life."""

    name: Text
    begun: list[Programme]
    ended: list[Programme]
    rules: list[RuleChange]
    figures: list[Difference]


def changed_fields(earlier: date, later: date) -> list[ChangedField]:
    """What changed between two days, by field of life; a figure stands in the first field it touches.

    Raises ValueError when the later day is before the earlier.
    """
    found = changes(catalogue(), earlier, later)
    fields = [
        ChangedField(
            name,
            [one for one in found.begun if one.field == field],
            [one for one in found.ended if one.field == field],
            [one for one in found.rules if one.after.field == field],
            [_difference(one) for one in found.figures if one.programmes and _first_field(one) == field],
        )
        for field, name in catalogue().fields.items()
    ]
    return [one for one in fields if one.begun or one.ended or one.rules or one.figures]


def _first_field(change: FigureChange) -> str:
    order = list(catalogue().fields)
    return min((programme.field for programme in change.programmes), key=order.index)


def _difference(change: FigureChange) -> Difference:
    before = shown(change.parameter, change.before) if change.before else []
    after = shown(change.parameter, change.after) if change.after else []
    keys = [key for key, _ in after or before]
    old, new = dict(before), dict(after)
    entries = [
        (key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key, "") != new.get(key, "")
    ]
    return Difference(change, entries[:ENTRIES_SHOWN], max(0, len(entries) - ENTRIES_SHOWN))


def figures(programme: Programme, day: date | None = None) -> list[Figure]:
    """The dated figures a programme rests on, as they stand on a day."""
    in_force = rules(day)
    stale = set(in_force.stale)
    return [
        Figure(in_force.catalogue.parameters[name], in_force.parameters[name].dated, name in stale)
        for name in sorted(in_force.parameters_of(programme))
        if name in in_force.parameters
    ]

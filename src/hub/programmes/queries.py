"""The catalogue as pages and other apps read it. Files are read once in each process."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import product

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext

import welfare
from hub.templatetags.words import won
from welfare.facts import Text, decode_date
from welfare.rules import Catalogue, Programme, RuleSet
from welfare.rules.catalogue import CERTAIN, DatedValue, Parameter

SIZES_SHOWN = 6  # persons; larger households are rare and follow a rule the note states
WORD = re.compile(r"[a-z][a-z0-9_]*")


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue of this office."""
    return welfare.load(settings.CATALOGUE)


def reload() -> Catalogue:
    """The catalogue as its files are now."""
    catalogue.cache_clear()
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
        """(key, value) as a person reads them; a single figure has an empty key, a table by size stops at six persons."""
        language = get_language() or "ko"
        facts = catalogue().facts
        keys: list[list[str]] = []
        for name in self.parameter.by:
            if name in facts:
                keys.append([label[language] for label in facts[name].code_labels])
            else:
                keys.append(
                    [gettext("%(number)d persons") % {"number": size} for size in range(1, SIZES_SHOWN + 1)]
                )
        extents = self.parameter.shape
        found = []
        for place in product(*(range(len(labels)) for labels in keys)):
            index = 0
            for step, extent in zip(place, extents, strict=True):
                index = index * extent + step
            key = " · ".join(labels[step] for labels, step in zip(keys, place, strict=True))
            found.append((key, _figure(self.parameter.type, self.dated.value[index])))
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
    """An expression of a programme file with the names of facts and figures in words."""
    found = catalogue()
    language = get_language() or "ko"
    labels = {fact.name: fact.label for fact in found.facts.values()}
    labels |= {derived.name: derived.label for derived in found.derived.values()}
    labels |= {parameter.name: parameter.label for parameter in found.parameters.values()}
    words = WORD.sub(lambda name: f"[{labels[name[0]][language]}]" if name[0] in labels else name[0], text)
    return words.replace("*", "×").replace(" - ", " − ")


def by_field(search: str = "") -> list[tuple[Text, list[Programme]]]:
    """Programmes of each field of life whose name, summary or agency holds every word of `search`."""
    words = search.casefold().split()
    found = []
    for field, name in catalogue().fields.items():
        programmes = [
            programme
            for programme in catalogue().programmes.values()
            if programme.field == field and all(word in _searchable(programme) for word in words)
        ]
        if programmes:
            found.append((name, sorted(programmes, key=lambda programme: programme.name["ko"])))
    return found


def _searchable(programme: Programme) -> str:
    texts: Sequence[Text] = (programme.name, programme.summary, programme.agency)
    return " ".join(part for text in texts for part in text.values()).casefold()


def figures(programme: Programme, day: date | None = None) -> list[Figure]:
    """The dated figures a programme rests on, as they stand on a day."""
    in_force = rules(day)
    stale = set(in_force.stale)
    return [
        Figure(in_force.catalogue.parameters[name], in_force.parameters[name].dated, name in stale)
        for name in sorted(in_force.parameters_of(programme))
        if name in in_force.parameters
    ]

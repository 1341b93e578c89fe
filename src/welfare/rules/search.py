"""Finding a programme while somebody waits: by any part of a word, by first letters, in Korean or English.

What is found in a name comes before what is found in the summary, and that before what stands in criteria, law and agency;
a beginning comes before a middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from welfare.facts import Text
from welfare.hangul import begins_syllables, initials, letters, only_initials, syllables
from welfare.rules.catalogue import Catalogue, Programme

NAME, SUMMARY, REST = range(3)  # where a word is looked for, in the order of its weight


@dataclass(frozen=True)
class _Words:
    """A text in the three forms a query may meet it in."""

    letters: str
    initials: str
    syllables: str

    @classmethod
    def of(cls, text: str) -> _Words:
        return cls(letters(text), initials(text), syllables(text))


class ProgrammeSearch:
    """An index of a catalogue's programmes, made once and asked often."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._entries = [
            (programme, tuple(tuple(map(_Words.of, texts)) for texts in _texts(programme)))
            for programme in catalogue.programmes.values()
        ]

    def find(self, query: str) -> list[Programme]:
        """The programmes that hold every word of the query, the likeliest first; all, by name, when nothing is asked."""
        tests = [test for word in query.split() if (test := _test(word)) is not None]
        found = []
        for programme, places in self._entries:
            weights = [_weight(test, places) for test in tests]
            if None not in weights:
                found.append((weights, programme.name["ko"], programme))
        return [programme for _, _, programme in sorted(found, key=lambda one: one[:2])]


def _texts(programme: Programme) -> tuple[Iterable[str], Iterable[str], Iterable[str]]:
    """What is looked through: names; summary; everything else that an official might remember."""

    def both(*texts: Text) -> list[str]:
        return [part for text in texts for part in text.values()]

    criteria = [part for one in programme.criteria for part in (*both(one.label), one.law)]
    in_kind = both(programme.amount.in_kind) if programme.amount.in_kind else []
    rest = [programme.id, programme.law, *both(programme.agency), *criteria, *in_kind]
    return both(programme.name), both(programme.summary), rest


Test = Callable[[_Words], int]  # the place it is found at, or -1


def _test(word: str) -> Test | None:
    """How one word of a query is looked for; None where it holds no letter."""
    typed = letters(word)
    if not typed:
        return None
    if only_initials(word):
        return lambda words: max(words.initials.find(initials(word)), words.letters.find(typed))
    pattern = begins_syllables(word)

    def find(words: _Words) -> int:
        place = words.letters.find(typed)
        if place < 0 and (match := pattern.search(words.syllables)):
            place = match.start()
        return place

    return find


def _weight(test: Test, places: tuple[tuple[_Words, ...], ...]) -> tuple[int, bool] | None:
    """Where a word is found first: (name, summary or rest, not at the beginning); None where it is not."""
    for weight, texts in enumerate(places):
        at = [place for place in map(test, texts) if place >= 0]
        if at:
            return weight, min(at) > 0
    return None

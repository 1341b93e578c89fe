"""What lies in a zone, as an office writes it down: one word of its addresses a line, and house numbers from to.

    가재울로            the whole road
    홍제원길 1~99       its houses 1 to 99, with their side numbers (12-3)
    3통                 what the addresses call so: a tong, an estate, a building

Roads, tong and estates are how officers divide a dong among themselves, and they stand in every address; nothing has to be
drawn on a map. A line is compared with whole words, so 가재울로 is not 가재울로12길.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from hub.organisation.models import Zone

LINES, LENGTH = 300, 60  # lines of a zone, characters of a line
_NUMBERS = re.compile(r"(?P<word>\S+) (?P<first>\d{1,5})(?: ?[-~] ?(?P<last>\d{1,5}))?(?:번지?)?")
_WAY_APART = re.compile(r"(로) (\d+[가-힣]?길)(?= |$)")
_LETTER = re.compile(r"\w")


@dataclass(frozen=True)
class Line:
    """One line of a zone's ground: a word of addresses, and the house numbers after it (None: all)."""

    text: str
    word: str
    first: int | None = None
    last: int | None = None

    def overlaps(self, other: "Line") -> bool:
        """Whether an address could lie on both."""
        if self.word != other.word:
            return False
        if self.first is None or self.last is None or other.first is None or other.last is None:
            return True
        return self.first <= other.last and other.first <= self.last


def read(text: str) -> list[Line]:
    """The lines of a zone's ground; empty ones are left out. Raises ValidationError with a sentence for each that is wrong."""
    found, wrong = [], []
    written = [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines()]
    for number, line in enumerate(written, start=1):
        if not line:
            continue
        try:
            found.append(_line(line))
        except ValueError as problem:
            told = {"number": number, "line": line[:LENGTH], "problem": problem}
            wrong.append(_("Line %(number)d “%(line)s”: %(problem)s") % told)
    if len(found) > LINES:
        wrong.append(_("A zone has at most %(most)d lines.") % {"most": LINES})
    if wrong:
        raise ValidationError(wrong)
    return found


def _line(text: str) -> Line:
    if len(text) > LENGTH:
        raise ValueError(_("a line has at most %(most)d characters.") % {"most": LENGTH})
    # 가재울로 12길 is the road 가재울로12길, however it is spaced.
    joined = _WAY_APART.sub(r"\1\2", text).lower()
    numbered = _NUMBERS.fullmatch(joined)
    word = numbered["word"] if numbered else joined
    if " " in word or "," in word or not _LETTER.search(word):
        raise ValueError(
            _("write one word as addresses have it, and house numbers after it if need be: 홍제원길 1~99.")
        )
    if numbered is None:
        return Line(text, word)
    first, last = int(numbered["first"]), int(numbered["last"] or numbered["first"])
    if first > last:
        raise ValueError(
            _("the numbers run backwards. House %(first)d with all its side numbers is “%(word)s %(first)d”.")
            % {"first": first, "word": word}
        )
    return Line(text, word, first, last)


def taken(lines: Iterable[Line], others: Iterable[Zone]) -> list[str]:
    """A sentence for each line that lies in one of the other zones already."""
    theirs = [(line, zone) for zone in others for line in read(zone.ground)]
    return [
        _("“%(line)s” lies in zone %(zone)s already, by its line “%(other)s”.")
        % {"line": line.text, "zone": zone.name, "other": other.text}
        for line in lines
        for other, zone in theirs
        if line.overlaps(other)
    ]

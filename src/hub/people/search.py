"""What a resident is found by, and how what somebody typed is looked for among it.

Each person carries a line of words between blanks: the letters of the name as they are typed, its first consonants, the date
of birth in six and eight digits, the phone number. PostgreSQL finds any part of the line through one trigram index. A pattern
is made from letters and digits only, so nothing typed can mean anything to LIKE.
"""

import re
from dataclasses import dataclass
from datetime import date

from welfare.hangul import INITIALS, begins_syllables, initials, letters, only_initials, syllables
from welfare.romanised import sound_of_korean, sounds_of_latin

MOST = 50  # people shown at most
_SIGN = re.compile(r"[\W_]+")
_SPLIT = re.compile(r"[\s,·]+")
_LATIN = re.compile(r"[A-Za-z][A-Za-z\s\-']*")
_NO_DIGIT = re.compile(r"\D+")
_PHONE_OR_DATE = re.compile(r"[\d\-./]+\*{0,7}")


@dataclass(frozen=True)
class Wanted:
    """What to look for: ways of at most three LIKE patterns that must all fit the person's words, and one for the address instead."""

    ways: tuple[tuple[str, ...], ...]
    address: str
    number: int | None = None  # a household's or person's number


def terms(name: str, birth_date: date | None = None, phone: str = "") -> str:
    """The words a person is found by, with a blank before, between and after them."""
    words = [name_words(name)]
    if birth_date is not None:
        words += [birth_date.strftime("%y%m%d"), birth_date.strftime("%Y%m%d")]
    digits = _NO_DIGIT.sub("", phone)
    if digits:
        words += [digits, digits[-4:]]
    return f" {' '.join(word for word in words if word)} "


def name_words(name: str) -> str:
    """The part of the words that comes from the name: letters, syllables with their consonants, first consonants, those of the
    given name alone, and how the name sounds, by which it is found in Latin letters.
    """
    first = initials(name)
    words = (letters(name), syllables(name), first, first[1:], sound_of_korean(name))
    return " ".join(word for word in words if word)


def wanted(text: str) -> Wanted | None:
    """What was typed, as it is looked for; None when it is too little to look for anybody.

    A name in whole or part (김가, 가상), first consonants (ㄱㄱㅅ), both mixed (김ㄱㅅ), romanised, a date of birth (500101, 1950-01-01,
    1950.1.1), a masked resident number (500101-1), a phone number or its last four digits, an address, a number of the register; several
    words narrow it down.
    """
    text = text.strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
    words = tuple(pattern for word in _SPLIT.split(text) if (pattern := _pattern(word)))
    address = letters(text)
    if not words or (len(_SIGN.sub("", text)) < 2 and number is None):
        return None
    ways = [words[:3]]
    if _LATIN.fullmatch(text):
        # Kim Min-su, MINSU KIM, kim minsu: by its sound, with the surname first or last, beside the letters as they stand.
        spoken = re.findall("[a-z]+", text.casefold())
        ways += [(f"%{sound}%",) for sound in dict.fromkeys(sounds_of_latin(spoken)) if len(sound) >= 2]
    return Wanted(tuple(dict.fromkeys(ways)), f"%{address}%" if len(address) >= 4 else "", number)


def _pattern(word: str) -> str:
    if only_initials(word):
        return f"% {initials(word)}%"
    if _PHONE_OR_DATE.fullmatch(word):
        return _of_digits(word)
    if any(
        sign in INITIALS for sign in word
    ):  # 김ㄱㅅ: the pattern's points stand for any syllable of that consonant
        return f"%{begins_syllables(word).pattern.replace('.', '_')}%"
    typed = letters(word)
    return f"%{typed}%" if typed else ""


def _of_digits(word: str) -> str:
    """1950-1-1 and 1950.01.01 are dates, 500101-1 the front of a resident number; anything else is digits in a row."""
    parts = [part for part in re.split(r"[-./]", word.rstrip("*")) if part]
    if len(parts) == 3 and len(parts[0]) in (2, 4) and all(len(part) <= 2 for part in parts[1:]):
        return f"% {parts[0]}{parts[1]:0>2}{parts[2]:0>2} %"
    if len(parts) == 2 and len(parts[0]) == 6:
        return f"% {parts[0]} %"
    digits = "".join(parts)
    return f"% {digits}%" if digits else ""

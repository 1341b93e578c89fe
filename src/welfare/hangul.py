"""Korean text taken apart: a search finds what somebody is still typing or only begins each syllable of, and a
comparison of names counts letters instead of syllables.

A syllable is written as its letters, compound ones in the strokes they are typed with (ㅘ as ㅗㅏ, ㄳ as ㄱㅅ). What is
typed is then always a beginning of what is meant: 생ㄱ, 생계, 생곅 and 생계급 all begin the letters of 생계급여.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

FIRST, LAST = ord("가"), ord("힣")
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
STROKES = {
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ",
    "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
# The keys of the standard two-set keyboard (두벌식, KS X 5002), a capital where Shift is held.
KEYS = str.maketrans(
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ", "qwertyuiopasdfghjklzxcvbnmQWERTOP"
)
NO_LETTER = re.compile(r"[\W_]+")  # spaces, points and signs, which people leave out or type in other places


def letters(text: str) -> str:
    """The letters of a text as they are typed, in small letters and without spaces or signs."""
    return "".join(_typed(sign) for sign in _plain(text))


def keys(text: str) -> str:
    """The letters of a text as the keys of the keyboard that type them: 김민수 gives rlaalstn.

    One key is one ASCII sign, so an edit distance that counts bytes counts letters.
    """
    return letters(text).translate(KEYS)


def parts(sign: str) -> tuple[str, str, str] | None:
    """The first letter, the vowel and the last letter ("" for none) of a syllable; None for any other sign."""
    if not FIRST <= ord(sign) <= LAST:
        return None
    place = ord(sign) - FIRST
    return INITIALS[place // 588], VOWELS[place // 28 % 21], FINALS[place % 28]


def initials(text: str) -> str:
    """The first letter of each syllable, other letters as they are: 기초연금 gives ㄱㅊㅇㄱ."""
    return "".join(_initial(sign) for sign in _plain(text))


def only_initials(text: str) -> bool:
    """Whether a text is nothing but first letters, such as ㄱㅊㅇㄱ."""
    plain = _plain(text)
    return bool(plain) and all(sign in INITIALS for sign in plain)


def begins_syllables(text: str) -> re.Pattern[str]:
    """A pattern for words of which some syllables are typed and of others only the first letter: 기초ㅇㄱ.

    It is looked for in `initials` and syllables side by side, as `syllables` writes them.
    """
    parts = []
    for sign in _plain(text):
        if sign in INITIALS:
            parts.append(f"{sign}.")
        else:
            parts.append(re.escape(_initial(sign) + sign))
    return re.compile("".join(parts))


def syllables(text: str) -> str:
    """Each sign of a text after its first letter: 기초 gives ㄱ기ㅊ초."""
    return "".join(_initial(sign) + sign for sign in _plain(text))


def _plain(text: str) -> str:
    return NO_LETTER.sub("", unicodedata.normalize("NFC", text).casefold())


@lru_cache(2**14)
def _initial(sign: str) -> str:
    place = ord(sign) - FIRST
    return INITIALS[place // 588] if FIRST <= ord(sign) <= LAST else sign


@lru_cache(2**14)
def _typed(sign: str) -> str:
    return "".join(STROKES.get(part, part) for part in parts(sign) or (sign,))

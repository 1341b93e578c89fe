"""How a name sounds, written the same whether it stands in Korean or in Latin letters.

A passport holds KIM MINSU, Kim Min-su or LEE YOUNGHEE where the register holds 김민수 and 이영희. The Revised Romanization (문화체육관광부
고시 제2014-42호) is the official spelling, but most people write something else. So both spellings are made coarser until they meet: plain, tense
and aspirated consonants are one, ㅓ ㅜ ㅡ are one (Sung is 성, 승 and 숭), and so are ㅐ ㅔ and ㅚ ㅙ ㅞ. A sound is therefore weaker evidence than
a name, and is compared only where the letters cannot be.
"""

from __future__ import annotations

import re

from welfare.hangul import parts

INITIAL_SOUNDS = {
    "ㄱ": "g", "ㄲ": "g", "ㄴ": "n", "ㄷ": "d", "ㄸ": "d", "ㄹ": "r", "ㅁ": "m", "ㅂ": "b", "ㅃ": "b", "ㅅ": "s", "ㅆ": "s", "ㅇ": "",
    "ㅈ": "j", "ㅉ": "j", "ㅊ": "j", "ㅋ": "g", "ㅌ": "d", "ㅍ": "b", "ㅎ": "h",
}  # fmt: skip
VOWEL_SOUNDS = {
    "ㅏ": "a", "ㅐ": "e", "ㅑ": "ya", "ㅒ": "ye", "ㅓ": "u", "ㅔ": "e", "ㅕ": "yu", "ㅖ": "ye", "ㅗ": "o", "ㅘ": "wa", "ㅙ": "we",
    "ㅚ": "we", "ㅛ": "yo", "ㅜ": "u", "ㅝ": "wo", "ㅞ": "we", "ㅟ": "wi", "ㅠ": "yu", "ㅡ": "u", "ㅢ": "i", "ㅣ": "i",
}  # fmt: skip
FINAL_SOUNDS = {
    letter: sound
    for letters, sound in (
        ("ㄱㄲㄳㅋㄺ", "g"), ("ㄴㄵㄶ", "n"), ("ㄷㅅㅆㅈㅊㅌㅎ", "d"), ("ㄹㄼㄽㄾㅀ", "r"), ("ㅁㄻ", "m"), ("ㅂㅄㅍㄿ", "b"), ("ㅇ", "ng"),
    )
    for letter in letters
}  # fmt: skip
# Surnames whose common passport spelling follows no rule.
UNRULY_SURNAMES = {
    "joe": "jo",
    "jho": "jo",
    "back": "baik",
    "her": "hu",
    "whang": "hwang",
    "so": "su",
    "nah": "na",
}
# Vowels as people write them, the longest first; what stands to the right is the sound.
VOWELS = (
    ("yeo|you|yoo|yeu|yu", "yu"),
    ("yae|yai|ye", "ye"),
    ("yi|eui|ui|ee|ie|ei|i", "i"),
    ("ya", "ya"),
    ("yo", "yo"),
    ("wae|woe|wai|we|oe|oi|oy", "we"),
    ("woo|wu|eo|eu|oo|ou|u", "u"),
    ("weo|wo", "wo"),
    ("wa", "wa"),
    ("wee|wi", "wi"),
    ("ae|ai|ay|ea|e", "e"),
    ("a", "a"),
    ("o", "o"),
)
VOWEL = re.compile("|".join(f"({spellings})" for spellings, _ in VOWELS))
SILENT = re.compile(r"(?<=[aeiou])h(?![aeiouyw])|(?<=[aeiou])r(?![aeiouywh])")  # Ahn, Noh, Park, Hur
CONSONANTS = (
    ("sh", "s"), ("ch", "j"), ("ph", "p"), ("rh", "r"), ("ck", "k"),
    ("k", "g"), ("c", "g"), ("q", "g"), ("t", "d"), ("p", "b"), ("f", "b"), ("v", "b"), ("z", "j"), ("l", "r"),
)  # fmt: skip


def sound_of_korean(name: str) -> str:
    """The sound of a name in Korean letters, surname first; other signs are left out: 김민수 gives gimminsu."""
    syllables = [_syllable(*split) for split in map(parts, name) if split]
    return _first(syllables[0]) + "".join(syllables[1:]) if syllables else ""


def sounds_of_latin(words: list[str]) -> tuple[str, str]:
    """The sound of a name in small Latin letters, read with the surname first and with the surname last.

    Kim Min-su and Minsu Kim are both met; which reading is the right one, the other list decides.
    """
    if not words:
        return "", ""
    return _in_order(words), _in_order([words[-1], *words[:-1]])


def _in_order(words: list[str]) -> str:
    surname = UNRULY_SURNAMES.get(words[0], words[0])
    return _first(_latin(surname)) + "".join(map(_latin, words[1:]))


def _syllable(initial: str, vowel: str, final: str) -> str:
    return INITIAL_SOUNDS[initial] + VOWEL_SOUNDS[vowel] + FINAL_SOUNDS.get(final, "")


def _first(sound: str) -> str:
    """The beginning of a surname: 이 and 리, 임 and 림, 나 and 라 are spellings of one (두음법칙)."""
    if sound.startswith("r"):
        return sound[1:] if sound[1:2] in ("i", "y") else "n" + sound[1:]
    return sound


def _latin(word: str) -> str:
    word = SILENT.sub("", word)
    for spelling, plain in CONSONANTS:
        word = word.replace(spelling, plain)
    word = VOWEL.sub(lambda found: VOWELS[(found.lastindex or 1) - 1][1], word)
    return re.sub(r"([^aeiouwy])\1", r"\1", word)

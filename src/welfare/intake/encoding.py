"""Bytes as text, in the encodings Korean offices use: never guessed wrongly, rather refused.

The order matters. A mark at the start is believed; else bytes that are strictly UTF-8 are UTF-8; else they are CP949,
Windows' Korean, if what comes out looks like Korean. Any two bytes above 127 tend to be *some* syllable of CP949, so
"it can be decoded" proves nothing: damaged UTF-8, Japanese and Chinese files are told apart by what they turn into.
"""

from __future__ import annotations

import codecs
import re

from welfare.intake.report import IntakeError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 (BOM)"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_UTF8_SYLLABLE = re.compile(rb"[\xea-\xed][\x80-\xbf]{2}")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decoded(file: str, data: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding. Raises IntakeError when no encoding is sure."""
    for mark, encoding, name in _MARKS:
        if data.startswith(mark):
            try:
                return _plain(file, data.decode(encoding)), name
            except UnicodeDecodeError as error:
                raise _neither(file, data, error.start) from None
    if b"\x00" in data:
        return _unmarked_utf16(file, data), "UTF-16"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _plain(file, _korean(file, data, error.start)), "CP949"
    if _may_be_cp949(data, text):
        raise _ambiguous(file)
    return _plain(file, text), "UTF-8"


def _plain(file: str, text: str) -> str:
    if found := _CONTROL.search(text):
        raise IntakeError(
            file,
            {"ko": "글이 아닌 자료가 섞여 있습니다", "en": "holds something that is not text"},
            _SAVE_AGAIN,
            f"{text.count(chr(10), 0, found.start()) + 1}",
        )
    return text


def _unmarked_utf16(file: str, data: bytes) -> str:
    """UTF-16 without its mark: recognised by commas, digits and line ends, which have a zero byte each."""
    odd, even = data[1::2].count(0), data[0::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _neither(file, data, error.start) from None
    usual = sum(letter < "\x7f" or "가" <= letter <= "힣" for letter in text)
    if _CONTROL.search(text) or usual < 0.8 * len(text):
        raise _neither(file, data, data.index(0))
    return text


def _korean(file: str, data: bytes, first_wrong: int) -> str:
    """CP949, when that is what the bytes are. Raises IntakeError when they are damaged UTF-8, a mixture, or foreign."""
    # In CP949 these byte patterns occur by chance only; in UTF-8 every syllable is one.
    syllables = len(_UTF8_SYLLABLE.findall(data))
    high = sum(map(data.count, (bytes([byte]) for byte in range(0x80, 0x100))))
    if 3 * syllables > 0.5 * high:
        raise IntakeError(
            file,
            {
                "ko": "UTF-8 파일인데 깨졌거나 다른 부호로 쓴 줄이 섞여 있습니다",
                "en": "is UTF-8, but damaged or mixed with lines of another encoding",
            },
            _SAVE_AGAIN,
            _line(data, first_wrong),
        )
    for number, line in enumerate(data.splitlines(), 1):
        if not line.isascii() and _is_utf8_korean(line):
            raise IntakeError(
                file,
                {
                    "ko": "UTF-8로 쓴 줄과 CP949로 쓴 줄이 섞여 있습니다",
                    "en": "mixes lines in UTF-8 with lines in CP949",
                },
                _SAVE_AGAIN,
                f"{number}",
            )
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError as error:
        raise _neither(file, data, error.start) from None
    if not _looks_korean(text):
        raise _neither(file, data, first_wrong)
    return text


def _is_utf8_korean(line: bytes) -> bool:
    try:
        return any("가" <= letter <= "힣" for letter in line.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _looks_korean(text: str) -> bool:
    """Whether the letters are those of a Korean list: common syllables, few Chinese characters, no other script."""
    letters = [letter for letter in text if letter > "\x7f" and letter.isalpha()]
    syllables = [letter for letter in letters if "가" <= letter <= "힣"]
    # Japanese and broken text turn into the 8,822 syllables outside KS X 1001, which Korean hardly uses (똠, 믜).
    rare = 0
    for letter in syllables:
        try:
            letter.encode("euc_kr")
        except UnicodeEncodeError:
            rare += 1
    return len(syllables) >= 0.7 * len(letters) and (rare <= 3 or rare <= 0.2 * len(syllables))


def _may_be_cp949(data: bytes, text: str) -> bool:
    """Valid UTF-8 that would be Korean in CP949 too: only Western letters and no syllable, as short words can be."""
    letters = [letter for letter in text if letter > "\x7f"]
    if not any("\xc0" <= letter <= "\u024f" and letter not in "×÷" for letter in letters):
        return False
    if any(letter > "\u07ff" for letter in letters):
        return False
    try:
        korean = data.decode("cp949")
    except UnicodeDecodeError:
        return False
    return all("가" <= letter <= "힣" for letter in korean if letter > "\x7f")


_SAVE_AGAIN = {"ko": "엑셀에서 'CSV UTF-8'로 다시 저장하십시오", "en": "save it again as 'CSV UTF-8'"}


def _line(data: bytes, place: int) -> str:
    return f"{data.count(10, 0, place) + 1}"


def _neither(file: str, data: bytes, place: int) -> IntakeError:
    return IntakeError(
        file,
        {
            "ko": "UTF-8도 CP949도 아닌 글자가 있습니다",
            "en": "holds characters that are neither UTF-8 nor CP949",
        },
        _SAVE_AGAIN,
        _line(data, place),
    )


def _ambiguous(file: str) -> IntakeError:
    return IntakeError(
        file,
        {
            "ko": "UTF-8인지 CP949인지 알 수 없습니다(한글이 너무 적습니다)",
            "en": "may be UTF-8 or CP949: it holds too few Korean letters to tell",
        },
        _SAVE_AGAIN,
    )

"""A Korean address as the parts that can be compared: street, house number, unit and dong.

An address is written by road name (통일로 123, 도로명주소법) or by lot (홍제동 12-3). Which lot lies on which road only the national address
table knows, so across the two notations street and house cannot be compared; the unit (101동 1203호) and the dong can.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from welfare.hangul import keys

ROAD = re.compile(
    r"([가-힣0-9·]*[가-힣](?:대로|로|길)(?:\s*\d+(?:번)?[가-힣]?길)?)\s*(?:지하\s*)?(\d+(?:-\d+)?)(?!\d*\s*[층호동])"
)
LOT = re.compile(
    r"([가-힣]+\d*(?:동|가|리))\s+(산)?\s*(\d+)(?:\s*번지\s*(\d{1,2})호|\s*-\s*(\d+))?(?:\s*번지)?(?!\s*[동층호\d])"
)
BUILDING = re.compile(
    r"(?:제\s*)?([0-9가-힣A-Za-z]{1,4})\s*동\s*(?:제\s*)?(?:\d+\s*층\s*)?([A-Za-zB지하]*\s*\d+)\s*호"
)
ROOM = re.compile(r"((?:지하|반지하|[BbAa])?\s*\d+)\s*호")
DONG = re.compile(r"([가-힣]{1,6}?)(?:제?\d+(?:[·.,]\d+)*)?(동|가|리)(?=[\s,()]|$)")
DASHED = re.compile(r"[,\s](\d{2,4})\s*-\s*(\d{2,4})\s*$")  # …, 101-1203 at the end
REMARK = re.compile(r"\([^)]*\)")
FREE_NUMBER = re.compile(r"\d+[a-z]?(?:[-/]\d+)?")
NO_LETTER = re.compile(r"[\W_]+")


class Address(NamedTuple):
    """Each part None where it is not told. `notation` is "road", "lot" or "free"; letters are keyboard keys."""

    notation: str | None = None
    street: str | None = None
    house: str | None = None
    unit: str | None = None
    dong: str | None = None


def read_address(text: str) -> Address:
    """The parts of an address as people write it. Nothing is refused: what is not understood is not told.

    Free text of other countries is taken as words and numbers: the first number is the house, the words are the street.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    remarks = " ".join(REMARK.findall(plain)).replace("(", " ").replace(")", " ")
    plain = REMARK.sub(" ", plain)
    dong = _dong_in(plain) or _dong_in(remarks)
    if road := ROAD.search(plain):
        rest = plain[road.end() :]
        # 통일로12길 and 통일로13길 are two streets and not a typing error: their numbers go with the house.
        ways = re.findall(r"\d+", road[1])
        return Address(
            "road", keys(re.sub(r"\d+", "", road[1])), "/".join([*ways, road[2]]), _unit(rest), dong
        )
    if lot := LOT.search(plain):
        rest = plain[lot.end() :]
        number = f"{lot[2] or ''}{lot[3]}" + (f"-{lot[4] or lot[5]}" if lot[4] or lot[5] else "")
        return Address("lot", keys(dong_name(lot[1]) or ""), number, _unit(rest), dong)
    if re.search("[가-힣]", plain):
        return Address(dong=dong, unit=_unit(plain))
    return _free(plain)


def dong_name(text: str) -> str | None:
    """A dong without its number, since 홍제1동 and 홍제동 are the office's and the law's name of one place.

    A code of digits is kept as it is.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return None
    found = DONG.fullmatch(plain)
    return found[1] + found[2] if found else plain.casefold()


def _dong_in(text: str) -> str | None:
    found = None
    for found in DONG.finditer(text):
        if not found[1].isdigit():
            break
    return found[1] + found[2] if found else None


def _unit(rest: str) -> str | None:
    if found := BUILDING.search(rest):
        return f"{keys(found[1])}-{_room(found[2])}"
    if found := ROOM.search(rest):
        return _room(found[1])
    if found := DASHED.search(rest):
        return f"{found[1]}-{found[2]}"
    return None


def _room(text: str) -> str:
    return re.sub(r"\s", "", text).upper().replace("반지하", "B").replace("지하", "B")


def _free(plain: str) -> Address:
    numbers = FREE_NUMBER.findall(plain.casefold())
    street = NO_LETTER.sub("", FREE_NUMBER.sub("", plain.casefold()))
    if not numbers and not street:
        return Address()
    return Address("free", street or None, numbers[0] if numbers else None, "-".join(numbers[1:]) or None)

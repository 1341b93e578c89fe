"""One cell as a fact's value, in the ways people write it: 3,000,000원, 300만원, O/X, 예/아니오, 1950.3.1,
전세.

Nothing is guessed. What has two readings is refused with the reason and the way to write it, and becomes
unknown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from welfare.facts import Fact
from welfare.facts.fact import Text

EMPTY = frozenset(("", "-", "–", "—", ".", "·"))
NOT_KNOWN = frozenset(
    (
        "모름",
        "알수없음",
        "미상",
        "미확인",
        "확인불가",
        "확인중",
        "불명",
        "거부",
        "unknown",
        "na",
        "n/a",
        "?",
        "null",
        "none given",
    )
)
NOTHING = frozenset(("없음", "없다", "해당없음", "해당사항없음", "무", "미해당", "nothing"))
YES = frozenset(
    ("o", "○", "◯", "〇", "●", "◎", "v", "✓", "✔", "☑", "예", "네", "유", "있음", "있다", "여", "해당", "해당됨", "대상", "수급",
     "수급중", "받음", "참", "y", "yes", "true", "t", "1")
)  # fmt: skip
NO = frozenset(
    ("x", "×", "✕", "✗", "✘", "☐", "아니오", "아니요", "아뇨", "부", "비해당", "비대상", "미수급", "안받음", "거짓", "n", "no",
     "false", "f", "0")
)  # fmt: skip
UNITS = {"원": 1, "천원": 1_000, "만원": 10_000, "백만원": 1_000_000, "억원": 100_000_000}
COUNT_UNITS = re.compile(r"(명|인|개월|개|세|회|점|등|일|째|월|kwh|%|people|months|years)$")
# Words met in lists for codes whose label says it otherwise; used where the catalogue has the fact and the
# code.
VARIANTS: dict[str, dict[str, str]] = {
    "sex": {"남": "male", "남자": "male", "m": "male", "1": "male", "여": "female", "여자": "female", "f": "female", "2": "female"},
    "tenure": {
        "자가": "owner", "본인소유": "owner", "전세": "jeonse", "월세": "monthly_rent", "보증부월세": "monthly_rent",
        "반전세": "monthly_rent", "사글세": "monthly_rent", "무상": "free_use", "무상거주": "free_use", "고시원": "non_housing",
        "쪽방": "non_housing", "여관": "non_housing", "비닐하우스": "non_housing",
    },
    "disability": {
        "심한장애": "severe", "중증": "severe", "심한": "severe", "심하지않은장애": "mild", "경증": "mild",
        "1급": "severe", "2급": "severe", "3급": "severe", "4급": "mild", "5급": "mild", "6급": "mild", "비장애": "none", "x": "none",
    },
    "relation": {
        "세대주": "head", "본인": "head", "가구주": "head", "처": "spouse", "남편": "spouse", "아내": "spouse", "배우자": "spouse",
        "자": "child", "아들": "child", "딸": "child", "자녀": "child", "며느리": "child_in_law", "사위": "child_in_law",
        "부": "parent", "모": "parent", "부모": "parent", "어머니": "parent", "아버지": "parent", "장인": "parent_in_law",
        "장모": "parent_in_law", "시부": "parent_in_law", "시모": "parent_in_law", "손": "grandchild", "손자": "grandchild",
        "손녀": "grandchild", "형제": "sibling", "자매": "sibling", "동거인": "other",
    },
    "region": {"서울시": "seoul", "서울특별시": "seoul", "인천광역시": "incheon", "경기도": "gyeonggi"},
    "district": {"서대문구": "seodaemun", "서울서대문구": "seodaemun"},
    "work_status": {
        "무직": "not_working", "실업": "job_seeking", "상용": "regular", "정규직": "regular", "회사원": "regular", "일용직": "casual",
        "임시직": "casual", "자영업": "self_employed", "사업": "self_employed", "자활": "self_reliance", "공공근로": "public_job",
    },
    "marital_status": {"미혼": "single", "기혼": "married", "이혼": "divorced", "사별": "widowed", "별거": "separated"},
    "school_stage": {"초등학생": "elementary", "중학생": "middle", "고등학생": "high", "대학생": "university", "초": "elementary", "중": "middle", "고": "high", "대": "university"},
    "ltc_grade": {"1등급": "grade1", "2등급": "grade2", "3등급": "grade3", "4등급": "grade4", "5등급": "grade5", "인지지원": "cognitive", "인지지원등급": "cognitive"},
    "residence_status": {"내국인": "korean", "대한민국": "korean", "한국": "korean", "북한이탈주민": "defector", "결혼이민자": "marriage_migrant"},
}  # fmt: skip


class NotReadable(ValueError):
    """A cell with no single reading: what is wrong, and how to write it."""

    def __init__(self, ko: str, en: str, mend_ko: str, mend_en: str) -> None:
        super().__init__(en)
        self.what: Text = {"ko": ko, "en": en}
        self.mend: Text = {"ko": mend_ko, "en": mend_en}


def plain(value: object) -> str:
    """A cell's text without the differences that mean nothing: width, case, surrounding and inner blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(value))).lower()


def is_empty(value: object) -> bool:
    return value is None or plain(value) in EMPTY


def read_cell(fact: Fact, value: object, today: date, unit: int = 1) -> object:
    """The value of a fact that a cell states; None when it is empty or says that nobody knows.

    `unit` multiplies bare amounts of money (a column headed "천원"); `today` resolves years of two digits.
    Raises NotReadable.
    """
    if value is None:
        return None
    text = plain(value)
    if text in EMPTY or text in NOT_KNOWN:
        return None
    match fact.type:
        case "bool":
            found: object = _bool(value, text)
        case "won":
            found = read_won(value, unit)
        case "int":
            found = _int(value, text)
        case "date":
            found = read_date(value, today)
        case _:
            found = read_code(fact, text)
    try:
        fact.encode(found)
    except ValueError:
        low, high = fact.decode(fact.low), fact.decode(fact.high)
        raise NotReadable(
            f"있을 수 있는 범위({low} ~ {high})를 벗어납니다",
            f"is outside {low} … {high}",
            "값을 바로잡으십시오",
            "correct the value",
        ) from None
    return found


def _bool(value: object, text: str) -> bool:
    if isinstance(value, bool):
        return value
    if text in YES:
        return True
    if text in NO or text in NOTHING:
        return False
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    raise NotReadable(
        "예/아니오로 읽을 수 없습니다", "is neither yes nor no", "O 또는 X로 쓰십시오", "write O or X"
    )


def _int(value: object, text: str) -> int:
    if text in NOTHING:
        return 0
    number = _decimal(COUNT_UNITS.sub("", text).replace(",", "")) if not isinstance(value, bool) else None
    if number is None or number != int(number):
        raise NotReadable(
            "정수가 아닙니다", "is not a whole number", "3처럼 숫자로 쓰십시오", "write a number such as 3"
        )
    return int(number)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 18 else None


SCALES = {"조": 10**12, "억": 10**8, "만": 10**4, "": 1}
SMALL = {"천": 1000, "백": 100, "십": 10}


def read_won(value: object, unit: int = 1) -> int:
    """Whole won from 3000000, 3,000,000원, 300만원, 3백만 원, 1억 2천만원, △5,000. Raises NotReadable."""
    text = plain(value)
    if text in NOTHING:
        return 0
    bare = re.sub(r"[,₩\\]|krw|won|정$", "", text)
    negative = bool(re.match(r"^[-△▲]|^\(.*\)$", bare))
    bare = bare.strip("-△▲()")
    said_won = bare.endswith("원")
    bare = bare.removesuffix("원")
    number = None if isinstance(value, bool) else _decimal(bare)
    if number is not None:
        won: Decimal | None = number * (1 if said_won else unit)
    else:
        won = _spoken_won(bare)
    if won is None or won != int(won):
        raise NotReadable(
            "금액으로 읽을 수 없습니다",
            "is no amount of money",
            "3000000 또는 300만원처럼 쓰십시오",
            "write 3000000 or 300만원",
        )
    return -int(won) if negative else int(won)


def _spoken_won(text: str) -> Decimal | None:
    """A number with 조, 억, 만 and within them 천, 백, 십."""
    if not text or not re.fullmatch(r"(?:[0-9.]+[천백십]*|[천백십]+|[조억만])+", text):
        return None
    total = Decimal(0)
    last = 10**16
    for part, mark in re.findall(r"([0-9.천백십]*)([조억만]|$)", text):
        if not part and not mark:
            continue
        scale = SCALES[mark]
        amount = _below_ten_thousand(part)
        if amount is None or scale >= last:
            return None
        total, last = total + amount * scale, scale
    return total


def _below_ten_thousand(part: str) -> Decimal | None:
    total = Decimal(0)
    for digits, mark in re.findall(r"([0-9.]*)([천백십]?)", part):
        if not digits and not mark:
            continue
        number = _decimal(digits) if digits else Decimal(1)
        if number is None:
            return None
        total += number * SMALL.get(mark, 1)
    return total if part else None


DATE_FORMS = (
    re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})\.?"),
    re.compile(r"(\d{4})년(\d{1,2})월(\d{1,2})일"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
SHORT_FORMS = (re.compile(r"'?(\d{2})[-./](\d{1,2})[-./](\d{1,2})\.?"), re.compile(r"(\d{2})(\d{2})(\d{2})"))
OLDEST = 115  # years; beyond it a two-digit year can only be of this century


def read_date(value: object, today: date) -> date:
    """A day from a date cell, 1950-03-01, 1950.3.1., 1950년 3월 1일, 19500301 or 500301. Raises NotReadable."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, float) and value == int(value):
        value = int(value)
    text = plain(value)
    if "음" in text:
        raise NotReadable(
            "음력 날짜입니다", "is a date of the lunar calendar", "양력으로 쓰십시오", "write the solar date"
        )
    text = re.sub(r"\(?양력?\)?|t?00:00(:00)?(\.0+)?$", "", text)
    for form in DATE_FORMS:
        if found := form.fullmatch(text):
            return _day(*map(int, found.groups()))
    for form in SHORT_FORMS:
        if found := form.fullmatch(text):
            year, month, day = map(int, found.groups())
            return _day(_century(year, today) + year, month, day)
    if re.fullmatch(r"\d{5}", text):
        raise NotReadable(
            "날짜로 읽을 수 없습니다(앞의 0이 지워졌거나 엑셀의 날짜 번호입니다)",
            "is no date: a leading zero was lost, or it is a spreadsheet's number of a day",
            f"0{text}이 맞으면 연도 네 자리로, 아니면 1950-03-01처럼 쓰십시오",
            "write it as 1950-03-01",
        )
    raise NotReadable(
        "날짜로 읽을 수 없습니다", "is no date", "1950-03-01처럼 쓰십시오", "write it as 1950-03-01"
    )


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NotReadable(
            "없는 날짜입니다", "is a day that does not exist", "날짜를 확인하십시오", "check the date"
        ) from None


def _century(year: int, today: date) -> int:
    """1900 or 2000, where only one of them can be meant."""
    if 2000 + year > today.year:
        return 1900
    if today.year - (1900 + year) > OLDEST:
        return 2000
    raise NotReadable(
        f"19{year:02d}년인지 20{year:02d}년인지 알 수 없습니다",
        f"may be 19{year:02d} or 20{year:02d}",
        "연도를 네 자리로 쓰십시오",
        "write the year with four digits",
    )


def read_code(fact: Fact, text: str) -> str:
    """The code a word means: the code itself, its label, a usual variant, or the only label that begins with
    the word.

    Raises NotReadable with the words that would be understood.
    """
    words = code_words(fact)
    if text in words:
        return words[text]
    if text in NOTHING and "none" in fact.codes:
        return "none"
    begins = {
        code
        for word, code in words.items()
        if word.startswith(text) or text.startswith(word) and len(word) > 1
    }
    if len(begins) == 1:
        return begins.pop()
    known_ko = ", ".join(label["ko"] for label in fact.code_labels)
    known_en = ", ".join(label["en"] for label in fact.code_labels)
    raise NotReadable(
        "아는 값이 아닙니다",
        "is none of the known values",
        f"{known_ko} 중에서 쓰십시오",
        f"write one of {known_en}",
    )


def code_words(fact: Fact) -> Mapping[str, str]:
    """Every word that means a code of the fact."""
    words = {plain(code): code for code in fact.codes}
    for code, label in zip(fact.codes, fact.code_labels, strict=True):
        for text in label.values():
            words.setdefault(plain(text), code)
            words.setdefault(plain(re.sub(r"\(.*?\)", "", text)), code)
    for word, code in VARIANTS.get(fact.name, {}).items():
        if code in fact.codes:
            words.setdefault(word, code)
    return words


NUMBER = re.compile(r"(\d{2})(\d{2})(\d{2})-?([0-9])?[0-9*x]{0,6}")
BORN = {
    "9": 1800,
    "0": 1800,
    "1": 1900,
    "2": 1900,
    "5": 1900,
    "6": 1900,
    "3": 2000,
    "4": 2000,
    "7": 2000,
    "8": 2000,
}


def read_resident_number(value: object, today: date) -> tuple[date, str | None]:
    """Birth date and sex ("male", "female" or None) from a resident number, masked or whole. Raises
    NotReadable.

    The number itself goes no further than this function.
    """
    text = plain(value)
    if isinstance(value, int | float) or "e+" in text:
        text = _whole_number(value, text)
    found = NUMBER.fullmatch(text)
    if not found:
        raise NotReadable(
            "주민등록번호 모양이 아닙니다",
            "does not look like a resident number",
            "500301-1****** 모양으로 쓰십시오",
            "write 500301-1******",
        )
    year, month, day = (int(found[i]) for i in (1, 2, 3))
    seventh = found[4]
    century = BORN[seventh] if seventh else _century(year, today)
    sex = None if seventh is None else "male" if int(seventh) % 2 else "female"
    return _day(century + year, month, day), sex


def _whole_number(value: object, text: str) -> str:
    """The thirteen digits of a resident number that a spreadsheet took for a quantity, where none is lost.

    Raises NotReadable for 9.00101E+12, for a number rounded to it (its last six digits are zeros), and for one that is
    short of its leading zeros.
    """
    digits = str(int(value)) if isinstance(value, int | float) and not isinstance(value, bool) else ""
    if len(digits) == 13 and not digits.endswith("000000"):
        return digits
    if "e+" in text or len(digits) >= 13:
        raise NotReadable(
            "엑셀이 주민등록번호를 숫자로 바꾸어 뒷자리가 지워졌습니다",
            "is a resident number that a spreadsheet rounded; its last digits are lost",
            "원본에서 칸 형식을 '텍스트'로 하여 다시 저장하십시오",
            "format the column as text in the original and save it again",
        )
    if 9 <= len(digits) < 13:
        raise NotReadable(
            "엑셀이 주민등록번호를 숫자로 바꾸어 앞의 0이 지워졌습니다",
            "is a resident number that lost its leading zeros in a spreadsheet",
            "원본에서 칸 형식을 '텍스트'로 하여 다시 저장하십시오",
            "format the column as text in the original and save it again",
        )
    return text


def read_phone(value: object) -> tuple[str, bool]:
    """A telephone number as digits with hyphens, and whether a zero was put back that a spreadsheet had dropped.

    Raises NotReadable.
    """
    text = plain(value)
    if isinstance(value, float) and value == int(value):
        text = str(int(value))
    digits = re.sub(r"^\+?82(?=1|2|[3-6]\d)", "0", re.sub(r"[-.)(~/]", "", text))
    lost = isinstance(value, int | float) and not digits.startswith("0")
    if lost:
        digits = "0" + digits
    found = re.fullmatch(r"(02|0\d{2}|050\d)(\d{3,4})(\d{4})", digits) or re.fullmatch(
        r"(1[5-9]\d{2})()(\d{4})", digits
    )
    if found is None:
        raise NotReadable(
            "전화번호로 읽을 수 없습니다",
            "is no telephone number",
            "010-1234-5678처럼 쓰십시오",
            "write it as 010-1234-5678",
        )
    return "-".join(part for part in found.groups() if part), lost

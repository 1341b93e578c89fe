"""Resident numbers, foreigners' registration numbers and account numbers: read, checked, masked.

A number is a value here and nothing more; who may see it whole is decided in `hub.people.identity`.

A resident number is six digits of birth, one that tells century and sex (and whether it is a foreigner's), five more and
a check digit. Numbers given out from 5 October 2020 on have six random digits after the seventh and no check digit
(주민등록법 시행규칙 제2조). The day a number was given out cannot be read from it: somebody born before may have got, or
changed to, a newer one. So a wrong check digit is refused unless the person who records it says that the number is
that new.

Invented people carry numbers that cannot be a date (`welfare.synthetic.identity`). They are taken only when they are said to
be invented, and real ones are refused then, so neither can pass for the other.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

RANDOM_SINCE = date(2020, 10, 5)  # numbers given out from this day on have no check digit

_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CENTURIES = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "3": 2000, "4": 2000}
_CENTURIES_OF_FOREIGNERS = {"5": 1900, "6": 1900, "7": 2000, "8": 2000}
_SHORTEST_ACCOUNT, _LONGEST_ACCOUNT = 8, 16
_INVENTED_BANK = "999"
# What people put between digits: hyphens, dashes and minus signs of all kinds, dots, spaces.
_BETWEEN = str.maketrans(
    "", "", "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\u3161\u00ad\u00b7.\u200b\ufeff \t\r\n"
)


class Kind(models.TextChoices):
    """What a number is."""

    RESIDENT = "resident", gettext_lazy("Resident registration number")
    FOREIGNER = "foreigner", gettext_lazy("Foreigner registration number")
    ACCOUNT = "account", gettext_lazy("Account number")


class Bank(models.TextChoices):
    """Banks by the three digits that payment systems know them by (금융결제원 표준코드)."""

    KDB = "002", gettext_lazy("Korea Development Bank")
    IBK = "003", gettext_lazy("Industrial Bank of Korea")
    KOOKMIN = "004", gettext_lazy("Kookmin Bank")
    SUHYUP = "007", gettext_lazy("Suhyup Bank")
    NONGHYUP = "011", gettext_lazy("NongHyup Bank")
    LOCAL_NONGHYUP = "012", gettext_lazy("Local agricultural cooperative")
    WOORI = "020", gettext_lazy("Woori Bank")
    SC = "023", gettext_lazy("SC First Bank")
    CITI = "027", gettext_lazy("Citibank Korea")
    IM = "031", gettext_lazy("iM Bank")
    BUSAN = "032", gettext_lazy("Busan Bank")
    GWANGJU = "034", gettext_lazy("Gwangju Bank")
    JEJU = "035", gettext_lazy("Jeju Bank")
    JEONBUK = "037", gettext_lazy("Jeonbuk Bank")
    GYEONGNAM = "039", gettext_lazy("Gyeongnam Bank")
    SAEMAUL = "045", gettext_lazy("Community credit cooperative (MG)")
    SHINHYUP = "048", gettext_lazy("Credit union (Shinhyup)")
    SAVINGS = "050", gettext_lazy("Mutual savings bank")
    FOREST = "064", gettext_lazy("Forestry cooperative")
    POST = "071", gettext_lazy("Post office")
    HANA = "081", gettext_lazy("Hana Bank")
    SHINHAN = "088", gettext_lazy("Shinhan Bank")
    K = "089", gettext_lazy("K bank")
    KAKAO = "090", gettext_lazy("KakaoBank")
    TOSS = "092", gettext_lazy("Toss Bank")
    INVENTED = _INVENTED_BANK, gettext_lazy("Invented bank (demonstration)")


@dataclass(frozen=True)
class Number:
    """A number that was read and checked.

    `text` is the one way of writing it: thirteen digits, or bank and account as "004:12345678". It is left out of what
    Python shows of this value, so that it reaches no log or page by accident.
    """

    kind: Kind
    text: str = field(repr=False)
    invented: bool = False

    @property
    def masked(self) -> str:
        """What everybody may see: birth and the seventh digit; of an account, bank and the last four."""
        if self.kind is Kind.ACCOUNT:
            bank, _colon, account = self.text.partition(":")
            return f"{bank} *****{account[-4:]}"
        return f"{self.text[:6]}-{self.text[6]}******"

    @property
    def whole(self) -> str:
        """As it is written on paper."""
        if self.kind is Kind.ACCOUNT:
            return self.text.replace(":", " ")
        return f"{self.text[:6]}-{self.text[6:]}"


def read(
    kind: Kind, typed: str, *, on: date, bank: str = "", recent: bool = False, invented: bool = False
) -> Number:
    """The number somebody typed, in whatever habit of hyphens and widths.

    `on` is today: nobody is born later. `recent`: it was given out from RANDOM_SINCE on. Raises ValidationError with a
    sentence that tells what is wrong and never repeats the number.
    """
    if kind is Kind.ACCOUNT:
        return _account(digits(typed), bank, invented)
    text = digits(typed)
    if len(text) != 13:
        raise ValidationError(_("A registration number has 13 digits; here are %(n)d.") % {"n": len(text)})
    foreign = text[6] in _CENTURIES_OF_FOREIGNERS
    if foreign is not (kind is Kind.FOREIGNER):
        raise ValidationError(
            _("The seventh digit is that of a foreigner: choose the foreigner registration number.")
            if foreign
            else _("The seventh digit is not that of a foreigner: choose the resident registration number.")
        )
    born = _born(text)
    if invented:
        if born is not None:
            raise ValidationError(
                _("An invented number must be one that cannot exist, such as one of month 21.")
            )
        return Number(kind, text, invented=True)
    if born is None:
        raise ValidationError(_("The first six digits are no date. Please compare with the document."))
    if born > on:
        raise ValidationError(_("The day of birth lies in the future. Please compare with the document."))
    if born < RANDOM_SINCE and not recent and int(text[12]) != _check_digit(text, foreign):
        raise ValidationError(
            _(
                "The last digit does not fit the others, so one of them is probably mistyped. If the number was given "
                "out or changed on 5 October 2020 or later, say so below."
            )
        )
    return Number(kind, text)


def read_either(typed: str, *, on: date, invented: bool = False) -> Number:
    """A resident's or a foreigner's number of a list, whose seventh digit says which. Raises ValidationError."""
    seventh = digits(typed)[6:7]
    kind = Kind.FOREIGNER if seventh in _CENTURIES_OF_FOREIGNERS else Kind.RESIDENT
    return read(kind, typed, on=on, invented=invented)


def digits(typed: str) -> str:
    """The digits of what was typed, without what people put between them; full-width ones become plain.

    Raises ValidationError when there is anything else.
    """
    text = unicodedata.normalize("NFKC", typed).translate(_BETWEEN)
    if not (text.isascii() and text.isdecimal()):
        raise ValidationError(_("Please write digits only, with or without hyphens."))
    return text


def of_stored(kind: Kind, text: str) -> Number:
    """A number as it was stored; it was checked then."""
    return Number(kind, text)


def _account(account: str, bank: str, invented: bool) -> Number:
    if bank not in Bank.values:
        raise ValidationError(_("Please choose the bank."))
    if invented is not (bank == _INVENTED_BANK):
        raise ValidationError(
            _("An invented account belongs to the invented bank, and only such an account.")
        )
    if not _SHORTEST_ACCOUNT <= len(account) <= _LONGEST_ACCOUNT:
        raise ValidationError(
            _("An account number has %(least)d to %(most)d digits; here are %(n)d.")
            % {"least": _SHORTEST_ACCOUNT, "most": _LONGEST_ACCOUNT, "n": len(account)}
        )
    return Number(Kind.ACCOUNT, f"{bank}:{account}", invented)


def _born(text: str) -> date | None:
    century = (_CENTURIES | _CENTURIES_OF_FOREIGNERS)[text[6]]
    try:
        return date(century + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None


def _check_digit(text: str, foreign: bool) -> int:
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return ((13 if foreign else 11) - total % 11) % 10

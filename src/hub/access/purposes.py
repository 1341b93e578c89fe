"""For what residents' data may be processed, and by which law: the list every opening of a household chooses from.

A purpose that stands on no line of the law is no purpose. Each carries its legal basis and the day on which that basis
was last read, so that a changed article is noticed.
"""

from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """Why somebody looks at or writes about a household."""

    INTERVIEW = "interview", _("Interview and application")
    DISCOVERY = "discovery", _("Finding households that are missed")
    VISIT = "visit", _("Visit")
    CASE = "case", _("Case management")
    FOLLOW_UP = "follow_up", _("Follow-up and re-check")
    REFERRAL = "referral", _("Referral to a supporter or agency")
    FIGURES = "figures", _("Figures and evaluation")
    INSPECTION = "inspection", _("Inspection of access")
    RESIDENT_REQUEST = "resident_request", _("Request of the resident about their own data")
    EMERGENCY = "emergency", _("Danger to life or body")
    UPKEEP = "upkeep", _("Correction and upkeep of the register")


@dataclass(frozen=True)
class Basis:
    """The articles a purpose stands on, in Korean as they are cited.

    `read_on` is the day the text was read; None where the article is cited from practice and the text is still to be
    read before anyone relies on it.
    """

    law: str
    read_on: date | None


_READ = date(2026, 6, 30)
_DECREE = "사회보장급여법 시행령 제28조제1항"

BASES: dict[Purpose, Basis] = {
    Purpose.INTERVIEW: Basis(f"사회보장급여법 제5조, {_DECREE}(신청·조사·상담)", _READ),
    Purpose.DISCOVERY: Basis(f"사회보장급여법 제12조, {_DECREE}(발굴)", _READ),
    Purpose.VISIT: Basis(f"사회보장급여법 제12조의2, {_DECREE}(발굴·상담)", _READ),
    Purpose.CASE: Basis(f"{_DECREE}(지원계획)", _READ),
    Purpose.FOLLOW_UP: Basis(f"{_DECREE}(확인조사·변동신고·급여의 변경·중지)", _READ),
    Purpose.REFERRAL: Basis(
        f"사회보장급여법 제12조제5항, 같은 법 시행령 제8조제3항, {_DECREE}(안내·의뢰)", _READ
    ),
    Purpose.FIGURES: Basis("개인정보 보호법 제28조의2", None),
    Purpose.INSPECTION: Basis("개인정보 보호법 시행령 제30조제1항제5호·제30조의2", _READ),
    Purpose.RESIDENT_REQUEST: Basis("개인정보 보호법 제35조·제36조·제37조·제37조의2", _READ),
    Purpose.EMERGENCY: Basis("개인정보 보호법 제15조", _READ),
    Purpose.UPKEEP: Basis("개인정보 보호법 제36조", _READ),
}

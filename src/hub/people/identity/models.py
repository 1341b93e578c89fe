"""The table of identity numbers, and the grounds on which the law lets one be kept or seen."""

import uuid

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.keys.columns import BlindIndex, Encrypted
from hub.people.numbers import Bank, Kind
from hub.people.sources import Source


class LegalGround(models.TextChoices):
    """The tasks for which a resident number may be handled, and nothing else may be a reason.

    개인정보 보호법 제24조의2 allows it only where a law or decree names the task; 사회보장급여의 이용ㆍ제공 및 수급권자 발굴에 관한
    법률 시행령 제28조제1항 names these. The last one is the resident's own right (개인정보 보호법 제35조).
    """

    APPLICATION = "application", _("Application for benefits")
    SURVEY = "survey", _("Survey of needs and means")
    FINANCIAL_DATA = "financial_data", _("Request for financial data")
    DECISION = "decision", _("Decision on benefits")
    DISCOVERY = "discovery", _("Discovery of households in need")
    SUPPORT_PLAN = "support_plan", _("Support plan")
    COUNSELLING = "counselling", _("Counselling and referral")
    OBJECTION = "objection", _("Objection to a decision")
    RECHECK = "recheck", _("Periodic check of entitlement")
    CHANGE_REPORT = "change_report", _("Report of a change")
    CHANGE_OR_STOP = "change_or_stop", _("Change or stop of benefits")
    RECOVERY = "recovery", _("Recovery of benefits")
    ACCESS_REQUEST = "access_request", _("The resident asks to see own data")


class IdentityNumber(models.Model):
    """A number that says who a person is, or where money for the person goes.

    The number itself is in `encrypted`. Two persons with the same number are a finding, not an error: both are kept
    (`queries.held_by_several`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # bound into `encrypted`
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="identity_numbers")
    kind = models.CharField(max_length=10, choices=Kind)
    encrypted = Encrypted(purpose="people.identity_number")
    blind_index = BlindIndex(of="encrypted", purpose="people.blind_index", db_index=True)
    masked = models.CharField(max_length=24, help_text="what everybody may see")
    invented = models.BooleanField(
        default=False, help_text="cannot exist; made for a demonstration or a test"
    )
    ground = models.CharField(max_length=20, choices=LegalGround, help_text="on which it was stored")
    source = models.CharField(max_length=20, choices=Source)
    collected_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.masked

    @property
    def bank(self) -> str | Promise:
        """Name of the bank of an account; empty for other kinds."""
        return Bank(self.masked[:3]).label if self.kind == Kind.ACCOUNT else ""

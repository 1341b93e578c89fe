"""For what a household may be opened: the tasks for which the law lets an office handle a resident's data.

Source: 사회보장급여의 이용·제공 및 수급권자 발굴에 관한 법률 (Act on the use and provision of social security benefits) arts. 5–17 and
its decree art. 28; 개인정보 보호법 art. 35 for the last.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """The purposes."""

    COUNSELLING = "counselling", _("Counselling and application")
    DISCOVERY = "discovery", _("Finding households in need")
    SURVEY = "survey", _("Survey of needs and means")
    VISIT = "visit", _("Home visit")
    CASE = "case", _("Case management and referral")
    FOLLOW_UP = "follow_up", _("Follow-up and re-check")
    COMPLAINT = "complaint", _("Complaint or objection")
    INSPECTION = "inspection", _("Inspection of data handling")
    RIGHTS = "rights", _("Request of the resident about own data")
    EMERGENCY = "emergency", _("Danger to life or safety")

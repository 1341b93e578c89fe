"""Where a recorded fact can come from, and which source stands when they differ.

A register kept by law stands above a paper someone showed, and that above what was seen or said. Sources of the same
rank give way to the later one. Nothing is overwritten: what does not stand stays visible beside what does.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Source(models.TextChoices):
    """The sources of recorded facts."""

    REGISTER = "register", _("Register")
    INVENTED = "invented", _("Invented register (demonstration)")
    DOCUMENT = "document", _("Document shown")
    VISIT = "visit", _("Home visit")
    INTERVIEW = "interview", _("Desk interview")
    RESIDENT = "resident", _("Stated by the resident")


RANK: dict[Source, int] = {
    Source.REGISTER: 3,
    Source.INVENTED: 3,
    Source.DOCUMENT: 2,
    Source.VISIT: 1,
    Source.INTERVIEW: 1,
    Source.RESIDENT: 1,
}

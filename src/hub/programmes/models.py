"""Published versions of the programme catalogue. The catalogue itself stays in its files; here is which one counts."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from hub.access.models import User


class PublishedCatalogue(models.Model):
    """One version, by the hash of its contents, and since when the office works by it."""

    version = models.CharField(max_length=16, primary_key=True)
    jurisdiction = models.CharField(max_length=20)
    programmes = models.PositiveIntegerField()
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    in_force = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["in_force"], condition=Q(in_force=True), name="one_catalogue_in_force"
            )
        ]

    def __str__(self) -> str:
        return self.version

"""District and centres, by the codes that every Korean register uses for them."""

from django.db import models
from django.utils.translation import get_language


class District(models.Model):
    """An autonomous district (gu)."""

    code = models.CharField(max_length=5, primary_key=True)
    name_ko = models.CharField(max_length=40)
    name_en = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_ko


class Centre(models.Model):
    """A dong with its community service centre, and what is published about it.

    The figures are the published ones of a quarter, kept to set what the hub knows against; the hub's own counts come
    from its register.
    """

    code = models.CharField(max_length=10, primary_key=True, help_text="administrative dong code, ten digits")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="centres")
    name_ko = models.CharField(max_length=40)
    name_en = models.CharField(max_length=40)
    latitude = models.FloatField()
    longitude = models.FloatField()
    square_km = models.FloatField()
    households = models.PositiveIntegerField()
    population = models.PositiveIntegerField()
    aged_65 = models.PositiveIntegerField(help_text="people aged 65 and over")
    figures_on = models.DateField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_ko


class Zone(models.Model):
    """A part of a dong that one officer looks after: some alleys, an estate, a few tong.

    A closed zone stays for the history of those who held it: nothing lies in it, and its code is not given again.
    """

    code = models.CharField(max_length=14, primary_key=True, help_text="code of the dong and a number")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="zones")
    name = models.CharField(max_length=60, help_text="as the officers call it")
    ground = models.TextField(
        default="", db_default="", help_text="what lies in it, a line each; see people/zones/ground.py"
    )
    closed_on = models.DateField(null=True, help_text="day since which it is no more")

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__startswith=models.F("centre")), name="zone_code_begins_with_its_dong"
            ),
            models.UniqueConstraint(
                fields=["centre", "name"],
                condition=models.Q(closed_on__isnull=True),
                name="one_zone_of_a_name_in_a_dong",
            ),
        ]

    def __str__(self) -> str:
        return self.name

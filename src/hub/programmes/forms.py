"""The two days between which somebody asks what changed."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 2000, 2100  # beyond, no catalogue says anything


class Between(forms.Form):
    """An earlier and a later day."""

    earlier = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    later = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        earlier, later = given.get("earlier"), given.get("later")
        for name, day in (("earlier", earlier), ("later", later)):
            if isinstance(day, date) and not FIRST_YEAR <= day.year <= LAST_YEAR:
                self.add_error(name, _("Choose a day between the years 2000 and 2100."))
        if earlier and later and later < earlier:
            self.add_error("later", _("This day is before the first one. Exchange the two."))
        return given

"""Form fields made from the facts as the catalogue declares them, and the days between which somebody asks what changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from welfare.facts import Fact, decode_date

FIRST_YEAR, LAST_YEAR = 2000, 2100  # beyond, no catalogue says anything


YES, NO, NOT_KNOWN = "yes", "no", ""


def in_language(text: Mapping[str, str] | None) -> str:
    """A bilingual text of the catalogue in the page's language."""
    return text[get_language() or "ko"] if text else ""


def fact_field(fact: Fact, *, required: bool = False) -> forms.Field:
    """A form field that takes exactly the declared domain of a fact."""
    label = in_language(fact.label)
    match fact.type:
        case "bool":
            return forms.ChoiceField(
                label=label,
                choices=[(YES, _("Yes")), (NO, _("No"))],
                widget=forms.RadioSelect,
                required=required,
            )
        case "code":
            choices = [
                (code, in_language(text)) for code, text in zip(fact.codes, fact.code_labels, strict=True)
            ]
            if not required:
                choices = [("", "—"), *choices]
            widget = forms.RadioSelect if len(fact.codes) <= 6 and required else forms.Select
            return forms.ChoiceField(label=label, choices=choices, widget=widget, required=required)
        case "date":
            picker = forms.DateInput(
                attrs={"type": "date", "min": str(decode_date(fact.low)), "max": str(decode_date(fact.high))},
                format="%Y-%m-%d",
            )
            return forms.DateField(label=label, widget=picker, required=required)
        case _:
            return forms.IntegerField(
                label=label,
                min_value=fact.low,
                max_value=fact.high,
                required=required,
                localize=False,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            )


def fact_value(fact: Fact, cleaned: Any) -> Any:
    """What a filled field says, as the library takes it; None when it was left empty."""
    if cleaned in (None, ""):
        return None
    return cleaned == YES if fact.type == "bool" else cleaned


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

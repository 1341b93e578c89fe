"""What is asked before a number is stored, looked up or shown."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hub.people import numbers
from hub.people.identity.actions import Need
from hub.people.identity.models import LegalGround
from hub.people.numbers import Bank, Kind
from hub.people.sources import Source

_NUMBER = {"autocomplete": "off", "inputmode": "numeric", "spellcheck": "false"}
_CHOOSE = [("", _("Please choose"))]


class StoreNumber(forms.Form):
    """A number with where it comes from and why it may be kept. Cleaned, `number` is a `numbers.Number`."""

    kind = forms.ChoiceField(label=_("Kind of number"), choices=Kind)
    bank = forms.ChoiceField(
        label=_("Bank"),
        help_text=_("For an account only."),
        choices=[*_CHOOSE, *Bank.choices],
        required=False,
    )
    number = forms.CharField(
        label=_("Number"),
        help_text=_("With or without hyphens. It is kept encrypted and shown masked."),
        max_length=40,
        widget=forms.TextInput(attrs=_NUMBER),
    )
    recent = forms.BooleanField(label=_("Given out or changed on 5 October 2020 or later"), required=False)
    ground = forms.ChoiceField(label=_("Legal ground"), choices=[*_CHOOSE, *LegalGround.choices])
    source = forms.ChoiceField(
        label=_("Where it was read"),
        choices=[
            (source.value, source.label)
            for source in (Source.DOCUMENT, Source.REGISTER, Source.RESIDENT, Source.INVENTED)
        ],
    )

    def clean(self) -> dict[str, Any]:
        """Read the number by its kind."""
        given: dict[str, Any] = super().clean() or {}
        if "number" in given and "kind" in given:
            try:
                given["number"] = numbers.read(
                    Kind(given["kind"]),
                    given["number"],
                    on=timezone.localdate(),
                    bank=given.get("bank", ""),
                    recent=given.get("recent", False),
                    invented=given.get("source") == Source.INVENTED,
                )
            except ValidationError as problem:
                self.add_error("number", problem)
        return given


class FindByNumber(forms.Form):
    """A whole resident or foreigner registration number."""

    number = forms.CharField(
        label=_("Resident or foreigner registration number"),
        help_text=_(
            "All 13 digits. Only people of your area of duty are found, and each search is recorded."
        ),
        max_length=40,
        widget=forms.TextInput(attrs={**_NUMBER, "autofocus": True}),
    )


class Unmask(forms.Form):
    """Why a number must be seen whole."""

    ground = forms.ChoiceField(
        label=_("Legal ground"),
        help_text=_(
            "Tasks of the Enforcement Decree of the Social Security Benefits Act, article 28 (1), and the resident's own request."
        ),
        choices=[*_CHOOSE, *LegalGround.choices],
    )
    need = forms.ChoiceField(label=_("What it is needed for"), choices=[*_CHOOSE, *Need.choices])
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("In a few words, without names or numbers. It stays in the audit trail."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

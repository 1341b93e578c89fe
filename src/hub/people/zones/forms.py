"""What is asked about a zone."""

from django import forms
from django.utils.translation import gettext_lazy as _

from hub.organisation.models import Centre
from hub.people.zones.ground import LENGTH, LINES


class ChangeZone(forms.Form):
    """Its name, and what lies in it."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("As the officers call it."))
    ground = forms.CharField(
        label=_("What lies in it"),
        required=False,
        max_length=LINES * LENGTH,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=_(
            "One word of the addresses a line: a road, a tong, an estate. House numbers may follow: 홍제원길 1~99."
        ),
    )


class NewZone(ChangeZone):
    """The dong as well."""

    centre = forms.ModelChoiceField(Centre.objects.all(), label=_("Dong"), empty_label=None)
    field_order = ("centre", "name", "ground")

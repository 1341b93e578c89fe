"""Why two entries are one resident."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AskToMerge(forms.Form):
    """By what somebody knows that the two are one; the second person decides by it."""

    reason = forms.CharField(
        label=_("How do you know that they are one resident?"),
        max_length=200,
        min_length=5,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

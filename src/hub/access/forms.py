"""What is asked at the door, and about accounts."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hub.access.roles import SCOPES, Role
from hub.organisation.models import Centre, Zone


class SignIn(forms.Form):
    """User name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def _new_password(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ChoosePassword(forms.Form):
    """A new passphrase, twice."""

    password = _new_password(_("New passphrase"))
    again = _new_password(_("The same again"))

    password.help_text = _("At least 12 characters. A short sentence is easier to keep than a hard word.")

    def clean_again(self) -> str:
        """The second time it must be the same."""
        again: str = self.cleaned_data["again"]
        if self.cleaned_data.get("password") != again:
            raise forms.ValidationError(_("The two are not the same."))
        return again


class ChangePassword(ChoosePassword):
    """The passphrase one has, and a new one."""

    old = forms.CharField(
        label=_("Passphrase you have now"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old", "password", "again")


class Code(forms.Form):
    """Six digits of an app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class NewAccount(forms.Form):
    """Who is to have an account."""

    name = forms.CharField(label=_("Name"), max_length=80)
    username = forms.RegexField(
        r"^[a-z0-9][a-z0-9._-]{2,39}$",
        label=_("User name"),
        help_text=_("3 to 40 small letters, digits, dots or hyphens; no resident number."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class Day(forms.DateInput):
    """A day, chosen as the browser offers it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class NewPost(forms.Form):
    """A role, where and from when to when."""

    role = forms.ChoiceField(label=_("Role"), choices=Role)
    centres = forms.ModelMultipleChoiceField(
        Centre.objects.all(),
        label=_("Dongs of duty"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Not needed for roles of the whole district."),
    )
    zones = forms.ModelMultipleChoiceField(
        Zone.objects.select_related("centre"),
        label=_("Zones"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    since = forms.DateField(label=_("First day"), required=False, widget=Day, help_text=_("Empty: today."))
    until = forms.DateField(
        label=_("Last day"), required=False, widget=Day, help_text=_("Empty: until it is ended.")
    )

    def clean(self) -> dict[str, Any]:
        """What fits together."""
        given = super().clean() or self.cleaned_data
        role, centres = given.get("role"), given.get("centres")
        if role is None or centres is None:
            return given
        given["role"] = Role(role)
        if not SCOPES[given["role"]].whole_district and not centres:
            self.add_error("centres", _("This role works in dongs; please choose one at least."))
        if {zone.centre_id for zone in given.get("zones", ())} - {centre.pk for centre in centres}:
            self.add_error("zones", _("A zone lies outside the chosen dongs."))
        if given.get("until") and given["until"] < (given.get("since") or timezone.localdate()):
            self.add_error("until", _("The last day lies before the first."))
        return given

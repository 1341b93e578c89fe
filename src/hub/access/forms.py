"""What is asked at the door, and about accounts."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hub.access.roles import SCOPES, Role
from hub.organisation.models import Centre, Zone
from hub.organisation.queries import zones


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


class ZoneChoice(forms.ModelMultipleChoiceField):
    """Zones, each with its dong."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, zone: Zone) -> str:
        """As the list calls it."""
        return f"{zone.centre} · {zone}"


class PostZones(forms.Form):
    """The zones of a post, and whether it is limited to them."""

    zones = ZoneChoice(
        zones(),
        label=_("Zones"),
        required=False,
        help_text=_("Their households come first for whoever holds the post."),
    )
    only_zones = forms.BooleanField(
        label=_("Only in these zones"),
        required=False,
        help_text=_(
            "Households elsewhere in the dong are then closed to this post, those in no zone as well."
        ),
    )

    def check_zones(self, dongs: set[str]) -> None:
        """What fits together, for a post in these dongs."""
        chosen = self.cleaned_data.get("zones")
        in_zones = {zone.centre_id for zone in chosen or ()}
        if in_zones - dongs:
            self.add_error("zones", _("A zone lies outside the chosen dongs."))
        elif self.cleaned_data.get("only_zones") and dongs - in_zones:
            self.add_error("zones", _("A post limited to zones needs one in each of its dongs."))


class ChangeZones(PostZones):
    """Other zones for a post that is held."""

    def __init__(self, *args: Any, dongs: set[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.dongs = dongs
        self.fields["zones"].queryset = zones(dongs)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What fits together."""
        given = super().clean() or self.cleaned_data
        self.check_zones(self.dongs)
        return given


class NewPost(PostZones):
    """A role, where and from when to when."""

    role = forms.ChoiceField(label=_("Role"), choices=Role)
    centres = forms.ModelMultipleChoiceField(
        Centre.objects.all(),
        label=_("Dongs of duty"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Not needed for roles of the whole district."),
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
        if SCOPES[given["role"]].whole_district and given.get("only_zones"):
            self.add_error("only_zones", _("This role works in the whole district."))
        self.check_zones({centre.pk for centre in centres})
        if given.get("until") and given["until"] < (given.get("since") or timezone.localdate()):
            self.add_error("until", _("The last day lies before the first."))
        return given

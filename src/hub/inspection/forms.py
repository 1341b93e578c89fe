"""What is typed in the inspection: what to look for, a question, an answer, a decision, a reason."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.inspection.models import Finding
from hub.inspection.queries import Wanted

LARGEST_NUMBER = 2**63 - 1


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


def _text(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class Look(forms.Form):
    """What to look for in the trail; at least one of them."""

    household = forms.IntegerField(
        label=_("Household"), required=False, min_value=1, max_value=LARGEST_NUMBER
    )
    user = forms.ModelChoiceField(
        User.objects.order_by("name"), label=_("User"), required=False, empty_label=_("All")
    )
    verb = forms.ChoiceField(label=_("Deed"), required=False)
    first = _day(_("From"))
    last = _day(_("To"))

    def __init__(self, *arguments: Any, verbs: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["verb"].choices = [("", _("All")), *verbs]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("last", _("This day is before the first one. Exchange the two."))
        return given

    def wanted(self) -> Wanted:
        """What was asked for."""
        given = self.cleaned_data
        user = given["user"].pk if given["user"] else None
        return Wanted(given["household"], user, given["verb"], given["first"], given["last"])


class Question(forms.Form):
    """What the user is asked."""

    question = _text(
        _("Question to the user"),
        _("Ask for the occasion of the access. Write no resident's name or number."),
    )


class Answer(forms.Form):
    """The user's explanation."""

    answer = _text(_("Your answer"), _("Say what the access was for. Write no resident's name or number."))


class Decision(forms.Form):
    """What the inspector concludes, and why."""

    decision = forms.ChoiceField(
        label=_("Decision"), choices=Finding.Decision.choices, widget=forms.RadioSelect
    )
    reason = _text(_("Reason"))


class DecideSeveral(Decision):
    """The same decision for several findings, such as all of a night shift."""

    findings = forms.TypedMultipleChoiceField(coerce=int, label=_("Findings"))

    def __init__(self, *arguments: Any, open_findings: list[int], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["findings"].choices = [(number, str(number)) for number in open_findings]  # type: ignore[attr-defined]


class Signature(forms.Form):
    """What the inspector adds to the report when signing it."""

    remark = _text(_("Remark"), required=False)


class Download(forms.Form):
    """Why a list leaves the hub."""

    purpose = forms.CharField(
        label=_("Reason for the download"), min_length=5, max_length=200, help_text=_("It is recorded.")
    )

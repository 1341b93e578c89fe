"""What is asked when somebody opens a household, writes about it, or changes the register."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hub.access.models import User
from hub.access.purposes import Purpose
from hub.people.models import Address, Note, Opening, Person, Relation, Seal
from hub.people.sources import Source
from hub.programmes.forms import fact_field, fact_value
from welfare.facts import Fact

# What a person brings to the desk or sees on a visit; registers come as lists.
BROUGHT = [
    (source.value, source.label)
    for source in (Source.DOCUMENT, Source.VISIT, Source.INTERVIEW, Source.RESIDENT)
]


def _day(label: object, **more: Any) -> forms.DateField:
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=picker, **more)  # type: ignore[arg-type]


def _line(label: object, length: int, **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, max_length=length, widget=widget, **more)  # type: ignore[arg-type]


class StatePurpose(forms.Form):
    """For what a household is opened."""

    purpose = forms.ChoiceField(
        label=_("For what do you open this household?"),
        choices=[(one.value, one.label) for one in Purpose if one is not Purpose.EMERGENCY],
        widget=forms.RadioSelect,
    )
    reason = _line(_("More about it (may stay empty)"), 300, required=False)


class Emergency(forms.Form):
    """What is at stake when a closed household is opened all the same."""

    reason = forms.CharField(
        label=_("What is at stake?"),
        max_length=300,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )


class Review(forms.Form):
    """The judgement of an emergency opening."""

    verdict = forms.ChoiceField(
        label=_("Judgement"), choices=Opening.Verdict.choices, widget=forms.RadioSelect
    )
    text = _line(_("Why"), 300)


class WriteNote(forms.Form):
    """A note, a promise or a warning."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Note.Kind.choices, initial=Note.Kind.NOTE)
    text = forms.CharField(
        label=_("Text"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"})
    )
    due_on = _day(_("Promised for (promises only)"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") == Note.Kind.PROMISE and not given.get("due_on"):
            self.add_error("due_on", _("A promise needs a day."))
        return given


class RecordFact(forms.Form):
    """One fact about the household or one of its members: a value, or why there is none."""

    said = forms.ChoiceField(
        label=_("What was said"),
        choices=[
            ("value", _("A value")),
            ("unknown", _("Asked, but nobody could tell")),
            ("refused", _("The resident did not want to say")),
            ("none", _("There is no such thing")),
        ],
        initial="value",
        widget=forms.RadioSelect,
    )
    source = forms.ChoiceField(label=_("Source"), choices=BROUGHT)
    collected_on = _day(_("Collected on"))
    expires_on = _day(_("Holds until (may stay empty)"), required=False)
    field_order = ("said", "value", "source", "collected_on", "expires_on")

    def __init__(self, *args: Any, fact: Fact, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fact = fact
        self.fields["value"] = fact_field(fact)
        self.fields["collected_on"].initial = timezone.localdate()
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self.value = fact_value(self.fact, given.get("value"))
        if given.get("said") == "value" and self.value is None and "value" not in self.errors:
            self.add_error("value", _("Enter the value, or choose why there is none."))
        return given


class NewPerson(forms.Form):
    """Somebody born into the household or moving in from outside."""

    event = forms.ChoiceField(
        label=_("What happened"), choices=[("birth", _("Birth")), ("moved_in", _("Moved in"))]
    )
    name = _line(_("Name"), 80)
    birth_date = _day(_("Date of birth"))
    phone = _line(_("Phone"), 20, required=False)
    on = _day(_("On"), initial=timezone.localdate)


class Leaving(forms.Form):
    """A death or a move, of one member."""

    person = forms.ModelChoiceField(Person.objects.none(), label=_("Person"), empty_label=None)
    how = forms.ChoiceField(
        label=_("What happened"),
        choices=[
            (Person.Left.DEATH.value, Person.Left.DEATH.label),
            (Person.Left.MOVED_OUT.value, Person.Left.MOVED_OUT.label),
            ("moved", _("Moved to another household")),
            ("split", _("Forms a household of their own")),
        ],
    )
    to = forms.IntegerField(
        label=_("Number of the other household (moves within the district)"), required=False, min_value=1
    )
    on = _day(_("On"), initial=timezone.localdate)

    def __init__(self, *args: Any, persons: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["person"].queryset = persons  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") in ("moved", "split") and not given.get("to"):
            self.add_error("to", _("Enter the number of the household moved to."))
        return given


class NewAddress(forms.Form):
    """A registered or actual address from a day on."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Address.Kind.choices)
    text = _line(_("Address"), 200)
    on = _day(_("Since"), initial=timezone.localdate)


class NewRelation(forms.Form):
    """A relative or guardian elsewhere."""

    person = forms.ModelChoiceField(Person.objects.none(), label=_("Of whom"), empty_label=None)
    name = _line(_("Name"), 80)
    kind = forms.ChoiceField(label=_("Relation"), choices=Relation.Kind.choices)
    obligor = forms.BooleanField(label=_("Obliged by law to support"), required=False)
    estranged = forms.NullBooleanField(
        label=_("Contact broken off"),
        widget=forms.Select(choices=[("unknown", _("Not known")), ("true", _("Yes")), ("false", _("No"))]),
    )
    phone = _line(_("Phone"), 20, required=False)
    source = forms.ChoiceField(label=_("Source"), choices=BROUGHT)

    def __init__(self, *args: Any, persons: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["person"].queryset = persons  # type: ignore[attr-defined]


class SealHousehold(forms.Form):
    """Why a household is hidden, and from whom it is not."""

    kind = forms.ChoiceField(label=_("Why"), choices=Seal.Kind.choices)
    reason = _line(_("More about it"), 300)
    allowed = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Who may open it all the same"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Name at least one person.")},
    )

    def __init__(self, *args: Any, users: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["allowed"].queryset = users  # type: ignore[attr-defined]


class Unseal(forms.Form):
    """Why a household need not be hidden any more; the second person decides by it."""

    reason = _line(_("Why the seal can be lifted"), 200, min_length=5)


class ExportReason(forms.Form):
    """What a list is taken out for; the second person decides by it."""

    reason = _line(_("What the list is needed for"), 200, min_length=5)


class TakeOut(forms.Form):
    """In which form a record leaves the hub, and why."""

    form = forms.ChoiceField(label=_("As"), choices=[("xlsx", "XLSX"), ("pdf", "PDF")])
    reason = _line(_("Why it is taken out"), 200, min_length=5)

"""Forms of consents and of residents' requests."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hub.people.models import Note, Person
from hub.privacy import erasure
from hub.privacy.models import ConsentPurpose, ConsentText, Manner, SubjectRequest

YES, NO = "yes", "no"


def _day(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=picker, help_text=help_text)


def _notes() -> forms.ModelMultipleChoiceField:
    return forms.ModelMultipleChoiceField(
        Note.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(("invalid_choice", "invalid_pk_value"), erasure.NOTES_CHANGED),
    )


class Give(forms.Form):
    """What somebody agrees to. No item is answered beforehand: consent is said, not left standing."""

    text = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, consent_text: ConsentText, **more: Any) -> None:
        super().__init__(*args, **more)
        self.consent_text = consent_text
        self.fields["text"].initial = consent_text.pk
        for item in consent_text.body["items"]:
            self.fields[f"item-{item['id']}"] = forms.ChoiceField(
                label=item["purpose"],
                choices=[(YES, _("Agrees")), (NO, _("Does not agree"))],
                widget=forms.RadioSelect,
            )
        if consent_text.consent_purpose in (
            ConsentPurpose.PARTNERS,
            ConsentPurpose.CASE_SHARING,
            ConsentPurpose.SAFETY_CHECK,
        ):
            self.fields["recipients"] = forms.CharField(
                label=_("To whom data may be given, by name"),
                max_length=300,
                required=consent_text.consent_purpose == ConsentPurpose.PARTNERS,
            )
        self.fields["given_on"] = _day(_("Given on"))
        self.fields["given_on"].initial = timezone.localdate
        if consent_text.months is not None:
            self.fields["expires_on"] = _day(
                _("Last day"), required=False, help_text=_("Empty: the whole term the text allows.")
            )
        self.fields["manner"] = forms.ChoiceField(
            label=_("How"),
            choices=[choice for choice in Manner.choices if choice[0] != Manner.SPOKEN],
            widget=forms.RadioSelect,
        )
        self.fields["paper_reference"] = forms.CharField(
            label=_("Where the signed paper is"),
            max_length=80,
            required=False,
            help_text=_("Number of the scan or the shelf."),
        )
        self.fields["representative"] = forms.CharField(
            label=_("Legal representative"),
            max_length=80,
            required=False,
            help_text=_("Name and relation; for a child under 14 or a ward."),
        )

    def clean_text(self) -> int:
        """The text that was read out is the one in force."""
        number: int = self.cleaned_data["text"]
        if number != self.consent_text.pk:
            raise forms.ValidationError(_("A newer text is in force by now. Please read it again."))
        return number

    @property
    def items(self) -> list[tuple[dict[str, Any], forms.BoundField]]:
        """Each item of the text with the field that answers it."""
        return [(item, self[f"item-{item['id']}"]) for item in self.consent_text.body["items"]]

    @property
    def rest(self) -> list[forms.BoundField]:
        """The fields beside the items."""
        return [field for field in self if not field.name.startswith("item-") and field.name != "text"]

    def answers(self) -> dict[str, bool]:
        """{item: agreed}."""
        return {
            item["id"]: self.cleaned_data[f"item-{item['id']}"] == YES
            for item in self.consent_text.body["items"]
        }

    def given(self) -> dict[str, Any]:
        """The rest as `actions.give_consent` takes it."""
        names = ("recipients", "given_on", "expires_on", "manner", "paper_reference", "representative")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class Withdraw(forms.Form):
    """The end of a consent."""

    how = forms.ChoiceField(label=_("How"), choices=Manner.choices)
    reason = forms.CharField(label=_("Reason (not needed)"), max_length=200, required=False)


class Receive(forms.Form):
    """A request of a resident as it comes in."""

    kind = forms.ChoiceField(
        label=_("What is asked"), choices=SubjectRequest.Kind.choices, widget=forms.RadioSelect
    )
    identity = forms.ChoiceField(
        label=_("How you made sure who is asking"),
        choices=SubjectRequest.Identity.choices,
        widget=forms.RadioSelect,
    )
    received_on = _day(_("Received on"))
    details = forms.CharField(
        label=_("In the words of who asks"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class Answer(forms.Form):
    """What the person is told."""

    answer = forms.CharField(
        label=_("What to tell the person"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("With the reason and the law where something is refused."),
    )


class DecideErasure(Answer):
    """The decision on an erasure: what the person is told, which notes are about the person, and which of them stay.

    Only the notes of a household that is this person's alone are ticked beforehand; only where a benefit is received can
    one stay because it was decided on. `seen` comes back from the page, so that a note written since is not decided unread.
    """

    seen = _notes()
    about = _notes()
    decided_on = _notes()

    def __init__(self, *args: Any, person: Person, **more: Any) -> None:
        super().__init__(*args, **more)
        notes = erasure.notes_in_reach(person).order_by("-written_at", "-pk")
        for name in ("seen", "about", "decided_on"):
            self.fields[name].queryset = notes  # type: ignore[attr-defined]
        self.fields["about"].initial = notes.filter(household__in=erasure.alone(person))
        if not erasure.receives(person):
            del self.fields["decided_on"]

    @property
    def notes(self) -> list[tuple[Note, Any, Any]]:
        """Each note with the box that says it is about the person, and the box, if any, that keeps it for a benefit."""
        boxes = list(self["about"])
        keep = list(self["decided_on"]) if "decided_on" in self.fields else [None] * len(boxes)
        return [(box.data["value"].instance, box, kept) for box, kept in zip(boxes, keep, strict=True)]

    def told(self) -> erasure.Told:
        """What was decided about the notes."""
        seen, about, decided_on = (
            frozenset(note.pk for note in self.cleaned_data.get(name, ()))
            for name in ("seen", "about", "decided_on")
        )
        return erasure.Told(seen, about, decided_on)

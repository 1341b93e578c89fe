"""Forms of lists: a new kind of list, a file, and what its columns mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub.lists import queries
from hub.organisation.models import Centre
from welfare.intake.agency import LEFT_OUT
from welfare.intake.sheet import OFFICE

WHO = ({"person_id"}, {"household_id"}, {"name", "birth_date"}, {"name", "resident_number"})


class NewList(forms.Form):
    """A kind of list."""

    agency = forms.CharField(label=_("Agency"), max_length=80, help_text=_("Who sends the list."))
    name = forms.CharField(label=_("Name of the list"), max_length=80)
    states = forms.CharField(
        label=_("True of everybody on the list"),
        required=False,
        help_text=_(
            "A fact that being on the list states by itself, such as “receives the basic pension”. May stay empty."
        ),
        widget=forms.TextInput(attrs={"list": "stated", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.stated = {
            queries.spoken(fact.label): fact.name for fact in queries.facts() if fact.type == "bool"
        }

    def clean_states(self) -> str:
        """The fact behind the words."""
        text = self.cleaned_data["states"].strip()
        if text and text not in self.stated:
            raise forms.ValidationError(gettext("Choose one of the facts offered."))
        return self.stated.get(text, "")


class NewFile(forms.Form):
    """A file of a list, the day it speaks of, and the area it is for."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, at most 30 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    data_day = forms.DateField(
        label=_("Day of the data"),
        help_text=_("The day of which the list speaks, not the day it was sent."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    centre = forms.ModelChoiceField(Centre.objects.none(), label=_("For which dong"), required=False)

    def __init__(self, *args: Any, dongs: frozenset[str] | None, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["centre"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Centre.objects.all() if dongs is None else Centre.objects.filter(code__in=dongs)
        field.empty_label = gettext("The whole district") if dongs is None else None
        if dongs is not None:
            field.required = True
            field.initial = field.queryset.first()
        self.fields["data_day"].widget.attrs["max"] = timezone.localdate().isoformat()

    def clean_file(self) -> Any:
        """Not larger than is read; what is in it is looked at elsewhere."""
        file = self.cleaned_data["file"]
        if file.size > OFFICE.bytes:
            raise forms.ValidationError(gettext("This file is larger than 30 MB. Split it into several."))
        return file

    def clean_data_day(self) -> Any:
        """Not in the future."""
        day = self.cleaned_data["data_day"]
        if day > timezone.localdate():
            raise forms.ValidationError(gettext("This day lies in the future."))
        return day


class Columns(forms.Form):
    """What each column means: one field a column, filled with the guess."""

    def __init__(self, *args: Any, guess: Sequence[Mapping[str, Any]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.guess = guess
        self.meanings = queries.meanings()
        labels = {meaning: label for label, meaning in self.meanings.items()}
        for column in guess:
            self.fields[f"column-{column['place']}"] = forms.CharField(
                label=column["head"] or gettext("(no head)"),
                required=False,
                initial=labels.get(column["meaning"], ""),
                widget=forms.TextInput(attrs={"list": "meanings", "autocomplete": "off"}),
            )

    def columns(self) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        """Each column with its field."""
        return [(column, self[f"column-{column['place']}"]) for column in self.guess]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        found: dict[int, str] = {}
        for column in self.guess:
            field = f"column-{column['place']}"
            text = cleaned.get(field, "").strip()
            meaning = self.meanings.get(text, "") if text else LEFT_OUT
            if not meaning:
                self.add_error(
                    field, gettext("Choose one of the meanings offered, or leave the field empty.")
                )
            elif meaning != LEFT_OUT and meaning in found.values():
                self.add_error(field, gettext("Another column means this already."))
            else:
                found[column["place"]] = meaning
        if not self.errors and not any(who <= set(found.values()) for who in WHO):
            raise forms.ValidationError(
                gettext(
                    "Say which columns tell who it is: a number on the register, or name and date of birth."
                )
            )
        self.found = found
        return cleaned

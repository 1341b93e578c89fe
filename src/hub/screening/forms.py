"""Forms of the desk interview, made from the facts as the catalogue declares them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub.organisation.models import Centre
from hub.programmes.forms import fact_field, fact_value, in_language
from hub.screening.models import Interview
from welfare.facts import Fact


class Opening(forms.Form):
    """Where the conversation is held and how it may end."""

    centre = forms.ModelChoiceField(Centre.objects.none(), label=_("Centre"), empty_label=None)
    policy = forms.ChoiceField(
        label=_("How to ask"),
        choices=Interview.Policy.choices,
        initial=Interview.Policy.ANY_TIME,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, dongs: frozenset[str] | None, **more: Any) -> None:
        super().__init__(*args, **more)
        centres = Centre.objects.all() if dongs is None else Centre.objects.filter(code__in=dongs)
        self.fields["centre"].queryset = centres  # type: ignore[attr-defined]


class Member(forms.Form):
    """One member at the start: what everybody at a desk can say."""

    def __init__(self, *args: Any, facts: Sequence[Fact], **more: Any) -> None:
        super().__init__(*args, **more)
        self.facts = facts
        for fact in facts:
            self.fields[fact.name] = fact_field(fact)

    def values(self) -> dict[str, Any]:
        """The facts that were filled in."""
        given = {fact.name: fact_value(fact, self.cleaned_data.get(fact.name)) for fact in self.facts}
        return {name: value for name, value in given.items() if value is not None}


def couples(members: list[dict[str, Any]]) -> None:
    """Numbers the couples that relations to the head make plain: head and spouse, both parents, child and child-in-law."""
    pairs = (
        ("head", "spouse"),
        ("parent", "parent"),
        ("parent_in_law", "parent_in_law"),
        ("child", "child_in_law"),
    )
    for number, (one, other) in enumerate(pairs, 1):
        places = [place for place, member in enumerate(members) if member.get("relation") in (one, other)]
        relations = sorted(str(members[place]["relation"]) for place in places)
        if relations == sorted((one, other)):
            for place in places:
                members[place]["couple"] = number


class Answer(forms.Form):
    """The answer to one question: for the household, or for each member it concerns."""

    def __init__(
        self, *args: Any, fact: Fact, members: Sequence[int], names: Sequence[str], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.fact, self.members = fact, members
        if members:
            for place in members:
                self.fields[f"value-{place}"] = fact_field(fact)
                self.fields[f"value-{place}"].label = names[place]
        else:
            self.fields["value"] = fact_field(fact, required=True)
            self.fields["value"].label = in_language(fact.label)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.members and all(self._given(place) is None for place in self.members) and not self.errors:
            raise forms.ValidationError(gettext("Answer for at least one person, or choose “Don’t know”."))
        return cleaned

    def _given(self, place: int) -> Any:
        return fact_value(self.fact, self.cleaned_data.get(f"value-{place}"))

    def answer(self) -> dict[str, Any]:
        """The answer as an interview keeps it."""
        if not self.members:
            value = fact_value(self.fact, self.cleaned_data["value"])
            return {"fact": self.fact.name, "members": [], "value": _plain(value)}
        values = [_plain(self._given(place)) for place in self.members]
        return {"fact": self.fact.name, "members": list(self.members), "value": values}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value

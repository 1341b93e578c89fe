"""Words and amounts as pages print them; known in every template."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import get_language, gettext, gettext_lazy

register = template.Library()

_SAID = {
    "unknown": gettext_lazy("Nobody could tell"),
    "refused": gettext_lazy("Not said"),
    "none": gettext_lazy("There is none"),
}


@register.filter
def spoken(text: object) -> str:
    """A bilingual text {"ko": ..., "en": ...} of the catalogue in the page's language; other values as they are."""
    if isinstance(text, Mapping):
        return str(text.get(get_language() or "ko") or text.get("ko") or text.get("en") or "")
    return str(text)


@register.filter
def won(amount: object) -> str:
    """An amount in won with thousands separated: 1,233,580원, or KRW 1,233,580."""
    if not isinstance(amount, int) or isinstance(amount, bool):
        return ""
    return gettext("KRW %(amount)s") % {"amount": f"{amount:,}"}


@register.filter
def count(number: object) -> str:
    """A number with thousands separated."""
    return f"{number:,}" if isinstance(number, int) else str(number)


@register.filter
def stated(statement: Any) -> str:
    """What was stated, as a person reads it: code labels in words, won as won, yes and no, or why there is no value."""
    fact, value = statement.fact, statement.value
    if statement.said:
        return str(_SAID[statement.said])
    if value is None:
        return ""
    if fact.type == "code":
        return spoken(fact.code_labels[fact.codes.index(value)]) if value in fact.codes else str(value)
    if fact.type == "bool":
        return gettext("Yes") if value else gettext("No")
    return won(value) if fact.type == "won" else str(value)


@register.filter
def name_of(place: object) -> str:
    """The name of anything with `name_ko` and `name_en` in the page's language."""
    return str(getattr(place, "name_en" if get_language() == "en" else "name_ko", ""))

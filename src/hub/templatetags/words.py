"""Words and amounts as pages print them; known in every template.

Answers stand by the hundred on a household's page: a template of their own for each took a third of its time.
"""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, gettext_lazy

from welfare.rules import Result

register = template.Library()

_SAID = {
    "unknown": gettext_lazy("Nobody could tell"),
    "refused": gettext_lazy("Not said"),
    "none": gettext_lazy("There is none"),
}
_ANSWERS = {
    "receives": gettext_lazy("received"),
    "entitled": gettext_lazy("entitled"),
    "unknown": gettext_lazy("cannot tell yet"),
    "not_entitled": gettext_lazy("not entitled"),
}
_PER = {
    "month": gettext_lazy("a month"),
    "year": gettext_lazy("a year"),
    "season": gettext_lazy("a season"),
    "day": gettext_lazy("a day"),
    "once": gettext_lazy("once"),
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
def per(period: object) -> str:
    """How often an amount is paid: a month, once, each time."""
    return str(_PER.get(str(period)) or gettext("each time"))


@register.filter
def answer(result: Result) -> str:
    """The answer in a word, as a mark: entitled, cannot tell yet, not entitled, or received."""
    kind = "receives" if result.receives and result.answer != "not_entitled" else result.answer
    return format_html('<span class="answer {}">{}</span>', kind, _ANSWERS[kind])


@register.filter
def amount(result: Result) -> str:
    """What there is to be had: won or a range of won each period, "up to" while the answer is unknown, or help in kind."""
    found = result.amount
    if found is None:
        return ""
    if found.low is None:
        return format_html('<span class="small">{}</span>', spoken(found.in_kind)) if found.in_kind else ""
    if found.low == found.high:
        words = won(found.low)
    elif result.answer == "unknown":
        words = gettext("up to %(most)s") % {"most": won(found.high)}
    else:
        words = f"{won(found.low)} – {won(found.high)}"
    return format_html(
        '<span class="amount">{}</span> <span class="small soft">{}</span>', words, per(found.per)
    )


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

"""Words and amounts as pages print them; known in every template."""

from collections.abc import Mapping

from django import template
from django.utils.translation import get_language, gettext

register = template.Library()


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

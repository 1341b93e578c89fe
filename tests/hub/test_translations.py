"""Every text has Korean, and the tools that keep it so need no gettext."""

import polib
import pytest
from django.utils import translation

from hub import messages
from hub.templatetags.words import count, spoken, won


def test_every_text_in_code_and_pages_has_korean():
    missing = sorted(
        {f"{path.relative_to(messages.FOLDER)}: {text}" for path, text in messages.untranslated()}
    )
    assert missing == [], "\n".join(missing)


def test_texts_are_found_in_code_and_in_templates():
    found = {entry.msgid for _, entry in messages.texts()}
    assert "Welfare coordinator" in found  # code
    assert "Skip to the content" in found  # {% translate %}
    assert "Welcome, %(name)s" in found  # {% blocktranslate %}


def test_the_same_text_is_the_same_korean_wherever_it_stands():
    """All pages share one dictionary: of two translations of a text, one would win everywhere."""
    said = {}
    for source in messages.FOLDER.glob("**/locale/ko/LC_MESSAGES/*.po"):
        for entry in polib.pofile(str(source)):
            if not entry.obsolete and not entry.msgid_plural:
                said.setdefault((entry.msgctxt, entry.msgid), set()).add(entry.msgstr)
    assert {text: korean for text, korean in said.items() if len(korean) > 1} == {}


def test_placeholders_are_the_same_in_both_languages():
    import re

    for source in messages.FOLDER.glob("**/locale/ko/LC_MESSAGES/*.po"):
        for entry in polib.pofile(str(source)):
            korean = entry.msgstr or entry.msgstr_plural.get(0, "")
            names = re.compile(r"%\((\w+)\)[sd]")
            if korean and not entry.msgid_plural:
                assert set(names.findall(entry.msgid)) == set(names.findall(korean)), entry.msgid


@pytest.mark.parametrize(
    ("language", "amount", "words"),
    [
        ("ko", 1233580, "1,233,580원"),
        ("en", 1233580, "KRW 1,233,580"),
        ("ko", 0, "0원"),
        ("ko", None, ""),
        ("ko", True, ""),
    ],
)
def test_amounts_are_printed_as_the_language_does(language, amount, words):
    with translation.override(language):
        assert won(amount) == words


def test_a_bilingual_text_is_printed_in_the_language_of_the_page():
    with translation.override("en"):
        assert spoken({"ko": "생계급여", "en": "Livelihood Benefit"}) == "Livelihood Benefit"
        assert spoken({"ko": "생계급여"}) == "생계급여"
    assert spoken({"ko": "생계급여", "en": "Livelihood Benefit"}) == "생계급여"
    assert count(143226) == "143,226"

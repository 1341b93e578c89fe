"""The catalogue as files anybody can read and search, without a server: Markdown by field of life, and one page of HTML.

Made from the programme files alone, so that the documentation never says something else than the rules. The page searches
as the application does, by parts of words, by first letters and by what is still being typed; it asks no other host.
"""

from __future__ import annotations

import json
from datetime import date
from html import escape
from pathlib import Path

from welfare.formula import in_words
from welfare.hangul import initials, letters
from welfare.rules.catalogue import CERTAIN, Catalogue, Programme
from welfare.rules.ruleset import RuleSet
from welfare.wording import Wording

LANGUAGES = ("ko", "en")
NOTE = "<!-- Made by `hub catalogue docs/catalogue`; change the files in programmes/ instead. -->"


def write_catalogue(catalogue: Catalogue, folder: Path, day: date) -> list[Path]:
    """Writes README.md, <language>/<field>.md and index.html into `folder`; returns what was written.

    Amounts and confidence are those of `day`. Files that are there already are written anew; others are left alone.
    """
    rules = catalogue.at(day)
    written = {folder / "README.md": _index(catalogue, day), folder / "index.html": _page(catalogue)}
    for language in LANGUAGES:
        for field in catalogue.fields:
            written[folder / language / f"{field}.md"] = _field(catalogue, rules, field, language)
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(written)


def _in(catalogue: Catalogue, field: str) -> list[Programme]:
    here = [programme for programme in catalogue.programmes.values() if programme.field == field]
    return sorted(here, key=lambda programme: programme.name["ko"])


# Markdown ---------------------------------------------------------------------------------------------------


def _index(catalogue: Catalogue, day: date) -> str:
    number = len(catalogue.programmes)
    computable = sum(programme.computable for programme in catalogue.programmes.values())
    lines = [
        f"# {catalogue.name['ko']} · {catalogue.name['en']}",
        "",
        NOTE,
        "",
        (
            f"제도 {number}개, 그 가운데 사실만으로 판정하는 제도 {computable}개({day} 기준). "
            f"{number} programmes, {computable} of them decided from facts alone (as of {day})."
        ),
        "",
        "[검색 · Search](index.html) – 이름의 일부나 초성으로 찾습니다. Open the file in a browser; it works without a network.",
        "",
        "| 생활 영역 · Field of life | 제도 · Programmes | |",
        "|---|---:|---|",
    ]
    for field, name in catalogue.fields.items():
        count = len(_in(catalogue, field))
        if count:
            lines.append(
                f"| {name['ko']} · {name['en']} | {count} | [한국어](ko/{field}.md) · [English](en/{field}.md) |"
            )
    return "\n".join(lines) + "\n"


def _field(catalogue: Catalogue, rules: RuleSet, field: str, language: str) -> str:
    say = Wording(language).say
    programmes = _in(catalogue, field)
    lines = [f"# {catalogue.fields[field][language]}", "", NOTE, ""]
    lines += [f"- [{one.name[language]}](#{one.id})" for one in programmes]
    for programme in programmes:
        lines += ["", *_programme(catalogue, rules, programme, language)]
    lines += ["", f"[{say('모든 분야', 'All fields')}](../README.md)"]
    return "\n".join(lines) + "\n"


def _programme(catalogue: Catalogue, rules: RuleSet, programme: Programme, language: str) -> list[str]:
    words = Wording(language)
    say = words.say
    lines = [
        f'<a id="{programme.id}"></a>',
        "",
        f"## {programme.name[language]}",
        "",
        programme.summary[language],
        "",
        f"{catalogue.scopes[programme.scope][language]} · {programme.agency[language]} · {programme.law}",
        "",
        f"**{say('지원 대상', 'Who gets it')}**",
        "",
    ]
    for criterion in programme.criteria:
        checked = f" **[{say('담당자 확인', 'a person checks it')}]**" if criterion.by_hand else ""
        lines.append(f"1. {criterion.label[language]}{checked} ({criterion.law})")
    lines += ["", f"**{say('지원 내용', 'What it gives')}**", ""]
    amount = programme.amount
    if amount.in_kind:
        lines.append(f"- {amount.in_kind[language]}")
    if amount.text:
        lines.append(f"- {words.period(amount.per, in_words(amount.text, catalogue, language))}")
    for title, texts in (
        (say("담당자가 확인할 사항", "To be checked by a person"), programme.hand_check),
        (say("구비서류", "Papers"), programme.documents),
        (say("신청하는 곳", "Where to apply"), programme.apply_at),
        (say("참고", "Notes"), programme.notes),
    ):
        if texts:
            lines += ["", f"**{title}**", "", *(f"- {text[language]}" for text in texts)]
    if programme.excludes:
        others = ", ".join(catalogue.programmes[other].name[language] for other in programme.excludes)
        lines += ["", f"{say('함께 받을 수 없음', 'Not together with')}: {others}"]
    sources = [catalogue.sources[source] for source in programme.sources]
    lines += ["", f"**{say('출처', 'Sources')}**", ""]
    lines += [f"- {source.title} ({source.read_on})" for source in sources]
    uncertain = rules.needs_check.get(programme.id, ())
    if uncertain or programme.confidence not in CERTAIN:
        named = ", ".join(catalogue.parameters[name].label[language] for name in uncertain)
        lines += [
            "",
            f"> {say('확인이 필요합니다', 'Needs a check')}" + (f": {named}" if named else ""),
        ]
    return lines


# The page that searches -------------------------------------------------------------------------------------


def _page(catalogue: Catalogue) -> str:
    """One file of HTML with every programme in both languages, and a script that shows those that are looked for."""
    entries = []
    for programme in catalogue.programmes.values():
        names, more = " ".join(programme.name.values()), " ".join(programme.summary.values())
        entries.append([programme.id, letters(names), initials(names), letters(more), initials(more)])
    sections = []
    for field, name in catalogue.fields.items():
        cards = "".join(_card(programme) for programme in _in(catalogue, field))
        sections.append(f"<section><h2>{_both(name)}</h2>{cards}</section>")
    data = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return PAGE.format(title=_both(catalogue.name), sections="".join(sections), data=data)


def _both(text: dict[str, str]) -> str:
    return f'{escape(text["ko"])} <span lang="en">{escape(text["en"])}</span>'


def _card(programme: Programme) -> str:
    criteria = "".join(f"<li>{_both(one.label)}</li>" for one in programme.criteria)
    return (
        f'<details id="{programme.id}"><summary>{_both(programme.name)}</summary><p>{_both(programme.summary)}</p>'
        f'<ol>{criteria}</ol><p><a href="ko/{programme.field}.md#{programme.id}">한국어</a> · '
        f'<a href="en/{programme.field}.md#{programme.id}">English</a></p></details>\n'
    )


PAGE = """<!doctype html>
<!-- Made by `hub catalogue docs/catalogue`; change the files in programmes/ instead. -->
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>복지제도 찾기 · Find a programme</title>
<style>
body {{ max-width: 60rem; margin: 1rem auto; padding: 0 1rem; font: 17px/1.6 system-ui, sans-serif; color: #1e2124; word-break: keep-all; }}
input {{ width: 100%; min-height: 3rem; padding: .5rem .8rem; font: inherit; border: 1px solid #6d7882; border-radius: 8px; box-sizing: border-box; }}
[lang=en] {{ color: #464c53; }} summary {{ cursor: pointer; font-weight: 700; padding: .4rem 0; }} [hidden] {{ display: none; }}
</style></head><body>
<h1>{title}</h1>
<label for="q">이름의 일부나 초성(예: ㄱㅊㅇㄱ) <span lang="en">Part of a name, in Korean or English</span></label>
<input id="q" type="search" autocomplete="off"><p id="number" role="status"></p>
{sections}
<script>
const entries = {data};
const I = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", V = ["ㅏ","ㅐ","ㅑ","ㅒ","ㅓ","ㅔ","ㅕ","ㅖ","ㅗ","ㅗㅏ","ㅗㅐ","ㅗㅣ","ㅛ","ㅜ","ㅜㅓ","ㅜㅔ","ㅜㅣ","ㅠ","ㅡ","ㅡㅣ","ㅣ"],
  F = ["","ㄱ","ㄲ","ㄱㅅ","ㄴ","ㄴㅈ","ㄴㅎ","ㄷ","ㄹ","ㄹㄱ","ㄹㅁ","ㄹㅂ","ㄹㅅ","ㄹㅌ","ㄹㅍ","ㄹㅎ","ㅁ","ㅂ","ㅂㅅ","ㅅ","ㅆ","ㅇ","ㅈ","ㅊ","ㅋ","ㅌ","ㅍ","ㅎ"];
const letters = text => [...text.normalize("NFC").toLowerCase().replace(/[^\\p{{L}}\\p{{N}}]+/gu, "")].map(sign => {{
  const place = sign.charCodeAt(0) - 0xAC00;
  return place < 0 || place > 11171 ? sign : I[Math.floor(place / 588)] + V[Math.floor(place / 28) % 21] + F[place % 28];
}}).join("");
const find = () => {{
  const words = document.getElementById("q").value.split(/\\s+/).map(letters).filter(Boolean);
  let number = 0;
  for (const [id, name, first, more, moreFirst] of entries) {{
    const here = words.every(word => name.includes(word) || more.includes(word) || ([...word].every(sign => I.includes(sign)) && (first.includes(word) || moreFirst.includes(word))));
    document.getElementById(id).hidden = !here; number += here;
  }}
  for (const section of document.querySelectorAll("section")) section.hidden = !section.querySelector("details:not([hidden])");
  document.getElementById("number").textContent = number + " / " + entries.length;
}};
document.getElementById("q").addEventListener("input", find); find();
</script></body></html>
"""

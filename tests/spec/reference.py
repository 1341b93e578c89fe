"""The reference of the rule language for people, made of the same examples as the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from types import ModuleType

from tests.spec import little
from tests.spec.little import DERIVED, PARAMETERS, Example

PLACE = Path(__file__).parents[2] / "docs" / "reference" / "rule-language.md"
CHAPTERS = (
    "unknown_facts",
    "logic",
    "codes",
    "numbers",
    "tables",
    "time",
    "members",
    "spouses",
    "programmes",
    "refusals",
)

HEAD = """\
# The rule language

<!-- Made from tests/spec by `python -m tests.spec`; change the examples there. -->

The criteria, amounts and derived values of a programme file are written in this language. It has the look of
everyday arithmetic, a handful of functions, and nothing else: a rule can reach no file, no table, no clock
and no network.

Every value has one of six kinds: yes/no (`bool`), a count (`int`), `won`, a share (`rate`), a `code` or a
`date`. Every name belongs to the household or to a person. Both are checked when the file is read.

Each example below was asked of the slow interpreter that defines what is right, of the function the desk uses
and, where everything is known, of the SQL export; all gave the answer shown. *Cannot tell* is an answer of
its own. `low … high` is a range: the number lies in it, whatever the unknown facts turn out to be. What an
example does not name is unknown.
"""


def reference() -> str:
    """The whole page, in Markdown."""
    modules = [import_module(f"tests.spec.test_{chapter}") for chapter in CHAPTERS]
    return HEAD + _figures() + "".join(map(_chapter, modules))


def _figures() -> str:
    rows = [
        f"| `{name}` | {type} | {by or ''} | {value.strip(chr(34))} |"
        for name, (type, by, value) in PARAMETERS.items()
    ]
    derived = [
        f"| `{name}` | {type} | of the {of} | `{value}` |" for name, (of, type, value) in DERIVED.items()
    ]
    return "\n".join(
        [
            "\nThe examples use these figures and derived values:\n",
            "| name | kind | keyed by | value |",
            "|---|---|---|---|",
            *rows,
            *derived,
            "",
        ]
    )


def _chapter(module: ModuleType) -> str:
    title, text = cleandoc(module.__doc__ or "").split("\n", 1)
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    return f"\n## {title}\n\n{text.strip()}\n" + "".join(map(_paragraph, tests))


def _paragraph(test: Callable[[], None]) -> str:
    little.RECORD.clear()
    test()
    sentence = test.__name__.removeprefix("test_").replace("_", " ")
    text = cleandoc(test.__doc__) + "\n\n" if test.__doc__ else ""
    examples = list(little.RECORD)
    refused = any(example.refused for example in examples)
    given = any(example.household or any(example.members) or len(example.members) > 1 for example in examples)
    heads = ["expression", *["known"] * given, "refused because" if refused else "answer"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for example in examples:
        cells = [f"`{example.expression}`", *[_known(example)] * given]
        cells.append(f"… {example.refused} …" if refused else _answer(example))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return f"\n### {sentence[0].upper()}{sentence[1:]}\n\n{text}" + "\n".join(lines) + "\n"


def _known(example: Example) -> str:
    parts = [_facts(example.household)] if example.household else []
    members = [_facts(member) or "nothing known" for member in example.members]
    if len(members) > 1 and len(set(members)) == 1:
        parts.append(f"{len(members)} members, {members[0]}")
    elif len(members) > 1 or any(example.members):
        parts += [
            f"{'**' * (i == example.member)}member {i + 1}{'**' * (i == example.member)}: {text}"
            for i, text in enumerate(members)
        ]
    if example.day != little.DAY:
        parts.append(f"on {example.day}")
    return "<br>".join(parts)


def _facts(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in facts.items())


def _value(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _answer(example: Example) -> str:
    answer = example.answer
    if answer is None:
        return "*cannot tell*"
    if isinstance(answer, tuple):
        return f"{_number(answer[0])} … {_number(answer[1])}"
    return ("yes" if answer else "no") if isinstance(answer, bool) else _number(answer)


def _number(number: int | Fraction) -> str:
    if isinstance(number, Fraction) and number.denominator > 1:
        return f"{number.numerator}/{number.denominator}"
    return f"{int(number):,}"

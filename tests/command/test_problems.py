"""Whoever keeps the catalogue is told in Korean what is wrong: no refusal of the rules is without its Korean sentence."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from tests.command.conftest import PROGRAMMES, Call
from welfare import problems
from welfare.problems import SENTENCES, in_korean
from welfare.rules import reading

SOURCE = Path(problems.__file__).parent
REFUSING = {
    "problem",
    "Problem",
    "_refused",
    "ExpressionError",
    "UnknownNameError",
    "RangeError",
    "ValueError",
}
ELSEWHERE = {"interview.py", "priors.py"}  # what these refuse is a mistake of a caller, not of a file
INTERNAL = {
    "{} months before {}",
    "{}: {}",
    "\n    → {}",
    "is missing",
}  # caught, or only part of a sentence


def written(node: ast.expr | None) -> list[str]:
    """The sentences an argument can be, blanks as {}."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)]
        case ast.IfExp(body=one, orelse=other):
            return written(one) + written(other)
        case ast.BinOp(left=left):
            return [text + "{}" for text in written(left)]
    return []


def refusals() -> set[str]:
    """Every sentence handed to a refusal in the library's rules and facts."""
    found: set[str] = set()
    files = [*SOURCE.glob("rules/*.py"), *SOURCE.glob("facts/*.py")]
    for file in (file for file in files if file.name not in ELSEWHERE):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in REFUSING:
                    arguments = [*node.args, *(word.value for word in node.keywords if word.arg == "mend")]
                    found.update(text for argument in arguments for text in written(argument))
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("what", "mend"):
                found.update(written(node.value))
            elif isinstance(node, ast.Yield) and node.value is not None:
                found.update(text for text in written(node.value) if " " in text)
    return {text for text in found if " " in text} - INTERNAL


def test_every_refusal_has_its_korean_sentence() -> None:
    lacking = sorted(
        text for text in refusals() if in_korean(text.replace("{}", "x")) == text.replace("{}", "x")
    )
    assert len(refusals()) > 150
    assert lacking == []


def test_what_the_parser_says_is_told_in_korean() -> None:
    for _, what, mend in reading.WORDS:
        assert in_korean(what) != what
        assert in_korean(mend) != mend
    for _, what, mend in reading.SURPRISES:
        assert "입니다" in in_korean(f"'x' is {what}") or "않았습니다" in in_korean(f"'x' is {what}")
        assert in_korean(mend.format("x")) != mend.format("x")


def test_every_korean_sentence_has_the_blanks_of_the_english_one() -> None:
    for english, korean in {**SENTENCES, **problems.WORDS}.items():
        blanks = re.findall(r"\{(\d?)~?\}", korean)
        assert len(blanks) <= english.count("{}"), english
        assert all(int(number) < english.count("{}") for number in blanks if number), english


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("summary is missing", "summary이(가) 없습니다"),
        ("add won:", "won:를 더하십시오"),  # a name of the file stays a name
        ("age is 'x', wanted is a whole number", "age의 값이 'x'입니다. 정수이어야 합니다"),
        (
            "x + 1: gives a count, wanted is yes/no or won",
            "x + 1: 결과가 개수입니다. 예/아니요 또는 원이어야 합니다",
        ),
        ("the table lacks a, b and knows no c", "표가 맞지 않습니다: a, b 없음, c은(는) 쓸 수 없음"),
        ("the amount is 80,000 won, expected was none", "금액은 80,000원이며 기대한 것은 없음입니다"),
        ("sex: is a fact of the person, not of the household", "sex: 가구이(가) 아니라 사람의 사실입니다"),
        ("something a parser says", "something a parser says"),
        ("", ""),
    ],
)
def test_names_stay_and_words_are_told(english: str, korean: str) -> None:
    assert in_korean(english) == korean


def test_a_check_tells_file_line_what_and_how_to_mend_in_korean(hub: Call, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PROGRAMMES, tmp_path / "kr"))
    file = folder / "old_age" / "basic_pension.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("age >= basic_pension_age", "age >= basic_pension_ages"), encoding="utf-8")
    assert text != file.read_text(encoding="utf-8")
    said = hub("check", folder, "--language", "ko")
    assert said.status == 1
    assert re.search(r"old_age/basic_pension\.yaml:\d+: basic_pension\.criteria\.", said.out)
    assert "basic_pension_ages: 그런 사실, 셈한 값, 기준값이 없습니다" in said.out
    assert "→ basic_pension_age을(를) 쓰려 하셨습니까?" in said.out
    english = hub("check", folder, "--language", "en")
    assert "no such fact, derived value or parameter" in english.out


def test_a_mistake_in_the_history_fails_the_check(hub: Call, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PROGRAMMES, tmp_path / "kr"))
    file = folder / "history" / "2013.yaml"
    file.write_text(
        file.read_text(encoding="utf-8") + "\nprograms: {livelihood_benefit: {}}\n", encoding="utf-8"
    )
    said = hub("check", folder)
    assert said.status == 1
    assert "2013.yaml" in said.out
    assert "programs is not known here" in said.out

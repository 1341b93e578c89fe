"""Beginning a programme: a skeleton whose blanks are named one by one, and nothing that is there is touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import welfare
from welfare.command import main

EXAMPLE = Path(__file__).parents[2] / "programmes" / "example"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "pack"))


def begin(pack: Path, *arguments: str) -> int:
    return main(
        ["new-programme", *arguments, "--catalogue", str(pack), "--language", "en", "--on", "2026-03-02"]
    )


def test_every_blank_is_named_with_its_line(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert begin(pack, "school_bus", "--field", "family", "--subject", "person") == 0
    assert "hub check --only school_bus" in capsys.readouterr().out
    assert main(["check", str(pack), "--language", "en"]) == 1
    told = capsys.readouterr().out
    lines = (pack / "family" / "school_bus.yaml").read_text(encoding="utf-8").splitlines()
    for blank in ("summary", "agency", "law", "when", "label", "sources", "in_kind"):
        at = [
            line for line in told.splitlines() if line.startswith("family/school_bus.yaml:") and blank in line
        ]
        assert at, blank
        assert blank in lines[int(at[0].split(":")[1]) - 1]


def test_a_skeleton_that_is_filled_in_is_a_programme(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin(
        pack,
        "school_bus",
        "--field",
        "family",
        "--subject",
        "person",
        "--name-ko",
        "통학버스",
        "--name-en",
        "School bus",
    )
    file = pack / "family" / "school_bus.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace('{ko: "", en: ""}', "{ko: 글, en: Text}").replace('when: ""', "when: pupil")
    file.write_text(
        text.replace('law: ""', "law: Act 1").replace("sources: []", "sources: [family_act]"),
        encoding="utf-8",
    )
    cases = pack / "cases" / "school_bus.yaml"
    cases.write_text(
        cases.read_text(encoding="utf-8").replace('answer: ""', "answer: not_entitled, failed: [first]"),
        encoding="utf-8",
    )
    capsys.readouterr()
    assert main(["check", str(pack), "--language", "en", "--only", "school_bus"]) == 0, (
        capsys.readouterr().out
    )
    assert welfare.load(pack).programmes["school_bus"].name == {"ko": "통학버스", "en": "School bus"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("rent_help", "--field", "home"), "this name is taken"),
        (("monthly_income", "--field", "home"), "this name is taken"),
        (("School", "--field", "family"), "cannot be the id"),
        (("../up", "--field", "family"), "cannot be the id"),
        (("school_bus", "--field", "sea"), "choose one of home, family"),
        (("school_bus", "--field", "family", "--scope", "mars"), "choose one of kingdom"),
    ],
)
def test_what_cannot_begin_is_refused_and_nothing_is_written(
    pack: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], complaint: str
) -> None:
    before = {path: path.read_bytes() for path in pack.rglob("*.yaml")}
    assert begin(pack, *arguments) == 2
    assert complaint in capsys.readouterr().err
    assert {path: path.read_bytes() for path in pack.rglob("*.yaml")} == before


def test_a_file_that_is_there_is_never_written_over(pack: Path) -> None:
    (pack / "cases" / "school_bus.yaml").write_text("cases: []\n", encoding="utf-8")
    assert begin(pack, "school_bus", "--field", "family") == 2
    assert (pack / "cases" / "school_bus.yaml").read_text(encoding="utf-8") == "cases: []\n"
    assert not (pack / "family" / "school_bus.yaml").exists()

"""The first hour works as it is written: every command is run, and what it promises is printed."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from welfare.command import main

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial" / "first-hour.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", TUTORIAL, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the reader has it: the repository's programmes, and the household that was written down."""
    (tmp_path / "programmes").symlink_to(ROOT / "programmes")
    monkeypatch.chdir(tmp_path)
    for language, text in BLOCKS:
        if language == "yaml":
            (tmp_path / "family.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_every_command_does_what_is_written(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = 0
    for language, text in BLOCKS:
        printed = ""
        for line in text.splitlines() if not language else ():
            if line.startswith("./hub ask"):
                continue  # it waits for answers; tests/command/test_command.py holds that conversation
            if line.startswith("./hub "):
                assert main(shlex.split(line)[1:]) == 0, line
                printed = capsys.readouterr().out
                run += 1
            elif line.startswith("> "):
                assert line[2:] in printed, line
    assert run >= 6


def test_the_notebook_runs(desk: Path) -> None:
    (code,) = [text for language, text in BLOCKS if language == "python"]
    seen: dict[str, object] = {}
    exec(code, seen)  # noqa: S102 -- the code is this repository's own page
    answers = seen["answers"]
    assert isinstance(answers, dict)
    assert answers["rent_help"] == "unknown"


def test_the_mistake_of_the_tutorial_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = Path(shutil.copytree(ROOT / "programmes" / "example", tmp_path / "pack"))
    file = pack / "family" / "child_grant.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("age < child_age", "age <= child_age"), encoding="utf-8"
    )
    assert main(["check", str(pack), "--language", "en"]) == 1
    assert "16세 / Aged 16: the answer is entitled, expected was not_entitled" in capsys.readouterr().out

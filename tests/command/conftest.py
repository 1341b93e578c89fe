"""Calls the command as a terminal would and gives back what it said."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import welfare
from welfare.command import main
from welfare.rules import Catalogue

PROGRAMMES = Path(__file__).parents[2] / "programmes" / "kr"
DAY = "2026-11-22"


@dataclass(frozen=True)
class Said:
    """What one call of the command ended with: its exit status, and its two outputs."""

    status: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return welfare.load(PROGRAMMES)


@pytest.fixture
def hub(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """`hub("screen", "list.csv")`, in an empty working folder and an English terminal."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Said:
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return call


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """Gives a person's answers, line by line; then nobody is there any more."""

    def script(lines: list[str]) -> None:
        waiting = iter(lines)

        def answer(prompt: str = "") -> str:
            try:
                return next(waiting)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", answer)

    return script


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an invented village (`village`) and its run (`run`), made once and only to be read."""
    home = tmp_path_factory.mktemp("made")
    assert main(["invent", str(home / "village"), "--households", "150", "--on", DAY]) == 0
    assert (
        main(["screen", str(home / "village"), "--on", DAY, "--out", str(home / "run"), "--workers", "1"])
        == 0
    )
    return home

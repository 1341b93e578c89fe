"""The page people read says what the tests check."""

from tests.spec.reference import CHAPTERS, PLACE, reference


def test_the_committed_reference_is_current() -> None:
    assert PLACE.read_text(encoding="utf-8") == reference(), "run: python -m tests.spec"


def test_every_chapter_is_in_the_reference() -> None:
    chapters = {file.stem.removeprefix("test_") for file in PLACE.parents[2].glob("tests/spec/test_*.py")}
    assert chapters - {"reference"} == set(CHAPTERS)


def test_every_function_of_the_language_is_shown() -> None:
    from welfare.rules.language import FUNCTIONS

    page = PLACE.read_text(encoding="utf-8")
    assert [name for name in FUNCTIONS if f"{name}(" not in page] == []

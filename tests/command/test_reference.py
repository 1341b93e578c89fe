"""The reference of the command line is made, not written."""

from pathlib import Path

from tests.command.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"


def test_the_page_in_the_documentation_is_current():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m tests.command.reference > docs/reference/command-line.md"
    )

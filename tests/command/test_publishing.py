"""The catalogue as files: what stands in the documentation is what the programme files say, and the page can be searched."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import welfare
from tests.hub.browser import chromium
from welfare.command import main
from welfare.publishing import write_catalogue

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "catalogue"
KR = welfare.load(ROOT / "programmes" / "kr")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue written as on the day of the published one."""
    folder = tmp_path_factory.mktemp("catalogue")
    day = re.search(r"as of (\d{4}-\d\d-\d\d)", (PUBLISHED / "README.md").read_text(encoding="utf-8"))
    assert day
    write_catalogue(KR, folder, date.fromisoformat(day[1]))
    return folder


def test_the_published_catalogue_is_current(written: Path) -> None:
    old = [
        path.relative_to(written).as_posix()
        for path in sorted(written.rglob("*.*"))
        if not (PUBLISHED / path.relative_to(written)).is_file()
        or (PUBLISHED / path.relative_to(written)).read_bytes() != path.read_bytes()
    ]
    assert old == [], "out of date; write it anew: hub catalogue docs/catalogue"


def test_every_programme_is_told_in_both_languages_with_law_and_place(written: Path) -> None:
    for programme in KR.programmes.values():
        for language in ("ko", "en"):
            page = (written / language / f"{programme.field}.md").read_text(encoding="utf-8")
            assert f'<a id="{programme.id}"></a>' in page
            assert programme.summary[language] in page
            assert all(criterion.law in page for criterion in programme.criteria)
            assert all(place[language] in page for place in programme.apply_at)


def test_the_page_asks_no_other_host(written: Path) -> None:
    page = (written / "index.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert "src=" not in page


def test_the_page_finds_by_first_letters_parts_and_half_a_syllable(written: Path) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto((written / "index.html").as_uri())
        for typed, programme in (
            ("ㄱㅊㅇㄱ", "basic_pension"),
            ("생계ㄱ", "livelihood_benefit"),
            ("voucher", "energy_voucher"),
        ):
            page.locator("#q").fill(typed)
            assert page.locator(f"#{programme}").is_visible(), typed
            assert page.locator("#legal_aid").is_hidden(), typed
        page.locator("#q").fill("우주여행")
        assert page.locator("#number").inner_text() == f"0 / {len(KR.programmes)}"


def test_a_file_in_the_place_of_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("x")
    assert main(["catalogue", str(tmp_path / "taken"), "--language", "en"]) == 2
    assert "is no folder" in capsys.readouterr().err


def test_changes_are_printed_with_those_they_touch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", "--from", "2025-06-01", "--to", "2026-06-01", "--language", "en"]) == 0
    told = capsys.readouterr().out
    assert "Standard median income: 2,392,013" in told
    assert "began: Integrated" in told


def test_days_the_wrong_way_round_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", "--from", "2026-06-01", "--to", "2025-06-01", "--language", "en"]) == 2
    assert "exchange the two days" in capsys.readouterr().err

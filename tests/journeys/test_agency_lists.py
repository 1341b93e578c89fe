"""A coordinator takes a list of an agency in, looks at what it would change, decides who is who, writes it and undoes it."""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import CHUNGHYEON, DESKTOP, PHONE, Hub, Office
from tests.journeys.test_every_page import complaints


def _list(folder: Path) -> Path:
    """A workbook with a title above its heads: people of the dong, one a day off, one nobody knows, a cell that is wrong."""
    import openpyxl

    from hub.people.models import FactRecord, Person

    persons = list(Person.objects.filter(household__centre=CHUNGHYEON).order_by("pk")[:8])
    born = {
        record.person_id: record.values["birth_date"]
        for record in FactRecord.objects.filter(person__in=persons)
        if "birth_date" in record.values
    }
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["2026년 10월 가상공단 체납자 명단", None, None, None])
    sheet.append(["연번", "성명", "생년월일", "월소득"])
    for place, person in enumerate(persons):
        day = born[person.pk]
        if place == 2:
            day = f"{day[:8]}{'02' if day[8:] != '02' else '03'}"
        sheet.append([place + 1, person.name, day, "이백" if place == 3 else f"{place + 1}0만원"])
    sheet.append([9, "가상없음", "1960-01-01", "50만원"])
    file = folder / "list.xlsx"
    book.save(file)
    return file


def _go_on() -> int:
    """What the worker does."""
    from hub.lists.actions import go_on
    from hub.lists.models import Import

    found = Import.objects.first()
    assert found is not None
    return go_on(found.pk).pk


@pytest.mark.parametrize(("language", "size"), [("ko", DESKTOP), ("en", PHONE)])
def test_a_list_from_upload_to_undoing(
    hub: Hub, office: Office, tmp_path: Path, language: str, size: dict[str, int]
):
    file = hub.ask(_list, tmp_path)
    found: list[str] = []

    def look(page: Any) -> None:
        """Every page on the way keeps to the width of the screen and to the rules of accessibility."""
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{page.url}: {width}"
        found.extend(f"{page.url}: {complaint}" for complaint in complaints(page))

    with office.window("coordinator", language, size) as page:
        page.goto("/lists/")
        look(page)
        page.goto("/lists/new/")
        page.locator("#id_agency").fill(f"가상공단 {language}")
        page.locator("#id_name").fill("체납자")
        look(page)
        page.locator("main form button.primary").click()
        page.locator("#id_file").set_input_files(file)
        page.locator("#id_data_day").fill("2026-10-31")
        look(page)
        page.locator("main form button.primary").click()
        page.locator("datalist#meanings").wait_for(state="attached")
        assert page.locator("#id_column-1").input_value()
        look(page)
        page.locator("main form button.primary").click()
        page.locator("progress").wait_for()
        look(page)
        hub.ask(_go_on)
        page.locator("dl.figures").wait_for()  # the page has asked again by itself
        look(page)
        page.locator("dl.figures a").first.click()
        look(page)
        page.go_back()
        page.locator("a.button").click()
        page.locator("button[value=same]").first.wait_for()
        look(page)
        page.locator("button[value=same]").first.click()
        page.locator("main form button.primary").click()
        hub.ask(_go_on)
        page.locator("details summary").wait_for()
        look(page)
        page.locator("details summary").click()
        page.locator("details button").click()
        hub.ask(_go_on)
        page.locator("p.soft a").first.wait_for()
        page.locator("#standing .notice").wait_for()
        look(page)
    assert found == [], "\n".join(found)

"""The pictures of the README, taken from the hub as it is. HUB_SCREENSHOTS=1 takes them anew."""

from pathlib import Path

import pytest

from tests.journeys.conftest import SCREENSHOTS, Hub, Office
from tests.journeys.pages import answer, state_purpose

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURES = ("run", "household", "interview", "worklist")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_pictures_of_the_readme_are_there(request: pytest.FixtureRequest, language: str):
    if SCREENSHOTS:
        take(request.getfixturevalue("hub"), request.getfixturevalue("office"), language)
    for name in PICTURES:
        assert (IMAGES / f"{name}.{language}.png").read_bytes().startswith(b"\x89PNG")


def take(hub: Hub, office: Office, language: str) -> None:
    """One window, four pages."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, address in {
        "run": "/screening/run/",
        "worklist": "/worklist/",
        "household": f"/household/{hub.to_ask}/",
        "interview": f"/household/{hub.to_ask}/",
    }.items():
        with office.window("officer" if name == "run" else "coordinator", language) as page:
            page.goto(address)
            state_purpose(page)
            if name == "household":
                page.locator("#missed + details > summary").click()
                page.locator("#missed + details table").wait_for()
                page.set_viewport_size({"width": 1280, "height": 1400})  # from who lives there to the reasons
                page.evaluate("window.scrollTo(0, 0)")
            if name == "interview":
                page.locator('form[action*="/interviews/with/"] button').click()
                page.locator("#question").wait_for()
                for _ in range(3):
                    answer(page)
                page.evaluate("window.scrollTo(0, 0)")
            # Playwright would hide the text cursor with a style the page's policy rightly refuses.
            page.screenshot(path=IMAGES / f"{name}.{language}.png", caret="initial")

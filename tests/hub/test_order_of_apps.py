"""The order of apps stands in one place; settings, addresses and the import contract follow it."""

import tomllib

from django.conf import settings

from hub import order, places


def contract():
    with open(places.PROJECT / "pyproject.toml", "rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return next(contract for contract in contracts if contract["id"] == "order-of-apps")


def test_the_import_contract_says_the_same_as_the_order():
    layers = [layer.strip("()") for layer in contract()["layers"]]
    assert layers == list(reversed(order.ORDER))


def test_installed_apps_are_those_present_in_this_order():
    installed = [app.removeprefix("hub.") for app in settings.INSTALLED_APPS if app.startswith("hub.")]
    assert installed == list(order.APPS)
    assert installed == [name for name in order.ORDER if name in installed]


def test_every_app_in_the_folder_is_in_the_order():
    folder = places.PROJECT / "src" / "hub"
    apps = {path.parent.name for path in folder.glob("*/models.py")}
    assert apps <= set(order.ORDER)


def test_no_app_uses_signals_or_hides_work_in_save():
    for path in (places.PROJECT / "src" / "hub").glob("**/*.py"):
        text = path.read_text(encoding="utf-8")
        assert "from django.dispatch" not in text, path
        assert "from django.db.models.signals" not in text, path
        if path.name == "models.py":
            assert "def save(" not in text, path

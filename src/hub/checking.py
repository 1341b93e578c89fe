"""`hub test`: everything that must hold before a change is accepted, from linter to browser, with one command.

All steps run even when an early one fails, so one run shows all there is to mend. pytest's closing line comes last; when
an earlier step failed, one more line says so and the exit status is not zero.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from hub import places

# Names under which systems install Chromium, and the package that brings it.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKAGE = "chromium"


def run(arguments: list[str]) -> int:
    """Run all checks; `arguments` go to pytest. Returns the exit status."""
    os.chdir(places.PROJECT)
    environment = dict(os.environ)
    browser = find_browser() or _install_browser()
    if browser:
        environment["HUB_CHROMIUM"] = browser
    else:
        _say(
            "No Chromium here and none could be installed: journeys through the pages in a browser are skipped."
        )
    failed = []
    tools = Path(sys.executable).parent
    for name, command in (
        ("ruff check", [str(tools / "ruff"), "check", "--quiet", "."]),
        ("ruff format", [str(tools / "ruff"), "format", "--check", "--quiet", "."]),
        ("mypy", [str(tools / "mypy"), "--no-error-summary"]),
        ("import-linter", [str(tools / "lint-imports"), "--no-cache"]),
        ("migrations", [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run", "-v0"]),
    ):
        started = time.monotonic()
        step = subprocess.run(
            command,
            env=environment | _django(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if step.returncode != 0:
            failed.append(name)
            print(step.stdout, end="", flush=True)
        state = "ok" if step.returncode == 0 else "FAILED"
        _say(f"{name}: {state} ({time.monotonic() - started:.0f} s)")
    # The whole is split over the processors; of a few tests one wants to see the order.
    how = arguments or ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadgroup"]
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", *how], env=environment, stdin=subprocess.DEVNULL, check=False
    )
    if failed:
        _say(f"Failed before the tests: {', '.join(failed)}")
    return tests.returncode or (1 if failed else 0)


def find_browser() -> str | None:
    """The Chromium to use: the one named in HUB_CHROMIUM, or an installed one."""
    named = os.environ.get("HUB_CHROMIUM")
    if named:
        return named
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def _install_browser() -> str | None:
    """On a machine of our own, such as in continuous integration, get Chromium from the system's packages."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    _say("Installing Chromium from the system's packages ...")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", _PACKAGE, "fonts-noto-cjk"],
    ):
        step = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )
        if step.returncode != 0:
            return None
    return find_browser()


def _django() -> dict[str, str]:
    # The tests' settings: the check of migrations must not make keys in the demonstration's home.
    return {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(places.PROJECT)}


def _say(text: str) -> None:
    print(f"  {text}", flush=True)

"""The shipped catalogue, read once for all tests of this folder."""

from pathlib import Path

import pytest

import welfare
from welfare.rules import Catalogue

PROGRAMMES = Path(__file__).parents[2] / "programmes" / "kr"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return welfare.load(PROGRAMMES)

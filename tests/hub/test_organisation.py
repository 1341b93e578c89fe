"""The district as published, and its approximate map."""

import pytest

from hub.organisation.actions import found_district
from hub.organisation.models import Centre
from hub.organisation.queries import map_shapes

pytestmark = pytest.mark.django_db


def test_the_fourteen_dongs_sum_up_to_the_published_totals():
    centres = list(Centre.objects.all())
    assert len(centres) == 14
    assert sum(centre.households for centre in centres) == 143_226
    # The published total of people is 317,700 by its own line, 317,699 by adding up the dongs.
    assert sum(centre.population for centre in centres) == 317_699
    assert sum(centre.aged_65 for centre in centres) == 53_627


def test_founding_again_changes_nothing():
    before = list(Centre.objects.values())
    found_district()
    assert list(Centre.objects.values()) == before


def test_every_dong_is_on_the_map_and_the_map_says_what_it_is_worth():
    drawn = map_shapes()
    assert {shape.code for shape in drawn.shapes} == set(Centre.objects.values_list("code", flat=True))
    assert all(shape.path.startswith("M") and shape.path.endswith("Z") for shape in drawn.shapes)
    assert "약식" in drawn.note

"""The catalogue as pages: found in seconds, complete, honest about what is uncertain."""

import pytest
from django.urls import reverse

import welfare
from hub.access.models import AccessRecord
from hub.programmes import queries
from hub.programmes.actions import publish
from hub.programmes.models import PublishedCatalogue


@pytest.fixture
def reader(client, coordinator):
    client.force_login(coordinator)
    client.cookies["hub-language"] = "en"
    return client


def test_every_programme_is_listed_under_its_field_of_life(reader):
    page = reader.get(reverse("programmes")).content.decode()
    for programme in queries.catalogue().programmes.values():
        assert reverse("programme", args=[programme.id]) in page


def test_a_part_of_a_name_finds_it_in_korean_and_english(reader):
    for text in ("기초연", "basic pens"):
        page = reader.get(reverse("programmes"), {"q": text}).content.decode()
        assert reverse("programme", args=["basic_pension"]) in page
        assert reverse("programme", args=["child_allowance"]) not in page


def test_a_search_without_success_says_what_to_try(reader):
    assert "Try a shorter word" in reader.get(reverse("programmes"), {"q": "xyzzy"}).content.decode()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_programme_has_a_page_with_criteria_law_papers_and_figures(reader, language):
    reader.cookies["hub-language"] = language
    for programme in queries.catalogue().programmes.values():
        page = reader.get(reverse("programme", args=[programme.id])).content.decode()
        for criterion in programme.criteria:
            assert criterion.law in page
        for figure in queries.figures(programme):
            assert figure.parameter.law in page


def test_an_uncertain_figure_is_shown_as_such(reader):
    uncertain = [
        programme.id
        for programme in queries.catalogue().programmes.values()
        if any(not figure.certain for figure in queries.figures(programme))
    ]
    assert uncertain, (
        "the catalogue has figures that need a check; if that is no longer so, celebrate and drop this test"
    )
    assert "Needs a check" in reader.get(reverse("programme", args=[uncertain[0]])).content.decode()


def test_a_programme_that_is_none_is_not_found(reader):
    assert reader.get(reverse("programme", args=["no-such"])).status_code == 404


def test_publishing_puts_one_version_in_force_and_leaves_a_mark(db):
    publish()
    publish()
    assert PublishedCatalogue.objects.get(in_force=True).version == queries.catalogue().version
    assert AccessRecord.objects.filter(verb="programmes.published").exists()


def test_an_unsound_catalogue_is_refused_and_the_old_one_stays_in_force(db, settings, tmp_path):
    publish()
    sound = queries.catalogue().version
    (tmp_path / "catalogue.yaml").write_text("name: {ko: 빈, en: Empty}\n", encoding="utf-8")
    settings.CATALOGUE = tmp_path
    with pytest.raises(welfare.CatalogueError):
        publish()
    queries.catalogue.cache_clear()
    assert PublishedCatalogue.objects.get(in_force=True).version == sound

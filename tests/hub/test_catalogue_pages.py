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


def test_anybody_may_read_the_catalogue_and_leaves_no_trace(client, db):
    for address in (
        reverse("programmes"),
        reverse("programme", args=["basic_pension"]),
        reverse("changes"),
    ):
        response = client.get(address)
        assert response.status_code == 200, address
        assert reverse("sign_in") in response.content.decode()
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize(
    ("query", "first"),
    [("ㄱㅊㅇㄱ", "basic_pension"), ("생계ㄱ", "livelihood_benefit"), ("basic pens", "basic_pension")],
)
def test_first_letters_and_half_a_syllable_find_it(reader, query, first):
    page = reader.get(reverse("programmes"), {"q": query}).content.decode()
    best = page[page.index('aria-label="Likeliest"') :]
    assert reverse("programme", args=[first]) in best[: best.index("</li>")]


def test_the_list_is_narrowed_by_who_gives_and_by_who_decides(reader):
    page = reader.get(reverse("programmes"), {"scope": "seodaemun"}).content.decode()
    assert reverse("programme", args=["seodaemun_exam_fee"]) in page
    assert reverse("programme", args=["basic_pension"]) not in page
    page = reader.get(reverse("programmes"), {"kind": "by_hand"}).content.decode()
    assert reverse("programme", args=["seoul_stepping_stone"]) in page
    assert reverse("programme", args=["seodaemun_exam_fee"]) not in page


def test_a_narrowing_nobody_offers_is_passed_over(reader):
    page = reader.get(reverse("programmes"), {"scope": "mars", "kind": "<b>"}).content.decode()
    assert reverse("programme", args=["basic_pension"]) in page


def test_what_only_a_person_checks_is_said_on_the_page(reader):
    page = reader.get(reverse("programme", args=["seoul_stepping_stone"])).content.decode()
    assert "a person checks it" in page
    assert (
        "a person checks it" not in reader.get(reverse("programme", args=["basic_pension"])).content.decode()
    )


def test_a_programme_tells_its_last_review_and_the_history_of_its_figures(reader):
    page = reader.get(reverse("programme", args=["veteran_war_allowance"])).content.decode()
    assert "last reviewed on 2026-06-30" in page
    assert "KRW 490,000" in page
    assert "2025-01-01: KRW 450,000" in page


def test_what_changed_between_two_days_is_told_with_the_programmes_it_touches(reader):
    page = reader.get(reverse("changes"), {"earlier": "2025-06-01", "later": "2026-06-01"}).content.decode()
    assert "KRW 2,564,238" in page  # the median of 2026 for one person
    assert "KRW 2,392,013" in page  # that of 2025
    assert reverse("programme", args=["integrated_care"]) in page  # began in March 2026
    assert "Between these two days nothing changed" not in page


def test_between_a_day_and_itself_nothing_changed(reader):
    page = reader.get(reverse("changes"), {"earlier": "2026-06-01", "later": "2026-06-01"}).content.decode()
    assert "Between these two days nothing changed" in page


@pytest.mark.parametrize(
    ("days", "complaint"),
    [
        ({"earlier": "2026-06-01", "later": "2025-06-01"}, "This day is before the first one"),
        ({"earlier": "2026-13-01", "later": "2026-06-01"}, "Enter a valid date"),
        ({"earlier": "0001-01-01", "later": "2026-06-01"}, "between the years 2000 and 2100"),
        ({"earlier": "yesterday", "later": "<script>"}, "Enter a valid date"),
    ],
)
def test_days_that_are_none_get_a_clear_word_and_stay_in_the_form(reader, days, complaint):
    response = reader.get(reverse("changes"), days)
    page = response.content.decode()
    assert response.status_code == 200
    assert complaint in page
    assert f'value="{days["earlier"]}"' in page
    assert "<script>" not in page.replace("<script nonce", "").replace("<script src", "")


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

"""Accounts as the administrator looks after them, and one's own."""

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from hub.access import actions, queries
from hub.access.access import Refused
from hub.access.models import AccessRecord, RightsRecord, User
from hub.access.roles import SCOPES, Right, Role
from hub.organisation.models import Centre, Zone
from tests.hub.conftest import CHUNGHYEON, PASSPHRASE, SINCHON
from tests.hub.door import give_password, with_app

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(someone):
    return someone(Role.ADMINISTRATOR)


@pytest.fixture
def office(client, admin):
    """The administrator's browser."""
    give_password(client, admin)
    return client


def make(office, username="newcomer"):
    """Make an account through the page; gives the user and the initial passphrase shown."""
    page = office.post("/accounts/new/", {"name": "남시연 (가상)", "username": username}).content.decode()
    return User.objects.get(username=username), re.search(r"<code>([^<]+)</code>", page).group(1)


@pytest.mark.parametrize("role", [role for role in Role if Right.MANAGE_ACCOUNTS not in SCOPES[role].rights])
def test_only_who_manages_accounts_reaches_them(client, someone, role):
    user = someone(role)
    give_password(client, user)
    addresses = ["/accounts/", "/accounts/new/", f"/accounts/{user.pk}/"]
    assert {client.get(address).status_code for address in addresses} == {403}
    deeds = [f"/accounts/{user.pk}/{deed}/" for deed in ("posts", "close", "reopen", "reset", "posts/1/end")]
    assert {client.post(address, {"role": "administrator"}).status_code for address in deeds} == {403}
    assert user.posts.count() == 1


def test_an_administrator_sees_no_household(office, household):
    assert office.get(f"/household/{household.pk}/").status_code == 403
    assert office.get("/worklist/").status_code == 403


def test_a_new_account_opens_with_its_first_passphrase_to_choose_another(office, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    user, first = make(office)
    browser = Client()
    assert give_password(browser, user, first).headers["Location"] == "/sign-in/passphrase/"
    assert browser.get("/").status_code == 302
    own = "my own invented passphrase"
    for given in (
        {"password": first, "again": first},
        {"password": own, "again": "different"},
        {"password": "short"},
    ):
        assert browser.post("/sign-in/passphrase/", given).status_code == 200
    response = browser.post("/sign-in/passphrase/", {"password": own, "again": own})
    assert response.headers["Location"] == "/"
    assert browser.get("/").status_code == 200
    assert give_password(Client(), user, first).status_code == 200
    assert give_password(Client(), user, own).headers["Location"] == "/"


def test_with_a_post_the_own_passphrase_leads_on_to_the_second_step(office, settings):
    user, first = make(office)
    actions.give_post(user, Role.NURSE, Centre.objects.filter(code=SINCHON))
    settings.SECOND_FACTOR_REQUIRED = True
    browser = Client()
    give_password(browser, user, first)
    own = "my own invented passphrase"
    response = browser.post("/sign-in/passphrase/", {"password": own, "again": own})
    assert response.headers["Location"] == "/sign-in/set-up/"
    assert browser.get("/").status_code == 302


def test_a_first_passphrase_is_good_for_a_week(office):
    user, first = make(office)
    User.objects.filter(pk=user.pk).update(initial_until=timezone.now() - timedelta(seconds=1))
    response = give_password(Client(), user, first)
    assert "기한이 지났습니다" in response.content.decode()


@pytest.mark.parametrize("username", ["", "ab", "Upper", "with space", "가나다", "x" * 41])
def test_a_name_that_would_not_work_is_refused_in_words(office, username):
    office.post("/accounts/new/", {"name": "남시연 (가상)", "username": username})
    assert not User.objects.filter(name="남시연 (가상)").exists()


def test_a_name_is_given_once(office):
    make(office)
    response = office.post("/accounts/new/", {"name": "another", "username": "newcomer"})
    assert response.status_code == 200
    assert User.objects.filter(username="newcomer").count() == 1


def test_a_new_hub_begins_with_one_administrator_and_makes_no_second_one(client):
    first = actions.first_administrator("the-first", "남시연 (가상)")
    user = User.objects.get(username="the-first")
    assert give_password(client, user, first).headers["Location"] == "/sign-in/passphrase/"
    with pytest.raises(ValidationError):
        actions.first_administrator("another", "남시연 (가상)")
    actions.close_account(user)
    assert actions.first_administrator("another", "남시연 (가상)")


def give(office, user, **post):
    given = {"role": "planner", "centres": [CHUNGHYEON], **post}
    return office.post(f"/accounts/{user.pk}/posts/", given)


def test_a_post_is_given_with_dongs_zones_and_days(office, someone):
    user = someone()
    zone = Zone.objects.create(code=CHUNGHYEON + "-01", centre_id=CHUNGHYEON, name="1~5통")
    give(office, user, zones=[zone.pk], since="2026-01-01", until="2030-12-31")
    post = user.posts.get()
    assert (post.role, post.since, post.until) == ("planner", date(2026, 1, 1), date(2030, 12, 31))
    assert [centre.pk for centre in post.centres.all()] == [CHUNGHYEON]
    assert list(post.zones.all()) == [zone]


@pytest.mark.parametrize(
    "post",
    [
        {"centres": []},
        {"role": "nobody"},
        {"until": "2020-01-01"},
        {"since": "2030-01-02", "until": "2030-01-01"},
        {"centres": ["0000000000"]},
        {"zones": [SINCHON + "-01"]},
    ],
)
def test_a_post_that_makes_no_sense_is_refused_and_what_was_typed_stays(office, someone, post):
    Zone.objects.create(code=SINCHON + "-01", centre_id=SINCHON, name="1~5통")
    user = someone()
    response = give(office, user, **post)
    assert response.status_code == 200
    assert "<details open>" in response.content.decode()
    assert not user.posts.exists()


def test_nobody_gives_themselves_a_post_or_ends_or_closes_their_own(office, admin):
    assert give(office, admin).status_code == 403
    assert office.post(f"/accounts/{admin.pk}/posts/{admin.posts.get().pk}/end/").status_code == 403
    for deed in ("close", "reset"):
        assert office.post(f"/accounts/{admin.pk}/{deed}/").status_code == 403
    assert admin.posts.count() == 1
    with pytest.raises(Refused, match="본인의 보직"):
        actions.give_post(admin, Role.DISTRICT_OFFICER, by=admin)


def test_a_post_is_ended_on_the_page(office, coordinator):
    office.post(f"/accounts/{coordinator.pk}/posts/{coordinator.posts.get().pk}/end/")
    assert not queries.duties(User.objects.get(pk=coordinator.pk))


def test_a_post_of_another_account_is_not_ended_by_a_wrong_address(office, coordinator, someone):
    other = someone(Role.NURSE)
    assert office.post(f"/accounts/{coordinator.pk}/posts/{other.posts.get().pk}/end/").status_code == 404
    assert queries.duties(User.objects.get(pk=other.pk))


def test_a_closed_account_comes_back_without_posts_and_without_old_factors(office, coordinator):
    with_app(coordinator, timezone.now())
    office.post(f"/accounts/{coordinator.pk}/close/")
    assert not User.objects.get(pk=coordinator.pk).is_active
    office.post(f"/accounts/{coordinator.pk}/reopen/")
    user = User.objects.get(pk=coordinator.pk)
    assert user.is_active
    assert not queries.duties(user)
    assert not queries.has_second_factor(user)
    assert not user.check_password(PASSPHRASE)


def test_the_history_of_rights_tells_everything_even_of_posts_that_are_gone(office, admin, someone):
    user, _first = make(office)
    give(office, user)
    office.post(f"/accounts/{user.pk}/posts/{user.posts.get().pk}/end/")
    assert not user.posts.exists()  # it held less than a day
    office.post(f"/accounts/{user.pk}/close/")
    told = [
        (row.change, row.role, row.by, row.places)
        for row in RightsRecord.objects.filter(user=user).order_by("pk")
    ]
    assert told == [
        ("created", "", admin, ""),
        ("gave_post", "planner", admin, CHUNGHYEON),
        ("ended_post", "planner", admin, CHUNGHYEON),
        ("closed", "", admin, ""),
    ]
    page = office.get(f"/accounts/{user.pk}/").content.decode()
    for words in ("계정 생성", "보직 부여", "보직 해제", "계정 폐쇄", "충현동"):
        assert words in page
    verbs = set(AccessRecord.objects.filter(actor=admin).values_list("verb", flat=True))
    assert {"access.created_user", "access.gave_post", "access.ended_post", "access.closed_account"} <= verbs


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE access_rightsrecord SET role = 'nurse'",
        "DELETE FROM access_rightsrecord",
        "TRUNCATE access_rightsrecord",
    ],
)
def test_the_database_refuses_to_change_the_history_of_rights(coordinator, tampering):
    before = RightsRecord.objects.count()
    with pytest.raises(DatabaseError, match="kept three years|permission denied"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(tampering)
    assert RightsRecord.objects.count() == before


def test_after_three_years_the_history_may_be_removed(coordinator):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_rightsrecord (at, user_id, change, role, places) "
            "VALUES (now() - interval '3 years 1 day', %s, 'created', '', '')",
            [coordinator.pk],
        )
    old = RightsRecord.objects.order_by("at").first()
    assert old not in queries.history(coordinator)
    old.delete()


def test_names_searched_for_stand_in_no_address(office, someone):
    someone(Role.NURSE)
    page = office.post("/accounts/", {"text": "nurse"}).content.decode()
    assert "nurse (invented)" in page
    assert "administrator0" not in page.split("<main", 1)[1]
    assert office.get("/accounts/?text=nurse").context["text"] == ""


def test_the_page_of_roles_is_the_table_of_the_gates(client, coordinator):
    give_password(client, coordinator)
    page = client.get("/roles/").content.decode()
    for role in Role:
        assert str(role.label) in page
    for right in Right:
        assert str(right.label) in page


# -- one's own second factors ----------------------------------------------------------------------------------


def test_the_last_second_factor_of_a_post_with_households_stays(client, coordinator, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    with_app(coordinator, timezone.now())
    client.force_login(coordinator)
    assert client.post("/account/factor/remove/", {"what": "authenticator"}).status_code == 403
    assert queries.has_second_factor(coordinator)


def test_who_needs_none_removes_it_and_its_recovery_codes(client, someone, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    member = someone(Role.COUNCIL_MEMBER)
    with_app(member, timezone.now())
    client.force_login(member)
    client.post("/account/factor/remove/", {"what": "authenticator"})
    assert not queries.has_second_factor(member)
    assert not member.recovery_codes.exists()


def test_new_recovery_codes_are_shown_once(client, coordinator):
    with_app(coordinator, timezone.now())
    client.force_login(coordinator)
    page = client.post("/account/recovery-codes/").content.decode()
    codes = re.findall(r"<li><code>([a-z2-9-]+)</code></li>", page)
    assert len(codes) == 10
    assert not any(code in client.get("/account/").content.decode() for code in codes)

"""Who may what, where: roles and areas of duty as a table, refusal beside success."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from hub.access.access import (
    Refused,
    area_of_duty,
    may,
    require,
)
from hub.access.actions import end_post, give_post
from hub.access.models import User
from hub.access.purposes import BASES, Purpose
from hub.access.roles import SCOPES, Right, Role
from hub.organisation.models import Centre, Zone
from hub.people.access import may_see_household, require_see_household
from tests.hub.conftest import CHUNGHYEON, SINCHON

pytestmark = pytest.mark.django_db


# role: (sees a household in the own dong, sees one in another dong, sees figures, starts runs, manages accounts)
TABLE = {
    Role.COORDINATOR: (True, False, True, False, False),
    Role.PLANNER: (True, False, True, False, False),
    Role.NURSE: (True, False, False, False, False),
    Role.NEIGHBOURHOOD_OFFICER: (True, False, False, False, False),
    Role.HEAD_OF_DONG: (True, False, True, False, False),
    Role.DISTRICT_OFFICER: (True, True, True, True, False),
    Role.CASE_MANAGER: (True, True, True, False, False),
    Role.ADMINISTRATOR: (False, False, False, False, True),
    Role.PRIVACY_OFFICER: (False, False, False, False, False),
    Role.CITY_ANALYST: (False, False, True, False, False),
    Role.COUNCIL_MEMBER: (False, False, True, False, False),
    Role.RESIDENT: (False, False, False, False, False),
    Role.SUPPORTER: (False, False, False, False, False),
    Role.VOLUNTEER: (False, False, False, False, False),
}


def test_the_table_names_every_role():
    assert set(TABLE) == set(Role) == set(SCOPES)


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_the_table_says(someone, household, household_elsewhere, role):
    user = someone(role)
    assert TABLE[role] == (
        may_see_household(user, household),
        may_see_household(user, household_elsewhere),
        may(user, Right.SEE_FIGURES),
        may(user, Right.START_RUNS),
        may(user, Right.MANAGE_ACCOUNTS),
    )


def test_a_stranger_and_a_user_without_post_may_nothing(someone, household):
    for user in (AnonymousUser(), someone()):
        assert not any(may(user, right) for right in Right)
        assert not may_see_household(user, household)
        assert area_of_duty(user, Right.SEE_HOUSEHOLDS) == frozenset()


def test_the_refusal_tells_whether_the_post_or_the_place_is_the_reason(someone, household_elsewhere):
    with pytest.raises(Refused, match="관할 구역"):
        require_see_household(someone(Role.COORDINATOR), household_elsewhere)
    with pytest.raises(Refused, match="가구 정보"):
        require_see_household(someone(Role.COUNCIL_MEMBER), household_elsewhere)


def test_require_lets_pass_whom_may_allows(coordinator, household):
    require_see_household(coordinator, household)
    require(coordinator, Right.INTERVIEW, CHUNGHYEON)


def test_two_posts_add_up_but_each_right_stays_in_its_dongs(someone):
    user = someone(Role.HEAD_OF_DONG, CHUNGHYEON)
    give_post(user, Role.NURSE, Centre.objects.filter(code=SINCHON))
    user = User.objects.get(pk=user.pk)
    assert area_of_duty(user, Right.SEE_HOUSEHOLDS) == {CHUNGHYEON, SINCHON}
    assert may(user, Right.RECORD_FACTS, SINCHON)
    assert not may(user, Right.RECORD_FACTS, CHUNGHYEON)


def test_a_role_for_the_whole_district_has_no_border(someone):
    assert area_of_duty(someone(Role.DISTRICT_OFFICER), Right.SEE_HOUSEHOLDS) is None


def test_rights_are_gone_with_the_post(someone, household):
    user = someone(Role.COORDINATOR)
    end_post(user.posts.get())
    assert not may_see_household(User.objects.get(pk=user.pk), household)


@pytest.mark.parametrize(
    ("begins", "ends", "holds"),
    [
        (-10, None, True),
        (-10, 0, True),  # the last day still counts
        (-10, -1, False),
        (1, None, False),  # begins tomorrow
    ],
)
def test_a_post_holds_from_its_first_to_its_last_day(someone, household, begins, ends, holds):
    today = timezone.localdate()
    user = someone(Role.COORDINATOR)
    user.posts.update(
        since=today + timedelta(days=begins), until=None if ends is None else today + timedelta(days=ends)
    )
    assert may_see_household(User.objects.get(pk=user.pk), household) is holds


def test_a_closed_account_may_nothing_whatever_its_posts(coordinator, household):
    coordinator.is_active = False
    assert not may_see_household(coordinator, household)


def test_a_role_that_works_in_dongs_cannot_be_given_without_one(someone):
    with pytest.raises(ValueError, match="at least one centre"):
        give_post(someone(), Role.PLANNER)


def test_no_role_both_gives_rights_and_sees_households():
    for scope in SCOPES.values():
        assert not {Right.MANAGE_ACCOUNTS, Right.SEE_HOUSEHOLDS} <= scope.rights
        assert not {Right.READ_TRAIL, Right.RECORD_FACTS} <= scope.rights


def test_every_right_is_held_by_some_role_and_has_a_refusal_in_words():
    assert frozenset().union(*(scope.rights for scope in SCOPES.values())) == set(Right)
    nobody = AnonymousUser()
    for right in Right:
        with pytest.raises(Refused, match="보직"):
            require(nobody, right)


def test_only_who_sees_no_more_than_figures_may_come_in_with_a_password_alone():
    free = {role for role, scope in SCOPES.items() if not scope.needs_second_factor}
    assert free == {
        *(Role.CITY_ANALYST, Role.COUNCIL_MEMBER, Role.RESIDENT, Role.SUPPORTER, Role.VOLUNTEER),
    }


def test_zones_say_who_comes_first_and_leave_the_rights_to_the_dong(someone, household):
    zone = Zone.objects.create(code=CHUNGHYEON + "-01", centre_id=CHUNGHYEON, name="1~5통")
    user = someone()
    post = give_post(user, Role.NEIGHBOURHOOD_OFFICER, Centre.objects.filter(code=CHUNGHYEON), zones=[zone])
    assert list(post.zones.all()) == [zone]
    assert may_see_household(User.objects.get(pk=user.pk), household)


def test_a_zone_outside_the_dongs_of_the_post_is_refused(someone):
    zone = Zone.objects.create(code=SINCHON + "-01", centre_id=SINCHON, name="1~5통")
    with pytest.raises(ValueError, match="outside the dongs"):
        give_post(someone(), Role.PLANNER, Centre.objects.filter(code=CHUNGHYEON), zones=[zone])


def test_a_zone_belongs_to_the_dong_its_code_begins_with(db):
    with pytest.raises(IntegrityError, match="zone_code_begins_with_its_dong"), transaction.atomic():
        Zone.objects.create(code=SINCHON + "-01", centre_id=CHUNGHYEON, name="elsewhere")


def test_every_purpose_stands_on_a_line_of_the_law():
    assert set(BASES) == set(Purpose)
    assert all("제" in basis.law and "조" in basis.law for basis in BASES.values())

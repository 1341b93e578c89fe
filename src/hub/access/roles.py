"""Roles and the rights they carry: one table, read by gates, pages and documentation alike.

A person has rights only through a post held now. A post is a role and, for most roles, the dongs of duty. No role is
allowed everything: who manages accounts sees no household, who inspects the trail changes nothing in it.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Right(models.TextChoices):
    """What a role may do. Rights about households hold within the area of duty only."""

    SEE_HOUSEHOLDS = "see_households", _("Open and search households")
    RECORD_FACTS = "record_facts", _("Record facts about households")
    KEEP_REGISTER = "keep_register", _("Change the register: moves, births, deaths, addresses")
    INTERVIEW = "interview", _("Hold desk interviews")
    MANAGE_CONSENT = "manage_consent", _("Take and withdraw consent")
    UNMASK_NUMBERS = "unmask_numbers", _("See a whole resident number, on a legal ground")
    SEAL = "seal", _("Seal and unseal households")
    LINK_PERSONS = "link_persons", _("Decide that two entries are one person")
    IMPORT_LISTS = "import_lists", _("Take in lists of agencies")
    START_RUNS = "start_runs", _("Screen the district")
    PUBLISH_PROGRAMMES = "publish_programmes", _("Put a version of the programmes in force")
    EXPORT = "export", _("Take lists out of the hub")
    SEE_FIGURES = "see_figures", _("See figures, never single households")
    APPROVE = "approve", _("Approve as the second person")
    MANAGE_ACCOUNTS = "manage_accounts", _("Manage accounts and posts")
    READ_TRAIL = "read_trail", _("Read the audit trail")
    INSPECT = "inspect", _("Sign the monthly inspection of the trail")
    ERASE = "erase", _("Erase what may no longer be kept")


class Role(models.TextChoices):
    """The roles of a centre, the district, the city, and of those who work with them."""

    COORDINATOR = "coordinator", _("Welfare coordinator")
    PLANNER = "planner", _("Welfare planner")
    NURSE = "nurse", _("Visiting nurse")
    NEIGHBOURHOOD_OFFICER = "neighbourhood_officer", _("Neighbourhood officer")
    HEAD_OF_DONG = "head_of_dong", _("Head of dong")
    DISTRICT_OFFICER = "district_officer", _("District welfare officer")
    CASE_MANAGER = "case_manager", _("Case manager")
    ADMINISTRATOR = "administrator", _("Administrator")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")
    CITY_ANALYST = "city_analyst", _("City analyst")
    COUNCIL_MEMBER = "council_member", _("Council member")
    RESIDENT = "resident", _("Resident")
    SUPPORTER = "supporter", _("Supporter")
    VOLUNTEER = "volunteer", _("Volunteer")


@dataclass(frozen=True)
class Scope:
    """What a role may do, and whether it does so in the whole district or in the dongs of its post."""

    rights: frozenset[Right]
    whole_district: bool = False

    @property
    def needs_second_factor(self) -> bool:
        """Whether signing in needs more than a password: for everything but figures and one's own account."""
        return bool(self.rights - {Right.SEE_FIGURES})


_VISITS = frozenset({Right.SEE_HOUSEHOLDS, Right.RECORD_FACTS, Right.MANAGE_CONSENT})
_CASEWORK = _VISITS | {Right.KEEP_REGISTER, Right.INTERVIEW, Right.SEE_FIGURES}
_DISTRICT = {
    *(Right.UNMASK_NUMBERS, Right.SEAL, Right.LINK_PERSONS, Right.IMPORT_LISTS, Right.START_RUNS),
    *(Right.PUBLISH_PROGRAMMES, Right.EXPORT, Right.APPROVE),
}
_INSPECTION = frozenset({Right.READ_TRAIL, Right.INSPECT, Right.ERASE, Right.APPROVE})
_FIGURES = frozenset({Right.SEE_FIGURES})
# Residents, supporters and volunteers sign in and see their own account; what else they may do comes with the pages
# made for them.
_OWN_ACCOUNT: frozenset[Right] = frozenset()

SCOPES: dict[Role, Scope] = {
    Role.COORDINATOR: Scope(_CASEWORK | {Right.UNMASK_NUMBERS, Right.IMPORT_LISTS, Right.LINK_PERSONS}),
    Role.PLANNER: Scope(_CASEWORK),
    Role.NURSE: Scope(_VISITS),
    Role.NEIGHBOURHOOD_OFFICER: Scope(_VISITS),
    Role.HEAD_OF_DONG: Scope(frozenset({Right.SEE_HOUSEHOLDS, Right.SEE_FIGURES, Right.SEAL, Right.APPROVE})),
    Role.DISTRICT_OFFICER: Scope(_CASEWORK | _DISTRICT, whole_district=True),
    Role.CASE_MANAGER: Scope(_CASEWORK, whole_district=True),
    Role.ADMINISTRATOR: Scope(frozenset({Right.MANAGE_ACCOUNTS, Right.READ_TRAIL}), whole_district=True),
    Role.PRIVACY_OFFICER: Scope(_INSPECTION, whole_district=True),
    Role.CITY_ANALYST: Scope(_FIGURES, whole_district=True),
    Role.COUNCIL_MEMBER: Scope(_FIGURES, whole_district=True),
    Role.RESIDENT: Scope(_OWN_ACCOUNT, whole_district=True),
    Role.SUPPORTER: Scope(_OWN_ACCOUNT, whole_district=True),
    Role.VOLUNTEER: Scope(_OWN_ACCOUNT, whole_district=True),
}

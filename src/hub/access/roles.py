"""Roles and the rights they carry: one table, read by gates, pages and documentation alike.

A person has rights only through a post held now. A post is a role and, for most roles, the dongs of duty.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Right(StrEnum):
    """What a role may do. Rights about households hold within the area of duty only."""

    SEE_HOUSEHOLDS = "see_households"  # open and search households
    RECORD_FACTS = "record_facts"  # write down what was learnt about them
    INTERVIEW = "interview"  # hold desk interviews
    SEE_FIGURES = "see_figures"  # counts of runs, never single households
    START_RUNS = "start_runs"  # screen the district
    IMPORT_LISTS = "import_lists"  # take lists of agencies into the register
    MANAGE_ACCOUNTS = "manage_accounts"  # users and posts
    READ_TRAIL = "read_trail"  # the audit trail


class Role(models.TextChoices):
    """The roles of a district and its centres."""

    COORDINATOR = "coordinator", _("Welfare coordinator")
    PLANNER = "planner", _("Welfare planner")
    NURSE = "nurse", _("Visiting nurse")
    HEAD_OF_DONG = "head_of_dong", _("Head of dong")
    DISTRICT_OFFICER = "district_officer", _("District welfare officer")
    COUNCIL_MEMBER = "council_member", _("Council member")
    ADMINISTRATOR = "administrator", _("Administrator")


@dataclass(frozen=True)
class Scope:
    """What a role may do, and whether it does so in the whole district or in the dongs of its post."""

    rights: frozenset[Right]
    whole_district: bool = False


_CASEWORK = frozenset({Right.SEE_HOUSEHOLDS, Right.RECORD_FACTS, Right.INTERVIEW, Right.SEE_FIGURES})

SCOPES: dict[Role, Scope] = {
    Role.COORDINATOR: Scope(_CASEWORK | {Right.IMPORT_LISTS}),
    Role.PLANNER: Scope(_CASEWORK),
    Role.NURSE: Scope(frozenset({Right.SEE_HOUSEHOLDS, Right.RECORD_FACTS})),
    Role.HEAD_OF_DONG: Scope(frozenset({Right.SEE_HOUSEHOLDS, Right.SEE_FIGURES})),
    Role.DISTRICT_OFFICER: Scope(_CASEWORK | {Right.START_RUNS, Right.IMPORT_LISTS}, whole_district=True),
    Role.COUNCIL_MEMBER: Scope(frozenset({Right.SEE_FIGURES}), whole_district=True),
    Role.ADMINISTRATOR: Scope(frozenset({Right.MANAGE_ACCOUNTS, Right.READ_TRAIL}), whole_district=True),
}

"""Programmes as frozen values: read, type-check, evaluate one household, explain, find the next question."""

from welfare.rules.assessment import Amount, Assessment, Reason, Result
from welfare.rules.catalogue import Catalogue, CatalogueError, Problem, Programme
from welfare.rules.interview import REFUSED, UNKNOWN, Interview, Question
from welfare.rules.near_miss import NearMiss
from welfare.rules.priors import Priors
from welfare.rules.reading import load
from welfare.rules.ruleset import RuleSet

__all__ = [
    "REFUSED",
    "UNKNOWN",
    "Amount",
    "Assessment",
    "Catalogue",
    "CatalogueError",
    "Interview",
    "NearMiss",
    "Priors",
    "Problem",
    "Programme",
    "Question",
    "Reason",
    "Result",
    "RuleSet",
    "load",
]

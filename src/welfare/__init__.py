"""Welfare law as data: read it, ask it about one household, screen a whole population, and try a reform on paper.

The library computes and remembers nothing. It knows no user, no database server, no clock and no network.
"""

from welfare.facts import Fact, Household
from welfare.rules import Assessment, Catalogue, CatalogueError, Interview, Priors, RuleSet, load

__version__ = "0.1.0"

__all__ = [
    "Assessment",
    "Catalogue",
    "CatalogueError",
    "Fact",
    "Household",
    "Interview",
    "Priors",
    "RuleSet",
    "__version__",
    "load",
]

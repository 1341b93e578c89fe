"""Two rule sets, one population: who gains, who loses, and what it costs."""

from welfare.reform.effect import GROUPS, Effect, try_reform
from welfare.reform.quick import quick

__all__ = ["GROUPS", "Effect", "quick", "try_reform"]

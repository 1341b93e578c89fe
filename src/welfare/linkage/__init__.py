"""The same person in two lists, with typing errors, moves, shared telephones and romanised names. Proposes pairs, merges nothing.

Needs the extra `linkage` (Splink); nothing else of `welfare` imports it.
"""

from welfare.linkage.model import AGREEMENTS
from welfare.linkage.pairs import LINK, REVIEW, Outcome, link
from welfare.linkage.records import COLUMNS, ListError

__all__ = ["AGREEMENTS", "COLUMNS", "LINK", "REVIEW", "ListError", "Outcome", "link"]

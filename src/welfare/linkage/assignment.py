"""Which pairs stand when a record may stand in one only, and how probable each is among those it competes with."""

from __future__ import annotations

import numpy as np


def among_rivals(left: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The probability of each pair when a record has one partner or none.

    `left` and `right` are places of records from 0, `weight` the log2 odds of the pair alone. Of the partners of one record only one can be right, so
    its pair has odds against no partner *and* every other partner: o / (1 + Σ o). The smaller of the two sides' answers is given. Two namesakes
    nobody can tell apart have one half each, however well both fit.
    """
    odds = np.exp2(np.minimum(weight, 200.0))
    found = [odds / (1.0 + np.bincount(side, odds)[side]) for side in (left, right)] if len(odds) else [odds, odds]
    return np.minimum(*found)


def one_to_one(left: np.ndarray, right: np.ndarray, weight: np.ndarray, tie: np.ndarray) -> np.ndarray:
    """The pairs that stand, as places in ascending order: the weightiest first, each record once.

    Nobody stands in two pairs, and no two records would both rather have each other than what they got (a stable matching, unique
    when no weights are equal; `tie`, one whole number a pair, decides between equals). A matching of greatest *total* weight is not wanted: it breaks up a
    sure pair where two doubtful ones add up to more.
    """
    order = np.lexsort((tie, -weight))
    lefts, rights = left[order].tolist(), right[order].tolist()
    taken_left, taken_right = bytearray(max(lefts, default=-1) + 1), bytearray(max(rights, default=-1) + 1)
    kept = []
    for place, one, other in zip(order.tolist(), lefts, rights, strict=True):
        if not taken_left[one] and not taken_right[other]:
            taken_left[one] = taken_right[other] = 1
            kept.append(place)
    return np.sort(np.array(kept, np.int64))

"""Which pairs stand when a record may stand in one only, and how probable each is among those it competes with."""

from __future__ import annotations

import numpy as np

CAUTION = 5.0  # records with a partner, and as many without, that are added to the shorter list
ROUNDS = 50  # the share of partners settles within ten


def among_rivals(
    left: np.ndarray, right: np.ndarray, evidence: np.ndarray, sizes: tuple[int, int]
) -> tuple[np.ndarray, float]:
    """The probability of each pair when a record has one partner or none, and the share of the shorter list that has one.

    `left` and `right` are places of records from 0, `evidence` the log2 likelihood ratio of the pair, `sizes` the lengths of the lists. Before
    anything is compared, a record is as likely to belong to any one record of the other list. Of its partners only one can be right, so a pair has
    odds against no partner *and* every other partner; the smaller of the two sides' answers is given. Two namesakes nobody can tell apart have one
    half each, however well both fit. The share is found with the probabilities, each from the other (expectation and maximisation); CAUTION keeps it from certainty in a short
    list, where it would make up for a name that does not agree.
    """
    short, long = min(sizes), max(sizes)
    share, probability = 0.5, np.zeros(len(evidence))
    likelihood = np.exp2(np.minimum(evidence, 200.0))
    for _ in range(ROUNDS):
        odds = likelihood * share / long
        sides = []
        for side, size in zip((left, right), sizes, strict=True):
            alone = 1.0 - share * short / size
            sides.append(odds / (alone + np.bincount(side, odds, size)[side]))
        probability = np.minimum(*sides)
        before, share = share, (CAUTION + float(probability.sum())) / (2 * CAUTION + short)
        if abs(share - before) < 1e-4:
            break
    return probability, share


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

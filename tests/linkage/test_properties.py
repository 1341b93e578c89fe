"""What holds for any two lists: one partner a record, nothing depends on the order of rows, exact copies are found."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.linkage.lists import CROWD, a_list
from welfare.linkage import AGREEMENTS, COLUMNS, ListError, Outcome, link
from welfare.linkage.assignment import among_rivals, one_to_one
from welfare.synthetic.lists import InventedLists, invent_lists


@pytest.fixture(scope="module")
def lists() -> InventedLists:
    return invent_lists(1500, seed=3)


@pytest.fixture(scope="module")
def pairs(lists: InventedLists) -> pa.Table:
    return link(lists.left, lists.right)


def as_set(pairs: pa.Table) -> set[tuple[object, ...]]:
    return {tuple(row.values()) for row in pairs.to_pylist()}


def test_the_lists_are_linked_well_and_little_is_left_to_look_at(
    lists: InventedLists, pairs: pa.Table
) -> None:
    truth = set(zip(lists.truth["left"].to_pylist(), lists.truth["right"].to_pylist(), strict=True))
    linked = {(row["left"], row["right"]) for row in pairs.to_pylist() if row["outcome"] == Outcome.LINK}
    assert len(linked & truth) / len(linked) >= 0.998
    assert len(linked & truth) / len(truth) >= 0.98
    assert pairs.num_rows - len(linked) <= 0.02 * len(truth)


def test_a_record_is_in_one_pair_at_most(pairs: pa.Table) -> None:
    assert len(pc.unique(pairs["left"])) == len(pc.unique(pairs["right"])) == pairs.num_rows


def test_probabilities_and_words_are_in_their_range(pairs: pa.Table) -> None:
    assert pc.min(pairs["probability"]).as_py() >= 0.2
    assert pc.max(pairs["probability"]).as_py() <= 1.0
    words = {word for name in pairs.column_names[4:] for word in pairs[name].to_pylist()}
    assert words <= set(AGREEMENTS)


def test_the_order_of_rows_changes_nothing(lists: InventedLists, pairs: pa.Table) -> None:
    rng = np.random.default_rng(5)
    left, right = (side.take(pa.array(rng.permutation(side.num_rows))) for side in (lists.left, lists.right))
    assert link(left, right).equals(pairs)


def test_exchanging_the_lists_exchanges_the_columns(lists: InventedLists, pairs: pa.Table) -> None:
    turned = link(lists.right, lists.left)
    back = turned.select(["right", "left", *turned.column_names[2:]]).rename_columns(pairs.column_names)
    assert as_set(back) == as_set(pairs)


def test_a_list_typed_on_another_system_gives_the_same(lists: InventedLists, pairs: pa.Table) -> None:
    columns = {
        name: [unicodedata.normalize("NFD", text) if text else text for text in lists.left[name].to_pylist()]
        for name in ("name", "address", "dong")
    }
    taken_apart = pa.table({name: columns.get(name, lists.left[name]) for name in lists.left.column_names})
    assert as_set(link(taken_apart, lists.right)) == as_set(pairs)


def test_a_list_and_its_copy_are_the_same_people() -> None:
    people = a_list()
    found = link(people, people)
    assert found["left"].equals(found["right"])
    assert set(found["outcome"].to_pylist()) == {"link"}
    assert found.num_rows == len(CROWD)


def test_raising_the_threshold_only_moves_pairs_from_link_to_review(
    lists: InventedLists, pairs: pa.Table
) -> None:
    strict = link(lists.left, lists.right, linked_from=0.9999)
    assert strict.drop_columns("outcome").equals(pairs.drop_columns("outcome"))
    links = [
        {row["left"] for row in some.to_pylist() if row["outcome"] == "link"} for some in (strict, pairs)
    ]
    assert links[0] < links[1]


@pytest.mark.parametrize("sides", [(False, True), (True, False), (True, True)])
def test_an_empty_list_gives_no_pairs_and_the_same_columns(
    lists: InventedLists, pairs: pa.Table, sides: tuple[bool, bool]
) -> None:
    left, right = (
        side.slice(0, 0) if empty else side
        for side, empty in zip((lists.left, lists.right), sides, strict=True)
    )
    found = link(left, right)
    assert found.num_rows == 0
    assert found.schema == pairs.schema


def test_lists_of_which_nothing_is_known_give_no_pairs() -> None:
    nothing = pa.table({"id": [1, 2], "name": pa.nulls(2, pa.string())})
    assert link(nothing, nothing).num_rows == 0
    assert link(nothing.select(["id"]), nothing).num_rows == 0


def test_thirty_people_against_a_register_are_found_in_seconds() -> None:
    lists = invent_lists(30_000, seed=8)
    few = lists.left.filter(pc.is_in(lists.left["id"], lists.truth["left"])).slice(0, 30)
    truth = dict(zip(lists.truth["left"].to_pylist(), lists.truth["right"].to_pylist(), strict=True))
    started = time.process_time()
    found = link(few, lists.right).to_pylist()
    assert time.process_time() - started < 10
    assert sum(truth[pair["left"]] == pair["right"] for pair in found) >= 29
    assert all(truth[pair["left"]] == pair["right"] for pair in found if pair["outcome"] == "link")


@pytest.mark.parametrize(
    ("columns", "part"),
    [
        ({"name": ["샘가람"]}, "has no column `id`"),
        ({"id": [1, 1], "name": ["샘가람", "별나래"]}, "stands twice"),
        ({"id": [1, None], "name": ["샘가람", "별나래"]}, "have no `id`"),
        ({"id": [1], "nmae": ["샘가람"]}, "`nmae`, which linkage does not know"),
        ({"id": [1], "phone": [1012345678]}, "leading noughts"),
        ({"id": [1], "name": [3.5]}, "not text"),
    ],
)
def test_a_list_that_cannot_be_compared_is_refused_and_says_why(
    columns: dict[str, list[object]], part: str
) -> None:
    with pytest.raises(ListError, match="the (left|right) list") as refused:
        link(pa.table(columns), a_list())
    assert part in str(refused.value)
    assert "샘가람" not in str(refused.value)


@pytest.mark.parametrize(("linked_from", "review_from"), [(0.5, 0.9), (1.2, 0.5), (0.9, 0.0)])
def test_thresholds_out_of_order_are_refused(linked_from: float, review_from: float) -> None:
    with pytest.raises(ValueError, match="review_from <= linked_from"):
        link(a_list(), a_list(), linked_from=linked_from, review_from=review_from)


def test_the_documented_columns_are_the_ones_that_are_read() -> None:
    assert set(a_list().column_names) == set(COLUMNS)


@st.composite
def weighted_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct pairs of up to eight records a side, no two of one weight."""
    cells = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), unique=True, max_size=30))
    weights = draw(arrays.arrays(np.float64, len(cells), elements=st.integers(-20, 60).map(float)))
    sides = np.array(cells, np.int64).reshape(-1, 2)
    return sides[:, 0], sides[:, 1], weights + np.arange(len(cells)) / 100


@given(weighted_pairs())
def test_no_two_records_would_rather_have_each_other(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    left, right, weight = drawn
    kept = one_to_one(left, right, weight, np.zeros(len(left), np.uint64))
    assert len(set(left[kept])) == len(set(right[kept])) == len(kept)
    of_left = {left[place]: weight[place] for place in kept}
    of_right = {right[place]: weight[place] for place in kept}
    for place in set(range(len(left))) - set(kept.tolist()):
        assert max(of_left.get(left[place], -np.inf), of_right.get(right[place], -np.inf)) > weight[place]


@given(weighted_pairs())
def test_the_partners_of_a_record_share_one_certainty(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    left, right, weight = drawn
    probability, share = among_rivals(left, right, weight, (8, 8))
    assert 0 < share < 1
    for side in (left, right):
        assert (np.bincount(side, probability, 8) <= 1 + 1e-9).all()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.fixed_dictionaries({name: st.none() | st.text(max_size=12) for name in COLUMNS if name != "id"}),
        max_size=6,
    )
)
def test_any_text_at_all_is_compared_without_an_error(rows: list[dict[str, str | None]]) -> None:
    people = a_list(*({"id": str(place), **row} for place, row in enumerate(rows)), crowd=False)
    found = link(people, people)
    assert found.num_rows <= len(rows)


def test_the_library_without_linkage_does_not_load_splink() -> None:
    code = "import sys, welfare; assert 'splink' not in sys.modules; import welfare.linkage; assert 'splink' in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_is_said_on_the_terminal(
    lists: InventedLists, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    link(lists.left.slice(0, 100), lists.right.slice(0, 100))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records

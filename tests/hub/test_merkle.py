"""The tree of RFC 9162: roots as published, proofs that hold for what is true and for nothing else (T2)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access import merkle

# Leaves and roots of the certificate-transparency project's own reference tests.
CONTENTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root_by_definition(leaves):
    """Section 2.1.1, word for word: the oracle."""
    if len(leaves) < 2:
        return leaves[0] if leaves else merkle.EMPTY
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    return merkle.parent(root_by_definition(leaves[:half]), root_by_definition(leaves[half:]))


def nodes(leaves):
    def node(level, index):
        return root_by_definition(leaves[index << level : (index + 1) << level])

    return node


LEAVES = [merkle.leaf(b"%d" % number) for number in range(130)]
sizes = st.integers(1, len(LEAVES))


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size):
    leaves = [merkle.leaf(content) for content in CONTENTS[:size]]
    growing = merkle.Growing()
    for leaf in leaves:
        growing.add(leaf)
    assert growing.root().hex() == ROOTS[size - 1]
    assert merkle.span(0, size, nodes(leaves)) == growing.root()


def test_the_empty_tree_has_the_root_of_nothing():
    assert merkle.Growing().root() == merkle.span(0, 0, nodes([])) == merkle.EMPTY


@given(size=sizes, data=st.data())
def test_a_leaf_is_shown_to_be_in_the_tree_and_no_other_is(size, data):
    index = data.draw(st.integers(0, size - 1))
    root = root_by_definition(LEAVES[:size])
    path = merkle.inclusion(index, size, nodes(LEAVES))
    assert merkle.shows_inclusion(LEAVES[index], index, size, root, path)
    other = data.draw(st.integers(0, len(LEAVES) - 1).filter(lambda number: number != index))
    assert not merkle.shows_inclusion(LEAVES[other], index, size, root, path)
    assert not merkle.shows_inclusion(LEAVES[index], other, size, root, path)
    assert not merkle.shows_inclusion(LEAVES[index], index, size, merkle.EMPTY, path)
    assert not merkle.shows_inclusion(LEAVES[index], index, size, root, [*path, merkle.EMPTY])
    if path:
        assert not merkle.shows_inclusion(LEAVES[index], index, size, root, path[:-1])
        spoilt = data.draw(st.integers(0, len(path) - 1))
        assert not merkle.shows_inclusion(
            LEAVES[index], index, size, root, [*path[:spoilt], merkle.EMPTY, *path[spoilt + 1 :]]
        )


@given(second=sizes, data=st.data())
def test_a_tree_that_grew_is_shown_to_have_grown_and_one_that_changed_is_not(second, data):
    first = data.draw(st.integers(1, second))
    roots = root_by_definition(LEAVES[:first]), root_by_definition(LEAVES[:second])
    path = merkle.consistency(first, second, nodes(LEAVES))
    assert merkle.shows_consistency(first, roots[0], second, roots[1], path)
    changed = LEAVES.copy()
    changed[data.draw(st.integers(0, first - 1))] = merkle.leaf(b"changed")
    then = root_by_definition(changed[:first])
    assert not merkle.shows_consistency(first, then, second, roots[1], path)
    if first < second:
        assert not merkle.shows_consistency(first, roots[0], second, roots[0], path)
        assert not merkle.shows_consistency(first, roots[0], second, roots[1], path[:-1])
        assert not merkle.shows_consistency(
            first, then, second, roots[1], merkle.consistency(first, second, nodes(changed))
        )
    assert not merkle.shows_consistency(second + 1, roots[0], second, roots[1], path)


@given(size=sizes)
def test_a_proof_is_short(size):
    assert len(merkle.inclusion(size // 2, size, nodes(LEAVES))) <= size.bit_length()
    assert len(merkle.consistency((size + 1) // 2, size, nodes(LEAVES))) <= size.bit_length() + 1


@given(size=sizes)
def test_only_complete_subtrees_are_asked_for(size):
    places = list(merkle.peaks(0, size))
    starts = [index << level for level, index in places]
    ends = [(index + 1) << level for level, index in places]
    assert starts[0] == 0
    assert ends[-1] == size
    assert starts[1:] == ends[:-1]
    assert all(before[0] > after[0] for before, after in pairwise(places))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_is_made_for_a_leaf_beyond_the_tree(index, size):
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion(index, size, nodes(LEAVES))
    assert not merkle.shows_inclusion(LEAVES[0], index, size, LEAVES[0], [])


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3)])
def test_no_proof_is_made_for_a_tree_that_did_not_grow(first, second):
    with pytest.raises(ValueError, match="has not grown"):
        merkle.consistency(first, second, nodes(LEAVES))
    assert not merkle.shows_consistency(first, LEAVES[0], second, LEAVES[0], [])

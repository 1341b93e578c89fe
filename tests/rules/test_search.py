"""Finding a programme by whatever somebody remembers of it, half typed, in two languages."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import welfare
from welfare.hangul import FINALS, FIRST, INITIALS, LAST, VOWELS, initials, letters
from welfare.rules import Programme
from welfare.rules.search import ProgrammeSearch

KR = welfare.load(Path(__file__).parents[2] / "programmes" / "kr")
SEARCH = ProgrammeSearch(KR)
programmes = st.sampled_from(list(KR.programmes.values()))


def found(query: str) -> list[str]:
    return [programme.id for programme in SEARCH.find(query)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("기초연금", "basic_pension"),
        ("ㄱㅊㅇㄱ", "basic_pension"),
        ("ㅅㄱㄱㅇ", "livelihood_benefit"),
        ("생ㄱ", "livelihood_benefit"),
        ("생계ㄱ", "livelihood_benefit"),
        ("생곅", "livelihood_benefit"),
        ("생계급ㅇ", "livelihood_benefit"),
        ("기초 연금", "basic_pension"),
        ("livelihood", "livelihood_benefit"),
        ("BASIC pen", "basic_pension"),
        ("첫만남", "first_meeting_voucher"),
        ("ㅊㅁㄴ", "first_meeting_voucher"),
        ("basic_pension", "basic_pension"),
    ],
)
def test_what_is_typed_finds_what_is_meant(query: str, first: str) -> None:
    assert found(query)[0] == first


@given(programmes, st.data())
def test_any_part_of_a_name_finds_it(programme: Programme, data: st.DataObject) -> None:
    name = programme.name[data.draw(st.sampled_from(["ko", "en"]))]
    start = data.draw(st.integers(0, len(name) - 1))
    part = name[start : data.draw(st.integers(start + 1, len(name)))]
    assert programme.id in found(part)


@given(programmes, st.data())
def test_the_first_letters_of_any_part_of_a_name_find_it(programme: Programme, data: st.DataObject) -> None:
    name = programme.name["ko"]
    start = data.draw(st.integers(0, len(name) - 1))
    part = name[start : data.draw(st.integers(start + 1, len(name)))]
    assert programme.id in found(initials(part))


@given(programmes, st.data())
def test_a_name_is_found_at_every_key_that_is_pressed(programme: Programme, data: st.DataObject) -> None:
    name = programme.name["ko"]
    syllable = data.draw(st.integers(0, len(name) - 1))
    typed = name[:syllable] + data.draw(st.sampled_from(half_typed(name[syllable])))
    assert programme.id in found(typed)


def half_typed(sign: str) -> list[str]:
    """What stands on the screen while a syllable is typed: its first letter, then with its vowel, then all of it."""
    if not FIRST <= ord(sign) <= LAST:
        return [sign]
    place = ord(sign) - FIRST
    return [INITIALS[place // 588], chr(ord(sign) - place % 28), sign]


@given(st.text(st.characters(min_codepoint=FIRST, max_codepoint=LAST), max_size=6))
def test_letters_are_those_of_a_slow_reading(text: str) -> None:
    slow = ""
    for sign in text:
        for initial in range(len(INITIALS)):
            for vowel in range(len(VOWELS)):
                first = FIRST + (initial * 21 + vowel) * 28
                if first <= ord(sign) < first + 28:
                    slow += INITIALS[initial] + letters(VOWELS[vowel]) + letters(FINALS[ord(sign) - first])
    assert letters(text) == slow


@given(st.text(max_size=12))
def test_nothing_that_is_typed_breaks_the_search(query: str) -> None:
    SEARCH.find(query)


def test_every_word_must_be_there() -> None:
    assert "youth_rent_seoul" in found("서울 월세")
    assert "youth_rent_national" not in found("서울 월세 청년 서울특별시")


def test_what_nobody_offers_is_not_found() -> None:
    assert found("우주여행") == []
    assert found("xyzzy") == []


def test_a_name_comes_before_a_summary_and_a_summary_before_a_criterion() -> None:
    order = found("생계급여")
    assert order[0] == "livelihood_benefit"
    assert order.index("farm_food_voucher") < order.index("crisis_youth")


def test_an_empty_question_lists_everything() -> None:
    assert len(found("")) == len(found(" · ")) == len(KR.programmes)


@settings(deadline=None, max_examples=1)
@given(st.just("ㄱ"))
def test_the_whole_catalogue_is_looked_through_in_milliseconds(query: str) -> None:
    started = time.process_time()
    for _ in range(20):
        SEARCH.find(query)
        SEARCH.find("기초연ㄱ")
    assert (time.process_time() - started) / 40 < 0.05

"""A name in Latin letters meets the same name in Korean, in the spellings people have; other names stay apart."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from welfare.hangul import FINALS, INITIALS, VOWELS, keys, letters, parts
from welfare.romanised import sound_of_korean, sounds_of_latin
from welfare.synthetic.lists import romanise
from welfare.synthetic.world import stream

korean_names = st.text(
    st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")), min_size=2, max_size=5
)


@pytest.mark.parametrize(
    ("korean", "spellings"),
    [
        ("김민수", ["KIM MINSU", "Kim Min-su", "Gim Minsu", "Min Soo Kim", "Kim, Minsoo"]),
        ("이영희", ["LEE YOUNGHEE", "Yi Yeonghui", "Rhee Young-Hee", "Younghee Lee", "I Yeonghui"]),
        ("박정현", ["Park Junghyun", "Bak Jeonghyeon", "Pak Jung Hyun", "PARK JEONG-HYEON"]),
        ("최은주", ["Choi Eunju", "Choe Eun-joo", "Choi Eun Joo"]),
        ("유재석", ["Yoo Jaesuk", "Yu Jae-seok", "Ryu Jaeseok"]),
        ("임성희", ["Lim Sunghee", "Im Seonghui", "Rim Sung Hee", "Yim Sung-hee"]),
        ("노우진", ["Roh Woojin", "Noh Woo-jin", "No Ujin", "Ro Woo Jin"]),
        ("안철수", ["Ahn Cheolsu", "An Chul-soo"]),
        ("허경환", ["Hur Kyunghwan", "Heo Gyeonghwan", "Huh Kyung-hwan"]),
        ("백승호", ["Paik Seungho", "Baek Seung-ho", "Back Seungho"]),
        ("신혜원", ["Shin Hyewon", "Sin Hye-won"]),
        ("남궁선우", ["Namgung Sunwoo", "Namkoong Seonu"]),
    ],
)
def test_the_spellings_of_a_name_sound_the_same(korean: str, spellings: list[str]) -> None:
    for spelling in spellings:
        words = "".join(sign if sign.isalpha() else " " for sign in spelling.casefold()).split()
        readings = {sounds_of_latin(words[place:] + words[:place])[0] for place in (0, -1)}
        assert sound_of_korean(korean) in readings | set(sounds_of_latin(words)), spelling


@pytest.mark.parametrize(
    ("one", "other"), [("김민수", "김민지"), ("이영희", "이영호"), ("박정현", "백정현"), ("최은주", "조은주")]
)
def test_other_names_sound_different(one: str, other: str) -> None:
    assert sound_of_korean(one) != sound_of_korean(other)


@given(st.sampled_from(INITIALS), st.sampled_from(VOWELS), st.sampled_from(FINALS))
def test_every_syllable_can_be_taken_apart_and_sounds(initial: str, vowel: str, final: str) -> None:
    sign = chr(ord("가") + (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final))
    assert parts(sign) == (initial, vowel, final)
    assert sound_of_korean("김" + sign).startswith("gim")
    assert keys(sign).isascii()
    assert len(keys(sign)) == len(letters(sign))


@given(korean_names)
def test_a_name_taken_apart_by_the_system_is_the_same_name(name: str) -> None:
    assert keys(unicodedata.normalize("NFD", name)) == keys(name)


def test_invented_names_in_latin_letters_are_recognised() -> None:
    rng = stream((1,), "spellings")
    missed = []
    for surname in "봄별숲샘달솔꽃빛늘들돌물눈뜰벗참":
        for given_name in ("가람", "나래", "수진", "현정", "여울", "은비"):
            written = romanise(surname + given_name, rng)
            words = written.casefold().replace("-", " ").split()
            if sound_of_korean(surname + given_name) not in sounds_of_latin(words) and len(words) == 2:
                missed.append((surname + given_name, written))
    assert not missed

"""An invented district meets the published figures, is believable, repeatable, and can never be taken for
real people.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from welfare.facts import Fact
from welfare.intake.cells import NotReadable, read_resident_number
from welfare.rules import Catalogue
from welfare.synthetic import AS_OF, DONGS, INVENTED, invent_district, invent_households, invent_shards
from welfare.synthetic.district import RULES
from welfare.synthetic.dongs import apportion, targets
from welfare.synthetic.families import COMPOSITIONS
from welfare.synthetic.identity import FIRST_SYLLABLES, LAST_SYLLABLES, SURNAMES
from welfare.synthetic.writing import write_district


@pytest.fixture(scope="module")
def district(catalogue: Catalogue) -> tuple[pa.Table, pa.Table]:
    return invent_district(catalogue)


@pytest.fixture(scope="module")
def village(catalogue: Catalogue) -> tuple[pa.Table, pa.Table]:
    return invent_district(catalogue, 3000, seed=4)


def areas_of(tables: tuple[pa.Table, pa.Table]) -> np.ndarray:
    """The dong of every member."""
    households, members = tables
    area = households["area"].to_numpy(zero_copy_only=False)
    return area[members["household_id"].to_numpy() - households["household_id"][0].as_py()]


def share(mask: pa.ChunkedArray) -> float:
    return float(pc.mean(mask.cast(pa.float64())).as_py())


# The published figures --------------------------------------------------------------------------------------


def test_every_dong_has_its_published_households_people_and_people_of_65(district) -> None:
    households, members = district
    area, of_member = households["area"].to_numpy(zero_copy_only=False), areas_of(district)
    aged = members["birth_date"].to_numpy() <= np.datetime64(AS_OF.replace(year=AS_OF.year - 65))
    for dong in DONGS:
        assert (area == dong.code).sum() == dong.households, dong.en
        assert (of_member == dong.code).sum() == dong.population, dong.en
        assert (aged & (of_member == dong.code)).sum() == dong.aged_65, dong.en


def test_the_published_totals_are_those_of_the_district() -> None:
    assert sum(dong.households for dong in DONGS) == 143_226
    assert sum(dong.population for dong in DONGS) == 317_699
    assert sum(dong.aged_65 for dong in DONGS) == 53_627


@pytest.mark.parametrize("households", [1, 14, 100, 2500])
def test_a_smaller_district_keeps_the_proportions(catalogue: Catalogue, households: int) -> None:
    tables = invent_district(catalogue, households)
    assert tables[0].num_rows == households
    assert tables[1].num_rows == sum(goal.population for goal in targets(households))


def test_a_district_without_households_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(ValueError, match="at least one household, not 0"):
        invent_district(catalogue, 0)


def test_shares_are_apportioned_without_losing_one() -> None:
    assert apportion(10, np.array([1.0, 1.0, 1.0])).tolist() == [4, 3, 3]
    assert apportion(0, np.array([2.0, 1.0])).tolist() == [0, 0]


# Believable -------------------------------------------------------------------------------------------------


def test_more_than_a_third_live_alone_and_most_of_sinchon_does(district) -> None:
    households, members = district
    sizes = np.bincount(members["household_id"].to_numpy())[1:]
    area = households["area"].to_numpy(zero_copy_only=False)
    assert 0.35 <= (sizes == 1).mean() <= 0.40
    assert (sizes[area == "1141058500"] == 1).mean() > 0.5
    assert sizes.max() <= 20


def test_all_kinds_of_households_are_there(district) -> None:
    assert {one.name for one in COMPOSITIONS} >= {
        "student_alone",
        "old_alone",
        "lone_parent",
        "three_generations",
        "family",
    }
    relations = set(pc.unique(district[1]["relation"].cast(pa.string())).to_pylist())
    assert relations >= {
        "head",
        "spouse",
        "child",
        "parent",
        "parent_in_law",
        "grandchild",
        "sibling",
        "other",
        "child_in_law",
    }


def test_a_head_comes_first_and_couples_are_two(village) -> None:
    members = village[1]
    home, couple = members["household_id"].to_numpy(), members["couple"].to_numpy()
    first = np.flatnonzero(np.diff(home, prepend=-1))
    relation = members["relation"].cast(pa.string()).to_numpy(zero_copy_only=False)
    assert set(relation[first]) == {"head"}
    assert (relation == "head").sum() == village[0].num_rows
    pairs = home[couple > 0] * 100 + couple[couple > 0]
    assert set(np.unique(pairs, return_counts=True)[1].tolist()) == {2}


def test_children_are_younger_than_their_parents(village) -> None:
    members = village[1]
    relation = members["relation"].cast(pa.string()).to_numpy(zero_copy_only=False)
    born, home = members["birth_date"].to_numpy(), members["household_id"].to_numpy()
    head = dict(zip(home[relation == "head"], born[relation == "head"], strict=True))
    years = [(born[i] - head[home[i]]).astype(int) / 365.2425 for i in np.flatnonzero(relation == "child")]
    assert min(years) > 14
    assert 28 < np.median(years) < 36


def test_nobody_is_born_after_the_day_or_is_older_than_any_human(village) -> None:
    ends = pc.min_max(village[1]["birth_date"]).as_py()
    assert ends["max"] < AS_OF
    assert ends["min"] > date(AS_OF.year - 110, 1, 1)


def test_most_of_the_poor_receive_and_a_gap_remains(district) -> None:
    receiving = share(district[0]["receives_livelihood_benefit"])
    assert 0.04 < receiving < 0.12
    aged = pc.less_equal(district[1]["birth_date"], pa.scalar(AS_OF.replace(year=AS_OF.year - 65)))
    assert 0.4 < share(district[1].filter(aged)["receives_basic_pension"]) < 0.85


def test_disability_grows_with_age(district) -> None:
    members = district[1]
    year = pc.year(members["birth_date"])
    disabled = pc.is_in(members["disability"].cast(pa.string()), pa.array(["mild", "severe"]))
    old, young = disabled.filter(pc.less(year, 1955)), disabled.filter(pc.greater(year, 1985))
    assert share(old) > 3 * share(young)


# What a centre knows ----------------------------------------------------------------------------------------


def test_the_resident_register_is_complete_and_incomes_are_not(district) -> None:
    households, members = district
    for name in ("birth_date", "sex", "relation"):
        assert members[name].null_count == 0
    assert members["receives_basic_pension"].null_count < 0.01 * members.num_rows
    assert 0.3 < households["financial_assets"].null_count / households.num_rows < 0.9


def test_of_recipients_more_is_known_than_of_others(district) -> None:
    households = district[0]
    receives = pc.fill_null(households["receives_livelihood_benefit"], False)
    savings = households["financial_assets"]
    assert savings.filter(receives).null_count < 0.05 * len(savings.filter(receives))
    others = savings.filter(pc.invert(receives))
    assert others.null_count > 0.4 * len(others)


def test_every_fact_of_the_catalogue_has_a_column_within_its_domain(catalogue: Catalogue, village) -> None:
    kinds = {
        "bool": pa.types.is_boolean,
        "won": pa.types.is_int64,
        "int": pa.types.is_int64,
        "date": pa.types.is_date32,
    }
    for fact in catalogue.facts.values():
        column = village[0 if fact.of == "household" else 1][fact.name]
        if fact.type == "code":
            assert set(pc.unique(column.cast(pa.string())).to_pylist()) <= {*fact.codes, None}, fact.name
        else:
            assert kinds[fact.type](column.type), fact.name
        if fact.type in ("won", "int"):
            ends = pc.min_max(column).as_py()
            assert ends["min"] is None or fact.low <= ends["min"] <= ends["max"] <= fact.high, fact.name


# Clearly invented -------------------------------------------------------------------------------------------


def right_digits(number: str) -> set[int]:
    """The check digits of both published formulas, written out once more and apart from the code under test."""
    digits = [int(letter) for letter in number.replace("-", "")]
    total = sum(
        digit * weight for digit, weight in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False)
    )
    return {(11 - total % 11) % 10, (13 - total % 11) % 10}


def test_no_resident_number_can_be_valid(village) -> None:
    for number in village[1]["resident_number"].to_pylist():
        assert len(number) == 14
        assert 21 <= int(number[2:4]) <= 32, "no calendar has such a month"
        assert int(number[-1]) not in right_digits(number), "the check digit is wrong under both formulas"


def test_the_proof_itself_can_say_yes() -> None:
    # Worked by hand: the only digit counted is the seventh, 1 × 8 = 8; 11 − 8 = 3 for nationals, 13 − 8 = 5
    # for foreigners.
    assert right_digits("000000-1000000") == {3, 5}


def test_an_invented_number_is_not_even_a_date_to_the_intake(village) -> None:
    with pytest.raises(NotReadable):
        read_resident_number(village[1]["resident_number"][0].as_py(), AS_OF)


def test_names_and_addresses_say_that_they_are_invented(village) -> None:
    households, members = village
    real = set(
        "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구나민진지엄채원천방공현함변염여추도소석선설마길"
    )
    assert not set(SURNAMES) & real
    names = members["name"].to_pylist()
    assert all(
        n[0] in SURNAMES and n[1] in FIRST_SYLLABLES and n[2] in LAST_SYLLABLES and len(n) == 3 for n in names
    )
    assert set(members["invented"].to_pylist()) == {INVENTED}
    assert set(households["invented"].to_pylist()) == {INVENTED}
    assert all(
        "가상로" in line and line.endswith("(지어낸 주소)") for line in households["address"].to_pylist()
    )


# Repeatable, and independent of the catalogue's version -----------------------------------------------------


def test_the_same_seed_gives_the_same_district_and_another_seed_another(catalogue: Catalogue) -> None:
    one, same, other = (invent_district(catalogue, 400, seed=seed) for seed in (7, 7, 8))
    assert one[0].equals(same[0])
    assert one[1].equals(same[1])
    assert not one[1].equals(other[1])


def with_facts(catalogue: Catalogue, facts: dict[str, Fact]) -> Catalogue:
    return replace(catalogue, facts=facts)


def test_a_fact_s_values_do_not_depend_on_what_else_is_declared(catalogue: Catalogue) -> None:
    few = {name: catalogue.facts[name] for name in ("monthly_rent", "earned_income", "birth_date")}
    small, large = (invent_district(one, 400) for one in (with_facts(catalogue, few), catalogue))
    assert small[0]["monthly_rent"].equals(large[0]["monthly_rent"])
    assert small[1]["earned_income"].equals(large[1]["earned_income"])


@pytest.mark.parametrize("kind", ["bool", "int", "won", "code", "date"])
def test_a_fact_nobody_wrote_a_rule_for_gets_a_neutral_one(catalogue: Catalogue, kind: str) -> None:
    label = {"ko": "새 사실", "en": "New fact"}
    domain = (19000101, 21001231) if kind == "date" else (2, 9) if kind == "int" else (0, 5_000_000)
    codes = ("first", "second") if kind == "code" else ()
    fact = Fact(
        "quite_new",
        "person",
        kind,
        label,
        low=domain[0],
        high=domain[1],
        codes=codes,
        code_labels=(label, label),
    )
    members = invent_district(with_facts(catalogue, {"quite_new": fact}), 300)[1]
    known = members["quite_new"].drop_null()
    assert len(known)
    if kind == "int":
        assert set(known.to_pylist()) <= set(range(2, 10))


def test_a_fact_whose_type_or_codes_changed_does_not_break_the_district(catalogue: Catalogue) -> None:
    label = {"ko": "주거", "en": "Home"}
    facts = {
        "tenure": Fact(
            "tenure", "household", "code", label, high=1, codes=("owner", "boat"), code_labels=(label, label)
        ),
        "monthly_rent": Fact("monthly_rent", "household", "bool", label),
    }
    households = invent_district(with_facts(catalogue, facts), 300)[0]
    assert set(households["tenure"].to_pylist()) <= {"owner", None}
    assert pa.types.is_boolean(households["monthly_rent"].type)


def test_a_fact_that_moved_to_the_other_subject_does_not_break_the_district(catalogue: Catalogue) -> None:
    label = {"ko": "월세", "en": "Rent"}
    facts = {"monthly_rent": Fact("monthly_rent", "person", "won", label, high=10**7)}
    assert invent_district(with_facts(catalogue, facts), 300)[1]["monthly_rent"].null_count < 700


def test_a_district_without_gaps_knows_everything(catalogue: Catalogue) -> None:
    tables = invent_district(catalogue, 100, gaps=False)
    assert sum(column.null_count for table in tables for column in table.columns) == 0


def test_households_come_one_by_one_too(catalogue: Catalogue) -> None:
    households = invent_households(catalogue, 40, seed=6)
    rules = catalogue.at(AS_OF)
    assert len(households) == 40
    assert all(rules.assess(household).results for household in households[:5])


def test_rules_name_facts_that_exist_or_are_latent(catalogue: Catalogue) -> None:
    latent = {
        "luck", "means", "needs_long_term_care", "helped_by_family", "has_cancer", "on_leave", "wages_withheld",
        "veteran_or_bereaved",
    }  # fmt: skip
    missing = set(RULES) - set(catalogue.facts) - latent
    assert not missing, f"rules for facts the catalogue does not have (any more): {missing}"


# Any size ---------------------------------------------------------------------------------------------------


def test_shards_follow_each_other_and_repeat(catalogue: Catalogue) -> None:
    shards = list(invent_shards(catalogue, 250, seed=2, shard=100))
    assert [households.num_rows for households, _ in shards] == [100, 100, 50]
    ids = np.concatenate([households["household_id"].to_numpy() for households, _ in shards])
    assert ids.tolist() == list(range(1, 251))
    people = np.concatenate([members["person_id"].to_numpy() for _, members in shards])
    assert len(np.unique(people)) == len(people)
    again = list(invent_shards(catalogue, 250, seed=2, shard=100))
    assert all(a[1].equals(b[1]) for a, b in zip(shards, again, strict=True))
    assert not shards[0][1]["name"].equals(shards[1][1]["name"])


def test_a_written_district_reads_back_and_says_it_is_invented(catalogue: Catalogue, tmp_path) -> None:
    made, people = write_district(catalogue, tmp_path / "village", 60, seed=3)
    assert pq.read_table(tmp_path / "village" / "households.parquet").num_rows == made == 60
    assert pq.read_table(tmp_path / "village" / "members.parquet").num_rows == people
    assert "지어낸" in (tmp_path / "village" / "README.txt").read_text(encoding="utf-8")

"""The interview: it asks what matters, takes no for an answer, loses nothing, and asks little more than the least possible."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import welfare
from tests.rules.random_catalogue import random_household, random_rules
from welfare import Household, Interview, Priors, RuleSet
from welfare.rules import REFUSED, UNKNOWN
from welfare.rules.interview import POLICIES
from welfare.rules.oracle import Oracle
from welfare.rules.relevance import Imagined, Relevance, Standing

DAY = date(2026, 11, 22)
ANY = {"ko": "무엇", "en": "Something"}
CHILD, ADULT, ELDER = {"birth_date": "2015-05-05"}, {"birth_date": "1980-05-05"}, {"birth_date": "1950-05-05"}


# A small catalogue ----------------------------------------------------------------------------------------


def fact(of: str, type: str, **more: object) -> dict[str, object]:
    declared: dict[str, object] = {
        "of": of,
        "type": type,
        "label": ANY,
        "question": ANY,
        "sensitivity": "ordinary",
        "cost": 1,
    }
    if type == "won":
        declared |= {"min": 0, "max": 100_000_000}
    elif type == "date":
        declared |= {"min": "1900-01-01", "max": "2100-12-31"}
    declared |= more
    return {key: value for key, value in declared.items() if value is not None}


def programme(subject: str, *criteria: str, **more: object) -> dict[str, object]:
    return {
        "name": ANY, "summary": ANY, "scope": "national", "agency": ANY, "law": "법", "subject": subject,
        "valid": {"from": "2000-01-01"},
        "criteria": [{"id": f"c{i}", "label": ANY, "when": when, "law": "법"} for i, when in enumerate(criteria)],
        "amount": {"in_kind": ANY}, "documents": [], "apply_at": [], "sources": ["law"], "confidence": "verified",
    } | more  # fmt: skip


def limit(value: int) -> dict[str, object]:
    entry = {"from": "2000-01-01", "source": "law", "confidence": "verified", "value": value}
    return {"type": "won", "label": ANY, "law": "법", "review_by": "2100-01-01", "values": [entry]}


def rules_of(
    folder: Path,
    facts: dict[str, object],
    programmes: dict[str, dict[str, object]],
    derived: dict[str, object] | None = None,
    parameters: dict[str, object] | None = None,
) -> RuleSet:
    def put(name: str, content: object) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")

    fields = {"health": ANY}
    put("catalogue.yaml", {"name": ANY, "jurisdiction": "xx", "scopes": {"national": ANY}, "fields": fields})
    source = {"title": "법", "address": "law", "tier": "official", "read_on": "2026-01-01"}
    put("sources.yaml", {"sources": {"law": source}})
    put("facts/all.yaml", {"facts": facts})
    put("derived/all.yaml", {"derived": derived or {}})
    put("parameters/all.yaml", {"parameters": parameters or {}})
    for name, content in programmes.items():
        put(f"health/{name}.yaml", {name: content})
    return welfare.load(folder).at(DAY)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    age = {
        "of": "person",
        "type": "int",
        "label": ANY,
        "law": "법",
        "value": "years_between(birth_date, as_of)",
    }
    codes = {"owner": ANY, "jeonse": ANY, "rent": ANY}
    return rules_of(
        tmp_path_factory.mktemp("catalogue"),
        {
            "birth_date": fact("person", "date", cost=0),
            "disabled": fact("person", "bool"),
            "at_school": fact("person", "bool"),
            "wage": fact("household", "won", cost=2),
            "pension": fact("household", "won"),
            "tenure": fact("household", "code", values=codes),
            "rent": fact("household", "won"),
            "register_mark": fact("household", "bool", question=None),
            "never_used": fact("household", "bool"),
        },
        {
            "school_meals": programme("person", "at_school and age < 18", "wage + pension <= limit"),
            "disability_aid": programme(
                "household", "any_member(disabled and age >= 18)", "wage + pension <= limit"
            ),
            "old_age": programme("person", "age >= 65", "wage + pension <= limit"),
            "rent_aid": programme("household", 'tenure == "rent"', "rent <= limit"),
            "marked": programme("household", "register_mark", 'tenure != "owner"'),
        },
        {"age": age},
        {"limit": limit(2_000_000)},
    )


TRUTH = {
    "disabled": False,
    "at_school": True,
    "wage": 900_000,
    "pension": 0,
    "tenure": "rent",
    "rent": 300_000,
}


def asked_through(
    interview: Interview, answers: dict[str, object] = TRUTH
) -> tuple[Interview, list[tuple[str, tuple[int, ...]]]]:
    """The interview after every question was answered, and what was asked of whom."""
    asked = []
    while question := interview.next():
        value = answers[question.fact.name]
        asked.append((question.fact.name, question.members))
        interview = interview.answer(question, [value] * len(question.members) if question.members else value)
    return interview, asked


def facts_of(asked: list[tuple[str, tuple[int, ...]]]) -> list[str]:
    return [name for name, _ in asked]


# What is asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
def test_it_ends_with_everything_askable_settled(rules: RuleSet, policy: str) -> None:
    start = Interview(rules, Household({"register_mark": True}, [CHILD, ADULT]), policy)
    end, asked = asked_through(start)
    assert end.settled
    assert end.assessment.settled
    assert end.unsettled == []
    assert facts_of(asked), "this household cannot be settled without asking"


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_known_is_never_asked(rules: RuleSet, policy: str) -> None:
    known = Household({"wage": 900_000, "tenure": "rent"}, [ELDER | {"disabled": True}])
    _, asked = asked_through(Interview(rules, known, policy))
    assert set(facts_of(asked)) == {"pension", "rent"}


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_is_asked_twice(rules: RuleSet, policy: str) -> None:
    _, asked = asked_through(Interview(rules, Household({}, [CHILD, ADULT]), policy))
    assert len(facts_of(asked)) == len(set(facts_of(asked)))


def test_a_fact_no_rule_uses_is_not_asked(rules: RuleSet) -> None:
    _, asked = asked_through(Interview(rules, Household({}, [CHILD])))
    assert "never_used" not in facts_of(asked)


def test_a_fact_without_a_question_is_not_asked_and_is_reported(rules: RuleSet) -> None:
    end, asked = asked_through(Interview(rules, Household({}, [ADULT])))
    assert "register_mark" not in facts_of(asked)
    assert [(open_.programme.id, open_.askable, open_.unaskable) for open_ in end.unsettled] == [
        ("marked", (), ("register_mark",))
    ]


def test_the_rent_of_an_owner_is_not_asked(rules: RuleSet) -> None:
    _, asked = asked_through(Interview(rules, Household({"tenure": "owner"}, [ADULT])))
    assert "rent" not in facts_of(asked)


def test_a_pension_over_the_limit_makes_the_wage_needless(rules: RuleSet) -> None:
    known = Household({"pension": 2_000_001}, [CHILD, ELDER])
    _, asked = asked_through(Interview(rules, known))
    assert not {"wage", "disabled", "at_school"} & set(facts_of(asked))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_question_for_persons_covers_the_members_it_matters_for(rules: RuleSet, policy: str) -> None:
    _, asked = asked_through(Interview(rules, Household({}, [ADULT, CHILD, ELDER, CHILD]), policy))
    members = dict(asked)
    assert members["at_school"] == (1, 3), "school concerns the children"
    assert members["disabled"] == (0, 2), "the aid is for adults"
    assert members["wage"] == (), "a fact of the household is asked of nobody in particular"


def test_a_question_says_which_programmes_it_could_settle(rules: RuleSet) -> None:
    interview = Interview(rules, Household({"register_mark": False}, [CHILD, CHILD]))
    questions = {question.fact.name: question for question in interview.worth_asking()}
    assert questions["rent"].programmes == ("rent_aid",)
    assert questions["wage"].programmes == ("school_meals",)
    assert questions["wage"].opens == 2, "one open answer for each child"
    assert questions["rent"].text("en") == "Something"


def test_the_same_household_is_asked_the_same_questions(rules: RuleSet) -> None:
    runs = [asked_through(Interview(rules, Household({}, [CHILD, ELDER])))[1] for _ in range(2)]
    assert runs[0] == runs[1]


def test_going_on_from_what_was_remembered_asks_the_same_next_question(rules: RuleSet) -> None:
    interview = Interview(rules, Household({}, [CHILD, ELDER]))
    interview = interview.answer(interview.about("wage"), REFUSED).answer(interview.about("tenure"), "rent")
    again = Interview(rules, interview.household, declined=interview.declined)
    assert again.next() == interview.next()


# Answers --------------------------------------------------------------------------------------------------


def test_the_list_of_answers_changes_at_once(rules: RuleSet) -> None:
    before = Interview(rules, Household({"tenure": "rent"}, [ADULT]))
    after = before.answer(before.about("rent"), 300_000)
    changes = [
        (change.programme.id, change.member, change.before, change.after)
        for change in after.changed_since(before)
    ]
    assert changes == [("rent_aid", None, "unknown", "entitled")]


def test_an_answer_leaves_the_earlier_interview_as_it_was(rules: RuleSet) -> None:
    before = Interview(rules, Household({}, [ADULT]))
    after = before.answer(before.about("tenure"), "owner")
    assert "tenure" not in before.household.facts
    assert after.household.facts["tenure"] == "owner"


@pytest.mark.parametrize("said", [UNKNOWN, REFUSED])
def test_who_does_not_tell_is_not_asked_again_and_the_answer_stays_open(rules: RuleSet, said: object) -> None:
    start = Interview(rules, Household({"register_mark": False}, [ADULT]))
    end, asked = asked_through(start, TRUTH | {"rent": said})
    assert facts_of(asked).count("rent") == 1
    assert [(open_.programme.id, open_.askable, open_.declined) for open_ in end.unsettled] == [
        ("rent_aid", (), ("rent",))
    ]


def test_not_knowing_and_not_telling_are_kept_apart(rules: RuleSet) -> None:
    interview = Interview(rules, Household({}, [CHILD, CHILD]))
    interview = interview.answer(interview.about("wage"), UNKNOWN)
    interview = interview.answer(interview.about("at_school"), [True, REFUSED])
    assert interview.declined == {("wage", None): UNKNOWN, ("at_school", 1): REFUSED}
    assert interview.household.members[0]["at_school"] is True
    assert "at_school" not in interview.household.members[1]


def test_what_was_declined_may_still_be_told_later(rules: RuleSet) -> None:
    interview = Interview(rules, Household({}, [ADULT]))
    interview = interview.answer(interview.about("wage"), REFUSED)
    interview = interview.answer(interview.about("wage"), 100_000)
    assert interview.declined == {}
    assert interview.household.facts["wage"] == 100_000


def test_members_can_be_answered_for_one_by_one(rules: RuleSet) -> None:
    interview = Interview(rules, Household({}, [CHILD, CHILD, ADULT]))
    interview = interview.answer(interview.about("at_school"), {1: False})
    questions = {question.fact.name: question for question in interview.worth_asking()}
    assert questions["at_school"].members == (0,)


def test_one_member_needs_no_list(rules: RuleSet) -> None:
    interview = Interview(rules, Household({}, [CHILD]))
    assert interview.answer(interview.about("at_school"), True).household.members[0]["at_school"] is True


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("wage", -1, "wage: -1 is outside 0 … 100000000"),
        ("wage", "much", "wage: 'much' is not a whole number"),
        ("wage", None, "wage: None is not a whole number"),
        ("tenure", "castle", "tenure: 'castle' is not one of owner, jeonse, rent"),
        ("at_school", [True, 1], "member 1: at_school: 1 is not true or false"),
        ("at_school", [True], "at_school: 1 answers for 2 members"),
        ("at_school", True, "at_school: asks about 2 members"),
        ("at_school", {7: True}, "at_school: was not asked about member 7"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_lost(
    rules: RuleSet, name: str, value: object, words: str
) -> None:
    interview = Interview(
        rules, Household({"rent": 5}, [CHILD, ADULT]), declined={("pension", None): UNKNOWN}
    )
    with pytest.raises(ValueError, match="^" + words.replace("(", r"\(")):
        interview.answer(interview.about(name), value)
    assert interview.household == Household({"rent": 5}, [CHILD, ADULT])
    assert interview.declined == {("pension", None): UNKNOWN}


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ({"policy": "quickly"}, "policy 'quickly' is not one of settle, any_time"),
        ({"household": Household({"shoe_size": 42}, [{}])}, "shoe_size: no such fact"),
        ({"household": Household({}, [])}, "a household has 1 to 20 members"),
        ({"declined": {("shoe_size", None): REFUSED}}, "shoe_size: no such fact"),
        ({"declined": {("wage", 0): REFUSED}}, "wage: is a fact of the household"),
        ({"declined": {("disabled", 3): REFUSED}}, "disabled: the household has no member 3"),
    ],
)
def test_an_interview_that_cannot_be_is_refused(rules: RuleSet, start: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Interview(rules, **start)  # type: ignore[arg-type]


def test_priors_of_nobody_are_refused(rules: RuleSet) -> None:
    with pytest.raises(ValueError, match="at least one household"):
        Priors.from_households(rules, [])


# Against the oracle of all: asking everything -------------------------------------------------------------


person = st.fixed_dictionaries(
    {"birth_date": st.sampled_from(["2015-05-05", "1980-05-05", "1950-05-05"])},
    optional={"disabled": st.booleans(), "at_school": st.booleans()},
)
won = st.sampled_from([0, 900_000, 2_000_000, 2_000_001])
household = st.builds(
    Household,
    st.fixed_dictionaries(
        {},
        optional={
            "wage": won,
            "pension": won,
            "rent": won,
            "tenure": st.sampled_from(["owner", "rent"]),
            "register_mark": st.booleans(),
        },
    ),
    st.lists(person, min_size=1, max_size=3),
)


@settings(max_examples=40, deadline=None)
@given(
    known=household,
    policy=st.sampled_from(POLICIES),
    seed=st.integers(0, 999),
    telling=st.sampled_from([1.0, 0.7]),
)
def test_the_interview_ends_where_assessing_the_same_facts_ends(
    rules: RuleSet, known: Household, policy: str, seed: int, telling: float
) -> None:
    dice = random.Random(seed)
    interview = Interview(rules, known, policy)

    def said(question: welfare.rules.Question) -> object:
        if dice.random() > telling:
            return dice.choice([UNKNOWN, REFUSED])
        match question.fact.type:
            case "bool":
                return dice.random() < 0.5
            case "code":
                return dice.choice(question.fact.codes)
        return dice.choice([0, 900_000, 2_000_001])

    while question := interview.next():
        answers = [said(question) for _ in question.members]
        after = interview.answer(question, answers if question.members else said(question))
        # Nothing that was decided is ever taken back by a further answer.
        assert all(change.before == "unknown" for change in after.changed_since(interview))
        interview = after
    fresh = rules.assess(interview.household)
    assert [(r.programme.id, r.member, r.answer) for r in fresh.results] == [
        (r.programme.id, r.member, r.answer) for r in interview.assessment.results
    ]
    # What is left open waits only for what was declined or cannot be asked, and says so.
    for waiting in interview.unsettled:
        assert not waiting.askable
        assert waiting.declined or waiting.unaskable
    assert {(w.programme.id, w.member) for w in interview.unsettled} == {
        (r.programme.id, r.member) for r in fresh.results if r.answer == "unknown"
    }


# On rules nobody would write ------------------------------------------------------------------------------


def in_step(
    rules: RuleSet, truth: Household, known: Household, fact: str, members: tuple[int, ...]
) -> Household:
    """What is known, and the truth about one question."""
    if not members:
        return Household({**known.facts, fact: truth.facts[fact]}, known.members)
    told = [{fact: truth.members[i][fact]} if i in members else {} for i in range(len(known.members))]
    return Household(
        known.facts, [{**member, **more} for member, more in zip(known.members, told, strict=True)]
    )


@pytest.mark.parametrize("seed", range(24))
def test_asking_only_what_matters_settles_everything_under_any_rules(seed: int) -> None:
    """If a fact that matters were overlooked the interview would end with something open."""
    rules, dice = askable_rules(seed), random.Random(seed)
    truth = random_household(dice, rules, unknown=0, most=4)
    start = Household({}, [{"couple": member.get("couple", 0)} for member in truth.members])
    interview = Interview(rules, start, dice.choice(POLICIES))
    while question := interview.next():
        name = question.fact.name
        value = [truth.members[i][name] for i in question.members] if question.members else truth.facts[name]
        interview = interview.answer(question, value)
    assert interview.settled
    assert interview.assessment.settled


@pytest.mark.parametrize("seed", range(24))
def test_imagined_answers_decide_what_the_same_real_answers_decide(seed: int) -> None:
    """Every open criterion, after each single answer and after all of them."""
    rules, dice = askable_rules(seed), random.Random(seed)
    truth = random_household(dice, rules, unknown=0, most=4)
    blank = {name for name in rules.catalogue.facts if dice.random() < 0.7}
    known = Household(
        {name: value for name, value in truth.facts.items() if name not in blank},
        [{name: value for name, value in member.items() if name not in blank} for member in truth.members],
    )
    questions = Interview(rules, known).worth_asking()
    relevance = Relevance.of(rules)
    standing = Standing.at(relevance, known.encoded(rules.facts))
    encoded = truth.encoded(rules.facts)
    worlds = {
        q.fact.name: np.array([[int(member[q.fact.name])] for member in encoded.members])
        if q.members
        else np.array([int(encoded.household[q.fact.name])])
        for q in questions
    }
    asked = {question.fact.name: question.members for question in questions}
    trials = np.vstack([np.eye(len(questions), dtype=bool), np.ones((1, len(questions)), bool)])
    imagined = Imagined(standing, asked, worlds)
    values = imagined.run({question.fact.name: trials[None, :, i] for i, question in enumerate(questions)})
    for trial, given_now in enumerate(trials):
        told = known
        for question, is_given in zip(questions, given_now, strict=True):
            if is_given:
                told = in_step(rules, truth, told, question.fact.name, question.members)
        oracle = Oracle(rules, told.encoded(rules.facts))
        for answer in standing.open:
            for criterion in rules.programmes[answer.programme].criteria:
                point = relevance.number(criterion.when)
                key = (point, answer.member if relevance.points[point].person else None)
                if key in standing.live:
                    true, false = (
                        bool(np.broadcast_to(plane, (1, len(trials)))[0, trial])
                        for plane in imagined.criterion(key, values)
                    )
                    assert (True if true else False if false else None) is oracle.truth(
                        criterion.when, key[1]
                    ), (answer, criterion)


def askable_rules(seed: int) -> RuleSet:
    """Random rules in which every fact has a question."""
    rules = random_rules(seed)
    facts = {name: replace(fact, question=ANY) for name, fact in rules.catalogue.facts.items()}
    return RuleSet(replace(rules.catalogue, facts=facts), rules.day)


# Against the best possible: dynamic programming over every state of knowledge -----------------------------

FACTS, PROGRAMMES = 8, 9

Wanted = tuple[tuple[int, bool], ...]  # a programme: facts and the answer each of them must have
Known = tuple[bool | None, ...]


def small_case(seed: int) -> tuple[list[float], list[Wanted]]:
    dice = random.Random(seed)
    chances = [dice.choice([0.1, 0.2, 0.3, 0.5, 0.7]) for _ in range(FACTS)]
    programmes = [
        tuple((fact, dice.random() < 0.7) for fact in dice.sample(range(FACTS), dice.randint(2, 4)))
        for _ in range(PROGRAMMES)
    ]
    return chances, programmes


def expected_questions(chances: list[float], programmes: list[Wanted], rules: RuleSet) -> tuple[float, float]:
    """Questions on average: the best any policy can do, and the interview."""

    def useful(known: Known) -> list[int]:
        needed = set()
        for wanted in programmes:
            if not any(known[fact] is (not value) for fact, value in wanted):
                needed |= {fact for fact, _ in wanted if known[fact] is None}
        return sorted(needed)

    def after(known: Known, fact: int, value: bool) -> Known:
        return (*known[:fact], value, *known[fact + 1 :])

    def split(known: Known, fact: int, cost: object) -> float:
        yes, no = after(known, fact, True), after(known, fact, False)
        return 1 + chances[fact] * cost(yes) + (1 - chances[fact]) * cost(no)  # type: ignore[operator]

    @cache
    def best(known: Known) -> float:
        return min((split(known, fact, best) for fact in useful(known)), default=0.0)

    dice = random.Random(7)
    sample = [
        Household({f"f{i}": dice.random() < chance for i, chance in enumerate(chances)}, [{}])
        for _ in range(400)
    ]
    priors = Priors.from_households(rules, sample)

    @cache
    def interviewed(known: Known) -> float:
        told = {f"f{i}": value for i, value in enumerate(known) if value is not None}
        question = Interview(rules, Household(told, [{}]), priors=priors).next()
        if question is None:
            assert not useful(known), "stopped before everything was settled"
            return 0.0
        fact = int(question.fact.name[1:])
        assert fact in useful(known), "asked what settles nothing"
        return split(known, fact, interviewed)

    nothing: Known = (None,) * FACTS
    return best(nothing), interviewed(nothing)


def test_on_small_cases_it_asks_at_most_a_twentieth_more_than_the_best_possible(tmp_path: Path) -> None:
    ratios = []
    for seed in range(6):
        chances, programmes = small_case(seed)
        rules = rules_of(
            tmp_path / str(seed),
            {f"f{i}": fact("household", "bool") for i in range(FACTS)},
            {
                f"p{i}": programme(
                    "household", *(f"f{fact}" if value else f"not f{fact}" for fact, value in wanted)
                )
                for i, wanted in enumerate(programmes)
            },
        )
        best, asked = expected_questions(chances, programmes, rules)
        assert asked >= best - 1e-9
        ratios.append(asked / best)
    assert sum(ratios) / len(ratios) <= 1.05, ratios


def test_who_may_leave_at_any_time_is_asked_what_closes_most_first(tmp_path: Path) -> None:
    many = {f"p{i}": programme("household", "resident", f"f{i}") for i in range(5)}
    facts = {f"f{i}": fact("household", "bool") for i in range(5)} | {"resident": fact("household", "bool")}
    rules = rules_of(tmp_path, facts, many)
    question = Interview(rules, Household({}, [{}]), "any_time").next()
    assert question is not None
    assert question.fact.name == "resident"


def test_who_may_leave_at_any_time_is_asked_for_more_won_and_less_trouble_first(tmp_path: Path) -> None:
    def rules(folder: str, first: dict[str, object], second: dict[str, object], cost: int) -> RuleSet:
        facts = {"f0": fact("household", "bool", cost=cost), "f1": fact("household", "bool")}
        return rules_of(
            tmp_path / folder,
            facts,
            {
                "p0": programme("household", "f0", amount=first),
                "p1": programme("household", "f1", amount=second),
            },
            parameters={"small": limit(10_000), "large": limit(900_000)},
        )

    small, large = {"won": "small", "per": "month"}, {"won": "large", "per": "month"}
    start = Household({}, [{}])
    more_won = Interview(rules("won", small, large, 1), start, "any_time").next()
    less_trouble = Interview(rules("cost", small, small, 3), start, "any_time").next()
    assert more_won is not None
    assert less_trouble is not None
    assert (more_won.fact.name, less_trouble.fact.name) == ("f1", "f1")


def test_every_way_of_answering_ends_settled(tmp_path: Path) -> None:
    """All truths of a small catalogue with an aggregate, a choice and a sum."""
    facts = {f"f{i}": fact("household", "bool") for i in range(3)} | {
        "ill": fact("person", "bool"),
        "pay": fact("household", "won"),
    }
    rules = rules_of(
        tmp_path,
        facts,
        {
            "a": programme("household", "f0 if f1 else f2", "count_members(ill) >= 2"),
            "b": programme(
                "household", "max(pay, large if f0 else small) <= large", "all_members(ill) or f2"
            ),
        },
        parameters={"small": limit(10_000), "large": limit(900_000)},
    )
    for truth in itertools.product((True, False), repeat=5):
        answers = {
            "f0": truth[0],
            "f1": truth[1],
            "f2": truth[2],
            "ill": truth[3],
            "pay": 900_001 if truth[4] else 0,
        }
        end, _ = asked_through(Interview(rules, Household({}, [{}, {}])), answers)
        assert end.settled

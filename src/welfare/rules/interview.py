"""The next best question: what to ask a household so that few questions settle much.

Every question costs a resident patience and dignity. The interview asks only what can still change an answer,
asks it once for all members it concerns, takes "don't know" and "rather not say" for answers, and stops when
nothing askable can settle more.

Two policies. Who will answer everything (`settle`) is asked what is needed in most of the ways the household
could turn out: imagined worlds stand in for the missing answers, and a question without which a world cannot
be settled is needed there, whatever else is asked. Who may leave at any time (`any_time`) is asked what
closes the most, by won at stake, for the least trouble.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from math import log10
from typing import TYPE_CHECKING, Any

import numpy as np

from welfare.facts.fact import COUPLE, Fact
from welfare.facts.household import Household
from welfare.rules.assessment import PER_YEAR, Assessment
from welfare.rules.nodes import PERSON
from welfare.rules.priors import Priors
from welfare.rules.relevance import Imagined, Relevance, Standing

if TYPE_CHECKING:
    from welfare.rules.catalogue import Programme
    from welfare.rules.ruleset import RuleSet

Array = np.ndarray[Any, Any]

POLICIES = ("settle", "any_time")
WORLDS = 32  # imagined worlds at most; their number trades milliseconds for a question now and then
WORLDS_LEAST = 12
IMAGINED = 1600  # worlds × candidate questions looked at, so that a long list of questions takes no longer than a short one
NEEDED_POWER = 4  # how strongly `any_time` shuns questions that may turn out needless
PRUNINGS = 6  # rounds of taking one idle question out of each world's set
SURELY = 0.9  # needed in this share of worlds: ask it without looking further


class Declined(Enum):
    """A question that was answered without telling: the fact stays unknown and is not asked again."""

    UNKNOWN = "don't know"
    REFUSED = "rather not say"


UNKNOWN, REFUSED = Declined.UNKNOWN, Declined.REFUSED

Unit = tuple[str, int | None]  # a fact of the household (None) or of one member
Key = tuple[int, int | None]  # an undecided criterion, of the household or of one member


@dataclass(frozen=True)
class Question:
    """One question: a fact, and for a fact of persons the members it is asked about (places in the household).

    `programmes` are those it could help to settle, in the catalogue's order; `opens` counts the open answers
    it bears on (a programme for persons has one for each member).
    """

    fact: Fact
    members: tuple[int, ...] = ()
    programmes: tuple[str, ...] = ()
    opens: int = 0

    def text(self, language: str = "ko") -> str:
        """The words that ask it."""
        words = self.fact.question or self.fact.label
        return words[language]


@dataclass(frozen=True)
class Unsettled:
    """An open answer and what it waits for: facts one can still ask, facts declined, facts only a register can tell."""

    programme: Programme
    member: int | None
    askable: tuple[str, ...]
    declined: tuple[str, ...]
    unaskable: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """An answer that an answer changed: entitled, not_entitled or unknown, before and after."""

    programme: Programme
    member: int | None
    before: str
    after: str


@dataclass(frozen=True)
class Interview:
    """One interview as it stands; answering gives a new one, so going back is keeping the old one.

    `declined` says which (fact, member) were answered with `UNKNOWN` or `REFUSED` (member None for a fact of
    the household). Together with `household` it is all there is to remember: an interview made again from
    both goes on the same way. `priors` are expectations about the answers, best made once from the people one
    serves (`Priors.from_households`); without them those of an invented district are used. They choose the
    order of questions, never an answer. Raises ValueError for an unknown policy, or a household that does not
    fit the declared facts.
    """

    rules: RuleSet
    household: Household = field(default_factory=lambda: Household(members=[{}]))
    policy: str = "settle"
    priors: Priors | None = None
    declined: Mapping[Unit, Declined] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ValueError(f"policy {self.policy!r} is not one of {', '.join(POLICIES)}")
        for fact, member in self.declined:
            self._check_unit(fact, member)
        _ = self.assessment  # a household that does not fit is refused here, not at the first question

    # What is known ----------------------------------------------------------------------------------------

    @cached_property
    def assessment(self) -> Assessment:
        """The answers as they stand now."""
        return self.rules.assess(self.household)

    @cached_property
    def unsettled(self) -> list[Unsettled]:
        """The answers still open, in the catalogue's order. Without `askable` facts an answer stays open."""
        relevance, standing = self._relevance, self._standing
        found = []
        for answer in standing.open:
            mask = 0
            for key in answer.criteria:
                mask |= standing.live[key]
            askable = relevance.split(mask & self._askable)
            declined = relevance.split(mask & self._declined)
            rest = relevance.split(mask & ~self._askable & ~self._declined)
            found.append(
                Unsettled(
                    self.rules.programmes[answer.programme],
                    answer.member,
                    *map(tuple, (askable, declined, rest)),
                )
            )
        return found

    @property
    def settled(self) -> bool:
        """No answer is open any more."""
        return not self._standing.open

    def changed_since(self, previous: Interview) -> list[Change]:
        """The answers that differ from an earlier state of the same interview."""
        changes = []
        for name, programme in self.rules.programmes.items():
            for member in self.assessment.subjects(programme):
                before, after = previous.assessment.answer(name, member), self.assessment.answer(name, member)
                if before != after:
                    changes.append(Change(programme, member, before, after))
        return changes

    # Asking -----------------------------------------------------------------------------------------------

    def next(self) -> Question | None:
        """The question to ask now, or None when nothing one can ask could settle more."""
        ranked = self.worth_asking()
        return ranked[0] if ranked else None

    def worth_asking(self) -> list[Question]:
        """Every question that can still matter, the best first."""
        return list(self._ranked)

    @cached_property
    def _ranked(self) -> tuple[Question, ...]:
        questions = self._questions
        if len(questions) < 2:
            return tuple(questions.values())
        ranking = _Ranking(self, list(questions), self.priors or Priors.invented(self.rules))
        score = ranking.settle() if self.policy == "settle" else ranking.any_time()
        order = sorted(range(len(score)), key=lambda i: (tuple(-part for part in score[i]), i))
        names = list(questions)
        return tuple(questions[names[i]] for i in order)

    @cached_property
    def _questions(self) -> dict[str, Question]:
        """Fact → its question, for every fact that is askable and can still matter, in the catalogue's order."""
        standing = self._standing
        bearing = [
            (answer.programme, _union(standing.live[key] for key in answer.criteria) & self._askable)
            for answer in standing.open
        ]
        asked = self._relevance.split(_union(mask for _, mask in bearing))
        questions = {}
        for name, members in asked.items():
            bits = self._relevance.units[name]
            on = [programme for programme, mask in bearing if mask & bits]
            questions[name] = Question(self.rules.facts[name], members, tuple(dict.fromkeys(on)), len(on))
        return questions

    def about(self, fact: str) -> Question:
        """The question for one fact, asked or not: for correcting an answer, or telling something unasked.

        It covers all members. Raises ValueError when there is no such fact.
        """
        self._check_unit(
            fact, 0 if fact in self.rules.facts and self.rules.facts[fact].of == PERSON else None
        )
        found = self.rules.facts[fact]
        asked = self._questions.get(fact)
        members = tuple(range(len(self.household.members))) if found.of == PERSON else ()
        return Question(found, members, asked.programmes if asked else (), asked.opens if asked else 0)

    def answer(self, question: Question, value: object) -> Interview:
        """The interview after an answer; this one stays as it is.

        For a fact of the household `value` is its value, `UNKNOWN` or `REFUSED`. For a fact of persons it is
        one of these for each of `question.members` in order, or a map from member to it (members left out
        stay unasked); `UNKNOWN` or `REFUSED` alone is said for all of them, and with one member the value may
        stand alone. Raises ValueError when a value does not fit the fact; nothing is lost then.
        """
        facts = dict(self.household.facts)
        members = [dict(member) for member in self.household.members]
        declined = dict(self.declined)
        for member, one in self._answers(question, value):
            unit = (question.fact.name, member)
            self._check_unit(*unit)
            home = facts if member is None else members[member]
            if isinstance(one, Declined):
                home.pop(question.fact.name, None)
                declined[unit] = one
            else:
                try:
                    question.fact.encode(one)
                except ValueError as error:
                    raise ValueError(
                        f"member {member}: {error}" if member is not None else str(error)
                    ) from None
                home[question.fact.name] = one
                declined.pop(unit, None)
        return replace(self, household=Household(facts, members), declined=declined)

    def _answers(self, question: Question, value: object) -> list[tuple[int | None, object]]:
        name = question.fact.name
        if question.fact.of != PERSON:
            return [(None, value)]
        if isinstance(value, Mapping):
            strange = [member for member in value if member not in question.members]
            if strange:
                raise ValueError(f"{name}: was not asked about member {strange[0]}")
            return list(value.items())
        if isinstance(value, Declined):
            return [(member, value) for member in question.members]
        if isinstance(value, Sequence) and not isinstance(value, str):
            if len(value) != len(question.members):
                raise ValueError(f"{name}: {len(value)} answers for {len(question.members)} members")
            return list(zip(question.members, value, strict=True))
        if len(question.members) != 1:
            raise ValueError(f"{name}: asks about {len(question.members)} members, give one answer for each")
        return [(question.members[0], value)]

    # Inside -----------------------------------------------------------------------------------------------

    def _check_unit(self, fact: str, member: int | None) -> None:
        found = self.rules.catalogue.facts.get(fact)
        if found is None or fact == COUPLE:
            raise ValueError(f"{fact}: no such fact in the catalogue")
        if (found.of == PERSON) is (member is None):
            raise ValueError(f"{fact}: is a fact of the {found.of}")
        if member is not None and member not in range(len(self.household.members)):
            raise ValueError(f"{fact}: the household has no member {member}")

    @property
    def _relevance(self) -> Relevance:
        return Relevance.of(self.rules)

    @cached_property
    def _standing(self) -> Standing:
        return Standing.at(self._relevance, self.assessment.household)

    @cached_property
    def _declined(self) -> int:
        return _union(self._relevance.unit(fact, member) for fact, member in self.declined)

    @cached_property
    def _askable(self) -> int:
        """Mask of the units one may ask about: with a question in the catalogue, and not declined."""
        units = self._relevance.units
        return _union(units[name] for name in units if self.rules.facts[name].askable) & ~self._declined


class _Ranking:
    """Scores for candidate questions, from imagined worlds. Each score is a tuple compared from the left, greater is better."""

    def __init__(self, interview: Interview, names: list[str], priors: Priors) -> None:
        self.interview = interview
        self.names = names
        self.relevance, self.standing = interview._relevance, interview._standing
        asked = {name: interview._questions[name].members for name in names}
        household = self.standing.household
        worlds = priors.worlds(household, asked, max(WORLDS_LEAST, min(WORLDS, IMAGINED // len(names))))
        missing = {name: members for name, members in asked.items() if name not in worlds}
        self.count = next(iter(worlds.values())).shape[-1] if worlds else WORLDS
        if missing:
            lent = Priors.neutral(interview.rules).worlds(household, missing, self.count)
            worlds |= {name: np.resize(lent[name], (*lent[name].shape[:-1], self.count)) for name in missing}
        self.imagined = Imagined(self.standing, asked, worlds)
        # Answers that hang on the same criteria are settled together: one is looked at, with the weight of all.
        self.answers: dict[tuple[Key, ...], float] = {}
        for answer in self.standing.open:
            # What nothing can decide any more, such as what a person checks, does not keep an answer worth asking about.
            criteria = tuple(key for key in answer.criteria if self.standing.live[key])
            if criteria:
                stake = self._stake(answer.programme, answer.member)
                self.answers[criteria] = self.answers.get(criteria, 0) + stake
        self.needs = {
            key: frozenset(
                i for i, name in enumerate(names) if mask & self.relevance.units[name] & interview._askable
            )
            for key, mask in self.standing.live.items()
        }

    def _stake(self, programme: str, member: int | None) -> float:
        """What an open answer is worth: one, and more for more won a year (their high end, by magnitude)."""
        if self.interview.policy == "settle":
            return 1.0
        assessment = self.interview.assessment
        amount = self.interview.rules.plan.programmes[programme].amount
        high = None if amount is None else assessment.value(amount.high, member)
        year = PER_YEAR[self.interview.rules.programmes[programme].amount.per] * max(0, high or 0)
        return 1 + log10(1 + year / 100_000)

    def _run(self, given: Mapping[str, Array]) -> dict[Key, tuple[Array, Array]]:
        """Criterion → (surely true, surely false), each of shape (worlds, trials)."""
        values = self.imagined.run(given)
        shape = (self.count, next(iter(given.values())).shape[1])
        return {
            key: tuple(np.broadcast_to(plane, shape) for plane in self.imagined.criterion(key, values))  # type: ignore[misc]
            for key in self.standing.live
        }

    def any_time(self) -> list[tuple[float, ...]]:
        """The worth a question may close, by how likely it is needed at all, for the trouble of answering it."""
        share, closes = self._looked_ahead()
        facts = [self.interview.rules.facts[name] for name in self.names]
        return [
            (float(needed**NEEDED_POWER * worth / (1 + fact.cost)),)
            for needed, worth, fact in zip(share, closes, facts, strict=True)
        ]

    def settle(self) -> list[tuple[float, ...]]:
        """How often a question is needed to settle everything; then what it may close."""
        share, closes = self._looked_ahead()
        return list(zip(map(float, share), map(float, closes), strict=True))

    def _looked_ahead(self) -> tuple[Array, Array]:
        """For each question the share of worlds that need it, and the worth of the open answers it is expected to close."""
        size = len(self.names)
        # Trials: everything given; everything but one; one alone.
        without, alone = ~np.eye(size, dtype=bool), np.eye(size, dtype=bool)
        given = {
            name: np.concatenate([[True], without[i], alone[i]])[None, :] for i, name in enumerate(self.names)
        }
        truths = self._run(given)
        needed = np.zeros((self.count, size), bool)
        for criteria in self.answers:
            settled = self._settled(criteria, truths)
            needed |= settled[:, :1] & ~settled[:, 1 : size + 1]
        share = needed.mean(axis=0)
        if share.max() < SURELY:
            share = self._certificates(needed, truths).mean(axis=0)
        return share, self._closes(truths)

    def _closes(self, truths: Mapping[Key, tuple[Array, Array]]) -> Array:
        """Where a criterion fails, the questions that show it alone; or else those it needs, sharing the merit."""
        size = len(self.names)
        merits: dict[Key, Array] = {}
        for key, (_, false) in truths.items():
            fails = false[:, 0].copy()
            live = np.zeros(size)
            live[list(self.needs[key])] = 1 / max(1, len(self.needs[key]))
            merit = np.where(fails.any(), 0.0, 0.02) * live
            if fails.any():
                alone = false[fails, size + 1 :]
                needs = ~false[fails, 1 : size + 1]
                shared = np.where(
                    needs.any(axis=1)[:, None], needs / np.maximum(1, needs.sum(axis=1))[:, None], live
                )
                merit = np.where(alone.any(axis=1)[:, None], alone, shared).sum(axis=0) / len(fails)
            merits[key] = merit
        closes = np.zeros(size)
        for criteria, stake in self.answers.items():
            closes += stake * np.max([merits[key] for key in criteria], axis=0)
        return closes

    @staticmethod
    def _settled(criteria: tuple[Key, ...], truths: Mapping[Key, tuple[Array, Array]]) -> Array:
        entitled, refused = truths[criteria[0]]
        for key in criteria[1:]:
            true, false = truths[key]
            entitled, refused = entitled & true, refused | false
        return entitled | refused

    def _certificates(self, needed: Array, truths: Mapping[Key, tuple[Array, Array]]) -> Array:
        """For each world a small set of questions that settles it: what is needed anyway, and greedily what else."""
        size = len(self.names)
        after = self._run({name: needed[:, i, None] for i, name in enumerate(self.names)})
        left = {
            criteria: self._settled(criteria, truths)[:, 0] & ~self._settled(criteria, after)[:, 0]
            for criteria in self.answers
        }
        chosen = needed.copy()
        for world in range(self.count):
            have = frozenset(np.flatnonzero(needed[world]).tolist())
            open_answers = [criteria for criteria, open_ in left.items() if open_[world]]
            if open_answers:
                for i in self._certificate(world, open_answers, have, truths, after, size):
                    chosen[world, i] = True
        return self._pruned(chosen, needed, truths)

    def _pruned(self, chosen: Array, needed: Array, truths: Mapping[Key, tuple[Array, Array]]) -> Array:
        """The same sets without what turns out needless: the greedy choice counts some questions a later one makes idle."""
        for _ in range(PRUNINGS):
            spare = np.flatnonzero((chosen & ~needed).any(axis=0))
            if not len(spare):
                break
            trials = chosen[:, None, :].repeat(len(spare), axis=1)
            trials[:, np.arange(len(spare)), spare] = False
            after = self._run({name: trials[:, :, i] for i, name in enumerate(self.names)})
            idle = chosen[:, spare] & ~needed[:, spare]
            for criteria in self.answers:
                idle &= self._settled(criteria, after) | ~self._settled(criteria, truths)[:, :1]
            worlds = np.flatnonzero(idle.any(axis=1))
            if not len(worlds):
                break
            # One at a time: of two idle questions one may be idle only while the other is asked. The rarest goes first.
            rare = np.where(idle, chosen[:, spare].mean(axis=0), 2.0).argmin(axis=1)
            chosen[worlds, spare[rare[worlds]]] = False
        return chosen

    def _certificate(
        self,
        world: int,
        open_answers: list[tuple[Key, ...]],
        have: frozenset[int],
        truths: Mapping[Key, tuple[Array, Array]],
        after: Mapping[Key, tuple[Array, Array]],
        size: int,
    ) -> set[int]:
        """Greedy: each open answer needs one of several sets of questions; take the set that closes most for its size."""
        clauses: set[frozenset[frozenset[int]]] = set()
        taken: set[int] = set(have)
        for criteria in open_answers:
            fail = [key for key in criteria if truths[key][1][world, 0]]
            if fail:
                clauses.add(
                    frozenset(way for key in fail for way in self._ways(key, 1, world, have, truths, size))
                )
            else:
                for key in criteria:
                    if not after[key][0][world, 0]:
                        clauses.add(frozenset(self._ways(key, 0, world, have, truths, size)))
        while True:
            clauses = {ways for ways in clauses if not any(way <= taken for way in ways)}
            if not clauses:
                return taken - have
            gain: dict[frozenset[int], float] = {}
            for ways in clauses:
                for way in ways:
                    gain[way] = gain.get(way, 0.0) + 1
            taken |= _most(gain, taken)

    def _ways(
        self,
        key: Key,
        plane: int,
        world: int,
        have: frozenset[int],
        truths: Mapping[Key, tuple[Array, Array]],
        size: int,
    ) -> list[frozenset[int]]:
        """Sets of questions that decide a criterion in a world: one alone, or else what it cannot do without."""
        row = truths[key][plane][world]
        live = self.needs[key]
        alone = [frozenset((i,)) for i in live if row[1 + size + i]]
        if alone:
            return alone
        must = frozenset(i for i in live if not row[1 + i])
        return [must - have or live - have or frozenset(live)]


def _most(gain: Mapping[frozenset[int], float], taken: set[int]) -> frozenset[int]:
    """The set that closes most for each question it adds; of equals always the same one."""
    return max(gain, key=lambda way: (gain[way] / len(way - taken), sorted(way)))


def _union(masks: Iterable[int]) -> int:
    """All bits of several masks."""
    union = 0
    for mask in masks:
        union |= mask
    return union

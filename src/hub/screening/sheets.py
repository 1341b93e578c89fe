"""One household's answers, arranged as a person reads them: what is missed first, what is refused last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import get_language, gettext

from hub.programmes import queries as programmes
from welfare.facts import Fact
from welfare.rules import Amount, Assessment, Result
from welfare.rules.assessment import ENTITLED, UNKNOWN
from welfare.rules.catalogue import CERTAIN


@dataclass(frozen=True)
class Line:
    """One programme for the household or one of its members, and whom it is for.

    `key` is unique within a sheet, for anchors and for seeing what changed.
    """

    key: str
    result: Result
    who: str
    facts: Mapping[str, Fact]
    needs_check: bool
    better: str = ""  # name of the programme advised in its place

    @property
    def missing(self) -> tuple[Fact, ...]:
        """What is still unknown and could change the answer. Worked out where it is shown: most lines are refusals."""
        return tuple(self.facts[name] for name in self.result.missing)


@dataclass
class Sheet:
    """The answers in groups; each line stands in exactly one."""

    missed: list[Line] = field(default_factory=list)  # entitled, surely not received
    entitled: list[Line] = field(default_factory=list)  # entitled, receipt not known
    received: list[Line] = field(default_factory=list)  # entitled and received
    set_aside: list[Line] = field(default_factory=list)  # entitled, but a better programme excludes it
    unknown: list[Line] = field(default_factory=list)
    by_hand: list[Line] = field(default_factory=list)  # nothing is unknown but what only a person can check
    near: list[Line] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)
    to_review: list[Line] = field(default_factory=list)  # received although the facts on record say no

    @property
    def won_a_month(self) -> int:
        """Sure monthly won of what could be claimed now."""
        return sum(_monthly(line.result.amount) for line in (*self.missed, *self.entitled))

    @property
    def to_apply(self) -> tuple[list[Line], list[Line]]:
        """What can be claimed now: what is surely not received first."""
        return self.missed, self.entitled

    @property
    def open_facts(self) -> list[Fact]:
        """What is still unknown and could change an answer, what opens most first."""
        counted: dict[str, int] = {}
        facts: dict[str, Fact] = {}
        for line in self.unknown:
            for fact in line.missing:
                facts[fact.name] = fact
                counted[fact.name] = counted.get(fact.name, 0) + 1
        return sorted(facts.values(), key=lambda fact: -counted[fact.name])

    @property
    def tally(self) -> dict[str, int]:
        """How many lines stand at each answer, with what is received apart."""
        return {
            "entitled": len(self.missed) + len(self.entitled) + len(self.set_aside),
            "receives": len(self.received) + len(self.to_review),
            "unknown": len(self.unknown) + len(self.by_hand),
            "not_entitled": len(self.near) + len(self.refused),
        }

    @property
    def lines(self) -> list[Line]:
        """Every line, in the order of the groups."""
        return [
            *self.missed,
            *self.entitled,
            *self.set_aside,
            *self.unknown,
            *self.by_hand,
            *self.received,
            *self.to_review,
            *self.near,
            *self.refused,
        ]


def _monthly(amount: Amount | None) -> int:
    return amount.low or 0 if amount is not None and amount.per == "month" else 0


def sheet(assessment: Assessment, names: Sequence[str]) -> Sheet:
    """The sheet of an assessment; `names` says how each member is called on it. Who lives alone is not named on each line."""
    rules = assessment.rules
    found = Sheet()
    for result in assessment.results:
        better = rules.programmes[result.set_aside_for].name if result.set_aside_for else None
        name, member = result.programme.id, result.member
        line = Line(
            name if member is None else f"{name}-{member}",
            result,
            "" if member is None or len(names) == 1 else names[member],
            rules.facts,
            bool(rules.needs_check[name]) or result.programme.confidence not in CERTAIN,
            better[get_language() or "ko"] if better else "",
        )
        _group(found, line).append(line)
    for group in (found.missed, found.entitled):
        group.sort(key=lambda line: -_worth(line.result.amount))
    # Of what is open, that of which most criteria hold already comes first; by worth alone, the bound of something unlikely would.
    found.unknown.sort(key=lambda line: (-_held(line.result), -_worth(line.result.amount)))
    return found


def _group(found: Sheet, line: Line) -> list[Line]:
    result = line.result
    if result.answer == ENTITLED:
        if result.receives:
            return found.received
        if result.set_aside_for:
            return found.set_aside
        return found.missed if result.receives is False else found.entitled
    if result.answer == UNKNOWN:
        if result.receives:
            return found.received
        return found.unknown if line.missing else found.by_hand
    if result.receives:
        return found.to_review
    return found.near if result.near_miss else found.refused


def _held(result: Result) -> float:
    """Share of a programme's criteria that surely hold."""
    return sum(reason.holds is True for reason in result.reasons) / len(result.reasons)


def _worth(amount: Amount | None) -> int:
    if amount is None:
        return 0
    return (amount.high or 0) * (12 if amount.per == "month" else 1)


def called(members: Sequence[Mapping[str, object]], day: date) -> list[str]:
    """How members without a name are called on a sheet: relation and age."""
    facts = programmes.catalogue().facts
    names = []
    for place, member in enumerate(members):
        relation = facts.get("relation")
        code = member.get("relation")
        text = gettext("Member %(number)d") % {"number": place + 1}
        if relation is not None and code in relation.codes:
            text = relation.code_labels[relation.codes.index(str(code))][get_language() or "ko"]
        born = member.get("birth_date")
        if born is not None:
            born_on = born if isinstance(born, date) else date.fromisoformat(str(born))
            age = day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
            text = gettext("%(who)s, aged %(age)d") % {"who": text, "age": age}
        names.append(text)
    return names

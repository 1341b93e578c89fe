"""Do the worked cases protect the rules? A small mistake is made in one rule at a time; some case must notice.

A criterion that is left out, a `<=` that became `<`, a limit one per cent off: each is a mutant of the catalogue. A mutant
no case notices shows where a real mistake could stand unseen, and which case is missing. Answers come from the slow
interpreter (`oracle`), which keeps for each case what a mutant does not touch.

Mutants of a programme are looked for by its own cases; mutants of a derived value by the cases of every programme that
rests on it. A programme only a person can decide has no mutants in the criterion a person checks.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from welfare.facts.fact import Text
from welfare.facts.household import EncodedHousehold
from welfare.rules import nodes
from welfare.rules.assessment import ENTITLED, NOT_ENTITLED, UNKNOWN
from welfare.rules.cases import Case, Expectation, read_cases
from welfare.rules.catalogue import Catalogue, Number, Programme
from welfare.rules.nodes import Node
from welfare.rules.oracle import Oracle, Range, Truth, all_of
from welfare.rules.order import mentioned, programme_nodes
from welfare.rules.reading import Path_, line_of
from welfare.rules.ruleset import RuleSet


@dataclass(frozen=True)
class Mutant:
    """One small mistake. `of` is a programme or a derived value, `place` a criterion, "amount", or "value"."""

    of: str
    place: str
    what: Text
    node: Node | None = None  # in place of the expression at `place`; None leaves a criterion out
    figure: str | None = None  # instead: this parameter is off
    more: bool = True


@dataclass(frozen=True)
class Verdict:
    """How the mutants of one programme or derived value fared."""

    of: str
    mutants: int
    survivors: tuple[Mutant, ...]
    file: str
    lines: tuple[int | None, ...]  # of the survivors

    @property
    def caught(self) -> int:
        return self.mutants - len(self.survivors)


def mutate(
    catalogue: Catalogue, only: Sequence[str] | None = None, workers: int = 2
) -> Iterator[tuple[int, int, Verdict]]:
    """Verdicts on programmes, then on derived values: (done, total, verdict), in the catalogue's order.

    With `only`, of these programmes alone and of no derived value. Raises CatalogueError when a case file cannot be read.
    """
    names = list(only) if only else [*catalogue.programmes, *catalogue.derived]
    if workers < 2 or len(names) < 8:
        bench = _Bench(catalogue)
        for done, name in enumerate(names, 1):
            yield done, len(names), bench.verdict(name)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _start, (catalogue,)) as pool:
        for done, verdict in enumerate(pool.map(_verdict, names), 1):
            yield done, len(names), verdict


_bench: _Bench


def _start(catalogue: Catalogue) -> None:
    global _bench
    _bench = _Bench(catalogue)


def _verdict(name: str) -> Verdict:
    return _bench.verdict(name)


# The mistakes -----------------------------------------------------------------------------------------------------------------------


def mutants_of(catalogue: Catalogue, name: str) -> list[Mutant]:
    """Every mutant of a programme or a derived value, each different from the rule as it stands."""
    found: list[Mutant] = []
    if name in catalogue.derived:
        return _wrong(catalogue, name, "value", catalogue.derived[name].value)
    programme = catalogue.programmes[name]
    for criterion in programme.criteria:
        if not criterion.by_hand:
            found.append(
                Mutant(name, criterion.id, {"ko": "기준을 빠뜨림", "en": "the criterion is left out"})
            )
            found += _wrong(catalogue, name, criterion.id, criterion.when)
    if programme.amount.won is not None:
        found += _wrong(catalogue, name, "amount", programme.amount.won)
    return found


def _wrong(catalogue: Catalogue, of: str, place: str, node: Node) -> list[Mutant]:
    """The mistakes in one expression: its comparisons, conditions and choices, and the figures it names."""
    found = [Mutant(of, place, what, wrong) for wrong, what in _slips(node) if wrong != node]
    figures = dict.fromkeys(part.name for part in node.walk() if isinstance(part, nodes.Parameter))
    for figure in figures:
        if catalogue.parameters[figure].type != "date":
            for more, ko, en in ((True, "크게", "higher"), (False, "작게", "lower")):
                what = {"ko": f"{figure}을(를) 조금 {ko} 적음", "en": f"{figure} is a little {en}"}
                found.append(Mutant(of, place, what, node, figure, more))
    return found


def _slips(node: Node) -> Iterator[tuple[Node, Text]]:
    """The expression with one slip in it, at every place where one can be."""
    yield from _slips_here(node)
    yield from _slips_below(node)


def _slips_below(node: Node) -> Iterator[tuple[Node, Text]]:
    match node:
        case nodes.Round(direction=direction, item=item, unit=unit, type=kind):
            for wrong, what in _slips(item):
                yield nodes.Round(direction, wrong, unit, kind), what
        case nodes.Not() | nodes.Members() | nodes.Spouse() | nodes.OneOf() | nodes.Elapsed():
            part = (
                "body"
                if isinstance(node, nodes.Members | nodes.Spouse)
                else "start"
                if isinstance(node, nodes.Elapsed)
                else "item"
            )
            for wrong, what in _slips(getattr(node, part)):
                yield _with(node, part, wrong), what
        case nodes.And(items=items) | nodes.Or(items=items) | nodes.Least(items=items):
            for i, item in enumerate(items):
                for wrong, what in _slips(item):
                    yield replace(node, items=(*items[:i], wrong, *items[i + 1 :])), what
        case nodes.AtMost() | nodes.Add():
            for part in ("left", "right"):
                for wrong, what in _slips(getattr(node, part)):
                    yield _with(node, part, wrong), what
        case nodes.Parameter(name=name, type=kind, keys=keys):
            for i, key in enumerate(keys):
                for wrong, what in _slips(key):
                    yield nodes.Parameter(name, kind, (*keys[:i], wrong, *keys[i + 1 :])), what
        case nodes.Choose():
            for part in ("condition", "yes", "no"):
                for wrong, what in _slips(getattr(node, part)):
                    yield _with(node, part, wrong), what


def _with(node: Any, part: str, changed: Node) -> Node:
    """The node with another part in the place of one."""
    rebuilt: Node = replace(node, **{part: changed})
    return rebuilt


def _slips_here(node: Node) -> Iterator[tuple[Node, Text]]:
    """The slips at the top of an expression. `<` is written as not `>=`, so both are slips of an AtMost."""
    match node:
        case nodes.AtMost(left=left, right=right):
            yield (
                nodes.Not(nodes.AtMost(right, left)),
                {"ko": "같은 값에서 갈림(≤와 <)", "en": "decides otherwise when equal (≤ and <)"},
            )
            yield (
                nodes.AtMost(right, left),
                {"ko": "비교를 뒤집음(≤와 ≥)", "en": "the comparison is turned round (≤ and ≥)"},
            )
        case nodes.And(items=items):
            yield nodes.Or(items), {"ko": "and를 or로 적음", "en": "and became or"}
            yield from _left_out(node, items)
        case nodes.Or(items=items):
            yield nodes.And(items), {"ko": "or를 and로 적음", "en": "or became and"}
            yield from _left_out(node, items)
        case nodes.Not(item=item) if not isinstance(item, nodes.AtMost):
            yield item, {"ko": "not을 빠뜨림", "en": "not is left out"}
        case nodes.Name(type="bool") | nodes.OneOf() | nodes.Entitled():
            yield nodes.Not(node), {"ko": "예와 아니요가 바뀜", "en": "yes and no are exchanged"}
        case nodes.Choose(condition=condition, yes=yes, no=no, type=kind):
            yield (
                nodes.Choose(condition, no, yes, kind),
                {"ko": "두 경우가 바뀜", "en": "the two cases are exchanged"},
            )
        case nodes.Members(kind="any", body=body):
            yield (
                nodes.Members("all", body, node.type),
                {"ko": "누군가를 모두로 적음", "en": "any became all"},
            )
        case nodes.Members(kind="all", body=body):
            yield (
                nodes.Members("any", body, node.type),
                {"ko": "모두를 누군가로 적음", "en": "all became any"},
            )
        case nodes.Constant(value=value, type="int"):
            yield (
                nodes.Constant(int(value) + 1, "int"),
                {"ko": f"{value}을(를) {value + 1}로 적음", "en": f"{value} became {value + 1}"},
            )


def _left_out(node: nodes.And | nodes.Or, items: tuple[Node, ...]) -> Iterator[tuple[Node, Text]]:
    if len(items) == 2:
        for item in items:
            yield item, {"ko": "조건의 한쪽을 빠뜨림", "en": "one side of the condition is left out"}
    else:
        for i in range(len(items)):
            yield (
                replace(node, items=items[:i] + items[i + 1 :]),
                {"ko": f"조건의 {i + 1}번째를 빠뜨림", "en": f"part {i + 1} of the condition is left out"},
            )


# Whether a case notices -------------------------------------------------------------------------------------------------------------


class _Altered:
    """A rule set with one thing in it changed, as far as the oracle looks at one."""

    def __init__(self, rules: RuleSet, mutant: Mutant) -> None:
        self.day, self.facts, self.programmes = rules.day, rules.facts, rules.programmes
        self.derived, self.parameters = rules.derived, rules.parameters
        if mutant.figure is not None:
            figures = rules.parameters[mutant.figure]
            kind = rules.catalogue.parameters[mutant.figure].type
            off = tuple(_off(value, kind, mutant.more) for value in figures.value)
            self.parameters = {**rules.parameters, mutant.figure: replace(figures, value=off)}
        elif mutant.of in rules.derived:
            assert mutant.node is not None
            changed = replace(rules.derived[mutant.of], value=mutant.node)
            self.derived = {**rules.derived, mutant.of: changed}


def _off(value: Number, kind: str, more: bool) -> Number:
    """A figure that is wrong by a little: a count or an age by one, won and rates by one per cent."""
    if kind == "int":
        step: Number = 1
    elif kind == "won":
        step = max(1, int(abs(Fraction(value))) // 100)
    else:
        step = abs(Fraction(value)) / 100 or Fraction(1, 100)
    return value + step if more else value - step


@dataclass
class _Trial:
    """One expectation of one case, with everything known about it before a mutant comes."""

    rules: RuleSet
    household: EncodedHousehold
    expected: Expectation

    @property
    def programme(self) -> Programme:
        return self.rules.programmes[self.expected.programme]

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self.rules, self.household)

    @cached_property
    def truths(self) -> dict[str, Truth]:
        return {c.id: self.oracle.truth(c.when, self.expected.member) for c in self.programme.criteria}

    @cached_property
    def amount(self) -> Range | None:
        return self.oracle.amount(self.programme.id, self.expected.member)

    def notices(self, mutant: Mutant) -> bool:
        """Whether the case no longer comes out as expected."""
        member = self.expected.member
        if mutant.figure is not None:
            if mutant.figure not in self.rules.parameters:
                return False
            oracle = Oracle(_Altered(self.rules, mutant), self.household)  # type: ignore[arg-type]
            if (
                mutant.of == self.programme.id
            ):  # derived values stand as they are: the slip is in this programme
                oracle.named = _Untouched(self.oracle)
                return self._notices(oracle, mutant.place, mutant.node)
            return not self._as_expected(self._truths(oracle), oracle.amount(self.programme.id, member))
        if mutant.of == self.programme.id:
            return self._notices(self.oracle, mutant.place, mutant.node)
        oracle = Oracle(_Altered(self.rules, mutant), self.household)  # type: ignore[arg-type]
        return not self._as_expected(self._truths(oracle), oracle.amount(self.programme.id, member))

    def _truths(self, oracle: Oracle) -> dict[str, Truth]:
        return {c.id: oracle.truth(c.when, self.expected.member) for c in self.programme.criteria}

    def _notices(self, oracle: Oracle, place: str, node: Node | None) -> bool:
        member = self.expected.member
        if place == "amount":
            assert node is not None
            return not self._as_expected(self.truths, oracle.range(node, member))
        truth = True if node is None else oracle.truth(node, member)
        if truth == self.truths[place]:
            return False
        return not self._as_expected({**self.truths, place: truth}, self.amount)

    def _as_expected(self, truths: Mapping[str, Truth], amount: Range | None) -> bool:
        holds = all_of(list(truths.values()))
        answer = UNKNOWN if holds is None else ENTITLED if holds else NOT_ENTITLED
        expected = self.expected
        if answer != expected.answer:
            return False
        failed = {id for id, truth in truths.items() if truth is False}
        opened = {id for id, truth in truths.items() if truth is None}
        if (
            expected.failed
            and failed != set(expected.failed)
            or expected.open
            and opened != set(expected.open)
        ):
            return False
        if expected.amount is None:
            return True
        return answer != NOT_ENTITLED and amount is not None and tuple(map(int, amount)) == expected.amount


class _Untouched(dict[tuple[str, int | None], Truth | Range]):
    """Derived values as another oracle works them out."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()
        self.oracle = oracle

    def __contains__(self, place: object) -> bool:
        return True

    def __missing__(self, place: tuple[str, int | None]) -> Truth | Range:
        name, member = place
        derived = self.oracle.rules.derived[name]
        node = nodes.Name(name, derived.type, derived.of)
        return self.oracle.truth(node, member) if derived.type == "bool" else self.oracle.range(node, member)


class _Bench:
    """All cases of a catalogue, laid out to look for mutants. Trials are kept: most mutants meet the same ones."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.trials: dict[str, list[_Trial]] = {}

    def verdict(self, name: str) -> Verdict:
        mutants = mutants_of(self.catalogue, name)
        looking = [name] if name in self.catalogue.programmes else self.resting_on[name]
        survivors = tuple(mutant for mutant in mutants if not self._noticed(mutant, looking))
        file, lines = self._home(name, survivors)
        return Verdict(name, len(mutants), survivors, file, lines)

    def _noticed(self, mutant: Mutant, programmes: Sequence[str]) -> bool:
        return any(trial.notices(mutant) for name in programmes for trial in self.of(name))

    def of(self, programme: str) -> list[_Trial]:
        """The trials of a programme: what its cases expect of it on days it can be decided."""
        if programme not in self.trials:
            self.trials[programme] = [
                trial for case in read_cases(self.catalogue, programme) for trial in self._of_case(case)
            ]
        return self.trials[programme]

    def _of_case(self, case: Case) -> Iterator[_Trial]:
        rules = self.catalogue.at(case.day)
        encoded = case.household.encoded(rules.facts)
        for expected in case.expected:
            if expected.programme in rules.programmes and (expected.member or 0) < len(encoded.members):
                yield _Trial(rules, encoded, expected)

    @cached_property
    def resting_on(self) -> dict[str, list[str]]:
        """Derived value → the programmes that rest on it, those that name it first."""
        found: dict[str, list[tuple[int, str]]] = {name: [] for name in self.catalogue.derived}
        for name, programme in self.catalogue.programmes.items():
            steps: dict[str, int] = {}
            level, front = 0, mentioned(programme_nodes(programme))[0]
            while front:
                below: set[str] = set()
                for one in front & found.keys() - steps.keys():
                    steps[one] = level
                    below |= mentioned([self.catalogue.derived[one].value])[0]
                front, level = below, level + 1
            for one, step in steps.items():
                found[one].append((step, name))
        return {name: [programme for _, programme in sorted(resting)] for name, resting in found.items()}

    def _home(self, name: str, survivors: Sequence[Mutant]) -> tuple[str, tuple[int | None, ...]]:
        """The file a rule stands in, and the line of each survivor's place; lines are only looked up where one survived."""
        folder = Path(self.catalogue.folder)
        if name in self.catalogue.programmes:
            programme = self.catalogue.programmes[name]
            file = folder / programme.field / f"{name}.yaml"
            ids = [criterion.id for criterion in programme.criteria]
            paths: list[Path_] = [
                (name, "amount")
                if one.place == "amount"
                else (name, "criteria", ids.index(one.place), "when")
                for one in survivors
            ]
        else:
            files = [*folder.glob("derived.yaml"), *folder.glob("derived/*.yaml")] if survivors else []
            wanted = f"\n  {name}:"
            file = next(
                (one for one in files if wanted in one.read_text(encoding="utf-8")), folder / "derived"
            )
            paths = [("derived", name, "value") for _ in survivors]
        lines = tuple(line_of(file, path) if file.is_file() else None for path in paths)
        return file.relative_to(folder).as_posix(), lines

"""Random catalogues and random households: the law nobody would write, met before a real one surprises us.

A catalogue is written as programme files and read back by the real reader, so what is tested is what an
official could have typed. Everything follows from a seed; a failing test names its seed, and
`random_files(seed)` shows the files behind it.

    rules = random_rules(7)                                        # a catalogue on one day
    household = random_household(Random(7), rules)                 # with unknown facts and couples
    rules.assess(household)

With `small=True` every domain has a handful of values, so that all completions of what is unknown can be
tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import welfare
from welfare.facts import Fact, Household, decode_date
from welfare.rules.catalogue import Catalogue, CatalogueError
from welfare.rules.plan import Ref
from welfare.rules.ruleset import RuleSet

DAYS = tuple(
    date.fromisoformat(day)
    for day in (
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-12-31",
        "2027-01-01",
    )
)
HOUSEHOLD, PERSON = "household", "person"
LABEL = {"ko": "이름", "en": "Name"}
Names = dict[tuple[str, str], list[str]]  # (type, scope) → names


def random_rules(seed: int, *, small: bool = False) -> RuleSet:
    """The rules of one random day of a random catalogue with at least one programme in force.

    A catalogue whose numbers could leave exact arithmetic is refused by the plan; then the next one is taken.
    """
    for attempt in range(50):
        try:
            rules = random_catalogue(f"{seed}/{attempt}", small=small).at(Random(seed).choice(DAYS))
            if rules.plan and rules.programmes:
                return rules
        except CatalogueError as error:
            if "too large to be exact" not in str(error):
                raise
    raise AssertionError(f"no usable catalogue from seed {seed}")


def random_catalogue(seed: int | str, *, small: bool = False) -> Catalogue:
    """A random catalogue, written to files and read by the real reader."""
    with TemporaryDirectory() as folder:
        write(random_files(seed, small=small), Path(folder))
        return welfare.load(folder)


def write(files: dict[str, str], folder: Path) -> Path:
    """Files by their place in the folder, written there."""
    for place, text in files.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def random_files(seed: int | str, *, small: bool = False) -> dict[str, str]:
    """The text of every file of a random catalogue, by its place in the folder."""
    return _Author(Random(f"catalogue {seed}"), small).files()


# Households -------------------------------------------------------------------------------------------------


def random_household(
    random: Random, rules: RuleSet | Catalogue, *, unknown: float = 0.3, most: int = 8
) -> Household:
    """A household of 1 to `most` members, with couples; about `unknown` of its facts are not known."""
    facts = list(_facts(rules).values())
    share = random.choice((0.0, unknown, unknown, 2 * unknown))
    turning = turning_points(rules) if isinstance(rules, RuleSet) else {}

    def value(fact: Fact) -> object:
        near = turning.get(fact.name)
        return random.choice(near) if near and random.random() < 0.3 else random_value(random, fact)

    def some(of: str) -> dict[str, object]:
        return {fact.name: value(fact) for fact in facts if fact.of == of and random.random() >= share}

    members = [some(PERSON) for _ in range(min(random.choice((1, 1, 2, 2, 3, 4, 5, 8)), most))]
    places = random.sample(range(len(members)), len(members))
    for number in range(1, len(members) // 2 + 1):
        if random.random() < 0.6:
            for place in places[2 * number - 2 : 2 * number]:
                members[place]["couple"] = number
    return Household(some(HOUSEHOLD), members)


@lru_cache(maxsize=4)
def turning_points(rules: RuleSet) -> dict[str, list[object]]:
    """For each fact the values on both sides of every limit it is compared with: there rules go wrong."""
    points: dict[str, list[object]] = {}
    steps = rules.plan.steps
    for step in steps:
        asked = steps[step.args[0].index] if step.op == "gt" and isinstance(step.args[0], Ref) else None
        if asked is None or asked.op not in ("low", "high") or asked.args[0] not in rules.catalogue.facts:
            continue
        fact, limit = rules.facts[str(asked.args[0])], step.args[1]
        table = steps[limit.index] if isinstance(limit, Ref) else None
        limits = {limit} if table is None else set(table.args[0]) if table.op == "lookup" else set()  # type: ignore[call-overload]
        for number in (limit + near for limit in limits for near in (-1, 0, 1, 2)):
            with suppress(ValueError):  # 30 February, or outside the domain
                value = fact.decode(number)
                fact.encode(value)
                points.setdefault(fact.name, []).append(value)
    return points


def random_value(random: Random, fact: Fact) -> object:
    """A value of the fact's domain; its ends come up often, because rules go wrong there."""
    if fact.type == "bool":
        return random.random() < 0.5
    if fact.type == "code":
        return random.choice(fact.codes)
    if random.random() < 0.2:
        return fact.decode(random.choice((fact.low, fact.high)))
    if fact.type == "date":
        first, last = decode_date(fact.low), decode_date(fact.high)
        day = first + timedelta(days=random.randint(0, (last - first).days))
        # Ages turn over on the days around the day of the decision.
        turning = (2, random.choice((28, 29))) if random.random() < 0.5 else (3, 31)
        if random.random() < 0.3 and (turning != (2, 29) or (day.year % 4 == 0 and day.year % 100)):
            day = min(max(day.replace(month=turning[0], day=turning[1]), first), last)
        return day
    return random.randint(fact.low, fact.high)


def completions(household: Household, rules: RuleSet, limit: int = 400) -> Iterator[Household]:
    """Every household this one could turn out to be; none when there are more than `limit`."""
    gaps: list[tuple[int | None, str]] = []
    choices: list[list[object]] = []
    for fact in _facts(rules).values():
        for member in range(len(household.members)) if fact.of == PERSON else [None]:
            known = household.facts if member is None else household.members[member]
            if known.get(fact.name) is None:
                gaps.append((member, fact.name))
                choices.append(list(domain(fact)))
    count = 1
    for values in choices:
        count *= len(values)
    for combination in product(*choices) if count <= limit else ():
        facts, members = dict(household.facts), [dict(member) for member in household.members]
        for (member, name), value in zip(gaps, combination, strict=True):
            (facts if member is None else members[member])[name] = value
        yield Household(facts, members)


def domain(fact: Fact) -> Iterator[object]:
    """Every value a fact can take; meant for small domains."""
    if fact.type == "bool":
        yield from (False, True)
    elif fact.type == "code":
        yield from fact.codes
    elif fact.type == "date":
        day, last = decode_date(fact.low), decode_date(fact.high)
        while day <= last:
            yield day
            day += timedelta(days=1)
    else:
        yield from range(fact.low, fact.high + 1)


def _facts(rules: RuleSet | Catalogue) -> dict[str, Fact]:
    catalogue = rules.catalogue if isinstance(rules, RuleSet) else rules
    return dict(catalogue.facts)


# Catalogues -------------------------------------------------------------------------------------------------


class _Author:
    """Writes one catalogue, from facts up to programmes; each thing may speak of what stands before it."""

    def __init__(self, random: Random, small: bool) -> None:
        self.random = random
        self.small = small
        self.names: Names = {}
        self.codes: dict[str, list[str]] = {}
        self.parameters: dict[str, list[tuple[str, tuple[str, ...]]]] = {}  # type → (name, keys)
        self.programmes: dict[str, str] = {}  # id → subject

    def files(self) -> dict[str, str]:
        fields = {"money": LABEL, "other": LABEL}
        source = {"title": "Act", "address": "", "tier": "official", "read_on": "2026-01-01"}
        head = {"name": LABEL, "jurisdiction": "xx", "scopes": {"national": LABEL}, "fields": fields}
        facts, parameters, derived = self.facts(), self.some_parameters(), self.some_derived(4)
        count = self.random.randint(3, 6)
        ids = [f"programme_{i}" for i in range(count)]
        programmes = {id: self.programme(id, ids) for id in ids[: count // 2]}
        derived |= self.some_derived(2)  # these may ask for the answers of the first programmes
        programmes |= {id: self.programme(id, ids) for id in ids[count // 2 :]}
        files = {
            "catalogue.yaml": "".join(f"{key}: {json.dumps(value)}\n" for key, value in head.items()),
            "sources.yaml": _section("sources", {"act": source}),
            "facts/all.yaml": _section("facts", facts),
            "parameters/all.yaml": _section("parameters", parameters),
            "derived/all.yaml": _section("derived", derived),
        }
        for id, programme in programmes.items():
            files[f"{self.random.choice(list(fields))}/{id}.yaml"] = f"{id}: {json.dumps(programme)}\n"
        return files

    def declare(self, name: str, type: str, scope: str) -> None:
        self.names.setdefault((type, scope), []).append(name)

    def facts(self) -> dict[str, object]:
        facts: dict[str, object] = {}
        for of, letter in ((HOUSEHOLD, "h"), (PERSON, "p")):
            for type, most in (("bool", 2), ("int", 2), ("won", 2), ("code", 2), ("date", 1)):
                # A person has fewer facts in a small world: each is unknown for each member.
                low = 1 if type in ("bool", "won") or not self.small else 0
                for i in range(self.random.randint(low, 1 if self.small else most)):
                    name = f"{letter}_{type}_{i}"
                    facts[name] = {"of": of, "type": type, "label": LABEL, **self.domain(name, type)}
                    self.declare(name, type, of)
        return facts

    def domain(self, name: str, type: str) -> dict[str, object]:
        random = self.random
        if type == "code":
            count = random.randint(2, 3) if self.small else random.choice((1, 2, 3, 4, 7))
            codes = (
                [f"c{i}" for i in range(count)]
                if random.random() < 0.7
                else [str(i + 1) for i in range(count)]
            )
            self.codes[name] = codes
            return {"values": {code: LABEL for code in codes}}
        if type == "date":
            first = random.choice(("1930-01-01", "2000-02-28", "2008-02-27"))
            day = date.fromisoformat(first)
            last = day + timedelta(days=3) if self.small else date(2026 + random.randint(-2, 4), 12, 31)
            return {"min": first, "max": last.isoformat()}
        if type in ("int", "won"):
            low = random.choice((0, 0, 0, 1, -3, -200))
            span = random.randint(1, 3) if self.small else random.choice((0, 1, 5, 40, 300, 3000, 90000))
            return {"min": low, "max": low + span}
        return {}

    # Parameters ---------------------------------------------------------------------------------------------

    def some_parameters(self) -> dict[str, object]:
        parameters: dict[str, object] = {}
        wanted = [("won", 4), ("rate", 3), ("int", 2), ("date", 1)]
        for type, most in wanted:
            for i in range(self.random.randint(1, most)):
                name = f"{type}_{i}"
                by = (
                    self.keys() if i and type != "date" else ()
                )  # one plain figure of each type is always at hand
                parameters[name] = self.parameter(type, by)
                self.parameters.setdefault(type, []).append((name, by))
        return parameters

    def keys(self) -> tuple[str, ...]:
        codes = list(self.codes)
        shapes: list[tuple[str, ...]] = [(), (), ("household_size",)]
        if codes:
            first, second = self.random.choice(codes), self.random.choice(codes)
            shapes += [(first,), (first, "household_size"), (first, second)]
        return self.random.choice(shapes)

    def parameter(self, type: str, by: tuple[str, ...]) -> dict[str, object]:
        random = self.random
        begins = sorted(
            random.sample(("2020-01-01", "2025-01-01", "2026-03-01", "2026-12-31"), random.randint(1, 2))
        )
        if random.random() < 0.9:
            begins[0] = "2010-01-01"  # otherwise there may be no value on the day
        values = [
            {"from": begin, "source": "act", "confidence": "verified", "value": self.table(type, by)}
            for begin in begins
        ]
        parameter: dict[str, object] = {
            "type": type,
            "label": LABEL,
            "law": "Act",
            "review_by": random.choice(("2025-06-30", "2030-01-01")),
            "values": values,
        }
        if by:
            parameter["by"] = by[0] if len(by) == 1 else list(by)
            parameter["beyond"] = random.choice(("add_last_step", "repeat_last"))
        return parameter

    def table(self, type: str, by: tuple[str, ...]) -> object:
        if not by:
            return self.figure(type)
        if by[0] == "household_size":
            return [self.figure(type) for _ in range(self.random.randint(2, 5))]
        return {code: self.table(type, by[1:]) for code in self.codes[by[0]]}

    def figure(self, type: str) -> object:
        random = self.random
        if type == "rate":
            return random.choice(
                ("32 %", "1.04 %", "1/3", "104/100", "5/6", "0/1", "-1/2", "7 %", "2", "1/12")
            )
        if type == "date":
            return random.choice(("2000-02-29", "1961-03-01", "2026-02-28", "2026-01-01"))
        if type == "int":
            return random.choice((0, 1, 2, 3, 18, 65, -1))
        return random.randint(0, 9) if self.small else random.choice((0, 7, 99, 150, 1000, 1234, 45678, -20))

    # Derived values and programmes --------------------------------------------------------------------------

    def some_derived(self, most: int) -> dict[str, object]:
        derived: dict[str, object] = {}
        for _ in range(self.random.randint(1, most)):
            of = self.random.choice((HOUSEHOLD, PERSON))
            type = self.random.choice(("bool", "int", "won", "won", "rate"))
            name = f"d_{type}_{sum(map(len, self.names.values()))}"
            value = _Sentence(self, of).of_type(type, 3)
            derived[name] = {"of": of, "type": type, "label": LABEL, "law": "Act", "value": value}
            self.declare(name, type, of)
        return derived

    def programme(self, id: str, ids: list[str]) -> dict[str, object]:
        random = self.random
        subject = random.choice((HOUSEHOLD, PERSON))
        criteria = [
            {"id": f"c{i}", "label": LABEL, "law": "Act", "when": _Sentence(self, subject).of_type("bool", 3)}
            for i in range(random.randint(1, 3))
        ]
        amount: dict[str, object] = {"per": random.choice(("month", "year", "once"))}
        if random.random() < 0.8:
            amount["won"] = _Sentence(self, subject).of_type("won", 3)
            if random.random() < 0.6:
                amount["round"] = random.choice(
                    ("up 10", "down 10", "half_up 1", "half_up 100", "up 1", "down 7")
                )
        if "won" not in amount or random.random() < 0.1:
            amount["in_kind"] = LABEL
        begin = random.choice(("2020-01-01",) * 5 + ("2026-03-01",))
        programme: dict[str, object] = {
            "name": LABEL,
            "summary": LABEL,
            "scope": "national",
            "agency": LABEL,
            "law": "Act",
            "subject": subject,
            "valid": {"from": begin} | ({"until": "2026-12-31"} if random.random() < 0.1 else {}),
            "criteria": criteria,
            "amount": amount,
            "documents": [],
            "apply_at": [LABEL],
            "sources": ["act"],
            "confidence": "verified",
        }
        if random.random() < 0.4:
            programme["excludes"] = [other for other in random.sample(ids, 2) if other != id]
        receipts = [name for name in self.seen("bool", subject) if name.startswith(("h_", "p_"))]
        if receipts and random.random() < 0.5:
            programme["received"] = random.choice(receipts)
        self.programmes[id] = subject
        return programme

    def seen(self, type: str, scope: str) -> list[str]:
        """The names of a type that may be used in a scope."""
        found = list(self.names.get((type, HOUSEHOLD), []))
        return found + self.names.get((type, PERSON), []) if scope == PERSON else found


class _Sentence:
    """Writes one expression. `depth` is how much further it may branch."""

    def __init__(self, author: _Author, scope: str) -> None:
        self.author = author
        self.random = author.random
        self.scope = scope
        self.inside = False  # an aggregate does not stand inside another

    def of_type(self, type: str, depth: int) -> str:
        return {"bool": self.truth, "won": self.won, "int": self.count, "rate": self.rate, "date": self.day}[
            type
        ](depth)

    def pick(self, *ways: str) -> str:
        return self.random.choice(ways)

    def truth(self, depth: int) -> str:
        way = self.pick(
            "and",
            "or",
            "not",
            "compare",
            "compare",
            "compare",
            "code",
            "fact",
            "over",
            "if",
            "asked",
            "spouse",
        )
        if depth <= 0:
            way = self.pick("fact", "code", "fact", "code", "small")
        match way:
            case "and" | "or":
                return f"({self.truth(depth - 1)} {way} {self.truth(depth - 1)})"
            case "not":
                return f"(not {self.truth(depth - 1)})"
            case "if":
                return f"({self.truth(depth - 1)} if {self.truth(depth - 1)} else {self.truth(depth - 1)})"
            case "compare" | "small":
                return self.comparison(depth - 1)
            case "over" if not self.inside:
                return (
                    f"{self.pick('any_member', 'all_members')}({self.within(lambda: self.truth(depth - 1))})"
                )
            case "spouse" if not self.inside and self.scope == PERSON:
                return f"any_spouse({self.within(lambda: self.truth(depth - 1))})"
            case "asked" if asked := self.askable():
                return f"entitled({self.random.choice(asked)})"
            case "code" if codes := self.author.seen("code", self.scope):
                return self.code(self.random.choice(codes))
        facts = self.author.seen("bool", self.scope)
        return (
            self.random.choice(facts) if facts and self.random.random() < 0.97 else self.pick("True", "False")
        )

    def comparison(self, depth: int) -> str:
        type = self.pick("won", "won", "won", "int", "int", "rate", "date", "age", "member")
        sign = self.pick("<", "<=", ">", ">=", "==", "!=")
        if type == "age":
            elapsed = self.pick("years_between", "months_between")
            return f"({elapsed}({self.day(0)}, as_of) {sign} {self.figure('int')})"
        if type == "member":
            if not self.inside:
                name, count = self.pick("sum_members", "max_member", "min_member"), self.pick("won", "int")
                return f"({name}({self.within(lambda: self.leaf(count))}) {sign} {self.figure(count)})"
            type = "won"
        if type == "int" and self.random.random() < 0.2:
            return f"({self.random.randint(0, 3)} <= {self.count(depth)} {sign} {self.count(depth)})"
        if type != "date" and self.random.random() < 0.15:
            return f"({self.of_type(type, depth)} {sign} 0)"
        left, right = self.of_type(type, depth), self.of_type(type, depth)
        if (
            self.random.random() < 0.5
        ):  # as most law is written: something of the household's against a figure
            right = self.figure(type)
            if self.random.random() < 0.3:
                left, right = right, left
        return f"({left} {sign} {right})"

    def figure(self, type: str) -> str:
        if type == "int" and self.random.random() < 0.5:
            return str(self.random.choice((0, 1, 2, 3, 18, 65, 200)))
        if type == "won" and self.random.random() < 0.3:
            return f"({self.parameter('won')} * {self.parameter('rate')})"
        return self.parameter(type)

    def code(self, name: str) -> str:
        codes = self.author.codes[name]
        some = self.random.sample(codes, self.random.randint(1, len(codes)))
        if len(some) == 1 or self.random.random() < 0.4:
            return f'{name} {self.pick("==", "!=")} "{some[0]}"'
        return f"{name} {self.pick('in', 'not in')} ({', '.join(json.dumps(code) for code in some)})"

    def askable(self) -> list[str]:
        return [
            id
            for id, subject in self.author.programmes.items()
            if subject == HOUSEHOLD or self.scope == PERSON
        ]

    def within(self, body: object) -> str:
        """A sentence about each member (or the spouse)."""
        outer, self.scope, self.inside = self.scope, PERSON, True
        text = body()  # type: ignore[operator]
        self.scope, self.inside = outer, False
        return text

    def number(self, type: str, depth: int) -> str | None:
        """What counts, won and rates have in common; None when the way chosen does not suit."""
        more = self.of_type
        way = self.pick(
            "add",
            "subtract",
            "least",
            "greatest",
            "if",
            "above_zero",
            "minus",
            "members",
            "spouse",
            "own",
            "own",
        )
        match way:
            case "add":
                return f"({more(type, depth - 1)} + {more(type, depth - 1)})"
            case "subtract":
                return f"({more(type, depth - 1)} - {more(type, depth - 1)})"
            case "minus":
                return f"(-{more(type, depth - 1)})"
            case "least" | "greatest":
                name = "min" if way == "least" else "max"
                return f"{name}({', '.join(more(type, depth - 1) for _ in range(self.random.randint(2, 3)))})"
            case "above_zero":
                return f"max(0, {more(type, depth - 1)})"
            case "if":
                return f"({more(type, depth - 1)} if {self.truth(depth - 1)} else {more(type, depth - 1)})"
            case "members" if not self.inside and type != "rate":
                name = self.pick("sum_members", "max_member", "min_member")
                return f"{name}({self.within(lambda: more(type, depth - 1))})"
            case "spouse" if not self.inside and type != "rate" and self.scope == PERSON:
                return f"sum_spouse({self.within(lambda: more(type, depth - 1))})"
        return None

    def won(self, depth: int) -> str:
        if depth > 0:
            way = self.pick("common", "common", "common", "share", "times", "round")
            if way == "share":
                return f"({self.won(depth - 1)} * {self.rate(0)})"
            if way == "times":
                return f"({self.count(0)} * {self.won(depth - 1)})"
            if way == "round":
                unit = self.pick("1", "10", "7", "1000")
                return (
                    f"{self.pick('round_up', 'round_down', 'round_half_up')}({self.won(depth - 1)}, {unit})"
                )
            if common := self.number("won", depth):
                return common
        return self.leaf("won")

    def count(self, depth: int) -> str:
        if depth > 0:
            way = self.pick("common", "common", "members", "product", "elapsed")
            if way == "members" and not self.inside:
                return f"count_members({self.within(lambda: self.truth(depth - 1))})"
            if way == "product":
                return f"({self.count(0)} * {self.count(depth - 1)})"
            if way == "elapsed":
                return f"{self.pick('years_between', 'months_between')}({self.day(0)}, as_of)"
            if common := self.number("int", depth):
                return common
        way = self.random.random()
        if way < 0.2:
            return str(self.random.randint(0, 4))
        if way < 0.35:
            return "household_size"
        if way < 0.4 and self.scope == PERSON:
            return "couple"
        return self.leaf("int")

    def rate(self, depth: int) -> str:
        if depth > 0:
            way = self.pick("common", "common", "product", "times")
            if way == "product":
                return f"({self.rate(0)} * {self.rate(depth - 1)})"
            if way == "times":
                return f"({self.count(0)} * {self.rate(depth - 1)})"
            if common := self.number("rate", depth):
                return common
        return self.leaf("rate")

    def day(self, depth: int) -> str:
        return self.leaf("date") if self.random.random() < 0.8 else "as_of"

    def leaf(self, type: str) -> str:
        """A fact or derived value of the type, or a parameter; a table is looked up by its keys."""
        names = self.author.seen(type, self.scope)
        if names and self.random.random() < 0.6:
            return self.random.choice(names)
        return self.parameter(type)

    def parameter(self, type: str) -> str:
        usable = [
            (name, by)
            for name, by in self.author.parameters[type]
            if self.scope == PERSON or not any(map(_personal, by))
        ]
        name, by = self.random.choice(usable)
        return f"{name}[{', '.join(map(self.key, by))}]" if by else name

    def key(self, by: str) -> str:
        if by != "household_size" or self.random.random() < 0.6:
            return by
        return self.pick("count_members(True)", "(household_size + 1)") if not self.inside else self.count(0)


def _personal(fact: str) -> bool:
    return fact.startswith("p_")


def _section(name: str, entries: dict[str, object]) -> str:
    return f"{name}:\n" + "".join(
        f"  {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in entries.items()
    )

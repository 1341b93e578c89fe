"""What changed between two days of a catalogue, or between two catalogues: programmes, rules and figures.

A figure is told with the programmes that rest on it, because an official asks "whom does it touch?" and not "which
parameter?". The order is that of the fields of life, so the same question always gives the same page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from welfare.rules.catalogue import Catalogue, Criterion, DatedValue, Parameter, Programme
from welfare.rules.order import resting_on


@dataclass(frozen=True)
class FigureChange:
    """A figure before and after (None where there was or is none), and the programmes in force that rest on it."""

    parameter: Parameter
    before: DatedValue | None
    after: DatedValue | None
    programmes: tuple[Programme, ...]


@dataclass(frozen=True)
class RuleChange:
    """A programme whose criteria or amount are written otherwise; only what differs is listed."""

    before: Programme
    after: Programme
    dropped: tuple[Criterion, ...]
    added: tuple[Criterion, ...]
    amount: bool


@dataclass(frozen=True)
class Changes:
    """Everything that differs between two days (and, where two catalogues are compared, between them)."""

    begun: tuple[Programme, ...]
    ended: tuple[Programme, ...]
    rules: tuple[RuleChange, ...]
    figures: tuple[FigureChange, ...]

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended or self.rules or self.figures)


def changes(catalogue: Catalogue, earlier: date, later: date, afterwards: Catalogue | None = None) -> Changes:
    """What holds on the later day and not on the earlier, or otherwise.

    `afterwards` is the catalogue of the later day where it is another one (a newer version, a reform). Raises ValueError
    when the later day is before the earlier.
    """
    if later < earlier:
        raise ValueError(f"{later} is before {earlier}")
    after = afterwards or catalogue
    then = {name: one for name, one in catalogue.programmes.items() if earlier in one.valid}
    now = {name: one for name, one in after.programmes.items() if later in one.valid}
    begun = [one for name, one in now.items() if name not in then]
    ended = [one for name, one in then.items() if name not in now]
    rules = [
        change
        for name, one in now.items()
        if name in then and (change := _rule_change(then[name], one)) is not None
    ]
    resting = resting_on(after.derived, after.programmes)
    figures = []
    for name, parameter in {**catalogue.parameters, **after.parameters}.items():
        before = catalogue.parameters[name].on(earlier) if name in catalogue.parameters else None
        value = after.parameters[name].on(later) if name in after.parameters else None
        if (before.value if before else None) != (value.value if value else None):
            touched = tuple(now[one] for one in resting.get(name, ()) if one in now)
            figures.append(FigureChange(parameter, before, value, touched))
    place = {field: i for i, field in enumerate(after.fields)}

    def by_field(programme: Programme) -> tuple[int, str]:
        return place.get(programme.field, len(place)), programme.name["ko"]

    return Changes(
        tuple(sorted(begun, key=by_field)),
        tuple(sorted(ended, key=by_field)),
        tuple(sorted(rules, key=lambda change: by_field(change.after))),
        tuple(
            sorted(
                figures,
                key=lambda one: (
                    min(map(by_field, one.programmes), default=(len(place), "")),
                    one.parameter.name,
                ),
            )
        ),
    )


def _rule_change(before: Programme, after: Programme) -> RuleChange | None:
    """What is written otherwise in a programme that is in force both before and after."""
    old = {(one.id, one.when): one for one in before.criteria}
    new = {(one.id, one.when): one for one in after.criteria}
    dropped = tuple(one for key, one in old.items() if key not in new)
    added = tuple(one for key, one in new.items() if key not in old)
    amount = before.amount.won != after.amount.won or before.amount.per != after.amount.per
    return RuleChange(before, after, dropped, added, amount) if dropped or added or amount else None

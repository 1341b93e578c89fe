"""What a worker does for the inspection: goes through the trail every night, and when somebody asks for it."""

from datetime import date

from django.tasks import task
from django.utils import timezone
from procrastinate.contrib.django import app

from hub import walls
from hub.access.models import User
from hub.access.trail import coming_from
from hub.inspection import actions, queries


@task
def examine_month(month: str, by: int | None = None) -> None:
    """Go through the month of this day (YYYY-MM-DD)."""
    actions.examine(date.fromisoformat(month), by=User.objects.filter(pk=by).first() if by else None)


@app.periodic(cron="10 3 * * *")
@app.task(name="inspection.examine", queueing_lock="inspection.examine")
def examine(timestamp: int) -> None:
    """This month and every earlier one that should have been signed by now or can be."""
    with walls.everywhere(), coming_from("worker"):
        examine_open_months(timezone.localdate())


def examine_open_months(today: date) -> None:
    """The current month, the one before, and all that are overdue."""
    this = queries.month_of(today)
    for month in sorted({*queries.overdue(today), queries.month_before(this), this}):
        actions.examine(month)

"""What a worker does in the background."""

from django.tasks import task

from hub.screening.actions import carry_out
from hub.screening.pace import Pace


@task
def district_run(run: int) -> None:
    """Carry out a run that was asked for; being called again after a kill continues where it stopped."""
    carry_out(run, pace=Pace())

"""What a worker does in the background for retention and erasure."""

from django.tasks import task

from hub.privacy.actions import carry_out_retention, renew_expired_files


@task
def destroy_due(run: int) -> None:
    """Carry out a destruction; being called again after a kill goes on where it stopped."""
    carry_out_retention(run)


@task
def renew_files() -> None:
    """Remove the files of runs that hold somebody erased, and make those that pages need again."""
    renew_expired_files()

"""What a worker does in the background."""

from django.tasks import task

from hub.lists.actions import go_on


@task
def go_on_with_import(number: int) -> None:
    """Read, apply or undo an import; being called again after a kill continues after the last whole block."""
    go_on(number)

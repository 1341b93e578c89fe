"""What a worker does for the audit trail."""

from procrastinate.contrib.django import app

from hub.access import chain


@app.periodic(cron="* * * * *")
@app.task(name="access.seal", queueing_lock="access.seal")
def seal(timestamp: int) -> None:
    """Chain what was recorded in the last minute and send the heads out."""
    chain.seal()

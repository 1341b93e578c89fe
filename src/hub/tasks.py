"""Work in the background: Django's own task interface on procrastinate's queue inside PostgreSQL.

The hub's code knows only `django.tasks`. A task put into the queue inside a transaction exists only if that
transaction does. Work of a worker that was killed is found by its missing heartbeat and given to the next one, so a
task must bear being run again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.tasks import Task, TaskResult, TaskResultStatus
from django.tasks.backends.base import BaseTaskBackend
from django.tasks.exceptions import TaskResultDoesNotExist
from django.tasks.signals import task_enqueued
from django.utils import timezone
from django.utils.json import normalize_json
from django.utils.module_loading import import_string
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from hub import walls
from hub.access.trail import coming_from

JOB = "hub.task"
# Seconds after which a worker without a heartbeat counts as dead; workers beat every ten seconds.
SILENCE = 30

_STATUS = {
    "todo": TaskResultStatus.READY,
    "doing": TaskResultStatus.RUNNING,
    "succeeded": TaskResultStatus.SUCCESSFUL,
    "failed": TaskResultStatus.FAILED,
    "cancelled": TaskResultStatus.FAILED,
    "aborting": TaskResultStatus.RUNNING,
    "aborted": TaskResultStatus.FAILED,
}


@app.task(name=JOB, retry=RetryStrategy(max_attempts=3, exponential_wait=4))
def _perform(path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    # Nobody in particular works here; what a task may do was decided when it was asked for.
    with walls.everywhere(), coming_from("worker"):
        return import_string(path).call(*args, **kwargs)


@app.periodic(cron="* * * * *")
@app.task(name="hub.recover", queueing_lock="hub.recover", pass_context=True)
async def _recover(context: JobContext, timestamp: int) -> None:
    await give_back_abandoned_work()


async def give_back_abandoned_work() -> int:
    """Put the jobs of dead workers back into the queue; returns how many."""
    abandoned = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENCE))
    for job in abandoned:
        await app.job_manager.retry_job(job)
    return len(abandoned)


@app.periodic(cron="30 3 * * *")
@app.task(name="hub.renew_files", queueing_lock="hub.renew_files")
def _renew_files(timestamp: int) -> None:
    """Once a night, what could not be done at once: files of a run that was still being written at an erasure."""
    from hub.privacy.actions import renew_expired_files

    with walls.everywhere(), coming_from("worker"):
        renew_expired_files()


class ProcrastinateBackend(BaseTaskBackend):
    """The task backend named in the settings."""

    supports_defer = True
    supports_priority = True
    supports_get_result = True

    def enqueue(self, task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> TaskResult:
        """Put one call of `task` into the queue, in the caller's transaction. Arguments must be JSON values."""
        self.validate_task(task)
        plain_args: Any = normalize_json(list(args))
        plain_kwargs: Any = normalize_json(dict(kwargs))
        options: dict[str, Any] = {"queue": task.queue_name, "priority": task.priority}
        if task.run_after is not None:
            options["schedule_at"] = task.run_after
        number = _perform.configure(**options).defer(
            path=task.module_path, args=plain_args, kwargs=plain_kwargs
        )
        result = self._result(task, number, TaskResultStatus.READY, plain_args, plain_kwargs)
        task_enqueued.send(sender=type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult:
        """How a task put into the queue earlier stands. Raises TaskResultDoesNotExist."""
        from procrastinate.contrib.django.models import ProcrastinateJob

        job = ProcrastinateJob.objects.filter(pk=result_id, task_name=JOB).first()
        if job is None:
            raise TaskResultDoesNotExist(result_id)
        call: dict[str, Any] = job.args
        task = import_string(call["path"])
        return self._result(task, job.pk, _STATUS[job.status], call["args"], call["kwargs"])

    def _result(
        self, task: Task, number: int, status: TaskResultStatus, args: list[Any], kwargs: dict[str, Any]
    ) -> TaskResult:
        return TaskResult(
            task=task,
            id=str(number),
            status=status,
            enqueued_at=timezone.now() if status is TaskResultStatus.READY else None,
            started_at=None,
            finished_at=None,
            last_attempted_at=None,
            args=args,
            kwargs=kwargs,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )

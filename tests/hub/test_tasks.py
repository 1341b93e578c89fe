"""Background work through Django's interface on procrastinate: bound to the transaction, done once, taken up after a kill."""

import asyncio
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.tasks import TaskResultStatus, task, task_backends
from django.tasks.exceptions import TaskResultDoesNotExist
from django.test import override_settings

from hub.access.models import AccessRecord
from hub.tasks import SILENCE, give_back_abandoned_work

QUEUE = {"default": {"BACKEND": "hub.tasks.ProcrastinateBackend", "QUEUES": []}}


@task
def leave_a_mark(verb):
    """A task that can be seen."""
    AccessRecord.objects.create(verb=verb)


@task
def fail():
    """A task that cannot succeed."""
    raise ValueError


@pytest.fixture
def queue():
    with override_settings(TASKS=QUEUE):
        yield task_backends["default"]


def work():
    """Be a worker until the queue is empty."""
    from procrastinate.contrib.django import app

    async def run():
        with app.replace_connector(app.connector.get_worker_connector()):
            async with app.open_async():
                await give_back_abandoned_work()
                await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(run())


def marks():
    return list(AccessRecord.objects.values_list("verb", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_task_is_done_by_the_worker_and_its_result_is_known(queue):
    result = leave_a_mark.enqueue("test.done")
    assert queue.get_result(result.id).status is TaskResultStatus.READY
    work()
    assert marks() == ["test.done"]
    assert queue.get_result(result.id).status is TaskResultStatus.SUCCESSFUL


@pytest.mark.django_db(transaction=True)
def test_a_task_of_a_transaction_that_failed_never_was(queue):
    with pytest.raises(RuntimeError), transaction.atomic():
        result = leave_a_mark.enqueue("test.never")
        raise RuntimeError
    work()
    assert marks() == []
    with pytest.raises(TaskResultDoesNotExist):
        queue.get_result(result.id)


@pytest.mark.django_db(transaction=True)
def test_the_work_of_a_killed_worker_is_taken_up_by_the_next(queue):
    result = leave_a_mark.enqueue("test.after_kill")
    with connection.cursor() as cursor:
        # What a worker that was killed at work leaves behind: a job in its hands and a heartbeat that grows old.
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s) RETURNING id",
            [timedelta(seconds=SILENCE + 1)],
        )
        (worker,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
            [worker, int(result.id)],
        )
    assert queue.get_result(result.id).status is TaskResultStatus.RUNNING
    work()
    assert marks() == ["test.after_kill"]


@pytest.mark.django_db(transaction=True)
def test_a_failing_task_is_tried_again_later(queue):
    result = fail.enqueue()
    work()
    assert queue.get_result(result.id).status is TaskResultStatus.READY  # waits for its next attempt


@pytest.mark.django_db
def test_arguments_that_are_not_json_are_refused(queue):
    with pytest.raises(TypeError):
        leave_a_mark.enqueue(object())

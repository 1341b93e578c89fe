"""How fast the audit trail is: appends by many threads at once, sealing, verification of a million records, and proofs.

    HUB_HOME=/tmp/trail python benchmarks/trail.py [records] [threads]

Appends are whole transactions with durable commits on the embedded server, as in a running hub; the sealer runs beside.
"""

import os
import random
import statistics
import sys
import threading
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
os.environ.setdefault("HUB_PLAIN_HTTP", "1")


def main(records: int, threads: int) -> None:
    import django

    from hub import places
    from hub.postgres import Embedded

    with Embedded(places.home() / "postgres").running():
        django.setup()
        from django.core.management import call_command
        from django.db import connection, transaction

        from hub.access import chain
        from hub.access.actions import record

        call_command("migrate", verbosity=0)

        def append(seconds: float, done: list[int]) -> None:
            number, until = 0, time.monotonic() + seconds
            while time.monotonic() < until:
                with transaction.atomic():
                    record(None, "people.opened", ("people.household", "1"), "benchmark", household=number)
                number += 1
            done.append(number)
            connection.close()

        def seal(stop: threading.Event) -> None:
            while not stop.wait(1):
                chain.seal()
            connection.close()

        for sealing in (False, True):
            done: list[int] = []
            stop = threading.Event()
            beside = threading.Thread(target=seal, args=(stop,))
            writers = [threading.Thread(target=append, args=(5, done)) for _ in range(threads)]
            if sealing:
                beside.start()
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            stop.set()
            if sealing:
                beside.join()
            print(
                f"{threads} threads, sealer {'beside' if sealing else 'idle'}: {sum(done) / 5:,.0f} appends/s"
            )

        _fill(records)
        started = time.monotonic()
        sealed = chain.seal()
        print(f"sealed {sealed:,} records: {sealed / (time.monotonic() - started):,.0f}/s")
        started = time.monotonic()
        verdict = chain.verify()
        took = time.monotonic() - started
        print(f"verified {verdict.sealed:,} records, whole: {verdict.whole}, {took:.1f} s")
        _prove(verdict.sealed)


def _prove(sealed: int) -> None:
    """A hundred proofs of either kind, all over the trail."""
    from hub.access import tree
    from hub.access.models import AccessRecord, Head

    chance = random.Random(1)
    heads = list(Head.objects.order_by("position").values_list("position", flat=True))
    records = [AccessRecord.objects.get(position=chance.randint(1, sealed)).pk for _ in range(100)]
    for kind, prove, numbers in (
        ("inclusion", tree.prove_inclusion, records),
        ("consistency", tree.prove_consistency, chance.choices(heads, k=100)),
    ):
        taken = []
        for number in numbers:
            started = time.monotonic()
            assert prove(number).holds()
            taken.append(time.monotonic() - started)
        print(
            f"{kind} proofs over {sealed:,} records: {statistics.median(taken) * 1000:.1f} ms, "
            f"the longest {max(taken) * 1000:.1f} ms"
        )


def _fill(records: int) -> None:
    """That many records more, straight into the table."""
    from uuid import uuid4

    from django.db import connection
    from django.utils import timezone

    from hub.access import chain, content

    key, now = chain.key(), timezone.now()
    columns = (
        "mark, at, roles, session, origin, verb, object_kind, object_id, household, subjects, purpose, mac"
    )
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY access_accessrecord ({columns}) FROM STDIN") as copy:
            for number in range(records):
                said = ("coordinator", "0123456789abcdef", "10.20.30.40", "people.opened", "people.household")
                mark, household = str(uuid4()), number % 55_510
                values = [mark, content.microseconds(now), None, *said, str(household), household]
                made = chain.mac(key, [*values, None, None, 1, "household page"])
                copy.write_row((mark, now, *said, str(household), household, 1, "household page", made))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 16)

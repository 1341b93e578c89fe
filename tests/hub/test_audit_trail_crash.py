"""PostgreSQL is killed while records are written and sealed: afterwards the chain is whole and nothing promised is lost (T6)."""

import json
import os
import subprocess
import sys

from hub import places

# A hub of its own, in a process of its own: four writers and a sealer, and a server killed under them, again and again.
PROGRAM = """
import json, os, signal, sys, threading, time
import django
from hub import places
from hub.postgres import Embedded

server = Embedded(places.home() / "postgres")
with server.running():
    django.setup()
    from django.db import Error, connection, transaction
    from hub import owning
    from hub.access import chain
    from hub.access.actions import record
    from hub.access.models import AccessRecord

    owning.prepare_database()
    connection.close()
    written, ended, stop = [], [], threading.Event()

    def work(deed):
        while not stop.is_set():
            try:
                deed()
            except Error:
                connection.close()
                time.sleep(0.02)
        connection.close()
        ended.append(1)

    def write():
        with transaction.atomic():
            made = record(None, "test.mark", household=1)
        written.append(str(made.mark))

    def seal():
        chain.seal()
        time.sleep(0.02)

    threads = [threading.Thread(target=work, args=(deed,)) for deed in (write, write, write, write, seal)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(1)
        os.kill(server.process_id(), signal.SIGKILL)
        server.start()
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join()
    chain.seal()
    verdict = chain.verify()
    there = set(map(str, AccessRecord.objects.values_list("mark", flat=True)))
    print(json.dumps({
        "whole": verdict.whole, "wrong": str(verdict.wrong), "sealed": verdict.sealed, "heads": verdict.heads_outside,
        "written": len(written), "lost": len(set(written) - there), "threads": len(ended),
    }))
    connection.close()
"""


def test_a_server_killed_while_records_are_written_and_sealed_leaves_a_whole_chain(hub_home):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ
        | {
            "HUB_HOME": str(hub_home),
            "HUB_PLAIN_HTTP": "1",
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "PYTHONPATH": f"{places.PROJECT}:{places.PROJECT / 'src'}",
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["whole"], found
    assert found["lost"] == 0, found
    assert found["threads"] == 5
    assert found["written"] > 50
    assert found["heads"] > 3

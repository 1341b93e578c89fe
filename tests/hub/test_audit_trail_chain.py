"""The chain of the audit trail: whatever is altered, taken out, moved, copied, cut off or made anew is found (T1, T6)."""

import random
import threading
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from hub.access import chain, heads
from hub.access.actions import record
from hub.access.models import AccessRecord, Checkpoint, Head
from tests.hub.owner import owning

pytestmark = [pytest.mark.usefixtures("by_the_owner"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def outside(tmp_path):
    """Where heads go in these tests."""
    folder = tmp_path / "outside"
    folder.mkdir()
    with override_settings(AUDIT_HEADS=folder, AUDIT_HEADS_NAMED=True):
        yield folder


def write(number, start=0):
    for i in range(start, start + number):
        record(None, "test.mark", ("people.household", str(1000 + i)), "a purpose", household=1000 + i)


@pytest.fixture
def bypassing():
    """A cursor of somebody who owns the tables: no trigger, no constraint stands in the way."""
    with owning(triggers=False) as cursor:
        cursor.execute("ALTER TABLE access_accessrecord DROP CONSTRAINT access_accessrecord_mark_key")
        cursor.execute("DROP INDEX one_record_at_a_position")
        yield cursor


def test_records_are_sealed_in_order_and_verify():
    write(5)
    assert chain.verify().unsealed == 5
    assert chain.seal() == 5
    verdict = chain.verify()
    assert verdict.whole
    assert (verdict.sealed, verdict.unsealed, verdict.position, verdict.heads_outside) == (5, 0, 5, 1)
    assert list(AccessRecord.objects.order_by("position").values_list("position", flat=True)) == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_sealing_twice_changes_nothing_and_going_on_continues_the_chain():
    write(3)
    chain.seal()
    before = Head.objects.get()
    assert chain.seal() == 0
    write(2, start=3)
    assert chain.seal() == 2
    assert list(Head.objects.order_by("position").values_list("position", flat=True)) == [before.position, 5]
    assert chain.verify().whole


def test_a_record_is_whole_in_every_part_its_mac_speaks_for(coordinator, household):
    record(coordinator, "test.mark", household, "목적 — “인용”", listed=[7, 3, 3], subjects=9, person=10011)
    record(None, "test.mark", origin="2001:db8::1")
    chain.seal()
    assert chain.verify().whole
    assert AccessRecord.objects.filter(listed=[3, 7]).count() == 1


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "actor_id = NULL",
        "roles = 'nurse'",
        "session = 'another'",
        "origin = '10.0.0.1'",
        "verb = 'test.other'",
        "object_kind = 'other'",
        "object_id = '9'",
        "household = 9",
        "person = 9",
        "listed = '{9}'",
        "subjects = 9",
        "purpose = 'another'",
        "mark = gen_random_uuid()",
    ],
)
@pytest.mark.parametrize("sealed", [False, True], ids=["unsealed", "sealed"])
def test_no_part_of_a_record_can_be_altered(coordinator, bypassing, change, sealed):
    record(coordinator, "test.mark", ("kind", "1"), "purpose", household=1, person=2, listed=[3])
    if sealed:
        chain.seal()
    assert chain.verify().whole
    bypassing.execute(f"UPDATE access_accessrecord SET {change} WHERE verb = 'test.mark'")  # noqa: S608
    verdict = chain.verify()
    assert verdict.wrong is not None
    assert verdict.wrong.what == ("altered" if sealed else "unsealed")
    assert verdict.wrong.record == AccessRecord.objects.latest("pk").pk


# -- T1: two hundred tamperings by the owner of the database ---------------------------------------------------

TAMPERINGS = ("edit", "delete", "swap", "cut", "recompute", "copy", "forge", "whole tail anew")


def tamper(cursor, how, draw, records):
    """One tampering as somebody without the key would do it, and the position from which it must be seen."""
    at = draw.randrange(2, records - 1)
    if how == "edit":
        column, value = draw.choice([("purpose", "'x'"), ("household", "9"), ("verb", "'a.b'")])
        cursor.execute(f"UPDATE access_accessrecord SET {column} = {value} WHERE position = %s", [at])  # noqa: S608
    elif how == "delete":
        cursor.execute("DELETE FROM access_accessrecord WHERE position = %s", [at])
    elif how == "swap":
        cursor.execute(
            "UPDATE access_accessrecord SET position = %s - position WHERE position IN (%s, %s)",
            [2 * at + 1, at, at + 1],
        )
    elif how == "cut":
        cursor.execute("DELETE FROM access_accessrecord WHERE position >= %s", [at])
        cursor.execute("DELETE FROM access_head WHERE position >= %s", [at])
    elif how == "recompute":
        # Takes one out, moves all behind it up and links them anew, with what is at hand: no key.
        cursor.execute("DELETE FROM access_accessrecord WHERE position = %s", [at])
        cursor.execute(
            "UPDATE access_accessrecord SET position = position - 1, link = sha256(link || mac) WHERE position > %s",
            [at],
        )
        cursor.execute("UPDATE access_head SET position = position - 1 WHERE position > %s", [at])
    elif how == "copy":
        cursor.execute(
            "INSERT INTO access_accessrecord (mark, at, actor_id, roles, session, origin, verb, object_kind, object_id,"
            " household, person, listed, subjects, purpose, mac) SELECT mark, at, actor_id, roles, session, origin,"
            " verb, object_kind, object_id, household, person, listed, subjects, purpose, mac"
            " FROM access_accessrecord WHERE position = %s",
            [at],
        )
        return None
    elif how == "forge":
        cursor.execute(
            "INSERT INTO access_accessrecord (mark, at, actor_id, roles, session, origin, verb, object_kind, object_id,"
            " household, person, listed, subjects, purpose, mac) SELECT gen_random_uuid(), at, actor_id, roles, session,"
            " origin, verb, object_kind, object_id, 9, person, listed, subjects, purpose, mac"
            " FROM access_accessrecord WHERE position = %s",
            [at],
        )
        return None
    else:
        # The end is cut off, and the hub itself, innocent, seals other records in its place.
        cursor.execute("DELETE FROM access_accessrecord WHERE position >= %s", [at])
        cursor.execute("DELETE FROM access_head WHERE position >= %s", [at])
        write(records, start=5000)
        chain.seal()
        return None
    return at


def test_two_hundred_tamperings_of_two_hundred_are_found(bypassing, monkeypatch):
    monkeypatch.setattr(chain, "BATCH", 10)
    records = 60
    write(records)
    chain.seal()
    assert chain.verify().whole
    draw = random.Random(1)
    found = exact = 0
    for case in range(200):
        undo = transaction.savepoint_create()
        kept = {path: path.read_bytes() for path in heads.folder().iterdir()}
        at = tamper(bypassing, TAMPERINGS[case % len(TAMPERINGS)], draw, records)
        wrong = chain.verify().wrong
        found += wrong is not None
        exact += at is not None and wrong is not None and wrong.position == at
        transaction.savepoint_rollback(undo)
        for path, content in kept.items():
            path.write_bytes(content)
    assert found == 200
    assert exact == 125  # every case whose first wrong place is known is named by its position
    assert chain.verify().whole


def test_a_tail_cut_off_with_its_heads_is_seen_only_through_the_heads_outside(bypassing, outside, tmp_path):
    write(10)
    chain.seal()
    write(10, start=10)
    chain.seal()
    bypassing.execute("DELETE FROM access_accessrecord WHERE position > 10")
    bypassing.execute("DELETE FROM access_head WHERE position > 10")
    wrong = chain.verify().wrong
    assert wrong is not None
    assert (wrong.what, wrong.position) == ("cut", 11)
    (tmp_path / "nothing").mkdir()
    with override_settings(AUDIT_HEADS=tmp_path / "nothing"):
        assert chain.verify().whole  # which is why heads must leave


def test_a_head_in_the_database_cannot_be_made_up(bypassing):
    write(4)
    chain.seal()
    bypassing.execute("UPDATE access_head SET at = at - interval '1 day'")
    assert chain.verify().wrong == chain.Wrong("head", 4)
    with pytest.raises(chain.WrongKey):
        chain.seal()


# -- heads outside ---------------------------------------------------------------------------------------------


def test_heads_really_leave_for_another_disk():
    shelf = Path("/dev/shm")
    if not shelf.is_dir() or shelf.stat().st_dev == chain.places.home().stat().st_dev:
        pytest.skip("no second file system on this machine")
    with TemporaryDirectory(dir=shelf) as away, override_settings(AUDIT_HEADS=away):
        write(3)
        chain.seal()
        (file,) = Path(away).glob("heads-*.jsonl")
        assert Head.objects.get().link.hex() in file.read_text()
        assert oct(file.stat().st_mode)[-3:] == "600"
        standing = heads.standing()
        assert (standing.elsewhere, standing.behind) == (True, 0)


def test_a_folder_on_the_hubs_own_disk_does_not_count_as_outside():
    with TemporaryDirectory(dir=chain.places.home()) as here, override_settings(AUDIT_HEADS=here):
        write(1)
        chain.seal()
        assert heads.standing().elsewhere is False
        assert heads.standing().behind == 0


def test_a_mount_that_is_away_is_told_and_made_up_for_later(tmp_path):
    away = tmp_path / "away"
    write(2)
    with override_settings(AUDIT_HEADS=away):
        with pytest.raises(OSError, match="away"):
            chain.seal()
        assert not away.exists()  # nothing is written under a mount point
        assert (heads.standing().reachable, heads.standing().behind) == (False, 1)
        away.mkdir()
        chain.seal()
        assert (heads.standing().reachable, heads.standing().behind) == (True, 0)
    assert AccessRecord.objects.filter(position=None).count() == 0


def test_a_line_cut_off_in_writing_is_sent_again(outside):
    write(2)
    chain.seal()
    (file,) = outside.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    write(2)
    chain.seal()
    assert [head.position for head in heads.outside()] == [2, 4]
    assert chain.verify().whole


def test_a_head_outside_that_is_not_ours_is_told(outside):
    write(2)
    chain.seal()
    (file,) = outside.iterdir()
    file.write_text(file.read_text().replace('"position": 2', '"position": 1'))
    assert chain.verify().wrong == chain.Wrong("outside", 1)


# -- the key ---------------------------------------------------------------------------------------------------


def test_the_key_is_closed_to_others_and_not_in_the_database():
    chain.key()
    path = chain.places.HOME / "audit-key"
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert len(chain.key()) == 32


def test_another_key_seals_nothing_and_verifies_nothing(monkeypatch):
    write(2)
    chain.seal()
    monkeypatch.setattr(chain, "key", lambda: b"another key, as after a bad restore")
    with pytest.raises(chain.WrongKey, match="audit-key"):
        chain.seal()
    assert not chain.verify().whole


# -- many at once, and crashes ---------------------------------------------------------------------------------


def in_threads(number, work):
    failures = []

    def run(i):
        try:
            work(i)
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_and_two_sealers_make_one_whole_chain():
    def work(i):
        for k in range(20):
            if i < 14:
                with transaction.atomic():
                    write(1, start=100 * i + k)
            else:
                chain.seal()

    in_threads(16, work)
    chain.seal()
    verdict = chain.verify()
    assert verdict.whole
    assert (verdict.sealed, verdict.position) == (280, 280)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_sealed_later_and_holds_nobody_up():
    late, done = threading.Event(), threading.Event()

    def work(i):
        if i == 0:
            with transaction.atomic():
                write(1, start=1)
                late.set()
                assert done.wait(10)
        else:
            assert late.wait(10)
            with transaction.atomic():
                write(1, start=2)
            assert chain.seal() == 1  # without waiting for the one under way
            done.set()

    in_threads(2, work)
    assert chain.seal() == 1
    assert list(AccessRecord.objects.order_by("position").values_list("household", flat=True)) == [1002, 1001]
    assert chain.verify().whole


@pytest.mark.django_db(transaction=True)
def test_numbers_of_undone_transactions_are_counted():
    write(1)
    with pytest.raises(RuntimeError), transaction.atomic():
        write(3)
        raise RuntimeError
    write(1)
    chain.seal()
    verdict = chain.verify()
    assert (verdict.whole, verdict.sealed, verdict.unused) == (True, 2, 3)


def test_a_sealer_that_dies_in_between_leaves_the_chain_whole(monkeypatch):
    write(3)

    def die(*arguments, **named):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Head.objects, "create", die)
        with pytest.raises(KeyboardInterrupt):
            chain.seal()
    assert chain.verify().unsealed == 3
    with monkeypatch.context() as patched:
        patched.setattr(heads, "send", die)
        with pytest.raises(KeyboardInterrupt):
            chain.seal()
    assert chain.verify().whole
    chain.seal()
    assert chain.verify().heads_outside == 1


# -- the database's own guard ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE access_accessrecord SET position = 99, link = 'x'",
        "UPDATE access_accessrecord SET link = 'x'",
        "UPDATE access_head SET at = now()",
        "DELETE FROM access_head",
        "TRUNCATE access_head",
    ],
)
def test_what_is_sealed_stays_and_heads_stay(tampering):
    write(1)
    chain.seal()
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(tampering)


def test_the_way_of_the_sealer_lets_nothing_else_through():
    write(1)
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE access_accessrecord SET position = 1, link = 'x', purpose = 'another'")


# -- forgetting ------------------------------------------------------------------------------------------------


def backdate(days):
    """Records of long ago, as if the clock had stood there."""
    made = timezone.now() - timedelta(days=days)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hub.access.trail.timezone.now", lambda: made)
        write(4)
    chain.seal()


def long_ago(days):
    return timezone.localdate() - timedelta(days=days)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_is_older_than_the_law_asks_can_be_forgotten_and_the_rest_verifies():
    backdate(900)
    backdate(30)
    with owning():
        point = chain.forget_before(long_ago(800))
        assert chain.forget_before(long_ago(800)) is None
    assert point is not None
    assert (point.position, AccessRecord.objects.count()) == (4, 4)
    write(2)
    chain.seal()
    verdict = chain.verify()
    assert verdict.wrong is None
    assert (verdict.whole, verdict.sealed, verdict.forgotten, verdict.position) == (True, 6, 4, 10)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("days", [0, 1, 365, 729])
def test_nothing_of_the_last_two_years_is_forgotten(days):
    backdate(700)
    with pytest.raises(ValueError, match="2 years"):
        chain.forget_before(long_ago(days))
    assert AccessRecord.objects.count() == 4


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_checkpoint_that_is_not_ours_hides_nothing(bypassing):
    write(4)
    chain.seal()
    write(4)
    chain.seal()
    bypassing.execute("DELETE FROM access_accessrecord WHERE position <= 4")
    assert chain.verify().wrong == chain.Wrong("missing", 1)
    link = Head.objects.get(position=4).link
    Checkpoint.objects.create(
        position=4, link=link, at=timezone.now(), before=date(2020, 1, 1), signature=b"x"
    )
    assert chain.verify().wrong == chain.Wrong("checkpoint", 4)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_forgetting_passes_no_record_that_is_not_before_the_day():
    backdate(900)
    backdate(740)
    with owning():
        chain.forget_before(long_ago(800))
    assert AccessRecord.objects.count() == 4

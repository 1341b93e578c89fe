"""Backup and restore: sealed, complete, of one moment; damage is found before anything is touched."""

import io
import json
import os
import subprocess
import sys

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import make_conninfo

from hub import places
from hub.backup import BackupProblem, inventory
from hub.backup import commands as at_the_terminal
from hub.backup.access import FullAccess
from hub.backup.making import ENDING, Manifest, forget_older_than, key_files, make, public_key
from hub.backup.restoring import compare, examine, restore
from hub.backup.sealed import PIECE, Damaged, PublicKey, RecoveryKey, Sealing, Unsealing, WrongKey
from hub.people.actions import record_facts
from hub.people.models import Household
from hub.people.sources import Source
from hub.postgres import Embedded
from tests.hub.conftest import CHUNGHYEON

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL")), reason="needs the superuser of the embedded server"
)
KEY = RecoveryKey.new()
SECRET = "an invented secret of this installation"


def silent(text):
    """Nobody listens."""


# The seal ---------------------------------------------------------------------------------------------------


def sealed(contents, key=KEY):
    file = io.BytesIO()
    sealing = Sealing(file, key.public)
    for start in range(0, len(contents), 300_000):
        sealing.write(contents[start : start + 300_000])
    sealing.finish()
    return file.getvalue()


def opened(data, key=KEY):
    with Unsealing(io.BytesIO(data), key) as unsealed:
        return unsealed.read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_is_read_again_at_every_length(size):
    contents = os.urandom(size)
    assert opened(sealed(contents)) == contents


@given(st.data())
def test_no_bit_can_be_changed_unnoticed(data):
    whole = SEALED
    at = data.draw(st.integers(0, len(whole) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Damaged, WrongKey)):
        opened(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])


@given(st.data())
def test_no_end_can_be_cut_off_unnoticed(data):
    with pytest.raises((Damaged, WrongKey)):
        opened(SEALED[: data.draw(st.integers(0, len(SEALED) - 1))])


def test_pieces_cannot_be_exchanged_repeated_or_left_out():
    piece = PIECE + 16
    whole = sealed(os.urandom(3 * PIECE))
    start = len(whole) - 3 * piece
    head, one, two, three = whole[:start], *(whole[start + i * piece :][:piece] for i in range(3))
    assert len(opened(head + one + two + three)) == 3 * PIECE
    for wrong in (
        one + three,
        two + one + three,
        one + one + two + three,
        one + two,
        one + two + three + three,
    ):
        with pytest.raises(Damaged):
            opened(head + wrong)


SEALED = sealed(b"what nobody else may read" * 3)


def test_another_key_opens_nothing():
    with pytest.raises(WrongKey, match="does not open"):
        opened(SEALED, RecoveryKey.new())


def test_a_key_is_read_however_it_was_copied_from_paper():
    text = str(KEY)
    assert [len(group) for group in text.split("-")] == [4] * 14
    again = RecoveryKey.read(f"  {text.lower().replace('-', ' ')}\n")
    assert opened(SEALED, again) == opened(SEALED)
    assert str(PublicKey.read(str(KEY.public))) == str(KEY.public)


@pytest.mark.parametrize(
    "wrong",
    ["", "가나다", str(KEY)[:-2], str(KEY) + "A", str(KEY.public)],
    ids=["nothing", "words", "too short", "too long", "the other half"],
)
def test_a_slip_of_the_pen_or_the_other_half_is_no_key(wrong):
    with pytest.raises(BackupProblem, match="14 groups"):
        RecoveryKey.read(wrong)


def test_one_wrong_letter_is_noticed():
    text = str(KEY)
    for at in range(0, len(text), 7):
        other = "A" if text[at] != "A" else "B"
        if text[at] != "-":
            with pytest.raises(BackupProblem, match="14 groups"):
                RecoveryKey.read(text[:at] + other + text[at + 1 :])


def test_a_key_is_not_shown_by_a_traceback():
    assert str(KEY) not in repr(KEY)


# Backup and restore -----------------------------------------------------------------------------------------


@pytest.fixture
def source(transactional_db):
    """Full access to the database of the test run."""
    return way_into(connection.settings_dict["NAME"])


def way_into(database):
    server = Embedded(places.home() / "postgres", durable=False)
    way = server.superuser(database)
    conninfo = make_conninfo(host=way.host, user=way.user, password=way.password, dbname=database)
    return FullAccess(conninfo, server.programs(), ours=True)


@pytest.fixture
def empty(django_db_setup):
    """Full access to an empty database on the same server."""
    name = f"test_hub_{os.getpid()}0"
    with way_into("postgres").connect() as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER hub TEMPLATE template0").format(sql.Identifier(name)))
        yield way_into(name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def home(tmp_path):
    """The home of a hub, with its key files and with what is derived."""
    home = tmp_path / "home"
    for name, contents in {
        "secret-key": SECRET,
        "backup-key": str(KEY.public),
        "uploads/1.csv": "a file of a later version",
        "snapshots/1/manifest.json": "{}",
        "runs/1/part": "derived",
        "postgres/hub.password": "of this machine",
        "backups/old": "an older backup",
        "drill-1/left": "by a drill that was killed",
        "start.lock": "",
    }.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents)
    return home


@pytest.fixture
def someone_known(source, coordinator, household, catalogue):
    """A household about whom something is recorded."""
    record_facts(household, {"rent": 300_000}, catalogue, by=coordinator, source=Source.INTERVIEW)
    return household


@pytest.fixture
def backup(source, someone_known, home, tmp_path):
    """A backup of all this."""
    path, _ = make(source, home, tmp_path / "store", KEY.public, tell=silent)
    return path


def is_empty(way):
    with way.connect() as connection:
        return not inventory.names_of_tables(connection)


def held(manifest, home, way):
    return [f"{found.what}: {wrong}" for found in compare(manifest, home, way) for wrong in found.wrong]


def test_what_was_backed_up_is_restored_row_by_row(backup, empty, tmp_path):
    new_home = tmp_path / "new"
    manifest = restore(backup, KEY, new_home, empty, tell=silent)
    assert held(manifest, new_home, empty) == []
    with empty.connect() as restored:
        assert restored.execute("SELECT values->>'rent' FROM people_factrecord").fetchall() == [("300000",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
            restored.execute("DELETE FROM access_accessrecord")
    assert (new_home / "secret-key").read_text() == SECRET
    assert (new_home / "secret-key").stat().st_mode & 0o777 == 0o600


def test_key_files_a_later_version_adds_are_kept_and_what_is_derived_is_not(home):
    assert set(key_files(home)) == {"secret-key", "backup-key", "uploads/1.csv"}


def test_a_backup_is_of_one_moment_however_much_is_written_meanwhile(
    source, someone_known, home, tmp_path, empty
):
    def writes_on(text):
        Household.objects.create(pk=9000 + Household.objects.count(), centre_id=CHUNGHYEON)

    path, manifest = make(source, home, tmp_path / "store", KEY.public, tell=writes_on)
    assert Household.objects.count() > 1
    assert manifest.inventory.tables["public.people_household"].rows == 1
    assert held(restore(path, KEY, tmp_path / "new", empty, tell=silent), tmp_path / "new", empty) == []


def test_the_file_tells_nothing_without_the_key(backup):
    whole = backup.read_bytes()
    assert backup.stat().st_mode & 0o777 == 0o600
    for word in ("가상하나", SECRET, "people_person", "PGDMP", "manifest"):
        assert word.encode() not in whole
    with pytest.raises(WrongKey):
        examine(backup, RecoveryKey.new())


def test_whoever_keeps_the_file_can_check_it_without_the_key(backup):
    checked = subprocess.run(
        ["sha256sum", "--check", backup.name + ".sha256"], cwd=backup.parent, check=False
    )
    assert checked.returncode == 0


def test_nobody_is_signed_in_after_a_restore(source, someone_known, home, tmp_path, empty):
    session = SessionStore()
    session["who"] = "somebody"
    session.save()
    path, _ = make(source, home, tmp_path / "store", KEY.public, tell=silent)
    restore(path, KEY, tmp_path / "new", empty, tell=silent)
    with empty.connect() as restored:
        assert restored.execute("SELECT count(*) FROM django_session").fetchone() == (0,)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.9999])
def test_a_damaged_byte_is_found_before_anything_is_touched(backup, empty, tmp_path, share):
    whole = bytearray(backup.read_bytes())
    whole[int(share * len(whole))] ^= 1
    backup.write_bytes(whole)
    with pytest.raises((Damaged, WrongKey)) as refused:
        restore(backup, KEY, tmp_path / "new", empty, tell=silent)
    assert str(backup) in str(refused.value)
    assert is_empty(empty)
    assert not (tmp_path / "new").exists()


def test_a_database_that_holds_anything_is_not_written_over(backup, empty, tmp_path):
    with empty.connect() as other:
        other.execute("CREATE TABLE somebodys (work int)")
    with pytest.raises(BackupProblem, match="already holds 1 tables"):
        restore(backup, KEY, tmp_path / "new", empty, tell=silent)
    assert not (tmp_path / "new").exists()


def test_the_key_of_another_hub_is_not_written_over(backup, empty, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "secret-key").write_text("of another hub")
    with pytest.raises(BackupProblem, match="belongs to another hub"):
        restore(backup, KEY, tmp_path / "new", empty, tell=silent)
    assert (tmp_path / "new" / "secret-key").read_text() == "of another hub"
    assert is_empty(empty)


def test_an_interrupted_restore_has_restored_nothing_and_can_be_started_again(backup, empty, tmp_path):
    def interrupted(text):
        if text.startswith("indexes"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(backup, KEY, tmp_path / "new", empty, tell=interrupted)
    assert is_empty(empty)
    manifest = restore(backup, KEY, tmp_path / "new", empty, tell=silent)
    assert held(manifest, tmp_path / "new", empty) == []


def test_an_interrupted_backup_leaves_no_file(source, home, tmp_path):
    def interrupted(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(source, home, tmp_path / "store", KEY.public, tell=interrupted)
    assert list((tmp_path / "store").iterdir()) == []


def test_a_role_that_sees_a_part_only_makes_no_backup(source, home, tmp_path):
    held_back = FullAccess(
        make_conninfo(
            **{k: connection.get_connection_params()[k] for k in ("host", "user", "password", "dbname")}
        ),
        source.programs,
        ours=False,
    )
    with pytest.raises(BackupProblem, match="row-level security"):
        make(held_back, home, tmp_path / "store", KEY.public, tell=silent)


def test_the_role_of_the_instructions_copies_rows_behind_row_level_security(
    source, someone_known, home, tmp_path, empty
):
    with source.connect() as owner:
        owner.execute("CREATE ROLE for_backups LOGIN BYPASSRLS PASSWORD 'an invented password'")
        try:
            owner.execute("GRANT pg_read_all_data TO for_backups")
            way = FullAccess(
                make_conninfo(source.conninfo, user="for_backups", password="an invented password"),
                source.programs,
                ours=False,
            )
            path, manifest = make(way, home, tmp_path / "store", KEY.public, tell=silent)
        finally:
            owner.execute("DROP ROLE for_backups")
    assert manifest.inventory.tables["public.people_person"].rows == 2
    restore(path, KEY, tmp_path / "new", empty, tell=silent)
    assert held(manifest, tmp_path / "new", empty) == []


def test_a_restore_says_which_roles_a_server_lacks(source, someone_known, home, tmp_path, empty):
    with source.connect() as owner:
        owner.execute("CREATE ROLE of_another_office NOLOGIN")
        try:
            owner.execute("GRANT SELECT ON people_person TO of_another_office")
            path, _ = make(source, home, tmp_path / "store", KEY.public, tell=silent)
        finally:
            owner.execute("DROP OWNED BY of_another_office")
            owner.execute("DROP ROLE of_another_office")
    theirs = FullAccess(empty.conninfo, empty.programs, ours=False)
    with pytest.raises(BackupProblem, match="lacks the roles of_another_office"):
        restore(path, KEY, tmp_path / "new", theirs, tell=silent)
    assert is_empty(empty)


def test_a_restored_hub_that_differs_is_told_where(backup, empty, tmp_path):
    manifest = restore(backup, KEY, tmp_path / "new", empty, tell=silent)
    deeds = {
        "UPDATE people_person SET name = name || '.' WHERE id = 10011": "person: 2 rows, but their contents",
        "DELETE FROM people_factrecord": "people_factrecord: 0 rows instead of 1",
        "CREATE TABLE one_more (n int)": "one_more: the table is one too many",
        "DROP TABLE screening_missed": "screening_missed: the table is missing",
        "ALTER TABLE access_accessrecord DISABLE TRIGGER trail_only_grows_rows": "triggers: ",
        "DROP INDEX person_terms": "indexes: ",
        "SELECT setval('people_factrecord_id_seq', 1, false)": "people_factrecord_id_seq: the sequence",
        "INSERT INTO access_accessrecord (mark, at, roles, session, origin, verb, object_kind, object_id, subjects, purpose,"
        " mac) VALUES (gen_random_uuid(), now(), '', '', '', 'test.added', '', '', 0, '', '')": "end of the audit trail",
    }
    with empty.connect() as restored:
        restored.execute("SELECT nextval('people_factrecord_id_seq')")  # ahead is no fault
        assert held(manifest, tmp_path / "new", empty) == []
        for deed in deeds:
            restored.execute(deed)
    (tmp_path / "new" / "secret-key").write_text("another")
    wrong = "\n".join(held(manifest, tmp_path / "new", empty))
    for told in (*deeds.values(), "secret-key is missing or differs"):
        assert told in wrong
    assert "가상" not in wrong


def test_two_exchanged_values_change_the_checksum_though_all_values_are_still_there(backup, empty, tmp_path):
    manifest = restore(backup, KEY, tmp_path / "new", empty, tell=silent)
    with empty.connect() as restored:
        restored.execute(
            "UPDATE people_person SET name = CASE id WHEN 10011 THEN '가상두리' ELSE '가상하나' END"
        )
    assert any("people_person" in sentence for sentence in held(manifest, tmp_path / "new", empty))


def test_a_backup_of_a_newer_hub_is_refused_in_words(source, someone_known, home, tmp_path):
    _, manifest = make(source, home, tmp_path / "store", KEY.public, tell=silent)
    assert Manifest.read(manifest.written()) == manifest
    newer = json.loads(manifest.written()) | {"format": 2}
    with pytest.raises(BackupProblem, match="format 2"):
        Manifest.read(json.dumps(newer).encode())


def test_old_backups_expire_and_the_newest_never_does(tmp_path):
    names = ["20200101T000000Z", "20200102T000000Z", "20990101T000000Z"]
    for name in names:
        (tmp_path / f"welfare-hub-{name}{ENDING}").touch()
        (tmp_path / f"welfare-hub-{name}{ENDING}.sha256").touch()
    newest = tmp_path / f"welfare-hub-{names[1]}{ENDING}"
    gone = forget_older_than(30, tmp_path, newest)
    assert [path.name for path in gone] == [f"welfare-hub-{names[0]}{ENDING}"]
    assert len(list(tmp_path.iterdir())) == 4


# At the terminal --------------------------------------------------------------------------------------------


def hub(*arguments, home, **more):
    environment = {**os.environ, "HUB_HOME": str(home), "DJANGO_SETTINGS_MODULE": "hub.settings"}
    return subprocess.run(
        [sys.executable, "-m", "hub.command", *arguments],
        env=environment | more,
        cwd=places.PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_recovery_key_a_backup_says_how_to_make_one(tmp_path):
    with pytest.raises(BackupProblem, match="hub backup --new-key"):
        public_key(tmp_path)


def test_a_server_without_a_role_that_sees_everything_is_told_apart(tmp_path):
    told = hub("backup", "--new-key", home=tmp_path, DATABASE_URL="postgresql://hub@localhost/hub")
    assert told.returncode == 1
    assert "HUB_BACKUP_URL" in told.stderr


def test_a_key_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BackupProblem, match="cannot be read"):
        at_the_terminal.recovery_key(tmp_path / "no-key")


def test_backup_restore_and_drill_are_one_command_each(hub_home, transactional_db):
    """The whole way, with servers and processes of its own: what a person types in the worst hour."""
    first, second = hub_home / "first", hub_home / "second"
    for home in (first, second):
        home.mkdir(mode=0o711)
    assert hub("manage", "migrate", "--verbosity=0", home=first).returncode == 0

    refused = hub("backup", home=first)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--new-key" in refused.stderr

    made = hub("backup", "--new-key", "--to", str(hub_home / "store"), home=first)
    assert made.returncode == 0, made.stderr
    groups = [line.strip() for line in made.stdout.splitlines() if line.strip().count("-") == 6]
    (hub_home / "paper").write_text("\n".join(groups))
    (file,) = (hub_home / "store").glob(f"*{ENDING}")
    assert str(RecoveryKey.read("-".join(groups)).public) == (first / "backup-key").read_text().strip()

    drilled = hub("drill", home=first)
    assert drilled.returncode == 0, drilled.stdout + drilled.stderr
    assert "RTO" in drilled.stdout
    recorded = [json.loads(line) for line in (first / "drills.jsonl").read_text().splitlines()]
    assert [line["passed"] for line in recorded] == [True]
    assert not list(first.glob("drill-*"))

    restored = hub("restore", str(file), "--key-file", str(hub_home / "paper"), home=second)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert (second / "secret-key").read_bytes() == (first / "secret-key").read_bytes()

    again = hub("restore", str(file), "--key-file", str(hub_home / "paper"), home=second)
    assert again.returncode == 1
    assert "never writes over anything" in again.stderr

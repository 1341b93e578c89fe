"""The key ring, what it makes, and changing keys while others read and write."""

import json
import os
import secrets
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from hub import places, walls
from hub.access.models import AccessRecord
from hub.keys import columns, ring, rotation
from hub.keys.ring import KeyProblem, State, UnknownKey, Use
from hub.people.identity.models import IdentityNumber, LegalGround
from hub.people.models import Person
from hub.people.sources import Source

PURPOSE, PLACE = "test.number", "table.column.1"
SECRET = b"993231-7654321"


@pytest.fixture(autouse=True)
def own_keys(monkeypatch, tmp_path) -> Path:
    """A key file of this test's own."""
    path = tmp_path / "keys.json"
    monkeypatch.setattr(places, "KEYS", path)
    monkeypatch.setattr(ring, "_held", None)
    ring.begin()
    return path


# -- what keys make --------------------------------------------------------------------------------------------


def test_what_is_encrypted_is_read_again_and_looks_like_nothing():
    stored = ring.ring().encrypt(PURPOSE, SECRET, PLACE)
    assert ring.ring().decrypt(PURPOSE, stored, PLACE) == SECRET
    assert SECRET not in stored
    assert len(stored) == ring.HEAD + ring.NONCE + len(SECRET) + ring.TAG
    assert stored != ring.ring().encrypt(PURPOSE, SECRET, PLACE), "a nonce is never used twice"


@pytest.mark.parametrize("at", range(ring.HEAD + ring.NONCE + len(SECRET) + ring.TAG))
def test_a_value_with_any_bit_changed_is_refused(at):
    stored = bytearray(ring.ring().encrypt(PURPOSE, SECRET, PLACE))
    stored[at] ^= 1
    with pytest.raises(KeyProblem):
        ring.ring().decrypt(PURPOSE, bytes(stored), PLACE)


@pytest.mark.parametrize(("purpose", "place"), [("test.other", PLACE), (PURPOSE, "table.column.2")])
def test_a_value_opens_for_its_own_purpose_and_record_only(purpose, place):
    stored = ring.ring().encrypt(PURPOSE, SECRET, PLACE)
    with pytest.raises(KeyProblem, match="altered or belongs to another record"):
        ring.ring().decrypt(purpose, stored, place)


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x02" * 40, b"993231-7654321"])
def test_bytes_that_are_no_value_of_ours_are_said_so(stored):
    with pytest.raises(KeyProblem, match="no encrypted value"):
        ring.ring().decrypt(PURPOSE, stored, PLACE)


def test_a_blind_index_is_the_same_for_the_same_value_and_purpose_only():
    index = ring.ring().blind_index
    assert index(PURPOSE, SECRET) == index(PURPOSE, SECRET)
    assert len({index(PURPOSE, SECRET), index("test.other", SECRET), index(PURPOSE, SECRET + b"1")}) == 3
    assert SECRET not in index(PURPOSE, SECRET)


def test_the_layout_is_what_the_documentation_says():
    """Read back with the library alone, without our own code."""
    from base64 import b64decode

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    stored = ring.ring().encrypt(PURPOSE, SECRET, PLACE)
    [line] = [key for key in json.loads(places.KEYS.read_text())["keys"] if key["use"] == "encrypt"]
    key = HKDF(SHA256(), 32, salt=None, info=b"welfare-hub/1/test.number").derive(b64decode(line["secret"]))
    head, nonce, body = stored[:5], stored[5:17], stored[17:]
    assert head == b"\x01" + bytes.fromhex(line["id"])
    bound = b"\0".join((head, b"test.number", b"table.column.1"))
    assert AESGCM(key).decrypt(nonce, body, bound) == SECRET


# -- the file --------------------------------------------------------------------------------------------------


def test_the_key_file_is_closed_to_others_and_begun_once(own_keys):
    assert stat.S_IMODE(own_keys.stat().st_mode) == 0o600
    before = own_keys.read_bytes()
    assert not ring.begin()
    assert own_keys.read_bytes() == before
    assert [(key.use, key.state) for key in ring.ring().keys] == [
        (Use.ENCRYPT, State.ACTIVE),
        (Use.INDEX, State.ACTIVE),
    ]


def test_a_file_open_to_others_is_refused_with_what_to_type(own_keys):
    own_keys.chmod(0o644)
    ring._held = None
    with pytest.raises(KeyProblem, match=f"chmod 600 {own_keys}"):
        ring.ring()


def test_a_missing_file_is_never_replaced_by_a_new_one_on_the_way(own_keys):
    own_keys.unlink()
    with pytest.raises(KeyProblem, match="Put it back from its backup"):
        ring.ring()
    assert not own_keys.exists()


def test_a_damaged_file_is_noticed_when_it_is_read(own_keys):
    lines = json.loads(own_keys.read_text())
    letter = lines["keys"][0]["secret"][0]
    lines["keys"][0]["secret"] = ("A" if letter != "A" else "B") + lines["keys"][0]["secret"][1:]
    for text in (json.dumps(lines), "", "{}", "[]", own_keys.read_text()[:-40]):
        own_keys.write_text(text)
        ring._held = None
        with pytest.raises(KeyProblem, match="damaged"):
            ring.ring()


def test_nothing_that_python_shows_of_keys_holds_a_secret(own_keys):
    secrets_ = [line["secret"] for line in json.loads(own_keys.read_text())["keys"]]
    shown = repr(ring.ring()) + repr(ring.ring().keys) + str(ring.ring().keys[0])
    for secret in secrets_:
        assert secret not in shown
    for key in ring.ring().keys:
        assert repr(key.secret) not in shown
        assert repr(key.id) in shown


def test_a_ring_is_read_once_and_again_when_the_file_changed(monkeypatch):
    read = []
    real = ring._read
    monkeypatch.setattr(ring, "_read", lambda path: (read.append(path), real(path))[1])
    first = ring.ring()
    assert ring.ring() is first
    before = len(read)
    made = ring.add(Use.ENCRYPT)
    assert ring.ring().active(Use.ENCRYPT) == made
    assert len(read) == before + 1


FOLLOWER = """
import sys
from hub.keys.ring import ring, Use
for line in sys.stdin: print(ring().active(Use.ENCRYPT).name, flush=True)
"""


def test_another_process_uses_the_new_key_without_a_restart(own_keys):
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            FOLLOWER,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HUB_KEYS": str(own_keys), "PYTHONPATH": str(places.PROJECT / "src")},
    )
    with child:
        assert child.stdin
        assert child.stdout
        seen = []
        for _ in range(3):
            child.stdin.write("\n")
            child.stdin.flush()
            seen.append(child.stdout.readline().strip())
            assert seen[-1] == ring.ring().active(Use.ENCRYPT).name
            ring.add(Use.ENCRYPT)
        child.stdin.close()
    assert len(set(seen)) == 3


def test_changes_at_the_same_time_lose_no_key():
    threads = [threading.Thread(target=ring.add, args=(use,)) for use in Use for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ring.ring().keys) == 12
    assert {use: len(ring.ring().living(use)) for use in Use} == {Use.ENCRYPT: 6, Use.INDEX: 6}


def test_an_old_key_reads_and_a_retired_one_is_told_by_name():
    stored = ring.ring().encrypt(PURPOSE, SECRET, PLACE)
    old = ring.ring().active(Use.ENCRYPT)
    ring.add(Use.ENCRYPT)
    assert ring.ring().decrypt(PURPOSE, stored, PLACE) == SECRET
    ring.destroy(old.id)
    with pytest.raises(UnknownKey, match=f"{old.name}, which was retired on 2"):
        ring.ring().decrypt(PURPOSE, stored, PLACE)
    assert "secret" not in next(
        line for line in json.loads(places.KEYS.read_text())["keys"] if line["id"] == old.name
    )


# -- rotation --------------------------------------------------------------------------------------------------


def keep(person: Person, text: str) -> IdentityNumber:
    """A number put into the table as the action does, without its gates."""
    with transaction.atomic():
        kept = IdentityNumber(
            person=person,
            kind="resident",
            masked=text[:6],
            invented=True,
            ground=LegalGround.APPLICATION,
            source=Source.INVENTED,
            collected_on="2026-01-02",
        )
        columns.encrypt(kept, "encrypted", text.encode())
        kept.save(force_insert=True)
    return kept


def plain(kept: IdentityNumber) -> str:
    with transaction.atomic():
        return columns.decrypt(kept, "encrypted").decode()


def number(of: int) -> str:
    return f"9932317{of:06d}"


@pytest.fixture
def person(household) -> Person:
    return household.members.first()


def test_keys_are_used_inside_a_transaction_only(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        columns.hold()


def test_a_record_without_primary_key_gets_no_value(db):
    with pytest.raises(ValueError, match="primary key"):
        columns.encrypt(IdentityNumber(pk=None), "encrypted", SECRET)


@pytest.mark.parametrize("use", Use)
def test_a_rotation_moves_every_value_and_the_old_key_can_go(person, use):
    numbers = [keep(person, number(of)) for of in range(25)]
    old = ring.ring().active(use)
    with pytest.raises(KeyProblem, match="is active"):
        rotation.retire(old.name)
    made = rotation.rotate(use)
    with pytest.raises(KeyProblem, match="still needed: 25 in people.identitynumber"):
        rotation.retire(old.name)
    assert rotation.move_on(batch=10) == 25
    assert rotation.retire(old.name).state is State.RETIRED
    with pytest.raises(KeyProblem, match="retired already"):
        rotation.retire(old.name)
    for of, kept in enumerate(numbers):
        kept.refresh_from_db()
        field = kept.encrypted if use is Use.ENCRYPT else kept.blind_index
        assert ring.key_of(bytes(field)) == made.id
        assert plain(kept) == number(of)
        assert (
            IdentityNumber.objects.get(columns.holding(IdentityNumber, "encrypted", number(of).encode())).pk
            == kept.pk
        )
    assert [record.verb for record in AccessRecord.objects.order_by("pk")] == [
        "keys.rotated",
        "keys.moving",
        "keys.moved",
        "keys.retired",
    ]


def test_moving_what_has_moved_changes_nothing(person):
    kept = keep(person, number(1))
    rotation.rotate(Use.ENCRYPT)
    assert rotation.move_on() == 1
    kept.refresh_from_db()
    before = bytes(kept.encrypted)
    assert rotation.move_on() == 0
    kept.refresh_from_db()
    assert bytes(kept.encrypted) == before


def test_a_record_fetched_before_its_key_went_is_still_read(person):
    kept = keep(person, number(7))
    fetched = IdentityNumber.objects.get(pk=kept.pk)
    old = ring.ring().active(Use.ENCRYPT)
    rotation.rotate(Use.ENCRYPT)
    rotation.move_on()
    rotation.retire(old.name)
    assert plain(fetched) == number(7)


def test_a_value_moved_to_another_record_in_the_database_is_not_read(person):
    mine, theirs = keep(person, number(1)), keep(person, number(2))
    IdentityNumber.objects.filter(pk=mine.pk).update(encrypted=theirs.encrypted)
    with pytest.raises(KeyProblem, match="altered or belongs to another record"):
        plain(IdentityNumber.objects.get(pk=mine.pk))


def test_one_unreadable_record_stops_nobody_elses_move_and_is_named(person):
    numbers = [keep(person, number(of)) for of in range(5)]
    IdentityNumber.objects.filter(pk=numbers[2].pk).update(encrypted=numbers[1].encrypted)
    old = ring.ring().active(Use.ENCRYPT)
    rotation.rotate(Use.ENCRYPT)
    with pytest.raises(KeyProblem, match=f"4 records were moved. 1 cannot be read.*{numbers[2].pk}"):
        rotation.move_on()
    with pytest.raises(KeyProblem, match="still needed: 1 in"):
        rotation.retire(old.name)


def test_a_hub_is_not_served_with_keys_of_another_one(person, own_keys):
    kept = keep(person, number(1))
    rotation.begin()
    own_keys.unlink()
    with pytest.raises(KeyProblem, match="is missing"):
        rotation.begin()
    assert not own_keys.exists(), "what exists cannot be read with new keys"
    ring.begin()
    with pytest.raises(KeyProblem, match="lacks keys that this database needs"):
        rotation.begin()
    assert ring.key_of(bytes(kept.encrypted)).hex() in rotation.missing()


def test_an_empty_hub_begins_with_new_keys(db, own_keys):
    own_keys.unlink()
    rotation.begin()
    assert own_keys.exists()


@pytest.mark.django_db(transaction=True)
def test_a_key_is_not_retired_while_a_transaction_may_still_use_it(household):
    person = household.members.first()
    old = ring.ring().active(Use.ENCRYPT)
    holding, finish = threading.Event(), threading.Event()

    def write_slowly() -> None:
        try:
            with walls.everywhere(), transaction.atomic():
                keep(person, number(3))  # under the key that is active now
                holding.set()
                finish.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert holding.wait(20)
    threading.Timer(1.5, finish.set).start()
    rotation.rotate(Use.ENCRYPT)  # waits for the writer
    assert finish.is_set()
    writer.join()
    with pytest.raises(KeyProblem, match="still needed: 1 in"):
        rotation.retire(old.name)
    assert plain(IdentityNumber.objects.get()) == number(3)


@pytest.mark.django_db(transaction=True)
def test_keys_change_under_load_and_nobody_notices(household):
    """Readers, searchers and writers work without a pause while both keys are changed twice, for 5,000 numbers."""
    person = household.members.first()
    bulk = IdentityNumber.objects.bulk_create(prepared(person, 5_000), batch_size=1_000)
    known = {kept.pk: number(of) for of, kept in enumerate(bulk)}
    numbers = list(known)
    faults: list[BaseException] = []
    counts = {"read": 0, "found": 0, "written": 0}
    longest = [0.0]
    done = threading.Event()

    def work(name: str, act) -> None:
        try:
            while not done.is_set():
                started = time.monotonic()
                with walls.everywhere():
                    act()
                longest[0] = max(longest[0], time.monotonic() - started)
                counts[name] += 1
        except BaseException as fault:  # noqa: BLE001  (whatever it is, it is a fault)
            faults.append(fault)
        finally:
            connection.close()

    def read() -> None:
        kept = IdentityNumber.objects.get(pk=secrets.choice(numbers))
        assert plain(kept) == known[kept.pk]

    def find() -> None:
        wanted = secrets.choice(numbers)
        with transaction.atomic():
            found = IdentityNumber.objects.filter(
                columns.holding(IdentityNumber, "encrypted", known[wanted].encode())
            )
            assert [one.pk for one in found] == [wanted]

    def write() -> None:
        text = f"9932318{secrets.randbelow(10**6):06d}"
        kept = keep(person, text)
        assert plain(kept) == text

    workers = [
        threading.Thread(target=work, args=(name, act))
        for name, act in (("read", read), ("read", read), ("found", find), ("written", write))
    ]
    for worker in workers:
        worker.start()
    try:
        for use in (Use.ENCRYPT, Use.INDEX, Use.ENCRYPT, Use.INDEX):
            old = ring.ring().active(use)
            rotation.rotate(use)
            rotation.move_on(batch=500)
            rotation.retire(old.name)
    finally:
        done.set()
        for worker in workers:
            worker.join()
    assert faults == []
    assert min(counts.values()) > 20, counts
    assert longest[0] < 2, "nobody is kept waiting"
    for kept in IdentityNumber.objects.filter(pk__in=known):
        assert plain(kept) == known[kept.pk]
    assert all(standing.values or standing.key.secret is None for standing in rotation.standings())


def prepared(person: Person, how_many: int) -> list[IdentityNumber]:
    """Numbers not yet saved, for a bulk insert."""
    made = []
    with transaction.atomic():
        for of in range(how_many):
            kept = IdentityNumber(
                person=person,
                kind="resident",
                masked="993231-7******",
                invented=True,
                ground=LegalGround.APPLICATION,
                source=Source.INVENTED,
                collected_on="2026-01-02",
            )
            columns.encrypt(kept, "encrypted", number(of).encode())
            made.append(kept)
    return made


@pytest.mark.django_db(transaction=True)
def test_a_move_that_is_killed_goes_on_where_it_stopped(household, monkeypatch):
    person = household.members.first()
    IdentityNumber.objects.bulk_create(prepared(person, 300))
    old = ring.ring().active(Use.ENCRYPT)
    rotation.rotate(Use.ENCRYPT)

    class Killed(BaseException):
        pass

    def die(done: int, total: int) -> None:
        if done >= 200:
            raise Killed

    with pytest.raises(Killed):
        rotation.move_on(die, batch=100)
    assert rotation.move_on(batch=100) == 100
    rotation.retire(old.name)


# -- the terminal ----------------------------------------------------------------------------------------------


def test_the_terminal_lists_rotates_moves_and_retires(person, capsys, monkeypatch):
    from contextlib import nullcontext

    from hub.keys import command

    monkeypatch.setattr(command, "database", nullcontext)
    keep(person, number(1))
    old = ring.ring().active(Use.ENCRYPT).name

    def hub_keys(*arguments: str) -> str:
        assert command.run(arguments) == 0
        return capsys.readouterr().out

    assert f"{old}  encrypt  active" in hub_keys("list")
    assert "Back up" in hub_keys("rotate")
    assert f"{old}  encrypt  old" in hub_keys("list")
    assert "1 records moved" in (said := hub_keys("reencrypt"))
    assert f"hub keys retire {old}" in said
    assert "destroyed" in hub_keys("retire", old)
    assert f"{old}  encrypt  retired" in hub_keys("list")
    with pytest.raises(KeyProblem, match="There is no key 00000000"):
        command.run(["retire", "00000000"])

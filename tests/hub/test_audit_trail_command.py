"""`hub audit`: what it says, and what its exit status tells to monitoring."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from hub import auditing, command
from hub.access.actions import record
from hub.access.models import AccessRecord, Checkpoint
from hub.access.trail import coming_from
from tests.hub.owner import owning

pytestmark = [pytest.mark.usefixtures("by_the_owner"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def outside(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    with override_settings(AUDIT_HEADS=tmp_path, AUDIT_HEADS_NAMED=True):
        yield tmp_path


@pytest.fixture
def hub(capsys):
    """Run `hub audit ...` on the tests' database: hub("verify") gives (exit status, what it said)."""

    def run(*words):
        status = auditing.run(command._parser().parse_args(["audit", *words]))
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def test_seal_and_verify_say_how_many_and_where_the_chain_ends(hub):
    record(None, "test.mark")
    record(None, "test.mark")
    assert hub("seal") == (0, "2 records sealed\n")
    status, said = hub("verify")
    assert status == 0
    assert "2 records sealed, 0 waiting" in said
    assert "Whole. Position 2" in said


def test_verify_names_the_first_wrong_record(hub):
    for _ in range(4):
        record(None, "test.mark")
    hub("seal")
    wrong = AccessRecord.objects.get(position=3)
    with owning(triggers=False) as cursor:
        cursor.execute("UPDATE access_accessrecord SET verb = 'test.other' WHERE position = 3")
    status, said = hub("verify")
    assert status == 1
    assert f"position 3, record {wrong.pk}: The record was altered" in said


def test_it_speaks_korean_on_a_korean_terminal(hub, monkeypatch):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    record(None, "test.mark")
    hub("seal")
    assert "이상 없음" in hub("verify")[1]


def test_heads_tells_what_was_sent_and_what_was_not(hub, tmp_path):
    record(None, "test.mark")
    hub("seal")
    status, said = hub("heads")
    assert status == 0
    assert "last head outside: position 1" in said
    with override_settings(AUDIT_HEADS=tmp_path / "away"):
        status, said = hub("heads")
        assert status == 1
        assert "cannot be written" in said
        record(None, "test.mark")
        status, said = hub("seal")
        assert status == 2
        assert "They are sent with the next sealing" in said
    assert hub("heads")[0] == 1  # one is waiting
    hub("seal")
    assert hub("heads")[0] == 0


def test_a_wrong_key_is_told_in_words(hub, monkeypatch):
    record(None, "test.mark")
    hub("seal")
    monkeypatch.setattr("hub.access.chain.key", lambda: b"another")
    status, said = hub("seal")
    assert status == 2
    assert "Put the key back" in said


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_forgetting_refuses_the_last_two_years_and_leaves_a_record(hub, monkeypatch):
    assert hub("forget", str(timezone.localdate()))[0] == 2
    long_ago = timezone.now() - timedelta(days=900)
    with monkeypatch.context() as patched:
        patched.setattr("hub.access.trail.timezone.now", lambda: long_ago)
        record(None, "test.mark")
    hub("seal")
    day = str(timezone.localdate() - timedelta(days=800))
    with owning():
        status, said = hub("forget", day)
    assert status == 0
    assert "Forgotten up to position 1" in said
    assert (Checkpoint.objects.count(), AccessRecord.objects.get().verb) == (1, "access.forgot_trail")
    assert hub("forget", day) == (0, "Nothing is that old.\n")
    hub("seal")
    assert hub("verify")[0] == 0


def test_what_comes_from_a_terminal_is_recorded_as_such(hub):
    with coming_from("192.0.2.1"):
        assert record(None, "test.mark").origin == "192.0.2.1"
    assert record(None, "test.mark").origin == "command"

"""Proofs for whoever holds heads and nothing else: a record was there, the trail only grew (T2)."""

import json
import random

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.utils import translation

from hub import auditing, command
from hub.access import chain, tree
from hub.access.models import AccessRecord, Head, Subtree
from tests.hub.owner import owning
from tests.hub.test_audit_trail_chain import backdate, long_ago, write

pytestmark = [pytest.mark.usefixtures("by_the_owner"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def outside(tmp_path, monkeypatch):
    folder = tmp_path / "outside"
    folder.mkdir()
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr(tree, "LEVEL", 2)  # so that a small trail has kept subtrees and a ragged end
    with override_settings(AUDIT_HEADS=folder, AUDIT_HEADS_NAMED=True), translation.override("en"):
        yield folder


@pytest.fixture
def trail():
    """Forty-five records sealed on seven occasions; the positions of their heads."""
    draw = random.Random(2)
    while (written := AccessRecord.objects.count()) < 45:
        write(min(draw.randrange(1, 15), 45 - written), start=written)
        chain.seal()
    return list(Head.objects.order_by("position").values_list("position", flat=True))


@pytest.fixture
def hub(capsys):
    """Run `hub audit ...`: hub("check", ...) gives (exit status, what it said)."""

    def run(*words):
        status = auditing.run(command._parser().parse_args(["audit", *map(str, words)]))
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def test_every_record_is_proved_to_be_in_every_trail_since(trail):
    for head in trail:
        for record in AccessRecord.objects.filter(position__lte=head):
            proof = tree.prove_inclusion(record.pk, head)
            assert proof.holds()
            assert proof.roots() == {head: bytes(Head.objects.get(position=head).root)}
            assert len(proof.path) <= head.bit_length()


def test_every_head_is_proved_to_have_grown_into_every_later_one(trail):
    for first in trail:
        for second in trail:
            if first <= second:
                assert tree.prove_consistency(first, second).holds()


def test_the_tree_is_part_of_what_is_verified(trail):
    assert chain.verify().whole
    with owning(triggers=False) as cursor:
        cursor.execute("UPDATE access_head SET root = sha256(root) WHERE position = %s", [trail[-1]])
    assert chain.verify().wrong == chain.Wrong("head", trail[-1])


def test_a_tree_made_of_something_else_is_seen_at_its_first_head(trail):
    with owning(triggers=False) as cursor:
        cursor.execute("UPDATE access_subtree SET hash = sha256(hash)")
    write(1, start=100)
    chain.seal()  # the hub, innocent, goes on from what it finds
    assert chain.verify().wrong == chain.Wrong("differs", 46, AccessRecord.objects.latest("pk").pk)


def test_an_altered_record_has_no_proof(trail):
    with owning(triggers=False) as cursor:
        cursor.execute("UPDATE access_accessrecord SET purpose = 'another' WHERE position = 7")
    altered, sound = AccessRecord.objects.get(position=7), AccessRecord.objects.get(position=40)
    with pytest.raises(tree.NotProved, match="altered"):
        tree.prove_inclusion(altered.pk)
    # The subtrees kept over it still tell what it was, so the others are proved as before.
    assert tree.prove_inclusion(sound.pk).holds()


def test_a_record_taken_out_is_missed_by_its_neighbour(trail):
    with owning(triggers=False) as cursor:
        cursor.execute("DELETE FROM access_accessrecord WHERE position = 6")
    with pytest.raises(tree.NotProved, match="missing"):
        tree.prove_inclusion(AccessRecord.objects.get(position=5).pk)


def test_what_is_not_sealed_or_came_later_or_is_not_there_is_told(trail):
    write(1, start=99)
    unsealed = AccessRecord.objects.latest("pk")
    for record, head, words in (
        (unsealed.pk, None, "not sealed yet"),
        (unsealed.pk + 1, None, "not in the trail"),
        (AccessRecord.objects.get(position=45).pk, trail[0], "came after that head"),
        (AccessRecord.objects.get(position=1).pk, 99, "no head at that position"),
    ):
        with pytest.raises(tree.NotProved, match=words):
            tree.prove_inclusion(record, head)
    with pytest.raises(tree.NotProved, match="older head first"):
        tree.prove_consistency(trail[1], trail[0])


def test_a_trail_from_before_the_tree_gets_one_with_the_next_sealing(trail):
    """Heads of then keep an empty root and verify as they were signed."""
    with owning(triggers=False) as cursor:
        cursor.execute("DELETE FROM access_subtree")
        for head in Head.objects.all():
            head.root = b""
            cursor.execute(
                "UPDATE access_head SET root = '', signature = %s WHERE position = %s",
                [chain.sign_head(chain._sealed(head)), head.position],
            )
    for file in chain.heads.folder().iterdir():
        file.unlink()
    assert chain.verify().whole
    first = AccessRecord.objects.get(position=1).pk
    with pytest.raises(tree.NotProved, match="before the hub kept the tree"):
        tree.prove_inclusion(first)
    write(1, start=99)
    chain.seal()
    assert tree.prove_inclusion(first).holds()
    assert chain.verify().whole


def test_subtrees_are_kept_once_and_are_few(trail):
    assert Subtree.objects.filter(level=2).count() == 45 // 4
    assert Subtree.objects.count() == 11 + 5 + 2 + 1
    assert chain.seal() == 0
    assert Subtree.objects.count() == 19


def test_kept_subtrees_stay_as_they_are(trail):
    for tampering in ("UPDATE access_subtree SET hash = ''", "DELETE FROM access_subtree"):
        with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(tampering)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("older", [1, 4, 5, 7])
def test_what_was_forgotten_takes_no_proof_of_the_rest_away(older, monkeypatch):
    for _ in range(older):
        backdate(900)  # four records each
    write(9)
    chain.seal()
    head = Head.objects.latest("position").position
    with owning():
        chain.forget_before(long_ago(800))
    write(11, start=50)
    chain.seal()
    assert chain.verify().whole
    for record in AccessRecord.objects.exclude(position=None):
        assert tree.prove_inclusion(record.pk).holds()
    assert tree.prove_consistency(4 * older).holds()  # from the checkpoint itself on
    assert tree.prove_consistency(head).holds()
    with owning(triggers=False) as cursor:
        cursor.execute("UPDATE access_subtree SET hash = sha256(hash) WHERE index = 0")
    assert chain.verify().wrong == chain.Wrong("checkpoint", 4 * older)


# -- from the terminal -----------------------------------------------------------------------------------------


def test_a_proof_is_printed_handed_out_and_checked_against_heads_kept_elsewhere(hub, trail, tmp_path):
    record = AccessRecord.objects.get(position=17)
    status, printed = hub("prove", "--record", record.pk, "--head", trail[-2])
    assert status == 0
    proof = tmp_path / "proof.json"
    proof.write_text(printed)
    status, said = hub("check", proof)
    assert status == 0
    assert f"This record is number 17 of the trail of {trail[-2]} records" in said
    assert "verb: test.mark" in said
    assert "purpose: a purpose" in said
    assert AccessRecord.objects.latest("pk").verb == "access.proved_record"

    status, printed = hub("prove", "--since", trail[0])
    proof.write_text(printed)
    status, said = hub("check", proof, "--heads", chain.heads.folder())
    assert (status, f"begins with the same {trail[0]} records" in said) == (0, True)


def test_a_proof_that_was_altered_or_leads_elsewhere_is_refused(hub, trail, tmp_path):
    printed = json.loads(hub("prove", "--record", AccessRecord.objects.get(position=17).pk)[1])
    proof = tmp_path / "proof.json"
    printed["record"][-1] = "another purpose"
    proof.write_text(json.dumps(printed))
    status, said = hub("check", proof)
    assert (status, "does not hold" in said) == (1, True)

    # Somebody makes a trail of his own, with its own proof: it does not lead to the heads outside.
    made_up = tree.Inclusion(1, printed["record"], 1, b"", [])
    root = tree.merkle.leaf(tree.content.encode(printed["record"]))
    proof.write_text(tree.written(tree.Inclusion(1, made_up.record, 1, root, [])))
    status, said = hub("check", proof)
    assert (status, "No head of position 1 lies in" in said) == (1, True)
    proof.write_text(tree.written(tree.Consistency(trail[0], root, trail[0], root, [])))
    status, said = hub("check", proof)
    assert (status, "another trail" in said) == (1, True)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"proof": "inclusion", "path": ["x"]}', '{"path": []}'])
def test_a_file_that_is_no_proof_is_told_so(hub, tmp_path, text):
    proof = tmp_path / "proof.json"
    proof.write_text(text)
    status, said = hub("check", proof)
    assert (status, "There is no proof in this file" in said) == (2, True)
    status, said = hub("check", tmp_path / "missing.json")
    assert (status, "missing.json: No such file" in said) == (2, True)

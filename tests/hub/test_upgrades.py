"""What an installed hub holds is still there, and can still be read, after an upgrade."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from hub import owning, places, walls
from hub.keys import ring
from hub.keys.ring import KeyProblem, Use
from tests.conftest import Clones
from tests.hub.conftest import CHUNGHYEON

SECRET = b"JBSWY3DPEHPK3PXP"


@pytest.fixture
def installed(django_db_setup, django_db_blocker):
    """A database of this test's own, empty; installed(app, migration) brings it there and returns the models of then."""
    owner = connections[owning.OWNER]
    names = ("host", "port", "user", "password", "dbname")
    given = owner.get_connection_params()
    clones = Clones({name: given[name] for name in names if given.get(name)})
    test, clones.clone = owner.settings_dict["NAME"], f"making_hub_{os.getpid()}"

    def go(database: str) -> None:
        owner.close()
        owner.settings_dict["NAME"] = database

    def upgrade(app: str, migration: str):
        return MigrationExecutor(owner).migrate([(app, migration)]).apps

    with django_db_blocker.unblock():
        clones.run("CREATE DATABASE {}", clones.clone)
        go(clones.clone)
        try:
            yield upgrade
        finally:
            go(test)
            clones.drop()


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A home with the key the door once had, and nothing else."""
    monkeypatch.setattr(places, "HOME", tmp_path)
    monkeypatch.setattr(places, "KEYS", tmp_path / "keys.json")
    monkeypatch.setattr(ring, "_held", None)
    (tmp_path / "access-key").write_bytes(b"k" * 32)
    return tmp_path


def with_a_code_app(models):
    """Somebody whose code app was set up before the hub had keys to rotate; returns the user's number."""
    owner = connections[owning.OWNER].alias
    user = models.get_model("access", "User").objects.using(owner).create(username="anna", name="가상안나")
    nonce = b"n" * 12
    sealed = nonce + AESGCM(b"k" * 32).encrypt(nonce, SECRET, f"totp:{user.pk}".encode())
    held = models.get_model("access", "Authenticator").objects.using(owner)
    held.create(user=user, secret=sealed, confirmed_at=timezone.now(), last_step=17)
    return user.pk


def with_an_identity_number(models, *, key):
    """Somebody whose number is encrypted with the key of this id."""
    with walls.everywhere(), transaction.atomic(owning.OWNER):

        def make(app, name, **values):
            return models.get_model(app, name).objects.using(owning.OWNER).create(**values)

        figures = dict.fromkeys(
            ["latitude", "longitude", "square_km", "households", "population", "aged_65"], 0
        )
        district = make("organisation", "District", code="11410")
        centre = make(
            "organisation",
            "Centre",
            code=CHUNGHYEON,
            district=district,
            figures_on="2026-01-01",
            **figures,
        )
        household = make("people", "Household", pk=1, centre=centre)
        person = make("people", "Person", pk=11, household=household)
        number = ring.LAYOUT + key + b"v" * 40
        make(
            "people",
            "IdentityNumber",
            person=person,
            encrypted=number,
            blind_index=b"",
            collected_on="2026-01-01",
        )


def test_a_code_app_set_up_before_the_hub_had_keys_goes_on_working_under_them(installed, home):
    user = with_a_code_app(installed("access", "0008_tree_of_the_trail"))
    models = installed("access", "0009_codes_under_the_keys")
    held = models.get_model("access", "Authenticator").objects.using(owning.OWNER).get()
    assert (held.pk, held.last_step) == (user, 17)
    assert ring.key_of(bytes(held.secret)) == ring.ring().active(Use.ENCRYPT).id
    place = f"access_authenticator.secret.{user}"
    assert ring.ring().decrypt("access.authenticator", bytes(held.secret), place) == SECRET


@pytest.mark.parametrize("lost", ["missing", "of another hub"])
def test_without_the_key_of_then_the_upgrade_stops_says_so_and_changes_nothing(installed, home, lost):
    with_a_code_app(installed("access", "0008_tree_of_the_trail"))
    if lost == "missing":
        (home / "access-key").unlink()
    else:
        (home / "access-key").write_bytes(b"o" * 32)
    with pytest.raises(KeyProblem, match="Nothing was changed. Put"):
        installed("access", "0009_codes_under_the_keys")
    (home / "access-key").write_bytes(b"k" * 32)
    installed("access", "0009_codes_under_the_keys")


def test_with_another_hubs_key_file_the_upgrade_stops_before_a_secret_is_put_under_its_keys(installed, home):
    with_a_code_app(installed("access", "0008_tree_of_the_trail"))
    with_an_identity_number(installed("people", "0006_identity_numbers"), key=b"them")
    ring.begin()
    with walls.everywhere(), pytest.raises(KeyProblem, match="lacks keys that this database needs. Nothing"):
        installed("access", "0009_codes_under_the_keys")


def test_published_consent_texts_keep_what_they_are_for(installed):
    owner = connections[owning.OWNER].alias
    models = installed("privacy", "0002_never_overwritten")
    models.get_model("privacy", "ConsentText").objects.using(owner).create(
        purpose="partners", version=1, language="ko", valid_from="2026-01-01", body={}, hash="x"
    )
    models = installed("privacy", "0003_consent_purpose")
    assert models.get_model("privacy", "ConsentText").objects.using(owner).get().consent_purpose == "partners"

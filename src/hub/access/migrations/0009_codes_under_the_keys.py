"""The secrets of code apps move from a key of the door's own to the keys of the hub, so that a rotation includes them.

They are read once more as they were sealed (nonce | ciphertext and tag, bound to "totp:USER", under `access-key`) and
encrypted anew. What cannot be read stops the upgrade: a second factor never goes away in silence.
"""

import django.db.models.deletion
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import migrations, models

import hub.keys.columns
from hub import places
from hub.keys import ring
from hub.keys.ring import KeyProblem

NONCE = 12  # bytes


def move(apps, schema_editor):
    """Encrypt every secret anew. Raises KeyProblem."""
    held = apps.get_model("access", "Authenticator").objects.using(schema_editor.connection.alias)
    if not held.exists():
        return
    path = places.HOME / "access-key"
    try:
        cipher = AESGCM(path.read_bytes())
    except FileNotFoundError:
        raise KeyProblem(
            f"The key file {path} is missing: the secrets of code apps are sealed with it. Nothing was changed. "
            "Put it back from its backup and start again."
        ) from None
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [hub.keys.columns.LOCK])
        used = _used(cursor)
    if not used:
        ring.begin()
    keys = ring.ring()
    if used - {key.id for key in keys.keys if key.secret is not None}:
        raise KeyProblem(
            f"The key file {keys.path} lacks keys that this database needs. Nothing was changed. "
            "Put back the key file that belongs to this database and start again."
        )
    for one in held.all():
        sealed = bytes(one.secret)
        try:
            secret = cipher.decrypt(sealed[:NONCE], sealed[NONCE:], f"totp:{one.user_id}".encode())
        except InvalidTag:
            raise KeyProblem(
                f"The secret of the code app of user {one.user_id} cannot be read with {path}. Nothing was changed. "
                "Put back the file that belongs to this database and start again."
            ) from None
        one.secret = keys.encrypt("access.authenticator", secret, f"access_authenticator.secret.{one.user_id}")
        one.save(update_fields=["secret"])


def _used(cursor):
    """Ids of the keys that stored values need already; before the hub had identity numbers there were none."""
    cursor.execute("SELECT to_regclass('people_identitynumber')")
    if cursor.fetchone()[0] is None:
        return set()
    cursor.execute(
        "SELECT DISTINCT substring(encrypted, %s, %s) FROM people_identitynumber", [ring.ID_AT, ring.ID]
    )
    return {bytes(key) for (key,) in cursor.fetchall()}


class Migration(migrations.Migration):
    dependencies = [("access", "0008_tree_of_the_trail")]

    operations = [
        migrations.RemoveField("authenticator", "id"),
        migrations.AlterField(
            "authenticator",
            "user",
            models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="authenticator",
                serialize=False,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(move, elidable=False),
        migrations.AlterField(
            "authenticator", "secret", hub.keys.columns.Encrypted(purpose="access.authenticator")
        ),
    ]

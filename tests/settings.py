"""The hub's settings as tests use them: own home, plain static files, work done at once."""

import os
from pathlib import Path

# Before the hub's settings are read: tests have their own server and keys beside the demonstration's, and so has each part
# of a run that is split.
os.environ["HUB_HOME"] = str(
    Path(__file__).parents[1] / ".hub" / "tests" / os.environ.get("PYTEST_XDIST_WORKER", "")
)
os.environ["HUB_PLAIN_HTTP"] = "1"

from hub import messages
from hub.keys import ring
from hub.settings import *
from hub.settings import DATABASES, STORAGES

messages.compile_all()
ring.begin()

# Their server trades safety against power cuts for speed.
DURABLE = False
# A test's connections must all be known, so that its database can be thrown away.
DATABASES["default"]["OPTIONS"].pop("pool", None)
# Manifests need collected files; pages under test take them from the source.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Argon2 is slow on purpose; what matters in most tests is who signs in, not how.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
# Most tests are about what a person does once inside; those of the door ask for a second factor themselves.
SECOND_FACTOR_REQUIRED = False
TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend", "QUEUES": []}}

"""One settings file for every place the hub runs; it works from a fresh checkout with nothing set.

What differs between places comes from the environment and is read here and nowhere else:

    HUB_HOME          folder of keys, embedded database, snapshots and runs (default: .hub in the checkout)
    HUB_KEYS          file of the encryption keys (default: keys.json in HUB_HOME)
    HUB_CATALOGUE     folder of the programme catalogue (default: programmes/kr)
    DATABASE_URL      a PostgreSQL server; without it the embedded one is used
    HUB_OWNER_URL     the same database as the role that owns its tables, for migrations; the role of DATABASE_URL needs
                      to own nothing (docs/how-to/deploy.md)
    HUB_HOSTS         names this hub is reached by, separated by commas
    HUB_PLAIN_HTTP    1 on one's own machine only: no HTTPS, so cookies cannot insist on it
    HUB_BEHIND_PROXY  1 when a proxy ends HTTPS and sets X-Forwarded-Proto and X-Forwarded-For itself
    HUB_AUDIT_HEADS   folder on another disk or mount for the heads of the audit trail (default: in the home)
    HUB_DEMO          1 for a demonstration: nobody must set up a second factor (set by `hub demo`)
    HUB_DEBUG         1 for developers: pages of exceptions with all values

HUB_BACKUPS and HUB_BACKUP_URL are read by `hub.backup`, which works before there is an application to set up.
"""

import os
import secrets
from contextlib import suppress
from typing import Any

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from hub import order, places
from hub.postgres import Address, Embedded


def _switch(name: str) -> bool:
    value = os.environ.get(name, "")
    if value not in ("", "0", "1"):
        raise ValueError(f"{name} must be 0 or 1, not {value!r}")
    return value == "1"


def _secret_key() -> str:
    """The key that signs sessions and forms: made once per installation, never in the repository."""
    path = places.home() / "secret-key"
    with suppress(FileExistsError):
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text()


def _database() -> dict[str, Any]:
    url = os.environ.get("DATABASE_URL")
    where, options = _named(url) if url else _embedded(Embedded(places.HOME / "postgres").address())
    return {
        "ENGINE": "hub.database",
        **where,
        # One transaction per request: what a request wrote and its audit entry stand or fall together.
        "ATOMIC_REQUESTS": True,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **options,
            "pool": {"min_size": 1, "max_size": 10, "timeout": 10},
            # Each statement carries the conditions of the second wall: planning it anew took longer than carrying it out.
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    }


# Its server runs on this machine and is ours.
EMBEDDED_DATABASE = not os.environ.get("DATABASE_URL")


def _owner() -> dict[str, Any]:
    """The same database as its owner sees it; used by migrations alone."""
    url = os.environ.get("HUB_OWNER_URL") or os.environ.get("DATABASE_URL")
    where, options = _named(url) if url else _embedded(Embedded(places.HOME / "postgres").owners_address())
    return {"ENGINE": "hub.database", **where, "OPTIONS": options}


def _named(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = conninfo_to_dict(url)
    where = {
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
    }
    return where, parts


def _embedded(address: Address) -> tuple[dict[str, Any], dict[str, Any]]:
    where = {
        "NAME": address.database,
        "USER": address.user,
        "PASSWORD": address.password,
        "HOST": address.host,
        "PORT": "",
    }
    return where, {}


PLAIN_HTTP = _switch("HUB_PLAIN_HTTP")
DEBUG = _switch("HUB_DEBUG")
SECRET_KEY = _secret_key()
ALLOWED_HOSTS = [
    *("127.0.0.1", "localhost", "[::1]"),
    *(name.strip() for name in os.environ.get("HUB_HOSTS", "").split(",") if name.strip()),
]

INSTALLED_APPS = [
    "hub",
    *(f"hub.{name}" for name in order.APPS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "hub.middleware.language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page asks who is there; the few public ones say so themselves and are listed in urls.py.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hub.middleware.see_within_duty",
    "hub.middleware.keep_private",
    "hub.middleware.whence",
]

ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hub.navigation.masthead",
            ],
            "builtins": ["hub.templatetags.words"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": _database(), "owner": _owner()}
# Refuse a database that can lose what it acknowledged; only tests do without.
DURABLE = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- who is there ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "access.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Who sees households proves more than a password. A demonstration's accounts share one passphrase that is printed.
SECOND_FACTOR_REQUIRED = not _switch("HUB_DEMO")
# A working day at a shared desk; the browser forgets it when it is closed. Idle sessions end sooner (sessions.py).
SESSION_ENGINE = "hub.access.sessions"
SESSION_COOKIE_AGE = 9 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# -- safety ----------------------------------------------------------------------------------------------------

_PREFIX = "" if PLAIN_HTTP else "__Host-"
SESSION_COOKIE_NAME = f"{_PREFIX}hub-session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not PLAIN_HTTP
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_PREFIX}hub-form"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = not PLAIN_HTTP
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = _switch("HUB_BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_FAILURE_VIEW = "hub.views.form_refused"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

# -- words -----------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "hub-language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
TIME_ZONE = "Asia/Seoul"

# -- files -----------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = places.HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CATALOGUE = places.CATALOGUE
SNAPSHOTS = places.HOME / "snapshots"
RUNS = places.HOME / "runs"
AUDIT_HEADS_NAMED = bool(os.environ.get("HUB_AUDIT_HEADS"))
AUDIT_HEADS = os.environ.get("HUB_AUDIT_HEADS") or places.HOME / "audit-heads"

# -- work in the background --------------------------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "hub.tasks.ProcrastinateBackend", "QUEUES": []}}
# Tasks are found by the path that stands in the queue; nothing needs to be imported for it at start.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["hub.tasks", "hub.access.tasks", "hub.inspection.tasks"]

# -- logs: no personal data --------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"discreet": {"()": "hub.logs.Discreet"}},
    "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "discreet"}},
    "root": {"handlers": ["terminal"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["terminal"], "level": "WARNING", "propagate": False},
        # Wrong addresses and refusals are answered, counted where it matters, and need no line each.
        "django.request": {"handlers": ["terminal"], "level": "ERROR", "propagate": False},
        "django.security.csrf": {"handlers": ["terminal"], "level": "ERROR", "propagate": False},
    },
}

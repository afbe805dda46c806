"""All settings of Fleetline, in one file that runs with nothing set.

Every value comes from the environment or from a default; a value that cannot be
understood stops the start with a sentence that says what to do. docs/OPERATIONS.md
lists them, and a test compares that list with the names read here.
"""

import contextlib
import os
import secrets
import tempfile
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from fleet import embedded, map_styles

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- the data folder: database, generated secrets, embedded Redis, logs ------------------

DATA = Path(env.str("DATA", default=str(BASE_DIR / "data"))).expanduser().resolve()


def kept_secret(name: str) -> str:
    """Return the secret in DATA/<name>, made at first use and readable by its owner only."""
    path = DATA / name
    try:
        DATA.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Written whole, then linked: two processes at once agree on one secret.
            with tempfile.NamedTemporaryFile("w", dir=DATA, prefix=".") as file:  # mode 600
                file.write(secrets.token_urlsafe(48))
                file.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(file.name, path)
    except OSError as error:
        raise ImproperlyConfigured(
            f"DATA: cannot write {path} ({error.strerror}). "
            "Point DATA at a folder that this user may write to."
        ) from error
    return path.read_text().strip()


def url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    value: str = env.str(name, default=default)
    if urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(
            f"{name}: {value!r} is not an address of the form {' or '.join(s + '://…' for s in schemes)}."
        )
    return value


def flag(name: str, *, default: bool) -> bool:
    value = env.str(name, default=str(default)).lower()
    if value not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
        raise ImproperlyConfigured(f"{name}: {value!r} is neither on nor off. Use 1 or 0.")
    return value in ("1", "true", "yes", "on")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value: str = env.str(name, default=default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}: {value!r} is not one of {', '.join(allowed)}.")
    return value


def number(name: str, default: int, *, least: int = 0) -> int:
    value = env.str(name, default=str(default))
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name}: {value!r} is not a whole number of at least {least}.")
    return int(value)


def networks(values: list[str]) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(text.strip(), strict=False) for text in values]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TRUSTED_PROXIES: {error}. Write addresses or networks: 127.0.0.1,10.0.0.0/8."
        ) from error


def key_ring(value: str) -> dict[str, str]:
    """Parse `kid:key,kid:key`; the first key signs, all verify."""
    ring: dict[str, str] = {}
    for part in value.split(","):
        kid, colon, key = part.strip().partition(":")
        if not (kid and colon) or len(key.encode()) < TOKEN_KEY_BYTES or kid in ring:
            raise ImproperlyConfigured(
                "TOKEN_KEYS: write kid:key,kid:key with distinct kids and keys of at least "
                f"{TOKEN_KEY_BYTES} bytes. A good key: openssl rand -base64 48"
            )
        ring[kid] = key
    return ring


# --- who we are --------------------------------------------------------------------------

DEBUG = flag("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret("secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Full origins (https://fleet.example.org) allowed to open the browser socket and to post
# forms. Empty: the request's own host and port.
ORIGINS = env.list("ORIGINS", default=[])
for origin in ORIGINS:
    if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).netloc:
        raise ImproperlyConfigured(
            f"ORIGINS: {origin!r} is not a full origin such as https://fleet.example.org."
        )
CSRF_TRUSTED_ORIGINS = ORIGINS
# Addresses and networks of proxies that are believed who is behind them (X-Forwarded-For).
TRUSTED_PROXIES = networks(env.list("TRUSTED_PROXIES", default=[]))
# Password of the first superuser `admin`; unset: a random one, printed once at first start.
ADMIN_PASSWORD = env.str("ADMIN_PASSWORD", default="")

# --- device tokens -----------------------------------------------------------------------

TOKEN_KEY_BYTES = 32
TOKEN_KEYS = key_ring(env.str("TOKEN_KEYS", default="") or "k1:" + kept_secret("token_key"))
DEVICE_TOKEN_IN_QUERY = flag("DEVICE_TOKEN_IN_QUERY", default=False)
AUTO_REGISTER = choice("AUTO_REGISTER", "off", ("off", "pending", "on"))

# OwnTracks phones are told where the other vehicles of their fleet are.
OWNTRACKS_MATES = flag("OWNTRACKS_MATES", default=True)

# --- Redis: journal, channel layer, broker, presence -------------------------------------

# Nothing set: the Redis that `manage.py up` starts, on a socket in the data folder.
EMBEDDED_REDIS_SOCKET = embedded.socket_path(DATA)
REDIS_SCHEMES = ("redis", "rediss", "unix")
REDIS_URL = url("REDIS_URL", f"unix://{EMBEDDED_REDIS_SOCKET}", REDIS_SCHEMES)
JOURNAL_URL = url("JOURNAL_URL", REDIS_URL, REDIS_SCHEMES)
# redis-py 8 gives up a read after 5 s, which is as long as the layer's blocking read takes:
# an idle socket would die. One explicit timeout everywhere.
REDIS_TIMEOUT_S = 15
JOURNAL_SHARDS = number("JOURNAL_SHARDS", 1, least=1)
# Positions in the journal before new ones are refused with `unavailable` (about 150 bytes each).
JOURNAL_LIMIT = number("JOURNAL_LIMIT", 5_000_000, least=1000)
# How long a message may take to be delivered, unless its author says otherwise.
MESSAGE_EXPIRES_H = number("MESSAGE_EXPIRES_H", 24, least=1)

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": REDIS_TIMEOUT_S}],
            "prefix": "fleetline",
        },
    }
}

# --- database ----------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA / 'fleetline.sqlite3'}")}
database = DATABASES["default"]
if database["ENGINE"] == "django.db.backends.sqlite3":
    database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        # The archiver alone checkpoints: below 3.51.3 two at once can damage the file (docs/OPERATIONS.md).
        "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16000;",
    }
    # Consumers run in threads: an in-memory test database would be another one in each.
    database["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
elif database["ENGINE"] == "django.db.backends.postgresql":
    pool = {"min_size": 0, "max_size": 16, "timeout": 10}
    database["OPTIONS"] = {**database.get("OPTIONS", {}), "pool": pool}
else:
    raise ImproperlyConfigured(
        "DATABASE_URL: use postgres://user:password@host:5432/name, or nothing for SQLite."
    )
database["CONN_MAX_AGE"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- the application ---------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "fleet",
    "dashboard",
    "tracking",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "channels",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "fleet.urls"
ASGI_APPLICATION = "fleet.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.page",
                "dashboard.pagedata.page_data",
            ],
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "dashboard.passwords.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_ENGINE = "dashboard.sessions"
PASSWORD_RESET_TIMEOUT = 86_400
CSRF_FAILURE_VIEW = "dashboard.errors.csrf_failure"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "live"
LOGOUT_REDIRECT_URL = "login"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- mail: only to set a forgotten password; without it a manager makes the link ----------

EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    EMAIL_URL = url("EMAIL_URL", "", tuple(environ.Env.EMAIL_SCHEMES))
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Fleetline <fleetline@localhost>")

# --- behind TLS --------------------------------------------------------------------------

HTTPS = flag("HTTPS", default=False)
# `manage.py up --lan`: our own servers speak HTTPS, with this certificate and key or those of a local CA.
TLS_CERT = env.str("TLS_CERT", default="")
TLS_KEY = env.str("TLS_KEY", default="")
# Set by `up --lan` for its processes.
OWN_TLS = flag("OWN_TLS", default=False)
LOCAL_CA = DATA / "tls" / "ca.pem" if OWN_TLS and not TLS_CERT else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS or OWN_TLS
# Not for a local CA: of its address, next week perhaps somebody else's, a browser should remember nothing.
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Subdomains and preload lists are for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

# --- files of tracks: made for people, and taken from them --------------------------------

# A finished export is kept for so many days.
EXPORT_DAYS = number("EXPORT_DAYS", 7, least=1)
# The largest file that can be imported.
IMPORT_MB = number("IMPORT_MB", 200, least=1)

# --- static files: ours, npm's, and the basemap built at set-up ---------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
NODE_MODULES = BASE_DIR / "node_modules"
BASEMAP = BASE_DIR / "build" / "basemap"
# Maps of the user's own towns: `manage.py basemap`.
TOWNS = DATA / "maps"
# Other maps that people may choose, as JSON or the path of a file with it.
MAP_STYLES = map_styles.parse(env.str("MAP_STYLES", default=""))
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("basemap", BASEMAP),
    ("npm/maplibre-gl", NODE_MODULES / "maplibre-gl" / "dist"),
    ("npm/htmx", NODE_MODULES / "htmx.org" / "dist"),
    ("npm/topojson-client", NODE_MODULES / "topojson-client" / "dist"),
    ("npm/pmtiles", NODE_MODULES / "pmtiles" / "dist" / "esm"),
    ("npm/uplot", NODE_MODULES / "uplot" / "dist"),
    ("npm/fflate", NODE_MODULES / "fflate" / "esm"),
    ("npm/inter", NODE_MODULES / "@fontsource-variable" / "inter" / "files"),
    ("npm/world-atlas", NODE_MODULES / "world-atlas"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Celery ------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_timeout": REDIS_TIMEOUT_S}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "jobs"
CELERY_TASK_ROUTES = {
    "tracking.tasks.archive": {"queue": "archive"},
    # Minutes of work: in a worker of their own, so that nothing waits for them.
    "dashboard.tasks.make_export": {"queue": "exports"},
    "tracking.tasks.work_imports": {"queue": "exports"},
}
CELERY_BEAT_SCHEDULE = {
    "archive": {"task": "tracking.tasks.sweep", "schedule": 3.0, "options": {"expires": 3}},
    "expire": {"task": "tracking.tasks.expire", "schedule": 10.0, "options": {"expires": 10}},
    # What a killed worker left is taken up again.
    "exports": {"task": "dashboard.tasks.make_export", "schedule": 5.0, "options": {"expires": 5}},
    "imports": {"task": "tracking.tasks.work_imports", "schedule": 5.0, "options": {"expires": 5}},
    "housekeeping": {"task": "tracking.tasks.housekeeping", "schedule": 300.0, "options": {"expires": 300}},
    "forget": {"task": "dashboard.tasks.forget", "schedule": 3600.0, "options": {"expires": 3600}},
    # At night (UTC), when the fewest write.
    "purge": {
        "task": "tracking.tasks.purge",
        "schedule": crontab(hour="2", minute="30"),
        "options": {"expires": 3600},
    },
}

# --- logs: one line a batch, never one a fix; no coordinates, tokens or message texts -----

LOG_LEVEL = choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "fleetline": {"level": LOG_LEVEL},
        "django.request": {"level": "ERROR"},
    },
}

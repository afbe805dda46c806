"""Django for the tutorial's server and its steps; DATABASE (a file) and REDIS_URL from the environment."""

import os

SECRET_KEY = TOKEN_KEY = "benchmark-only-0123456789abcdef0123456789"  # noqa: S105
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["channels", "benchmarks.baseline"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DATABASE"],
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
}
REDIS_URL = os.environ["REDIS_URL"]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": os.environ.get("LAYER", "channels_redis.core.RedisChannelLayer"),
        # Without the timeout redis-py 8 ends every idle socket after 5 s (docs/DESIGN.md).
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 15}]},
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

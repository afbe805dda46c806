"""The test session's own Redis and database, chosen before Django reads its settings.

TEST_DATABASE=sqlite (default) or postgres chooses the database.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest
import redis
from django.conf import settings
from django.utils import translation

from tests import servers

FOLDER = Path(tempfile.mkdtemp(prefix="fleetline-"))
SERVERS = contextlib.ExitStack()
SERVERS.callback(shutil.rmtree, FOLDER, ignore_errors=True)

# Nothing of the developer's own environment may leak into a test, nor a test into their data.
for name in (
    "JOURNAL_URL",
    "DATABASE_URL",
    "ORIGINS",
    "ALLOWED_HOSTS",
    "HTTPS",
    "TOKEN_KEYS",
    "SECRET_KEY",
    "DEBUG",
    "EMAIL_URL",
    "EMAIL_FROM",
    "TRUSTED_PROXIES",
):
    os.environ.pop(name, None)
os.environ["DATA"] = str(FOLDER)
os.environ["REDIS_URL"] = SERVERS.enter_context(servers.redis(FOLDER / "redis"))
os.environ["DJANGO_SETTINGS_MODULE"] = "fleet.settings"

match os.environ.get("TEST_DATABASE", "sqlite"):
    case "sqlite":
        pass
    case "postgres":
        os.environ["DATABASE_URL"] = SERVERS.enter_context(servers.postgres())
    case other:
        raise pytest.UsageError(f"TEST_DATABASE={other}: use sqlite or postgres")

# pytest-django sets Django up only when somebody has read the settings by now.
if FOLDER.resolve() != settings.DATA:
    raise pytest.UsageError(
        "Django's settings were read before tests/conftest.py could choose the data folder"
    )
# A machine that is busy is no failure.
hypothesis.settings.register_profile("fleetline", deadline=None)
hypothesis.settings.load_profile("fleetline")

# Read by now. A worker of pytest-xdist that finds the name would read them before its own conftest.
del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure() -> None:
    SERVERS.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the database, by mark or by fixture: `-m database` runs it on another one."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(fixtures):
            item.add_marker("database")


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushall()


@pytest.fixture(autouse=True)
def _english() -> None:
    """A request leaves its reader's language behind, in which the next test would read."""
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Never dropped: it goes away with its server, whatever thread still holds a connection."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Months for the positions that tests write past the archive, which would make them."""
    from tracking import partitions

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        years = range(partitions.FIRST_YEAR, 2028)
        partitions.ensure(
            [0, *(partitions.start_ms((year, month)) for year in years for month in range(1, 13))]
        )

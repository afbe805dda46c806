"""Devices with real tokens and browsers with real sessions, made in the database that the environment names.

    python -m benchmarks.crowd FOLDER --devices 1000 --fleets 1 --browsers 20 --history 1000000

Writes FOLDER/tokens and FOLDER/cookies, a line each.
"""

import argparse
import os
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from tracking import partitions, tokens  # noqa: E402
from tracking.archive import checkpoint  # noqa: E402
from tracking.models import Device, Fleet, Vehicle  # noqa: E402


@transaction.atomic
def devices(count: int, *, fleets: int) -> list[str]:
    """Make `count` devices spread over `fleets` fleets; return their tokens."""
    slugs = [f"bench-{n}" for n in range(fleets)]
    owners = [Fleet.objects.get_or_create(slug=slug, defaults={"name": slug})[0] for slug in slugs]
    vehicles = Vehicle.objects.bulk_create(
        [Vehicle(fleet=owners[n % fleets], name=f"Van {n}") for n in range(count)], batch_size=500
    )
    Device.objects.bulk_create(
        [Device(uid=f"bench-{n}", vehicle=vehicle) for n, vehicle in enumerate(vehicles)], batch_size=500
    )
    return [tokens.issue(uid=f"bench-{n}", fleet=slugs[n % fleets]) for n in range(count)]


@transaction.atomic
def browsers(count: int) -> list[str]:
    """Sign the superuser in `count` times; return the session cookies."""
    user = get_user_model().objects.filter(is_superuser=True).earliest("pk")
    cookies = []
    for _ in range(count):
        client = Client()
        client.force_login(user)
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    return cookies


def history(rows: int) -> None:
    """Give every device a fix a minute, ending half a day ago, `rows` altogether."""
    each = rows // max(Device.objects.count(), 1)
    first = int(time.time() * 1000) - 43_200_000 - each * 60_000
    partitions.ensure(range(first, first + each * 60_000, 86_400_000))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tracking_position (vehicle_id, time, device_id, latitude, longitude, speed, "
            "heading, battery, ignition, received) "
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %s) "
            "SELECT d.vehicle_id, %s + i * CAST(60000 AS bigint), d.id, 57.7 + i %% 1000 * 0.0001, "
            "11.97, 12.5, 270, 87, CAST(1 AS boolean), %s + i * CAST(60000 AS bigint) "
            "FROM tracking_device d, n ORDER BY d.vehicle_id, i",
            [each, first, first],
        )
    # Else the archive would move it into the database, and the disk write it, while it is measured.
    checkpoint()
    os.sync()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--devices", type=int, default=0)
    parser.add_argument("--fleets", type=int, default=1)
    parser.add_argument("--browsers", type=int, default=0)
    parser.add_argument("--history", type=int, default=0)
    options = parser.parse_args()
    for name, lines in (
        ("tokens", devices(options.devices, fleets=options.fleets)),
        ("cookies", browsers(options.browsers)),
    ):
        (options.folder / name).write_text("".join(f"{line}\n" for line in lines))
    if options.history:
        history(options.history)


if __name__ == "__main__":
    main()

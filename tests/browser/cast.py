"""The people and vehicles of the browser tests. As a program: make them, print how to get in."""

import json
import os
from datetime import timedelta
from typing import Any

PASSWORD = "harbour-lantern-42"
PEOPLE = ("dana", "mia", "tom")  # dispatchers
# Each test takes the next one, so that none meets another's messages.
VANS = {
    "Albatross": "Ann Åberg",
    "Bittern": "Bo Berg",
    "Curlew": "Cem Can",
    "Dunlin": "Dee Dahl",
    "Eider": "Eva Ek",
    "Fulmar": "Finn Falk",
    "Gannet": "Gro Gran",
    "Heron": "Hal Holm",
    "Ibis": "Ida Isaksson",
    "Jackdaw": "Jan Jansson",
    "Kestrel": "Kim Kvist",
}
EVIL_NAME = "<img src=x onerror=alert(1)>{{ 7 }}"
EVIL_DRIVER = "\"><script>alert('driver')</script>"


def make() -> dict[str, Any]:
    """Make everybody as an operator would; return sign-in tokens by person, and the vehicles."""
    from django.contrib.auth.models import User
    from django.utils.timezone import now

    from dashboard import signin
    from tracking import drivers, live, tokens
    from tracking.devices import register
    from tracking.models import Driver, Membership, Role

    vans = []
    for number, (name, driver) in enumerate({**VANS, EVIL_NAME: EVIL_DRIVER}.items()):
        device = register(f"van-{number}", fleet="north", name=name)
        vehicle = device.vehicle
        person = Driver.objects.create(fleet=vehicle.fleet, name=driver)
        drivers.assign(vehicle, person, at=now() - timedelta(days=1))
        token = tokens.issue(uid=device.uid, fleet="north")
        vans.append({"pk": vehicle.pk, "name": name, "driver": driver, "token": token})
    links = {}
    for name in PEOPLE:
        user = User.objects.create_user(name, password=PASSWORD)
        Membership.objects.create(user=user, fleet=vehicle.fleet, role=Role.DISPATCHER)
        links[name] = signin.issue(user)
    live.announce([live.refresh(vehicle.fleet_id), live.look()])
    *others, evil = vans
    return {"links": links, "vans": others, "evil": evil}


if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "fleet.settings"
    django.setup()
    print(json.dumps(make()))  # noqa: T201

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
    "Linnet": "Leo Lind",
    "Nuthatch": "Nils Norén",
    "Oriole": "Ove Olin",
    "Pipit": "Pär Paulsson",
    "Quail": "Qiu Qvarn",
    "Robin": "Rut Ramsay",
    "Siskin": "Siv Sand",
    "Wigeon": "Wim Wik",
    "Avocet": "Ada Alm",
    "Bunting": "Bea Bang",
    "Crake": "Col Crafoord",
    "Dipper": "Dag Dunér",
    "Egret": "Elo Eng",
    "Finch": "Fia Frisk",
    "Grebe": "Gil Grip",
    "Harrier": "Hugo Hjort",
    "Jacana": "Jon Juhl",
    "Kingfisher": "Kai Kron",
    "Lorikeet": "Lou Lamm",
    "Mallard": "Mio Melin",
    "Nightjar": "Noa Nyman",
    "Ostrich": "Ole Otter",
    "Partridge": "Pia Palmér",
    "Razorbill": "Ria Rask",
    "Sandpiper": "Sol Sjö",
    "Turnstone": "Tea Thun",
    "Umbrellabird": "Ulf Udd",
    "Vireo": "Vera Vall",
    "Whimbrel": "Wilma Wass",
    "Yellowhammer": "Ylva York",
    "Zosterops": "Zoe Zorn",
    "Brambling": "Bror Brant",
    "Cormorant": "Cia Cronqvist",
    "Dotterel": "Disa Dahlin",
    "Fieldfare": "Frej Flod",
    "Goldcrest": "Gun Glad",
    "Hobby": "Hedda Hult",
    "Jabiru": "Jill Jern",
    "Kittiwake": "Klas Krook",
    "Lammergeier": "Lova Lans",
    "Moorhen": "My Mård",
    "Nutcracker": "Naim Nord",
    "Ortolan": "Olof Orre",
    "Puffin": "Petra Prim",
    "Redstart": "Rune Rapp",
    "Sanderling": "Sixten Sund",
    "Treecreeper": "Tyra Topp",
    "Waxwing": "Wille Westin",
}
# Sees north in miles, on New York's clock, and wants no keys of one character.
ABROAD = "nora"
NOWHERE = "otto"  # in no fleet
CROWD = "cleo"  # in a fleet of this many vehicles, of which only the last has a device
CROWD_VEHICLES = 10_000
# A fleet and people of their own, for tests that look at whole pages.
HARBOUR_PEOPLE = {"olga": "manager", "pia": "dispatcher", "vic": "viewer"}
HARBOUR_VANS = {"Lapwing": "Lea Lund", "Merlin": "Max Moe", "Osprey": "Ona Olsen", "Plover": "Per Palm"}
# Manages a fleet of her own that is empty at first.
FOUNDER = ("mona", "depot")
EVIL_NAME = "<img src=x onerror=alert(1)>{{ 7 }}"
EVIL_DRIVER = "\"><script>alert('driver')</script>"


def make() -> dict[str, Any]:
    """Make everybody as an operator would; return sign-in tokens by person, and the vehicles."""
    from django.contrib.auth.models import User
    from django.utils.timezone import now

    from dashboard import signin
    from dashboard.models import Profile
    from tracking import drivers, live, tokens
    from tracking.devices import register
    from tracking.models import Driver, Fleet, Membership, Role, Vehicle

    def van(uid: str, fleet: str, name: str, driver: str) -> dict[str, Any]:
        vehicle = register(uid, fleet=fleet, name=name).vehicle
        person = Driver.objects.create(fleet=vehicle.fleet, name=driver, phone="+46 31 390 06 00")
        drivers.assign(vehicle, person, at=now() - timedelta(days=1))
        return {"pk": vehicle.pk, "name": name, "driver": driver, "token": tokens.issue(uid=uid, fleet=fleet)}

    north = [
        van(f"van-{number}", "north", name, driver)
        for number, (name, driver) in enumerate({**VANS, EVIL_NAME: EVIL_DRIVER}.items())
    ]
    harbour = [van(name.lower(), "harbour", name, driver) for name, driver in HARBOUR_VANS.items()]
    Fleet.objects.create(slug=FOUNDER[1], name="Depot")
    crowd = Fleet.objects.create(slug="crowd", name="Crowd")
    Vehicle.objects.bulk_create(
        Vehicle(fleet=crowd, name=f"Vehicle {number}") for number in range(CROWD_VEHICLES - 1)
    )
    last = van("crowd", "crowd", f"Vehicle {CROWD_VEHICLES - 1}", "Carl Cole")
    links = {}
    people = dict.fromkeys((*PEOPLE, ABROAD), ("north", Role.DISPATCHER.value))
    people[CROWD] = ("crowd", Role.VIEWER.value)
    people |= {name: ("harbour", role) for name, role in HARBOUR_PEOPLE.items()}
    people[FOUNDER[0]] = (FOUNDER[1], Role.MANAGER.value)
    for name, (slug, role) in people.items():
        user = User.objects.create_user(name, password=PASSWORD)
        Membership.objects.create(user=user, fleet=Fleet.objects.get(slug=slug), role=role)
        links[name] = signin.issue(user)
    abroad = User.objects.get(username=ABROAD)
    Profile.objects.create(
        user=abroad, units=Profile.Units.IMPERIAL, time_zone="America/New_York", single_keys=False
    )
    links[NOWHERE] = signin.issue(User.objects.create_user(NOWHERE, password=PASSWORD))
    live.announce([*(live.refresh(fleet.pk) for fleet in Fleet.objects.all()), live.look()])
    *others, evil = north
    return {"links": links, "vans": others, "evil": evil, "harbour": harbour, "crowd": last}


if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "fleet.settings"
    django.setup()
    print(json.dumps(make()))  # noqa: T201

"""Every address and every action of the browser socket: who may.

A new route without a line in ROUTES, or a new action without one in ACTIONS, fails here.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import now

from dashboard import maps, people, programs
from dashboard.actions import ACTIONS as WRITTEN
from dashboard.consumers import Browser
from tests.dashboard.conftest import HTMX
from tracking import devices, keys, messages
from tracking.models import Fleet, Membership, Message, Role, Vehicle

# Who may. Of a fleet: from this role on; to other fleets' people it does not exist (404).
VIEWER, DISPATCHER, MANAGER = "viewer", "dispatcher", "manager"
OPEN = "everybody, signed in or not"
SIGNED_IN = "everybody who is signed in"
SOME_MANAGER = "managers of any fleet"
SOME_DISPATCHER = "dispatchers of any fleet"
GOVERNOR = "managers of the person's every fleet; to others the person does not exist"
SUPERUSER = "superusers; to others it does not exist"
OWN = "alice, whose it is; to others it does not exist"
OWN_FILE = "alice, whose it is, and superusers; to others it does not exist"
GONE = "nobody: it does not exist here"
ELSEWHERE = "everybody where it exists; not here, whoever asks"
DEVICE = "devices, by token or key; no session opens it"

GET, POST, BOTH = "GET", "POST", "GET POST"
House = SimpleNamespace


def nothing(house: House) -> list[Any]:
    return []


def fleet(house: House) -> list[Any]:
    return ["north"]


def van(house: House) -> list[Any]:
    return [house.van.pk]


def alert(house: House) -> list[Any]:
    from tracking.models import Alert

    made = {"vehicle": house.van, "kind": "sos", "latitude": 52.5, "longitude": 13.4}
    return [Alert.objects.create(time=1, last_time=1, received=1, **made).pk]


def message(house: House) -> list[Any]:
    from tracking import messages

    return [house.van.pk, messages.queue(house.van, author=house.alice, text="☎ 7").pk]


def broadcast(house: House) -> list[Any]:
    from tracking import broadcasts

    return [broadcasts.send([house.van], author=house.alice, text="❄ 7").pk]


def member(house: House) -> list[Any]:
    return ["north", Membership.objects.get(user=house.vera).pk]


def invited(house: House) -> list[Any]:
    people.invite(house.north, Role.VIEWER, by=house.alice)
    return ["north", house.north.invitations.get().pk]


def person(house: House) -> list[Any]:
    return [house.vera.pk]


def token(house: House) -> list[Any]:
    programs.issue(house.alice, name="a program")
    return [house.alice.api_tokens.get().pk]


def driver(house: House) -> list[Any]:
    return [house.van.driver.pk]


def device(house: House) -> list[Any]:
    return [house.van.devices.get().pk]


def key(house: House) -> list[Any]:
    keys.issue(device=house.van.devices.get())
    return [house.van.devices.get().keys.get().pk]


def waiting(house: House) -> list[Any]:
    devices.knock("new", fleet="north")
    return [house.north.pending_devices.get().pk]


def demo(house: House) -> list[Any]:
    Fleet.objects.create(slug="demo", name="Demo", demo=True)
    return []


def made_export(house: House) -> list[Any]:
    """Ready, and of alice; a superuser sees it too."""
    from dashboard import exports
    from dashboard.models import Export

    export = Export.objects.create(
        user=house.alice, vehicles=[house.van.pk], formats=["csv"], start=0, end=1, time_zone="UTC",
        status="ready", file="van-7.csv", size=1, sha256="0" * 64,
    )  # fmt: skip
    exports.path_of(export).write_bytes(b"x")
    return [export.pk]


def made_import(house: House) -> list[Any]:
    from tracking.history.imports import work
    from tracking.models import Import

    row = Import.objects.create(vehicle=house.van, user_name="alice", name="t.csv", size=1, status="done")
    work.bad_of(row).write_text("line,reason,content")
    return [row.pk]


def some(*args: Any) -> Callable[[House], list[Any]]:
    return lambda house: [*args]


class Route(NamedTuple):
    who: str
    args: Callable[[House], list[Any]]
    methods: str
    query: str


def of(who: str, args: Callable[[House], list[Any]] = nothing, methods: str = GET, query: str = "") -> Route:
    return Route(who, args, methods, query)


DAY = "?from=2025-11-23T00:00:00Z&to=2025-11-24T00:00:00Z"
ROUTES = {
    # signing in
    "login": of(OPEN, methods=BOTH),
    "loginlink": of(OPEN, some("1.x:y:z")),
    "logout": of(OPEN, methods=POST),
    "session": of(OPEN),
    "invitation": of(OPEN, some("x"), BOTH),
    "reset": of(OPEN, methods=BOTH),
    "reset_confirm": of(OPEN, some("MQ", "x-y"), BOTH),
    "setup": of(GONE, methods=BOTH),  # there is a fleet; tests/dashboard/test_setup.py has the other case
    # one's own
    "profile": of(SIGNED_IN, methods=BOTH),
    "password": of(SIGNED_IN, methods=POST),
    "browser_end": of(SIGNED_IN, methods=POST),
    "token_add": of(SIGNED_IN, methods=POST),
    "token_revoke": of(OWN, token, POST),
    # people
    "people": of(SOME_MANAGER),
    "person": of(GOVERNOR, person),
    "person_reset": of(GOVERNOR, person, POST),
    "person_sign_out": of(GOVERNOR, person, POST),
    "person_disable": of(GOVERNOR, person, POST),
    "person_enable": of(GOVERNOR, person, POST),
    "members": of(MANAGER, fleet),
    "invite": of(MANAGER, fleet, POST),
    "invitation_revoke": of(MANAGER, invited, POST),
    "member_role": of(MANAGER, member, POST),
    "member_remove": of(MANAGER, member, POST),
    "fleet_suspend": of(SUPERUSER, fleet, POST),
    # the manage pages
    "manage": of(SOME_MANAGER),
    "manage_vehicles_csv": of(SOME_MANAGER),
    "manage_vehicle_add": of(SOME_MANAGER, methods=BOTH),
    "manage_vehicles_bulk": of(SOME_MANAGER, methods=POST),  # of which vehicles: manage/test_bulk.py
    "manage_vehicles_remove": of(SOME_MANAGER, methods=POST),  # the same
    "manage_import": of(SOME_MANAGER, methods=BOTH),
    "manage_import_example": of(SOME_MANAGER),
    "manage_vehicle": of(MANAGER, van, BOTH),
    "manage_vehicle_assign": of(MANAGER, van, POST),
    "manage_device_add": of(MANAGER, van, POST),
    "connect": of(MANAGER, van),
    "manage_options": of(SOME_MANAGER, some("vehicle")),
    "manage_drivers": of(SOME_MANAGER),
    "manage_driver_add": of(SOME_MANAGER, methods=BOTH),
    "manage_driver": of(MANAGER, driver, BOTH),
    "manage_driver_drives": of(MANAGER, driver, POST),
    "manage_driver_remove": of(MANAGER, driver, POST),
    "manage_devices": of(SOME_MANAGER),
    "manage_device": of(MANAGER, device, BOTH),
    "connect_secret": of(MANAGER, device, POST),
    "connect_waiting": of(MANAGER, device),
    "manage_key_revoke": of(MANAGER, key, POST),
    "manage_pending": of(SOME_MANAGER),
    "manage_pending_one": of(MANAGER, waiting, POST),
    "manage_fleets": of(SOME_MANAGER),
    "manage_fleet_add": of(SUPERUSER, methods=BOTH),
    "manage_fleet": of(MANAGER, fleet, BOTH),
    "manage_fleet_remove": of(SUPERUSER, fleet, BOTH),
    "manage_fleet_gateway": of(MANAGER, fleet, POST),
    # the console
    "device_tab": of(VIEWER, van),
    "live": of(SIGNED_IN),
    "history": of(SIGNED_IN),
    "vehicle": of(VIEWER, van),
    "thread": of(VIEWER, van, GET),
    "message_cancel": of(DISPATCHER, message, POST),
    "message_resend": of(DISPATCHER, message, POST),
    "vehicle_command": of(DISPATCHER, van, POST),
    "vehicle_note": of(VIEWER, van, GET),
    "messages": of(SIGNED_IN),
    "threads": of(SIGNED_IN),
    "messages_unread": of(SIGNED_IN),
    "broadcast_compose": of(SOME_DISPATCHER, methods=BOTH),
    "broadcast_preview": of(SOME_DISPATCHER, methods=POST),
    "broadcast": of(VIEWER, broadcast),
    "broadcast_resend": of(DISPATCHER, broadcast, POST),
    "export": of(DISPATCHER, van, query="?last=1&format=csv"),
    "track_imports": of(MANAGER, van, BOTH),
    "track_import": of(MANAGER, made_import, BOTH),
    "track_import_bad": of(MANAGER, made_import),
    "exports": of(SIGNED_IN, methods=BOTH),  # of which vehicles: test_exports.py
    "export_cancel": of(OWN_FILE, made_export, POST),
    "export_again": of(OWN_FILE, made_export, POST),
    "export_remove": of(OWN_FILE, made_export, POST),
    "export_file": of(OWN_FILE, made_export),
    "export_manifest": of(OWN_FILE, made_export),
    "alerts": of(SIGNED_IN),
    "alert_bar": of(SIGNED_IN),
    "acknowledge": of(DISPATCHER, alert, POST),
    "close_alert": of(DISPATCHER, alert, POST),
    "alert_sound": of(SIGNED_IN, methods=POST),
    "vehicle_overview": of(VIEWER, van),
    "vehicle_today": of(VIEWER, van),
    "map_style": of(SOME_MANAGER, some(maps.STREETS, "on"), POST),
    "town_file": of(GONE, some("nowhere", 1, "roads.json")),  # there is no town; its files have tests
    "demo_strip": of(SIGNED_IN),
    "demo_remove": of(SUPERUSER, demo, POST),
    # for programs
    "track": of(DISPATCHER, lambda house: [house.van.pk, "csv"], query=DAY),
    "trail": of(VIEWER, van, query=DAY),
    "fleet_positions": of(VIEWER, fleet),
    "api_history": of(VIEWER, van, query=DAY),
    "api_past": of(SIGNED_IN, query="?at=2025-11-24T00:00:00Z"),
    "api_past_tracks": of(SIGNED_IN, query="?from=2025-11-23T08:00:00Z&to=2025-11-23T09:00:00Z"),
    "api_within": of(SIGNED_IN, query=DAY + "&lat=52.5&lon=13.4&radius=300"),
    "places": of(SIGNED_IN, query="?at=57.7,11.97"),
    # browsers, devices and operators
    "manifest": of(OPEN),
    "service_worker": of(OPEN),
    "offline": of(OPEN),
    "lan": of(ELSEWHERE),  # under `up --lan`: tests/dashboard/test_trust.py
    "lan_ca": of(ELSEWHERE),
    "drive": of(OPEN),
    "drive_manifest": of(OPEN),
    "drive_worker": of(OPEN),
    "drive_code": of(DEVICE, some("no-such-code"), BOTH),
    "drive_sharing": of(DEVICE, methods=POST),
    "ingest": of(DEVICE, some("no-such-key"), POST),
    "gps/positions": of(DEVICE, methods=POST),
    "healthz": of(OPEN, methods=BOTH),
}
# Where a role may look and a higher one may write.
ALSO_POST = {"vehicle_note": DISPATCHER, "thread": DISPATCHER}

ALLOWED = {
    OPEN: {"nobody", "mallory", "vera", "bob", "alice", "root"},
    SIGNED_IN: {"mallory", "vera", "bob", "alice", "root"},
    SOME_MANAGER: {"mallory", "alice", "root"},
    SOME_DISPATCHER: {"mallory", "bob", "alice", "root"},
    VIEWER: {"vera", "bob", "alice", "root"},
    DISPATCHER: {"bob", "alice", "root"},
    MANAGER: {"alice", "root"},
    GOVERNOR: {"alice", "root"},
    SUPERUSER: {"root"},
    OWN: {"alice"},
    OWN_FILE: {"alice", "root"},
    GONE: set(),
    ELSEWHERE: set(),
    DEVICE: set(),
}
PEOPLE = ("nobody", "mallory", "vera", "bob", "alice", "root")


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route by its name, or by its address when it has none."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, prefix + str(entry.pattern))
        else:
            yield entry.name or prefix + str(entry.pattern), entry


NAMED = {entry.name for _, entry in patterns(get_resolver())}
CALLBACKS = {name: entry.callback for name, entry in patterns(get_resolver())}
ASYNC = {name for name, view in CALLBACKS.items() if iscoroutinefunction(view)}
ROLES_MATTER = [name for name, route in ROUTES.items() if route.who != DEVICE and name in CALLBACKS]
SYNC_ROUTES = sorted(set(ROLES_MATTER) - ASYNC)
ASYNC_ROUTES = sorted(set(ROLES_MATTER) & ASYNC)


def test_every_route_says_who_may() -> None:
    assert set(CALLBACKS) == set(ROUTES), "give it a line in ROUTES"


def address(name: str, house: House) -> str:
    route = ROUTES[name]
    path = reverse(name, args=route.args(house)) if name in NAMED else "/" + name
    return path + route.query


def asking(name: str, who: str, house: House, method: str, url: str | None = None, **more: Any) -> Any:
    client = Client(**more)
    if who != "nobody":
        client.force_login(getattr(house, who))
    send = client.post if method == POST else client.get
    return send(url or address(name, house))


def login_page(answer: Any) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/login/?next=")


def check(name: str, method: str, least: str, who: str, house: House) -> None:
    answer = asking(name, who, house, method)
    status, asked = answer.status_code, f"{who}: {method} {name}"
    body = b"" if answer.streaming else answer.content
    if who in ALLOWED[least]:
        refused = {401} if name == "session" and who == "nobody" else set()
        # Anything but a refusal: an empty form may well be told that it is empty.
        assert status in {200, 302, 400, 410, 422} | refused, (asked, body[:200])
        assert not login_page(answer), asked
    elif who == "nobody" and least != ELSEWHERE:
        assert status == 401 or login_page(answer), asked
    elif least in (SOME_MANAGER, SOME_DISPATCHER) or (
        least in (VIEWER, DISPATCHER, MANAGER) and who != "mallory"
    ):
        assert status == 403, asked
    else:
        assert status == 404, asked
    if who in ("mallory", "nobody"):
        for secret in (b"Van 7", b"Jan de Vries", b"van-7"):
            assert secret not in body, name


def methods(name: str) -> list[tuple[str, str]]:
    route = ROUTES[name]
    also = [(POST, ALSO_POST[name])] if name in ALSO_POST else []
    return [(method, route.who) for method in route.methods.split()] + also


@pytest.mark.parametrize("name", SYNC_ROUTES)
def test_who_may(name: str, house: House) -> None:
    for who, (method, least) in product(PEOPLE, methods(name)):
        with transaction.atomic():
            check(name, method, least, who, house)
            transaction.set_rollback(True)  # the next one finds the house as it was


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ASYNC_ROUTES)
def test_who_may_where_threads_of_their_own_read(name: str, house: House) -> None:
    for who, (method, least) in product(PEOPLE, methods(name)):
        check(name, method, least, who, house)


@pytest.mark.parametrize(
    "name", sorted(set(SYNC_ROUTES) - {n for n in SYNC_ROUTES if ROUTES[n].who in (OPEN, ELSEWHERE)})
)
def test_nobody_gets_a_fragment(name: str, house: House) -> None:
    url = address(name, house)
    send = Client().post if ROUTES[name].methods == POST else Client().get
    assert send(url, headers=HTMX).status_code == 401


@pytest.mark.parametrize("name", SYNC_ROUTES)
def test_only_the_methods_that_are_named(name: str, house: House) -> None:
    taken = {method for method, _ in methods(name)}
    who = "alice" if ROUTES[name].who == OWN else "root"
    for method in {GET, POST} - taken:
        assert asking(name, who, house, method).status_code == 405


@pytest.mark.parametrize("name", [n for n in SYNC_ROUTES if POST in dict(methods(n))])
def test_an_unsafe_request_needs_its_csrf_token(name: str, house: House) -> None:
    assert not getattr(CALLBACKS[name], "csrf_exempt", False)
    who = "alice" if ROUTES[name].who == OWN else "root"
    url = address(name, house)
    for person in ("nobody", who):
        answer = asking(name, person, house, POST, url, enforce_csrf_checks=True)
        assert answer.status_code == 403
        assert b"too old, or came from another site" in answer.content


@pytest.mark.parametrize("name", [n for n, route in ROUTES.items() if route.who != DEVICE])
def test_only_doors_of_devices_are_exempt_from_csrf(name: str) -> None:
    assert not getattr(CALLBACKS.get(name), "csrf_exempt", False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", [n for n, route in ROUTES.items() if route.who == DEVICE])
def test_no_session_opens_a_door_of_devices(name: str, house: House) -> None:
    route = ROUTES[name]
    url = address(name, house)
    api_token = programs.issue(house.root, name="a program")
    for headers in ({}, {"Authorization": f"Bearer {api_token}"}):
        client = Client(headers=headers)
        client.force_login(house.root)
        for method in route.methods.split():
            send = client.post if method == POST else client.get
            assert send(url, data={}, content_type="application/json").status_code in {401, 404}


# --- API tokens: the endpoints for programs, reading, and nothing else -----------------------

FOR_PROGRAMS = {"track", "trail", "fleet_positions", "places"} | {n for n in ROUTES if n.startswith("api_")}


@pytest.mark.parametrize(
    "name",
    [*SYNC_ROUTES, *(pytest.param(n, marks=pytest.mark.django_db(transaction=True)) for n in ASYNC_ROUTES)],
)
def test_where_an_api_token_opens_the_door(name: str, house: House) -> None:
    # The object belongs to alice, and so does the token.
    url = address(name, house)
    client = Client(headers={"Authorization": f"Bearer {programs.issue(house.alice, name='a program')}"})
    for method in ROUTES[name].methods.split():
        answer = client.post(url) if method == POST else client.get(url)
        if name in FOR_PROGRAMS:
            assert answer.status_code == 200
        elif ROUTES[name].who not in (OPEN, ELSEWHERE):
            assert answer.status_code == 401 or login_page(answer)
        else:
            assert "sessionid" not in client.cookies or not client.cookies["sessionid"].value
    if name in FOR_PROGRAMS:
        assert client.post(url).status_code in {401, 405}


# --- the browser socket ------------------------------------------------------------------------

# action: (the frame, who may)
ACTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "subscribe": ({"fleets": ["north"]}, VIEWER),
    "message": ({"vehicle": "van", "text": "Call the depot", "client_id": "c1"}, DISPATCHER),
    "command": ({"vehicle": "van", "name": "locate", "args": {}, "client_id": "c1"}, DISPATCHER),
    "cancel": ({"id": "queued"}, DISPATCHER),
    "resend": ({"id": "expired"}, DISPATCHER),
    "opened": ({"vehicle": "van"}, DISPATCHER),
    "writing": ({"vehicle": "van"}, DISPATCHER),
    "ack": ({"n": 0}, SIGNED_IN),
    "ping": ({}, SIGNED_IN),
}


def actions() -> set[str]:
    """The kinds of frame that `Browser.on_text` knows, read from its code, and those of ACTIONS there."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(Browser.on_text)))
    return set(WRITTEN) | {
        constant.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and ast.unparse(node.left) == "kind"
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


def test_every_action_says_who_may() -> None:
    assert actions() == set(ACTIONS), "give it a line in ACTIONS"


def conversation(house: House) -> dict[str, Any]:
    """A message that can be cancelled, one that can be said again, and something that nobody has opened."""
    queued, expired = (messages.queue(house.van, author=house.alice, text=text) for text in ("one", "two"))
    house.van.messages.filter(pk=expired.pk).update(status=Message.Status.EXPIRED)
    said = {"id": "9:r1", "number": 9, "kind": "reply", "text": "OK", "created": now(), "status": 5}
    house.van.messages.create(device=house.van.devices.get(), **said)
    Vehicle.objects.filter(pk=house.van.pk).update(last_message=9)
    return {"van": house.van.pk, "queued": queued.pk, "expired": expired.pk}


def state(house: House) -> list[tuple[Any, ...]]:
    return list(house.van.messages.values_list("pk", "status", "opened"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["mallory", "vera", "bob", "alice", "root"])
@pytest.mark.parametrize("action", sorted(ACTIONS))
async def test_who_may_do_what_on_the_socket(action: str, who: str, house: House) -> None:
    from fleet.asgi import application

    frame, least = ACTIONS[action]
    said = await sync_to_async(conversation)(house)
    frame = {
        name: said.get(value, value) if name in ("id", "vehicle") else value for name, value in frame.items()
    }
    before = await sync_to_async(state)(house)
    client = Client()
    await sync_to_async(client.force_login)(getattr(house, who))
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    headers = [(b"cookie", cookie), (b"origin", b"http://testserver"), (b"host", b"testserver")]
    socket = WebsocketCommunicator(application, "/ws/dashboard", headers=headers)
    assert (await socket.connect(timeout=5))[0]
    await socket.send_to(text_data=json.dumps({"type": action, **frame}))
    await socket.send_to(text_data='{"type":"ping"}')
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["type"] != "pong":
        heard.append(json.loads(await socket.receive_from(timeout=5)))
    await socket.disconnect()
    codes = [said["code"] for said in heard if said["type"] == "error"]
    if who in ALLOWED[least]:
        assert codes == []
    elif who == "mallory":
        # The same as for a fleet or vehicle that never was.
        unknown = "unknown_message" if "id" in frame else "unknown_vehicle"
        assert codes == ["forbidden" if action == "subscribe" else unknown]
        assert b"Van 7" not in json.dumps(heard).encode()
    else:
        assert codes == ["forbidden"]
    changed = await sync_to_async(state)(house) != before
    assert changed == (who in ALLOWED[least] and action in set(WRITTEN) - {"writing"})


async def test_nobody_opens_the_socket(db: None) -> None:
    from fleet.asgi import application

    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver")]
    accepted, _ = await WebsocketCommunicator(application, "/ws/dashboard", headers=headers).connect()
    assert not accepted

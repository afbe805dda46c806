"""The ways into Fleetline that a person can set up, and what each has to be told.

One entry of `DOORS` is one card on the page where a device is connected; it lists only what exists.
"""

import base64
import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import segno
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from tracking import drive
from tracking.models import Device

# What phones are asked for: a fix every so often, or so many metres further on.
INTERVAL_S, DISTANCE_M, ANGLE_DEG, HEARTBEAT_S = 15, 30, 30, 300


@dataclass(frozen=True, slots=True)
class Card:
    """How one app or program is set up: an address to scan or open, values to copy, and what to tap."""

    slug: str
    name: str
    about: str
    values: list[tuple[str, str]]
    steps: list[str] = field(default_factory=list)
    link: str = ""  # opens the app on the phone that shows this page; as a QR code for another phone
    needs_https: bool = False  # phones refuse it without

    @property
    def qr(self) -> str:
        return qr(self.link) if self.link else ""


def qr(text: str) -> str:
    """A QR code as inline SVG that takes the colours and the size of its place."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(border=2, omitsize=True, dark="#000", light="#fff", svgclass="qr"))


def address(request: HttpRequest, key: str) -> str:
    return request.build_absolute_uri(f"/i/{key}")


def socket_address(request: HttpRequest) -> str:
    return request.build_absolute_uri("/gps/connect").replace("http", "ws", 1)


def reach(request: HttpRequest) -> str:
    """What keeps a phone from this address: "loopback", "http", or nothing."""
    origin = urlsplit(request.build_absolute_uri("/"))
    host = origin.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost" or host.endswith(".localhost")
    if loopback:
        return "loopback"
    return "" if origin.scheme == "https" else "http"


def cards(url: str, device: Device, *, page: str) -> list[Card]:
    """A card for each app, with the device's address `url`; `page`: a one-time address of the driver page."""
    return [driver_page(page), *(door(url, device) for door in DOORS)]


def driver_page(page: str) -> Card:
    """The phone's browser itself."""
    minutes = int(drive.CODE_LIFE.total_seconds() // 60)
    return Card(
        slug="drive",
        name=_("This phone’s browser"),
        about=_(
            "Nothing to install: positions, messages and SOS in the browser of any phone. "
            "It stops when the screen locks; the apps below go on."
        ),
        link=page,
        needs_https=True,
        steps=[
            _("Scan this with the phone’s camera and open the page."),
            _("Tap “Start sharing”, and allow the location."),
            _("Keep the page open and the phone on a charger while you drive."),
        ],
        values=[(_("Address, for one phone, within %(n)d minutes") % {"n": minutes}, page)],
    )


def drive_address(request: HttpRequest, code: str) -> str:
    return request.build_absolute_uri(reverse("drive_code", args=[code]))


def _traccar(url: str, device: Device) -> Card:
    settings = {
        "id": device.uid,
        "accuracy": "high",
        "distance": DISTANCE_M,
        "interval": INTERVAL_S,
        "angle": ANGLE_DEG,
        "heartbeat": HEARTBEAT_S,
        "buffer": "true",
        "stop_detection": "true",
    }
    return Card(
        slug="traccar",
        name="Traccar Client",
        about=_("Android and iPhone. The easiest: one scan sets everything."),
        link=f"{url}?{urlencode(settings)}",
        steps=[
            _("Install Traccar Client from the store of the phone."),
            _("In its settings tap the QR symbol and scan this."),
            _("Switch on continuous tracking, and allow the location “always”."),
        ],
        values=[(_("Server URL"), url), (_("Device identifier"), device.uid)],
    )


def _owntracks(url: str, device: Device) -> Card:
    settings = {
        "_type": "configuration",
        "mode": 3,  # HTTP
        "url": url,
        "auth": False,
        "deviceId": device.uid[:32],
        "tid": (device.vehicle.name.replace(" ", "")[-2:] or "FL").upper(),
        "monitoring": 2,  # move: a fix every locatorInterval seconds
        "locatorInterval": INTERVAL_S,
        "locatorDisplacement": DISTANCE_M,
        "cmd": False,
    }
    inline = base64.b64encode(json.dumps(settings, separators=(",", ":")).encode()).decode()
    return Card(
        slug="owntracks",
        name="OwnTracks",
        about=_("Android and iPhone. Also shows the other vehicles of the fleet on its own map."),
        link="owntracks:///config?" + urlencode({"inline": inline}),
        steps=[
            _("Install OwnTracks from the store of the phone."),
            _("Scan this with the phone’s camera and open it in OwnTracks."),
            _("Confirm the settings, and allow the location “always”."),
        ],
        values=[(_("Mode"), "HTTP"), ("URL", url), (_("Device id"), device.uid[:32])],
    )


def _overland(url: str, device: Device) -> Card:
    return Card(
        slug="overland",
        name="Overland",
        about=_("iPhone. Saves power, and sends what it kept in batches."),
        link="overland://setup?" + urlencode({"url": url, "device_id": device.uid}),
        steps=[
            _("Install Overland from the App Store."),
            _("Scan this with the camera and open it in Overland."),
            _("Set tracking to on, and allow the location “always”."),
        ],
        values=[(_("Receiver endpoint"), url), (_("Device id"), device.uid)],
    )


def _colota(url: str, device: Device) -> Card:
    settings = {"endpoint": url, "interval": INTERVAL_S, "distance": DISTANCE_M, "apiTemplate": "overland"}
    config = base64.b64encode(json.dumps(settings, separators=(",", ":")).encode()).decode()
    return Card(
        slug="colota",
        name="Colota",
        about=_("Android, free software, without Google services."),
        link="colota://setup?" + urlencode({"config": config}),
        steps=[
            _("Install Colota from F-Droid or the store."),
            _("Scan this with the phone’s camera and open it in Colota."),
            _("Confirm the settings and start tracking."),
        ],
        values=[(_("Endpoint"), url), (_("API template"), "Overland")],
    )


def _gpslogger(url: str, device: Device) -> Card:
    fields = (
        "lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&spd=%SPD&bearing=%DIR"
        "&altitude=%ALT&accuracy=%ACC&batt=%BATT&sat=%SAT"
    )
    return Card(
        slug="gpslogger",
        name="GPSLogger",
        about=_("Android. For tracks that are also kept on the phone."),
        steps=[
            _("In GPSLogger open “Logging details” and switch on “Log to custom URL”."),
            _("Paste the URL, keep the method GET, leave body and headers empty."),
            _("Switch on “Allow offline” so that it sends what it could not, and start logging."),
        ],
        values=[("URL", f"{url}?{fields}"), (_("HTTP method"), "GET")],
    )


def _other(url: str, device: Device) -> Card:
    return Card(
        slug="other",
        name=_("Another app or script"),
        about=_("Whatever can call an address: OsmAnd, Home Assistant, a script. Speed in knots."),
        steps=[_("Latitude and longitude in degrees; all else may be left out.")],
        values=[
            (_("Address"), url),
            (_("Example"), f"curl '{url}?lat=57.7089&lon=11.9746&speed=12.5&bearing=270'"),
        ],
    )


DOORS: tuple[Callable[[str, Device], Card], ...] = (
    _traccar,
    _owntracks,
    _overland,
    _colota,
    _gpslogger,
    _other,
)


def own_protocol(request: HttpRequest, token: str) -> Card:
    """Our socket, for a program or a tracker that can keep a token."""
    post = request.build_absolute_uri("/gps/positions")
    example = (
        f"curl -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' "
        f'-d \'{{"latitude":57.7089,"longitude":11.9746,"speed":12.5}}\' {post}'
    )
    return Card(
        slug="socket",
        name=_("Fleetline’s own protocol"),
        about=_("A WebSocket with acknowledgements and messages, or plain HTTP."),
        values=[(_("WebSocket"), socket_address(request)), (_("Token"), token), (_("Try it"), example)],
    )


def gateway_cards(url: str) -> list[Card]:
    """How servers that already have the trackers pass their positions on."""
    traccar = "\n".join(
        [
            "<entry key='forward.type'>json</entry>",
            f"<entry key='forward.url'>{url}</entry>",
            "<entry key='forward.retry.enable'>true</entry>",
        ]
    )
    return [
        Card(
            slug="traccar-server",
            name=_("Traccar server"),
            about=_(
                "Brings over 200 kinds of trackers. Each device’s identifier there is its device id here."
            ),
            steps=[_("Add these lines to traccar.xml and restart Traccar.")],
            values=[("traccar.xml", traccar)],
        ),
        Card(
            slug="flespi",
            name="flespi",
            about=_("A stream of the kind HTTP. Each ident there is a device id here."),
            steps=[_("In flespi add a stream “HTTP” with this URI and subscribe its channels or devices.")],
            values=[("URI", url)],
        ),
    ]

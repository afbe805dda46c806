"""The driver page: what the server shows and gives to a phone that nobody is signed in on."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import now

from dashboard import limits
from tests.dashboard.conftest import HTMX
from tracking import drive, tokens
from tracking.models import Device, DriveCode

CLAIM = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(autouse=True)
def _not_counted_yet() -> None:
    for key in limits._client(settings.REDIS_URL).scan_iter("limit:drive:*"):
        limits._client(settings.REDIS_URL).delete(key)


@pytest.fixture
def phone() -> Client:
    """A browser of nobody, which sends no CSRF token."""
    return Client(enforce_csrf_checks=True)


def exchange(phone: Client, code: str, claim: Any = CLAIM, **more: Any) -> Any:
    content = {"content_type": "application/json", **more}
    return phone.post(f"/drive/{code}", json.dumps({"claim": claim}), **content)


def test_a_code_becomes_a_token_once(house, phone) -> None:
    code = drive.issue(house.van.devices.get())
    for _ in range(2):  # link previews fetch pages
        page = phone.get(f"/drive/{code}")
        assert page.status_code == 200
        assert "Van 7 · North" in page.content.decode()
    answer = exchange(phone, code)
    assert answer.status_code == 200
    granted = answer.json()
    assert tokens.verify(granted["token"]).uid == "van-7"
    assert (granted["vehicle"], granted["fleet"]) == ("Van 7", "North")
    assert answer["Cache-Control"].count("no-store")
    again = exchange(Client(), code, "f" * 36)
    assert (again.status_code, again.json()["error"]["code"]) == (410, "code_used")
    page = phone.get(f"/drive/{code}")
    assert page.status_code == 410
    assert "This code was used already" in page.content.decode()
    assert "Van 7" not in page.content.decode()


def test_wrong_and_old_codes_open_nothing(house, phone) -> None:
    code = drive.issue(house.van.devices.get())
    wrong = exchange(phone, "A" * 22)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (404, "code_unknown")
    DriveCode.objects.update(expires=now() - timedelta(seconds=1))
    old = exchange(phone, code)
    assert (old.status_code, old.json()["error"]["code"]) == (410, "code_expired")
    assert DriveCode.objects.get().used is None


@pytest.mark.parametrize("claim", ["short", "x" * 65, 7, None])
def test_a_claim_is_a_secret_of_the_phone(house, phone, claim) -> None:
    code = drive.issue(house.van.devices.get())
    assert exchange(phone, code, claim).status_code == 400
    assert DriveCode.objects.get().used is None


def test_a_form_of_another_site_exchanges_nothing(house, phone) -> None:
    """What a page elsewhere can send without being allowed to: forms, and text."""
    code = drive.issue(house.van.devices.get())
    assert phone.post(f"/drive/{code}", {"claim": CLAIM}).status_code == 400
    assert exchange(phone, code, content_type="text/plain").status_code == 400
    assert DriveCode.objects.get().used is None


def test_guessing_ends_soon(house, phone) -> None:
    answers = [exchange(phone, f"guess-{n}").status_code for n in range(limits.DRIVE.times + 1)]
    assert set(answers[:-1]) == {404}
    assert answers[-1] == 429
    code = drive.issue(house.van.devices.get())
    assert exchange(phone, code).status_code == 429
    assert exchange(phone, code, REMOTE_ADDR="10.9.8.7").status_code == 200


def test_only_managers_of_the_fleet_make_codes(house, sign_in) -> None:
    url = f"/manage/devices/{house.van.devices.get().pk}/secret/"
    for who, status in (("mallory", 404), ("vera", 403), ("bob", 403)):
        assert sign_in(who).post(url, {"what": "address"}, headers=HTMX).status_code == status
    assert not DriveCode.objects.exists()
    page = sign_in("alice").post(url, {"what": "address"}, headers=HTMX, secure=True).content.decode()
    first = page.index('data-door="drive"')
    assert first < page.index('data-door="traccar"')
    code = re.search(r'href="https://testserver/drive/([\w-]+)"', page)
    assert code
    assert drive.find(code[1]).device == house.van.devices.get()
    assert page.count("<svg") > 1


@pytest.mark.parametrize("secure", [False, True])
def test_no_qr_code_that_fails_on_the_phone(house, sign_in, secure) -> None:
    """Neither of an address that means this computer, nor of the driver page without HTTPS."""
    alice, url = sign_in("alice"), f"/manage/devices/{house.van.devices.get().pk}/secret/"
    loopback = alice.post(
        url, {"what": "address"}, headers={**HTMX, "host": "localhost"}, secure=secure
    ).content.decode()
    assert "<svg" not in loopback
    assert "No QR code yet" in loopback
    plain = alice.post(url, {"what": "address"}, headers=HTMX).content.decode()
    assert plain.count("No QR code yet") == 1
    page = alice.get(f"/manage/vehicles/{house.van.pk}/connect/", headers={"host": "localhost"})
    assert "make run LAN=1" in page.content.decode()
    assert "reverse_proxy 127.0.0.1:8000" in page.content.decode()


def test_the_page_speaks_the_drivers_language(house, phone) -> None:
    house.van.driver.language = "zh-hans"
    house.van.driver.save()
    page = phone.get(f"/drive/{drive.issue(house.van.devices.get())}")
    assert '<html lang="zh-hans"' in page.content.decode()
    assert phone.cookies["django_language"]["path"] == "/drive/"
    assert '<html lang="zh-hans"' in phone.get("/drive/").content.decode()
    assert '<html lang="en"' in Client().get("/drive/").content.decode()
    spoken = Client().get("/drive/", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh-hans"' in spoken.content.decode()


def test_the_page_its_worker_and_its_manifest_know_nobody(house, phone, sign_in) -> None:
    for path in ("/drive/", "/drive/sw.js", "/drive/manifest.webmanifest"):
        answer = phone.get(path)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer
        assert "alice" not in sign_in("alice").get(path).content.decode()
    manifest = phone.get("/drive/manifest.webmanifest").json()
    assert (manifest["start_url"], manifest["scope"]) == ("/drive/", "/drive/")
    worker = phone.get("/drive/sw.js").content.decode()
    files = json.loads(re.search(r"const FILES = (\[.*?\]);", worker)[1])  # type: ignore[index]
    page = phone.get("/drive/").content.decode()
    imports = re.findall(r'"(/static/js/[^"]+)": "(/static/js/[^"]+)"', page)
    assert len(imports) > 10
    assert {file for _, file in imports} <= set(files)


def test_every_module_of_the_page_is_in_its_map() -> None:
    from dashboard.views.drive import MODULES

    folder = settings.BASE_DIR / "static" / "js" / "drive"
    assert {path.stem for path in folder.glob("*.js")} == set(MODULES)
    for path in folder.glob("*.js"):
        outside = set(re.findall(r'from "\.\./([\w-]+)\.js"', path.read_text()))
        assert outside <= {"i18n"}, path.name


def test_a_device_says_that_its_driver_stopped_sharing(house, phone) -> None:
    device = house.van.devices.get()

    def say(token: str, **said: Any) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        content = json.dumps(said)
        return phone.post(
            "/drive/sharing", content, content_type="application/json", headers=headers
        ).status_code

    def stopped() -> Any:
        return Device.objects.get(pk=device.pk).stopped

    token = tokens.issue(uid="van-7", fleet="north")
    assert say("no-token", sharing=True) == 401
    assert say(tokens.issue(uid="van-7", fleet="south"), sharing=True) == 403
    assert say(token, sharing=False) == 400  # when?
    assert say(token, sharing="no", time=now().isoformat()) == 400
    assert say(token, sharing=False, time=now().replace(tzinfo=None).isoformat()) == 400
    assert stopped() is None
    moment = now() - timedelta(minutes=3)
    for _ in range(2):
        assert say(token, sharing=False, time=moment.isoformat()) == 200
        assert stopped() == moment
    ahead = now() + timedelta(hours=5)  # a phone whose clock is wrong
    assert say(token, sharing=False, time=ahead.isoformat()) == 200
    assert stopped() <= now()
    assert say(token, sharing=True) == 200
    assert stopped() is None

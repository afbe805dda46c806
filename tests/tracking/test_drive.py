"""One-time codes of the driver page."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils.timezone import now

from tracking import devices, drive, tokens
from tracking.models import Device, DriveCode

PHONE, OTHER = "claim-of-this-phone", "claim-of-another-phone"


@pytest.fixture
def device(db: None) -> Device:
    return devices.register("van-7", fleet="north", name="Van 7")


def refused(code: str, claim: str = PHONE) -> str:
    with pytest.raises(drive.Refused) as error:
        drive.exchange(code, claim=claim)
    return error.value.code


def test_a_code_is_exchanged_for_a_token_of_its_device(device: Device) -> None:
    code = drive.issue(device)
    found, token = drive.exchange(code, claim=PHONE)
    assert found == device
    claims = tokens.verify(token)
    assert (claims.uid, claims.fleet) == ("van-7", "north")
    assert DriveCode.objects.get().digest == drive.digest(code) != code


def test_looking_uses_nothing_up(device: Device) -> None:
    code = drive.issue(device)
    assert drive.find(code).device == drive.find(code).device == device
    drive.exchange(code, claim=PHONE)
    with pytest.raises(drive.Refused, match="code_used"):
        drive.find(code)


def test_the_second_phone_gets_nothing_and_the_first_may_ask_again(device: Device) -> None:
    code = drive.issue(device)
    drive.exchange(code, claim=PHONE)
    assert refused(code, OTHER) == "code_used"
    _, token = drive.exchange(code, claim=PHONE)  # its answer was lost
    assert tokens.verify(token).uid == "van-7"


def test_a_code_ends(device: Device) -> None:
    unused, used = drive.issue(device), drive.issue(device)
    drive.exchange(used, claim=PHONE)
    DriveCode.objects.update(expires=now())
    assert refused(unused) == "code_expired"
    assert refused(used) == "code_used"
    assert refused("never-was-one") == "code_unknown"


def test_a_device_that_is_switched_off_or_suspended_gets_no_token(device: Device) -> None:
    code = drive.issue(device)
    devices.disable(device)
    assert refused(code) == "device_disabled"
    devices.enable(device)
    devices.suspend(device.vehicle.fleet)
    assert refused(code) == "device_disabled"
    devices.resume(device.vehicle.fleet)
    assert drive.exchange(code, claim=PHONE)


def test_old_codes_are_forgotten(device: Device) -> None:
    drive.issue(device)
    drive.issue(device, life=-drive.KEEP - timedelta(seconds=1))
    assert drive.forget() == 1
    assert drive.forget() == 0
    assert DriveCode.objects.count() == 1


def test_who_stopped_sharing_is_said_until_they_start_again(device: Device) -> None:
    from tracking import snapshot

    def said() -> SimpleNamespace:
        row = snapshot._rows(device.vehicle.fleet_id)[device.vehicle_id]
        return SimpleNamespace(stopped=row["sharing_stopped"])

    assert said().stopped is None
    moment = now().replace(microsecond=0)
    drive.sharing(device.pk, stopped=moment)
    assert said().stopped == f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
    drive.sharing(device.pk, stopped=None)
    assert said().stopped is None

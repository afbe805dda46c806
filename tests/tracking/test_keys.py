"""Keys of addresses: shown once, stored hashed, rotated with grace."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from tracking import keys
from tracking.models import IngestKey


def found(key: str) -> IngestKey:
    known = keys.find(key)
    assert known is not None
    return known


def test_a_key_is_found_and_only_its_digest_is_stored(van):
    key = keys.issue(device=van.device)
    assert len(key) >= 22  # 128 bits in base64
    known = found(key)
    assert known.device == van.device
    assert known.fleet is None
    stored = str(list(IngestKey.objects.values_list()))
    assert key not in stored
    assert known.hint == key[-4:]


def test_a_key_of_a_fleet(van):
    assert found(keys.issue(fleet=van.fleet)).fleet == van.fleet


def test_a_key_has_one_owner(van):
    with pytest.raises(ValueError, match="of a device or of a fleet"):
        keys.issue()
    with pytest.raises(ValueError, match="of a device or of a fleet"):
        keys.issue(device=van.device, fleet=van.fleet)


@pytest.mark.parametrize("key", ["", "nobodys", "x" * 10_000, "\ud800", "\0"])
def test_an_unknown_key_costs_one_query(van, key, django_assert_num_queries):
    keys.issue(device=van.device)
    with django_assert_num_queries(1):
        assert keys.find(key) is None


def test_a_known_key_costs_one_query(van, django_assert_num_queries):
    key = keys.issue(device=van.device)
    with django_assert_num_queries(1):
        device = found(key).device
        assert device is not None
        assert device.vehicle.fleet == van.fleet


def test_an_old_key_opens_until_its_grace_ends(van):
    old = keys.issue(device=van.device)
    fresh = keys.rotate(found(old), grace=timedelta(minutes=5))
    assert found(old).device == found(fresh).device == van.device
    keys.rotate(found(old), grace=timedelta(hours=5))
    expires = found(old).expires
    assert expires is not None
    assert expires < now() + timedelta(minutes=6)  # a second rotation gives it no longer life
    keys.rotate(found(old), grace=timedelta(0))
    assert keys.find(old) is None
    assert keys.find(fresh) is not None


def test_a_revoked_key_opens_nothing(van):
    key = keys.issue(device=van.device)
    keys.revoke(found(key))
    assert keys.find(key) is None


def test_ingesturl_prints_the_address_and_nothing_else(van, capsys):
    call_command("ingesturl", "van-7", base="https://fleet.example.org/")
    out = capsys.readouterr().out
    address, key = out.strip().rsplit("/", 1)
    assert address == "https://fleet.example.org/i"
    assert out == f"{address}/{key}\n"
    assert found(key).device == van.device


def test_ingesturl_of_a_gateway(van, capsys, settings):
    settings.ORIGINS = ["https://fleet.example.org"]
    call_command("ingesturl", fleet="north")
    address, key = capsys.readouterr().out.strip().rsplit("/", 1)
    assert address == "https://fleet.example.org/i"
    assert found(key).fleet == van.fleet


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        ({}, "Name a device"),
        ({"uid": "van-7", "fleet": "north"}, "Name a device"),
        ({"uid": "van-8"}, "no device"),
        ({"fleet": "west"}, "no fleet"),
    ],
)
def test_ingesturl_says_what_is_wrong(van, words, detail):
    with pytest.raises(CommandError, match=detail):
        call_command("ingesturl", *filter(None, [words.get("uid")]), fleet=words.get("fleet", ""))

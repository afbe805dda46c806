"""What all pages share: policy, errors, the demo strip."""

import json
import os
import re

import pytest
import redis
from asgiref.sync import iscoroutinefunction
from django.http import HttpResponse
from django.test import RequestFactory

from dashboard import errors
from dashboard.middleware import content_security_policy
from tests.dashboard.conftest import HTMX
from tracking.models import Fleet, Vehicle


def test_every_answer_carries_a_policy_with_a_nonce_of_its_own(client, db) -> None:
    policies = [client.get("/login/")["Content-Security-Policy"] for _ in range(2)]
    nonces = [re.findall(r"script-src 'self' 'nonce-([\w-]{20,})'", policy)[0] for policy in policies]
    assert nonces[0] != nonces[1]
    assert "unsafe" not in policies[0]
    for rule in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "worker-src 'self'"):
        assert rule in policies[0]


async def test_the_policy_leaves_async_views_async() -> None:
    async def view(request) -> HttpResponse:
        return HttpResponse(request.csp_nonce)

    wrapped = content_security_policy(view)
    assert iscoroutinefunction(wrapped)
    answer = await wrapped(RequestFactory().get("/"))
    assert f"'nonce-{answer.content.decode()}'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api/nothing", "/gps/nothing"])
def test_errors_for_programs_are_json(client, db, path) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_errors_for_people_are_pages_and_for_htmx_a_sentence(client, db) -> None:
    assert "<html" in client.get("/nothing/").content.decode()
    sentence = client.get("/nothing/", headers=HTMX)
    assert sentence.status_code == 404
    assert "HX-Reswap" not in sentence
    assert "<html" not in sentence.content.decode()


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (errors.server_error, 500),
        (lambda request: errors.bad_request(request, ValueError()), 400),
        (lambda request: errors.forbidden(request, PermissionError("Not yours")), 403),
        (errors.csrf_failure, 403),
    ],
)
def test_each_error_has_its_page_and_its_json(handler, status, settings) -> None:
    page = handler(RequestFactory().get("/"))
    assert page.status_code == status
    assert str(status) in page.content.decode()
    answer = handler(RequestFactory().get("/api/x"))
    assert answer.status_code == status
    assert set(json.loads(answer.content)["error"]) == {"code", "detail"}


@pytest.fixture
def demo(house) -> Fleet:
    fleet = Fleet.objects.create(slug="demo", name="Demo", demo=True)
    for number in range(3):
        Vehicle.objects.create(fleet=fleet, name=f"Demo {number}")
    return fleet


def strip(client) -> str:
    page: str = client.get("/demo/strip/", headers=HTMX).content.decode()
    return page


def test_no_demo_no_strip(house, sign_in) -> None:
    assert "hidden" in strip(sign_in("root"))


def test_the_strip_is_of_those_who_see_the_demo(demo, sign_in) -> None:
    assert "3 demo vehicles" in strip(sign_in("root"))
    assert "demo vehicles" not in strip(sign_in("alice"))


def test_the_strip_says_how_far_the_past_is(demo, sign_in) -> None:
    progress = {"done": 430, "total": 1000, "phase": "history", "at": 0}
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as store:
        store.set("demo:progress", json.dumps(progress))
        page = strip(sign_in("root"))
        assert 'value="43"' in page
        assert "every 2s" in page
        store.set("demo:progress", json.dumps(progress | {"phase": "driving"}))
    assert "<progress" not in strip(sign_in("root"))


def test_the_strip_counts_while_processes_are_killed(house, sign_in) -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as store:
        store.set("chaos:counts", json.dumps({"acked": 1200, "stored": 1180, "lost": 0}))
    page = strip(sign_in("root"))
    assert "1200 positions acknowledged, 1180 stored, lost 0" in " ".join(page.split())
    assert "every 2s" in page


@pytest.mark.parametrize(
    "said", ["nonsense", "[]", '{"phase":"history"}', '{"phase":"history","done":1,"total":0}']
)
def test_a_progress_that_makes_no_sense_is_not_shown(demo, sign_in, said) -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as store:
        store.set("demo:progress", said)
    page = strip(sign_in("root"))
    assert "3 demo vehicles" in page
    assert "<progress" not in page


def test_the_strip_works_without_redis(demo, sign_in, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    assert "3 demo vehicles" in strip(sign_in("root"))


def test_removing_takes_the_demo_away_and_nothing_else(demo, house, sign_in) -> None:
    assert sign_in("root").post("/demo/remove/", headers=HTMX)["HX-Redirect"] == "/"
    assert list(Fleet.objects.values_list("slug", flat=True)) == ["north", "south"]
    assert Vehicle.objects.count() == 2


def test_who_only_looks_at_the_demo_cannot_remove_it(demo, house, sign_in) -> None:
    demo.memberships.create(user=house.vera, role="viewer")
    vera = sign_in("vera")
    assert "Remove" not in strip(vera)
    assert vera.post("/demo/remove/").status_code == 403
    assert sign_in("alice").post("/demo/remove/").status_code == 404
    assert Fleet.objects.filter(demo=True).exists()

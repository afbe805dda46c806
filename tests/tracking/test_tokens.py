"""A device token opens the door only when everything about it is right."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest

OURS = "k1-key-of-at-least-thirty-two-bytes"
OLDER = "k0-key-of-at-least-thirty-two-bytes"


@pytest.fixture(autouse=True)
def _ring(settings: Any) -> None:
    settings.TOKEN_KEYS = {"k1": OURS, "k0": OLDER}


def claims(**other: Any) -> dict[str, Any]:
    known = {"uid": "van-7", "group_name": "north", "aud": "gps", "exp": time.time() + 60}
    return {key: value for key, value in {**known, **other}.items() if value is not None}


def part(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def sign(content: Any = None, *, key: str = OURS, digest: str = "sha256", **header: Any) -> str:
    """A token made by hand: libraries refuse to make most of these. A header of None is left out."""
    head = {"alg": "HS256", "typ": "JWT", **header}
    head = {name: value for name, value in head.items() if value is not None}
    body = f"{part(head)}.{part(claims() if content is None else content)}"
    return f"{body}.{part(hmac.new(key.encode(), body.encode(), digest).digest())}"


def swapped(token: str, content: Any) -> str:
    """The token with other claims and the signature that it had."""
    head, _, signature = token.split(".")
    return f"{head}.{part(content)}.{signature}"


def verdict(token: str) -> str:
    from tracking import tokens

    try:
        tokens.verify(token)
    except tokens.Refused as refused:
        return refused.code
    return "taken"


@pytest.mark.parametrize(
    "token",
    [
        lambda: sign(),
        lambda: sign(kid="k1"),
        lambda: sign(key=OLDER, kid="k0"),
        lambda: sign(key=OLDER),
        lambda: sign(claims(exp=int(time.time()) + 60, iat=int(time.time()) + 600, jti="7", iss="anybody")),
        lambda: sign(claims(nbf=time.time() - 5)),
        lambda: sign(typ=None),
    ],
)
def test_a_token_of_ours_or_of_somebody_with_the_key_is_taken(token: Any) -> None:
    assert verdict(token()) == "taken"


@pytest.mark.parametrize(
    ("name", "token", "code"),
    [
        ("alg none", lambda: jwt.encode(claims(), "", algorithm="none"), "token_invalid"),
        ("alg nOnE, signed", lambda: sign(alg="nOnE"), "token_invalid"),
        ("alg NONE, unsigned", lambda: sign(alg="NONE").rpartition(".")[0] + ".", "token_invalid"),
        ("alg missing", lambda: sign(alg=None), "token_invalid"),
        ("alg HS512", lambda: sign(alg="HS512", digest="sha512"), "token_invalid"),
        ("alg RS256", lambda: sign(alg="RS256"), "token_invalid"),
        ("alg in small letters", lambda: sign(alg="hs256"), "token_invalid"),
        ("alg as a list", lambda: sign(alg=["HS256"]), "token_invalid"),
        ("alg as a number", lambda: sign(alg=256), "token_invalid"),
        ("wrong key", lambda: sign(key="x" * 40), "token_forged"),
        ("empty key", lambda: sign(key=""), "token_forged"),
        ("kid of the other key", lambda: sign(kid="k0"), "token_forged"),
        ("unknown kid", lambda: sign(kid="k9"), "token_forged"),
        ("kid a path", lambda: sign(kid="../../../../dev/null", key=""), "token_forged"),
        ("kid SQL", lambda: sign(kid="k1' UNION SELECT 'x", key="x"), "token_forged"),
        ("kid a number", lambda: sign(kid=1), "token_malformed"),
        ("kid a list", lambda: sign(kid=["k1"]), "token_malformed"),
        ("kid null", lambda: f"{part({'alg': 'HS256', 'kid': None})}.e30.x", "token_malformed"),
        ("crit", lambda: sign(crit=["exp"]), "token_malformed"),
        ("crit unknown", lambda: sign(crit=["gps"], gps=1), "token_malformed"),
        ("b64 false", lambda: sign(b64=False), "token_malformed"),
        ("jwk in the header", lambda: sign(key="m" * 40, jwk={"kty": "oct", "k": "bW1t"}), "token_forged"),
        ("jku in the header", lambda: sign(key="mine" * 10, jku="http://127.0.0.1:1/keys"), "token_forged"),
        ("x5u in the header", lambda: sign(key="mine" * 10, x5u="http://127.0.0.1:1/cert"), "token_forged"),
        ("x5c in the header", lambda: sign(key="mine" * 10, x5c=["MIIB"]), "token_forged"),
        ("signature cut", lambda: sign()[:-2], "token_malformed"),
        ("signature of another", lambda: sign().rpartition(".")[0] + "." + part(bytes(32)), "token_forged"),
        ("signature missing", lambda: sign().rpartition(".")[0] + ".", "token_forged"),
        ("claims changed", lambda: swapped(sign(), claims(uid="x")), "token_forged"),
        ("two parts", lambda: sign().rpartition(".")[0], "token_malformed"),
        ("five parts", lambda: f"{sign()}.x.y", "token_malformed"),
        ("words", lambda: "a.b.c", "token_malformed"),
        ("not ASCII", lambda: "ä.ö.ü", "token_malformed"),
        ("nested header", lambda: f"{part(b'[' * 1400)}.e30.x", "token_malformed"),
        ("nested claims", lambda: sign(b"[" * 1200), "token_invalid"),
        ("claims a list", lambda: sign([]), "token_invalid"),
        ("claims not JSON", lambda: sign(b"nope"), "token_invalid"),
        ("claims not UTF-8", lambda: sign(b"\xff\xfe"), "token_invalid"),
        ("too long", lambda: sign(claims(nickname="x" * 2048)), "token_long"),
        ("no exp", lambda: sign(claims(exp=None)), "token_invalid"),
        ("exp a word", lambda: sign(claims(exp="9999999999")), "token_claims"),
        ("exp infinite", lambda: sign(claims(exp=float("inf"))), "token_claims"),
        ("exp not a number", lambda: sign(claims(exp=float("nan"))), "token_claims"),
        ("exp too large", lambda: sign(claims(exp=10**400)), "token_claims"),
        ("exp true", lambda: sign(claims(exp=True)), "token_claims"),
        ("exp a list", lambda: sign(claims(exp=[9999999999])), "token_claims"),
        ("expired", lambda: sign(claims(exp=time.time() - 1)), "token_expired"),
        ("expired in 1970", lambda: sign(claims(exp=0)), "token_expired"),
        ("exp negative", lambda: sign(claims(exp=-(10**300))), "token_expired"),
        ("nbf ahead", lambda: sign(claims(nbf=time.time() + 3600)), "token_early"),
        ("nbf a word", lambda: sign(claims(nbf="soon")), "token_claims"),
        ("no aud", lambda: sign(claims(aud=None)), "token_invalid"),
        ("other aud", lambda: sign(claims(aud="dashboard")), "token_invalid"),
        ("aud a list", lambda: sign(claims(aud=["gps"])), "token_invalid"),
        ("aud a longer list", lambda: sign(claims(aud=["gps", "other"])), "token_invalid"),
        ("no uid", lambda: sign(claims(uid=None)), "token_invalid"),
        ("uid a number", lambda: sign(claims(uid=7)), "token_claims"),
        ("uid empty", lambda: sign(claims(uid="")), "token_claims"),
        ("uid too long", lambda: sign(claims(uid="x" * 65)), "token_claims"),
        ("uid with NUL", lambda: sign(claims(uid="van\0")), "token_claims"),
        ("no fleet", lambda: sign(claims(group_name=None)), "token_invalid"),
        ("fleet a list", lambda: sign(claims(group_name=["north"])), "token_claims"),
        ("gen a word", lambda: sign(claims(gen="1")), "token_claims"),
        ("gen true", lambda: sign(claims(gen=True)), "token_claims"),
        ("gen negative", lambda: sign(claims(gen=-1)), "token_claims"),
        ("jti a number", lambda: sign(claims(jti=7)), "token_invalid"),
    ],
)  # fmt: skip
def test_a_token_with_anything_wrong_is_refused(name: str, token: Any, code: str) -> None:
    assert verdict(token()) == code, name


def test_a_key_that_is_too_short_verifies_nothing(settings: Any) -> None:
    settings.TOKEN_KEYS = {"k1": "short"}
    assert verdict(sign(key="short")) == "token_invalid"


def test_who_a_refused_token_names_is_told_and_whether_anybody_vouches_for_it() -> None:
    from tracking import tokens

    for token, signed in (
        (sign(claims(exp=1)), True),
        (sign(key="x" * 40), False),
        (sign(claims(aud="x")), True),
    ):
        with pytest.raises(tokens.Refused) as caught:
            tokens.verify(token)
        assert (caught.value.uid, caught.value.signed) == ("van-7", signed)


def test_a_rotated_ring_takes_the_old_key_until_it_is_taken_out(settings: Any) -> None:
    from tracking import tokens

    settings.TOKEN_KEYS = {"k0": OLDER}
    token = tokens.issue(uid="van-7", fleet="north")
    settings.TOKEN_KEYS = {"k1": OURS, "k0": OLDER}
    assert verdict(token) == "taken"
    assert jwt.get_unverified_header(tokens.issue(uid="van-7", fleet="north"))["kid"] == "k1"
    settings.TOKEN_KEYS = {"k1": OURS}
    assert verdict(token) == "token_forged"


DAY = 86_400


@pytest.mark.parametrize(
    ("life", "left", "generation", "renewed"),
    [
        (365 * DAY, 29 * DAY, 2, True),
        (365 * DAY, 31 * DAY, 2, False),
        (365 * DAY, 29 * DAY, 3, False),
        (60 * DAY, 5 * DAY, 2, False),
        (61 * DAY, 5 * DAY, 2, True),
    ],
)
def test_the_last_30_days_of_a_long_token_of_ours_bring_a_new_one(
    life: int, left: int, generation: int, renewed: bool
) -> None:
    from tracking import tokens

    moment = time.time()
    known = tokens.Claims("van-7", "north", moment + left, "Van 7", 2, issued=moment + left - life)
    fresh = tokens.renewal(known, generation=generation)
    assert (fresh is not None) == renewed
    if fresh is not None:
        again = tokens.verify(fresh)
        assert (again.uid, again.fleet, again.nickname, again.generation) == ("van-7", "north", "Van 7", 2)
        assert abs(again.expires - moment - life) < 5


def test_our_tokens_are_plain_hs256() -> None:
    from tracking import tokens

    head, body, signature = tokens.issue(uid="van-7", fleet="north").split(".")
    expected = hmac.new(OURS.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert signature == part(expected)

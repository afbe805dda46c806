"""The last contacts of each device, refused ones too: what its integrator looks at first.

A contact is noted in memory and written to Redis (REDIS_URL) once a second, so that a door pays a
dictionary entry for it. What comes again in a row is counted, not listed again; a socket is one
contact, from its handshake to its end. Kept as codes and numbers: `Contact.words` says it in the
reader's language.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec
import redis
from django.conf import settings
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from msgspec import Struct, field

from tracking.fixes import now_ms
from tracking.loops import per_loop, shared_redis
from tracking.models import Device, PendingDevice

log = logging.getLogger("fleetline.contacts")

KEPT = 50
KEPT_S = 90 * 86_400
WRITE_S = 1.0
# Different contacts in a second of one process; more are not noted.
MAX_WAITING = 2000
MAX_CHARS = 200
GOOD = ("connected", "closed", "stored", "heartbeat", "pending")

# KEYS list  ARGV identity, contact (JSON), "1" when it may stand anywhere in the list, kept, seconds
# An entry is its identity, a line feed, and the contact. Of two that are one, the newer words count.
WRITE = """
local function read(entry) return string.match(entry, '^([^\\n]*)\\n(.*)$') end
local most = ARGV[3] == '1' and -1 or 0
for i, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, most)) do
  local identity, text = read(entry)
  if identity == ARGV[1] then
    local old, new = cjson.decode(text), cjson.decode(ARGV[2])
    new.first, new.count = old.first, old.count + new.count
    for _, name in ipairs({'stored', 'refused'}) do
      local sum = (old.params[name] or 0) + (new.params[name] or 0)
      if sum > 0 then new.params[name] = sum end
    end
    if not new.params.detail then new.params.detail = old.params.detail end
    redis.call('LSET', KEYS[1], i - 1, identity .. '\\n' .. cjson.encode(new))
    redis.call('EXPIRE', KEYS[1], ARGV[5])
    return
  end
end
redis.call('LPUSH', KEYS[1], ARGV[1] .. '\\n' .. ARGV[2])
redis.call('LTRIM', KEYS[1], 0, ARGV[4] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[5])
"""


class Contact(Struct):
    """What came, and what became of it. `first` and `last` in ms; `count` of the same in a row."""

    door: str
    client: str
    code: str
    first: int
    last: int
    count: int = 1
    verdict: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def time(self) -> datetime:
        return _moment(self.last)

    @property
    def since(self) -> datetime:
        return _moment(self.first)

    @property
    def good(self) -> bool:
        return self.code in GOOD and not self.params.get("refused")

    @property
    def words(self) -> str:
        return words(self.code, self.params, at=self.time) or self.verdict or self.code


# --- noting ----------------------------------------------------------------------------------


def note(
    who: int | str,
    *,
    door: str,
    client: str = "",
    code: str = "",
    verdict: str = "",
    key: str = "",
    again: bool = False,
    **params: Any,
) -> None:
    """Note a contact of a device: by its id, or by its uid when nobody knows that one yet.

    `code` and `params` as in `words`; `verdict` only where there is no code for it. Contacts with the
    same `key` are one (a socket), and `again` says that this tells more of it instead of counting it.
    `stored` and `refused` are added up. Never waits and never fails; call it in an event loop.
    """
    detail = params.get("detail")
    if isinstance(detail, str):
        params["detail"] = detail[:MAX_CHARS]
    now = now_ms()
    contact = Contact(
        door, client[:MAX_CHARS], code, now, now, 0 if again else 1, verdict[:MAX_CHARS], params
    )
    notebook().add(_key(who), contact, key)


class Notebook:
    """What this process has noted and not yet written."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, bool], Contact] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, who: str, contact: Contact, key: str) -> None:
        parts = (contact.door, contact.client, key or contact.code)
        identity = "|".join(parts).replace("\n", " ")
        place = (who, identity, bool(key))
        known = self._waiting.get(place)
        if known is not None:
            _merge(known, contact)
        elif len(self._waiting) < MAX_WAITING:
            self._waiting[place] = contact
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._later())

    async def _later(self) -> None:
        while self._waiting:
            await asyncio.sleep(WRITE_S)
            await self.write()

    async def write(self) -> None:
        """Write what waits now; what Redis does not take is lost, and said."""
        waiting, self._waiting = self._waiting, {}
        pipe = shared_redis().pipeline(transaction=False)
        script = shared_redis().register_script(WRITE)
        for (who, identity, keyed), contact in waiting.items():
            entry = [identity, msgspec.json.encode(contact), str(int(keyed)), str(KEPT), str(KEPT_S)]
            await script(keys=[who], args=entry, client=pipe)
        try:
            await pipe.execute()
        except (redis.RedisError, OSError) as error:
            log.warning("%d contacts not noted: %s: %s", len(waiting), type(error).__name__, error)


@per_loop
def notebook() -> Notebook:
    return Notebook()


def _merge(known: Contact, newer: Contact) -> None:
    counts: dict[str, Any] = {
        name: known.params.get(name, 0) + newer.params.get(name, 0)
        for name in ("stored", "refused")
        if name in known.params or name in newer.params
    }
    known.params = {**known.params, **newer.params, **counts}
    known.count += newer.count
    known.last, known.code, known.verdict = newer.last, newer.code, newer.verdict


def _key(who: int | str) -> str:
    return f"contacts:{who}" if isinstance(who, int) else f"contacts:uid:{who}"


def _keys(device: Device | PendingDevice) -> list[str]:
    return [_key(-device.pk if isinstance(device, PendingDevice) else device.pk), _key(device.uid)]


# --- reading ---------------------------------------------------------------------------------


def last(who: Device | PendingDevice | int | str) -> list[Contact]:
    """The last contacts of a device, newest first; by its uid also those from before it was known."""
    if isinstance(who, int):
        who = Device.objects.filter(pk=who).first() or who
    keys = _keys(who) if isinstance(who, Device | PendingDevice) else [_key(who)]
    return _read([keys])[0]


def last_of(devices: Iterable[Device]) -> dict[int, list[Contact]]:
    """The last contacts of each of these devices, read together: {device id: newest first}."""
    devices = list(devices)
    found = _read([_keys(device) for device in devices])
    return {device.pk: contacts for device, contacts in zip(devices, found, strict=True)}


def _read(groups: Sequence[Sequence[str]]) -> list[list[Contact]]:
    """The newest KEPT contacts under the keys of each group."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT_S) as client:
        pipe = client.pipeline(transaction=False)
        for key in chain.from_iterable(groups):
            pipe.lrange(key, 0, KEPT - 1)
        pages = iter(pipe.execute())
    found = []
    for keys in groups:
        entries = chain.from_iterable(next(pages) for _ in keys)
        contacts = [msgspec.json.decode(entry.partition(b"\n")[2], type=Contact) for entry in entries]
        found.append(sorted(contacts, key=lambda contact: contact.last, reverse=True)[:KEPT])
    return found


def forget(device: Device) -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT_S) as client:
        client.delete(*_keys(device))


# --- in words --------------------------------------------------------------------------------

WORDS: dict[str, Any] = {
    "no_token": gettext_lazy("no token: send Authorization: Bearer <jwt>"),
    "token_long": gettext_lazy("token longer than %(most)s bytes"),
    "token_malformed": gettext_lazy("malformed token (%(detail)s)"),
    "token_forged": gettext_lazy("token signed with a key that is not in TOKEN_KEYS"),
    "token_claims": gettext_lazy("token claims: %(detail)s"),
    "token_invalid": gettext_lazy("token not valid (%(detail)s)"),
    "unknown_device": gettext_lazy("unknown device"),
    "unknown_fleet": gettext_lazy("unknown fleet %(fleet)s"),
    "unknown_key": gettext_lazy("unknown or revoked key"),
    "no_uid": gettext_lazy("this key is a gateway's: say which device it is"),
    "disabled": gettext_lazy("disabled"),
    "suspended": gettext_lazy("the fleet %(fleet)s is suspended"),
    "other_fleet": gettext_lazy("fleet is %(fleet)s, token says %(said)s"),
    "not_in_fleet": gettext_lazy("fleet is %(fleet)s, key is of %(said)s"),
    "rotated": gettext_lazy("token rotated: generation %(said)s, valid from %(valid)s"),
    "grace_ended": gettext_lazy("token rotated: grace ended"),
    "waits_elsewhere": gettext_lazy("unknown device; one of this name waits in another fleet"),
    "inbox_full": gettext_lazy("unknown device, and the inbox of its fleet is full"),
    "cloned": gettext_lazy(
        "two devices use this credential: they took the connection from each other %(times)s times"
    ),
    "pending": gettext_lazy("waits to be accepted"),
    "heartbeat": gettext_lazy("heartbeat"),
    "busy": gettext_lazy("busy: told to come back in %(seconds)s s"),
}
CLOSED: dict[int, Any] = {
    4400: gettext_lazy("closed: 20 frames in a row were wrong"),
    4401: gettext_lazy("closed: token expired"),
    4403: gettext_lazy("closed: revoked, disabled or suspended"),
    4408: gettext_lazy("closed: silent for 15 minutes"),
    4409: gettext_lazy("superseded by a newer connection"),
    4413: gettext_lazy("closed: a frame was too long"),
    4429: gettext_lazy("closed: more than it may send"),
    4503: gettext_lazy("closed: told to come back"),
}
AHEAD = re.compile(r"time: (\d+) min ahead")
# Of what tracking/fixes.py says on the wire, in English: what the owner of a device meets.
REFUSALS: dict[str, Any] = {
    "latitude, longitude: 0,0 is what a receiver without a fix says": gettext_lazy(
        "latitude, longitude: 0,0 is what a receiver without a fix says"
    ),
    "time: before 1970": gettext_lazy("time: before 1970"),
    "time: without a zone it could be any of 24 hours": gettext_lazy(
        "time: without a zone it could be any of 24 hours"
    ),
}


def words(code: str, params: dict[str, Any], *, at: datetime | None = None) -> str:
    """A verdict as a sentence, in the active language; empty when the code says nothing."""
    if code in SENTENCES:
        return SENTENCES[code](params, at or datetime.now(UTC))
    return str(WORDS[code]) % params if code in WORDS else ""


def _expired(params: dict[str, Any], at: datetime) -> str:
    return _("token expired %(ago)s ago") % {"ago": span(at.timestamp() - params["expires"])}


def _early(params: dict[str, Any], at: datetime) -> str:
    return _("token is valid only in %(ahead)s") % {"ahead": span(params["from"] - at.timestamp())}


def _connected(params: dict[str, Any], _at: datetime) -> str:
    return _listed([_("connected"), *_counts(params)])


def _closed(params: dict[str, Any], _at: datetime) -> str:
    return _listed([str(CLOSED.get(params.get("close", 0), _("left"))), *_counts(params)])


def _stored(params: dict[str, Any], _at: datetime) -> str:
    return _listed(_counts(params)) or _("nothing to store")


SENTENCES: dict[str, Callable[[dict[str, Any], datetime], str]] = {
    "token_expired": _expired,
    "token_early": _early,
    "connected": _connected,
    "closed": _closed,
    "stored": _stored,
}


def _listed(parts: list[str]) -> str:
    return pgettext("between the parts of a list", ", ").join(parts)


def _counts(params: dict[str, Any]) -> list[str]:
    stored, refused = int(params.get("stored", 0)), int(params.get("refused", 0))
    said = []
    if stored:
        said.append(ngettext("%(n)d position stored", "%(n)d positions stored", stored) % {"n": stored})
    if refused:
        why = refusal(str(params.get("detail", "")))
        said.append(ngettext("%(n)d refused: %(why)s", "%(n)d refused: %(why)s", refused)
                    % {"n": refused, "why": why})  # fmt: skip
    return said


def refusal(detail: str) -> str:
    """Why a position was refused, with what to do about it where that is known."""
    ahead = AHEAD.match(detail)
    if ahead is None:
        return str(REFUSALS.get(detail, detail))
    return _("time %(ahead)s ahead: check its clock") % {"ahead": span(int(ahead[1]) * 60)}


def span(seconds: float) -> str:
    """`3 days`, `2 hours`, `40 seconds`: the largest unit only."""
    seconds = max(seconds, 0)
    if seconds < 60 or seconds > 100 * 365 * 86_400:
        return ngettext("%(n)d second", "%(n)d seconds", int(seconds)) % {"n": int(seconds)}
    start = datetime.fromtimestamp(0, UTC)
    return timesince(start, datetime.fromtimestamp(seconds, UTC), depth=1).replace("\xa0", " ")


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)

"""Maps: which are on, and the files of the user's own towns."""

import os
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from dashboard import maps
from dashboard.access import Request, fleets_where, signed_in
from dashboard.models import OnlineMap
from tracking import towns
from tracking.models import Role

CHUNK_BYTES = 256 * 1024
KEPT_S = 30 * 86_400  # the address of a file changes with it
TYPES = {".json": "application/geo+json", ".pmtiles": "application/vnd.pmtiles"}
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@require_POST
@signed_in
def turn(request: Request, name: str, on: str) -> HttpResponse:
    """Turn an online map on or off for everybody; for managers. Goes back to `next`."""
    if name != maps.STREETS:
        raise Http404
    if not fleets_where(request.user, Role.MANAGER):
        raise PermissionDenied(gettext("Only a manager may do this."))
    if on == "on":
        OnlineMap.objects.get_or_create(name=name, defaults={"user": request.user})
    else:
        OnlineMap.objects.filter(name=name).delete()
    wanted = request.POST.get("next", "")
    mine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return redirect(wanted if mine else "live")


@require_safe
async def town_file(request: HttpRequest, name: str, version: int, file: str) -> HttpResponseBase:
    """A file of a town, also in parts: browsers read PMTiles by ranges. `version` is only for caches."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    if file not in towns.FILES or not towns.NAME.fullmatch(name):
        raise Http404
    path = towns.Town(name=name, kind="", bounds=[], credit="").folder / file
    try:
        opened = await sync_to_async(_open)(path)
    except FileNotFoundError:
        raise Http404 from None
    about = os.fstat(opened.fileno())
    etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={KEPT_S}, no-transform",
        "Content-Type": TYPES[Path(file).suffix],
        "ETag": etag,
        "Last-Modified": format_datetime(datetime.fromtimestamp(about.st_mtime, UTC), usegmt=True),
    }
    return _answer(request, opened, about.st_size, headers)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _answer(request: HttpRequest, file: BinaryIO, size: int, headers: dict[str, str]) -> HttpResponseBase:
    wanted = span(request.headers.get("Range", ""), size)
    if request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        wanted = None
    if wanted == ():
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    begin, end = wanted or (0, size)
    headers["Content-Length"] = str(end - begin)
    if wanted:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    elif request.headers.get("If-None-Match") == headers["ETag"]:
        file.close()
        return HttpResponse(status=304, headers={"ETag": headers["ETag"]})
    return StreamingHttpResponse(Part(file, begin, end), status=206 if wanted else 200, headers=headers)


def span(said: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """The bytes asked for, end not included; None for all of them, () when there are none such.

    Several ranges at once are answered with the whole, as RFC 9110 allows.
    """
    match = RANGE.fullmatch(said.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        return (max(0, size - int(last)), size) if int(last) and size else ()
    begin, end = int(first), min(int(last) + 1 if last else size, size)
    if last and int(last) < int(first):
        return None
    return (begin, end) if begin < size else ()


class Part:
    """Some bytes of an open file, read as they are sent. Django closes it, read or not."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file, self._begin, self._end = file, begin, end

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        read = sync_to_async(lambda at, size: os.pread(self._file.fileno(), size, at))
        at = self._begin
        while at < self._end and (chunk := await read(at, min(CHUNK_BYTES, self._end - at))):
            at += len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()

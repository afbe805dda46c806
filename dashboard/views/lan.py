"""How a phone in the office learns to trust the local CA of `up --lan`. Open to everybody there."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """What to do on iPhone and Android, once; with a link that goes on."""
    _certificate()
    return render(request, "dashboard/lan.html")


@never_cache
@require_safe
def authority(request: HttpRequest) -> HttpResponse:
    """The CA's certificate, without its key."""
    response = HttpResponse(_certificate(), content_type="application/x-x509-ca-cert")
    response["Content-Disposition"] = 'attachment; filename="fleetline-ca.crt"'
    return response


def _certificate() -> bytes:
    if settings.LOCAL_CA is None:
        raise Http404
    try:
        return bytes(settings.LOCAL_CA.read_bytes())
    except OSError as error:
        raise Http404 from error

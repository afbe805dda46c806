"""The live page: a frame that the socket fills."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import Request, signed_in
from tracking.states import STATES


@require_safe
@signed_in
def live(request: Request) -> HttpResponse:
    return render(request, "dashboard/live.html", {"states": STATES})

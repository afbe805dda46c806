"""Addresses: what people see, and what devices and programs call."""

from django.urls import include, path, re_path

from tracking.ingest.phones import ingest
from tracking.ingest.views import healthz, positions

urlpatterns = [
    path("gps/positions", positions),
    # Some apps add a slash to the address that they are given.
    re_path(r"^i/(?P<key>[^/]+)/?$", ingest, name="ingest"),
    path("healthz", healthz),
    path("", include("dashboard.urls")),
]

handler400 = "dashboard.errors.bad_request"
handler403 = "dashboard.errors.forbidden"
handler404 = "dashboard.errors.not_found"
handler500 = "dashboard.errors.server_error"

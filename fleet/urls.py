"""Addresses: what people see, and what devices and programs call."""

from django.urls import include, path

from tracking.ingest.views import healthz, positions

urlpatterns = [
    path("gps/positions", positions),
    path("healthz", healthz),
    path("", include("dashboard.urls")),
]

handler400 = "dashboard.errors.bad_request"
handler403 = "dashboard.errors.forbidden"
handler404 = "dashboard.errors.not_found"
handler500 = "dashboard.errors.server_error"

"""Addresses of everything people see."""

from django.urls import path, re_path

from dashboard.views import accounts, alerts, demo, live, messages, places, tracks, vehicles

urlpatterns = [
    path("", live.live, name="live"),
    path("login/", accounts.login, name="login"),
    path("login/link/<str:token>/", accounts.loginlink, name="loginlink"),
    path("logout/", accounts.logout, name="logout"),
    path("vehicles/<int:pk>/", vehicles.vehicle, name="vehicle"),
    path("vehicles/<int:pk>/export", vehicles.export, name="export"),
    path("vehicles/<int:pk>/messages/", messages.thread, name="thread"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/bar/", alerts.alert_bar, name="alert_bar"),
    path("alerts/sound/", alerts.sound, name="alert_sound"),
    path("alerts/<int:pk>/acknowledge/", alerts.acknowledge, name="acknowledge"),
    path("alerts/<int:pk>/close/", alerts.close, name="close_alert"),
    path("demo/strip/", demo.demo_strip, name="demo_strip"),
    path("demo/remove/", demo.demo_remove, name="demo_remove"),
    path("api/session", accounts.session, name="session"),
    path("api/places", places.places, name="places"),
    re_path(
        r"^api/vehicles/(?P<pk>[0-9]{1,18})/track\.(?P<format>geojson|gpx|kml|csv)$",
        tracks.track,
        name="track",
    ),
    path("api/fleets/<slug:slug>/positions.geojson", tracks.fleet_positions, name="fleet_positions"),
]

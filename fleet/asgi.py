"""The ASGI application: `daphne fleet.asgi:application` or `uvicorn fleet.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  (Django first)
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from dashboard.consumers import DashboardConsumer  # noqa: E402
from dashboard.origin import same_origin  # noqa: E402
from fleet.processes import collect_seldom, open_many  # noqa: E402
from fleet.proxy import outside  # noqa: E402
from tracking.ingest.consumers import DeviceConsumer  # noqa: E402

sockets = URLRouter(
    [
        path("gps/connect", DeviceConsumer.app),  # type: ignore[arg-type]
        path("ws/dashboard", same_origin(AuthMiddlewareStack(DashboardConsumer.app))),
    ]
)
application = outside(ProtocolTypeRouter({"http": http, "websocket": sockets}))
collect_seldom()
open_many()

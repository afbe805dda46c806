"""The Celery application: `celery -A fleet worker`."""

import os

from celery import Celery
from celery.signals import celeryd_init

from fleet.processes import collect_seldom

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")

app = Celery("fleet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect  # before its pool forks
def _collect_seldom(**_: object) -> None:
    collect_seldom()

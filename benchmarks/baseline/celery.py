"""`celery -A benchmarks.baseline.celery worker`: what the tutorial's task needs."""

import os
from typing import Any

import django
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.baseline.settings")
app = Celery("baseline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(CELERY_DB_REUSE_MAX=1_000_000)  # kinder than its default, which opens the file for each task
django.setup()

from benchmarks.baseline.models import Position  # noqa: E402


@app.task
def save_position(device: str, fix: dict[str, Any]) -> None:
    Position.objects.create(device=device, **fix)  # type: ignore[attr-defined]  # not of our apps

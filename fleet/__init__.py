"""How it is put together."""

from fleet.celery import app as celery_app

__all__ = ["celery_app"]

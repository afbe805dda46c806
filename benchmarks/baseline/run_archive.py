"""The archiver of a step: `python -m benchmarks.baseline.run_archive step1`."""

import os
import sys
import time
from importlib import import_module

import django
import redis

from benchmarks.baseline.settings import REDIS_URL

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.baseline.settings")
django.setup()

if __name__ == "__main__":
    step = import_module(f"benchmarks.baseline.{sys.argv[1]}")
    client = redis.Redis.from_url(REDIS_URL)
    while True:
        if not step.archive(client):
            time.sleep(0.02)

"""What Celery does; each task a few lines that call the above. Never one a position."""

from celery import shared_task
from django.conf import settings

from tracking import archive as archiver
from tracking import messages


@shared_task(expires=10)
def archive(shard: int) -> None:
    """Archive one shard for at most 2 s, and come again while there is work."""
    archiver.run(shard)
    if archiver.has_work(shard):
        archive.apply_async(args=[shard], expires=10)


@shared_task
def sweep() -> None:
    """Wake the archivers: whatever kept a writer from doing so, it costs a few seconds."""
    for shard in range(settings.JOURNAL_SHARDS):
        if archiver.has_work(shard):
            archive.apply_async(args=[shard], expires=10)


@shared_task
def housekeeping() -> None:
    messages.expire()

"""What Celery does; each task a few lines that call the above. Never one a position."""

from celery import shared_task
from django.conf import settings

from tracking import archive as archiver
from tracking import devices, drive, messages, partitions, removal, retention
from tracking.fixes import now_ms
from tracking.history.imports import work as imports

SLICE_S = 10.0  # a stop waits for the task that runs


@shared_task(expires=10)
def archive(shard: int) -> None:
    """Archive one shard for at most 2 s, and come again while there is work."""
    archiver.run(shard)
    _wake_archiver(shard)


@shared_task
def sweep() -> None:
    """Wake the archivers: whatever kept a writer from doing so, it costs a few seconds."""
    for shard in range(settings.JOURNAL_SHARDS):
        _wake_archiver(shard)


def _wake_archiver(shard: int) -> None:
    if archiver.needs_waking(shard):
        archive.apply_async(args=[shard], expires=10)


@shared_task
def replay(pending: int, device: int) -> None:
    """Store what a device said while it waited in the inbox."""
    devices.replay_stragglers(pending, device)


@shared_task
def expire() -> None:
    """Messages that did not arrive in time."""
    messages.expire()


@shared_task(expires=60)
def work_imports() -> None:
    """The next step of an import; comes again while there is one."""
    if imports.run_next():
        work_imports.apply_async(expires=60)


@shared_task
def housekeeping() -> None:
    imports.purge()
    devices.replay()
    drive.forget()
    partitions.ahead(now_ms())


@shared_task
def sweep_removed() -> None:
    """Remove the records of vehicles that are gone; comes again while there are any."""
    if not removal.sweep(seconds=SLICE_S):
        sweep_removed.delay()


@shared_task
def purge() -> None:
    """Every night: remove what is older than its fleet keeps, then what a removal left behind."""
    if retention.purge(seconds=SLICE_S):
        sweep_removed.delay()
    else:
        purge.delay()

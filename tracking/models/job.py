"""Work that takes longer than a page waits, done by the worker of the queue `exports`."""

from django.db import models


class Job(models.Model):
    """A row is taken under a lease (tracking/jobs.py): one whose worker died is taken again."""

    owner = models.CharField(max_length=32, blank=True, help_text="the run that does it now")
    beat = models.DateTimeField(null=True, help_text="when that run last said that it lives")
    attempts = models.PositiveSmallIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    # A word of jobs.WORDS, or what went wrong.
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True

    @property
    def percent(self) -> int:
        return min(99, 100 * self.rows_done // self.rows_total) if self.rows_total else 0

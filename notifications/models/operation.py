"""What is noted while the service runs: when each scheduled task ran, and how fast domains may be written to."""

from django.db import models


class ScheduledRun(models.Model):
    """The last time that a task of the schedule began, and the last time that it failed."""

    task = models.CharField(max_length=100, primary_key=True)
    began_at = models.DateTimeField()
    failed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.task


class Domain(models.Model):
    """How much one recipient domain got in this minute, and until when its mails wait so that others go on."""

    name = models.CharField(max_length=253, primary_key=True)
    minute = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)
    rest_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

"""How often somebody asked in the period that runs: one row for each, counted up in place."""

from django.db import models


class RateCount(models.Model):
    """The table is unlogged: counts cost no write to the disk, and a crash of the database begins them anew."""

    key = models.CharField(max_length=100, primary_key=True)
    began_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    wait_until = models.DateTimeField(null=True)  # of tries that cost a wait

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"

"""The journal's table; empty, unless the setting ``JOURNAL`` is on."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JournalEntry(models.Model):
    """What one commit changed, written by the transaction that changed it."""

    id = models.BigAutoField(primary_key=True)
    # On PostgreSQL, where ids are not in the order of the commits, the top-level transaction that
    # wrote it; on SQLite a random number that tells it from others that had or get its id.
    transaction = models.BigIntegerField(null=True, editable=False)
    # By the database's clock, on SQLite in UTC.
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    content = models.TextField(editable=False)

    class Meta:
        """The rows are looked for by what comes after a position, and by age."""

        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        indexes = [
            models.Index(fields=["transaction"], name="drf_live_journal_transaction"),
            models.Index(fields=["written_at"], name="drf_live_journal_written_at"),
        ]

    def __str__(self) -> str:
        """Which entry it is."""
        return f"{self._meta.verbose_name} {self.pk}"


__all__ = ["JournalEntry"]

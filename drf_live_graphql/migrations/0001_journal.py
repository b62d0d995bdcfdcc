"""The journal's table."""

from __future__ import annotations

from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    """Adds it; it stays empty unless the setting ``JOURNAL`` is on."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("transaction", models.BigIntegerField(editable=False, null=True)),
                ("written_at", models.DateTimeField(default=timezone.now, editable=False)),
                ("content", models.TextField(editable=False)),
            ],
            options={
                "verbose_name": "journal entry",
                "verbose_name_plural": "journal entries",
                "indexes": [
                    models.Index(fields=["transaction"], name="drf_live_journal_transaction"),
                    models.Index(fields=["written_at"], name="drf_live_journal_written_at"),
                ],
            },
        ),
    )

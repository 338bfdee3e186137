"""Synonyms count the searches that held them, as rules do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fashion_search", "0009_entry_names")]

    operations = [
        migrations.AddField(
            "synonym",
            "hits",
            models.BigIntegerField(default=0, editable=False, help_text="Searches that held the phrase."),
        ),
        migrations.AddField(
            "synonym", "last_fired", models.DateTimeField(blank=True, editable=False, null=True)
        ),
    ]

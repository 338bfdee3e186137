"""Products of one style are found for their other colours."""

from django.contrib.postgres.indexes import HashIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("fashion_search", "0010_synonym_hits")]

    operations = [
        migrations.AddIndex(
            model_name="indexentry", index=HashIndex("style", name="fashion_search_entry_style")
        ),
    ]

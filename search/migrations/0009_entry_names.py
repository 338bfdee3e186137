"""Exact names are found by an index of their own."""

from django.contrib.postgres.indexes import HashIndex
from django.db import migrations
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("fashion_search", "0008_evaluations_outlive_versions")]

    operations = [
        migrations.AddIndex("indexentry", HashIndex(Lower("name"), name="fashion_search_entry_name")),
    ]

"""Create the table of lexicons."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="VersionLexicon",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="lexicon",
                        serialize=False,
                        to="fashion_search.indexversion",
                    ),
                ),
                ("total", models.PositiveIntegerField(help_text="Entries that were counted.")),
                ("facets", models.JSONField(help_text='"colour=Navy Blue" and how many entries bear it.')),
                (
                    "paths",
                    models.JSONField(
                        help_text="Values of the category facet that stand together, root first."
                    ),
                ),
                ("lexemes", models.JSONField(help_text="Stem of a word and how many entries hold it.")),
                (
                    "image_noise",
                    models.FloatField(
                        default=0.0,
                        help_text="Similarity to its nearest picture that 99 % of nonsense words stay below.",
                    ),
                ),
                (
                    "text_noise",
                    models.FloatField(
                        default=0.0,
                        help_text="Similarity to its nearest text that 99 % of nonsense words stay below.",
                    ),
                ),
                ("built_at", models.DateTimeField()),
            ],
        ),
    ]

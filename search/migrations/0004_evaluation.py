"""Create the table of evaluations."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0003_style"),
    ]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("source", models.TextField(help_text="Name of the file of queries.")),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of that file: only runs over the same are compared.", max_length=64
                    ),
                ),
                ("figures", models.JSONField(help_text="Figures by kind.")),
                (
                    "queries",
                    models.JSONField(help_text="Share of the right answers within reach, query by query."),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="evaluations",
                        to="fashion_search.indexversion",
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
    ]

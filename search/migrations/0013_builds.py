"""Builds have records of their own, which outlive their index versions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fashion_search", "0012_api_keys")]

    operations = [
        migrations.CreateModel(
            name="Build",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("rebuild", "rebuild"), ("reindex", "reindex")], max_length=10),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("queued", "waiting for a worker"),
                            ("marking", "marking products"),
                            ("encoding", "encoding products"),
                            ("indexing", "building HNSW indexes"),
                            ("verifying", "verifying"),
                            ("switching", "switching"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "version",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="Number of the index version.", null=True
                    ),
                ),
                (
                    "started_by",
                    models.TextField(blank=True, default="", help_text="Empty: from the command line."),
                ),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("step_at", models.DateTimeField(auto_now_add=True, help_text="When the step began.")),
                (
                    "moved_at",
                    models.DateTimeField(
                        auto_now_add=True, help_text="When a worker last did something for it."
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cleared_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the rows of a cancelled build had been removed.",
                        null=True,
                    ),
                ),
                (
                    "total",
                    models.PositiveIntegerField(blank=True, help_text="Products when it began.", null=True),
                ),
                (
                    "indexed",
                    models.PositiveIntegerField(
                        default=0, help_text="Products that workers embedded meanwhile."
                    ),
                ),
                (
                    "pace",
                    models.JSONField(
                        blank=True,
                        default=list,
                        editable=False,
                        help_text="Of the last half minute: seconds, products.",
                    ),
                ),
                (
                    "reason",
                    models.TextField(
                        blank=True, default="", help_text="Why it ended, or what went wrong last."
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("state",),
                        name="fashion_search_one_build",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dashboard",
            fields=[],
            options={
                "verbose_name_plural": "dashboard",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("fashion_search.indexversion",),
        ),
    ]

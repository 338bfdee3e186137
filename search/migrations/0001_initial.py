"""Create the pgvector extension and the tables of the plugin."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import pgvector.django.halfvec
from django.db import migrations, models
from pgvector.django import VectorExtension


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        VectorExtension(),
        migrations.CreateModel(
            name="IndexVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("artifact_path", models.TextField()),
                ("artifact_name", models.TextField()),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="Of the artifact; equal ones give equal embeddings.", max_length=64
                    ),
                ),
                ("dimension", models.PositiveIntegerField(help_text="Values per embedding.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("building", "building"),
                            ("ready", "ready"),
                            ("active", "active"),
                            ("retired", "retired"),
                            ("failed", "failed"),
                        ],
                        default="building",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("built_at", models.DateTimeField(blank=True, null=True)),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True, default="")),
                (
                    "total",
                    models.PositiveIntegerField(
                        blank=True, help_text="Products when the build began.", null=True
                    ),
                ),
                (
                    "ann_recall",
                    models.FloatField(
                        blank=True,
                        help_text="Overlap with the exact scan over sampled queries.",
                        null=True,
                        verbose_name="ANN recall@24",
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")),
                        fields=("state",),
                        name="fashion_search_one_active",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IndexEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_key", models.TextField()),
                ("sku", models.TextField(help_text="Lower-cased.")),
                ("name", models.TextField()),
                ("brand", models.TextField(blank=True, default="")),
                ("document", django.contrib.postgres.search.SearchVectorField()),
                (
                    "facets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        blank=True,
                        default=list,
                        help_text='"field=value" tokens.',
                        size=None,
                    ),
                ),
                ("price", models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                ("in_stock", models.BooleanField(default=True)),
                ("created", models.DateTimeField()),
                ("text_embedding", pgvector.django.halfvec.HalfVectorField(editable=False, null=True)),
                (
                    "text_hash",
                    models.CharField(
                        blank=True, default="", help_text="Of the text that was encoded.", max_length=64
                    ),
                ),
                (
                    "content_hash",
                    models.CharField(
                        help_text="Of everything the host told about the product.", max_length=64
                    ),
                ),
                (
                    "embedded_hash",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The content hash that the embeddings belong to.",
                        max_length=64,
                    ),
                ),
                ("error", models.TextField(blank=True, default="")),
                ("updated_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="fashion_search.indexversion",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "index entries",
            },
        ),
        migrations.CreateModel(
            name="EntryImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.TextField(help_text="Storage name of the picture.")),
                (
                    "picture_hash",
                    models.CharField(
                        blank=True, default="", help_text="SHA-256 of the file's bytes.", max_length=64
                    ),
                ),
                ("embedding", pgvector.django.halfvec.HalfVectorField(editable=False, null=True)),
                ("error", models.TextField(blank=True, default="")),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="images",
                        to="fashion_search.indexentry",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="images",
                        to="fashion_search.indexversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StaleProduct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_key", models.TextField()),
                ("marked_at", models.DateTimeField()),
                (
                    "backfill",
                    models.BooleanField(
                        default=False,
                        help_text="Marked by a rebuild or reconcile; changes made by people go first.",
                    ),
                ),
                (
                    "reread",
                    models.BooleanField(
                        default=True, help_text="Read the pictures again although nothing else has changed."
                    ),
                ),
                (
                    "text_written",
                    models.BooleanField(
                        default=False, help_text="The keyword part is done; embeddings are not."
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                (
                    "parked",
                    models.BooleanField(
                        default=False, help_text="Failed too often; waits for a change or a retry."
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("parked", False)),
                        fields=["backfill", "marked_at"],
                        name="fashion_search_stale_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("product_key",), name="fashion_search_stale_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=models.Index(fields=["version", "sku"], name="fashion_search_entry_sku"),
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=models.Index(
                fields=["version", "-created", "product_key"], name="fashion_search_entry_created"
            ),
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=models.Index(fields=["version", "price"], name="fashion_search_entry_price"),
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=models.Index(
                condition=models.Q(("error", ""), _negated=True),
                fields=["product_key"],
                name="fashion_search_entry_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["document"], name="fashion_search_entry_document"
            ),
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["facets"], name="fashion_search_entry_facets"
            ),
        ),
        migrations.AddConstraint(
            model_name="indexentry",
            constraint=models.UniqueConstraint(
                fields=("version", "product_key"), name="fashion_search_one_entry"
            ),
        ),
        migrations.AddConstraint(
            model_name="entryimage",
            constraint=models.UniqueConstraint(fields=("entry", "position"), name="fashion_search_one_image"),
        ),
    ]

"""The tag vocabulary, the words that a shop adds to it, and the tags of products."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0013_builds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VersionTags",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="tags",
                        serialize=False,
                        to="fashion_search.indexversion",
                    ),
                ),
                (
                    "source",
                    models.TextField(help_text="Says which catalogue and which words it was made of."),
                ),
                (
                    "words",
                    models.JSONField(
                        help_text="Kind, word, whether it is a value of a facet, and the value's share."
                    ),
                ),
                ("embeddings", models.BinaryField(help_text="Of the words, in their order: 32-bit floats.")),
                ("slopes", models.JSONField(help_text="What similarity adds to each word's score.")),
                ("intercepts", models.JSONField(help_text="Each word's score without it.")),
                (
                    "trusts",
                    models.JSONField(help_text="What it adds that a word is usual for what a picture shows."),
                ),
                ("usual", models.BinaryField(help_text="Of the words in each category: 32-bit floats.")),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TagWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.SlugField(
                        help_text="What it says of a product: material, neckline, style ...", max_length=40
                    ),
                ),
                (
                    "text",
                    models.CharField(
                        help_text="A word or a few, as shoppers shall read it.",
                        max_length=60,
                        verbose_name="word",
                    ),
                ),
                (
                    "hidden",
                    models.BooleanField(
                        default=False,
                        help_text="Never suggest this word, whether the catalogue or the list has it.",
                    ),
                ),
                (
                    "note",
                    models.TextField(blank=True, default="", help_text="For colleagues: why it is here."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ("kind", "text"),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("kind"),
                        django.db.models.functions.text.Lower("text"),
                        name="fashion_search_one_tag_word",
                        violation_error_message="This kind has the word already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_key", models.TextField()),
                ("kind", models.CharField(max_length=40)),
                ("word", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("suggested", "suggested"),
                            ("accepted", "accepted"),
                            ("rejected", "rejected"),
                        ],
                        default="suggested",
                        max_length=10,
                    ),
                ),
                (
                    "similarity",
                    models.FloatField(help_text="Of the word to the product's pictures, from -1 to 1."),
                ),
                (
                    "confidence",
                    models.FloatField(help_text="How sure it is that the word fits, from 0 to 1."),
                ),
                ("artifact_name", models.TextField(help_text="The artifact that suggested it.")),
                ("suggested_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="suggested_tags",
                        to="fashion_search.indexversion",
                    ),
                ),
            ],
            options={
                "ordering": ("product_key", "-confidence", "pk"),
                "indexes": [models.Index(fields=["state", "product_key"], name="fashion_search_tag_state")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product_key", "kind", "word"), name="fashion_search_one_product_tag"
                    )
                ],
            },
        ),
    ]

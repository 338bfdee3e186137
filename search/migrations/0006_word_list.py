"""Keep keywords as they are spelt, and the words and names of a version for web processes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0005_insight"),
    ]

    operations = [
        migrations.CreateModel(
            name="WordList",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="word_list",
                        serialize=False,
                        to="fashion_search.indexversion",
                    ),
                ),
                ("source", models.TextField(help_text="Says which state of the entries was read.")),
                ("stamp", models.CharField(help_text="Digest of words and names.", max_length=64)),
                ("vocabulary", models.BinaryField(help_text="Words, for spelling.")),
                ("names", models.BinaryField(help_text="Words and products of names, for suggestions.")),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="indexentry",
            name="keywords",
            field=models.TextField(blank=True, default="", help_text="As the host spells them."),
        ),
    ]

"""Add what variants of one style have in common."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0002_lexicon"),
    ]

    operations = [
        migrations.AddField(
            model_name="indexentry",
            name="style",
            field=models.TextField(blank=True, default="", help_text="What its variants have in common."),
        ),
    ]

"""Keys of API clients."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fashion_search", "0011_entry_styles")]

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(help_text="Whose it is: an app, a partner.", max_length=100)),
                (
                    "beginning",
                    models.CharField(
                        editable=False, help_text="The key's first letters, to tell it by.", max_length=12
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "may_read",
                    models.BooleanField(
                        default=True,
                        help_text="Search, suggestions, products, categories, photos.",
                        verbose_name="scope read",
                    ),
                ),
                (
                    "may_send_events",
                    models.BooleanField(
                        default=False,
                        help_text="What shoppers do with results.",
                        verbose_name="scope events",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={"verbose_name": "API key", "ordering": ("-created_at",)},
        ),
    ]

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("fashion_search", "0028_keep_picture_counts"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredCard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_key", models.TextField()),
                ("card", models.JSONField(blank=True, null=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("product_key",), name="fashion_search_one_card"),
                ],
            },
        ),
        AddIndexConcurrently(
            model_name="stalemark",
            index=models.Index(fields=["product_key"], name="fashion_search_mark_product"),
        ),
    ]

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("shop", "0002_published_counts"),
    ]

    operations = [
        # One that was broken off is there, and invalid.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS shop_product_added", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="product",
            index=models.Index(fields=["created", "id"], name="shop_product_added"),
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS shop_product_name_words", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            model_name="product",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("name", config="simple"),
                name="shop_product_name_words",
            ),
        ),
    ]

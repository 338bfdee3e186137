"""The host's products; the table is made by `fill`, without migrations."""

from collections.abc import Sequence

from django.db import connection, models

from ..protocol import PeerProduct

BATCH = 2000


class Item(models.Model):
    """A product's texts and what filters compare."""

    key = models.TextField(unique=True)
    title = models.TextField()
    keywords = models.TextField()
    description = models.TextField()
    columns = models.JSONField()

    class Meta:
        app_label = "bench_host"
        db_table = "host_items"

    def __str__(self) -> str:
        """Return the key."""
        return self.key


def fill(products: Sequence[PeerProduct]) -> None:
    """Make the table and put the products into it."""
    with connection.schema_editor() as editor:
        editor.create_model(Item)
    Item.objects.bulk_create(
        (
            Item(
                key=product.key,
                title=product.title,
                keywords=product.keywords,
                description=product.description,
                columns=dict(product.columns),
            )
            for product in products
        ),
        batch_size=BATCH,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE host_items")

"""How many products each category shows, kept by triggers in the transaction that changes products.

Every statement appends what it changes; where there are many such rows, it puts those together that no other has at hand.
"""

import django.db.models.deletion
from django.db import migrations, models

APPEND = """
        INSERT INTO shop_publishedcount (category_id, products)
        SELECT category_id, sum(sign) FROM ({rows}) AS changed
        WHERE published GROUP BY category_id HAVING sum(sign) <> 0;
"""
AFTER = "SELECT category_id, published, 1 AS sign FROM new_products"
BEFORE = "SELECT category_id, published, -1 AS sign FROM old_products"
# ruff: noqa: S608 - only names of the shop's own tables are put into statements
COUNT = f"""
CREATE FUNCTION shop_count_published() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN {APPEND.format(rows=AFTER)}
    ELSIF TG_OP = 'UPDATE' THEN {APPEND.format(rows=f"{AFTER} UNION ALL {BEFORE}")}
    ELSIF TG_OP = 'DELETE' THEN {APPEND.format(rows=BEFORE)}
    ELSE DELETE FROM shop_publishedcount;
    END IF;
    IF (SELECT count(*) FROM (SELECT FROM shop_publishedcount LIMIT 1000) AS row) = 1000 THEN
        WITH taken AS (
            DELETE FROM shop_publishedcount WHERE id = ANY(ARRAY(
                SELECT id FROM shop_publishedcount ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED
            )) RETURNING category_id, products
        )
        INSERT INTO shop_publishedcount (category_id, products)
        SELECT category_id, sum(products) FROM taken GROUP BY category_id HAVING sum(products) <> 0;
    END IF;
    RETURN NULL;
END
$$
"""
TRIGGERS = (
    ("insert", "INSERT", "REFERENCING NEW TABLE AS new_products"),
    ("update", "UPDATE", "REFERENCING OLD TABLE AS old_products NEW TABLE AS new_products"),
    ("delete", "DELETE", "REFERENCING OLD TABLE AS old_products"),
    ("truncate", "TRUNCATE", ""),
)
# After the triggers, which wait for writers and let none in until this transaction ends.
FIRST = """
INSERT INTO shop_publishedcount (category_id, products)
SELECT category_id, count(*) FROM shop_product WHERE published GROUP BY category_id
"""


def _trigger(name, event, tables):
    return (
        f"CREATE TRIGGER shop_count_{name} AFTER {event} ON shop_product {tables}"
        " FOR EACH STATEMENT EXECUTE FUNCTION shop_count_published()"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0001_catalogue"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublishedCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("products", models.BigIntegerField()),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="shop.category",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(
            [COUNT, *(_trigger(*one) for one in TRIGGERS), FIRST],
            [
                *(f"DROP TRIGGER shop_count_{name} ON shop_product" for name, *_ in TRIGGERS),
                "DROP FUNCTION shop_count_published()",
            ],
        ),
    ]

"""Counts of pictures, kept as those of entries are, and an index of the entries without their embeddings.

In a migration of its own, so that no lock on one table is held while that on the other is waited for. What has run may run again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# ruff: noqa: S608 - only names of the plugin's own tables are put into statements

APPEND = """
        INSERT INTO fashion_search_keptcountchange (version_id, within, token, entries, in_stock)
        SELECT version_id, '', 'pictures', {sign} count(*), 0 FROM {rows}
        WHERE version_id = ANY(versions) GROUP BY version_id;
"""
KEEP = f"""
CREATE OR REPLACE FUNCTION fashion_search_keep_picture_counts() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    versions bigint[] := ARRAY(SELECT id FROM fashion_search_indexversion WHERE state <> 'failed');
BEGIN
    IF TG_OP = 'INSERT' THEN {APPEND.format(sign="", rows="new_pictures")}
    ELSIF TG_OP = 'DELETE' THEN {APPEND.format(sign="-", rows="old_pictures")}
    ELSE
        DELETE FROM fashion_search_keptcount WHERE token = 'pictures';
        DELETE FROM fashion_search_keptcountchange WHERE token = 'pictures';
    END IF;
    RETURN NULL;
END
$$
"""
TRIGGERS = (
    ("insert", "INSERT", "REFERENCING NEW TABLE AS new_pictures"),
    ("delete", "DELETE", "REFERENCING OLD TABLE AS old_pictures"),
    ("truncate", "TRUNCATE", ""),
)


def _trigger(name, event, tables):
    return (
        f"CREATE OR REPLACE TRIGGER fashion_search_count_picture_{name} AFTER {event} ON fashion_search_entryimage {tables}"
        " FOR EACH STATEMENT EXECUTE FUNCTION fashion_search_keep_picture_counts()"
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("fashion_search", "0027_keep_counts"),
    ]

    operations = [
        migrations.RunSQL(
            [KEEP, *(_trigger(*one) for one in TRIGGERS)],
            [
                *(
                    f"DROP TRIGGER fashion_search_count_picture_{name} ON fashion_search_entryimage"
                    for name, *_ in TRIGGERS
                ),
                "DROP FUNCTION fashion_search_keep_picture_counts()",
            ],
        ),
        # One that was broken off is there, and invalid.
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS fashion_search_unembedded", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            model_name="indexentry",
            index=models.Index(
                fields=["version"],
                condition=~models.Q(embedded_hash=models.F("content_hash")),
                name="fashion_search_unembedded",
            ),
        ),
    ]

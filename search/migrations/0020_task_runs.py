from django.db import migrations, models

TASKS = (
    "sweep",
    "advance_builds",
    "refresh_words",
    "reconcile",
    "drain_log",
    "roll_up_log",
    "refresh_word_list",
    "flush_hits",
    "refresh_tags",
)
# From now on their runs are looked for: an installation without beat is seen although nothing has ever run in it.
WATCH = """
    INSERT INTO fashion_search_taskrun (task, watched_at, failures, error, table_oid)
    SELECT task, clock_timestamp(), 0, '', 'fashion_search_taskrun'::regclass::oid FROM unnest(%s::text[]) AS task
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0019_lacking_artifacts"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaskRun",
            fields=[
                (
                    "task",
                    models.CharField(
                        help_text="Name of its function.", max_length=100, primary_key=True, serialize=False
                    ),
                ),
                ("watched_at", models.DateTimeField(help_text="Since when its runs are looked for.")),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row, up to now.")),
                ("error", models.TextField(blank=True, default="", help_text="Of the last of them.")),
                (
                    "table_oid",
                    models.BigIntegerField(
                        default=0,
                        help_text="Of this table, in Postgres; a row that came with a dump has another.",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.RunSQL([(WATCH, [list(TASKS)])], migrations.RunSQL.noop),
    ]

from django.db import migrations, models

TASKS = ("mail_report",)
# From now on its runs are looked for, as those of the other periodic tasks are.
WATCH = """
    INSERT INTO fashion_search_taskrun (task, watched_at, failures, error, table_oid)
    SELECT task, clock_timestamp(), 0, '', 'fashion_search_taskrun'::regclass::oid FROM unnest(%s::text[]) AS task
    ON CONFLICT (task) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0033_ignored_queries"),
    ]

    operations = [
        migrations.RunSQL(
            [(WATCH, [list(TASKS)])],
            [("DELETE FROM fashion_search_taskrun WHERE task = ANY(%s)", [list(TASKS)])],
        ),
        migrations.AddField(
            model_name="loggedsearch",
            name="before",
            field=models.PositiveIntegerField(
                blank=True, help_text="Results on the pages before.", null=True
            ),
        ),
        migrations.AddField(
            model_name="loggedsearch",
            name="device",
            field=models.CharField(
                blank=True,
                choices=[
                    ("phone", "phone"),
                    ("tablet", "tablet"),
                    ("desktop", "desktop"),
                    ("app", "app or API"),
                    ("", "unknown"),
                ],
                db_default="",
                default="",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="loggedsearch",
            name="shown",
            field=models.PositiveIntegerField(blank=True, help_text="Results on this page.", null=True),
        ),
        migrations.AddField(
            model_name="queryday",
            name="carted",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Searches of which a result was put into a cart."
            ),
        ),
        migrations.AddField(
            model_name="queryday",
            name="carts",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Results that were put into a cart, on any page."
            ),
        ),
        migrations.AddField(
            model_name="searchday",
            name="edition",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="Which counts were made; 1 has adds by query, places and devices.",
            ),
        ),
        migrations.CreateModel(
            name="DeviceDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "device",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("phone", "phone"),
                            ("tablet", "tablet"),
                            ("desktop", "desktop"),
                            ("app", "app or API"),
                            ("", "unknown"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "searches",
                    models.PositiveIntegerField(help_text="Searches, counted by their first pages."),
                ),
                (
                    "zero",
                    models.PositiveIntegerField(help_text="Searches without filters that found nothing."),
                ),
                ("clicked", models.PositiveIntegerField(help_text="Searches with a click on a result.")),
                (
                    "carted",
                    models.PositiveIntegerField(help_text="Searches of which a result was put into a cart."),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("day", "device"), name="fashion_search_device_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PlaceDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("place", models.PositiveSmallIntegerField()),
                ("shown", models.PositiveIntegerField(help_text="Pages that had a result there.")),
                ("clicked", models.PositiveIntegerField(help_text="Results there that were clicked.")),
                ("carted", models.PositiveIntegerField(help_text="Results there that were put into a cart.")),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("day", "place"), name="fashion_search_place_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="WeeklyMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("week", models.DateField(help_text="Monday of the week that it is about.")),
                ("address", models.TextField()),
                (
                    "claimed_at",
                    models.DateTimeField(blank=True, help_text="When a worker began to send it.", null=True),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, help_text="How often it could not be sent."),
                ),
                (
                    "error",
                    models.TextField(
                        blank=True, default="", help_text="Why it could not be sent the last time."
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("week", "address"), name="fashion_search_mail_once")
                ],
            },
        ),
    ]

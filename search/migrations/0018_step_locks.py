from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fashion_search", "0017_version_troubles"),
    ]

    operations = [
        migrations.CreateModel(
            name="StepLock",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                (
                    "token",
                    models.UUIDField(
                        help_text="Tells the process that took it from those before and after it."
                    ),
                ),
                ("holder", models.TextField(help_text="Host and process number, for people.")),
                ("taken_at", models.DateTimeField()),
                ("alive_at", models.DateTimeField()),
            ],
        ),
    ]

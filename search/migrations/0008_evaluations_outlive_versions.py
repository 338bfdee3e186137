"""Evaluations stay when the version that they are of is dropped."""

import django.db.models.deletion
from django.db import migrations, models


def name_versions(apps, schema_editor):
    for evaluation in apps.get_model("fashion_search", "Evaluation").objects.select_related("version"):
        version = evaluation.version
        evaluation.measured = f"version {version.pk} ({version.artifact_name}, {version.fingerprint[:8]})"
        evaluation.save(update_fields=["measured"])


class Migration(migrations.Migration):
    dependencies = [("fashion_search", "0007_merchandising")]

    operations = [
        migrations.AddField(
            "evaluation",
            "measured",
            models.TextField(
                default="", help_text="Number of the version, name and fingerprint of its artifact."
            ),
            preserve_default=False,
        ),
        migrations.RunPython(name_versions, migrations.RunPython.noop),
        migrations.AlterField(
            "evaluation",
            "version",
            models.ForeignKey(
                help_text="While it is kept.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="evaluations",
                to="fashion_search.indexversion",
            ),
        ),
    ]

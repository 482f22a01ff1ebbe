"""The audit trail."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the table."""

    dependencies = [("eventhub", "0013_sources_and_rotation_of_keys")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="when"),
                ),
                ("who", models.CharField(max_length=200)),
                (
                    "door",
                    models.CharField(
                        choices=[
                            ("admin", "the admin"),
                            ("pages", "a page"),
                            ("rest", "REST"),
                            ("eventbridge", "EventBridge's API"),
                            ("import", "an import"),
                            ("command", "a command"),
                            ("itself", "Eventhub itself"),
                        ],
                        max_length=16,
                    ),
                ),
                ("action", models.CharField(max_length=32)),
                ("kind", models.CharField(max_length=32)),
                ("object_id", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=600)),
                ("bus_id", models.BigIntegerField(null=True)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("change", models.CharField(db_index=True, max_length=32)),
                ("rolls_back", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "change",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["kind", "object_id", "-id"], name="audit_of_object"),
                    models.Index(fields=["who", "-id"], name="audit_of_actor"),
                    models.Index(fields=["bus_id", "-id"], name="audit_of_bus"),
                ],
            },
        ),
    ]

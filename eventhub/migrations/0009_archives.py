"""Archives: standing selections of a bus's events."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the table."""

    dependencies = [("eventhub", "0008_accounts_of_keys")]

    operations = [
        migrations.CreateModel(
            name="Archive",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "name",
                    models.CharField(
                        max_length=48,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[.\\-_A-Za-z0-9]{1,48}\\Z",
                                "wanted 1 to 48 letters, digits, dots, hyphens or underscores",
                            )
                        ],
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=512)),
                (
                    "pattern",
                    models.TextField(
                        blank=True,
                        help_text="Which events it keeps, as in a rule. Leave empty for every event.",
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Days that each event is kept for; 0 keeps it for ever.",
                    ),
                ),
                ("told", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "bus",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="archives",
                        to="eventhub.bus",
                    ),
                ),
            ],
            options={"ordering": ["name"]},
        ),
    ]

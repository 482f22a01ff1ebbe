"""Versions of rules keep the schedule, so that a rule can be rolled back to one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the column."""

    dependencies = [("eventhub", "0015_audit")]

    operations = [
        migrations.AddField(
            model_name="ruleversion",
            name="schedule_expression",
            field=models.CharField(max_length=256, null=True),
        ),
    ]

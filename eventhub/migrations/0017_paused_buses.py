from django.db import migrations, models


class Migration(migrations.Migration):
    """Buses can be paused: their events wait for routing."""

    dependencies = [("eventhub", "0016_schedules_of_versions")]

    operations = [
        migrations.AddField(
            model_name="bus",
            name="paused",
            field=models.BooleanField(
                default=False,
                help_text="A paused bus takes events and routes none: they wait, in order, and are counted.",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rules can be tried in shadow: their matches are counted, and nothing is delivered."""

    dependencies = [("eventhub", "0017_paused_buses")]

    operations = [
        migrations.AddField(model_name="rule", name="shadow", field=models.BooleanField(default=False, help_text="A rule in shadow mode is only tried: it makes no deliveries, its matches are recorded.")),
        migrations.AddField(
            model_name="ruleversion", name="shadow", field=models.BooleanField(default=False)
        ),
    ]

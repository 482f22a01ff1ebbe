"""The default bus, which always exists, and the row that numbers the configuration."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("eventhub", "Bus").objects.get_or_create(
        name="default", defaults={"description": "Where events go that name no other bus."}
    )
    apps.get_model("eventhub", "Configuration").objects.get_or_create(pk=1)


class Migration(migrations.Migration):

    dependencies = [("eventhub", "0001_first_configuration")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]

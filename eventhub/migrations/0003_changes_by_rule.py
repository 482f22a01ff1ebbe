"""Which rules changed with each version of the configuration."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("eventhub", "0002_default_bus")]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.BigIntegerField(db_index=True)),
                ("rule_id", models.BigIntegerField(null=True)),
            ],
        ),
    ]

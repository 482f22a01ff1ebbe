"""A rate for each API key."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the column."""

    dependencies = [("eventhub", "0011_global_endpoints")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="rate_per_second",
            field=models.FloatField(
                blank=True,
                help_text="At most so many requests a second at each web process; the rest is answered 429.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.01),
                    django.core.validators.MaxValueValidator(1000000),
                ],
                verbose_name="requests a second",
            ),
        ),
    ]

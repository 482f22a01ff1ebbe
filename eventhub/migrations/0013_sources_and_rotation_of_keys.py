"""Sources that a key may put, the secret that a key had before, and when it was last used."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the columns, and when keys were used apart from them."""

    dependencies = [
        ('eventhub', '0012_rates_of_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeyUse',
            fields=[
                ('key', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='use', serialize=False, to='eventhub.apikey')),
                ('last_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='apikey',
            name='old_sealed_secret',
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='old_secret_digest',
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='old_secret_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='sources',
            field=models.JSONField(blank=True, default=list, help_text='Which sources it may put events of: names, or beginnings such as shop.*. None: every source.'),
        ),
    ]

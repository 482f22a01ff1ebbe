"""What delivering can be told: policies, limits, credentials, formats and transforms."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('eventhub', '0003_changes_by_rule'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiDestination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=64, unique=True, validators=[django.core.validators.RegexValidator('\\A[.\\-_A-Za-z0-9]{1,64}\\Z', 'wanted 1 to 64 letters, digits, dots, hyphens or underscores')])),
                ('description', models.CharField(blank=True, max_length=512)),
                ('endpoint', models.CharField(help_text='Each * in it takes one of the path parameters of the target.', max_length=2048)),
                ('method', models.CharField(choices=[('POST', 'POST'), ('GET', 'GET'), ('HEAD', 'HEAD'), ('OPTIONS', 'OPTIONS'), ('PUT', 'PUT'), ('PATCH', 'PATCH'), ('DELETE', 'DELETE')], default='POST', max_length=8)),
                ('rate_per_second', models.PositiveIntegerField(default=300, help_text='At most so many requests a second, over all targets that use it.')),
            ],
            options={
                'verbose_name': 'API destination',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=64, unique=True, validators=[django.core.validators.RegexValidator('\\A[.\\-_A-Za-z0-9]{1,64}\\Z', 'wanted 1 to 64 letters, digits, dots, hyphens or underscores')])),
                ('description', models.CharField(blank=True, max_length=512)),
                ('auth', models.CharField(choices=[('basic', 'user name and password'), ('api-key', 'API key in a header'), ('bearer', 'bearer token'), ('oauth-client-credentials', 'OAuth 2 client credentials')], default='api-key', max_length=32, verbose_name='authorisation')),
                ('config', models.JSONField(blank=True, default=dict)),
                ('sealed', models.BinaryField(null=True)),
                ('authorized', models.BooleanField(default=True, help_text='A connection that is not authorised makes its deliveries wait.')),
                ('reason', models.CharField(blank=True, editable=False, max_length=512)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='ruletarget',
            name='transform',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='target',
            name='circuit_failures',
            field=models.PositiveSmallIntegerField(default=20, help_text='After so many failures in a row deliveries wait, and single attempts probe whether the receiver is back; 0: never.'),
        ),
        migrations.AddField(
            model_name='target',
            name='circuit_ratio',
            field=models.PositiveSmallIntegerField(default=0, help_text="The same when this percentage of a minute's attempts (20 or more) failed; 0: never."),
        ),
        migrations.AddField(
            model_name='target',
            name='circuit_wait_seconds',
            field=models.PositiveIntegerField(default=30, help_text='How long to wait before each probe (1 to 3600 s).'),
        ),
        migrations.AddField(
            model_name='target',
            name='config',
            field=models.JSONField(blank=True, default=dict, help_text='What the kind needs beside: see its documentation.'),
        ),
        migrations.AddField(
            model_name='target',
            name='connect_timeout_seconds',
            field=models.PositiveSmallIntegerField(default=10, help_text='How long connecting may take (1 to 60 s).'),
        ),
        migrations.AddField(
            model_name='target',
            name='dead_letter_target',
            field=models.ForeignKey(blank=True, help_text='Where dead letters are delivered too.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dead_letters_of', to='eventhub.target'),
        ),
        migrations.AddField(
            model_name='target',
            name='disabled_reason',
            field=models.CharField(blank=True, editable=False, max_length=512),
        ),
        migrations.AddField(
            model_name='target',
            name='fifo_path',
            field=models.CharField(blank=True, help_text='A path in the event, such as $.detail.order.id: events with the same value there are delivered in order, one after the other.', max_length=256),
        ),
        migrations.AddField(
            model_name='target',
            name='max_in_flight',
            field=models.PositiveSmallIntegerField(default=32, help_text='At most so many attempts at once, over all workers (1 to 1000).'),
        ),
        migrations.AddField(
            model_name='target',
            name='paused',
            field=models.BooleanField(default=False, help_text='Deliveries wait and are counted until it is resumed.'),
        ),
        migrations.AddField(
            model_name='target',
            name='payload_format',
            field=models.CharField(choices=[('eventbridge', 'EventBridge envelope'), ('cloudevents-structured', 'CloudEvents, structured'), ('cloudevents-binary', 'CloudEvents, binary'), ('detail', 'detail only')], default='eventbridge', max_length=32),
        ),
        migrations.AddField(
            model_name='target',
            name='rate_per_second',
            field=models.FloatField(blank=True, help_text='At most so many attempts a second, over all workers; empty: no limit.', null=True),
        ),
        migrations.AddField(
            model_name='target',
            name='schedule',
            field=models.CharField(choices=[('exponential', 'exponential: 2 s doubling to 15 min'), ('standard-webhooks', 'Standard Webhooks: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h …')], default='exponential', help_text='The waits between attempts; a random part (jitter) keeps deliveries apart.', max_length=32),
        ),
        migrations.AddField(
            model_name='target',
            name='sealed',
            field=models.BinaryField(null=True),
        ),
        migrations.AlterField(
            model_name='target',
            name='max_attempts',
            field=models.PositiveSmallIntegerField(default=185, help_text='Tries before a delivery is put among the dead letters (1 to 186).'),
        ),
        migrations.AlterField(
            model_name='target',
            name='max_age_seconds',
            field=models.PositiveIntegerField(default=86400, help_text='Give up on a delivery this long after its event was accepted (60 to 604800 s). The whole schedule of Standard Webhooks takes 302915 s.'),
        ),
        migrations.AlterField(
            model_name='target',
            name='kind',
            field=models.CharField(default='webhook', max_length=32),
        ),
        migrations.AddField(
            model_name='target',
            name='api_destination',
            field=models.ForeignKey(blank=True, help_text='For an API destination target: which one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='eventhub.apidestination', verbose_name='API destination'),
        ),
        migrations.AddField(
            model_name='apidestination',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_destinations', to='eventhub.connection'),
        ),
        migrations.AddField(
            model_name='target',
            name='connection',
            field=models.ForeignKey(blank=True, help_text='For a webhook: the credentials that each request carries.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='eventhub.connection'),
        ),
    ]

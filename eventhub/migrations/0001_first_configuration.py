"""Buses, rules and their versions, targets, API keys, sign-in links, and the number of the configuration."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Bus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(help_text='Letters, digits, dots, hyphens, underscores.', max_length=256, unique=True, validators=[django.core.validators.RegexValidator('\\A[.\\-_A-Za-z0-9]{1,256}\\Z', 'wanted 1 to 256 letters, digits, dots, hyphens or underscores')])),
                ('description', models.CharField(blank=True, max_length=512)),
            ],
            options={
                'verbose_name_plural': 'buses',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Configuration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.BigIntegerField(default=1)),
            ],
            options={
                'verbose_name_plural': 'configuration',
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('id', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='key id')),
                ('name', models.CharField(help_text='For people: whose key this is.', max_length=100)),
                ('secret_digest', models.BinaryField(max_length=32)),
                ('sealed_secret', models.BinaryField()),
                ('scopes', models.JSONField(default=list)),
                ('enabled', models.BooleanField(default=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('buses', models.ManyToManyField(blank=True, help_text='Leave empty for every bus.', to='eventhub.bus')),
            ],
            options={
                'verbose_name': 'API key',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('\\A[.\\-_A-Za-z0-9]{1,64}\\Z', 'wanted 1 to 64 letters, digits, dots, hyphens or underscores')])),
                ('description', models.CharField(blank=True, max_length=512)),
                ('pattern', models.TextField(help_text='JSON: which events the rule picks, e.g. {"source": ["shop"], "detail": {"amount": [{"numeric": [">", 100]}]}}', max_length=4096)),
                ('enabled', models.BooleanField(default=True, help_text='A disabled rule makes no deliveries; its matches are recorded.')),
                ('bus', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='eventhub.bus')),
            ],
            options={
                'ordering': ['bus__name', 'name'],
            },
        ),
        migrations.CreateModel(
            name='SignInLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Target',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=64, unique=True, validators=[django.core.validators.RegexValidator('\\A[.\\-_A-Za-z0-9]{1,64}\\Z', 'wanted 1 to 64 letters, digits, dots, hyphens or underscores')])),
                ('kind', models.CharField(choices=[('webhook', 'webhook'), ('bus', 'bus')], default='webhook', max_length=32)),
                ('url', models.CharField(blank=True, help_text='For a webhook: where each matching event is POSTed.', max_length=2048, verbose_name='URL')),
                ('enabled', models.BooleanField(default=True, help_text='Deliveries to a disabled target wait; none is lost.')),
                ('max_attempts', models.PositiveSmallIntegerField(default=185, help_text='Tries before a delivery is put among the dead letters (1 to 185).')),
                ('max_age_seconds', models.PositiveIntegerField(default=86400, help_text='Give up on a delivery this long after its event was accepted (60 to 86400 s).')),
                ('timeout_seconds', models.PositiveSmallIntegerField(default=15, help_text='How long one attempt may take in all (1 to 60 s).')),
                ('note', models.CharField(blank=True, help_text='For people: what this receiver is for.', max_length=512)),
                ('bus', models.ForeignKey(blank=True, help_text='For a bus target: the bus that matching events are put on.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='fed_by', to='eventhub.bus')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='RuleTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='eventhub.rule')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='eventhub.target')),
            ],
            options={
                'verbose_name': 'target',
            },
        ),
        migrations.AddField(
            model_name='rule',
            name='targets',
            field=models.ManyToManyField(related_name='rules', through='eventhub.RuleTarget', to='eventhub.target'),
        ),
        migrations.CreateModel(
            name='RuleVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=64)),
                ('pattern', models.TextField()),
                ('enabled', models.BooleanField()),
                ('targets', models.JSONField(default=list)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('made_by', models.CharField(max_length=200)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='eventhub.rule')),
            ],
            options={
                'ordering': ['rule', '-number'],
                'constraints': [models.UniqueConstraint(fields=('rule', 'number'), name='version_number_once_per_rule')],
            },
        ),
        migrations.AddConstraint(
            model_name='ruletarget',
            constraint=models.UniqueConstraint(fields=('rule', 'target'), name='target_once_per_rule', violation_error_message='the rule already has this target'),
        ),
        migrations.AddConstraint(
            model_name='rule',
            constraint=models.UniqueConstraint(fields=('bus', 'name'), name='rule_name_on_bus', violation_error_message='the bus already has a rule of this name'),
        ),
    ]

"""Roles of users and groups, fields that are marked as sensitive, and tries to sign in.

Who is there goes on as before: staff did everything, everybody else read.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def keep_what_users_may(apps, schema_editor):
    """Give every user the role on every bus that they had without one."""
    app, model = settings.AUTH_USER_MODEL.split(".")
    grant = apps.get_model("eventhub", "Grant")
    for user in apps.get_model(app, model).objects.filter(is_superuser=False):
        grant.objects.create(user=user, role="administrator" if user.is_staff else "viewer")


class Migration(migrations.Migration):
    """Adds the tables and the column."""

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('eventhub', '0013_sources_and_rotation_of_keys'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerBus',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('sensitive', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='SignInTries',
            fields=[
                ('of', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField(default=0)),
                ('last_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name='bus',
            name='sensitive',
            field=models.JSONField(blank=True, default=list, help_text='Fields of detail that are masked for whoever may not see them, such as detail.customer.email. Targets receive them as they are.', verbose_name='sensitive fields'),
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('viewer', 'viewer'), ('editor', 'editor'), ('administrator', 'administrator')], default='viewer', help_text='Viewers see events, deliveries, rules and their targets, and change nothing. Editors change rules and archives too, redrive, replay and put events. Administrators do everything on the bus: its settings, its roles, the keys that are limited to it.', max_length=16)),
                ('sees_sensitive', models.BooleanField(default=False, help_text='Shows fields of events that the bus marks as sensitive; administrators see them anyway.', verbose_name='sees sensitive fields')),
                ('bus', models.ForeignKey(blank=True, help_text='Leave empty for every bus, also those that are made later.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='eventhub.bus')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='auth.group')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'role',
                'ordering': ['user__username', 'group__name', 'bus__name'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('group__isnull', False), ('user', None)), models.Q(('group', None), ('user__isnull', False)), _connector='OR'), name='grant_of_user_or_group', violation_error_message='wanted either a user or a group'), models.UniqueConstraint(condition=models.Q(('bus__isnull', False), ('user__isnull', False)), fields=('user', 'bus'), name='one_grant_of_user_and_bus', violation_error_message='this user has a role there already: change it instead'), models.UniqueConstraint(condition=models.Q(('bus', None), ('user__isnull', False)), fields=('user',), name='one_grant_of_user_on_every_bus', violation_error_message='this user has a role on every bus already: change it instead'), models.UniqueConstraint(condition=models.Q(('bus__isnull', False), ('group__isnull', False)), fields=('group', 'bus'), name='one_grant_of_group_and_bus', violation_error_message='this group has a role there already: change it instead'), models.UniqueConstraint(condition=models.Q(('bus', None), ('group__isnull', False)), fields=('group',), name='one_grant_of_group_on_every_bus', violation_error_message='this group has a role on every bus already: change it instead')],
            },
        ),
        migrations.RunPython(keep_what_users_may, migrations.RunPython.noop),
    ]

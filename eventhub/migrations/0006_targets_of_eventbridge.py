from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_links(apps, schema_editor):
    links = apps.get_model("eventhub", "RuleTarget").objects
    targets = apps.get_model("eventhub", "Target").objects
    names = targets.filter(pk=OuterRef("target_id")).values("name")
    links.update(identifier=Subquery(names))


class Migration(migrations.Migration):

    dependencies = [("eventhub", "0005_what_eventbridge_is_told")]

    operations = [
        migrations.AddField(
            "target", "owned", models.BooleanField(default=False, editable=False, verbose_name="made by EventBridge's door")
        ),
        migrations.AddField(
            "ruletarget", "told", models.JSONField(blank=True, default=dict, editable=False)
        ),
        migrations.AddField(
            "ruletarget",
            "identifier",
            models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(name_links, migrations.RunPython.noop),
        migrations.AddConstraint(
            "ruletarget",
            models.UniqueConstraint(fields=["rule", "identifier"], name="identifier_once_per_rule"),
        ),
    ]

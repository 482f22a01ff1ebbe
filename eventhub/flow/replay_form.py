"""What people are asked for a replay, on the pages and in the admin: one form, one validation."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.flow import archives
from eventhub.journal.port import Journal, Replay
from eventhub.journal.rows import ReplayRow, microseconds
from eventhub.models import Archive, Rule


class RulesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rules, named with their bus."""

    def label_from_instance(self, rule: Any) -> str:
        """Return what is shown for a rule."""
        return f"{rule.name} on {rule.bus}"


class ReplayForm(forms.Form):
    """What is put on the bus again."""

    archive = forms.ModelChoiceField(Archive.objects.select_related("bus").order_by("name"))
    name = forms.CharField(max_length=64, help_text=f"{archives.NAME_WANTED}. The events say it.")
    description = forms.CharField(max_length=512, required=False)
    since = forms.DateTimeField(
        label="From",
        help_text="UTC. Events that the bus accepted at this moment or later,",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"),
    )
    until = forms.DateTimeField(
        label="Until",
        help_text="and before this one.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"),
    )
    rules = RulesField(
        Rule.objects.select_related("bus").order_by("bus__name", "name"),
        required=False,
        help_text="These rules alone see the events. Choose none for every rule of the archive's bus, whose "
        "targets then get the events a second time.",
    )
    per_second = forms.FloatField(
        label="Events a second",
        initial=int(archives.PER_SECOND),
        min_value=archives.LEAST_PER_SECOND,
        max_value=archives.MOST_PER_SECOND,
    )

    def __init__(self, caller: Caller, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("archive", "rules"):
            field: Any = self.fields[name]
            field.queryset = seen.on_buses(field.queryset, caller, Scope.RULES_WRITE)

    def clean_name(self) -> str:
        """Refuse a name that no replay may have, or that one has."""
        name: str = self.cleaned_data["name"]
        if not re.fullmatch(archives.NAME, name):
            raise ValidationError(f"wanted {archives.NAME_WANTED}")
        if ReplayRow.objects.filter(name=name).exists():
            raise ValidationError(f"there is a replay named {name}")
        return name

    def clean(self) -> None:
        """Refuse an empty window, and rules of another bus."""
        given = self.cleaned_data
        if "since" in given and "until" in given and given["since"] >= given["until"]:
            self.add_error("until", "wanted a moment after the one above")
        archive = given.get("archive")
        strange = [
            rule.name for rule in given.get("rules") or () if archive and rule.bus_id != archive.bus_id
        ]
        if archive is not None and strange:
            self.add_error("rules", f"wanted rules of bus {archive.bus}, found {', '.join(strange)}")

    def count(self, journal: Journal) -> int | None:
        """Return how many events the window holds; None where the form does not say which window."""
        given = self.cleaned_data
        if not {"archive", "since", "until"} <= given.keys():
            return None
        window = {name: microseconds(given[name]) for name in ("since", "until")}
        return journal.count_archived(given["archive"].pk, **window)

    def start(self, journal: Journal, *, who: str) -> Replay:
        """Begin the replay that a valid form asks for; raises ReplayExistsError."""
        given = self.cleaned_data
        archive: Archive = given["archive"]
        rules = list(given["rules"])
        return archives.start_replay(
            journal,
            archive,
            name=given["name"],
            since=microseconds(given["since"]),
            until=microseconds(given["until"]),
            who=who,
            rules=rules,
            filter_arns=[archives.arn_of(rule, archive.bus.name) for rule in rules],
            description=given["description"],
            per_second=given["per_second"],
        )

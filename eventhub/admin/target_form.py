"""The form of a target: one for each kind, made from the kind's own schema."""

from typing import Any

from django import forms

from eventhub.admin.sealed_form import SealedForm
from eventhub.admin.settings_fields import form_fields, form_name
from eventhub.domain.retry import Schedule, age_with
from eventhub.models import Target
from eventhub.models.target_checks import COLUMNS, formats_of
from eventhub.targets.kind import Kind
from eventhub.targets.kinds import KINDS

RETRY = ["max_attempts", "max_age_seconds", "schedule", "dead_letter_target"]
TIME_OUTS = ["timeout_seconds", "connect_timeout_seconds"]
FLOW = [
    "max_in_flight",
    "rate_per_second",
    "fifo_path",
    "circuit_failures",
    "circuit_ratio",
    "circuit_wait_seconds",
]


class TargetForm(SealedForm):
    """A target of one kind. Subclasses are made by ``form_of``, which sets ``target_kind``."""

    target_kind: Kind = KINDS["webhook"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.kind = self.target_kind.name
        if "payload_format" in self.fields:
            formats = formats_of(self.target_kind)
            field = self.fields["payload_format"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [choice for choice in Target.Format.choices if choice[0] in formats]
        if "dead_letter_target" in self.fields and self.instance.pk:
            chosen = self.fields["dead_letter_target"]
            assert isinstance(chosen, forms.ModelChoiceField)
            chosen.queryset = Target.objects.exclude(pk=self.instance.pk)

    def clean(self) -> dict[str, Any]:
        """Let events grow as old as a schedule takes that is chosen without an age."""
        cleaned: dict[str, Any] = super().clean() or {}
        changed = set(self.changed_data)
        if "schedule" in changed and "max_age_seconds" not in changed and cleaned.get("schedule"):
            cleaned["max_age_seconds"] = age_with(
                Schedule(cleaned["schedule"]),
                before=Schedule(self.instance.schedule),
                age_before=self.instance.max_age_seconds,
            )
        return cleaned


def own_fields(kind: Kind) -> list[Any]:
    """Return the settings of a kind that are no columns of the target."""
    return [field for field in kind.fields if field.name not in COLUMNS.get(kind.name, ())]


def form_of(kind: Kind, target: Target | None) -> type[TargetForm]:
    """Return the form's class for targets of a kind, with the settings of ``target`` if there is one."""
    config = target.config if target else {}
    is_set = target.secret_names() if target else []
    own = own_fields(kind)
    made = form_fields(own, config, is_set)
    return type("TargetForm", (TargetForm,), {**made, "target_kind": kind, "settings": own})


def fieldsets_of(kind: Kind) -> list[Any]:
    """Return how the form of a kind is laid out."""
    beside = {"webhook": ["url", "connection"], "bus": ["bus"], "api-destination": ["api_destination"]}
    where = [*beside.get(kind.name, []), *(form_name(field) for field in own_fields(kind))]
    sent = ["payload_format"] if kind.name != "bus" else []
    times = TIME_OUTS if kind.name != "bus" else []
    return [
        (None, {"fields": ["name", "note", "enabled", "paused"]}),
        (kind.title, {"fields": [*where, *sent], "description": kind.summary}),
        (
            "How hard to try",
            {
                "classes": ["collapse"],
                "fields": [*RETRY, *times],
                "description": "Failed attempts are repeated with growing waits, until one of these limits; "
                "then the delivery is put among the dead letters.",
            },
        ),
        (
            "How much at once, and in which order",
            {
                "classes": ["collapse"],
                "fields": FLOW,
                "description": "Deliveries that have to wait are kept and counted; none is lost by it.",
            },
        ),
    ]

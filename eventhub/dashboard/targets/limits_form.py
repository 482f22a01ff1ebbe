"""The form of a target's limits: how much at once, how fast, and when to stop trying for a while."""

from django import forms
from django.http import QueryDict

from eventhub.models import Target

FIELDS = (
    "max_in_flight",
    "rate_per_second",
    "circuit_failures",
    "circuit_ratio",
    "circuit_wait_seconds",
)
_LABELS = {
    "max_in_flight": ("At once", "attempts under way, over all workers (1 to 1000)"),
    "rate_per_second": ("A second", "attempts started; empty: no limit"),
    "circuit_failures": ("Failures in a row", "that open the circuit; 0: never"),
    "circuit_ratio": ("Failures in a minute", "percent of 20 attempts or more that open it; 0: never"),
    "circuit_wait_seconds": ("Wait", "seconds before each probe (1 to 3600)"),
}


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A target's limits, judged by the model as in the admin and REST."""

    class Meta:
        model = Target
        fields = FIELDS

    def __init__(self, data: QueryDict | None = None, *, instance: Target) -> None:
        super().__init__(data, instance=instance, label_suffix="")
        for name, (label, help_text) in _LABELS.items():
            field = self.fields[name]
            field.label, field.help_text = label, help_text
            field.widget.attrs["step"] = "any" if name == "rate_per_second" else "1"

    def save_changed(self) -> list[str]:
        """Save what was changed and nothing else: others write to the same row. Return the labels."""
        columns = [name for name in FIELDS if name in self.changed_data]
        if columns:
            self.instance.save(update_fields=[*columns, "updated_at"])
        return [str(self.fields[name].label).lower() for name in columns]

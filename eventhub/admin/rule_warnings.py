"""The warnings of the rule form: a first save shows them, a second one saves.

What was shown comes back with the form, by its keys; only what is new since is shown again.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from eventhub.access.caller import Caller
from eventhub.flow.before_saving import Warned, warnings_of
from eventhub.flow.editing import Draft, faults_of
from eventhub.models import Rule

CODE = "warned"


class WarnedFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # not subscriptable at run time
    """A rule's targets; they are judged last, so that the whole rule is there to be warned of."""

    warned: list[Warned]

    def __init__(
        self, *args: Any, caller: Caller | None = None, accepted: tuple[str, ...] = (), **kwargs: Any
    ) -> None:
        """Take who saves, and the keys of the warnings that they saw; nothing is judged without a caller."""
        self.caller, self.accepted, self.warned = caller, accepted, []
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        """Refuse a first save of what has warnings, unless something else is wrong."""
        super().clean()
        if self.caller is None or any(self.errors) or self.instance.bus_id is None:
            return
        before = Rule.objects.filter(pk=self.instance.pk).first()
        draft = self._draft()
        judged = Rule.objects.get(pk=before.pk) if before else Rule(bus=self.instance.bus)
        if faults_of(judged, draft):
            return
        self.warned = warnings_of(draft, self.instance.bus, self.caller, rule=before)
        if any(one.key not in self.accepted for one in self.warned):
            raise ValidationError("Not saved yet: see the warnings.", code=CODE)
        self.warned = []

    def forget_errors(self) -> None:
        """Show the warnings as what they are."""
        self._non_form_errors = self.error_class(error_class="nonform")

    def _draft(self) -> Draft:
        rule, kept = self.instance, []
        for form in self.forms:
            given = form.cleaned_data
            if given.get("target") and not given.get(forms.formsets.DELETION_FIELD_NAME):
                kept.append((given["target"], given.get("transform") or None))
        return Draft(
            rule.name,
            rule.pattern,
            rule.description,
            rule.schedule_expression,
            rule.enabled,
            rule.shadow,
            kept,
        )

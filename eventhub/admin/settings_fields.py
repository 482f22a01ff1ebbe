"""Form fields made from what kinds of target say of their settings; and back from a form to the settings.

In a form a setting is ``config_<name>``, a secret ``secret_<name>``: what the model refuses under
``config.<name>`` or ``secrets.<name>`` so finds its field.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from eventhub.targets.kind import Field, FieldType

LINES = {"rows": 3, "class": "vLargeTextField", "spellcheck": "false"}


class PairsField(forms.CharField):
    """An object of names and texts, one ``name: text`` a line."""

    widget = forms.Textarea(attrs=LINES)

    def prepare_value(self, value: Any) -> Any:
        """Return the lines of an object."""
        if not isinstance(value, Mapping):
            return value
        return "\n".join(f"{name}: {text}" for name, text in value.items())

    def clean(self, value: Any) -> Any:
        """Return the object of the lines."""
        pairs: dict[str, str] = {}
        for number, line in enumerate(super().clean(value).splitlines(), start=1):
            if not line.strip():
                continue
            name, colon, text = line.partition(":")
            if not colon or not name.strip():
                raise ValidationError(f'line {number}: wanted "name: text", found {line[:64]!r}')
            pairs[name.strip()] = text.strip()
        return pairs


class TextsField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs=LINES)

    def prepare_value(self, value: Any) -> Any:
        """Return the lines of a list."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the list of the lines."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


def form_name(field: Field) -> str:
    """Return what a setting is called in a form."""
    return f"{'secret' if field.secret else 'config'}_{field.name}"


def form_fields(
    fields: Iterable[Field], config: Mapping[str, Any], set_secrets: Collection[str]
) -> dict[str, Any]:
    """Return the form's fields by name, filled with the present settings; secrets are never filled in."""
    return {
        form_name(field): _form_field(field, config.get(field.name), field.name in set_secrets)
        for field in fields
    }


def config_of(fields: Iterable[Field], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a form gives; what was left empty is left out."""
    given = {field.name: cleaned.get(form_name(field)) for field in fields if not field.secret}
    return {name: value for name, value in given.items() if value not in (None, "", [], {})}


def secrets_of(fields: Iterable[Field], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Return the secrets that a form gives; what was left empty keeps what is set."""
    given = {field.name: cleaned.get(form_name(field)) for field in fields if field.secret}
    return {name: value for name, value in given.items() if value}


def _form_field(field: Field, value: Any, is_set: bool) -> forms.Field:
    options: dict[str, Any] = {
        "label": field.label,
        "help_text": field.help,
        "required": field.required,
        "initial": field.default if value is None else value,
    }
    if field.secret:
        options["help_text"] += " It is set: leave empty to keep it." if is_set else " Never shown again."
        options |= {"required": field.required and not is_set, "initial": None}
    if field.type in _LINES:
        kind, how = _LINES[field.type]
        return kind(**options | {"help_text": f"{options['help_text']} {how}"})
    if field.type is FieldType.BOOLEAN:
        return forms.BooleanField(**options | {"required": False})
    if field.type is FieldType.INTEGER:
        return forms.IntegerField(**options)
    if field.type is FieldType.CHOICE:
        return forms.ChoiceField(choices=[(choice, choice) for choice in field.choices], **options)
    if field.secret:
        never_filled = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return forms.CharField(widget=never_filled, strip=False, **options)
    attributes = {"class": "vLargeTextField", "placeholder": field.example}
    return forms.CharField(widget=forms.TextInput(attrs=attributes), **options)


_LINES: Mapping[FieldType, tuple[type[forms.CharField], str]] = {
    FieldType.PAIRS: (PairsField, "One a line, as in name: text"),
    FieldType.TEXTS: (TextsField, "One a line."),
}

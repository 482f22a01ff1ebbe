"""Forms of rows with settings and sealed secrets: what a form gives becomes ``config`` and the secrets."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from eventhub.admin.configured import NamedForm
from eventhub.admin.settings_fields import config_of, secrets_of
from eventhub.targets.kind import Field


class SealedForm(NamedForm):
    """Subclasses are made for one sort of row, with its ``settings`` and a form field for each of them."""

    settings: Sequence[Field] = ()

    def _post_clean(self) -> None:
        self.instance.config = config_of(self.settings, self.cleaned_data)
        if given := secrets_of(self.settings, self.cleaned_data):
            self.instance.change_secrets(given)
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which its stubs leave out

    def _update_errors(self, errors: ValidationError) -> None:
        if hasattr(errors, "error_dict"):
            placed: dict[str, list[ValidationError]] = {}
            for path, found in errors.error_dict.items():
                placed.setdefault(self._place(path), []).extend(found)
            errors = ValidationError(placed)
        super()._update_errors(errors)  # type: ignore[misc]  # as above

    def _place(self, path: str) -> Any:
        """Return the form's field for the path of a refusal."""
        name = path.replace("config.", "config_").replace("secrets.", "secret_")
        return name if name in self.fields else NON_FIELD_ERRORS

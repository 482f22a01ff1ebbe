"""What buses, rules and targets have in common as resources."""

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError as ModelError
from django.db import models, transaction
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from eventhub.access.scopes import Scope
from eventhub.api.rest.conditional import ConditionalViewSet
from eventhub.api.rest.listing import check_parameters, narrowed
from eventhub.api.rest.media import JSONAnswer, JSONBody, moment
from eventhub.api.rest.pagination import KeyPagination
from eventhub.api.rest.permissions import refuse_limited
from eventhub.api.rest.scalars import BooleanField, IntegerField, NumberField, ObjectField, TextField
from eventhub.flow.configure import take_effect

M = TypeVar("M", bound=models.Model)


class MomentText(serializers.Field[Any, Any, Any, Any]):
    """A moment that we set: RFC 3339 with milliseconds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> str | None:
        """Return the text."""
        return moment(value)


class ConfiguredSerializer(serializers.ModelSerializer[M]):
    """Reads JSON's types; whether the values will do is asked of the model, as the admin does."""

    created_at = MomentText()
    updated_at = MomentText()
    beside: tuple[str, ...] = ()  # members that the model cannot take by assignment
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: TextField,
        models.TextField: TextField,
        models.PositiveSmallIntegerField: IntegerField,
        models.PositiveIntegerField: IntegerField,
        models.FloatField: NumberField,
        models.BooleanField: BooleanField,
        models.JSONField: ObjectField,
    }

    def model(self) -> Any:
        """Return the model's class."""
        return self.Meta.model

    def build_standard_field(
        self, field_name: str, model_field: "models.Field[Any, Any]"
    ) -> tuple[type[serializers.Field[Any, Any, Any, Any]], dict[str, Any]]:
        """Leave limits and uniqueness to the model, which says it in one place and one way."""
        kind, options = super().build_standard_field(field_name, model_field)
        for limit in ("validators", "max_length", "min_value", "max_value"):
            options.pop(limit, None)
        if not options.get("read_only"):
            # What is missing is the model's to say too: then all that is wrong is said at once.
            options["required"] = False
        return kind, options

    def to_internal_value(self, data: Any) -> Any:
        """Refuse members that we do not know: a misspelt one must not be lost silently."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
        unknown = sorted(set(data) - set(self.fields))
        wrong: dict[str, Any] = dict.fromkeys(unknown, f"unknown; known are: {known}")
        attrs, unread = self._read({name: value for name, value in data.items() if name not in wrong})
        wrong |= unread
        if wrong:
            raise serializers.ValidationError(wrong | self._refused_beside(wrong, attrs))
        return attrs

    def _read(self, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the members that can be read, and what is wrong with the others."""
        attrs: dict[str, Any] = {}
        wrong: dict[str, Any] = {}
        for field in self._writable_fields:
            try:
                attrs[str(field.source)] = field.run_validation(field.get_value(data))
            except serializers.ValidationError as error:
                wrong[str(field.field_name)] = error.detail
            except serializers.SkipField:
                pass
        return attrs, wrong

    def _refused_beside(self, wrong: Mapping[str, Any], attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what the model refuses beside what could not be read, so that all is said at once."""
        try:
            self.validate(attrs)
        except serializers.ValidationError as error:
            refused: dict[str, Any] = dict(error.detail)  # type: ignore[arg-type]  # always by member
            return {path: said for path, said in refused.items() if path.partition(".")[0] not in wrong}
        return {}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask the model. A whole replacement (PUT) first sets what it leaves out to the defaults."""
        if self.instance is not None and not self.partial:
            for name, field in self.fields.items():
                if not field.read_only and name not in attrs and name not in self.beside:
                    attrs[name] = self.model()._meta.get_field(name).get_default()
        row = copy.copy(self.instance) if self.instance is not None else self.model()()
        self.prepare(row, attrs)
        for name, value in attrs.items():
            if name not in self.beside:
                setattr(row, name, value)
        try:
            row.full_clean()
        except ModelError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        # From the row, because clean() may set members too (a bus target has no URL).
        return {name: attrs[name] for name in self.beside if name in attrs} | self.taken(row)

    def update(self, instance: M, validated_data: dict[str, Any]) -> M:
        """Save what differs and nothing else: other requests and deliveries write to the same row."""
        changed = [name for name, value in validated_data.items() if getattr(instance, name) != value]
        for name in changed:
            setattr(instance, name, validated_data[name])
        instance.save(update_fields=[*changed, "updated_at"])
        return instance

    def prepare(self, row: Any, attrs: dict[str, Any]) -> None:
        """Give the row what it does not take by assignment, before the model is asked."""

    def taken(self, row: Any) -> dict[str, Any]:
        """Return what is to be saved of the row that the model accepted."""
        return {
            name: getattr(row, name)
            for name, field in self.fields.items()
            if not field.read_only and name not in self.beside
        }


class ConfiguredViewSet(ConditionalViewSet, ModelViewSet[M]):
    """Lists, reads, makes, changes and deletes configuration rows; each change takes effect at once.

    ``lookups`` are the list's filters: the query parameter, and the column that it asks for.
    """

    reads = Scope.RULES_READ
    writes = Scope.RULES_WRITE
    parser_classes = [JSONBody]
    renderer_classes = [JSONAnswer]
    pagination_class = KeyPagination
    filters: frozenset[str] = frozenset()  # those that the view sees to itself
    lookups: dict[str, str] = {"prefix": "name__startswith"}
    beyond_buses = ""  # what the rows are called if they belong to no bus; limited keys change none of them

    def bus_of(self, row: M) -> int | None:
        """Return the bus that a row lies on, if it lies on one."""
        return None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse at once what would change what others share: not even its errors are to be read."""
        super().initial(request, *args, **kwargs)
        if self.beyond_buses and request.method not in SAFE_METHODS:
            refuse_limited(request, self.beyond_buses)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one page."""
        check_parameters(request, self.filters | self.lookups.keys() | {"limit", "after", "order"})
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: Any) -> Any:
        """Leave, of a list, what its filters ask for."""
        return narrowed(queryset, self.request, self.lookups) if self.action == "list" else queryset

    def perform_create(self, serializer: serializers.BaseSerializer[M]) -> None:
        """Make the row."""
        self.save(serializer)

    def perform_update(self, serializer: serializers.BaseSerializer[M]) -> None:
        """Change the row."""
        self.perform_create(serializer)

    def save(self, serializer: serializers.BaseSerializer[M]) -> None:
        """Save the row, in force with the commit."""
        with transaction.atomic():
            serializer.save()
            take_effect()

    def perform_destroy(self, instance: M) -> None:
        """Delete the row."""
        with transaction.atomic():
            instance.delete()
            take_effect()

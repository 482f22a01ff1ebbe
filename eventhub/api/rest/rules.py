"""Rules as a resource."""

import copy
from typing import Any

import msgspec
from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from django.db.models import Max, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.fields import Body
from eventhub.api.rest.media import RuleBody, verbatim
from eventhub.api.rest.permissions import require, verified
from eventhub.domain.transform import TransformError, parse_transform
from eventhub.flow.before_saving import warnings_of
from eventhub.flow.configure import switch_rule
from eventhub.flow.editing import Draft
from eventhub.flow.schedule import next_runs
from eventhub.models import Bus, Rule, Target


class PatternField(serializers.Field[str, Any, msgspec.Raw | None, Any]):
    """A pattern: read as a JSON object (by ``RuleBody``, as text) or as text, answered as an object."""

    default_error_messages = {"invalid": "wanted a JSON object, or its text as a string"}

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return data

    def to_representation(self, value: str) -> msgspec.Raw | None:
        """Return the object, as it was written; null if the rule has only a schedule."""
        return verbatim(value) if value else None


class VisibleBus(serializers.SlugRelatedField[Bus]):
    """A bus by its name, among those that the caller may see."""

    def get_queryset(self) -> QuerySet[Bus]:
        """Return the buses to choose from."""
        return seen.buses(verified(self.context["request"]))

    def to_internal_value(self, data: Any) -> Bus:
        """Return the bus, if the caller may change what lies on it."""
        bus = super().to_internal_value(data)
        require(self.context["request"], Scope.RULES_WRITE, bus.pk)
        return bus


class VisibleTarget(serializers.SlugRelatedField[Target]):
    """A target by its name, among those that the caller may see."""

    def get_queryset(self) -> QuerySet[Target]:
        """Return the targets to choose from."""
        return seen.targets(verified(self.context["request"]))


class TransformsField(serializers.Field[Any, Any, Any, Any]):
    """What targets get instead of the event: transforms by the target's name."""

    def get_attribute(self, instance: Rule) -> Any:
        """Return the transforms of a rule."""
        return {link.target.name: link.transform for link in instance.links.all() if link.transform}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the transforms; each is checked by itself."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("wanted an object of transforms by the name of a target")
        wrong = {}
        for name, stored in data.items():
            try:
                parse_transform(stored)
            except TransformError as error:
                wrong[name] = str(error)
        if wrong:
            raise serializers.ValidationError(wrong)
        return {name: stored for name, stored in data.items() if stored}

    def to_representation(self, value: Any) -> Any:
        """Return the transforms."""
        return value


class RuleSerializer(ConfiguredSerializer[Rule]):
    """A rule as JSON; ``bus`` and ``targets`` are names, ``version`` the number of its current state."""

    beside = ("targets", "transforms")

    bus = VisibleBus(
        slug_field="name",
        queryset=Bus.objects.all(),
        error_messages={"does_not_exist": "no bus is named {value!r}", "invalid": "wanted the name of a bus"},
    )
    pattern = PatternField(required=False, default="")
    next_runs = serializers.SerializerMethodField()
    targets = VisibleTarget(
        many=True,
        slug_field="name",
        queryset=Target.objects.all(),
        required=False,
        error_messages={
            "does_not_exist": "no target is named {value!r}",
            "invalid": "wanted the name of a target",
        },
    )
    transforms = TransformsField(required=False)
    version = serializers.SerializerMethodField()

    class Meta:
        model = Rule
        fields = [
            "id",
            "bus",
            "name",
            "description",
            "pattern",
            "schedule_expression",
            "next_runs",
            "enabled",
            "shadow",
            "targets",
            "transforms",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id"]
        validators: list[Any] = []  # the model names the rule that is in the way

    def get_next_runs(self, rule: Rule) -> list[str]:
        """Return the next ten runs of the schedule."""
        return [run.isoformat().replace("+00:00", "Z") for run in next_runs(rule)]

    def get_version(self, rule: Rule) -> int:
        """Return the number of the newest version."""
        return getattr(rule, "newest", None) or 0

    def drafted(self) -> tuple[Rule, list[tuple[Target, Any]]]:
        """Return the rule as it would be saved, and its targets with their transforms; nothing is saved."""
        given = dict(self.validated_data)
        row = copy.copy(self.instance) if self.instance is not None else Rule()
        there = [] if self.instance is None else list(row.links.select_related("target"))
        targets = given.pop("targets", [link.target for link in there])
        transforms = given.pop("transforms", {link.target.name: link.transform for link in there})
        for name, value in given.items():
            setattr(row, name, value)
        return row, [(target, transforms.get(target.name)) for target in targets]

    def create(self, validated_data: dict[str, Any]) -> Rule:
        """Make the rule."""
        return self.update(Rule(), validated_data)

    def update(self, instance: Rule, validated_data: dict[str, Any]) -> Rule:
        """Save the rule, its targets and the version that this makes, together."""
        targets = validated_data.pop("targets", [] if not self.partial else None)
        transforms = validated_data.pop("transforms", {} if not self.partial else None)
        for name, value in validated_data.items():
            setattr(instance, name, value)
        with transaction.atomic():
            instance.save()
            if targets is not None:
                instance.set_targets(targets)
            if transforms is not None:
                self._transform(instance, transforms)
            instance.record_version(by=verified(self.context["request"]).who)
        return _with_versions().get(pk=instance.pk)

    def _transform(self, rule: Rule, transforms: dict[str, Any]) -> None:
        links = {link.target.name: link for link in rule.links.select_related("target")}
        wrong: dict[str, Any] = {}
        for name, stored in transforms.items():
            if name not in links:
                wrong[name] = "wanted the name of one of the rule's targets"
                continue
            links[name].transform = stored
            try:
                links[name].clean()
            except ModelError as error:
                wrong[name] = error.messages
        if wrong:
            raise serializers.ValidationError({"transforms": wrong})
        rule.set_transforms(transforms)


class RuleViewSet(ConfiguredViewSet[Rule]):
    """``/api/rules``."""

    serializer_class = RuleSerializer
    parser_classes = [RuleBody]
    passing = frozenset({"next_runs"})
    lookups = ConfiguredViewSet.lookups | {
        "bus": "bus__name",
        "name": "name",
        "enabled": "enabled",
        "shadow": "shadow",
        "target": "targets__name",
    }

    def switch(self, request: Request, pk: int, *, enabled: bool) -> Response:
        """Enable or disable the rule; answers it with the version that this makes."""
        Body(request, {}).done()
        with transaction.atomic():
            switch_rule(self.current(), enabled=enabled, by=verified(request).who)
        return self.tagged(self.get_serializer(self.get_object()).data)

    def warn(self, request: Request) -> Response:
        """Answer what a rule is warned of before it is saved; ``rule`` is the one that it changes."""
        given = dict(request.data)
        rule = self._changing(given.pop("rule", None))
        serializer = self.get_serializer(rule, data=given, partial=rule is not None)
        serializer.is_valid(raise_exception=True)
        row, links = serializer.drafted()
        draft = Draft(
            row.name, row.pattern, row.description, row.schedule_expression, row.enabled, row.shadow, links
        )
        found = warnings_of(draft, row.bus, verified(request), rule=rule)
        return Response(
            {
                "warnings": [
                    {
                        "warning": one.doubt.value,
                        "path": one.path,
                        "about": one.about,
                        "message": one.said,
                        "reason": one.reason,
                    }
                    for one in found
                ]
            }
        )

    def _changing(self, rule_id: Any) -> Rule | None:
        if rule_id is None:
            return None
        is_number = isinstance(rule_id, int) and not isinstance(rule_id, bool) and 0 <= rule_id < 2**63
        rule = self.get_queryset().filter(pk=rule_id).first() if is_number else None
        if rule is None:
            raise serializers.ValidationError({"rule": f"wanted the id of a rule, found {rule_id!r:.40}"})
        require(self.request, Scope.RULES_WRITE, rule.bus_id)
        return rule

    def bus_of(self, row: Rule) -> int:
        """Return the rule's bus."""
        return row.bus_id

    def get_queryset(self) -> QuerySet[Rule]:
        """Return the rules on buses that the caller may see."""
        return seen.on_buses(_with_versions(), verified(self.request))


def _with_versions() -> QuerySet[Rule]:
    return (
        Rule.objects.select_related("bus")
        .prefetch_related("targets", "links__target")
        .annotate(newest=Max("versions__number"))
    )

"""A block of a resource in Terraform's plan: its arguments, if they are known, or what they refer to."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings

from eventhub.api.eventbridge.names import bus_arn
from eventhub.api.importing.arns import NAMED, arn_for
from eventhub.api.importing.plan import Plan, Referred, Values, placed
from eventhub.api.importing.report import Remark, Report, UnsupportedError
from eventhub.api.importing.resources import arn_of_connection

PREFIX = "aws_cloudwatch_event_"
_NO_NAME = re.compile(r"[^.\-_A-Za-z0-9]+")
# What is an ARN of a resource, by its type; "" is an attribute that the plan does not tell.
_ARNS = {"", "arn"}
_ID_IS_ARN = {"aws_sns_topic", "aws_sfn_state_machine", "aws_kinesis_stream"}


class Block:
    """A resource's arguments, or those of a block in it.

    ``path`` is where it stands in the resource, for messages. What is unknown raises UnsupportedError.
    """

    def __init__(
        self,
        plan: Plan,
        report: Report,
        arns: Mapping[str, str],
        address: str,
        values: Values,
        *,
        unknown: Any,
        expressions: Any,
        path: str = "",
    ) -> None:
        self.address = address
        self.values = values
        self._plan, self._report, self._arns = plan, report, arns
        self._unknown = unknown
        self._expressions: Values = expressions if isinstance(expressions, dict) else {}
        self._path = path

    def get(self, name: str) -> Any:
        """Return an argument; None if there is none, or Terraform's provider chooses it."""
        if self._is_unknown(name):
            raise UnsupportedError(f"{self._path}{name} is known only after the plan is applied")
        return self.values.get(name)

    def required(self, name: str) -> Any:
        """Return an argument that every such block has."""
        found = self.get(name)
        if found is None:
            raise UnsupportedError(f"{self._path}{name} is known only after the plan is applied")
        return found

    def told(self, name: str) -> Any:
        """Return an argument that changes nothing here; if it is unknown, that is noted."""
        try:
            return self.get(name)
        except UnsupportedError as error:
            self.note(f"{error}: left out")
            return None

    def one(self, name: str) -> "Block | None":
        """Return the block of a name, which a plan shows as a list of one."""
        found = self.many(name)
        return found[0] if found else None

    def many(self, name: str) -> "list[Block]":
        """Return the blocks of a name."""
        said, mark = self.values.get(name), self._mark(name)
        if said is None and mark is True:
            raise UnsupportedError(f"{self._path}{name} is known only after the plan is applied")
        listed = said if isinstance(said, list) else [] if said is None else [said]
        written = self._expressions.get(name)
        written = written if isinstance(written, list) else [written]
        found = []
        for place, one in enumerate(listed):
            if not isinstance(one, dict):
                raise UnsupportedError(f"{self._path}{name}: wanted an object, found {one!r:.80}")
            found.append(
                Block(
                    self._plan,
                    self._report,
                    self._arns,
                    self.address,
                    one,
                    unknown=mark[place] if isinstance(mark, list) and place < len(mark) else None,
                    expressions=written[place] if place < len(written) else None,
                    path=f"{self._path}{name}.",
                )
            )
        return found

    def arn(self, name: str) -> str:
        """Return an argument that is an ARN, also that of a resource of the plan."""
        if said := self.values.get(name):
            return _text(said, self._path + name)
        if not self._path and self.address in self._arns:
            return self._arns[self.address]
        referred = self._referred(name)
        if referred is None:
            why = f"{self._path}{name} is known only after the plan is applied"
            raise UnsupportedError(why if self._path else f"{why}: give it for {self.address}")
        if referred.address in self._arns:
            return self._arns[referred.address]
        found = self._arn_of(referred, name)
        note = f"{self._path}{name} is not known yet: took that of {referred.address}, {found}"
        is_function = ":lambda:" in found  # "${…arn}:live" refers to the same
        self.note(f"{note}, without any alias or version" if is_function else note)
        return found

    def resource(self, name: str) -> Referred | None:
        """Return what an argument refers to, if it is a resource of the plan."""
        referred = self._referred(name)
        return referred if referred and referred.address in self._plan.resources else None

    def bus(self) -> str:
        """Return the name of the bus that ``event_bus_name`` names, by name, ARN or reference."""
        if said := self.values.get("event_bus_name"):
            text = _text(said, "event_bus_name")
            return text.partition(":event-bus/")[2] or text
        referred = self.resource("event_bus_name")
        if referred is None:
            self.get("event_bus_name")
            return "default"
        values = self._plan.resources[referred.address].get("values")
        name = values.get("name") if isinstance(values, dict) else None
        if not isinstance(name, str):
            raise UnsupportedError(f"event_bus_name: {referred.address} has no name yet")
        return name

    def note(self, text: str) -> None:
        """Note something about the resource."""
        remark = Remark(self.address, text)
        if remark not in self._report.notes:
            self._report.notes.append(remark)

    def _mark(self, name: str) -> Any:
        return self._unknown.get(name) if isinstance(self._unknown, dict) else self._unknown

    def _is_unknown(self, name: str) -> bool:
        mark = self._mark(name)
        if self.values.get(name) is None and name in self.values and not _has_mark(mark):
            return False
        is_written = _refers(self._expressions.get(name))
        if mark is not None and _has_mark(mark):
            return is_written or not self._plan.has_configuration or bool(self.values.get(name))
        return self.values.get(name) is None and is_written

    def _referred(self, name: str) -> Referred | None:
        try:
            return self._plan.referred(self.address, self._expressions.get(name))
        except UnsupportedError as error:
            why = f"{self._path}{name}: {error}"
            raise UnsupportedError(why if self._path else f"{why}: give it for {self.address}") from error

    def _arn_of(self, referred: Referred, name: str) -> str:
        one = self._plan.resources.get(referred.address)
        kind = str(one.get("type", "")) if one else ""
        values = one.get("values") if one else None
        said = values.get(NAMED[kind][0] if kind in NAMED else "name") if isinstance(values, dict) else None
        is_arn = referred.attribute in _ARNS or (referred.attribute == "id" and kind in _ID_IS_ARN)
        if isinstance(said, str) and said and is_arn:
            if kind in NAMED:
                return arn_for(kind, said)
            if kind == f"{PREFIX}bus":
                return bus_arn(said)
            if kind == f"{PREFIX}connection":
                return arn_of_connection(said)
            if kind == f"{PREFIX}api_destination":
                return f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:api-destination/{said}"
        what = f"{referred.attribute or 'arn'} of {referred.address}"
        raise UnsupportedError(f"{self._path}{name}: the {what} is known only to AWS: give it")


def name_for(address: str) -> str:
    """Return a name for a resource whose own is not known yet: of its address, so that no other has it.

    >>> name_for("aws_cloudwatch_event_rule.r"), name_for('module.m.aws_cloudwatch_event_rule.r["a"]')
    ('r', 'm-r-a')
    """
    instance, kind_and_name = placed(address)
    parts = [part for name, key in instance.modules for part in (name, key)]
    parts += [kind_and_name.rpartition(".")[2], instance.key]
    text = "-".join(part.strip('[]"') for part in parts if part)
    name = _NO_NAME.sub("-", text)
    if name == text and len(name) <= 64:
        return name
    return f"{name[:55]}-{sha256(address.encode()).hexdigest()[:8]}"


def _has_mark(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(_has_mark(one) for one in mark.values())
    if isinstance(mark, list):
        return any(_has_mark(one) for one in mark)
    return mark is True


def _refers(expression: Any) -> bool:
    if isinstance(expression, list):
        return any(_refers(one) for one in expression)
    return isinstance(expression, dict) and (
        bool(expression.get("references")) or any(map(_refers, expression.values()))
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise UnsupportedError(f"{where}: wanted a text, found {value!r:.80}")
    return value

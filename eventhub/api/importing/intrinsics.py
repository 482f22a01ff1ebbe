"""CloudFormation's functions and conditions, as far as a template alone answers them."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from eventhub.api.eventbridge.names import bus_arn, rule_arn
from eventhub.api.importing.arns import NAMED, arn_for
from eventhub.api.importing.report import ImportRefusedError, Remark, Report, UnsupportedError
from eventhub.api.importing.resources import arn_of_connection
from eventhub.models import DEFAULT_BUS

_DYNAMIC = "{{resolve:"
_SUB = re.compile(r"\$\{(!?)([^${}]*)\}")
_STORED = "AWS::SSM::Parameter::Value<"
MAX_DEPTH = 50
# Of a template as a whole. AWS takes 500 resources in 1 MB, each of which is worked out a few times.
MAX_VALUES = 500_000
MAX_CHARACTERS = 32 * 2**20


class NoValue:
    """What ``AWS::NoValue`` leaves out."""


class Template:
    """A template whose values are asked for one by one."""

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        name: str,
        parameters: Mapping[str, str],
        arns: Mapping[str, str],
        report: Report,
    ) -> None:
        self.resources: dict[str, Any] = _object(template.get("Resources"), "Resources")
        self._mappings = _object(template.get("Mappings") or {}, "Mappings")
        self._conditions = _object(template.get("Conditions") or {}, "Conditions")
        self.declared = _object(template.get("Parameters") or {}, "Parameters")
        self._given = parameters
        self._arns = arns
        self._report = report
        self._values = self._characters = 0  # worked out so far
        self._pseudo = {
            "AWS::AccountId": settings.ACCOUNT_ID,
            "AWS::Region": settings.REGION,
            "AWS::Partition": "aws",
            "AWS::StackName": name,
            "AWS::StackId": f"arn:aws:cloudformation:{settings.REGION}:{settings.ACCOUNT_ID}:stack/{name}/0",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NoValue,
        }

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties with every function worked out; raises UnsupportedError."""
        return _object(self.value(self.said(logical_id)), f"{logical_id}.Properties")

    def object(self, written: Any) -> dict[str, Any]:
        """Return an object with every function worked out; raises UnsupportedError."""
        return _object(self.value(written), "Properties")

    def items(self, written: Any) -> list[Any]:
        """Return a list with every function worked out; raises UnsupportedError."""
        found = self.value(written)
        if not isinstance(found, list):
            raise UnsupportedError(f"wanted a list, found {found!r:.80}")
        return found

    def said(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties as they are written; raises UnsupportedError."""
        said = self._resource(logical_id).get("Properties")
        return _object({} if said is None else said, f"{logical_id}.Properties")

    def type_of(self, logical_id: str) -> str:
        """Return a resource's type; raises UnsupportedError."""
        kind = self._resource(logical_id).get("Type")
        if not isinstance(kind, str):
            raise UnsupportedError(f"{logical_id}: wanted a Type")
        return kind

    def _resource(self, logical_id: str) -> dict[str, Any]:
        return _object(self.resources[logical_id], logical_id)

    def holds(self, logical_id: str) -> bool:
        """Tell whether a resource's condition, if it has one, holds; raises UnsupportedError."""
        condition = self._resource(logical_id).get("Condition")
        return condition is None or self._condition(condition, 0)

    def value(self, said: Any, depth: int = 0) -> Any:
        """Return a value with every function in it worked out; raises UnsupportedError.

        Raises ImportRefusedError once the template as a whole makes more of itself than can be taken.
        """
        if depth > MAX_DEPTH:
            raise UnsupportedError("it refers to itself, or is nested too deeply")
        found = self._worked_out(said, depth)
        self._spend(found)
        return found

    def _spend(self, found: Any) -> None:
        """Count a value, for references to references make much of little."""
        self._values += 1
        self._characters += len(found) if isinstance(found, str) else 0
        if self._values > MAX_VALUES or self._characters > MAX_CHARACTERS:
            raise ImportRefusedError(
                f"functions and references make too much of the template: wanted at most {MAX_VALUES} values "
                f"and {MAX_CHARACTERS >> 20} Mi characters, found more"
            )

    def _worked_out(self, said: Any, depth: int) -> Any:
        if isinstance(said, list):
            found = [self.value(one, depth + 1) for one in said]
            return [one for one in found if one is not NoValue]
        if not isinstance(said, dict):
            return _literal(said)
        if len(said) == 1:
            ((name, argument),) = said.items()
            if name == "Ref" and isinstance(argument, str):
                return _literal(self._ref(argument, depth + 1))
            if name in _FUNCTIONS:
                return _literal(_FUNCTIONS[name](self, argument, depth + 1))
            if str(name).startswith("Fn::"):
                raise UnsupportedError(f"{name} is not answered by the template alone")
        members = {key: self.value(one, depth + 1) for key, one in said.items()}
        return {key: one for key, one in members.items() if one is not NoValue}

    def name_of(self, logical_id: str, property_name: str, depth: int = 0) -> str:
        """Return the name of a resource: what it says, or its logical id, which is noted."""
        said = self.said(logical_id).get(property_name)
        if said is not None:
            found = self.value(said, depth + 1)
            if found is not NoValue:
                return _plain(found)
        note = Remark(f"Resources.{logical_id}", f"{property_name} is not given: took {logical_id}")
        if note not in self._report.notes:
            self._report.notes.append(note)
        return logical_id

    def _ref(self, name: str, depth: int) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self.declared:
            return self._parameter(name)
        if name in self.resources:
            return self._named(name, depth)
        raise UnsupportedError(f"Ref {name}: the template has no parameter or resource of this name")

    def _parameter(self, name: str) -> Any:
        declared = _object(self.declared[name] or {}, f"Parameters.{name}")
        kind = str(declared.get("Type", ""))
        if kind.startswith(_STORED) and name not in self._given:  # its default is where it is kept
            raise UnsupportedError(f"parameter {name} is kept by Systems Manager: give it a value")
        given = self._given.get(name, declared.get("Default"))
        if given is None:
            raise UnsupportedError(f"parameter {name} has no default: give it a value")
        if kind.removeprefix(_STORED).startswith(("List<", "CommaDelimitedList")):
            self._spend(str(given))
            return [one.strip() for one in str(given).split(",")]
        return given if isinstance(given, str) else _plain(given)

    def _named(self, logical_id: str, depth: int) -> Any:
        """Return what Ref gives for a resource."""
        kind = self.type_of(logical_id)
        if kind in _OF_EVENTS:
            return self.name_of(logical_id, _OF_EVENTS[kind], depth)
        if kind in {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"}:
            return self._arn(logical_id, depth)
        if kind in NAMED:
            return self.name_of(logical_id, NAMED[kind][0], depth)
        if logical_id in self._arns:  # such as an alias of a function: Ref gives its ARN
            return self._arns[logical_id]
        raise UnsupportedError(f"Ref {logical_id}: what it gives for {kind} is known only to AWS")

    def _arn(self, logical_id: str, depth: int) -> str:
        if logical_id in self._arns:
            return self._arns[logical_id]
        kind = self.type_of(logical_id)
        if kind in NAMED:
            return arn_for(kind, self.name_of(logical_id, NAMED[kind][0], depth))
        if kind not in _OF_EVENTS:
            raise UnsupportedError(f"the ARN of {logical_id}, a {kind}, is known only to AWS: give it")
        name = self.name_of(logical_id, _OF_EVENTS[kind], depth)
        if kind == "AWS::Events::EventBus":
            return bus_arn(name)
        if kind == "AWS::Events::Rule":
            bus = self.value(self.said(logical_id).get("EventBusName", DEFAULT_BUS), depth)
            return rule_arn(DEFAULT_BUS if bus is NoValue else _plain(bus).rpartition("/")[2], name)
        if kind == "AWS::Events::Connection":
            return arn_of_connection(name)
        what = {"AWS::Events::ApiDestination": "api-destination", "AWS::Events::Archive": "archive"}
        return f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:{what.get(kind, 'endpoint')}/{name}"

    def _get_att(self, argument: Any, depth: int) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(one, str) for one in parts):
            raise UnsupportedError("GetAtt: wanted a logical id and an attribute")
        if parts[0] not in self.resources:
            raise UnsupportedError(f"GetAtt {argument}: the template has no such resource")
        logical_id, attribute = parts
        if attribute in {"Arn", "TopicArn"}:
            return self._arn(logical_id, depth)
        if attribute in {"Name", "QueueName", "TopicName"}:
            return self._named(logical_id, depth)
        raise UnsupportedError(f"GetAtt {logical_id}.{attribute} is known only to AWS")

    def _sub(self, argument: Any, depth: int) -> str:
        text, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(own, dict):
            raise UnsupportedError("Fn::Sub: wanted a text, or a list of a text and an object")

        def one(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            name = name.strip()
            if name in own:
                value = self.value(own[name], depth)
            elif "." in name and name not in self._pseudo:
                value = self._get_att(name, depth)
            else:
                value = self._ref(name, depth)
            text = _plain(value)
            self._spend(text)
            return text

        return _SUB.sub(one, text)

    def _join(self, argument: Any, depth: int) -> str:
        match argument:
            case [str(by), parts]:
                found = self.value(parts, depth)
                if isinstance(found, list):
                    for _ in found:
                        self._spend(by)
                    return by.join(map(_plain, found))
        raise UnsupportedError("Fn::Join: wanted a delimiter and a list")

    def _select(self, argument: Any, depth: int) -> Any:
        match argument:
            case [place, parts]:
                found, at = self.value(parts, depth), str(self.value(place, depth))
                is_place = at.isascii() and at.isdigit() and len(at) < 10
                if isinstance(found, list) and is_place and int(at) < len(found):
                    return found[int(at)]
        raise UnsupportedError("Fn::Select: wanted a place and a list that has it")

    def _split(self, argument: Any, depth: int) -> list[str]:
        match argument:
            case [str(by), text] if by:
                return _plain(self.value(text, depth)).split(by)
        raise UnsupportedError("Fn::Split: wanted a delimiter and a text")

    def _find(self, argument: Any, depth: int) -> Any:
        match argument:
            case [*path, {"DefaultValue": default}] if len(path) == 3:
                has_default = True
            case [_, _, _]:
                path, default, has_default = argument, None, False
            case _:
                raise UnsupportedError("Fn::FindInMap: wanted a mapping and two keys")
        found: Any = self._mappings
        for step in path:
            key = _plain(self.value(step, depth))
            if not isinstance(found, dict) or key not in found:
                if has_default:
                    return self.value(default, depth)
                raise UnsupportedError(f"Fn::FindInMap: the template's mappings have no {key}")
            found = found[key]
        return self.value(found, depth)

    def _length(self, argument: Any, depth: int) -> int:
        found = self.value(argument, depth)
        if not isinstance(found, list):
            raise UnsupportedError("Fn::Length: wanted a list")
        return len(found)

    def _to_json(self, argument: Any, depth: int) -> str:
        found = self.value(argument, depth)
        if not isinstance(found, (dict, list)):
            raise UnsupportedError("Fn::ToJsonString: wanted an object or a list")
        return json.dumps(found, separators=(",", ":"), ensure_ascii=False)

    def _if(self, argument: Any, depth: int) -> Any:
        match argument:
            case [str(name), then, otherwise]:
                return self.value(then if self._condition(name, depth) else otherwise, depth)
        raise UnsupportedError("Fn::If: wanted the name of a condition and two values")

    def _base64(self, argument: Any, depth: int) -> str:
        return b64encode(_plain(self.value(argument, depth)).encode()).decode()

    def _condition(self, said: Any, depth: int) -> bool:
        self._spend(None)
        if depth > MAX_DEPTH:
            raise UnsupportedError("a condition refers to itself, or is nested too deeply")
        if isinstance(said, str):
            if said not in self._conditions:
                raise UnsupportedError(f"the template has no condition {said}")
            return self._condition(self._conditions[said], depth + 1)
        match said:
            case {"Condition": str(name)}:
                return self._condition(name, depth + 1)
            case {"Fn::Equals": [one, other]}:
                return _plain(self.value(one, depth + 1)) == _plain(self.value(other, depth + 1))
            case {"Fn::Not": [one]}:
                return not self._condition(one, depth + 1)
            case {"Fn::And": list(parts)}:
                return all(self._condition(one, depth + 1) for one in parts)
            case {"Fn::Or": list(parts)}:
                return any(self._condition(one, depth + 1) for one in parts)
        raise UnsupportedError("a condition: wanted Fn::Equals, Fn::Not, Fn::And, Fn::Or or a name")


_FUNCTIONS: Mapping[str, Callable[[Template, Any, int], Any]] = {
    "Fn::Base64": Template._base64,
    "Fn::FindInMap": Template._find,
    "Fn::GetAtt": Template._get_att,
    "Fn::If": Template._if,
    "Fn::Join": Template._join,
    "Fn::Length": Template._length,
    "Fn::Select": Template._select,
    "Fn::Split": Template._split,
    "Fn::Sub": Template._sub,
    "Fn::ToJsonString": Template._to_json,
}
# The property that names each.
_OF_EVENTS: Mapping[str, str] = {
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::Connection": "Name",
    "AWS::Events::ApiDestination": "Name",
    "AWS::Events::Endpoint": "Name",
}


def _literal(value: Any) -> Any:
    """Return a value that the template tells; raises UnsupportedError for what AWS puts in."""
    if isinstance(value, str) and (at := value.find(_DYNAMIC)) >= 0 and (end := value.find("}}", at)) >= 0:
        raise UnsupportedError(f"{value[at : end + 2][:100]} is known only to AWS")
    return value


def _object(said: Any, where: str) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise UnsupportedError(f"{where}: wanted an object")
    return said


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise UnsupportedError("wanted a text where a list or an object is")

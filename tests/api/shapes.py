"""What botocore's own service model says that an answer of EventBridge must look like."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (int,),  # whole seconds, since the Java SDK reads no fractions
}


@lru_cache(maxsize=1)
def model() -> ServiceModel:
    """Return the model of the service."""
    return ServiceModel(Loader().load_service_model("events", "service-2"), "events")


def misfits(operation: str, answer: dict[str, Any]) -> list[str]:
    """Return where an answer is not as the model says, one sentence each; empty if it fits."""
    shape = model().operation_model(operation).output_shape
    if shape is None:
        return [f"{operation}: wanted an empty object, found {answer}"] if answer else []
    return list(_misfits(shape, answer, operation))


def _misfits(shape: Shape, value: Any, path: str) -> Iterator[str]:
    wanted = _TYPES[shape.type_name]
    if not isinstance(value, wanted) or (bool not in wanted and isinstance(value, bool)):
        yield f"{path}: wanted {shape.type_name}, found {value!r}"
    elif shape.type_name == "structure":
        yield from _of_structure(shape, value, path)
    elif shape.type_name == "list":
        for number, one in enumerate(value):
            yield from _misfits(shape.member, one, f"{path}[{number}]")
    elif shape.type_name == "map":
        for key, one in value.items():
            yield from _misfits(shape.value, one, f"{path}.{key}")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: wanted one of {shape.enum}, found {value!r}"


def _of_structure(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name}: wanted, found nothing"
    for name, one in value.items():
        if name not in shape.members:
            yield f"{path}.{name}: wanted no such member, found {one!r}"
        else:
            yield from _misfits(shape.members[name], one, f"{path}.{name}")

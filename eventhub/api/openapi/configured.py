"""The five operations that every configured resource has: list, make, read, change, delete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eventhub.api.openapi.operation import (
    LOCATION,
    TAG,
    Answer,
    Body,
    Example,
    Operation,
    Operations,
    Parameter,
)
from eventhub.api.openapi.parameters import (
    IF_MATCH,
    IF_NONE_MATCH,
    LIMIT,
    after,
    order_of_configured,
    prefix,
)
from eventhub.api.openapi.shape import Schema, many, nullable, obj, ref, text


@dataclass(frozen=True, slots=True)
class Resource:
    """A configured resource as it is described."""

    path: str  # /api/buses
    tag: str
    one: str  # bus
    many: str  # buses
    component: str  # Bus
    shape: Schema
    writable: Schema  # what making and replacing take
    key: Parameter
    example: Mapping[str, Any]  # a row as it is answered
    new: Mapping[str, Example]  # bodies that make one
    change: Mapping[str, Any]  # a body of PATCH
    said: str  # what it is
    filters: tuple[Parameter, ...] = ()
    reads: str = "rules:read"
    writes: str = "rules:write"
    deleting: str = ""
    conflicts: bool = True  # others may stand against deleting it
    replacement: Mapping[str, Any] | None = None  # a body of PUT; None: made of the example
    deleted: tuple[Parameter, ...] = ()

    @property
    def address(self) -> str:
        """Return the address of one row."""
        return f"{self.path}/{{{self.key.name}}}"

    def components(self) -> dict[str, Schema]:
        """Return the shapes: the row, what makes it, what changes it, a page."""
        changes = self.writable | {"description": f"What changes of the {self.one}; the rest stays."}
        changes.pop("required", None)
        return {
            self.component: self.shape,
            f"New{self.component}": self.writable,
            f"Changed{self.component}": changes,
            f"{self.component}Page": page(self.component),
        }

    def operations(self) -> Operations:
        """Return the operations by method and path."""
        word = self.component
        shown = Answer(f"The {self.one}.", ref(word), dict(self.example), headers={"ETag": TAG})
        whole = self.replacement or self.example
        names = self.writable["properties"]
        put = {name: value for name, value in whole.items() if name in names and value is not None}
        return {
            ("GET", self.path): Operation(
                f"list_{_identifier(self.many)}",
                self.tag,
                f"List {self.many}",
                f"{self.said} A page of those that the caller may see.",
                {
                    200: Answer(
                        "One page.",
                        ref(f"{word}Page"),
                        {"items": [dict(self.example)], "next": None},
                        headers={"ETag": TAG},
                    ),
                    304: Answer("Nothing changed since the `ETag` that `If-None-Match` names."),
                },
                parameters=(
                    LIMIT,
                    after(self.many),
                    order_of_configured(),
                    prefix(str(self.example["name"])[:2]),
                    *self.filters,
                    IF_NONE_MATCH,
                ),
                scope=self.reads,
            ),
            ("POST", self.path): Operation(
                f"make_{_identifier(self.one)}",
                self.tag,
                f"Make {_a(self.one)}",
                f"Makes {_a(self.one)}; it is in force at once. A member that is not known is refused.",
                {
                    201: Answer(
                        f"The {self.one} as it was made.",
                        ref(word),
                        dict(self.example),
                        headers={"ETag": TAG, "Location": LOCATION},
                    )
                },
                (409,),
                body=Body(ref(f"New{word}"), self.new),
                scope=self.writes,
            ),
            ("GET", self.address): Operation(
                f"read_{_identifier(self.one)}",
                self.tag,
                f"Read {_a(self.one)}",
                self.said,
                {200: shown, 304: Answer("Nothing changed since the `ETag` that `If-None-Match` names.")},
                parameters=(self.key, IF_NONE_MATCH),
                scope=self.reads,
            ),
            ("PUT", self.address): Operation(
                f"replace_{_identifier(self.one)}",
                self.tag,
                f"Replace {_a(self.one)}",
                f"Makes the {self.one} what the body says; what it leaves out gets its default.",
                {200: shown},
                (409, 412),
                parameters=(self.key, IF_MATCH),
                body=Body(ref(f"New{word}"), {"whole": Example(f"The {self.one} as it was read", put)}),
                scope=self.writes,
            ),
            ("PATCH", self.address): Operation(
                f"change_{_identifier(self.one)}",
                self.tag,
                f"Change {_a(self.one)}",
                f"Changes the members of the {self.one} that the body names, and leaves the others.",
                {200: shown},
                (409, 412),
                parameters=(self.key, IF_MATCH),
                # No body at all changes nothing.
                body=Body(
                    ref(f"Changed{word}"),
                    {"some": Example("Some members", dict(self.change))},
                    required=False,
                ),
                scope=self.writes,
            ),
            ("DELETE", self.address): Operation(
                f"delete_{_identifier(self.one)}",
                self.tag,
                f"Delete {_a(self.one)}",
                self.deleting or f"Deletes the {self.one}. What is recorded of it stays.",
                {204: Answer("It is deleted.")},
                (409, 412) if self.conflicts else (412,),
                parameters=(self.key, *self.deleted, IF_MATCH),
                scope=self.writes,
            ),
        }


def page(component: str) -> Schema:
    """Return a page of rows."""
    return obj(
        "A page of a list.",
        {
            "items": many(ref(component)),
            "next": nullable(text("The path of the next page; null at the end.")),
        },
    )


def action(
    resource: Resource, verb: str, summary: str, description: str, *, refusals: tuple[int, ...] = ()
) -> Operations:
    """Return an action that takes nothing and answers the row."""
    shown = Answer(
        f"The {resource.one}.", ref(resource.component), dict(resource.example), headers={"ETag": TAG}
    )
    return {
        ("POST", f"{resource.address}/{verb}"): Operation(
            f"{verb.replace('-', '_')}_{_identifier(resource.one)}",
            resource.tag,
            summary,
            description,
            {200: shown},
            (412, *refusals),
            parameters=(resource.key, IF_MATCH),
            body=Body(
                obj("Nothing.", {}), {"nothing": Example("Nothing, or an empty object", {})}, required=False
            ),
            scope=resource.writes,
        )
    }


def _a(one: str) -> str:
    return f"{'an' if one[0].lower() in 'aeio' else 'a'} {one}"


def _identifier(words: str) -> str:
    return words.lower().replace(" ", "_")

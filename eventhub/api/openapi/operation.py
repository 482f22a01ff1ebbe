"""One operation: what it is for, what it takes, what it answers, with examples of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventhub.api.openapi import problems
from eventhub.api.openapi.shape import Schema, text

JSON = "application/json"
TAG = {"description": "The state of the row, for `If-Match`.", "schema": text()}
LOCATION = {"description": "Where the row is.", "schema": text()}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the address, of the query, or a header."""

    name: str
    description: str
    schema: Schema
    example: Any = None  # None: nothing of the documented installation has it
    place: str = "query"
    required: bool = False

    def as_dict(self) -> Schema:
        """Return it as OpenAPI has it."""
        shown = {
            "name": self.name,
            "in": self.place,
            "description": self.description,
            "required": self.required or self.place == "path",
            "schema": self.schema,
        }
        return shown if self.example is None else shown | {"example": self.example}


@dataclass(frozen=True, slots=True)
class Example:
    """A request that can be made of the documented installation, by what it shows."""

    title: str
    body: Any


@dataclass(frozen=True, slots=True)
class Body:
    """What a request takes, by content type; ``examples`` by a short name."""

    schema: Schema
    examples: Mapping[str, Example]
    content_type: str = JSON
    others: Mapping[str, Schema] = field(default_factory=dict)  # other content types, without an example
    required: bool = True

    def as_dict(self) -> Schema:
        """Return it as OpenAPI has it."""
        examples = {name: {"summary": one.title, "value": one.body} for name, one in self.examples.items()}
        content = {self.content_type: {"schema": self.schema, "examples": examples}}
        content |= {other: {"schema": schema} for other, schema in self.others.items()}
        return {"required": self.required, "content": content}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no problem."""

    description: str
    schema: Schema | None = None
    example: Any = None
    content_type: str = JSON
    headers: Mapping[str, Schema] = field(default_factory=dict)

    def as_dict(self) -> Schema:
        """Return it as OpenAPI has it."""
        shown: Schema = {"description": self.description}
        if self.headers:
            shown["headers"] = dict(self.headers)
        if self.schema is not None:
            content: Schema = {"schema": self.schema}
            if self.example is not None:
                content["example"] = self.example
            shown["content"] = {self.content_type: content}
        return shown


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be asked at one address by one method; ``id`` is its name in generated clients."""

    id: str
    tag: str
    summary: str
    description: str
    answers: Mapping[int, Answer]
    refusals: tuple[int, ...] = ()  # beside those that every operation may answer
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    scope: str = ""  # that a key needs

    def as_dict(self) -> Schema:
        """Return it as OpenAPI has it."""
        statuses = {*problems.ALWAYS, *self.refusals}
        if self.body is not None:
            statuses |= set(problems.WITH_BODY)
        if any(one.place == "path" for one in self.parameters):
            statuses.add(404)
        needs = f"\n\nNeeds the scope `{self.scope}`." if self.scope else ""
        answers = {status: answer.as_dict() for status, answer in self.answers.items()}
        answers |= {status: problems.response(status) for status in statuses if status not in answers}
        shown: Schema = {
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description + needs,
            "parameters": [one.as_dict() for one in self.parameters],
            "responses": {str(status): answers[status] for status in sorted(answers)},
            "security": [{"key": []}, {"session": []}],
        }
        if self.body is not None:
            shown["requestBody"] = self.body.as_dict()
        return shown


Operations = dict[tuple[str, str], Operation]  # by method and path

"""Input templates: text with ``<variables>`` that an event fills, as EventBridge does it.

What EventBridge documents and what was recorded of it (the last three of the JSON rows; all string rows):

=======================================  =================================================================
in a JSON template                       becomes
=======================================  =================================================================
a variable where a value stands          the value as JSON, its number as the event has it
a variable in a string                   the value's text, not escaped; of an object or list, its JSON
blanks between the values                nothing; line ends after the last one stay, for receivers that
                                         read line by line
a variable that finds nothing            ``""`` where a value stands, nothing in a string
a string that ends up as no JSON string  an event that is not delivered; see ``Transformed.fault``
a variable as the name of a member       refused at saving
=======================================  =================================================================

=======================================  =================================================================
in a string template, ``"…"`` by line    becomes
=======================================  =================================================================
the quotation marks around each line     themselves
a variable                               the value's text, not escaped
a variable that holds an object or list  its JSON without quotation marks: ``{id:7,tags:[a,b]}``
a variable that finds nothing            nothing
=======================================  =================================================================

EventBridge takes a template that is neither and delivers nothing; here saving refuses it.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from eventhub.domain import jsontext, jsontokens
from eventhub.domain.jsonpath import MISSING
from eventhub.domain.jsontokens import JsonSyntaxError, Kind

MAX_RESULT_BYTES = 2**20  # a template can repeat an event's parts; no target takes more


class TemplateError(ValueError):
    """The text is no template: what was wanted and found, and at which character (from 0)."""

    def __init__(self, wanted: str, found: str, position: int, *, undefined: str = "") -> None:
        super().__init__(f"wanted {wanted}, found {found} (character {position})")
        self.wanted = wanted
        self.found = found
        self.position = position
        self.undefined = undefined  # the variable, if it is one without a definition


@dataclass(frozen=True, slots=True)
class RawJson:
    """A value that is at hand as JSON text."""

    text: str


@dataclass(frozen=True, slots=True)
class Transformed:
    """What became of an event; with a ``fault`` (a sentence) it is not fit to be delivered."""

    body: bytes
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str


# In quotes: texts and variables in turn. Outside: also strings with variables in them.
_Piece = str | _Variable
_Quoted = tuple[_Piece, ...]

# A variable's value (decoded, RawJson or MISSING) by its name.
Lookup = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read and found right."""

    text: str
    is_json: bool
    pieces: tuple[_Piece | _Quoted, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the variables that the template uses."""
        flat = (piece if isinstance(piece, tuple) else (piece,) for piece in self.pieces)
        return frozenset(one.name for pieces in flat for one in pieces if isinstance(one, _Variable))

    def fill(self, lookup: Lookup) -> Transformed:
        """Return the template with each variable replaced. Never raises for what an event can hold."""
        filling = _Filling(lookup, self.is_json)
        return filling.run(self.pieces)


# A string, a variable outside of strings, blanks, or anything else. An open string runs to the end.
_SCAN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*"?)|<(?P<name>[A-Za-z0-9_.\-]+)>|(?P<blank>[ \t\r\n]+)|[^"<\s]+|.', re.DOTALL
)
_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_string = msgspec.json.Decoder(str)


def parse_template(text: str, defined: Collection[str]) -> Template:
    """Read a template that may use the variables of these names; raises TemplateError.

    >>> parse_template('{"order": <id>}', ["id"]).names
    frozenset({'id'})
    >>> parse_template('"order <id> of <customer>"', ["id"])
    Traceback (most recent call last):
    eventhub.domain.template.TemplateError: wanted a defined variable, found <customer> (character 15)
    """
    for variable in _VARIABLE.finditer(text):
        if variable[1] not in defined:
            raise TemplateError("a defined variable", variable[0], variable.start(), undefined=variable[1])
    if not text.strip():
        raise TemplateError("JSON, or text in quotation marks", "nothing", 0)
    if text.lstrip().startswith('"'):
        return Template(text, is_json=False, pieces=_string_pieces(text))
    return Template(text, is_json=True, pieces=_json_pieces(text))


def _string_pieces(text: str) -> tuple[_Piece | _Quoted, ...]:
    pieces: list[_Piece | _Quoted] = []
    for part in _SCAN.finditer(text):
        if part["string"]:
            if pieces and isinstance(pieces[-1], tuple):
                raise TemplateError("a line end between two strings", '"', part.start())
            _check(part[0], part.start())
            pieces.append(_quoted(part[0]))
        elif part["blank"]:
            if pieces:
                pieces.append(part[0])
            if "\n" not in part[0] and pieces and part.end() < len(text):
                raise TemplateError("a line end between two strings", "blanks", part.start())
        else:
            raise TemplateError("text in quotation marks, line by line", f'"{part[0][:32]}"', part.start())
    return tuple(pieces)


def _json_pieces(text: str) -> tuple[_Piece | _Quoted, ...]:
    _check_json(text)
    pieces: list[_Piece | _Quoted] = []
    for part in _SCAN.finditer(text):
        if part["name"]:
            pieces.append(_Variable(part["name"]))
        elif part["string"]:
            quoted = _quoted(part[0])
            pieces.append(part[0] if len(quoted) == 1 else quoted)
        elif not part["blank"]:
            pieces.append(part[0])
        elif part.end() == len(text):
            pieces.append("".join(char for char in part[0] if char in "\r\n"))
    return tuple(pieces)


def _check_json(text: str) -> None:
    """Check the template as if each variable outside of strings were a string of the same length."""
    starts: set[int] = set()
    probe: list[str] = []
    for part in _SCAN.finditer(text):
        if part["name"]:
            starts.add(part.start())
        probe.append(f'"{part["name"]}"' if part["name"] else part[0])
    for token in _check("".join(probe), 0):
        if token.kind is Kind.NAME:
            shown = text[token.start : token.start + len(token.value) + 2]
            if token.start in starts or _VARIABLE.search(shown):
                raise TemplateError("a member's name without variables", shown[:64], token.start)


def _check(text: str, offset: int) -> list[jsontokens.Token]:
    try:
        return list(jsontokens.tokens(text))
    except JsonSyntaxError as error:
        raise TemplateError(error.wanted, error.found, offset + error.offset) from None


def _quoted(text: str) -> _Quoted:
    """Take a string with its quotation marks apart: text, variable, text …

    >>> _quoted('"<id>!"')
    ('"', _Variable(name='id'), '!"')
    """
    parts = _VARIABLE.split(text)
    return tuple(_Variable(part) if number % 2 else part for number, part in enumerate(parts))


def _is_string(text: str) -> bool:
    try:
        _string.decode(text)
    except msgspec.MsgspecError:
        return False
    return True


class _TooLargeError(Exception):
    pass


class _Filling:
    """One event going into one template."""

    def __init__(self, lookup: Lookup, is_json: bool) -> None:
        self.lookup = lookup
        self.is_json = is_json
        self.values: dict[str, Any] = {}
        self.as_json: dict[str, str] = {}
        self.as_text: dict[str, str] = {}
        self.size = 0
        self.fault = ""

    def run(self, pieces: tuple[_Piece | _Quoted, ...]) -> Transformed:
        parts: list[str] = []
        try:
            for piece in pieces:
                parts.append(self.piece(piece))
        except _TooLargeError:
            return Transformed(b"", f"the transform's result is larger than {MAX_RESULT_BYTES} bytes")
        body = "".join(parts).encode()
        if len(body) > MAX_RESULT_BYTES:  # counted in characters so far
            return Transformed(b"", f"the transform's result is larger than {MAX_RESULT_BYTES} bytes")
        return Transformed(body, self.fault)

    def piece(self, piece: _Piece | _Quoted) -> str:
        if isinstance(piece, tuple):
            text = "".join([self.counted(one if type(one) is str else self.text(one)) for one in piece])
            if self.is_json and not self.fault and not _is_string(text):
                self.fault = self.blamed(piece)
            return text
        return self.counted(piece if type(piece) is str else self.json(piece))

    def counted(self, text: str) -> str:
        self.size += len(text)
        if self.size > MAX_RESULT_BYTES:
            raise _TooLargeError
        return text

    def value(self, name: str) -> Any:
        if name not in self.values:
            self.values[name] = self.lookup(name)
        return self.values[name]

    def json(self, variable: Any) -> str:
        name = variable.name
        if name not in self.as_json:
            value = self.value(name)
            if value is MISSING:
                self.as_json[name] = '""'
            elif isinstance(value, RawJson):
                self.as_json[name] = value.text
            else:
                self.as_json[name] = jsontext.encode(value).decode()
        return self.as_json[name]

    def text(self, variable: Any) -> str:
        name = variable.name
        if name not in self.as_text:
            value = self.value(name)
            if value is MISSING:
                text = ""
            elif type(value) is str:
                text = value
            else:
                text = self.json(variable)
                if not self.is_json:
                    text = text.replace('"', "")
            self.as_text[name] = text
        return self.as_text[name]

    def blamed(self, quoted: _Quoted) -> str:
        """Say which variable made a string into something else."""
        for one in quoted:
            if isinstance(one, _Variable) and not _is_string(f'"{self.text(one)}"'):
                return (
                    f"the result is not JSON: what <{one.name}> stands for cannot stand in quotation marks, "
                    "since values are not escaped; without them it goes in as JSON"
                )
        return "the result is not JSON: values that are not escaped break the string they stand in"

"""Strict JSON (RFC 8259) as a stream of tokens, each with its place in the text.

For the texts that need positions, and for those too deep for a decoder that
recurses. A fault is raised when it is reached, with the words of the parser
behind EventBridge (`reference`) beside ours, so that both can be answered.

A name is given out only after the value behind its colon was looked at, and a
fault in that value comes first; EventBridge reports faults in that order too.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple


class Kind(Enum):
    """What a token is; the value is how error messages call it."""

    BEGIN_OBJECT = "object"
    END_OBJECT = "end of the object"
    BEGIN_ARRAY = "array"
    END_ARRAY = "end of the list"
    NAME = "name"
    STRING = "string"
    NUMBER = "number"  # its value is its text
    BOOLEAN = "boolean"
    NULL = "null"


class Token(NamedTuple):
    """One token. `reached` is how far the reference parser has read when it gives this token out."""

    kind: Kind
    value: Any
    start: int
    end: int
    reached: int


class JsonSyntaxError(ValueError):
    """The text is not JSON: what was wanted and found at `offset`; the reference's words and its place."""

    def __init__(
        self,
        reference: str,
        *,
        wanted: str,
        found: str,
        offset: int,
        reached: int,
        opened_at: int | None = None,
    ) -> None:
        super().__init__(reference)
        self.reference = reference
        self.wanted = wanted
        self.found = found
        self.offset = offset
        self.reached = reached
        self.opened_at = opened_at  # where what should be closed begins, if that is the fault


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of one JSON value; blank text yields none."""
    return _Tokenizer(text).run()


_BLANKS = frozenset(" \t\r\n")
_BLANK = re.compile(r"[ \t\r\n]*")
_SIMPLE_STRING = re.compile(r'"[^"\\\x00-\x1f]*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_WORD = re.compile(r"[\w$]*")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS = {"true": (Kind.BOOLEAN, True), "false": (Kind.BOOLEAN, False), "null": (Kind.NULL, None)}
_NAMES = {Kind.BEGIN_OBJECT: "Object", Kind.BEGIN_ARRAY: "Array"}
_VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class _Tokenizer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[tuple[Kind, int]] = []
        self.is_first = False
        self.in_string = False

    def run(self) -> Iterator[Token]:
        self.skip_blank()
        if self.at == len(self.text):
            return
        yield self.value()
        while self.open:
            container, _ = self.open[-1]
            first = self.is_first
            self.is_first = False
            self.skip_blank()
            closing = "}" if container is Kind.BEGIN_OBJECT else "]"
            if self.peek() == closing:
                yield self.close(container)
                continue
            if not first:
                self.comma(container)
            if container is Kind.BEGIN_OBJECT:
                yield from self.member()
            else:
                yield self.value()
        self.skip_blank()
        if self.at < len(self.text):
            raise self.unexpected("expected end of the text", wanted="the end of the text")

    def peek(self) -> str:
        """Return the next character, or "" at the end of the text."""
        return self.text[self.at : self.at + 1]

    def skip_blank(self) -> None:
        if self.text[self.at : self.at + 1] in _BLANKS:
            match = _BLANK.match(self.text, self.at)
            assert match
            self.at = match.end()

    def close(self, container: Kind) -> Token:
        self.open.pop()
        self.at += 1
        kind = Kind.END_OBJECT if container is Kind.BEGIN_OBJECT else Kind.END_ARRAY
        return Token(kind, None, self.at - 1, self.at, self.at)

    def comma(self, container: Kind) -> None:
        if self.peek() != ",":
            raise self.unexpected(
                f"was expecting comma to separate {_NAMES[container]} entries",
                wanted=f"a comma or the end of the {container.value}",
            )
        self.at += 1
        self.skip_blank()

    def member(self) -> Iterator[Token]:
        start = self.at
        if self.peek() != '"':
            raise self.unexpected("was expecting double-quote to start field name", wanted="a name in quotes")
        name = self.string()
        end = self.at
        self.skip_blank()
        if self.peek() != ":":
            raise self.unexpected(
                "was expecting a colon to separate field name and value", wanted="a colon after the name"
            )
        self.at += 1
        self.skip_blank()
        if self.peek() == '"':
            # The reference reads the string itself only when asked for it.
            yield Token(Kind.NAME, name, start, end, self.at + 1)
            yield self.value()
        else:
            value = self.value()
            yield Token(Kind.NAME, name, start, end, value.end)
            yield value

    def value(self) -> Token:
        start = self.at
        char = self.peek()
        if char == '"':
            return Token(Kind.STRING, self.string(), start, self.at, start + 1)
        if char and char in "{[":
            kind = Kind.BEGIN_OBJECT if char == "{" else Kind.BEGIN_ARRAY
            self.at += 1
            self.open.append((kind, start))
            self.is_first = True
            return Token(kind, None, start, self.at, self.at)
        if char and char in "-0123456789":
            return self.number()
        word = _WORD.match(self.text, start)
        assert word
        if word[0] in _LITERALS:
            self.at = word.end()
            kind, value = _LITERALS[word[0]]
            return Token(kind, value, start, self.at, self.at)
        raise self.no_value(word[0])

    def number(self) -> Token:
        start = self.at
        match = _NUMBER.match(self.text, start)
        end = match.end() if match else start
        following = self.text[end : end + 1]
        if not match or following in ("-", "+") or following.isalnum() or following == ".":
            raise self.bad_number(start, end)
        self.at = end
        return Token(Kind.NUMBER, match[0], start, end, end)

    def string(self) -> str:
        """Read the string that starts here; stand behind it."""
        if simple := _SIMPLE_STRING.match(self.text, self.at):
            self.at = simple.end()
            return simple[0][1:-1]
        text, parts, at = self.text, [], self.at + 1
        while True:
            plain = _PLAIN.match(text, at)
            assert plain
            parts.append(plain[0])
            at = plain.end()
            char = text[at : at + 1]
            if char == '"':
                self.at = at + 1
                return "".join(parts)
            if char == "\\":
                piece, at = self.escape(at)
                parts.append(piece)
                continue
            self.at, self.in_string = at, not char
            if not char:
                raise self.ended("was expecting closing quote for a string value", wanted="a closing quote")
            raise JsonSyntaxError(
                f"Illegal unquoted character ((CTRL-CHAR, code {ord(char)})): "
                "has to be escaped using backslash to be included in string value",
                wanted="an escaped control character",
                found=f"control character {ord(char)}",
                offset=at,
                reached=at + 1,
            )

    def escape(self, at: int) -> tuple[str, int]:
        """Read the escape at `at`; return what it stands for and where it ends."""
        char = self.text[at + 1 : at + 2]
        if char in _ESCAPES and char:
            return _ESCAPES[char], at + 2
        if char != "u":
            self.at = at + 1
            if not char:
                raise self.ended("in character escape sequence", wanted="the rest of an escape")
            raise JsonSyntaxError(
                f"Unrecognized character escape {_quoted(char)} (code {ord(char)})",
                wanted="an escape that JSON knows",
                found=f"\\{char}",
                offset=at,
                reached=at + 2,
            )
        code = self.hex4(at + 2)
        if 0xD800 <= code < 0xDC00 and self.text[at + 6 : at + 8] == "\\u":
            low = self.hex4(at + 8)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 12
        if 0xD800 <= code < 0xE000:
            raise JsonSyntaxError(
                "Incomplete surrogate pair",
                wanted="a surrogate pair of two halves",
                found=self.text[at : at + 6],
                offset=at,
                reached=at + 6,
            )
        return chr(code), at + 6

    def hex4(self, at: int) -> int:
        match = _HEX.match(self.text, at)
        if match:
            return int(match[0], 16)
        while self.text[at : at + 1] and self.text[at] in "0123456789abcdefABCDEF":
            at += 1
        self.at = at
        raise self.unexpected(
            "expected a hex-digit for character escape sequence", wanted="four hex digits after \\u"
        )

    def unexpected(self, expected: str, *, wanted: str, numeric: str = "") -> JsonSyntaxError:
        """Describe the character that stands here and should not."""
        char = self.peek()
        if not char:
            return self.ended(expected, wanted=wanted)
        if char == "/":
            expected = (
                "maybe a (non-standard) comment? "
                "(not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"
            )
        return JsonSyntaxError(
            f"Unexpected character ({_quoted(char)} (code {ord(char)})){numeric}: {expected}",
            wanted=wanted,
            found=_quoted(char),
            offset=self.at,
            reached=self.at,
        )

    def ended(self, expected: str, *, wanted: str) -> JsonSyntaxError:
        """Describe a text that ends too early."""
        at, opened_at = len(self.text), None
        if self.open and self.at == at and not self.in_string:
            kind, opened_at = self.open[-1]
            expected = f"expected close marker for {_NAMES[kind]}"
        return JsonSyntaxError(
            f"Unexpected end-of-input: {expected}",
            wanted=wanted,
            found="the end of the text",
            offset=at,
            reached=at,
            opened_at=opened_at,
        )

    def no_value(self, word: str) -> JsonSyntaxError:
        char = self.peek()
        if word and char.isalpha():
            reference = f"Unrecognized token '{word}': was expecting {_VALUE}"
            if word in ("NaN", "Infinity"):
                reference = (
                    f"Non-standard token '{word}': "
                    "enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
                )
            end = self.at + len(word)
            return JsonSyntaxError(reference, wanted="a JSON value", found=word, offset=self.at, reached=end)
        if char == "+":
            following = _quoted(char)
            return JsonSyntaxError(
                f"Unexpected character ({following} (code 43)) in numeric value: "
                "JSON spec does not allow numbers to have plus signs: "
                "enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow",
                wanted="a number without plus sign",
                found=following,
                offset=self.at,
                reached=self.at + 1,
            )
        return self.unexpected(f"expected a valid value {_VALUE}", wanted="a JSON value")

    def bad_number(self, start: int, end: int) -> JsonSyntaxError:
        """Describe the first fault in a number of which `text[start:end]` is right."""
        text = self.text
        digits = text[start:end].lstrip("-")
        self.at = end
        if digits == "0" and text[end : end + 1].isdigit():
            return JsonSyntaxError(
                "Invalid numeric value: Leading zeroes not allowed",
                wanted="a number without leading zeros",
                found=text[start : end + 1],
                offset=start,
                reached=end + 1,
            )
        if not digits:
            self.at = start + 1
            expected = "expected digit (0-9) to follow minus sign, for valid numeric value"
        elif text[end : end + 1] == ".":
            self.at = end + 1
            expected = "Decimal point not followed by a digit"
        elif text[end : end + 1] in ("e", "E"):
            self.at = end + 2 if text[end + 1 : end + 2] in ("+", "-") else end + 1
            expected = "Exponent indicator not followed by a digit"
        else:
            return self.unexpected(
                "Expected space separating root-level values", wanted="the end of the number"
            )
        return self.unexpected(expected, wanted="a digit", numeric=" in numeric value")


def _quoted(char: str) -> str:
    return f"'{char}'"

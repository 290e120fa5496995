"""Text of a filter to a tree of comparisons; every error points at its place."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from rscore.spec import nearest_name
from server.errors import FilterError

MOST_CHARACTERS = 2000
DEEPEST = 40

OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
KEYWORDS = ("and", "or", "not", "in", "has", "tag", "null", "true", "false")

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator><=|>=|!=|==|=|<|>)
      | (?P<mark>[(),])
      | (?P<word>[A-Za-z_][A-Za-z0-9_./\-]*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class Token(NamedTuple):
    """One word of the filter and where it begins."""

    kind: str
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: text, a number, true, false, or null as None."""

    value: str | float | bool | None
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator value`; the operator `in` has several values, the others one."""

    field: str
    operator: str
    values: tuple[Value, ...]
    position: int


@dataclass(frozen=True, slots=True)
class HasTag:
    """`has tag "x"`."""

    tag: str


@dataclass(frozen=True, slots=True)
class Not:
    """`not term`."""

    term: Term


@dataclass(frozen=True, slots=True)
class Both:
    """All of the terms."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the terms."""

    terms: tuple[Term, ...]


Term = Comparison | HasTag | Not | Both | Either


def parse(text: str) -> Term:
    """The tree of a filter; raises FilterError that points at the first thing out of place."""
    if len(text) > MOST_CHARACTERS:
        raise FilterError(
            f"the filter has {len(text)} characters, the limit is {MOST_CHARACTERS}", position=0
        )
    if "\x00" in text:
        raise FilterError("a NUL character fits no field", position=text.index("\x00"))
    parser = _Parser(_tokens(text))
    term = parser.either(0)
    parser.end()
    return term


def _tokens(text: str) -> list[Token]:
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            message = f"{text[position]!r} does not belong here"
            hint = "close the quote" if text[position] in "\"'" else "put text into double quotes"
            raise FilterError(message, position=position, hint=hint)
        kind = str(match.lastgroup)
        if kind != "space":
            word = match.group()
            is_keyword = kind == "word" and word.lower() in KEYWORDS
            tokens.append(
                Token("keyword", word.lower(), position)
                if is_keyword
                else Token(kind, word, position)
            )
        position = match.end()
    tokens.append(Token("end", "the end", len(text)))
    return tokens


class _Parser:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def either(self, depth: int) -> Term:
        terms = [self.both(depth)]
        while self._take("keyword", "or"):
            terms.append(self.both(depth))
        return terms[0] if len(terms) == 1 else Either(tuple(terms))

    def both(self, depth: int) -> Term:
        terms = [self.single(depth)]
        while self._take("keyword", "and"):
            terms.append(self.single(depth))
        return terms[0] if len(terms) == 1 else Both(tuple(terms))

    def single(self, depth: int) -> Term:
        if depth > DEEPEST:
            raise FilterError(
                f"nested more than {DEEPEST} deep", position=self._now.position, hint="simplify it"
            )
        if self._take("keyword", "not"):
            return Not(self.single(depth + 1))
        if self._take("mark", "("):
            term = self.either(depth + 1)
            self._need("mark", ")", "close the parenthesis")
            return term
        if self._take("keyword", "has"):
            self._need("keyword", "tag", 'write: has tag "name"')
            return self._tag()
        return self._comparison()

    def end(self) -> None:
        if self._now.kind != "end":
            close = nearest_name(self._now.text, ["and", "or"])
            hint = f"did you mean {close!r}?" if close else "join comparisons with and, or"
            raise FilterError(
                f"{self._now.text!r} does not belong here", position=self._now.position, hint=hint
            )

    def _tag(self) -> HasTag:
        return HasTag(_unquoted(self._need("text", None, 'write: has tag "name"').text))

    def _comparison(self) -> Comparison | HasTag | Not:
        field = self._need("word", None, "a comparison begins with a field, such as status")
        if field.text == "tags" and self._take("keyword", "has"):
            return self._tag()
        if self._take("keyword", "not"):
            self._need("keyword", "in", 'write: not in ("a", "b")')
            return Not(self._values(field))
        if self._take("keyword", "in"):
            return self._values(field)
        hint = f"after a field stands one of {' '.join(OPERATORS)} in, not in"
        operator = self._need("operator", None, hint).text
        operator = "=" if operator == "==" else operator
        return Comparison(field.text, operator, (self._value(),), field.position)

    def _values(self, field: Token) -> Comparison:
        self._need("mark", "(", 'write: in ("a", "b")')
        values = [self._value()]
        while self._take("mark", ","):
            values.append(self._value())
        self._need("mark", ")", "close the list with )")
        return Comparison(field.text, "in", tuple(values), field.position)

    def _value(self) -> Value:
        token = self._now
        if self._take("keyword", "null"):
            return Value(None, token.position)
        for truth in (True, False):
            if self._take("keyword", str(truth).lower()):
                return Value(truth, token.position)
        if self._take("text", None):
            return Value(_unquoted(token.text), token.position)
        if self._take("number", None):
            number = float(token.text)
            if not math.isfinite(number):
                raise FilterError(f"{token.text} is too large", position=token.position)
            return Value(number, token.position)
        hint = f'put text into quotes: "{token.text}"' if token.kind == "word" else None
        raise FilterError(
            f"expected a value, found {token.text!r}", position=token.position, hint=hint
        )

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self, kind: str, text: str | None) -> bool:
        if self._now.kind != kind or (text is not None and self._now.text != text):
            return False
        self._at += 1
        return True

    def _need(self, kind: str, text: str | None, hint: str) -> Token:
        token = self._now
        if not self._take(kind, text):
            wanted = text or {"word": "a field", "text": "text in quotes"}.get(kind, f"an {kind}")
            raise FilterError(
                f"expected {wanted}, found {token.text!r}", position=token.position, hint=hint
            )
        return token


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)

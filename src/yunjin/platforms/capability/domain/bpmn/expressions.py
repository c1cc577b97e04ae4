"""Expressions in drawings: compared, joined, computed; nothing is called, nothing is executed.

The common part of FEEL (`=a > 5 and b = "x"`) and of the unified expression language
(`${a > 5 && b == 'x'}`): names with dots, whole numbers, texts, true, false, null, comparisons,
and, or, not, + - *, if … then … else. A name that is not set is null. What cannot be answered,
such as null > 5, is an error and not "false": money would go a way that nobody chose.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

LENGTH_MAX: Final = 1_000
DEPTH_MAX: Final = 40
TEXT_MAX: Final = 10_000  # characters that joining texts may come to
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[^\W\d]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/=<>!().]))"
)
_PART: Final = re.compile(r"[$#]\{([^{}]*)\}")
_WORDS: Final = {"true": True, "false": False, "null": None}
_ALIKE: Final = {"==": "=", "&&": "and", "||": "or", "!": "not"}
_COMPARING: Final = frozenset(["=", "!=", "<", "<=", ">", ">="])
_KEYWORDS: Final = frozenset(["and", "or", "not", "if", "then", "else", *_WORDS])
Scope: TypeAlias = Mapping[str, Any]
_Node: TypeAlias = Callable[[Scope], Any]


class Unreadable(ValueError):
    """A text that is no expression."""


class Unanswerable(ValueError):
    """An expression that has no answer with these values."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read. names : what it uses, the part before a dot."""

    source: str
    names: frozenset[str]
    answer: Callable[[Scope], Any]


@lru_cache(maxsize=4_096)
def expression(source: str) -> Expression:
    """Read a text that is an expression, with or without its marks. Raises: Unreadable."""
    text = source.strip()
    whole = _PART.fullmatch(text)
    if whole is not None:
        text = whole[1]
    elif text.startswith("="):
        text = text[1:]
    reader = _Reader(text)
    node = reader.whole()
    return Expression(source, frozenset(reader.names), node)


@lru_cache(maxsize=4_096)
def value(source: str) -> Expression:
    """Read what a task is given: an expression where it is marked as one, else a text.

    A text may have expressions in it: `Loan of ${name}`. Raises: Unreadable.
    """
    text = source.strip()
    if text.startswith("=") or _PART.fullmatch(text):
        return expression(source)
    if len(source) > LENGTH_MAX:
        raise Unreadable(f"expected at most {LENGTH_MAX} characters, was {len(source)}")
    parts = _PART.split(source)
    inner = [expression(part) for part in parts[1::2]]
    names = frozenset(name for one in inner for name in one.names)

    def joined(scope: Scope) -> str:
        said = list(parts)
        said[1::2] = [_said(one.answer(scope)) for one in inner]
        return "".join(said)[:TEXT_MAX]

    return Expression(source, names, joined)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class _Reader:
    """Reads one expression, by precedence."""

    def __init__(self, text: str) -> None:
        if len(text) > LENGTH_MAX:
            raise Unreadable(f"expected at most {LENGTH_MAX} characters, was {len(text)}")
        self._tokens = _tokens(text)
        self._at, self._depth = 0, 0
        self.names: set[str] = set()

    def whole(self) -> _Node:
        node = self._any()
        if self._at < len(self._tokens):
            raise Unreadable(f"expected the end, was {self._tokens[self._at][1][:40]!r}")
        return node

    def _peek(self) -> str:
        """Return the next sign or keyword; "" where the next is neither."""
        if self._at >= len(self._tokens):
            return ""
        kind, text = self._tokens[self._at]
        return text if kind == "sign" else ""

    def _take(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._at += 1
        return True

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise Unreadable(f"expected {sign!r}")

    def _any(self) -> _Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unreadable(f"expected at most {DEPTH_MAX} levels")
        if self._take("if"):
            asked = self._any()
            self._need("then")
            first = self._any()
            self._need("else")
            second = self._any()
            node: _Node = lambda s: first(s) if _truth(asked(s)) else second(s)  # noqa: E731
        else:
            node = self._either()
        self._depth -= 1
        return node

    def _either(self) -> _Node:
        node = self._both()
        while self._take("or"):
            node = _or(node, self._both())
        return node

    def _both(self) -> _Node:
        node = self._negated()
        while self._take("and"):
            node = _and(node, self._negated())
        return node

    def _negated(self) -> _Node:
        turns = 0
        while self._take("not"):
            turns += 1
        node = self._compared()
        if not turns:
            return node
        return lambda scope: _truth(node(scope)) ^ bool(turns % 2)

    def _compared(self) -> _Node:
        node, sign = self._sum(), self._peek()
        if sign not in _COMPARING:
            return node
        self._at += 1
        other = self._sum()
        return lambda scope: _compare(sign, node(scope), other(scope))

    def _sum(self) -> _Node:
        node = self._product()
        while (sign := self._peek()) in ("+", "-"):
            self._at += 1
            node = _computed(sign, node, self._product())
        return node

    def _product(self) -> _Node:
        node = self._atom()
        while self._take("*"):
            node = _computed("*", node, self._atom())
        if self._peek() == "/":
            raise Unreadable("expected no division: amounts are whole minor units")
        return node

    def _atom(self) -> _Node:
        signs = 0
        while self._take("-"):
            signs += 1
        node = self._plain()
        return _computed("-", lambda _: 0, node) if signs % 2 else node

    def _plain(self) -> _Node:
        if self._take("("):
            node = self._any()
            self._need(")")
            return node
        if self._at >= len(self._tokens):
            raise Unreadable("expected a value, was the end")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return _number(text)
        if kind == "text":
            return lambda _: text[1:-1]
        if kind == "name":
            return self._path(text)
        if text in _WORDS:
            found = _WORDS[text]
            return lambda _: found
        raise Unreadable(f"expected a value, was {text!r}")

    def _path(self, first: str) -> _Node:
        path = [first]
        while self._take("."):
            if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
                raise Unreadable("expected a name after the dot")
            path.append(self._tokens[self._at][1])
            self._at += 1
        if self._peek() == "(":
            raise Unreadable(f"expected no call, was {'.'.join(path)[:40]}(…)")
        if any(name.startswith("__") for name in path):
            raise Unreadable(f"expected a plain name, was {'.'.join(path)[:40]}")
        self.names.add(first)
        return lambda scope: _found(scope, path)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"expected a value or a sign, was {text[at : at + 20]!r}")
        kind, said = str(match.lastgroup), match[str(match.lastgroup)]
        said = _ALIKE.get(said, said) if kind == "sign" else said
        found.append(("sign" if said in _KEYWORDS and kind == "name" else kind, said))
        at = match.end()
    return found


def _number(text: str) -> _Node:
    if "." in text or len(text) > 18:
        raise Unreadable(f"expected a whole number of at most 18 digits, was {text[:40]}")
    number = int(text)
    return lambda _: number


def _found(scope: Scope, path: list[str]) -> Any:
    at: Any = scope
    for name in path:
        if not isinstance(at, Mapping):
            return None
        at = at.get(name)
    return at


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Unanswerable(f"expected true or false, was {_named(value)}")


def _and(one: _Node, other: _Node) -> _Node:
    return lambda scope: _truth(one(scope)) and _truth(other(scope))


def _or(one: _Node, other: _Node) -> _Node:
    return lambda scope: _truth(one(scope)) or _truth(other(scope))


def _compare(sign: str, one: Any, other: Any) -> bool:
    if sign in ("=", "!="):
        is_same = type(one) is type(other) and one == other
        if not is_same and None not in (one, other) and type(one) is not type(other):
            raise Unanswerable(f"expected two of a kind, was {_named(one)} and {_named(other)}")
        return is_same == (sign == "=")
    if not (type(one) is type(other) and isinstance(one, int | str)) or isinstance(one, bool):
        raise Unanswerable(
            f"expected two numbers or two texts, was {_named(one)} and {_named(other)}"
        )
    found: dict[str, bool] = {
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
    }
    return found[sign]


def _computed(sign: str, one: _Node, other: _Node) -> _Node:
    def compute(scope: Scope) -> Any:
        first, second = one(scope), other(scope)
        if sign == "+" and isinstance(first, str) and isinstance(second, str):
            return (first + second)[:TEXT_MAX]
        if type(first) is not int or type(second) is not int:
            raise Unanswerable(f"expected numbers, was {_named(first)} and {_named(second)}")
        found = {"+": first + second, "-": first - second, "*": first * second}[sign]
        if abs(found) >= 2**63:
            raise Unanswerable("expected a number of 64 bits, was a larger one")
        return found

    return compute


def _named(value: Any) -> str:
    return "null" if value is None else f"{type(value).__name__} {str(value)[:40]!r}"

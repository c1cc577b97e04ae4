"""Plain text into raw columns: one row of texts for each element that a part stands for.

Files of many lines are written by programs: their records look alike but for the texts. The
first record of a shape is taken apart tag by tag; the rest are matched against it as a whole,
which is many times as fast. A record whose shape is new is taken apart again.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from yunjin.platforms.capability.domain.iso20022.opening import DEPTH_MAX
from yunjin.platforms.capability.domain.iso20022.tables import Kind, Part

WHOLE_MAX: Final = 16_384  # bytes of an element that is taken with all that is inside it
SHAPES_MAX: Final = 1_024  # remembered for each part
_ROWS_A_FLUSH: Final = 8_192
_TOKEN: Final = re.compile(
    rb'([^<]*)<(/?)([A-Za-z0-9]{1,40})(?: Ccy="([^"<>&]{0,40})")?\s*(/?)>', re.ASCII
)
_TEXTS: Final = re.compile(rb">[^<]+<")
_ENDS: Final = re.compile(rb">([^<]*)</")
_SPACE: Final = re.compile(rb"\s*")
_AFTER: Final = re.compile(rb"\s*(?:</[A-Za-z0-9]{1,40}\s*>\s*)?")
_TEXTS_MAX: Final = 256  # of a shape that is worth a pattern of its own
_Match = Callable[[bytes, int], re.Match[bytes] | None]


class NotPlain(Exception):
    """The text is not plain, or its elements are not where the standard has them."""


class TooMany(Exception):
    """There are more rows of a part than the reader wants to see."""


class Rows:
    """Raw rows of one part: texts, the row of the parent they stand in, what is odd in them."""

    def __init__(self, part: Part, count_max: int = 2**31 - 1) -> None:
        self.part = part
        self.count = 0
        self.faults: list[tuple[int, str]] = []
        self._count_max = count_max
        self._parents: list[int] = []
        self._flushed = 0  # rows that are columns already
        self._window: dict[Record, list[tuple[int, tuple[bytes, ...]]]] = {}  # the others
        self._done: list[list[pa.Array]] = []
        self.width = sum(2 if field.kind is Kind.AMOUNT else 1 for field in part.fields)

    def append(self, parent: int, record: "Record", texts: tuple[bytes, ...]) -> None:
        """Keep a row: the texts of a shape, and which of them are its own."""
        if record.fault:
            self.faults.append((self.count, record.fault))
        self._parents.append(parent)
        kept = self._window.get(record)
        if kept is None:
            kept = self._window[record] = []
        kept.append((self.count - self._flushed, texts))
        self.count += 1
        if self.count > self._count_max:
            raise TooMany(f"expected at most {self._count_max} {self.part.path}, was more")
        if self.count - self._flushed >= _ROWS_A_FLUSH:
            self._flush()

    def _flush(self) -> None:
        """Turn the window into columns, record by record, since each fills columns of its own."""
        count, found = self.count - self._flushed, dict[int, list[bytes | None]]()
        for record, kept in self._window.items():
            order, texts = zip(*kept, strict=True)
            for column, values in record.columns(list(zip(*texts, strict=True)), len(kept)):
                if len(kept) == count:
                    found[column] = list(values)
                    continue
                cells = found.get(column)
                if cells is None:
                    cells = found[column] = [None] * count
                for place, value in zip(order, values, strict=True):
                    cells[place] = value
        self._done.append(
            [
                pa.array(found[column], pa.binary()) if column in found else _nothing(count)
                for column in range(self.width)
            ]
        )
        self._flushed, self._window = self.count, {}

    def columns(self) -> list[pa.Array]:
        """Return the columns: one a field, an amount's currency after it. Binary."""
        if self._window or not self._done:
            self._flush()
        return [pa.concat_arrays(list(pieces)) for pieces in zip(*self._done, strict=True)]

    def parents(self) -> pa.Array:
        """Return the parents' rows. int32."""
        return pa.array(np.asarray(self._parents, np.int32))


def _nothing(count: int) -> pa.Array:
    return pa.nulls(count, pa.binary())


class Node:
    """A part, ready for cutting."""

    def __init__(self, part: Part, count_max: int) -> None:
        self.rows = Rows(part, count_max)
        tag = part.path.rpartition("/")[2].encode()
        self.tag, self.open, self.close = tag, b"<" + tag + b">", b"</" + tag + b">"
        self.columns: dict[bytes, int] = {}
        self.amounts: set[int] = set()
        self.many: set[int] = set()
        at = 0
        for field in part.fields:
            before, _, last = field.path.rpartition("/")
            for choice in last.split("|"):
                self.columns[f"{before}/{choice}".lstrip("/").encode()] = at
            if field.many:
                self.many.add(at)
            if field.kind is Kind.AMOUNT:
                self.amounts.add(at)
                at += 1
            at += 1
        self.children = {child.path.encode(): Node(child, count_max) for child in part.parts}
        self.shapes: dict[bytes, _Shape] = {}
        self.last: tuple[_Match, _Shape] | None = None

    def every(self) -> "list[Node]":
        """Return this node and all below."""
        return [self, *(node for child in self.children.values() for node in child.every())]


class Record:
    """One element of a shape: which of the shape's texts are which columns."""

    def __init__(self, node: Node, parent: int) -> None:
        self.node, self.parent = node, parent
        self.fault = ""
        self._places: dict[int, list[int]] = {}  # column → texts
        self._constants: dict[int, bytes] = {}  # column → currency

    def take(self, path: bytes, place: int, currency: bytes | None) -> None:
        """Note a text of the shape."""
        column = self.node.columns.get(path)
        if column is None:
            return
        places = self._places.setdefault(column, [])
        if places and column not in self.node.many:
            self.fault = self.fault or f"expected {path.decode()} once, was there again"
            return
        places.append(place)
        if currency is not None and column in self.node.amounts:
            self._constants[column + 1] = currency

    def columns(
        self, texts: list[tuple[bytes, ...]], count: int
    ) -> Iterator[tuple[int, Sequence[bytes]]]:
        """Yield columns and their values of many rows; `texts`: by place, then by row."""
        for column, places in self._places.items():
            if len(places) == 1:
                yield column, texts[places[0]]
            else:
                pieces = zip(*(texts[place] for place in places), strict=True)
                yield column, [b"\n".join(each) for each in pieces]
        for column, constant in self._constants.items():
            yield column, [constant] * count


class _Shape:
    """What records look like but for their texts."""

    def __init__(self, piece: bytes, node: Node) -> None:
        self._records = [Record(node, -1)]
        self._pattern: list[bytes] = []
        self._text_count = _apart(piece, self._records, self._pattern)
        self._match: _Match | None = None

    def matcher(self) -> "tuple[_Match, _Shape] | None":
        """Return what matches a record of this shape at a place, its texts as groups."""
        if self._text_count > _TEXTS_MAX:
            return None
        if self._match is None:
            self._match = re.compile(b"".join(self._pattern)).match
        return self._match, self

    def keep(self, texts: tuple[bytes, ...], parent: int) -> None:
        """Add the rows of a record with these texts."""
        at: list[int] = []
        for record in self._records:
            rows = record.node.rows
            at.append(rows.count)
            rows.append(at[record.parent] if record.parent >= 0 else parent, record, texts)


def _apart(piece: bytes, records: list[Record], pattern: list[bytes]) -> int:
    """Take an element apart; return how many texts it has: one before each closing tag."""
    at = place = 0
    opened: list[tuple[bytes, int]] = []  # tag, the record it belongs to
    paths: list[list[bytes]] = []  # below each record that is open
    currency: bytes | None = None
    is_leaf = False
    while at < len(piece):
        token = _token(piece, at)
        tag, literal = token[3], re.escape(token[0][len(token[1]) :])
        if token[2]:
            if not opened or opened[-1][0] != tag:
                raise NotPlain(f"was </{tag.decode()}>")
            owner = opened.pop()[1]
            if is_leaf:
                records[owner].take(b"/".join(paths[-1]), place, currency)
            if not paths[-1]:
                paths.pop()
            if paths:
                paths[-1].pop()
            place += 1
            pattern.append(b"([^<]*)" + literal)
            is_leaf = False
        else:
            pattern.append(b"[^<]*" + literal)
            if opened:
                owner = opened[-1][1]
                paths[-1].append(tag)
                child = records[owner].node.children.get(b"/".join(paths[-1]))
                if child is not None:
                    records.append(Record(child, owner))
                    owner = len(records) - 1
                    paths.append([])
            else:
                owner, child = 0, records[0].node
                if at:
                    raise NotPlain("an element that ended too early")
                paths.append([])
            is_leaf, currency = not token[5], token[4]
            if is_leaf:
                opened.append((tag, owner))
            elif child is not None:
                raise NotPlain("an element that is empty")
            else:
                paths[-1].pop()
        if len(opened) > DEPTH_MAX:
            raise NotPlain("elements inside each other without end")
        at = token.end()
    if opened:
        raise NotPlain("an element that does not end")
    return place


def _token(text: bytes, at: int) -> re.Match[bytes]:
    token = _TOKEN.match(text, at)
    if token is None:
        raise NotPlain(f"was {text[at : at + 40].decode('utf-8', 'replace')!r}")
    return token


def _siblings(text: bytes, at: int, node: Node, parent: int) -> int:
    """Take the elements of a node that follow each other; return where they end."""
    rows_before = node.rows.count
    while True:
        if node.last is not None:
            match, shape = node.last
            while found := match(text, at):
                shape.keep(found.groups(), parent)
                at = found.end()
        begin = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        if not text.startswith(node.open, begin):
            if node.rows.count == rows_before:
                raise NotPlain(f"was {text[begin : begin + 40].decode('utf-8', 'replace')!r}")
            return begin
        end = text.find(node.close, begin)
        if end < 0:
            raise NotPlain("an element that does not end")
        at = end + len(node.close)
        if at - begin > WHOLE_MAX:
            at = _element(text, begin, node, parent)
            continue
        piece = text[begin:at]
        key = _TEXTS.sub(b"><", piece)
        known = node.shapes.get(key)
        if known is not None:
            node.last = known.matcher()
        else:
            known = _Shape(piece, node)
            if len(node.shapes) < SHAPES_MAX:
                node.shapes[key] = known
        known.keep(tuple(_ENDS.findall(piece)), parent)


def _element(text: bytes, begin: int, node: Node, parent: int) -> int:
    """Take a long element apart, its parts as they come; return where it ends."""
    record, texts = Record(node, -1), list[bytes]()
    index = node.rows.count  # its own row comes last, but no other of its kind before it
    path: list[bytes] = []
    currency: bytes | None = None
    is_leaf = False
    at = begin + len(node.open)
    while True:
        token = _token(text, at)
        at, tag = token.end(), token[3]
        if token[2]:
            if tag != (path[-1] if path else node.tag):
                raise NotPlain(f"was </{tag.decode()}>")
            if is_leaf:
                record.take(b"/".join(path), len(texts), currency)
            texts.append(token[1])
            is_leaf = False
            if not path:
                break
            path.pop()
            continue
        child = node.children.get(b"/".join([*path, tag]))
        if child is not None:
            at, is_leaf = _siblings(text, token.end(1), child, index), False
            continue
        is_leaf, currency = not token[5], token[4]
        if is_leaf:
            path.append(tag)
        if len(path) > DEPTH_MAX:
            raise NotPlain("elements inside each other without end")
    node.rows.append(parent, record, tuple(texts))
    return at


def cut(text: bytes, start: int, root: Part, *, count_max: int = 2**31 - 1) -> dict[str, Rows]:
    """Return the raw rows of a plain text by the names of parts. Raises: NotPlain, TooMany."""
    node = Node(root, count_max)
    end = _siblings(text, start, node, -1)
    if node.rows.count != 1 or not _AFTER.fullmatch(text, end):
        raise NotPlain(f"more than one {root.path}")
    return {each.rows.part.name: each.rows for each in node.every()}

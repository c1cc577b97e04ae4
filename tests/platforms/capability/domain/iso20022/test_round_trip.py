"""Goal: what is written says what its columns say, and is read as the same columns. Method: any
rows that the tables allow, of every message in its oldest and newest version; another reader (lxml,
path by path) is the judge of the text, our own reader of the columns.
"""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.platforms.capability.domain.iso20022 import made
from yunjin.kernel.money import MINOR_MAX, format_minor
from yunjin.platforms.capability.domain.iso20022.account_tables import ACCOUNT_FAMILIES
from yunjin.platforms.capability.domain.iso20022.forms import column_type
from yunjin.platforms.capability.domain.iso20022.orders import ORDERS
from yunjin.platforms.capability.domain.iso20022.reading import Read, read
from yunjin.platforms.capability.domain.iso20022.returns import RETURNS
from yunjin.platforms.capability.domain.iso20022.statuses import ORDER_STATUSES, TRANSFER_STATUSES
from yunjin.platforms.capability.domain.iso20022.tables import Family, Field, Kind, Part
from yunjin.platforms.capability.domain.iso20022.transfers import TRANSFERS
from yunjin.platforms.capability.domain.iso20022.writing import write

FAMILIES = [ORDERS, ORDER_STATUSES, TRANSFERS, TRANSFER_STATUSES, RETURNS, *ACCOUNT_FAMILIES]
WRITTEN = [
    (family, version)
    for family in FAMILIES
    for version in sorted({min(family.versions), family.newest})
]
LETTERS = "abcXYZ019 .,-/&<>'\"%织云é\u00a0😀"
PATTERNS = {"[A-Z]{2}": ["CN", "DE"], "[A-Z]{3}": ["CNY", "KWD"]}


def lei(number: int) -> str:
    """Return an LEI whose check digits fit."""
    body = f"5493{number:014}"
    digits = "".join(str(int(letter, 36)) for letter in body)
    return f"{body}{98 - int(digits) * 100 % 97:02}"


def text(chance: random.Random, length_max: int, letters: str) -> str:
    """Return a text that XML keeps as it is."""
    found = "".join(chance.choices(letters, k=chance.randint(1, min(length_max, 12))))
    return found.strip(" \t\n") or "x"


def piece(field: Field, chance: random.Random) -> str:
    """Return a text of a field; of one that may come again several, joined by line ends."""
    if not field.many:
        return text(chance, field.length_max, LETTERS + "\n")
    count = chance.randint(1, 3)
    return "\n".join(text(chance, field.length_max, LETTERS) for _ in range(count))


def instant(chance: random.Random) -> dt.datetime:
    """Return an instant to the millisecond."""
    passed = dt.timedelta(milliseconds=chance.randint(0, 4_000_000_000_000))
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + passed


VALUES: dict[Kind, Callable[[random.Random], Any]] = {
    Kind.BIC: lambda chance: chance.choice(["ICBKCNBJXXX", "BKCHCNBJ"]),
    Kind.IBAN: lambda chance: made.iban(chance.randint(0, 10**9)),
    Kind.ACCOUNT: lambda chance: f"{chance.randint(0, 10**18)}-A",
    Kind.LEI: lambda chance: lei(chance.randint(0, 10**9)),
    Kind.UETR: lambda chance: str(UUID(int=chance.getrandbits(128), version=4)),
    Kind.DATE: lambda chance: dt.date(1970, 1, 1) + dt.timedelta(chance.randint(0, 300_000)),
    Kind.DATETIME: instant,
    Kind.SUM: lambda chance: f"{Decimal(chance.randint(0, 10**12)) / 1000:f}",
    Kind.COUNT: lambda chance: chance.randint(0, 10**15 - 1),
    Kind.FLAG: lambda chance: chance.random() < 0.5,
    Kind.SIDE: lambda chance: chance.random() < 0.5,
    Kind.AMOUNT: lambda chance: (
        chance.choice([0, 1, MINOR_MAX, chance.randint(0, 10**9)]),
        chance.choice(["CNY", "JPY", "KWD", "CLF", "XTS"]),
    ),
}


def value(field: Field, chance: random.Random) -> Any:
    """Return what may stand in a field."""
    if field.pattern:
        return chance.choice(PATTERNS.get(field.pattern, field.pattern.split("|")))
    return VALUES[field.kind](chance) if field.kind in VALUES else piece(field, chance)


def is_needed(field: Field, part: Part) -> bool:
    """Say whether a field is told in every row: it must, or is the first of what is needed."""
    firsts = [
        next(each for each in part.fields if f"{each.path}/".startswith(f"{need}/"))
        for need in part.needs
    ]
    return field.must or field in firsts


def row(chance: random.Random, part: Part) -> dict[str, Any]:
    """Return a row of a part, most of its optional fields not told."""
    found: dict[str, Any] = {}
    for field in part.fields:
        is_told = is_needed(field, part) or chance.random() < 0.25
        if field.unless and found.get(field.unless) is not None:
            is_told = False
        told = value(field, chance) if is_told else None
        if field.kind is Kind.AMOUNT:
            found[f"{field.name}_minor"], found[field.currency] = told or (None, None)
        else:
            found[field.name] = told
    return found


def schema(part: Part) -> pa.Schema:
    """Return the types of a part's columns."""
    types: dict[str, pa.DataType] = {}
    for field in part.fields:
        if field.kind is Kind.AMOUNT:
            types |= {f"{field.name}_minor": pa.int64(), field.currency: pa.string()}
        else:
            types[field.name] = column_type(field)
    return pa.schema(types)


@st.composite
def messages(draw: st.DrawFn, root: Part) -> dict[str, pa.RecordBatch]:
    """Return the rows of all parts of a message."""
    found: dict[str, pa.RecordBatch] = {}
    chance = random.Random(draw(st.integers(0, 2**32)))

    def fill(part: Part, parent_count: int | None) -> None:
        least = 1 if part.must else 0
        parents = [0] if parent_count is None else []
        for parent in range(parent_count or 0):
            parents += [parent] * draw(st.integers(least, 3))
        rows = [row(chance, part) for _ in parents]
        batch = pa.RecordBatch.from_pylist(rows, schema(part))
        found[part.name] = batch.append_column("parent", pa.array(parents, pa.int32()))
        for child in part.parts:
            fill(child, len(rows))

    fill(root, None)
    return found


def judged(content: bytes, family: Family, version: int, batches: dict[str, pa.RecordBatch]) -> int:
    """Hold every text against what another reader finds at its path; return how many."""
    names = {"n": family.namespace(version)}
    document = etree.fromstring(content)
    count = 0

    def look(part: Part, elements: list[Any]) -> None:
        nonlocal count
        for element, told in zip(elements, batches[part.name].to_pylist(), strict=True):
            for field in part.fields:
                steps = [step.partition("|")[0] for step in field.path.split("/")]
                found = element.findall("/".join(f"n:{step}" for step in steps), names)
                wanted = told[f"{field.name}_minor" if field.kind is Kind.AMOUNT else field.name]
                pieces = said(field, wanted, told)
                assert [each.text for each in found] == pieces
                count += len(pieces)
        for child in part.parts:
            path = "/".join(f"n:{step}" for step in child.path.split("/"))
            look(child, [each for element in elements for each in element.findall(path, names)])

    look(family.layout(version), [document[0]])
    return count


def said(field: Field, value: Any, told: dict[str, Any]) -> list[str]:
    """Return a value as the standard writes it."""
    if value is None:
        return []
    if field.kind is Kind.AMOUNT:
        return [format_minor(value, told[field.currency])]
    if field.kind is Kind.DATETIME:
        return [value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"]
    words = {Kind.FLAG: ("false", "true"), Kind.SIDE: ("DBIT", "CRDT")}.get(field.kind)
    if words:
        return [words[value]]
    return str(value).split("\n") if field.many else [str(value)]


@pytest.mark.parametrize(
    ("family", "version"),
    WRITTEN,
    ids=[family.name(version) for family, version in WRITTEN],
)
def test_any_rows_are_written_and_read_back(family: Family, version: int) -> None:
    @settings(max_examples=8)
    @given(batches=messages(family.layout(version)))
    def there_and_back(batches: dict[str, pa.RecordBatch]) -> None:
        content = write(family, version, batches)
        assert judged(content, family, version, batches) > 2
        message = read(content, [family])
        assert isinstance(message, Read), message
        for name, table in message.tables.items():
            told = batches[name]
            assert table.batch().column("reason").null_count == told.num_rows
            assert table.parents.tolist() == [
                -1 if name == "message" else parent for parent in told["parent"].to_pylist()
            ]
            for column, values_read in table.columns.items():
                assert values_read.equals(told.column(column)), (column, told.column(column))

    there_and_back()

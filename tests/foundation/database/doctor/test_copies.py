"""Goal: copies that differ are found, and what is only being written is not taken for it.

Method: nodes that answer with checksums the test chose. Real ones are in test_faults.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from yunjin.foundation.database.adapters.doctor.copies import LOOKS, Comparison, odd_ones
from yunjin.foundation.database.adapters.doctor.tables import Column, Table, tables_of
from yunjin.foundation.database.domain.doctor.observation import Divergence

COLUMNS = [
    ("shop", "goods", "id", "binary", "PRI"),
    ("shop", "goods", "name", "varchar", ""),
    ("shop", "loose", "a", "double", "PRI"),
    ("shop", "odd`name", "a", "int", "PRI"),
]
KEYS = [("shop", "goods", "id"), ("shop", "loose", "a"), ("shop", "odd`name", "a")]


@dataclass
class Node:
    """Answers as a server would, with the next of its checksums each time."""

    name: str
    sums: Callable[[int], str]
    looks: int = 0
    asked: list[str] = field(default_factory=list)

    def ask(self, statement: str, wait_s: int = 60) -> list[tuple[str, ...]]:
        self.asked.append(statement)
        if "information_schema.columns" in statement:
            return [*COLUMNS, ("-- keys", "", ""), *KEYS]
        if "CRC32" not in statement:
            return []  # one chunk holds the whole table
        self.looks += 1
        return [("0", "3", self.sums(self.looks))]


def compared(*sums: Callable[[int], str]) -> tuple[Any, list[Node]]:
    nodes = [Node(f"n{number}", each) for number, each in enumerate(sums, 1)]
    report = Comparison(nodes, pause=lambda milliseconds: None).run()  # type: ignore[arg-type]
    return report, nodes


def test_equal_copies_are_read_once() -> None:
    report, nodes = compared(*[lambda look: "7"] * 3)
    assert (report.tables, report.chunks, report.divergences) == (1, 1, [])
    assert [node.looks for node in nodes] == [1, 1, 1]


def test_a_copy_that_differs_every_time_is_named() -> None:
    report, nodes = compared(lambda look: "7", lambda look: "7", lambda look: "8")
    assert report.divergences == [Divergence(table="shop.goods", chunk="… – …", odd=("n3",))]
    assert nodes[0].looks == LOOKS


def test_a_chunk_that_is_being_written_is_passed_over() -> None:
    report, _ = compared(lambda look: str(look), lambda look: str(look), lambda look: f"{look}x")
    assert (report.divergences, report.busy) == ([], 1)


def test_a_late_copy_that_catches_up_is_no_difference() -> None:
    report, _ = compared(*[lambda look: "7"] * 2, lambda look: "6" if look == 1 else "7")
    assert (report.divergences, report.busy) == ([], 0)


def test_every_node_is_read_with_what_the_set_had_then() -> None:
    _, nodes = compared(*[lambda look: "7"] * 2)
    assert all("wsrep_sync_wait = 1" in node.asked[-1] for node in nodes)


def test_tables_without_a_comparable_key_are_told() -> None:
    report, _ = compared(*[lambda look: "7"] * 2)
    assert report.left_out == ["shop.loose", "shop.odd`name"]


def test_of_two_copies_nobody_knows_which_is_right() -> None:
    assert odd_ones({"n1": ("1",), "n2": ("2",)}) == ()
    assert odd_ones({"n1": ("1",), "n2": ("2",), "n3": ("1",)}) == ("n2",)


def test_keys_are_written_so_that_no_value_ends_the_statement() -> None:
    [table], _ = tables_of(COLUMNS[:2], KEYS[:1])
    assert "X'27'" in table.checksum(0, ("27",), None)
    number = Column(name="a", kind="int")
    assert number.literal("-7") == "-7"
    with pytest.raises(ValueError, match="expected a number"):
        number.literal("7 OR 1 = 1")
    with pytest.raises(ValueError):
        Column(name="a", kind="varchar").literal("'; DROP TABLE x")


def test_a_key_of_two_columns_is_compared_by_both() -> None:
    a, b = Column(name="a", kind="int"), Column(name="b", kind="int")
    table = Table(schema="s", name="t", columns=(a, b), key=(a, b))
    assert "((`a` > 1) OR (`a` = 1 AND `b` > 2))" in table.ends(("1", "2"), 10, 1)
    assert table.shown(("1", "2")) == "1,2"

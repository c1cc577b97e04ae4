"""Errors of every kind, planted into a legacy book; each is told as (kind, file, row)."""

from typing import Any

import numpy as np

from tests.platforms.capability.takeover.legacy import LOAN, SAVING, TERM, WALLET, Book, numbers


class Planter:
    """Changes lines of a book, each at most once, and tells which."""

    def __init__(self, book: Book, chance: Any, facts: dict[str, Any]) -> None:
        self.book, self._chance, self._facts = book, chance, facts
        self.used: set[int] = set()
        for columns in book.columns.values():  # room for what is longer than it was
            for name, column in columns.items():
                columns[name] = column.astype("U24")

    def pick(self, count: int, *products: str) -> list[int]:
        """Return agreements of some products that nothing was planted on."""
        mine = np.flatnonzero(np.isin(self._facts["product"], products))
        free = [one for one in self._chance.permutation(mine).tolist() if one not in self.used]
        self.used |= set(free[:count])
        return free[:count]

    def tell(self, kind: str, file: str, *rows: int) -> None:
        self.book.planted |= {(kind, f"{file}.txt", row + 1) for row in rows}

    def set(self, file: str, column: str, row: int, value: str) -> None:
        self.book.columns[file][column][row] = value

    def append(self, file: str, row: dict[str, str]) -> int:
        """Add a line; return its place."""
        columns = self.book.columns[file]
        for name, column in columns.items():
            columns[name] = np.append(column, row[name])
        return len(columns[name]) - 1

    def line(self, file: str, row: int) -> dict[str, str]:
        return {name: str(column[row]) for name, column in self.book.columns[file].items()}

    def movements(self, agreement: int) -> list[int]:
        keys = self.book.columns["history"]["ACCT_NO"]
        return np.flatnonzero(keys == numbers(np.array([agreement]))[0]).tolist()


def plant(book: Book, chance: Any, count: int, facts: dict[str, Any], first_idle: int) -> None:
    """Plant errors of every kind, so many of each."""
    planter = Planter(book, chance, facts)
    book.control = "tell"
    _customers(planter, count, first_idle)
    _agreements(planter, count)
    _balances(planter, count)
    _history(planter, count)
    _missing(planter, count)  # last, since lines move up


def _customers(planter: Planter, count: int, first_idle: int) -> None:
    """Plant on customers who have nothing, so that no agreement loses its own."""
    for turn in range(count):
        planter.set("customers", "CUST_TYPE", first_idle + turn, "9")
        planter.tell("form", "customers", first_idle + turn)
        row = first_idle + count + turn
        planter.set("customers", "ID_NO", row, planter.line("customers", turn)["ID_NO"])
        planter.tell("person_twice", "customers", row)
        row = first_idle + 2 * count + turn
        planter.set("customers", "ID_NO", row, "110101199001010000")
        planter.tell("form", "customers", row)
        row = first_idle + 3 * count + turn
        planter.set("customers", "BIRTH", row, "20990101")
        planter.tell("date", "customers", row)
        again = planter.line("customers", turn)
        planter.tell("duplicate", "customers", planter.append("customers", again))


def _agreements(planter: Planter, count: int) -> None:
    plans = (
        ("customer_unknown", "CUST_NO", "C999999999", (SAVING, TERM)),
        ("product_unknown", "PROD", "ZZ99", (SAVING, LOAN)),
        ("currency_unknown", "CCY", "999", (SAVING, TERM)),
        ("currency_unknown", "CCY", "840", (SAVING,)),
        ("date", "OPEN_DT", "20260230", (TERM, SAVING)),
        ("date", "OPEN_DT", "20260331", (SAVING,)),
        ("form", "STAT", "X", (SAVING, WALLET)),
        ("form", "RATE", "1,5", (LOAN,)),
        ("terms", "TERM", "500", (TERM,)),
    )
    for kind, column, value, products in plans:
        for row in planter.pick(count, *products):
            planter.set("agreements", column, row, value)
            planter.tell(kind, "agreements", row)
    for row in planter.pick(count, SAVING):
        planter.set("agreements", "STAT", row, "C")
        planter.set("agreements", "CLOSE_DT", row, "20260301")
        planter.tell("closed_with_balance", "agreements", row)
    for row in planter.pick(count, SAVING):
        again = planter.line("agreements", row)
        planter.tell("duplicate", "agreements", planter.append("agreements", again))


def _balances(planter: Planter, count: int) -> None:
    for row in planter.pick(count, SAVING, TERM):
        planter.set("balances", "BAL", row, "12x.30")
        planter.tell("form", "balances", row)
    for row in planter.pick(count, SAVING, TERM):
        was = planter.line("balances", row)["ACCR_INT"]
        planter.set("balances", "ACCR_INT", row, f"{float(was) + 7:.4f}")
        planter.tell("interest", "agreements", row)
    for row in planter.pick(count, WALLET):
        was = planter.line("balances", row)["BAL"]
        planter.set("balances", "BAL", row, f"-{was}")
        for movement in planter.movements(row):
            planter.set("history", "DC", movement, "D")
        planter.tell("negative", "agreements", row)
    for turn in range(count):
        stray = planter.line("balances", turn) | {"ACCT_NO": f"62{10**13 + turn:014d}"}
        planter.tell("agreement_unknown", "balances", planter.append("balances", stray))


def _history(planter: Planter, count: int) -> None:
    for row in planter.pick(count, SAVING, TERM, WALLET):
        first = planter.movements(row)[0]
        was = planter.line("history", first)["AMT"]
        planter.set("history", "AMT", first, f"{float(was) + 0.01:.2f}")
        planter.tell("balance_not_history", "agreements", row)
    for row in planter.pick(count, SAVING):
        first = planter.movements(row)[0]
        planter.set("history", "TXN_DT", first, "20261399")
        planter.tell("date", "history", first)
    for row in planter.pick(count, WALLET):
        first = planter.movements(row)[0]
        planter.set("history", "DC", first, "?")
        planter.tell("form", "history", first)
    for row in planter.pick(count, SAVING):
        again = planter.line("history", planter.movements(row)[0])
        planter.tell("duplicate", "history", planter.append("history", again))
    for turn in range(count):
        stray = planter.line("history", turn) | {
            "ACCT_NO": f"62{10**13 + turn:014d}",
            "TXN_NO": f"S{turn:011d}",
        }
        planter.tell("agreement_unknown", "history", planter.append("history", stray))


def _missing(planter: Planter, count: int) -> None:
    """Take balances away; the rows of those that come after move up."""
    gone = sorted(planter.pick(count, SAVING, TERM))
    planter.tell("balance_missing", "agreements", *gone)
    columns = planter.book.columns["balances"]
    for name, column in columns.items():
        columns[name] = np.delete(column, gone)
    moved = set()
    for kind, file, row in planter.book.planted:
        if file == "balances.txt":
            row -= sum(one < row - 1 for one in gone)
        moved.add((kind, file, row))
    planter.book.planted = moved

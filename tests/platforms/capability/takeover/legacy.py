"""A legacy core's book, made by a seed: files as such a core writes them, with errors planted.

GB 18030, "|" between columns, dates as 20260316, loans as amounts below zero, codes for currencies
and products. Every planted error is told, so that a test can say: all of these, and nothing else.
"""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

AS_OF = dt.date(2026, 3, 16)
BRANCHES = ("0101", "0102", "0203", "0304")
SAVING, TERM, LOAN, WALLET = "SA01", "TD12", "LN03", "EW01"
_SHARES = ((SAVING, 60), (TERM, 15), (LOAN, 10), (WALLET, 15))
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS = np.array(list("10X98765432"))
_FAMILY = np.array(list("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"))
_GIVEN = np.array(["伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "军", "杰", "涛"])
MAPPING = """
name = "legacy"
as_of = 2026-03-16
cell = "branch"

[form]
encoding = "gb18030"
delimiter = "|"
date = "%Y%m%d"

[policy.kinds]
control = "{control}"

[customers]
file = "customers.txt"
[customers.columns]
key = "CUST_NO"
kind = "CUST_TYPE"
name = "CUST_NAME"
document_type = "ID_TYPE"
document = "ID_NO"
phone = "TEL"
born = "BIRTH"
[customers.codes]
kind = {{ 1 = "person", 2 = "organisation" }}
document_type = {{ 10 = "id_card", 20 = "credit_code" }}

[agreements]
file = "agreements.txt"
[agreements.columns]
key = "ACCT_NO"
customer = "CUST_NO"
product = "PROD"
branch = "BR_NO"
currency = "CCY"
status = "STAT"
opened = "OPEN_DT"
closed = "CLOSE_DT"
rate = "RATE"
term = "TERM"
original = "ORIG_AMT"
done = "INST_NO"
next_due = "NEXT_DT"
began = "LAST_DT"
[agreements.units]
rate = "percent"
term = "count"
original = "money"
done = "count"
next_due = "date"
began = "date"
[agreements.codes]
currency = {{ 156 = "CNY", 840 = "USD" }}
status = {{ A = "open", C = "closed" }}

[balances]
file = "balances.txt"
[balances.columns]
key = "ACCT_NO"
balance = "BAL"
accrued = "ACCR_INT"
accrued_from = "ACCR_DT"

[history]
file = "history.txt"
complete = true
[history.columns]
key = "ACCT_NO"
reference = "TXN_NO"
date = "TXN_DT"
amount = "AMT"
side = "DC"
text = "MEMO"
[history.codes]
side = {{ C = "in", D = "out" }}

[controls]
file = "controls.txt"

[products.SA01]
product = "current-account"
may_be_negative = true
accruals = {{ interest = "accrued" }}
interest = {{ rate = "rate", days = "ACT_360" }}

[products.TD12]
product = "fixed-deposit"
terms = {{ term = "term", rate = "rate" }}
accruals = {{ interest = "accrued" }}
dates = {{ began = "opened" }}
interest = {{ rate = "rate", days = "ACT_365F" }}

[products.LN03]
product = "instalment-loan"
sign = "opposite"
terms = {{ amount = "original", rate = "rate", term = "term" }}
accruals = {{ interest = "accrued" }}
fields = {{ drawn = "original", number = "done" }}
dates = {{ began = "began" }}
due = {{ due = "next_due" }}
interest = {{ rate = "rate", days = "THIRTY_E_360" }}

[products.EW01]
product = "wallet"
"""


@dataclass
class Book:
    """The files as columns of text by name, and what was planted: (kind, file, row)."""

    folder: Path
    columns: dict[str, dict[str, Any]]
    minor: dict[str, int] = field(default_factory=dict)  # of balances, by product
    planted: set[tuple[str, str, int]] = field(default_factory=set)
    control: str = "whole"

    def write(self) -> None:
        """Write the files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, columns in self.columns.items():
            text = _joined(columns)
            is_plain = name not in ("customers", "history")
            body = text if is_plain else text.decode().encode("gb18030")
            (self.folder / f"{name}.txt").write_bytes(body)
        (self.folder / "mapping.toml").write_text(MAPPING.format(control=self.control))


def made(
    folder: Path,
    agreements: int,
    *,
    people: int = 0,
    seed: int = 7,
    movements: int = 2,
    errors: int = 0,
) -> Book:
    """Return a book of so many agreements; errors: how many of each kind are planted.

    people : customers; 0: four for five agreements.
    """
    chance = np.random.default_rng(seed)
    people = people or max(agreements * 4 // 5, 40)
    idle = max(people // 20, 10 * errors)  # customers who have nothing
    columns = {"customers": _customers(chance, people)}
    facts = _facts(chance, agreements, people - idle)
    columns["agreements"] = _agreements(facts)
    columns["balances"] = _balances(facts)
    columns["history"] = _history(chance, facts, movements)
    book = Book(folder, columns)
    for code, _ in _SHARES:
        book.minor[code] = int(facts["balance"][facts["product"] == code].sum())
    if errors:
        from tests.platforms.capability.takeover.planting import plant

        plant(book, chance, errors, facts, people - idle)
    book.columns["controls"] = controls(book)
    return book


def _customers(chance: Any, count: int) -> dict[str, Any]:
    born = np.datetime64("1950-01-01") + chance.integers(0, 18_000, count)
    days = np.char.replace(np.datetime_as_string(born), "-", "")
    number = np.arange(count)
    heads = np.char.add("110101", np.char.add(days, _padded(number % 1000, 3)))
    # a thousand people a day and place: the place tells the others
    places = _padded(110_101 + number // 1000 % 800_000, 6)
    heads = np.char.add(places, np.char.add(days, _padded(number % 1000, 3)))
    digits = heads.astype("S17").view(np.uint8).reshape(count, 17) - ord("0")
    sign = _CHECKS[(digits @ _WEIGHTS) % 11]
    family = _FAMILY[chance.integers(0, len(_FAMILY), count)]
    given = _GIVEN[chance.integers(0, len(_GIVEN), count)]
    return {
        "CUST_NO": np.char.add("C", _padded(number, 9)),
        "CUST_TYPE": np.full(count, "1"),
        "CUST_NAME": np.char.add(family, given),
        "ID_TYPE": np.full(count, "10"),
        "ID_NO": np.char.add(heads, sign),
        "TEL": np.char.add("138", _padded(number % 10**8, 8)),
        "BIRTH": days,
    }


def _facts(chance: Any, count: int, people: int) -> dict[str, Any]:
    """Return what each agreement is, as numbers."""
    place = np.arange(count) * 37 % 100  # all products early on
    product = np.empty(count, "U4")
    start = 0
    for code, share in _SHARES:
        product[(place >= start) & (place < start + share)] = code
        start += share
    as_of = np.datetime64(AS_OF)
    opened = as_of - chance.integers(40, 300, count)
    rate = np.select(
        [product == SAVING, product == TERM, product == LOAN], [500, 15_000, 48_000], 0
    )
    term = np.select([product == TERM, product == LOAN], [12, 36], 0)
    original = np.where(product == LOAN, chance.integers(10, 500, count) * 100_000, 0)
    balance = chance.integers(100, 5_000_000, count)
    balance[product == WALLET] %= 900_000
    balance[product == LOAN] = original[product == LOAN] * 9 // 10
    since = np.where(product == TERM, opened, np.maximum(opened, np.datetime64("2025-12-20")))
    months = (as_of.astype("datetime64[M]") - opened.astype("datetime64[M]")).astype(np.int64)
    day = (opened - opened.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    day = np.minimum(day, 27)
    opened = opened.astype("datetime64[M]").astype("datetime64[D]") + day
    last = (opened.astype("datetime64[M]") + months).astype("datetime64[D]") + day
    done = months - (last > as_of)
    last = (opened.astype("datetime64[M]") + done).astype("datetime64[D]") + day
    following = (opened.astype("datetime64[M]") + done + 1).astype("datetime64[D]") + day
    since = np.where(product == LOAN, last, np.maximum(since, opened))
    facts = {
        "product": product,
        "customer": np.arange(count) % people,
        "branch": np.array(BRANCHES)[chance.integers(0, len(BRANCHES), count)],
        "opened": opened,
        "rate": rate,
        "term": term,
        "original": original,
        "done": done,
        "last": last,
        "next": following,
        "balance": balance,
        "since": since,
    }
    return facts | {"accrued_e8": _interest_e8(facts)}


def _interest_e8(facts: dict[str, Any]) -> Any:
    """Return what has accrued since, 10⁻⁸ minor, as the core does."""
    until = np.datetime64(AS_OF)
    actual = (until - facts["since"]).astype(np.int64)
    thirty = _thirty(facts["since"], until)
    is_loan = facts["product"] == LOAN
    days = np.where(is_loan, thirty, actual)
    year = np.where(facts["product"] == TERM, 365, 360)
    # balance < 5·10⁷, rate < 5·10⁴, days < 400: the product stays below 10¹⁵ before × 100
    return facts["balance"] * facts["rate"] * days * 100 // year


def _thirty(since: Any, until: Any) -> Any:
    month = since.astype("datetime64[M]")
    day = np.minimum((since - month.astype("datetime64[D]")).astype(np.int64) + 1, 30)
    last = until.astype("datetime64[M]")
    end = min(int((until - last.astype("datetime64[D]")).astype(np.int64)) + 1, 30)
    return 30 * (last - month).astype(np.int64) + end - day


def _agreements(facts: dict[str, Any]) -> dict[str, Any]:
    count = len(facts["product"])
    is_loan = facts["product"] == LOAN
    return {
        "ACCT_NO": numbers(np.arange(count)),
        "CUST_NO": np.char.add("C", _padded(facts["customer"], 9)),
        "PROD": facts["product"],
        "BR_NO": facts["branch"],
        "CCY": np.full(count, "156"),
        "STAT": np.full(count, "A"),
        "OPEN_DT": _days(facts["opened"]),
        "CLOSE_DT": np.full(count, "", "U8"),
        "RATE": _decimal(facts["rate"], 4),
        "TERM": facts["term"].astype("U3"),
        "ORIG_AMT": _decimal(facts["original"], 2),
        "INST_NO": facts["done"].astype("U3"),
        "NEXT_DT": np.where(is_loan, _days(facts["next"]), ""),
        "LAST_DT": np.where(is_loan, _days(facts["last"]), ""),
    }


def _balances(facts: dict[str, Any]) -> dict[str, Any]:
    sign = np.where(facts["product"] == LOAN, -1, 1)
    return {
        "ACCT_NO": numbers(np.arange(len(sign))),
        "BAL": _decimal(sign * facts["balance"], 2),
        "ACCR_INT": _decimal(sign * facts["accrued_e8"], 10),
        "ACCR_DT": _days(facts["since"]),
    }


def _history(chance: Any, facts: dict[str, Any], movements: int) -> dict[str, Any]:
    """Return movements that come to the balances, as the core signs them."""
    count = len(facts["product"])
    signed = np.where(facts["product"] == LOAN, -1, 1) * facts["balance"]
    owners = np.repeat(np.arange(count), movements)
    amounts = np.repeat(signed // movements, movements)
    amounts[::movements] += signed - movements * (signed // movements)
    span = (np.datetime64(AS_OF) - facts["opened"]).astype(np.int64)
    dates = facts["opened"][owners] + chance.integers(0, 10**9, len(owners)) % (span[owners] + 1)
    return {
        "ACCT_NO": numbers(owners),
        "TXN_NO": np.char.add("T", _padded(np.arange(len(owners)), 11)),
        "TXN_DT": _days(dates),
        "AMT": _decimal(np.abs(amounts), 2),
        "DC": np.where(amounts < 0, "D", "C"),
        "MEMO": np.array(["转账", "存现", "取现"])[chance.integers(0, 3, len(owners))],
    }


def controls(book: Book) -> dict[str, Any]:
    """Return what the files come to, as they are."""
    rows = [(name, "rows", "", str(len(_first(columns)))) for name, columns in _files(book)]
    total = sum(_minor(one) for one in book.columns["balances"]["BAL"].tolist())
    rows.append(("balances", "balance", "", f"{total / 100:.2f}"))
    names = ("file", "figure", "currency", "total")
    return {name: np.array(one) for name, one in zip(names, zip(*rows, strict=True), strict=True)}


def _files(book: Book) -> list[tuple[str, dict[str, Any]]]:
    return [(name, one) for name, one in book.columns.items() if name != "controls"]


def _first(columns: dict[str, Any]) -> Any:
    return next(iter(columns.values()))


def _minor(text: str) -> int:
    whole, _, part = text.removeprefix("-").partition(".")
    if not (whole.isdecimal() and part.isdecimal()):
        return 0
    return (-1 if text.startswith("-") else 1) * (int(whole) * 100 + int(part))


def numbers(places: Any) -> Any:
    """Return account numbers."""
    return np.char.add("62", _padded(places, 14))


def _padded(values: Any, width: int) -> Any:
    return np.char.zfill(np.asarray(values).astype(f"U{width}"), width)


def _days(dates: Any) -> Any:
    return np.char.replace(np.datetime_as_string(dates.astype("datetime64[D]")), "-", "")


def _decimal(values: Any, places: int) -> Any:
    """Return whole numbers as decimals with so many places."""
    whole = np.asarray(values).astype(np.int64)
    body = np.column_stack([whole, whole >> 63]).tobytes()
    kind = pa.decimal128(38, places)
    read = pa.Array.from_buffers(kind, len(whole), [None, pa.py_buffer(body)])
    return pc.cast(read, pa.string()).to_numpy(zero_copy_only=False).astype(str)


def _joined(columns: dict[str, Any]) -> bytes:
    arrays = [pa.array(one, pa.string()) for one in columns.values()]
    lines = pc.binary_join_element_wise(*arrays, "|")
    text = "|".join(columns) + "\n" + "\n".join(lines.to_pylist()) + "\n"
    return text.encode()

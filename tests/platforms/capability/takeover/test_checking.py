"""Goal: a delivery's errors are all found, each named, and nothing else is.

Method: books made by a seed, with errors of every kind planted and told; and single files whose
form is wrong. No bank is needed: the checks are pure.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tests.platforms.capability.takeover.legacy import AS_OF, MAPPING, Book, controls, made
from yunjin.platforms.capability.api.takeover import FindingKind
from yunjin.platforms.capability.domain.takeover.checking import check
from yunjin.platforms.capability.domain.takeover.controls import check_controls
from yunjin.platforms.capability.domain.takeover.finding import KINDS, Findings, places, repeated
from yunjin.platforms.capability.domain.takeover.interest import accrued_minor, days_between
from yunjin.platforms.capability.domain.takeover.joined import Joined, Ours
from yunjin.platforms.capability.domain.takeover.mapping import read_mapping
from yunjin.platforms.capability.domain.takeover.preparing import parts, people
from yunjin.platforms.capability.errors.takeover import TakeoverMappingRefused, TakeoverNotFound
from yunjin.platforms.capability.service.takeover.delivery import Deliveries

MOST = 2**53 - 1
PRODUCTS: dict[str, tuple[str, dict[str, tuple[int, int]]]] = {
    "current-account": ("CNY", {}),
    "fixed-deposit": ("CNY", {"term": (1, 120), "rate": (0, 100_000)}),
    "instalment-loan": ("CNY", {"amount": (1, MOST), "rate": (0, 240_000), "term": (1, 480)}),
    "wallet": ("CNY", {}),
}


def checked(folder: Path, *, taken: tuple[str, ...] = ()) -> tuple[Findings, Joined]:
    """Check the delivery of a folder."""
    deliveries = Deliveries(str(folder.parent))
    _, mapping = deliveries.mapping(folder.name)
    sheets = deliveries.sheets(folder.name, mapping)
    controls = sheets.pop("controls", None)
    found = Findings(mapping.policy)
    ours = Ours(PRODUCTS, pa.array(taken, pa.string()))
    joined = check(mapping, sheets, ours, found)
    if controls is not None:
        check_controls(controls, sheets, joined, found)
    return found, joined


def told(found: Findings) -> set[tuple[str, str, int]]:
    """Return what was found, as it is planted."""
    rows = found.table().to_pylist()
    assert len({(row["kind"], row["file"], row["row"]) for row in rows}) == len(rows)
    return {(KINDS[row["kind"]].value, row["file"], row["row"]) for row in rows}


def written(folder: Path, count: int = 40, **more: Any) -> Book:
    book = made(folder / "one", count, **more)
    book.write()
    return book


def test_a_book_without_an_error_has_no_finding(tmp_path: Path) -> None:
    book = written(tmp_path, 500)
    found, joined = checked(book.folder)
    assert told(found) == set()
    assert joined.good.all()


@pytest.mark.parametrize("seed", [7, 8])
def test_every_planted_error_is_found_and_nothing_else(tmp_path: Path, seed: int) -> None:
    book = written(tmp_path, 1_500, seed=seed, errors=3)
    found, joined = checked(book.folder)
    assert told(found) == book.planted
    kinds = {kind for kind, _, _ in book.planted}
    assert kinds >= {one.value for one in FindingKind} - {"control", "taken_over"}
    refused = [row for kind, file, row in book.planted if file == "agreements.txt"]
    kept = [kind for kind, file, _ in book.planted if kind == "interest"]
    lost_balances = [
        row for kind, file, row in book.planted if (kind, file) == ("form", "balances.txt")
    ]
    assert len(joined.good) - joined.good.sum() == len(refused) - len(kept) + len(lost_balances)


@pytest.mark.slow
def test_a_book_of_100_000_customers_gives_up_all_its_errors(tmp_path: Path) -> None:
    book = written(tmp_path, 125_000, errors=25)
    assert len(book.columns["customers"]["CUST_NO"]) >= 100_000
    found, _ = checked(book.folder)
    assert told(found) == book.planted


def test_a_wrong_control_total_refuses_the_whole(tmp_path: Path) -> None:
    book = written(tmp_path)
    book.columns["controls"]["total"] = book.columns["controls"]["total"].astype("U24")
    book.columns["controls"]["total"][-1] += "1"
    book.write()
    found, _ = checked(book.folder)
    assert told(found) == {("control", "controls.txt", 5)}
    assert found.whole == 1


def test_what_is_ours_already_is_not_brought_over_again(tmp_path: Path) -> None:
    book = written(tmp_path)
    found, joined = checked(book.folder, taken=("6200000000000003",))
    assert told(found) == {("taken_over", "agreements.txt", 4)}
    assert not joined.good[3]


def test_a_torn_line_is_named_by_its_row(tmp_path: Path) -> None:
    book = written(tmp_path)
    path = book.folder / "history.txt"
    lines = path.read_bytes().split(b"\n")
    lines.insert(3, b"6200000000000001|short")
    path.write_bytes(b"\n".join(lines))
    found, _ = checked(book.folder)
    assert ("form", "history.txt", 3) in told(found)
    assert ("control", "controls.txt", 4) in told(found)  # one line more than it should have


def test_a_file_of_another_encoding_is_refused_whole(tmp_path: Path) -> None:
    book = written(tmp_path)
    path = book.folder / "customers.txt"
    path.write_bytes(path.read_bytes() + b"C1|1|\xff\xff|10||13800000000|20000101\n")
    found, _ = checked(book.folder)
    assert ("form", "customers.txt", 0) in told(found)
    assert found.whole


def test_a_delivery_in_parquet_reads_the_same(tmp_path: Path) -> None:
    book = written(tmp_path, 200, errors=2)
    text = (book.folder / "mapping.toml").read_text()
    for name in ("balances", "history"):
        table = pa.table(
            {key: pa.array(one, pa.string()) for key, one in book.columns[name].items()}
        )
        parquet.write_table(table, book.folder / f"{name}.parquet")
        text = text.replace(
            f'file = "{name}.txt"', f'file = "{name}.parquet"\nform = {{ format = "parquet" }}'
        )
    text = text.replace("complete = true", "")
    (book.folder / "mapping.toml").write_text(text)
    found, _ = checked(book.folder)
    # the days of these are written with dashes, which is what a column of dates would say
    assert ("form", "balances.parquet", next(iter(_rows(book, "form", "balances.txt")))) in told(
        found
    )


def _rows(book: Book, kind: str, file: str) -> set[int]:
    return {row for one, name, row in book.planted if (one, name) == (kind, file)}


def test_parts_hold_every_good_agreement_once_with_its_movements(tmp_path: Path) -> None:
    book = written(tmp_path, 300)
    _, joined = checked(book.folder)
    _, mapping = Deliveries(str(tmp_path)).mapping("one")
    made_parts = list(parts(joined, mapping))
    keys = [key for part in made_parts for key in part.agreements["key"].to_pylist()]
    assert sorted(keys) == sorted(book.columns["agreements"]["ACCT_NO"].tolist())
    assert sum(one.num_rows for part in made_parts for one in part.movements) == 600
    for part in made_parts:
        for one in part.movements:
            sums = dict.fromkeys(range(part.agreements.num_rows), 0)
            for row in one.to_pylist():
                sums[row["place"]] += row["amount_minor"]
            sign = -1 if part.old_product == "LN03" else 1
            wanted = part.agreements["balance.main"].to_pylist()
            assert [sign * total for total in sums.values()] == wanted
    crowd = [key for one in people(joined, mapping) for key in one.customers["key"].to_pylist()]
    assert set(crowd) == set(book.columns["customers"]["CUST_NO"].tolist())


@pytest.mark.parametrize(
    ("was", "now", "where"),
    [
        ('name = "legacy"', 'name = ""', "name"),
        ('cell = "branch"', 'cell = "region"', "cell"),
        ('key = "ACCT_NO"\nbalance', "balance", "balances.columns.key"),
        ('encoding = "gb18030"', 'encoding = "klingon"', "customers.form.encoding"),
        ('file = "balances.txt"', 'file = "../balances.txt"', "balances.file"),
        ('rate = "percent"\n', "", "agreements.units.rate"),
        ('accruals = { interest = "accrued" }\ninterest', "interest", ""),
        (
            'terms = { term = "term", rate',
            'terms = { term = "opened", rate',
            "products.TD12.terms.term",
        ),
    ],
)
def test_a_mapping_that_is_wrong_says_where(was: str, now: str, where: str) -> None:
    text = MAPPING.format(control="whole")
    assert was in text
    changed = text.replace(was, now, 1)
    if not where:
        read_mapping(changed)
        return
    with pytest.raises(TakeoverMappingRefused) as refusal:
        read_mapping(changed)
    assert refusal.value.facts["where"] == where


def test_the_runbook_shows_a_mapping_that_is_read() -> None:
    page = Path(__file__).parents[4] / "docs" / "how-to" / "takeover.md"
    block = page.read_text().split("```toml\n")[1].split("```")[0]
    mapping = read_mapping(block)
    assert set(mapping.products) == {"SA01", "LN03"}
    assert mapping.policy.act(FindingKind.INTEREST) == "line"


def test_a_key_the_mapping_does_not_know_is_refused() -> None:
    with pytest.raises(TakeoverMappingRefused, match="unknown field"):
        read_mapping(MAPPING.format(control="whole") + "\n[extra]\nx = 1\n")


def test_nothing_outside_of_the_folder_of_deliveries_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "mapping.toml").write_text(MAPPING.format(control="whole"))
    (tmp_path / "in").mkdir()
    for source in ("../secret", "/etc", "", "."):
        with pytest.raises(TakeoverNotFound):
            Deliveries(str(tmp_path / "in")).mapping(source)
    with pytest.raises(TakeoverNotFound, match="takeover_folder"):
        Deliveries("").mapping("one")


def test_places_are_those_of_the_first_of_equal_keys() -> None:
    among = pa.array(["b", "a", "b", "c"])
    assert places(pa.array(["c", "b", "x", None, "a"]), among).tolist() == [3, 0, -1, -1, 1]
    assert repeated(pa.array(["a", "bb", "a", None, None, "bb"])).tolist() == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]


def test_interest_recomputes_by_three_conventions() -> None:
    since = np.array(["2026-01-31", "2026-02-01", "NaT"], "datetime64[D]")
    until = np.datetime64(AS_OF)
    assert days_between(since, until, "ACT_360").tolist() == [44, 43, 0]
    assert days_between(since, until, "THIRTY_E_360").tolist() == [46, 45, 0]
    amounts = np.array([1_000_000_000_000_000, -36_000, 7])
    rates = np.array([36_000, 10_000, 10_000])
    found = accrued_minor(amounts, rates, since, until, "ACT_360")
    assert found.tolist() == [4_400_000_000_000, -43, 0]
    assert dt.date(2026, 3, 16) == AS_OF


def test_what_is_closed_with_nothing_on_it_is_neither_refused_nor_brought(tmp_path: Path) -> None:
    book = written(tmp_path)
    book.columns["agreements"]["CLOSE_DT"][3] = "20260301"
    for name, value in (("BAL", "0.00"), ("ACCR_INT", "0")):
        book.columns["balances"][name][3] = value
    book.columns["history"]["AMT"][6:8] = "0.00"
    book.columns["controls"] = controls(book)
    book.write()
    found, joined = checked(book.folder)
    assert told(found) == set()
    assert (joined.good[3], joined.over[3]) == (False, True)
    assert joined.good.sum() == 39

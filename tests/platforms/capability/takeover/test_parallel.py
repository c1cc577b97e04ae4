"""Goal: an evening of the old core beside ours; every difference is found and has its cause.

Method: the evening is what we say of ourselves, in the old core's form, with differences put in.
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.platforms.capability.takeover.conftest import FIRST_DAY, NewHome
from yunjin.foundation.banking.api.agreements import AgreementQuery
from yunjin.platforms.capability.api.takeover import Cause, Run
from yunjin.platforms.capability.domain.takeover import differing
from yunjin.platforms.capability.domain.takeover.differing import CAUSES, E8, Inputs
from yunjin.platforms.capability.domain.takeover.interest import accrued_minor
from yunjin.platforms.capability.domain.takeover.mapping import Interest
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound, TakeoverRefused

ON_SQLITE = pytest.mark.parametrize("database_url", [""])


class Evening:
    """The old core's files of an evening, made of our own figures."""

    def __init__(self, home: NewHome, run: Run) -> None:
        self.lines: dict[str, list[str]] = {}
        for cell in home.takeover.cells(run.run_id):
            files = home.takeover.delta(run.run_id, cell.cell).files
            self.head, *rows = files["balances.txt"].decode("gb18030").splitlines()
            self.lines |= {row.split("|")[0]: row.split("|") for row in rows}
        self.movements: list[str] = []

    def add(self, key: str, column: int, more: str) -> None:
        """Add to a figure: 1 the balance, 2 what accrued."""
        row = self.lines[key]
        row[column] = str(Decimal(row[column]) + Decimal(more))

    def move(self, key: str, date: str, amount: str) -> None:
        side = "D" if amount.startswith("-") else "C"
        plain = amount.removeprefix("-")
        self.movements.append(f"{key}|E{len(self.movements)}|{date}|{plain}|{side}|")

    def write(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        rows = ["|".join(row) for row in self.lines.values()]
        (folder / "balances.txt").write_text("\n".join([self.head, *rows]) + "\n")
        head = "ACCT_NO|TXN_NO|TXN_DT|AMT|DC|MEMO"
        (folder / "history.txt").write_text("\n".join([head, *self.movements]) + "\n")


def accounts(home: NewHome, count: int) -> list[tuple[int, str]]:
    """Return current accounts, with their ids in the old core."""
    query = AgreementQuery(product="current-account", limit=count)
    ids = [one.agreement_id for one in home.agreements.find(query).items]
    return [(one, home.takeover.origin(one).key) for one in ids]


@ON_SQLITE
def test_each_difference_of_an_evening_has_its_cause(home: NewHome) -> None:
    run = home.checked(100)
    home.lived(run)
    same, ours_only, late, theirs_only, residue, strange = accounts(home, 6)
    home.pay(same[0], 10_000)
    home.pay(ours_only[0], 500)
    home.pay(late[0], 300)
    home.close_day()
    evening = Evening(home, run)
    evening.move(same[1], "20260317", "100.00")
    evening.add(ours_only[1], 1, "-5.00")
    evening.add(late[1], 1, "-3.00")
    evening.move(late[1], "20260318", "3.00")
    evening.add(theirs_only[1], 1, "-2.00")
    evening.move(theirs_only[1], "20260317", "-2.00")
    evening.add(residue[1], 2, "0.003")
    evening.add(strange[1], 2, "7")
    lost, _ = evening.lines.popitem()
    evening.lines["6299999999999999"] = ["6299999999999999", "1.00", "0.0000000000", ""]
    evening.write(home.folder / "evening")
    found = home.takeover.compare(home.id(), run.run_id, "evening", FIRST_DAY)
    items = home.takeover.differences(run.run_id, FIRST_DAY, limit=200).items
    causes = {(one.key, one.figure): one.cause for one in items}
    assert causes == {
        (ours_only[1], "balance"): Cause.MISSING_INPUT,
        (late[1], "balance"): Cause.CUT_OFF,
        (theirs_only[1], "balance"): Cause.MISSING_INPUT,
        (residue[1], "accrued"): Cause.RESIDUE,
        (strange[1], "accrued"): Cause.UNKNOWN,
        (lost, "balance"): Cause.ABSENT,
        ("6299999999999999", "balance"): Cause.ABSENT,
    }
    assert {one.key for one in items if not one.is_beyond} == {residue[1]}
    assert (found.differences, found.beyond) == (7, 6)
    assert found.causes == {
        "absent": 2,
        "cut_off": 1,
        "missing_input": 2,
        "residue": 1,
        "unknown": 1,
    }
    assert home.takeover.compared(run.run_id) == [found]


@ON_SQLITE
def test_an_evening_sent_again_takes_the_place_of_the_first(home: NewHome) -> None:
    run = home.checked(40)
    home.lived(run)
    home.close_day()
    evening = Evening(home, run)
    evening.write(home.folder / "evening")
    first = home.takeover.compare(home.id(), run.run_id, "evening", FIRST_DAY)
    assert first.differences == 0
    [(_, key)] = accounts(home, 1)
    evening.add(key, 1, "0.01")
    evening.write(home.folder / "evening")
    home.takeover.compare(home.id(), run.run_id, "evening", FIRST_DAY)
    [kept] = home.takeover.compared(run.run_id)
    assert kept.causes == {"residue": 1}


@ON_SQLITE
def test_only_the_day_that_was_closed_last_can_be_compared(home: NewHome) -> None:
    run = home.checked(40)
    home.lived(run)
    with pytest.raises(TakeoverRefused):
        home.takeover.compare(home.id(), run.run_id, "one", FIRST_DAY)
    with pytest.raises(TakeoverNotFound):
        home.takeover.compare(home.id(), home.id(), "one", FIRST_DAY)
    with pytest.raises(TakeoverNotFound):
        home.takeover.differences(run.run_id, dt.date(2026, 3, 17))


def test_another_day_count_explains_both_accruals() -> None:
    since = np.array(["2026-01-31", "2026-01-31"], "datetime64[D]")
    until, amount = np.datetime64("2026-03-17"), np.array([10_000_000, 10_000_000])
    rate = np.array([48_000, 48_000])
    theirs = accrued_minor(amount, rate, since, until, "THIRTY_E_360") * E8
    ours = accrued_minor(amount, rate, since, until, "ACT_365F") * E8 + np.array([0, 9 * E8])
    rule = Interest(rate="rate", days="THIRTY_E_360")
    causes = differing.of_accruals(theirs, ours, rule, (amount, rate, since, until))
    assert [CAUSES[one] for one in causes] == [Cause.DAY_COUNT, Cause.UNKNOWN]


def test_a_balance_that_nothing_explains_is_unknown() -> None:
    nothing = np.zeros(2, np.int64)
    inputs = Inputs(nothing, np.array([0, 70]), nothing, nothing)
    causes = differing.of_balances(np.array([100, 100]), np.array([150, 150]), inputs)
    assert [CAUSES[one] for one in causes] == [Cause.UNKNOWN, Cause.UNKNOWN]

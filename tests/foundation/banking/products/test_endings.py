"""Goal: what ends, is called off, or is told, is so as the contract says.

Method: worked cases: a deposit of the 31st through short months, a notice that is called off, a
credit line closed with a fee still growing, a notice to a customer on its way out of the bank.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables
from tests.foundation.banking.bank import FIRST_DAY, open_bank
from yunjin.foundation.banking.api.agreements import Action
from yunjin.foundation.banking.domain.products.presets.fixed_deposit import FixedDeposit
from yunjin.foundation.banking.domain.products.presets.notice_deposit import NoticeDeposit
from yunjin.foundation.banking.domain.products.simulation import Change, Entry, simulate
from yunjin.foundation.banking.errors import AgreementNotEmpty
from yunjin.kernel.ids import uuid7


def test_a_deposit_of_the_31st_matures_on_the_31st_again_after_a_short_month() -> None:
    start: Any = np.datetime64("2026-01-31")
    money = Entry(date=start, amount_minor=1_000_000)
    terms = [{"term": 1, "rate": 20_000, "renewal": 1}]
    found = simulate(FixedDeposit(), terms, start=start, end="2026-06-01", events=[money])
    matured = [str(date) for date, _, code in found.notices if code == "deposit-matured"]
    assert matured == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_a_notice_that_is_called_off_costs_the_interest_of_its_days() -> None:
    start: Any = np.datetime64("2026-01-05")

    def accrued(*notices: tuple[int, int]) -> int:
        events: list[Entry | Change] = [Entry(date=start, amount_minor=36_000_000)]
        events += [
            Change(date=start + day, parameter="notice", value=value) for day, value in notices
        ]
        terms = [{"days": 7, "rate": 10_000}]  # 36,000,000 at 1 % are 1,000 a day
        found = simulate(NoticeDeposit(), terms, start=start, end=start + 60, events=events)
        return int(found.accrued_e8["interest"][-1, 0]) // 10**8

    assert accrued() == 60_000
    assert accrued((10, 18_000_000)) == 60_000  # still to be taken out
    assert accrued((10, 18_000_000), (13, 0)) == 60_000 - 3 * 500
    assert accrued((10, 18_000_000), (40, 0)) == 60_000 - 7 * 500
    assert accrued((10, 18_000_000), (40, 36_000_000), (41, 0)) == 60_000 - 7 * 500 - 1_000


def test_a_credit_line_is_closed_with_the_fee_for_what_was_not_drawn(tmp_path: Path) -> None:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        (line,) = bank.open("credit-line", limit=100_000_000, rate=36_000, undrawn_fee=3_600)
        bank.days.close(FIRST_DAY + dt.timedelta(days=2))  # three evenings of 1,000
        fee = round(bank.agreements.agreement(line).accrued_e8["fee"] / 10**8)
        assert fee == 3_000
        bank.post(bank.entry(line, fee))
        closed = bank.agreements.close(uuid7(bank.clock), line)
        assert (closed.status, set(closed.balances.values())) == ("closed", {0})
        bank.days.close()
        check_proven(bank)
        check(bank)


def test_a_close_that_is_refused_tells_the_amounts_in_its_way(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (one,) = bank.open("wallet")
        bank.post(bank.entry(one, 1_000))
        bank.post(bank.entry(one, 300, action=Action.HOLD))
        with pytest.raises(AgreementNotEmpty, match=r"main 10\.00, hold 3\.00 CNY") as refusal:
            bank.agreements.close(uuid7(bank.clock), one)
        assert refusal.value.facts == {"left": {"main": 1_000, "hold": 300}, "currency": "CNY"}
        (loan,) = bank.open("instalment-loan", amount=300_000, rate=120_000, term=3)
        bank.days.close()
        with pytest.raises(AgreementNotEmpty) as refusal:
            bank.agreements.close(uuid7(bank.clock), loan)
        left = refusal.value.facts["left"]
        assert sum(left.values()) == 300_000 + left["interest"]
        assert left["interest"] == 100  # a day of 12 % a year, of 360 days
        check(bank)


def test_what_a_product_tells_a_customer_leaves_the_bank_as_an_event(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (first, second) = bank.open("fixed-deposit", 2, term=1, rate=20_000)
        bank.post(bank.entry(first, 1_000_000), bank.entry(second, 2_000_000))
        bank.days.close(dt.date(2026, 2, 4))
        outbox = sa.select(bank.room.tables.outbox)
        rows = bank.room.read(lambda connection: connection.execute(outbox).all())
    kind = "yunjin.banking.customers.noticed.v1"
    told = [row.data for row in rows if row.type == kind]
    assert [(one["code"], one["date"]) for one in told] == [("deposit-matured", "2026-02-05")]
    assert told[0]["agreement_ids"] == [str(first), str(second)]

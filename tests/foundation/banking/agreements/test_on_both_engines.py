"""Goal: a bank lives on SQLite and on MariaDB alike.

Method: one story through opening, posting, a month closed, a new version and a restart.
"""

import datetime as dt
from pathlib import Path

from tests.foundation.banking.agreements.comparing import (
    by_order,
    check,
    check_proven,
    in_tables,
    whole,
)
from tests.foundation.banking.bank import open_bank
from yunjin.foundation.banking.api.agreements import Action, AgreementQuery, StandingOrder
from yunjin.foundation.banking.service.registry import shipped
from yunjin.foundation.database import wiring as database
from yunjin.kernel.ids import uuid7


def test_a_month_is_lived_and_read_again(tmp_path: Path, database_url: str) -> None:
    tables = database.Settings(url=database_url)
    with open_bank(tmp_path, general_ledger=in_tables, database_settings=tables) as bank:
        an, bo = bank.open("current-account", 2)
        (loan,) = bank.open("instalment-loan", branch="east", amount=500_000, rate=90_000, term=6)
        hold = uuid7(bank.clock)
        bank.post(
            bank.entry(an, 900_000),
            bank.entry(an, -1_000, counter_agreement_id=loan),
            bank.entry(an, 5_000, id=hold, action=Action.HOLD),
        )
        order = StandingOrder(
            order_id=uuid7(bank.clock),
            agreement_id=an,
            counter_agreement_id=bo,
            amount_minor=100,
            first=dt.date(2026, 1, 8),
            every_months=0,
            every_days=7,
        )
        bank.agreements.order(uuid7(bank.clock), order)
        bank.days.close(dt.date(2026, 1, 20))
        source = shipped()["current-account"] + "\n# two\n"
        bank.registry.register(uuid7(bank.clock), source, agreements=[an])
        bank.post(bank.entry(an, 2_000, action=Action.CAPTURE, hold=hold))
        bank.days.close(dt.date(2026, 2, 6))
        check_proven(bank)
        check(bank)
        assert bank.agreements.agreement(bo).balances["main"] > 400
        assert [
            one.agreement_id for one in bank.agreements.find(AgreementQuery(branch="east")).items
        ] == [loan]
        before, story = whole(bank.core), by_order(bank)
    with open_bank(tmp_path, general_ledger=in_tables, database_settings=tables) as bank:
        assert whole(bank.core) == before
        assert by_order(bank) == story
        bank.days.close()
        check_proven(bank)

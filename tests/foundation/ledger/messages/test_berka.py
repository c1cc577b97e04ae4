"""Goal: six years of a real bank's standing orders, imported with their own timestamps, leave
every account with the totals that another engine computes. Method: replay in columns; DuckDB sums
the files by itself, by month arithmetic instead of replaying.
"""

from collections import Counter

import duckdb
import numpy as np

from tests.data import shared_data
from tests.foundation.ledger.messages import berka
from tests.foundation.ledger.messages.office import Office
from yunjin.foundation.ledger.api import AccountStatus, Ledger, TransferStatus
from yunjin.kernel.ids import account_id

ROWS = 8_190
SUMS = """
    with orders as (
        select column0 as id, column1 as account, column2 as bank,
               cast(column4 as decimal(12, 2)) as amount
        from read_csv('{folder}/fin_order.tsv', delim = '\t', header = false, all_varchar = true)
    ), accounts as (
        select column0 as account, cast(column2 as date) as opened
        from read_csv('{folder}/fin_account.tsv', delim = '\t', header = false, all_varchar = true)
    ), paid as (
        select account, bank, amount,
               (2018 - year(opened)) * 12 + 12 - month(opened) + 1 as times,
               (2015 - year(opened)) * 12 + 6 - month(opened) + 1 as by_june_2015
        from orders join accounts using (account)
    )
"""


def test_every_account_ends_with_the_totals_another_engine_computes(office: Office) -> None:
    folder = shared_data("berka")
    ledger, answers = office.ledger, Counter[int]()
    ledger.declare_ledgers([Ledger(ledger=berka.CZK, currency="CZK")])
    opened = ledger.open_accounts(berka.nostros(folder))["status"].to_pylist()
    count = 0
    for month in berka.months(folder):
        opened += ledger.open_accounts(month.accounts)["status"].to_pylist()
        count += month.transfers.num_rows
        for start in range(0, month.transfers.num_rows, ROWS):
            posted = ledger.post_transfers(month.transfers.slice(start, ROWS))
            answers.update(posted["status"].to_pylist())
    assert set(opened) == {AccountStatus.CREATED}
    assert answers == {TransferStatus.CREATED: 266_591}
    assert count == 266_591

    base = SUMS.format(folder=folder)
    by_account = duckdb.sql(
        base + "select cast(account as bigint), sum(amount * times) from paid group by 1 order by 1"
    ).fetchall()
    rows = ledger.accounts([account_id(1, number) for number, _ in by_account])
    assert rows.num_rows == len(by_account) == 3_758
    assert rows["debits_posted"].to_pylist() == [int(total * 100) for _, total in by_account]
    assert not np.any(rows["credits_posted"].to_numpy())

    by_bank = dict(
        duckdb.sql(base + "select bank, sum(amount * times) from paid group by 1").fetchall()
    )
    banks = berka.bank_ids(folder)
    assert banks.keys() == by_bank.keys()
    rows = ledger.accounts(list(banks.values()))
    assert rows["credits_posted"].to_pylist() == [int(by_bank[bank] * 100) for bank in banks]

    june = duckdb.sql(
        base + "select sum(amount * by_june_2015) from paid where account = '2'"
    ).fetchall()[0][0]
    end_of_june = int(np.datetime64("2015-07-01", "ns").astype(np.int64)) - 1
    then = ledger.balance_at(account_id(1, 2), end_of_june)
    assert then["debits_posted"].to_pylist() == [int(june * 100)]

    [line] = ledger.trial_balance()
    assert line.difference_minor == 0
    assert line.account_count == 4_500 + len(banks)
    assert ledger.verify().is_sound


def test_replaying_the_last_month_again_moves_nothing(office: Office) -> None:
    folder = shared_data("berka")
    office.ledger.declare_ledgers([Ledger(ledger=berka.CZK, currency="CZK")])
    office.ledger.open_accounts(berka.nostros(folder))
    months = list(berka.months(folder))[:12]
    for month in months:
        office.ledger.open_accounts(month.accounts)
        office.ledger.post_transfers(month.transfers)
    before = office.totals()
    for month in months:
        again = office.ledger.post_transfers(month.transfers)
        assert set(again["status"].to_pylist()) == {TransferStatus.EXISTS}
        assert again["timestamp"].equals(month.transfers["timestamp"])
    assert office.totals() == before

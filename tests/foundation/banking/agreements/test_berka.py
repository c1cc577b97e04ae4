"""Goal: a real bank's real loans open, run to their term and settle, to the heller.

Method: the 682 loans of Berka's Czech bank (PKDD'99), free of interest there, as agreements of a
product that is registered for its currency. Every loan is paid as its status says: B and D are the
ones whose borrowers stopped. What is owed each New Year's Eve, and all sums, DuckDB makes apart.
The years are moved on by 12, so that leap years stay and the five-tier classes are in force.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from tests.data import shared_data
from tests.foundation.banking.bank import Bank, open_bank
from yunjin.foundation.banking.api.agreements import Agreement, EntryStatus, Opening
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.registry import shipped
from yunjin.foundation.ledger.api import Ledger
from yunjin.kernel.ids import uuid7

YEARS_ON = 12
CZK = 203  # its number in ISO 4217, and the ledger's
ONE_DAY = dt.timedelta(days=1)
LATE_UNTIL = dt.timedelta(days=10)  # after the last due date; then what is missing is recovered
CLASSES = ((360, 5), (270, 4), (90, 3), (0, 2), (-1, 1))  # more days than this: the class
LOANS = """
    select loan_id, account_id, opened + interval {years} year as opened, months,
        round(amount * 100)::bigint as amount, round(payment * 100)::bigint as payment, status,
        case when status in ('B', 'D') then least(months, 1 + loan_id % 13) else 0 end as missed
    from read_csv('{file}', header = false, delim = '\\t', columns = {{
        'loan_id': 'bigint', 'account_id': 'bigint', 'opened': 'date', 'amount': 'decimal(12, 2)',
        'months': 'int', 'payment': 'decimal(12, 2)', 'status': 'varchar'}})
"""


@dataclass(frozen=True)
class Loan:
    """A loan of the data set; minor units. missed: its last payments that did not come in time."""

    loan_id: int
    account_id: int
    opened: dt.date
    months: int
    amount: int
    payment: int
    status: str
    missed: int

    def due(self, number: int) -> dt.date:
        """Return when payment `number`, from 1 on, falls due."""
        month = self.opened.year * 12 + self.opened.month - 1 + number
        first = dt.date(month // 12, month % 12 + 1, 1)
        last = (first + 31 * ONE_DAY).replace(day=1) - ONE_DAY
        return first.replace(day=min(self.opened.day, last.day))

    @property
    def ends(self) -> dt.date:
        return self.due(self.months)


@pytest.fixture
def tables() -> duckdb.DuckDBPyConnection:
    """Return the loans as a table, apart from all that is ours."""
    file = shared_data("berka") / "fin_loan.tsv"
    made = duckdb.connect()
    made.execute(f"create table loans as {LOANS.format(file=file, years=YEARS_ON)}")
    return made


def loans_of(tables: duckdb.DuckDBPyConnection) -> list[Loan]:
    rows = tables.execute("select * replace (opened::date as opened) from loans order by opened, 1")
    return [Loan(*row) for row in rows.fetchall()]


def owed_on(tables: duckdb.DuckDBPyConnection, date: dt.date) -> int:
    """Return what all borrowers owe on the evening of a date."""
    found = tables.execute(
        """
        with paid as (
            select amount, payment, opened, unnest(range(1, months + 1)) as number, months, missed
            from loans where opened <= $date
        ), late as (
            select *, opened + to_months(number::int) as due,
                opened + to_months(months) + interval 10 day as last from paid
        )
        select (select coalesce(sum(amount), 0) from loans where opened <= $date)
            - coalesce(sum(payment) filter (
                case when number > months - missed then last else due end <= $date), 0)
        from late
        """,
        {"date": date},
    ).fetchone()
    assert found is not None
    return int(found[0])


def czech_loan() -> str:
    """Return the shipped loan's file with a code and a currency of its own."""
    source = shipped()["instalment-loan"]
    return source.replace(
        'code = "instalment-loan"\n', 'code = "czech-loan"\n    currency = "CZK"\n'
    )


class Branch:
    """The Czech bank's loans, day by day."""

    def __init__(self, bank: Bank, loans: list[Loan]) -> None:
        self.bank, self.loans = bank, loans
        self.ids: dict[int, int] = {}
        self.wakes: dict[dt.date, list[tuple[str, Loan]]] = {}
        self.classes: list[int] = []
        for one in loans:
            self._at(one.opened, "open", one)
            for number in range(1, one.months - one.missed + 1):
                self._at(one.due(number), "pay", one)
            if one.missed:
                self._at(one.ends + LATE_UNTIL, "recover", one)
            self._at(one.ends + LATE_UNTIL, "close", one)

    def _at(self, day: dt.date, word: str, loan: Loan) -> None:
        self.wakes.setdefault(day, []).append((word, loan))

    def run(self) -> None:
        """Open, collect and close until the last loan is closed."""
        for day, after in pairwise([*sorted(self.wakes), max(self.wakes) + ONE_DAY]):
            todo: defaultdict[str, list[Loan]] = defaultdict(list)
            for word, loan in self.wakes[day]:
                todo[word].append(loan)
            assert self.bank.days.business_date() == day
            self._open(todo["open"])
            for loan in todo["recover"]:
                self._expect_overdue(loan)
            self._pay([(one, one.payment) for one in todo["pay"]])
            self._pay([(one, one.payment * one.missed) for one in todo["recover"]])
            for loan in todo["close"]:
                self._close(loan)
            self.bank.days.close(after - ONE_DAY)

    def _open(self, loans: list[Loan]) -> None:
        if loans:
            wanted = [
                Opening(
                    product="czech-loan",
                    party_id=f"account-{one.account_id}",
                    terms={"amount": one.amount, "rate": 0, "term": one.months},
                )
                for one in loans
            ]
            made = self.bank.agreements.open(uuid7(self.bank.clock), wanted)
            self.ids |= {one.loan_id: made[at] for at, one in enumerate(loans)}

    def _pay(self, payments: list[tuple[Loan, int]]) -> None:
        if payments:
            entries = [self.bank.entry(self.ids[one.loan_id], minor) for one, minor in payments]
            assert {one["status"] for one in self.bank.post(*entries)} == {EntryStatus.BOOKED}

    def _state(self, loan: Loan) -> Agreement:
        return self.bank.agreements.agreement(self.ids[loan.loan_id])

    def _expect_overdue(self, loan: Loan) -> None:
        """Hold days overdue and class, as of the last evening, against the dates."""
        state, yesterday = self._state(loan), self.bank.days.business_date() - ONE_DAY
        overdue = (yesterday - loan.due(loan.months - loan.missed + 1)).days
        expected = next(risk for days, risk in CLASSES if overdue > days)
        assert (state.days_overdue, state.risk_class) == (overdue, expected)
        assert state.balances["due_principal"] == loan.payment * loan.missed
        self.classes.append(state.risk_class)

    def _close(self, loan: Loan) -> None:
        """Hold a loan at its end to having nothing left, and close it."""
        state = self._state(loan)
        assert not any((*state.balances.values(), *state.accrued_e8.values()))
        assert state.fields["number"] == loan.months
        assert state.fields["drawn"] == loan.amount == loan.payment * loan.months
        closed = self.bank.agreements.close(uuid7(self.bank.clock), self.ids[loan.loan_id])
        assert closed.status == "closed"


def expect_all_settled(home: Path, tables: duckdb.DuckDBPyConnection, loans: list[Loan]) -> Branch:
    """Run loans to their term in a bank of their own, and hold its books against the table."""
    with open_bank(home, first_day=min(one.opened for one in loans)) as bank:
        bank.ledger.declare_ledgers([Ledger(ledger=CZK, currency="CZK")])
        made = bank.registry.register(uuid7(bank.clock), czech_loan())
        assert (made.code, made.version) == ("czech-loan", 1)
        branch = Branch(bank, loans)
        branch.run()
        moved = [one for booked in bank.general_ledger.booked.values() for one in booked]
        assert {one.currency for one in moved} == {"CZK"}
        assert not {one.slot for one in moved} & {Slot.INTEREST_INCOME, Slot.PENALTY_INCOME}
        cash = [one for one in moved if one.slot == Slot.CLEARING]
        total = sum(one.amount for one in loans)
        assert sum(one.credit_minor for one in cash) == total
        assert sum(one.debit_minor for one in cash) == total
        assert not any(bank.core.slot_balances().values())
        for year in sorted({day.year for day in branch.wakes})[:-1]:
            eve = dt.date(year, 12, 31)
            proof = bank.days.day(eve).proof
            assert not any(line.difference_minor for line in proof)
            lent = [line for line in proof if line.slot in ("LOANS", "LOANS_OVERDUE")]
            assert sum(line.subledger_minor for line in lent) == owed_on(tables, eve)
        return branch


def test_forty_loans_of_a_year_run_to_their_term(
    tmp_path: Path, tables: duckdb.DuckDBPyConnection
) -> None:
    tables.execute(
        """
        create or replace table loans as
        select * replace (make_date(2025, 7, day(opened)::int) as opened)
        from loans where months = 12 order by status in ('A', 'C'), loan_id limit 40
        """
    )
    loans = loans_of(tables)
    assert len(loans) == 40
    assert sum(one.missed > 0 for one in loans) == 11
    branch = expect_all_settled(tmp_path, tables, loans)
    assert set(branch.classes) == {2, 3, 4}


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_all_682_loans_run_to_their_term_and_settle(
    tmp_path: Path, tables: duckdb.DuckDBPyConnection
) -> None:
    loans = loans_of(tables)
    facts = tables.execute("select count(*), sum(amount), sum(months * payment) from loans")
    assert facts.fetchone() == (682, 1_032_617_400, 1_032_617_400)
    branch = expect_all_settled(tmp_path, tables, loans)
    assert len(branch.classes) == 31 + 45
    assert set(branch.classes) == {2, 3, 4, 5}

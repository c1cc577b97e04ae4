"""Goal: what changed in an agreement's terms is on record, and papers of a past date go by it.

Method: a real bank; what a paper says of a past date is what it said on that date.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.foundation.banking.bank import Bank, open_bank
from tests.foundation.banking.statements.test_loans import AMOUNT, RATE, TERM, bank_of
from yunjin.foundation.banking.api.agreements import Cause, EntryStatus
from yunjin.foundation.banking.api.registry import TermsChange
from yunjin.foundation.banking.api.statements import LoanSchedule
from yunjin.foundation.banking.errors import AgreementNotFound, NoSchedule
from yunjin.foundation.banking.routes import agreements
from yunjin.foundation.banking.service.registry import shipped
from yunjin.foundation.database import wiring as database
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7

FIRST = dt.date(2026, 1, 5)


def told(bank: Bank, agreement_id: int) -> list[tuple[str, str, str, int | None, int | None]]:
    """Return what is on record."""
    return [
        (str(one.date), one.cause.value, one.parameter, one.old, one.new)
        for one in bank.agreements.term_changes(agreement_id)
    ]


def test_who_gave_an_agreement_its_own_terms_is_on_record(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        one, other = bank.open("current-account", 2)
        bank.days.close(dt.date(2026, 1, 8))
        command = uuid7(bank.clock)
        terms = {"overdraft_limit": 90_000, "overdraft_rate": 150_000}  # the second as it was
        for _ in range(2):  # sent again, it is no other change
            bank.agreements.change(command, one, terms, by="li.wei")
        assert told(bank, one) == [("2026-01-09", "agreement", "overdraft_limit", 0, 90_000)]
        [change] = bank.agreements.term_changes(one)
        assert (change.by, change.command_id) == ("li.wei", command)
        assert told(bank, other) == []
        with pytest.raises(AgreementNotFound):
            bank.agreements.term_changes(7)
        with pytest.raises(Malformed, match="at most 64 characters"):
            bank.agreements.change(uuid7(bank.clock), one, terms, by="x" * 65)


def test_a_products_new_rate_is_on_record_of_those_it_reached(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        usual, own = bank.open("current-account", 2)
        bank.agreements.change(uuid7(bank.clock), own, {"overdraft_rate": 100_000})
        for rate, since in ((180_000, dt.date(2026, 1, 8)), (120_000, dt.date(2026, 1, 10))):
            change = TermsChange(
                product="current-account", parameter="overdraft_rate", value=rate, since=since
            )
            bank.registry.set_terms(uuid7(bank.clock), change)
        bank.days.close(dt.date(2026, 1, 12))
        (late,) = bank.open("current-account")
        assert told(bank, usual) == [
            ("2026-01-08", "product", "overdraft_rate", 150_000, 180_000),
            ("2026-01-10", "product", "overdraft_rate", 180_000, 120_000),
        ]
        assert told(bank, own) == [("2026-01-05", "agreement", "overdraft_rate", 150_000, 100_000)]
        assert told(bank, late) == []


def test_a_conversion_is_on_record_with_what_came_and_what_went(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        ids = bank.open("wallet", 3)
        source = shipped()["wallet"]
        assert "payment_limit" in source
        line = next(line for line in source.splitlines() if line.startswith("    payment_limit ="))
        newer = source.replace(line, f"{line}\n    tips = Money(default=7)")
        made = bank.registry.register(uuid7(bank.clock), newer)
        bank.agreements.convert(uuid7(bank.clock), ids[:2], made.version)
        for one in ids[:2]:
            assert told(bank, one) == [
                ("2026-01-05", "version", "version", 1, made.version),
                ("2026-01-05", "version", "tips", None, 7),
            ]
        assert told(bank, ids[2]) == []


def test_the_record_is_there_after_the_bank_opens_again(tmp_path: Path, database_url: str) -> None:
    tables = database.Settings(url=database_url)
    with open_bank(tmp_path, database_settings=tables) as bank:
        ids = bank.open("current-account", 3)
        bank.agreements.change(uuid7(bank.clock), ids[0], {"overdraft_limit": 500}, by="王")
        change = TermsChange(
            product="current-account", parameter="overdraft_rate", value=90_000, since=FIRST
        )
        bank.registry.set_terms(uuid7(bank.clock), change)
        before = [bank.agreements.term_changes(one) for one in ids]
    with open_bank(tmp_path, database_settings=tables) as bank:
        assert [bank.agreements.term_changes(one) for one in ids] == before
        assert [(one.cause, one.old, one.by) for one in before[0]] == [
            (Cause.AGREEMENT, 0, "王"),
            (Cause.PRODUCT, 150_000, ""),
        ]
        assert [one.old for one in before[2]] == [150_000]


def test_papers_of_a_past_date_say_what_they_said_on_it(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        then = {}
        for date, pay, rate in (
            (dt.date(2026, 1, 20), 0, None),
            (dt.date(2026, 2, 5), 207_058, None),
            (dt.date(2026, 2, 20), 50_000, 60_000),
            (dt.date(2026, 3, 9), 100_000, None),  # late, and not all of it
            (dt.date(2026, 3, 20), 0, 90_000),
        ):
            bank.days.close(date - dt.timedelta(days=1))
            if pay:
                assert bank.post(bank.entry(loan, pay))[0]["status"] == EntryStatus.BOOKED
            if rate:
                bank.agreements.change(uuid7(bank.clock), loan, {"rate": rate})
            then[date] = papers.schedule(loan), papers.payoff(loan, date)
        bank.days.close(dt.date(2026, 4, 10))
        for date, (schedule, payoff) in then.items():
            again = papers.schedule(loan, date=date)
            assert again.date == date
            assert replace(again, issued=schedule.issued, seal=schedule.seal) == schedule
            quote = papers.payoff(loan, date)
            assert replace(quote, issued=payoff.issued, seal=payoff.seal) == payoff
        rates = papers.interest(loan, start=FIRST, end=dt.date(2026, 3, 31)).rates
        assert [(one.since, one.rate_ppm) for one in rates if one.name == "rate"] == [
            (FIRST, RATE),
            (dt.date(2026, 2, 20), 60_000),
            (dt.date(2026, 3, 20), 90_000),
        ]
        with pytest.raises(Malformed, match="expected a date from 2026-01-05"):
            papers.schedule(loan, date=dt.date(2026, 1, 4))


def test_a_loan_brought_over_to_another_version_has_its_past_still(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        then: dict[dt.date, LoanSchedule] = {}

        def go_to(date: dt.date) -> None:
            bank.days.close(date - dt.timedelta(days=1))
            then[date] = papers.schedule(loan)

        go_to(dt.date(2026, 1, 20))
        source = shipped()["instalment-loan"]
        line = next(line for line in source.splitlines() if line.startswith("    rate = "))
        newer = source.replace(line, f"{line}\n    gift = Money(level=INSTANCE, default=7)")
        made = bank.registry.register(uuid7(bank.clock), newer)
        bank.agreements.convert(uuid7(bank.clock), [loan], made.version)
        go_to(dt.date(2026, 2, 5))
        bank.post(bank.entry(loan, 207_058))
        bank.agreements.change(uuid7(bank.clock), loan, {"rate": 60_000, "gift": 8})
        go_to(dt.date(2026, 2, 20))
        go_to(dt.date(2026, 4, 1))
        for date in (dt.date(2026, 1, 20), dt.date(2026, 2, 20)):
            again = papers.schedule(loan, date=date)
            assert replace(again, issued=date, seal=then[date].seal) == then[date]


def test_a_past_that_does_not_come_out_again_is_no_guess(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        bank.days.close(dt.date(2026, 2, 10))
        bank.agreements.change(uuid7(bank.clock), loan, {"rate": 60_000})
        with bank.room.work() as work:  # as if the record had been tampered with
            work.connection.exec_driver_sql("UPDATE banking_term SET old = 50000")
        with pytest.raises(NoSchedule, match="cannot be worked out again"):
            papers.schedule(loan, date=dt.date(2026, 2, 5))


def test_the_record_is_read_over_http(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        [an] = bank.open("current-account")
        api = FastAPI()
        api.include_router(agreements.router(bank.agreements))
        command = str(uuid7(bank.clock))
        with TestClient(api) as client:
            form = {"id": command, "terms": {"overdraft_limit": 2**53 - 1}, "by": "李伟"}
            assert client.post(f"/agreements/{an}/terms", json=form).status_code == 200
            [change] = client.get(f"/agreements/{an}/terms").json()
        assert change["old"] == 0
        assert change["new"] == 2**53 - 1
        assert (change["by"], change["command_id"]) == ("李伟", command)
        assert (change["date"], change["cause"]) == ("2026-01-05", "agreement")


def test_the_cost_of_a_loan_is_that_of_the_terms_it_was_opened_with(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        (loan,) = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        disclosed = papers.cost(loan)
        bank.days.close(dt.date(2026, 1, 20))
        terms = {"rate": RATE + 60_000, "amount": AMOUNT + 500_000, "term": TERM + 6}
        bank.agreements.change(uuid7(bank.clock), loan, terms)
        now = papers.cost(loan)
        assert (now.apr_ppm, now.drawn_minor) == (disclosed.apr_ppm, AMOUNT)
        assert now.payments == disclosed.payments
        assert papers.schedule(loan).drawn_minor == AMOUNT + 500_000

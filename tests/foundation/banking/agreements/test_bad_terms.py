"""Goal: terms, dates and currencies that will not do are refused in words, and harm nobody else.

Method: the same mistakes at the door and over HTTP (the command line's are in tests/app); then what
only shows while a bank runs: a currency without a ledger, a loan too large for its own interest.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from tests.foundation.banking.routes.serving import Bank as ServedBank
from tests.foundation.banking.routes.serving import fresh, open_served
from yunjin.foundation.banking.api.agreements import EntryStatus
from yunjin.foundation.banking.api.registry import TermsChange
from yunjin.foundation.banking.errors import CurrencyNotOffered, ProductRefused
from yunjin.foundation.banking.service.registry import shipped
from yunjin.foundation.banking.wiring import Settings
from yunjin.foundation.ledger.api import Ledger
from yunjin.kernel.errors import Malformed, Refusal
from yunjin.kernel.ids import uuid7
from yunjin.kernel.money import MINOR_MAX

LOAN = {"amount": 100_000, "rate": 60_000, "term": 12}
WRONG: list[tuple[str, dict[str, int], str]] = [
    ("instalment-loan", LOAN | {"term": 0}, "expected term from 1 to 480, was 0"),
    ("instalment-loan", LOAN | {"term": 481}, "expected term from 1 to 480, was 481"),
    ("instalment-loan", LOAN | {"rate": 240_001}, "expected rate from 0 to 240000, was 240001"),
    ("instalment-loan", LOAN | {"rate": -1}, "expected rate from 0 to 240000, was -1"),
    ("instalment-loan", LOAN | {"amount": 0}, "expected amount from 1 to"),
    ("instalment-loan", LOAN | {"amount": MINOR_MAX + 1}, "expected amount from 1 to"),
    ("instalment-loan", LOAN | {"method": 5}, "expected method as a Repay, was 5"),
    ("instalment-loan", LOAN | {"every": 0}, "expected every as a Every, was 0"),
    ("instalment-loan", LOAN | {"first_due": 401}, "expected first_due from 0 to 400"),
    ("instalment-loan", LOAN | {"colour": 1}, "expected a parameter, one of amount, rate"),
    ("instalment-loan", {"amount": 1, "rate": 0}, "expected a value of term, was none"),
    ("card-instalment", {"amount": 1_000, "parts": 1}, "expected parts from 2 to 60, was 1"),
    ("credit-line", {"limit": 1, "rate": 240_001}, "expected rate from 0 to 240000"),
    ("credit-card", {"limit": 1, "statement_day": 29}, "expected statement_day from 1 to 28"),
    ("fixed-deposit", {"term": 0, "rate": 0}, "expected term from 1 to 120, was 0"),
    ("money-market", {"income": 1}, "expected income to be set for the product"),
]


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        yield bank


@pytest.fixture(scope="module")
def served_bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBank]:
    with open_served(tmp_path_factory.mktemp("bank")) as bank:
        yield bank


def test_terms_that_will_not_do_open_nothing_and_say_why(bank: Bank) -> None:
    for product, terms, reason in WRONG:
        with pytest.raises(Malformed, match=reason):
            bank.open(product, **terms)
    assert bank.core.books.count() == 0


def test_terms_that_will_not_do_are_not_changed_to(bank: Bank) -> None:
    (loan,) = bank.open("instalment-loan", **LOAN)
    for terms in ({"term": 0}, {"rate": 240_001}, {"amount": -5}, {"colour": 1}):
        with pytest.raises(Malformed):
            bank.agreements.change(uuid7(bank.clock), loan, terms)
    assert bank.agreements.agreement(loan).terms["rate"] == LOAN["rate"]
    (units,) = bank.open("money-market")
    with pytest.raises(Malformed, match="set for the product"):
        bank.agreements.change(uuid7(bank.clock), units, {"income": 1})


def test_a_product_s_terms_keep_to_their_bounds_and_to_open_days(bank: Bank) -> None:
    yesterday = FIRST_DAY - dt.timedelta(days=1)
    for parameter, value, since, reason in (
        ("penalty", 2_000_001, FIRST_DAY, "expected penalty from 1000000 to 2000000"),
        ("colour", 1, FIRST_DAY, "expected a parameter"),
        ("penalty", 1_200_000, yesterday, f"expected a day from {FIRST_DAY} on"),
    ):
        change = TermsChange(
            product="instalment-loan", parameter=parameter, value=value, since=since
        )
        with pytest.raises(Malformed, match=reason):
            bank.registry.set_terms(uuid7(bank.clock), change)
    assert bank.registry.terms() == []


@pytest.mark.parametrize(("product", "terms", "reason"), WRONG)
def test_over_http_they_are_problems_with_the_same_words(
    served_bank: ServedBank, product: str, terms: dict[str, int], reason: str
) -> None:
    body = {"product": product, "party_id": "p-1", "terms": terms}
    answer = served_bank.web.post("/v1/agreements", json=body, headers={"idempotency-key": fresh()})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    # what no JSON reader can hold exactly is refused before the product is asked
    assert reason in answer.json()["detail"] or terms.get("amount", 0) > MINOR_MAX


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/days/close", {"until": "9999-12-31"}, 422),
        ("/v1/days/close", {"until": "2026-02-30"}, 422),
        ("/v1/days/close", {"until": "tomorrow"}, 422),
        ("/v1/products", {"source": shipped()["wallet"].replace('"wallet"', '"Wal let"')}, 422),
        (
            "/v1/products",
            {"source": shipped()["credit-line"].replace("most=240_000", "most=360_001")},
            422,
        ),
    ],
)
def test_dates_and_files_that_will_not_do_are_problems(
    served_bank: ServedBank, path: str, body: dict[str, Any], status: int
) -> None:
    answer = served_bank.web.post(path, json=body, headers={"idempotency-key": fresh()})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_currency_without_a_ledger_is_refused_until_there_is_one(bank: Bank) -> None:
    source = shipped()["wallet"]
    coined = source.replace('code = "wallet"', 'code = "coined"\n    currency = "YUA"')
    with pytest.raises(ProductRefused, match="ISO 4217, was 'YUA'"):
        bank.registry.register(uuid7(bank.clock), coined)
    purse = source.replace('code = "wallet"', 'code = "purse"\n    currency = "USD"')
    bank.registry.register(uuid7(bank.clock), purse)
    with pytest.raises(CurrencyNotOffered, match="a ledger, CNY; was USD"):
        bank.open("purse")
    assert bank.days.close().status == "closed"
    bank.ledger.declare_ledgers([Ledger(ledger=840, currency="USD")])
    (dollars,), (yuan,) = bank.open("purse"), bank.open("wallet")
    (paid,) = bank.post(bank.entry(dollars, 500))
    assert paid["balance_minor"] == 500
    (crossed,) = bank.post(bank.entry(dollars, -100, counter_agreement_id=yuan))
    assert crossed["status"] == EntryStatus.CURRENCIES_DIFFER
    bank.days.close()
    check_proven(bank)


def test_a_loan_too_large_for_its_own_interest_stops_alone(bank: Bank) -> None:
    (giant,) = bank.open("instalment-loan", amount=MINOR_MAX, rate=240_000, term=480)
    (other,) = bank.open("instalment-loan", **LOAN)
    bank.days.close()
    check_proven(bank)
    check(bank)
    assert bank.agreements.agreement(giant).status == "stopped"
    assert bank.agreements.agreement(other).accrued_e8["interest"] == 1_666_666_667
    (waiting,) = bank.agreements.waiting()
    assert (waiting.agreement_id, waiting.code) == (giant, "product-failed")


def test_due_dates_beyond_the_published_holidays_keep_clear_of_weekends(bank: Bank) -> None:
    (loan,) = bank.open("instalment-loan", **(LOAN | {"term": 480, "holiday": 1, "every": 3}))
    found = bank.agreements.agreement(loan)
    assert found.due["due"] == dt.date(2027, 1, 5)
    (far,) = bank.open("instalment-loan", **(LOAN | {"holiday": 1, "first_due": 400}))
    assert bank.agreements.agreement(far).due["due"] == dt.date(2027, 2, 9)


def test_a_bank_begins_on_a_day_that_its_rules_know() -> None:
    for day in ("2023-06-30", "2200-01-01", "2026-02-30"):
        with pytest.raises(ValidationError):
            Settings(first_day=day)  # type: ignore[arg-type]
    assert Settings(first_day=dt.date(2023, 7, 1)).first_day is not None


def test_days_that_cannot_be_closed_are_refused_and_close_nothing(bank: Bank) -> None:
    for until in (FIRST_DAY - dt.timedelta(days=1), dt.date(9999, 12, 31), dt.date(1, 1, 1)):
        with pytest.raises(Refusal):
            bank.days.close(until)
    assert bank.days.business_date() == FIRST_DAY
    assert bank.days.last_closed() is None

"""Goal: a day is closed over HTTP, waited for or followed.

Method: the app's rooms on a loopback port, the flows' worker among them; a client closes days and
asks for the day's address.
"""

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.foundation.banking.routes.serving import Bank, open_served


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    with open_served(tmp_path_factory.mktemp("bank")) as one:
        account = one.opened(overdraft_limit=100_000)
        one.entered(account, -50_000)
        yield one


def test_a_close_is_answered_when_it_is_done(bank: Bank) -> None:
    answer = bank.web.post("/v1/days/close", json={})
    assert answer.status_code == 200, answer.text
    day = answer.json()
    assert (day["date"], day["status"], day["steps"]) == ("2026-01-05", "closed", [])
    (total,) = day["sums"]
    assert total["currency"] == "CNY"
    assert int(total["accrued_minor"]) > 0


def test_who_does_not_wait_is_told_where_to_look(bank: Bank) -> None:
    last = "2026-01-12"
    answer = bank.web.post("/v1/days/close", json={"until": last, "wait_s": 0})
    assert answer.status_code == 202
    place = answer.headers["location"]
    assert bank.web.get(place).json()["status"] in ("open", "closing", "opening", "closed")
    joined = bank.web.post("/v1/days/close", json={"until": last})
    assert (joined.status_code, joined.json()["date"]) == (200, last)
    assert bank.web.get(f"/v1/days/{last}").json()["status"] == "closed"
    assert bank.days.business_date().isoformat() == "2026-01-13"


def test_whose_patience_ends_between_two_days_is_answered(bank: Bank) -> None:
    first = bank.days.business_date()
    until, clock = first + dt.timedelta(days=20), bank.clock
    real = clock.monotonic_ns

    def after_a_day() -> int:
        return real() + (10**12 if bank.days.business_date() > first else 0)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(clock), "monotonic_ns", lambda _: after_a_day())
        found = bank.days.close(until, wait_s=500)
    assert found.date < until
    assert bank.days.close(until).date == until


@pytest.mark.parametrize("form", [{"until": "2026-01-01"}, {"wait_s": -1}, {"wait_s": 10**9}])
def test_what_cannot_be_closed_is_refused(bank: Bank, form: dict[str, object]) -> None:
    assert bank.web.post("/v1/days/close", json=form).status_code in (400, 422)

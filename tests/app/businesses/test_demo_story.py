"""Goal: the demo's businesses live, once. Method: the story over a bank on trial, twice."""

from typing import Any

import pytest

from yunjin.app import demo_businesses
from yunjin.app.businesses.trial import Trial
from yunjin.platforms.capability.api.businesses import BusinessesApi


@pytest.mark.parametrize(("bank", "database_url"), [("near", "")], indirect=["bank"])
def test_the_demo_s_businesses_live_once(bank: Trial) -> None:
    def door(api: type) -> Any:
        return bank[api]

    states = demo_businesses.Story(door, bank.rest).live()
    assert states == {
        "wallet": "done",
        "wallet_paid": "done",
        "wallet_over": "refused",
        "loan": "done",
        "loan_signed": "done",
        "loan_waiting": "running",
        "invoice": "done",
        "invoice_waiting": "running",
    }
    count = len(bank[BusinessesApi].cases().items)
    assert demo_businesses.Story(door, bank.rest).live() == states
    assert len(bank[BusinessesApi].cases().items) == count
    assert len(bank.tasks()) == 2

"""Banking and its ledger behind their ways in, for tests: the app's rooms over HTTP and Flight."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.chassis.transport.toy import served
from yunjin.app.bootstrap import open_bank
from yunjin.app.settings import Settings
from yunjin.chassis.transport import Guard, api_of, connect, root_of
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.chassis.transport.streams import joined
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import Clock, SystemClock
from yunjin.kernel.ids import uuid7

FIRST_DAY = "2026-01-05"


@dataclass(frozen=True)
class Bank:
    """The near doors, the way over HTTP and where Flight listens."""

    web: httpx.Client
    agreements: AgreementsApi
    days: DaysApi
    flight: str
    clock: Clock

    def opened(self, product: str = "current-account", **terms: int) -> str:
        """Open an agreement over HTTP; return its id."""
        body = {"id": fresh(), "product": product, "party_id": "p-1", "terms": terms}
        answer = self.web.post("/v1/agreements", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["agreement_id"])

    def entered(self, agreement: str, minor: int, **more: Any) -> httpx.Response:
        """Post an entry over HTTP."""
        body = {"id": fresh(), "agreement_id": agreement, "amount_minor": minor, **more}
        return self.web.post("/v1/entries", json=body)


def fresh() -> str:
    """Return a new id."""
    return str(uuid7(SystemClock()))


@contextmanager
def open_served(home: Path) -> Iterator[Bank]:
    """Open an empty bank and serve it."""
    settings = Settings(home=home, banking={"first_day": FIRST_DAY})
    with tenant.entered("demo"):
        bank = open_bank(settings)
        try:
            offers = joined(one.flight for one in bank.faces if one.flight is not None)
            flight = FlightDoor(offers, tenant="demo", port=0, clock=bank.clock)
            try:
                api = api_of(bank.faces, title="test", version="1")
                app = Guard(root_of(api, bank.faces), tenant="demo", clock=bank.clock)
                with served(app) as address, connect(address) as web:
                    at = f"grpc://127.0.0.1:{flight.port}"
                    yield Bank(web, bank.door(AgreementsApi), bank.door(DaysApi), at, bank.clock)
            finally:
                flight.close(1)
        finally:
            bank.close()

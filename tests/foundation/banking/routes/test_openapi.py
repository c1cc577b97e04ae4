"""Goal: what the OpenAPI says of banking is true, and no request is ever our fault.

Method: schemathesis sends what the document allows and what it forbids to the served app; money is
neither made nor lost by it. A few examples an address; in the slow lane many.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.foundation.banking.routes.serving import Bank, open_served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OURS = "^/v1/(agreements|tasks|days|products|entries|entry_batches|gl)"
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Yield one served bank with a few agreements for all."""
    with open_served(tmp_path_factory.mktemp("bank")) as opened:
        for _ in range(3):
            opened.entered(opened.opened(), 100_000)
        opened.opened("instalment-loan", amount=1_200_000, rate=60_000, term=12)
        yield opened


@pytest.fixture(scope="module")
def document(bank: Bank) -> Any:
    """Return the OpenAPI that the server serves, narrowed to banking's addresses."""
    whole = schemathesis.openapi.from_url(f"{bank.web.base_url}/v1/openapi.json")
    return whole.include(path_regex=OURS).exclude(path="/v1/days/close")  # ten years at a time


def send(document: Any, mode: GenerationMode, examples: int) -> int:
    """Send examples to every address and check the answers; return how many were sent."""
    sent = 0
    for found in document.get_all_operations():
        operation = found.ok()

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal sent
            sent += 1
            case.call_and_validate(checks=CHECKS)

        with contextlib.suppress(Unsatisfiable):  # an address that takes nothing to spoil
            ask()
    return sent


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_few_requests_are_answered_as_documented(document: Any, mode: GenerationMode) -> None:
    assert send(document, mode, 4) > 100


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_many_requests_are_answered_as_documented(document: Any, mode: GenerationMode) -> None:
    assert send(document, mode, 100) > 500


def test_the_books_agree_after_all_that(bank: Bank) -> None:
    assert bank.web.get("/v1/trial_balance").json()["is_balanced"]
    closed = bank.web.post("/v1/days/close", json={}).json()
    assert closed["status"] == "closed", closed
    proof = bank.web.get(f"/v1/days/{closed['date']}/proof").json()
    assert proof
    assert {one["difference_minor"] for one in proof} == {0}

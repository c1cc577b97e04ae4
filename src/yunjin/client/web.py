"""Single transfers over HTTP."""

from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from yunjin.kernel.errors import Outage, Unknown, of_document


class WebClient:
    """A connection to the ledger's JSON API, for transfers that come one by one.

    Parameters
    ----------
    deadline_s : how long to wait for a connection, and for each answer.
    """

    def __init__(self, address: str = "http://127.0.0.1:8420", *, deadline_s: int = 5) -> None:
        self._client = httpx.Client(base_url=address, timeout=deadline_s, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def transfer(
        self,
        transfer_id: UUID,
        *,
        debit_account_id: int,
        credit_account_id: int,
        amount_minor: int,
        ledger: int,
        code: int,
        **more: Any,
    ) -> dict[str, Any]:
        """Post a transfer; return its result. Sent again with the same id, it acts once.

        Raises: Refusal with the facts; Outage (nothing done); Unknown (ask `get`, or send again).
        """
        body = {
            "id": str(transfer_id),
            "debit_account_id": str(debit_account_id),
            "credit_account_id": str(credit_account_id),
            "amount_minor": amount_minor,
            "ledger": ledger,
            "code": code,
            **more,
        }
        return self._ask("POST", "/v1/transfers", body)

    def get(self, transfer_id: UUID) -> dict[str, Any]:
        """Return a transfer. Raises: Refusal (404) where there is none."""
        return self._ask("GET", f"/v1/transfers/{transfer_id}", None)

    def account(self, account_id: int) -> dict[str, Any]:
        """Return an account. Raises: Refusal (404) where there is none."""
        return self._ask("GET", f"/v1/accounts/{account_id}", None)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Outage(f"expected a ledger at {self._client.base_url}, was none") from error
        except httpx.HTTPError as error:
            raise Unknown(f"the answer was lost: {type(error).__name__}") from error
        try:
            document = answer.json()
        except ValueError:
            raise Unknown(f"expected JSON, was status {answer.status_code}") from None
        if answer.status_code >= 400:
            raise of_document(document)
        found: dict[str, Any] = document
        return found

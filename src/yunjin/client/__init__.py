"""The typed client: batches of transfers in columns over Arrow Flight, single ones over HTTP."""

from yunjin.client.codes import ACCOUNT_RESULTS, TRANSFER_RESULTS
from yunjin.client.columns import Accounts, Transfers
from yunjin.client.flight import Client, Results, connect
from yunjin.client.ids import ids, uuids
from yunjin.client.web import WebClient

__all__ = [
    "ACCOUNT_RESULTS",
    "TRANSFER_RESULTS",
    "Accounts",
    "Client",
    "Results",
    "Transfers",
    "WebClient",
    "connect",
    "ids",
    "uuids",
]

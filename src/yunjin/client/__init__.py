"""The typed client: batches of transfers and entries over Arrow Flight, single ones over HTTP."""

from yunjin.client.codes import ACCOUNT_RESULTS, ENTRY_RESULTS, TRANSFER_RESULTS, Action
from yunjin.client.columns import Accounts, Entries, Transfers
from yunjin.client.flight import Client, EntryResults, Results, connect
from yunjin.client.ids import ids, uuids
from yunjin.client.web import WebClient

__all__ = [
    "ACCOUNT_RESULTS",
    "ENTRY_RESULTS",
    "TRANSFER_RESULTS",
    "Accounts",
    "Action",
    "Client",
    "Entries",
    "EntryResults",
    "Results",
    "Transfers",
    "WebClient",
    "connect",
    "ids",
    "uuids",
]

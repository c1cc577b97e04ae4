"""The typed client: batches of transfers and entries over Arrow Flight, single ones over HTTP."""

from yunjin.client.cell import CellClient
from yunjin.client.cells import Cells, CellsResults
from yunjin.client.codes import (
    ACCOUNT_RESULTS,
    CROSSING_OUTCOMES,
    ENTRY_RESULTS,
    TRANSFER_RESULTS,
    Action,
)
from yunjin.client.columns import Accounts, Entries, Transfers
from yunjin.client.flight import Client, CrossingResults, EntryResults, Results, connect
from yunjin.client.ids import ids, uuids
from yunjin.client.web import WebClient

__all__ = [
    "ACCOUNT_RESULTS",
    "CROSSING_OUTCOMES",
    "ENTRY_RESULTS",
    "TRANSFER_RESULTS",
    "Accounts",
    "Action",
    "CellClient",
    "Cells",
    "CellsResults",
    "Client",
    "CrossingResults",
    "Entries",
    "EntryResults",
    "Results",
    "Transfers",
    "WebClient",
    "connect",
    "ids",
    "uuids",
]

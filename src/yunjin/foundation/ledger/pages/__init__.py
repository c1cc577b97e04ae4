"""The ledger's staff pages: overview, accounts, transfers, journal. They know only the door."""

from typing import Final

from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.pages.search import Search
from yunjin.foundation.ledger.pages.words import WORDS
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import MenuEntry

MENU: Final = (
    MenuEntry(
        section="section.overview",
        key="ledger.overview",
        icon="space_dashboard",
        path="/ledger",
        order=10,
    ),
    MenuEntry(
        section="section.money",
        key="ledger.accounts",
        icon="account_balance_wallet",
        path="/accounts",
        order=20,
    ),
    MenuEntry(
        section="section.money",
        key="ledger.transfers",
        icon="swap_horiz",
        path="/transfers",
        order=21,
    ),
    MenuEntry(
        section="section.money",
        key="ledger.journal",
        icon="receipt_long",
        path="/journal",
        order=22,
    ),
)

__all__ = ["MENU", "WORDS", "Search", "register"]


def register(ledger: LedgerApi, *, clock: Clock) -> None:
    """Put the ledger's pages on the console; `Room.pages` calls it when the console is mounted."""
    # Here, so that a room can be wired without the weight of the web.
    from yunjin.foundation.ledger.pages import (
        account,
        accounts,
        journal,
        overview,
        transfer,
        transfers,
    )
    from yunjin.foundation.ledger.pages.desk import Desk

    desk = Desk(ledger, clock)
    for one in (overview, accounts, account, transfers, transfer, journal):
        one.register(desk)

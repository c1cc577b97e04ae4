"""The ledger's addresses under /v1; single transfers have their own fast way in (hot.py)."""

from fastapi import APIRouter

from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.routes.accounts import Accounts
from yunjin.foundation.ledger.routes.books import Books


def router(ledger: LedgerApi) -> APIRouter:
    """Return the router of everything but posting transfers."""
    made = APIRouter(tags=["ledger"])
    Accounts(ledger).add_to(made)
    Books(ledger).add_to(made)
    return made

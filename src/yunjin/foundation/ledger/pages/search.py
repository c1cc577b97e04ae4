"""The ledger's part of the console's search: accounts by id or alias, transfers by id."""

import re
from typing import Final
from uuid import UUID

from yunjin.foundation.ledger.api import Alias, LedgerApi
from yunjin.foundation.ledger.pages.reading import whole
from yunjin.kernel.ids import SEQUENCE_MAX, account_id, cell_of, sequence_of
from yunjin.kernel.room import Hit

ALIASES_MAX: Final = 8
_SHORT: Final = re.compile(r"(\d{1,5})-(\d{1,15})")


class Search:
    """Finds what a reader typed or pasted, in any of the forms the console shows."""

    def __init__(self, ledger: LedgerApi) -> None:
        self._ledger = ledger

    def __call__(self, query: str) -> list[Hit]:
        """Return hits: an exact id first, then aliases that begin so."""
        text = query.strip()
        transfer = as_uuid(text)
        if transfer is not None:
            return self._transfers(transfer)
        aliases = self._ledger.find_aliases(text, limit=ALIASES_MAX).items if len(text) > 1 else ()
        return self._accounts(text) + [_alias_hit(alias) for alias in aliases]

    def _transfers(self, transfer_id: UUID) -> list[Hit]:
        if not self._ledger.transfers([transfer_id]).num_rows:
            return []
        path = f"/transfers/{transfer_id}"
        return [Hit(kind="ledger.transfer", title=str(transfer_id), path=path)]

    def _accounts(self, text: str) -> list[Hit]:
        wanted = account_ids(text, self._ledger.state().home)
        found = self._ledger.accounts(wanted).column("id").to_pylist() if wanted else []
        return [
            Hit(
                kind="ledger.account",
                title=short_account(one),
                path=f"/accounts/{one}",
                note=str(one),
            )
            for one in found
        ]


def account_ids(text: str, cell: int) -> list[int]:
    """Return the account ids a text may mean: a whole id, `1-000042`, or `42` of this home."""
    short = _SHORT.fullmatch(text)
    if short is not None:
        own, sequence = int(short[1]), int(short[2])
        return [account_id(own, sequence)] if own < 1 << 15 and 0 < sequence <= SEQUENCE_MAX else []
    number = whole(text, 1 << 63)
    if not number:
        return []
    return [number if number > SEQUENCE_MAX else account_id(cell, number)]


def as_uuid(text: str) -> UUID | None:
    """Read a transfer's id, with or without hyphens; anything else is none."""
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", text):
        return None
    return UUID(text)


def short_account(number: int) -> str:
    """Write an account's id in the console's short form."""
    return f"{cell_of(number)}-{sequence_of(number):06d}"


def _alias_hit(alias: Alias) -> Hit:
    note = f"{alias.kind.upper()} · {short_account(alias.account_id)}"
    return Hit(
        kind="ledger.alias", title=alias.value, path=f"/accounts/{alias.account_id}", note=note
    )

"""Businesses that ship with the platform, as proof and as something to begin from."""

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from yunjin.app.businesses.cash_loan import CASH_LOAN
from yunjin.app.businesses.group_wallet import GROUP_WALLET
from yunjin.app.businesses.receivable import RECEIVABLE
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.businesses import Business

SHIPPED: Final[tuple[Business, ...]] = (CASH_LOAN, GROUP_WALLET, RECEIVABLE)


def businesses_of(named: Sequence[str]) -> list[Business]:
    """Return the businesses that ship, and those named as `module:NAME`.

    Raises: Malformed where a name leads to no business, or a code is taken.
    """
    found = [*SHIPPED, *(_named(one) for one in named)]
    codes = [one.code for one in found]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise Malformed(f"expected each business once, was {twice[0]} twice")
    return found


def _named(name: str) -> Business:
    module, _, constant = name.partition(":")
    try:
        made = import_module(module)  # tidy: a bank's own, named in its settings
    except ImportError as error:
        raise Malformed(f"expected module:NAME of a business, was {name!r}: {error}") from error
    business = getattr(made, constant or "BUSINESS", None)
    if not isinstance(business, Business):
        raise Malformed(f"expected module:NAME of a business, was {name!r}")
    return business

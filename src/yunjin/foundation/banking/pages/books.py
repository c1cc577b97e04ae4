"""What the general ledger's pages share: their tabs, names of accounts, who acts."""

from typing import Final

from yunjin.chassis.console import one_of, t, tabs
from yunjin.foundation.banking.api.general_ledger import EntryKind, GlAccount
from yunjin.foundation.banking.pages import terms

BY: Final = "console"  # until people sign in
PAGES: Final[dict[str, str]] = {
    "reports": "/gl",
    "entries": "/gl/entries",
    "chart": "/gl/accounts",
    "mappings": "/gl/mappings",
    "rules": "/gl/rules",
    "periods": "/gl/periods",
}
BY_HAND: Final = (EntryKind.MANUAL, EntryKind.REVERSAL, EntryKind.YEAR_END, EntryKind.REMAP)


def book_tabs(active: str) -> None:
    """Show the way between the general ledger's pages."""
    pages = {key: (t(f"banking.gl_tab.{key}"), path) for key, path in PAGES.items()}
    tabs(pages, active, name=t("banking.general_ledger"))


def account_words(one: GlAccount) -> str:
    """Write an account with its code."""
    return f"{one.code} {one_of(one.name_zh, one.name_en)}"


def who(by: str) -> str:
    """Name who acted."""
    return terms.known(f"banking.by.{by}", by)


def product_words(product: str) -> str:
    """Name a product of a mapping; "*" stands for all without one of their own."""
    return t("banking.every_product") if product == "*" else terms.product_name(product)

"""The chart of accounts with a tenant's own additions, and where slots are booked, by day."""

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from yunjin.foundation.banking.api.general_ledger import CLOSING, EVERY_PRODUCT, REST
from yunjin.foundation.banking.domain.general_ledger import preset
from yunjin.foundation.banking.domain.products.slots import (
    Element,
    Slot,
    element,
    grows_by_credit,
)
from yunjin.foundation.banking.errors import GlAccountNotFound, MappingRefused

CODE_MAX: Final = 16
_CREDIT: Final = (Element.LIABILITY, Element.EQUITY, Element.INCOME)
_PROFIT: Final = (Element.INCOME, Element.EXPENSE)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart; its code begins with its parent's."""

    code: str
    name_zh: str
    name_en: str
    element: Element
    parent: str = ""
    is_postable: bool = True
    is_contra: bool = False
    is_common: bool = False
    is_preset: bool = False

    @property
    def grows_by_credit(self) -> bool:
        """On which side it grows."""
        return (self.element in _CREDIT) != self.is_contra

    @property
    def is_profit(self) -> bool:
        """Whether a year's end empties it."""
        return self.element in _PROFIT


class Mapped(NamedTuple):
    """A slot of a product is booked to an account from a day on; account "": as "*" is."""

    slot: int
    product: str
    since: int  # days since 1970
    account: str
    is_applied: bool = True  # its balance was brought over


@dataclass(frozen=True)
class Chart:
    """Accounts by code in order, and mappings beside the preset's."""

    accounts: dict[str, Account]
    changes: tuple[Mapped, ...] = ()

    def account(self, code: str) -> Account:
        """Return an account. Raises: GlAccountNotFound."""
        found = self.accounts.get(code)
        if found is None:
            raise GlAccountNotFound(f"There is no account {code[:CODE_MAX]!r} in the chart.")
        return found

    @cached_property
    def _history(self) -> dict[tuple[int, str], tuple[list[int], list[str]]]:
        """Days and accounts of each (slot, product), by day."""
        found: dict[tuple[int, str], tuple[list[int], list[str]]] = {}
        for one in sorted(self.changes):
            days, accounts = found.setdefault((one.slot, one.product), ([], []))
            days.append(one.since)
            accounts.append(one.account)
        return found

    def _own(self, slot: int, product: str, day: int) -> str:
        days, accounts = self._history.get((slot, product), ((), ()))
        place = bisect.bisect_right(days, day)
        return accounts[place - 1] if place else ""

    def account_of(self, slot: int, product: str, day: int) -> Account:
        """Return where a slot of a product is booked on a day. Raises: MappingRefused."""
        code = (
            self._own(slot, product, day)
            or self._own(slot, EVERY_PRODUCT, day)
            or _delivered().get(slot, "")
        )
        if code not in self.accounts:
            raise MappingRefused(f"No account is there for slot {slot}.", slot=slot)
        return self.accounts[code]

    def mapped(self, day: int) -> Iterator[tuple[Slot, str, str]]:
        """Yield (slot, product, account) in force on a day, "*" first."""
        products = sorted({one.product for one in self.changes} - {EVERY_PRODUCT})
        for slot in Slot:
            yield slot, EVERY_PRODUCT, self.account_of(slot, EVERY_PRODUCT, day).code
            for product in products:
                if own := self._own(slot, product, day):
                    yield slot, product, own

    def slots_of(self, day: int) -> dict[str, list[tuple[Slot, str]]]:
        """Return (slot, product) by the account they are booked to on a day, "*" first."""
        found: dict[str, list[tuple[Slot, str]]] = {}
        for slot, product, code in self.mapped(day):
            found.setdefault(code, []).append((slot, product))
        for places in found.values():
            places.sort(key=lambda place: (place[1] != EVERY_PRODUCT, place))
        return found

    def is_control(self, code: str, day: int) -> bool:
        """Whether agreements make an account up."""
        return any(slot in preset.CONTROL for slot, _ in self.slots_of(day).get(code, []))

    def beneath(self, code: str) -> list[str]:
        """Return an account and every account beneath it. Raises: GlAccountNotFound."""
        self.account(code)
        found = {code}
        for each in self.accounts.values():  # parents come first
            if each.parent in found:
                found.add(each.code)
        return sorted(found)

    def complaints(self, day: int) -> list[str]:
        """Return what is wrong with the mapping on a day, one sentence each."""
        found = []
        for slot in Slot:
            try:
                self.account_of(slot, EVERY_PRODUCT, day)
            except MappingRefused:
                found.append(f"{slot.name.lower()}: expected an account, was none")
        if found:
            return found
        for slot, product, code in self.mapped(day):
            why = unfit(slot, self.accounts[code]) if code in self.accounts else "was no account"
            if why:
                found.append(f"{slot.name.lower()} of {product}: {code} {why}")
        return found


def unfit(slot: Slot, account: Account) -> str:
    """Return why a slot may not be booked to an account, "" where it may."""
    wanted = element(slot)
    if not account.is_postable:
        return "expected an account to book to, was a heading"
    if account.is_common:
        is_fit = wanted in (Element.ASSET, Element.LIABILITY)
        return "" if is_fit else f"expected {wanted.name.lower()}, was common"
    if account.element is not wanted:
        return f"expected {wanted.name.lower()}, was {account.element.name.lower()}"
    if account.grows_by_credit != grows_by_credit(slot):
        return "expected an account that grows on the slot's side, was a contra one"
    return ""


def slot_name(slot: int) -> str:
    """Return a slot's name in small letters: "" for the rest, "closing" for a year's end."""
    return {REST: "", CLOSING: "closing"}.get(slot) or (Slot(slot).name.lower() if slot else "")


def chart_of(own: Iterable[Account], changes: Iterable[Mapped] = ()) -> Chart:
    """Return the preset chart with a tenant's own accounts and mappings."""
    added = {account.code: account for account in own}
    accounts = {**added, **_preset()}
    return Chart({code: accounts[code] for code in sorted(accounts)}, tuple(changes))


@lru_cache(maxsize=1)
def _delivered() -> dict[int, str]:
    return {int(slot): code for slot, code in preset.SLOTS.items()}


@lru_cache(maxsize=1)
def _preset() -> dict[str, Account]:
    found: dict[str, Account] = {}
    for line in preset.ACCOUNTS.strip().splitlines():
        chinese, _, english = line.partition(" | ")
        code, name_zh = chinese.split(" ", 1)
        mark = english[-1] if english[-2:] in (" -", " *") else ""
        found[code] = Account(
            code=code,
            name_zh=name_zh,
            name_en=english.removesuffix(f" {mark}"),
            element=element_of(code),
            parent=code[:4] if len(code) > 4 else "",
            is_postable=mark != "*",
            is_contra=mark == "-",
            is_common=code[0] == "3",
            is_preset=True,
        )
    return found


def element_of(code: str) -> Element:
    """Return the element that a code of the standards belongs to, by its first digits."""
    if code[0] == "6":
        return Element.INCOME if code < "64" else Element.EXPENSE
    known = {"1": Element.ASSET, "2": Element.LIABILITY, "3": Element.ASSET, "4": Element.EQUITY}
    return known[code[0]]

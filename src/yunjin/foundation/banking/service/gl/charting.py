"""The tenant's own accounts, mappings and accounting rules."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.general_ledger import (
    EVERY_PRODUCT,
    EntryKind,
    GlAccount,
    GlMapping,
    GlRule,
    Rule,
)
from yunjin.foundation.banking.domain.general_ledger.chart import (
    CODE_MAX,
    Account,
    Chart,
    Mapped,
    element_of,
    unfit,
)
from yunjin.foundation.banking.domain.general_ledger.movements import (
    PRODUCT_MAX,
    checked_code,
    checked_words,
    date_of,
    day_of,
)
from yunjin.foundation.banking.domain.products.slots import Element, Slot
from yunjin.foundation.banking.errors import AccountUnusable, MappingRefused
from yunjin.foundation.banking.service.gl.booking import Booking
from yunjin.foundation.banking.store import general_ledger as store
from yunjin.foundation.banking.store import gl_settings as settings
from yunjin.kernel.errors import Malformed

_CODE: Final = re.compile(r"[12346][0-9]{3,15}", re.ASCII)


class Charting:
    """Keeps the chart of accounts and where slots are booked."""

    def __init__(
        self, room: RoomDatabase, booking: Booking, *, last_closed: Callable[[], dt.date | None]
    ) -> None:
        self._room, self._booking, self._last_closed = room, booking, last_closed

    def accounts(self) -> list[GlAccount]:
        """Return the chart as it stands today."""
        chart, today = self._room.read(settings.chart), self._today()
        slots = chart.slots_of(today)
        return [
            GlAccount(
                code=one.code,
                name_zh=one.name_zh,
                name_en=one.name_en,
                element=one.element.name.lower(),
                parent=one.parent,
                is_postable=one.is_postable,
                is_contra=one.is_contra,
                is_common=one.is_common,
                is_control=chart.is_control(one.code, today),
                is_preset=one.is_preset,
                slots=tuple(
                    dict.fromkeys(slot.name.lower() for slot, _ in slots.get(one.code, []))
                ),
            )
            for one in chart.accounts.values()
        ]

    def add_account(self, command_id: UUID, account: GlAccount) -> GlAccount:
        """Add an account; see GeneralLedgerApi.add_account."""
        made = _account(account)

        def add(work: SqlUnitOfWork) -> dict[str, Any]:
            self._booking.take_turn(work)
            _check_place(settings.chart(work.connection), made)
            settings.put_account(work.connection, made, self._booking.now_us())
            return {"code": made.code}

        request = {"command": "gl.add_account", **asdict(made)}
        code = self._room.command(command_id, request, add)["code"]
        return next(one for one in self.accounts() if one.code == code)

    def mappings(self, date: dt.date | None) -> list[GlMapping]:
        """Return mappings in force on a day, or all there ever were."""
        chart = self._room.read(settings.chart)
        if date is not None:
            return [
                GlMapping(slot=slot.name.lower(), product=product, account=code)
                for slot, product, code in chart.mapped(day_of(date))
            ]
        delivered = Chart(chart.accounts).mapped(0)
        changes = [
            GlMapping(
                slot=Slot(one.slot).name.lower(),
                product=one.product,
                account=one.account,
                since=date_of(one.since),
            )
            for one in sorted(chart.changes)
        ]
        return [
            GlMapping(slot=s.name.lower(), product=p, account=a) for s, p, a in delivered
        ] + changes

    def map_slot(self, command_id: UUID, mapping: GlMapping) -> GlMapping:
        """Book a slot elsewhere from a day on; see GeneralLedgerApi.map_slot."""
        one, closed = _mapped(mapping), self._last_closed()

        def put(work: SqlUnitOfWork) -> dict[str, Any]:
            self._booking.take_turn(work)
            _check_not_closed(one.since, closed)
            _check_mapping(work, one)
            settings.put_mapping(work.connection, one, self._booking.now_us())
            return {"slot": one.slot}

        request = {"command": "gl.map_slot", **one._asdict()}
        self._room.command(command_id, request, put)
        return mapping

    def complaints(self, date: dt.date) -> list[str]:
        """Return what is wrong with the mapping on a day."""
        return self._room.read(settings.chart).complaints(day_of(date))

    def rules(self) -> list[GlRule]:
        """Return the rules that were set."""
        return [
            GlRule(product=row.product, rule=Rule(row.rule), since=date_of(row.since))
            for row in self._room.read(settings.all_rules)
        ]

    def set_rule(self, command_id: UUID, rule: GlRule) -> GlRule:
        """Set a product's rule; see GeneralLedgerApi.set_rule."""
        if rule.product != EVERY_PRODUCT:
            checked_code(rule.product, "product", PRODUCT_MAX)
        since, closed = day_of(rule.since), self._last_closed()

        def put(work: SqlUnitOfWork) -> dict[str, Any]:
            self._booking.take_turn(work)
            _check_not_closed(since, closed)
            now_us = self._booking.now_us()
            settings.put_rule(work.connection, rule.product, since, int(rule.rule), now_us)
            return {"product": rule.product}

        request = {"command": "gl.set_rule", **asdict(rule)}
        self._room.command(command_id, request, put)
        return rule

    def rule_of(self, product: str, date: dt.date) -> Rule:
        """Return a product's rule on a day: its own, else everybody's, else accrual."""
        found: dict[str, Rule] = {}
        for row in self._room.read(settings.all_rules):  # by product and day
            if row.since <= day_of(date):
                found[row.product] = Rule(row.rule)
        return found.get(product) or found.get(EVERY_PRODUCT) or Rule.ACCRUAL

    def _today(self) -> int:
        """Return the open business day; the last one there is where no day was ever closed."""
        closed = self._last_closed()
        if closed is not None:
            return day_of(closed) + 1
        booked = self._room.read(store.days_booked)
        return booked[1] if booked else 0


def _check_not_closed(since: int, closed: dt.date | None) -> None:
    if closed is not None and since <= day_of(closed):
        raise MappingRefused(
            f"expected a day that is not closed, after {closed}, was {date_of(since)}"
        )


def _check_mapping(work: SqlUnitOfWork, one: Mapped) -> None:
    connection = work.connection
    slot = Slot(one.slot)
    if one.account:
        account = settings.chart(connection).account(one.account)
        if why := unfit(slot, account):
            raise MappingRefused(f"{slot.name.lower()} to {account.code}: {why}")
    booked = store.days_booked(connection, one.slot)
    if booked is not None and one.since <= booked[1]:
        raise MappingRefused(
            f"expected a day after {date_of(booked[1])}, the last one this slot was booked on, "
            f"was {date_of(one.since)}"
        )
    if settings.all_intents(connection):
        raise MappingRefused("Manual entries wait for the ledger's answer; finish them first.")
    carried, _ = store.last_of_kind(connection, EntryKind.YEAR_END)
    if slot is Slot.RETAINED and carried:
        raise MappingRefused("Years were carried into retained earnings; it stays where it is.")


def _mapped(mapping: GlMapping) -> Mapped:
    name = mapping.slot.upper()
    if name not in Slot.__members__ or mapping.slot != mapping.slot.lower():
        raise Malformed(f"expected a slot such as deposits, was {mapping.slot[:40]!r}")
    if mapping.since is None:
        raise Malformed("expected the day from which on the slot is booked there")
    if mapping.product != EVERY_PRODUCT:
        checked_code(mapping.product, "product", PRODUCT_MAX)
    return Mapped(
        int(Slot[name]), mapping.product, day_of(mapping.since), mapping.account, is_applied=False
    )


def _account(account: GlAccount) -> Account:
    """Return an account in the form it is kept in. Raises: Malformed."""
    if not _CODE.fullmatch(account.code):
        raise Malformed(
            f"expected a code of 4–{CODE_MAX} digits that begins with 1, 2, 3, 4 or 6, "
            f"was {account.code[:30]!r}"
        )
    name = account.element.upper()
    if name not in Element.__members__:
        kinds = ", ".join(kind.name.lower() for kind in Element)
        raise Malformed(f"expected one of {kinds} as element, was {account.element[:20]!r}")
    return Account(
        code=account.code,
        name_zh=checked_words(account.name_zh, "a Chinese name", 100),
        name_en=checked_words(account.name_en, "an English name", 100),
        element=Element[name],
        parent=account.parent,
        is_postable=account.is_postable,
        is_contra=account.is_contra,
        is_common=account.code[0] == "3",
    )


def _check_place(chart: Chart, made: Account) -> None:
    """See that an account fits into the chart. Raises: AccountUnusable, GlAccountNotFound."""
    if made.code in chart.accounts:
        raise AccountUnusable(f"expected a new code, {made.code} is taken", account=made.code)
    wanted = element_of(made.code)
    if made.parent:
        parent = chart.account(made.parent)
        wanted = parent.element
        if not made.code.startswith(parent.code):
            raise AccountUnusable(
                f"expected a code that begins with its parent's, {parent.code}, was {made.code}"
            )
        if made.is_contra != parent.is_contra:
            raise AccountUnusable(f"expected the side of {parent.code}, was the other one")
    if made.element is not wanted:
        raise AccountUnusable(
            f"expected {wanted.name.lower()} as element of {made.code}, "
            f"was {made.element.name.lower()}"
        )

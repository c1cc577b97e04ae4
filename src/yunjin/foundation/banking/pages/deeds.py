"""What an officer does with an agreement: dialogs that say what will happen, and what did."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import UUID

from nicegui import ui

from yunjin.chassis.console import (
    Deed,
    Done,
    Markup,
    amount_field,
    amount_of,
    choice_field,
    day_field,
    formats,
    grid,
    html,
    t,
    text_field,
)
from yunjin.foundation.banking.api.agreements import Action, Agreement, StandingOrder
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.posting import entry, post
from yunjin.foundation.banking.pages.reading import Movement, agreement_number

EVERY: Final[Mapping[str, tuple[int, int]]] = {  # months, days
    "month": (1, 0),
    "quarter": (3, 0),
    "year": (12, 0),
    "week": (0, 7),
    "two_weeks": (0, 14),
}


class Deeds:
    """The dialogs of one agreement's page; `done` draws the page anew."""

    def __init__(
        self,
        desk: Desk,
        agreement: Agreement,
        info: ProductInfo,
        cell: int,
        done: Callable[[], Awaitable[None]],
    ) -> None:
        self._desk, self._one, self._info, self._cell, self._done = (
            desk, agreement, info, cell, done,
        )  # fmt: skip

    def _money(self, minor: int) -> str:
        return f"{formats.money(minor, self._one.currency)} {self._one.currency}"

    def _open(
        self,
        key: str,
        build: Callable[[Deed], None],
        effect: Callable[[], str],
        act: Callable[[UUID], Done],
        *,
        typed: str = "",
    ) -> None:
        Deed(
            clock=self._desk.clock,
            title=t(f"banking.deed.{key}"),
            action=t(f"banking.deed.{key}_now"),
            build=build,
            effect=effect,
            act=act,
            done=self._done,
            typed=typed,
        ).open()

    def _post(
        self,
        command_id: UUID,
        amount_minor: int,
        *,
        action: Action = Action.BOOK,
        hold: UUID | None = None,
        other: int = 0,
    ) -> Done:
        batch = entry(
            command_id, self._one.agreement_id, amount_minor, action=action, hold=hold, other=other
        )
        return post(self._desk.doors.agreements, batch, self._one.currency)

    def _amount_deed(
        self, key: str, effect: Callable[[int], str], act: Callable[[UUID, int], Done]
    ) -> None:
        fields: list[ui.input] = []

        def build(deed: Deed) -> None:
            fields.append(amount_field(t("banking.amount"), self._one.currency))
            fields[0].props("autofocus").on_value_change(deed.changed)

        def amount() -> int:
            return amount_of(fields[0].value, self._one.currency) or 0

        def words() -> str:
            return effect(amount()) if amount() > 0 else ""

        self._open(key, build, words, lambda command_id: act(command_id, amount()))

    def deposit(self) -> None:
        """Let money come in."""
        self._amount_deed(
            "deposit",
            lambda minor: t("banking.effect.deposit", amount=self._money(minor)),
            self._post,
        )

    def withdraw(self) -> None:
        """Let money go out."""
        self._amount_deed(
            "withdraw",
            lambda minor: t(
                "banking.effect.withdraw",
                amount=self._money(minor),
                left=self._money(self._one.available_minor - minor),
            ),
            lambda command_id, minor: self._post(command_id, -minor),
        )

    def hold(self) -> None:
        """Set money aside."""
        self._amount_deed(
            "hold",
            lambda minor: t(
                "banking.effect.hold",
                amount=self._money(minor),
                left=self._money(self._one.available_minor - minor),
            ),
            lambda command_id, minor: self._post(command_id, minor, action=Action.HOLD),
        )

    def transfer(self) -> None:
        """Move money to another agreement."""
        fields: list[ui.input] = []

        def build(deed: Deed) -> None:
            fields.append(self._other_field(deed))
            fields.append(amount_field(t("banking.amount"), self._one.currency))
            fields[1].on_value_change(deed.changed)

        def given() -> tuple[int, int]:
            other = agreement_number(str(fields[0].value or ""), self._cell) or 0
            return other, amount_of(fields[1].value, self._one.currency) or 0

        def effect() -> str:
            other, minor = given()
            if not other or other == self._one.agreement_id or minor <= 0:
                return ""
            facts = {"amount": self._money(minor), "other": formats.account(other)}
            left = self._money(self._one.available_minor - minor)
            return t("banking.effect.transfer", **facts, left=left)

        def act(command_id: UUID) -> Done:
            other, minor = given()
            return self._post(command_id, -minor, other=other)

        self._open("transfer", build, effect, act)

    def _other_field(self, deed: Deed) -> ui.input:
        def check(text: str) -> str:
            other = agreement_number(text, self._cell)
            if not other:
                return t("banking.form.agreement")
            return t("banking.form.same") if other == self._one.agreement_id else ""

        shown = text_field(
            t("banking.to_agreement"), hint=t("banking.to_agreement_hint"), check=check
        )
        shown.props("autofocus").on_value_change(deed.changed)
        return shown

    def capture(self, hold: Movement) -> None:
        """Book a hold, or a part of it."""
        fields: list[ui.input] = []
        most = abs(hold.amount_minor)

        def build(deed: Deed) -> None:
            shown = amount_field(t("banking.amount"), self._one.currency)
            shown.value = formats.money(most, self._one.currency).replace(",", "")
            fields.append(shown.props("autofocus"))
            shown.on_value_change(deed.changed)

        def amount() -> int:
            return amount_of(fields[0].value, self._one.currency) or 0

        def effect() -> str:
            if not 0 < amount() <= most:
                return ""
            rest = self._money(most - amount())
            return t("banking.effect.capture", amount=self._money(amount()), rest=rest)

        self._open(
            "capture",
            build,
            effect,
            lambda command_id: self._post(
                command_id, amount(), action=Action.CAPTURE, hold=hold.id
            ),
        )

    def release(self, hold: Movement) -> None:
        """Let a hold go."""
        amount = self._money(abs(hold.amount_minor))
        self._open(
            "release",
            lambda _: None,
            lambda: t("banking.effect.release", amount=amount),
            lambda command_id: self._post(command_id, 0, action=Action.RELEASE, hold=hold.id),
        )

    def reverse(self, entry_id: UUID) -> None:
        """Book the opposite of an entry; its short id is typed."""
        short = str(entry_id)[-4:]

        def build(_: Deed) -> None:
            html(Markup('<p class="yj-mono">{}</p>').format(str(entry_id)))

        self._open(
            "reverse",
            build,
            lambda: t("banking.effect.reverse"),
            lambda command_id: self._post(command_id, 0, action=Action.REVERSE, hold=entry_id),
            typed=short,
        )

    def close(self) -> None:
        """Close the agreement; its short id is typed."""

        def act(command_id: UUID) -> Done:
            self._desk.doors.agreements.close(command_id, self._one.agreement_id)
            return Done(t("banking.done.close"))

        self._open(
            "close",
            lambda _: None,
            lambda: t("banking.effect.close"),
            act,
            typed=formats.account(self._one.agreement_id),
        )

    def order(self) -> None:
        """Keep a standing order."""
        shown: dict[str, ui.input | ui.select] = {}

        def build(deed: Deed) -> None:
            shown["other"] = self._other_field(deed)
            shown["amount"] = amount_field(t("banking.amount"), self._one.currency)
            every = {name: t(f"banking.every.{name}") for name in EVERY}
            with grid():
                shown["every"] = choice_field(t("banking.order_every"), every, "month")
                shown["first"] = day_field(t("banking.order_first"))
                shown["last"] = day_field(
                    t("banking.order_last"), hint=t("banking.order_last_hint")
                )
                shown["note"] = text_field(t("banking.note"))
            for one in shown.values():
                one.on_value_change(deed.changed)

        def effect() -> str:
            minor = amount_of(str(shown["amount"].value or ""), self._one.currency) or 0
            other = agreement_number(str(shown["other"].value or ""), self._cell)
            first = formats.parse_day(str(shown["first"].value or ""))
            if minor <= 0 or not other or other == self._one.agreement_id or first is None:
                return ""
            return t(
                "banking.effect.order",
                amount=self._money(minor),
                other=formats.account(other),
                every=t(f"banking.every.{shown['every'].value}"),
                first=first.isoformat(),
            )

        def act(command_id: UUID) -> Done:
            months, days = EVERY[str(shown["every"].value)]
            first = formats.parse_day(str(shown["first"].value))
            if first is None:  # `effect` saw to it
                return Done(t("form.needed"), is_good=False)
            made = StandingOrder(
                order_id=command_id,
                agreement_id=self._one.agreement_id,
                counter_agreement_id=agreement_number(str(shown["other"].value), self._cell) or 0,
                amount_minor=amount_of(str(shown["amount"].value), self._one.currency) or 0,
                first=first,
                last=formats.parse_day(str(shown["last"].value or "")),
                every_months=months,
                every_days=days,
                note=str(shown["note"].value or "").strip(),
            )
            self._desk.doors.agreements.order(command_id, made)
            return Done(t("banking.done.order"))

        self._open("order", build, effect, act)

    def cancel_order(self, order_id: UUID) -> None:
        """Let a standing order end."""

        def act(command_id: UUID) -> Done:
            self._desk.doors.agreements.cancel_order(command_id, order_id)
            return Done(t("banking.done.cancel_order"))

        self._open("cancel_order", lambda _: None, lambda: t("banking.effect.cancel_order"), act)

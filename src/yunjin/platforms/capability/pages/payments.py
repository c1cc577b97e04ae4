"""Payments: what is under way, all of them by state and agreement, and ordering one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Fields,
    Figure,
    Filters,
    Markup,
    Row,
    Table,
    amount_field,
    amount_of,
    ask,
    box,
    button,
    choice_field,
    empty,
    figures,
    formats,
    grid,
    live,
    markup,
    page,
    panel,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.payments import (
    WITHIN,
    NewPayment,
    Payment,
    PaymentsApi,
    PaymentState,
)

PAGE_ROWS: Final = 50
CURRENCIES: Final = ("CNY", "USD", "EUR", "HKD", "JPY")
_TONES: Final[dict[PaymentState, Any]] = {
    PaymentState.TAKEN: "info",
    PaymentState.WAITING: "neutral",
    PaymentState.HELD: "info",
    PaymentState.SENT: "info",
    PaymentState.SETTLED: "good",
    PaymentState.REFUSED: "bad",
    PaymentState.REJECTED: "bad",
    PaymentState.CANCELLED: "neutral",
    PaymentState.RETURNED: "warn",
    PaymentState.STUCK: "bad",
}
_UNDER_WAY: Final = ("taken", "held", "sent")


class Payments:
    """One reader's list of payments."""

    def __init__(self, payments: PaymentsApi, clock: Clock) -> None:
        self._payments, self._clock = payments, clock
        self._address = Address()

    async def draw(self) -> None:
        """Lay the list."""
        lead = title_row(t("capability.payments"), note=t("capability.payments_note"))
        with lead, box("yj-push"):
            button(t("capability.deed.payment"), self._order, icon="add", primary=True)
        with figures():
            self._shown = {
                name: Figure(t(f"capability.payment_{name}"), "—")
                for name in ("under_way", "waiting", "stuck")
            }
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.text("agreement", t("capability.payment_agreement"), icon="search")
            row.choice(
                "state",
                t("capability.payment_state"),
                t("capability.payment_all_states"),
                {one.value: t(f"capability.payment_state.{one.value}") for one in PaymentState},
            )
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("capability.payments"),
                empty=self._nothing,
                address=self._address,
            )
        await self._count()
        await self._table.show()
        live(2.0, self._count)

    async def _count(self) -> None:
        counts = await ask(self._payments.counts)
        values = {
            "under_way": sum(counts.get(one, 0) for one in _UNDER_WAY),
            "waiting": counts.get("waiting", 0),
            "stuck": counts.get("stuck", 0),
        }
        for name, count in values.items():
            tone = "bad" if name == "stuck" and count else ""
            self._shown[name].show(formats.number(count), tone=tone)

    async def _restart(self) -> None:
        await self._count()
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("capability.payments_none_found"), icon="search_off")
            return
        empty(t("capability.no_payments"), hint=t("capability.no_payments_hint"), icon="payments")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        agreement = chosen.get("agreement", "").strip()
        if agreement and not (agreement.isascii() and agreement.isdigit()):
            return [], None
        states = {one.value: one for one in PaymentState}
        found = await ask(
            self._payments.payments,
            agreement_id=int(agreement or 0),
            state=states.get(chosen.get("state", "")),
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor

    def _order(self) -> None:
        ordering(self._payments, self._clock, self._restart)


def ordering(payments: PaymentsApi, clock: Clock, done: Callable[[], Awaitable[None]]) -> None:
    """Open the dialog that orders a payment."""

    def build(fields: Fields) -> None:
        with grid():
            fields["payer"] = text_field(t("capability.payer")).props("autofocus")
            fields["amount"] = amount_field(t("capability.payment_amount"), "")
            options = {one: one for one in CURRENCIES}
            fields["currency"] = choice_field(t("capability.currency"), options, CURRENCIES[0])
            fields["payee"] = text_field(t("capability.payee"), hint=t("capability.payee_hint"))
            fields["name"] = text_field(t("capability.payee_name")).props("maxlength=140")
            fields["account"] = text_field(t("capability.payee_account")).props("maxlength=64")
            fields["agent"] = text_field(t("capability.payee_agent")).props("maxlength=35")
        fields["remittance"] = text_field(t("capability.payment_remittance"))
        fields["remittance"].props("maxlength=140")

    def made(fields: Fields) -> NewPayment | None:
        given = {key: str(one.value or "").strip() for key, one in fields.items()}
        amount_minor = amount_of(given["amount"], given["currency"])
        payer, payee = number(given["payer"]), number(given["payee"] or "0")
        is_other = bool(given["name"] and given["account"] and given["account"].isascii())
        if not payer or payee is None or not amount_minor or amount_minor < 1:
            return None
        if not payee and not is_other:
            return None
        return NewPayment(
            payment_id=uuid7(clock),
            agreement_id=payer,
            amount_minor=amount_minor,
            currency=given["currency"],
            counter_agreement_id=payee,
            creditor_name="" if payee else given["name"],
            creditor_account="" if payee else given["account"],
            creditor_agent="" if payee else given["agent"],
            remittance=given["remittance"],
        )

    def effect(one: NewPayment) -> str:
        payee = str(one.counter_agreement_id or f"{one.creditor_name} {one.creditor_account}")
        return t(
            "capability.effect.payment",
            payer=one.agreement_id,
            amount=formats.money(one.amount_minor, one.currency),
            currency=one.currency,
            payee=payee,
        )

    def keep(command_id: UUID, one: NewPayment) -> Payment:
        facts = {name: getattr(one, name) for name in NewPayment.__slots__}
        return payments.pay(command_id, NewPayment(**{**facts, "payment_id": command_id}))

    value_deed(
        clock,
        "capability",
        "payment",
        build=build,
        made=made,
        effect=effect,
        keep=keep,
        done=done,
    )


def number(text: str) -> int | None:
    """Read an agreement's id; None where it is none."""
    digits = text.replace("-", "")
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 19
    return int(digits) if is_number else None


def columns() -> list[Column]:
    """Return the columns of payments."""
    return [
        Column(key="id", label=t("capability.payment"), card="lead"),
        Column(key="at", label=t("capability.payment_at"), is_whole=True, card="left"),
        Column(key="from", label=t("capability.payment_from"), card="line"),
        Column(key="to", label=t("capability.payment_to"), card="line"),
        Column(key="amount", label=t("capability.payment_amount"), is_number=True, card="right"),
        Column(key="channel", label=t("capability.payment_channel"), card="left"),
        Column(key="state", label=t("capability.payment_state"), card="side"),
    ]


def row_of(one: Payment) -> Row:
    """Return a payment as a row."""
    text = str(one.payment_id)
    ours, other = ours_and_other(one)
    return {
        "id": markup.ident(text, formats.shortened(text), f"/payments/{text}"),
        "at": formats.moment(nanoseconds(one.at)),
        "from": other if one.is_incoming else ours,
        "to": ours if one.is_incoming else other,
        "amount": Markup('<span>{} <small class="yj-side">{}</small></span>').format(
            formats.money(one.amount_minor, one.currency), one.currency
        ),
        "channel": channel_name(one.channel),
        "state": state_chip(one),
    }


def ours_and_other(one: Payment) -> tuple[Markup, Markup]:
    """Return our customer's side of a payment, and the other."""
    ours = agreement_link(one.agreement_id)
    if one.counter_agreement_id:
        return ours, agreement_link(one.counter_agreement_id)
    return ours, markup.stacked(one.other_name or "—", one.other_account or "—")


def agreement_link(agreement_id: int) -> Markup:
    """Return a link to an agreement."""
    return markup.link(formats.account(agreement_id), f"/agreements/{agreement_id}")


def channel_name(name: str) -> str:
    """Return a channel as one reads it."""
    return t("capability.channel.within") if name == WITHIN else name


def state_chip(one: Payment) -> Markup:
    """Return a payment's state, with the code why it did not go through."""
    words = t(f"capability.payment_state.{one.state.value}")
    return markup.chip(f"{words} {one.reason}".strip(), _TONES[one.state], hint=one.detail)


def register(payments: PaymentsApi, clock: Clock) -> None:
    """Put the list of payments on the console."""

    @page("/payments", title="capability.payments", active="capability.payments")
    async def listed() -> None:
        await Payments(payments, clock).draw()

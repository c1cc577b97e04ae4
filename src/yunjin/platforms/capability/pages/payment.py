"""One payment: where it stands, whom it is from and to, why it did not go through, its flow."""

from uuid import UUID

from yunjin.chassis.console import (
    Deed,
    Done,
    Figure,
    Markup,
    ask,
    box,
    button,
    figures,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.payments import ENDS, Payment, PaymentsApi, PaymentState
from yunjin.platforms.capability.errors import PaymentNotFound
from yunjin.platforms.capability.pages.payments import channel_name, ours_and_other, state_chip


class OnePayment:
    """One reader's view of a payment; it follows until the payment has ended."""

    def __init__(self, payments: PaymentsApi, clock: Clock, payment_id: UUID) -> None:
        self._payments, self._clock, self._id = payments, clock, payment_id

    async def draw(self) -> None:
        """Lay the page. Raises: PaymentNotFound."""
        self._one = await ask(self._payments.payment, self._id)
        text = str(self._id)
        with title_row(t("capability.payment"), note=markup.ident(text, text)):
            self._state = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with figures():
            Figure(
                t("capability.payment_amount"),
                formats.money(self._one.amount_minor, self._one.currency),
                self._one.currency,
            )
            way = "in" if self._one.is_incoming else "out"
            Figure(
                t("capability.payment_channel"),
                channel_name(self._one.channel),
                t(f"capability.payment_{way}"),
            )
            self._changed = Figure(t("capability.payment_changed"), "—")
        with panel():
            self._facts = html("")
        self._show()
        live(1.0, self._follow)

    async def _follow(self) -> None:
        if self._one.state in ENDS:
            return
        found = await ask(self._payments.payment, self._id)
        if found != self._one:
            self._one = found
            self._show()

    async def _again(self) -> None:
        self._one = await ask(self._payments.payment, self._id)
        self._show()

    def _show(self) -> None:
        one = self._one
        self._state.set_content(str(state_chip(one)))
        self._changed.show(formats.moment(nanoseconds(one.changed)))
        self._facts.set_content(str(facts_of(one)))
        self._deeds.clear()
        if one.state is PaymentState.WAITING:
            with self._deeds:
                button(t("capability.deed.stop_payment"), self._stop)

    def _stop(self) -> None:
        def act(command_id: UUID) -> Done:
            self._payments.cancel(command_id, self._id)
            return Done(t("capability.done.stop_payment"))

        Deed(
            clock=self._clock,
            title=t("capability.deed.stop_payment"),
            action=t("capability.deed.stop_payment_now"),
            build=lambda _: None,
            effect=lambda: t("capability.effect.stop_payment"),
            act=act,
            done=self._again,
        ).open()


def facts_of(one: Payment) -> Markup:
    """Return what is known of a payment."""
    ours, other = ours_and_other(one)
    pairs: list[tuple[str, Markup | str]] = [
        (t("capability.payment_from"), other if one.is_incoming else ours),
        (t("capability.payment_to"), ours if one.is_incoming else other),
        (t("capability.payment_agent"), one.other_agent or "—"),
        (t("capability.payment_day"), one.day.isoformat()),
        (t("capability.payment_end_to_end"), one.end_to_end_id),
        (t("capability.payment_remittance"), one.remittance or "—"),
        (t("capability.payment_at"), formats.moment(nanoseconds(one.at))),
        (t("capability.payment_flow"), Markup("<code>{}</code>").format(one.wave_id)),
    ]
    if one.limit_id is not None:
        link = markup.link(formats.shortened(str(one.limit_id)), f"/limits/{one.limit_id}")
        pairs.append((t("capability.payment_limit"), link))
    if one.reason:
        pairs.append((t("capability.payment_reason"), f"{one.reason} {one.detail}".strip()))
    return markup.facts(pairs)


def register(payments: PaymentsApi, clock: Clock) -> None:
    """Put the page of a payment on the console."""

    @page("/payments/{payment_id}", title="capability.payment", active="capability.payments")
    async def shown(payment_id: str) -> None:
        try:
            found = UUID(payment_id)
        except ValueError:
            what = "There is no such payment."
            raise PaymentNotFound(what, payment_id=payment_id[:40]) from None
        await OnePayment(payments, clock, found).draw()

"""Messages: what was sent, what is dead and waits for a person; addresses are masked."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Figure,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    button,
    empty,
    figures,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.kernel.page import LIMIT_MAX
from yunjin.platforms.capability.api.messages import Message, MessagesApi, MessageState
from yunjin.platforms.capability.pages.acts import said_deed

PAGE_ROWS: Final = 50
_TONES: Final[dict[MessageState, Any]] = {
    MessageState.WAITING: "neutral",
    MessageState.SENDING: "info",
    MessageState.SENT: "info",
    MessageState.DELIVERED: "good",
    MessageState.DROPPED: "warn",
    MessageState.DEAD: "bad",
}
_CODES: Final = (
    "no-consent",
    "opted-out",
    "no-address",
    "no-party",
    "channel-down",
    "unknown",
)


class Messages:
    """One reader's list of messages; where it shows the dead ones, they can be decided."""

    def __init__(self, messages: MessagesApi, clock: Clock) -> None:
        self._messages, self._clock = messages, clock
        self._address = Address()

    async def draw(self) -> None:
        """Lay the list."""
        lead = title_row(t("message.messages"), note=t("message.messages_note"))
        with lead, box("yj-push yj-deeds"):
            html(markup.button_link(t("message.templates"), "/message-templates", sign="article"))
            with box("yj-deeds") as self._deeds:
                pass
        with figures():
            self._dead = Figure(t("message.dead_letters"), "—", t("message.dead_letters_note"))
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.choice(
                "state",
                t("paper.state"),
                t("paper.all_states"),
                {one.value: t(f"message.state.{one.value}") for one in MessageState},
            )
            row.text("party", t("message.party"), icon="search")
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("message.messages"),
                empty=self._nothing,
                address=self._address,
            )
        await self._restart()

    async def _restart(self) -> None:
        dead = await ask(self._messages.messages, state=MessageState.DEAD, limit=LIMIT_MAX)
        self._ids = [one.message_id for one in dead.items]
        more = "+" if dead.next_cursor else ""
        tone = "bad" if self._ids else ""
        self._dead.show(f"{formats.number(len(self._ids))}{more}", tone=tone)
        self._deeds.clear()
        with self._deeds:
            if self._ids:
                button(t("paper.deed.give_up_messages"), self._give_up)
                button(t("paper.deed.retry_messages"), self._retry, primary=True)
        await self._table.restart()

    def _retry(self) -> None:
        ids = list(self._ids)

        def act(command_id: UUID, said: str, by: str) -> None:
            self._messages.retry(command_id, ids, by=by)

        said_deed(self._clock, "retry_messages", act, self._restart, asks="")

    def _give_up(self) -> None:
        ids = list(self._ids)

        def act(command_id: UUID, said: str, by: str) -> None:
            self._messages.give_up(command_id, ids, said, by=by)

        said_deed(self._clock, "give_up_messages", act, self._restart)

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("message.none_found"), icon="search_off")
            return
        empty(t("message.none"), hint=t("message.none_hint"), icon="sms")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        party = chosen.get("party", "").strip()
        if not party.isascii() or len(party) > 64:
            return [], None
        states = {one.value: one for one in MessageState}
        found = await ask(
            self._messages.messages,
            state=states.get(chosen.get("state", "")),
            party_id=party,
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor


def columns() -> list[Column]:
    """Return the columns of messages."""
    return [
        Column(key="template", label=t("message.template"), card="lead"),
        Column(key="party", label=t("message.party"), card="line"),
        Column(key="to", label=t("message.to"), card="line"),
        Column(key="tries", label=t("message.tries"), is_number=True, card="left"),
        Column(key="at", label=t("message.at"), is_whole=True, card="left"),
        Column(key="state", label=t("paper.state"), card="side"),
    ]


def row_of(one: Message) -> Row:
    """Return a message as a row."""
    channel = t(f"message.channel.{one.channel.value}")
    return {
        "template": markup.stacked(one.template, t(f"message.kind.{one.kind.value}")),
        "party": markup.link(formats.shortened(one.party_id), f"/customers/{one.party_id}"),
        "to": markup.stacked(one.shown or "—", channel),
        "tries": formats.number(one.tries),
        "at": formats.moment(nanoseconds(one.at)),
        "state": state_chip(one),
    }


def state_chip(one: Message) -> Markup:
    """Return a message's state, and why it did not arrive."""
    words = t(f"message.state.{one.state.value}")
    why = t(f"message.why.{one.why}") if one.why in _CODES else one.why
    return markup.chip(f"{words} {why}".strip(), _TONES[one.state], hint=why)


def register(messages: MessagesApi, clock: Clock) -> None:
    """Put the list of messages on the console."""

    @page("/messages", title="message.messages", active="message.messages")
    async def listed() -> None:
        await Messages(messages, clock).draw()

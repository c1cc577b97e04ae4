"""Clearing channels: what each takes, whether it is up, its sessions and what they net to."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Deed,
    Done,
    Markup,
    Row,
    Table,
    ask,
    empty,
    formats,
    html,
    markup,
    menu_button,
    page,
    panel,
    static_table,
    t,
    text_field,
    title_row,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.clearing import (
    Channel,
    ChannelTerms,
    ClearingApi,
    NetLine,
    Session,
)

PAGE_ROWS: Final = 30


class Channels:
    """One reader's view of the channels."""

    def __init__(self, clearing: ClearingApi, clock: Clock) -> None:
        self._clearing, self._clock, self._address = clearing, clock, Address()

    async def draw(self) -> None:
        """Lay the page."""
        with title_row(t("clearing.channels"), note=t("clearing.channels_note")):
            self._deeds = html("").classes("yj-push")
        found = await ask(self._clearing.channels)
        with self._deeds:
            self._menu(found)
        with panel(classes="yj-panel-table"):
            if found:
                rows = [_row(one) for one in found]
                static_table(_columns(), rows, caption=t("clearing.channels"))
            else:
                empty(t("clearing.no_channels"), hint=t("clearing.no_channels_hint"), icon="hub")
        with panel(t("clearing.sessions"), classes="yj-panel-table"):
            table = Table(
                _session_columns(),
                self._load,
                caption=t("clearing.sessions"),
                empty=lambda: empty(
                    t("clearing.no_sessions"), hint=t("clearing.no_sessions_hint"), icon="hub"
                ),
                address=self._address,
            )
        await table.show()

    def _menu(self, found: Sequence[Channel]) -> None:
        """Offer what may be done, channel by channel."""
        deeds: dict[str, Callable[[], None]] = {}
        for one in found:
            name = one.terms.channel
            word = "take_out" if one.is_up else "let_in"
            deeds[f"{t(f'capability.deed.{word}')} {name}"] = self._asking(word, one)
            if one.terms.is_batch and one.is_connected:
                label = f"{t('capability.deed.close_session')} {name}"
                deeds[label] = self._asking("close_session", one)
        if deeds:
            menu_button(t("clearing.channel"), deeds)

    def _asking(self, word: str, one: Channel) -> Callable[[], None]:
        return lambda: asking(self._clearing, self._clock, word, one.terms.channel, _again)

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._clearing.sessions, limit=PAGE_ROWS, cursor=wanted.cursor)
        rows = [
            _session_row(one, await ask(self._clearing.net, one.session_id)) for one in found.items
        ]
        return rows, found.next_cursor


async def _again() -> None:
    from nicegui import ui

    ui.navigate.reload()


def asking(
    clearing: ClearingApi,
    clock: Clock,
    word: str,
    channel: str,
    done: Callable[[], Awaitable[None]],
) -> None:
    """Open the dialog of what is done to a channel: take_out, let_in or close_session."""
    fields = {}

    def build(deed: Deed) -> None:
        if word == "take_out":
            fields["why"] = text_field(t("clearing.reason")).props("autofocus maxlength=200")
            fields["why"].on_value_change(deed.changed)

    def why() -> str:
        return str(fields["why"].value or "").strip() if fields else ""

    def act(command_id: UUID) -> Done:
        if word == "close_session":
            clearing.close_session(command_id, channel)
        else:
            clearing.set_up(command_id, channel, word == "let_in", why())
        return Done(t(f"capability.done.{word}"))

    def effect() -> str:
        is_said = word != "take_out" or bool(why())
        return t(f"capability.effect.{word}", channel=channel) if is_said else ""

    Deed(
        clock=clock,
        title=t(f"capability.deed.{word}"),
        action=t(f"capability.deed.{word}_now"),
        build=build,
        effect=effect,
        act=act,
        done=done,
    ).open()


def _columns() -> list[Column]:
    return [
        Column(key="channel", label=t("clearing.channel"), card="lead"),
        Column(key="kind", label=t("clearing.kind"), card="line"),
        Column(key="takes", label=t("clearing.takes"), card="line"),
        Column(key="hours", label=t("clearing.hours"), card="line"),
        Column(key="cutoffs", label=t("clearing.cutoffs"), card="left"),
        Column(key="cost", label=t("clearing.cost"), is_number=True, card="right"),
        Column(key="state", label=t("clearing.state"), card="side"),
    ]


def _row(one: Channel) -> Row:
    terms = one.terms
    cutoffs = " ".join(f"{each:%H:%M}" for each in sorted(terms.cutoffs)) or "—"
    upcoming = "" if one.next_cutoff is None else formats.moment(nanoseconds(one.next_cutoff))
    return {
        "channel": terms.channel,
        "kind": t(f"clearing.kind.{'batch' if terms.is_batch else 'single'}"),
        "takes": markup.stacked(_amounts(terms), " ".join(terms.currencies) or _any("currency")),
        "hours": markup.stacked(_hours(terms), _days(terms)),
        "cutoffs": markup.stacked(cutoffs, upcoming),
        "cost": formats.number(terms.cost_minor),
        "state": _state(one),
    }


def _any(what: str) -> str:
    return t(f"clearing.any_{what}")


def _amounts(terms: ChannelTerms) -> str:
    if not terms.most_minor:
        return _any("amount")
    currency = terms.currencies[0] if terms.currencies else "CNY"
    return t("clearing.up_to", amount=formats.money(terms.most_minor, currency))


def _hours(terms: ChannelTerms) -> str:
    if terms.opens == terms.closes:
        return t("clearing.around_the_clock")
    return f"{terms.opens:%H:%M}–{terms.closes:%H:%M}"


def _days(terms: ChannelTerms) -> str:
    return t("clearing.every_day" if terms.is_every_day else "clearing.working_days")


def _state(one: Channel) -> Markup:
    if not one.is_connected:
        return markup.chip(t("clearing.not_connected"), "neutral")
    if one.is_up:
        return markup.chip(t("clearing.up"), "good")
    return markup.chip(t("clearing.down"), "bad", hint=one.why)


def _session_columns() -> list[Column]:
    return [
        Column(key="session", label=t("clearing.session"), card="lead"),
        Column(key="channel", label=t("clearing.channel"), card="line"),
        Column(key="day", label=t("clearing.day"), is_whole=True, card="left"),
        Column(key="cutoff", label=t("clearing.cutoff"), is_whole=True, card="left"),
        Column(key="payments", label=t("clearing.payments"), is_number=True, card="right"),
        Column(key="files", label=t("clearing.files"), is_number=True),
        Column(key="net", label=t("clearing.net"), is_number=True, card="right"),
    ]


def _session_row(one: Session, net: Sequence[NetLine]) -> Row:
    text = str(one.session_id)
    parts = [
        Markup('<span>{} <small class="yj-side">{}</small></span>').format(
            formats.money(line.net_minor, line.currency), line.currency
        )
        for line in net
    ]
    return {
        "session": markup.ident(text, formats.shortened(text)),
        "channel": one.channel,
        "day": one.day.isoformat(),
        "cutoff": formats.moment(nanoseconds(one.cutoff)),
        "payments": formats.number(one.payments),
        "files": formats.number(len(one.files)),
        "net": Markup("<br>").join(parts) if parts else "—",
    }


def register(clearing: ClearingApi, clock: Clock) -> None:
    """Put the page of clearing channels on the console."""

    @page("/clearing", title="clearing.channels", active="clearing.channels")
    async def shown() -> None:
        await Channels(clearing, clock).draw()

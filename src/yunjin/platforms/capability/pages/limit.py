"""One limit: what is left, the tree below it, what is held of it, and its deeds."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Deed,
    Done,
    Fields,
    Figure,
    Markup,
    Row,
    Table,
    amount_field,
    amount_of,
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
    table_html,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.limits import Hold, HoldState, Limit, LimitsApi, LimitState
from yunjin.platforms.capability.errors import LimitNotFound
from yunjin.platforms.capability.pages.limits import columns, opening, row_of, state_chip

PAGE_ROWS: Final = 50
_TONES: Final[dict[HoldState, Any]] = {
    HoldState.HELD: "warn",
    HoldState.CONFIRMED: "info",
    HoldState.CANCELLED: "neutral",
}


class OneLimit:
    """One reader's view of a limit."""

    def __init__(self, limits: LimitsApi, clock: Clock, limit_id: UUID) -> None:
        self._limits, self._clock, self._id = limits, clock, limit_id

    async def draw(self) -> None:
        """Lay the page. Raises: LimitNotFound."""
        self._tree = await ask(self._limits.below, self._id)
        one = self._tree[0]
        self._one = one
        with title_row(one.name, note=markup.ident(str(one.limit_id), str(one.limit_id))):
            self._state = html(state_chip(one), tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with figures():
            self._shown = {
                name: Figure(t(f"capability.{name}"), "—")
                for name in ("left", "held", "used", "ceiling")
            }
        with panel():
            html(self._facts())
        with panel(t("capability.tree"), note=t("capability.tree_note")):
            self._table = html("")
        with panel(t("capability.holds")):
            self._holds = Table(
                hold_columns(),
                self._load,
                caption=t("capability.holds"),
                empty=lambda: empty(
                    t("capability.no_holds"), hint=t("capability.no_holds_hint"), icon="lock_open"
                ),
                address=Address(),
            )
        self._show()
        await self._holds.show()

    def _facts(self) -> Markup:
        one = self._one
        pairs: list[tuple[str, Markup | str]] = [
            (t("capability.limit_kind"), one.kind),
            (t("capability.limit_party"), one.party_id or "—"),
            (t("capability.limit_period"), t(f"capability.period.{one.period.value}")),
            (t("capability.limit_valid"), valid_words(one)),
        ]
        return markup.facts(pairs)

    async def _again(self) -> None:
        self._tree = await ask(self._limits.below, self._id)
        self._one = self._tree[0]
        self._state.set_content(str(state_chip(self._one)))
        self._show()
        await self._holds.restart()

    def _show_deeds(self) -> None:
        self._deeds.clear()
        state = self._one.state
        if state is LimitState.CLOSED:
            return
        turn, act = (
            ("freeze", self._limits.freeze)
            if state is LimitState.OPEN
            else ("thaw", self._limits.thaw)
        )
        with self._deeds:
            button(t("capability.deed.below"), self._below, icon="add")
            button(t(f"capability.deed.{turn}"), lambda: self._turn(turn, act))
            button(
                t("capability.deed.close_limit"),
                lambda: self._turn("close_limit", self._limits.close, typed=self._one.name),
            )
            button(t("capability.deed.ceiling"), self._ceiling, primary=True)

    def _show(self) -> None:
        one = self._one
        self._show_deeds()
        share = 100 * one.left_minor / one.ceiling_minor if one.ceiling_minor else 0.0
        note = (
            t("capability.left_of", share=f"{share:.0f}")
            if one.left_minor >= 0
            else t("capability.over_by")
        )
        for name, figure in self._shown.items():
            words = formats.money(getattr(one, f"{name}_minor"), one.currency)
            is_left = name == "left"
            tone = "bad" if is_left and one.left_minor < 0 else ""
            figure.show(words, note if is_left else one.currency, tone=tone)
        rows = [row_of(each, depth=len(each.path) - len(one.path)) for each in self._tree]
        self._table.set_content(str(table_html(columns(), rows, caption=t("capability.tree"))))

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._limits.holds, self._id, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [hold_row(one, self._one.currency) for one in found.items], found.next_cursor

    def _below(self) -> None:
        opening(self._limits, self._clock, "below", self._one, self._again)

    def _ceiling(self) -> None:
        one = self._one

        def build(fields: Fields) -> None:
            fields["ceiling"] = amount_field(t("capability.ceiling"), one.currency)
            fields["ceiling"].props("autofocus")
            fields["note"] = text_field(t("capability.note_why")).props("maxlength=200")

        def made(fields: Fields) -> tuple[int, str] | None:
            minor = amount_of(str(fields["ceiling"].value or ""), one.currency)
            return None if minor is None else (minor, str(fields["note"].value or "").strip())

        def effect(value: tuple[int, str]) -> str:
            before, after = (formats.money(m, one.currency) for m in (one.ceiling_minor, value[0]))
            return t("capability.effect.ceiling", before=before, after=after, currency=one.currency)

        def keep(command_id: UUID, value: tuple[int, str]) -> Limit:
            return self._limits.change(
                command_id, one.limit_id, ceiling_minor=value[0], note=value[1]
            )

        value_deed(
            self._clock,
            "capability",
            "ceiling",
            build=build,
            made=made,
            effect=effect,
            keep=keep,
            done=self._again,
        )

    def _turn(self, name: str, act: Callable[[UUID, UUID], Limit], *, typed: str = "") -> None:
        def done(command_id: UUID) -> Done:
            act(command_id, self._id)
            return Done(t(f"capability.done.{name}"))

        Deed(
            clock=self._clock,
            title=t(f"capability.deed.{name}"),
            action=t(f"capability.deed.{name}"),
            build=lambda _: None,
            effect=lambda: t(f"capability.effect.{name}"),
            act=done,
            done=self._again,
            typed=typed,
        ).open()


def valid_words(one: Limit) -> str:
    """Say from when to when a limit is valid."""
    if one.since and one.until:
        return t("capability.valid_span", since=one.since, until=one.until)
    if one.since:
        return t("capability.valid_from", since=one.since)
    if one.until:
        return t("capability.valid_to", until=one.until)
    return t("capability.valid_always")


def hold_columns() -> list[Column]:
    """Return the columns of holds."""
    return [
        Column(key="hold", label=t("capability.hold"), card="lead"),
        Column(key="at", label=t("capability.hold_at"), is_whole=True, card="line"),
        Column(key="for", label=t("capability.hold_for"), card="line"),
        Column(key="amount", label=t("capability.hold_amount"), is_number=True, card="left"),
        Column(key="used", label=t("capability.hold_used"), is_number=True, card="right"),
        Column(key="restored", label=t("capability.hold_restored"), is_number=True, card="right"),
        Column(key="state", label=t("capability.limit_state"), card="side"),
    ]


def hold_row(one: Hold, currency: str) -> Row:
    """Return a hold as a row."""
    text = str(one.hold_id)
    return {
        "hold": markup.ident(text, formats.shortened(text)),
        "at": formats.moment(nanoseconds(one.at)),
        "for": one.subject or "—",
        "amount": formats.money(one.amount_minor, currency),
        "used": formats.money(one.used_minor, currency),
        "restored": formats.money(one.restored_minor, currency),
        "state": markup.chip(t(f"capability.hold_state.{one.state.value}"), _TONES[one.state]),
    }


def register(limits: LimitsApi, clock: Clock) -> None:
    """Put the page of a limit on the console."""

    @page("/limits/{limit_id}", title="capability.limit", active="capability.limits")
    async def shown(limit_id: str) -> None:
        try:
            number = UUID(limit_id)
        except ValueError:
            raise LimitNotFound("There is no such limit.", limit_id=limit_id[:40]) from None
        await OneLimit(limits, clock, number).draw()

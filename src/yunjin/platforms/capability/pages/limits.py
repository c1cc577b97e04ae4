"""Limits: the roots of trees, or all limits of a party; opening one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Fields,
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
    formats,
    grid,
    markup,
    page,
    panel,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.limits import (
    Limit,
    LimitsApi,
    LimitState,
    NewLimit,
    Period,
)

PAGE_ROWS: Final = 50
CURRENCIES: Final = ("CNY", "USD", "EUR", "HKD", "JPY")
_TONES: Final[dict[LimitState, Any]] = {
    LimitState.OPEN: "good",
    LimitState.FROZEN: "warn",
    LimitState.CLOSED: "neutral",
}


class Limits:
    """One reader's list of limits."""

    def __init__(self, limits: LimitsApi, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._address = Address()

    async def draw(self) -> None:
        """Lay the list."""
        with title_row(t("capability.limits"), note=t("capability.limits_note")), box("yj-push"):
            button(t("capability.deed.limit"), self._open, icon="add", primary=True)
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.text(
                "party",
                t("capability.find_party"),
                icon="search",
                hint=t("capability.find_party_hint"),
            )
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("capability.limits"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()

    async def _restart(self) -> None:
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("capability.limits_none_found"), icon="search_off")
            return
        empty(t("capability.no_limits"), hint=t("capability.no_limits_hint"), icon="speed")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        party_id = self._address.all().get("party", "").strip()
        found = await ask(
            self._limits.limits,
            party_id=party_id,
            roots=not party_id,
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor

    def _open(self) -> None:
        opening(self._limits, self._clock, "limit", None, self._restart)


def opening(
    limits: LimitsApi,
    clock: Clock,
    name: str,
    parent: Limit | None,
    done: Callable[[], Awaitable[None]],
) -> None:
    """Open the dialog that opens a limit: a root, or one below another."""

    def build(fields: Fields) -> None:
        fields["name"] = text_field(t("capability.name")).props("autofocus maxlength=100")
        with grid():
            fields["ceiling"] = amount_field(
                t("capability.ceiling"), parent.currency if parent else ""
            )
            if parent is None:
                options = {one: one for one in CURRENCIES}
                fields["currency"] = choice_field(t("capability.currency"), options, CURRENCIES[0])
            fields["kind"] = text_field(
                t("capability.limit_kind"),
                value=parent.kind if parent else "credit",
                hint=t("capability.kind_hint"),
            )
            fields["party"] = text_field(
                t("capability.limit_party"), value=parent.party_id if parent else ""
            )
            periods = {one.value: t(f"capability.period.{one.value}") for one in Period}
            fields["period"] = choice_field(t("capability.limit_period"), periods, "all")

    def made(fields: Fields) -> NewLimit | None:
        given = {key: str(one.value or "").strip() for key, one in fields.items()}
        currency = parent.currency if parent else given["currency"]
        ceiling_minor = amount_of(given["ceiling"], currency)
        is_whole = given["name"] and given["kind"].isascii() and given["kind"]
        if not is_whole or ceiling_minor is None or not given["party"].isascii():
            return None
        return NewLimit(
            name=given["name"],
            kind=given["kind"],
            currency=currency,
            ceiling_minor=ceiling_minor,
            parent_id=parent.limit_id if parent else None,
            party_id=given["party"],
            period=Period(given["period"]),
        )

    def effect(one: NewLimit) -> str:
        amount = formats.money(one.ceiling_minor, one.currency)
        return t("capability.effect.limit", name=one.name, amount=amount, currency=one.currency)

    value_deed(
        clock,
        "capability",
        name,
        build=build,
        made=made,
        effect=effect,
        keep=limits.open,
        done=done,
    )


def columns() -> list[Column]:
    """Return the columns of limits."""
    return [
        Column(key="name", label=t("capability.limit"), card="lead"),
        Column(key="party", label=t("capability.limit_party"), is_whole=True, card="left"),
        Column(key="ceiling", label=t("capability.ceiling"), is_number=True, card="left"),
        Column(key="held", label=t("capability.held"), is_number=True, card="left"),
        Column(key="used", label=t("capability.used"), is_number=True, card="right"),
        Column(key="left", label=t("capability.left"), is_number=True, card="right"),
        Column(key="bar", label="", card="line"),
        Column(key="state", label=t("capability.limit_state"), card="side"),
    ]


def row_of(one: Limit, *, depth: int = 0) -> Row:
    """Return a limit as a row; the deeper it is in a tree, the further in it stands."""
    name = markup.link(one.name, f"/limits/{one.limit_id}")
    return {
        "name": Markup('{}{} <small class="yj-side">{}</small>').format(
            "\u2003" * depth, name, one.kind
        ),
        "party": one.party_id or "—",
        "ceiling": Markup('<span>{} <small class="yj-side">{}</small></span>').format(
            formats.money(one.ceiling_minor, one.currency), one.currency
        ),
        "held": formats.money(one.held_minor, one.currency),
        "used": formats.money(one.used_minor, one.currency),
        "left": formats.money(one.left_minor, one.currency),
        "bar": bar(one),
        "state": state_chip(one),
    }


def state_chip(one: Limit) -> Markup:
    """Return a limit's state."""
    return markup.chip(t(f"capability.limit_state.{one.state.value}"), _TONES[one.state])


def bar(one: Limit) -> Markup:
    """Return how much of a limit is used and held, as a bar."""
    whole = max(one.ceiling_minor, one.used_minor + one.held_minor, 1)
    used, held = (100 * part / whole for part in (one.used_minor, one.held_minor))
    words = (
        f"{t('capability.used')} {used:.0f} %, {t('capability.held')} {held:.0f} %"
        if used + held
        else f"{t('capability.left')} 100 %"
    )
    return Markup(
        '<svg viewBox="0 0 100 6" width="120" height="8" preserveAspectRatio="none"'
        'role="img" '
        'aria-label="{}"><rect width="100" height="6" rx="1" fill="var(--line)"/>'
        '<rect width="{:.1f}" height="6" fill="var(--brand)" opacity="0.35"/>'
        '<rect width="{:.1f}" height="6" fill="var(--brand)"/></svg>'
    ).format(words, min(used + held, 100), min(used, 100))


def register(limits: LimitsApi, clock: Clock) -> None:
    """Put the list of limits on the console."""

    @page("/limits", title="capability.limits", active="capability.limits")
    async def listed() -> None:
        await Limits(limits, clock).draw()

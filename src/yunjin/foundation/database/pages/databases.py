"""The hosted databases: whose, where, how full."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Column,
    Markup,
    Tone,
    ask,
    button,
    empty,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.database.api.hosting import HostedDatabase, HostedState, HostingApi

_TONES: Final[dict[HostedState, Tone]] = {
    HostedState.CREATING: "info",
    HostedState.OPEN: "good",
    HostedState.FULL: "bad",
    HostedState.RESTORING: "warn",
}
_FIRST: Final = "./run fleet database create shop s1 --owner 'the web shop'"


async def draw(hosting: HostingApi) -> None:
    """Lay the page."""
    found = await ask(hosting.databases)

    async def measure() -> None:
        await ask(hosting.measure)
        shown.set_content(str(database_table(await ask(hosting.databases))))

    with title_row(t("fleet.databases"), note=t("fleet.databases_note")):
        if found:
            button(t("fleet.deed.measure"), measure, icon="straighten")
    with panel(classes="yj-panel-table" if found else ""):
        if found:
            shown = html(database_table(found))
        else:
            empty(
                t("fleet.no_databases"),
                hint=t("fleet.no_databases_hint"),
                icon="dataset",
                action=Markup('<pre class="yj-code">{}</pre>').format(_FIRST),
            )


def database_table(found: Sequence[HostedDatabase]) -> Markup:
    """Return the databases as a table."""
    columns = [
        Column(key="name", label=t("fleet.database"), card="lead"),
        Column(key="state", label=t("fleet.database_state"), card="side"),
        Column(key="set", label=t("fleet.database_set")),
        Column(key="owner", label=t("fleet.database_owner"), card="right"),
        Column(key="size", label=t("fleet.database_size"), is_number=True, card="line"),
        Column(key="connections", label=t("fleet.database_connections"), is_number=True),
        Column(key="measured", label=t("fleet.database_measured"), is_whole=True, card="line"),
    ]
    rows = [
        {
            "name": one.name,
            "state": markup.chip(t(f"fleet.hosted.{one.state.name.lower()}"), _TONES[one.state]),
            "set": one.set_name,
            "owner": one.owner,
            "size": f"{formats.size(one.size_bytes)} / {formats.size(one.quota_mb << 20)}",
            "connections": formats.number(one.connections_max),
            "measured": formats.moment(one.measured_us * 1_000) if one.measured_us else "—",
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("fleet.databases"))


def register(hosting: HostingApi) -> None:
    """Put the page of hosted databases on the console."""

    @page("/databases", title="fleet.databases", active="fleet.databases")
    async def shown() -> None:
        await draw(hosting)

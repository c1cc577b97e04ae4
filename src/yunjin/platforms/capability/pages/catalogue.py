"""The catalogue: every centre, what it does, what undoes it, what it tells, how fast it is."""

from yunjin.chassis.console import (
    Column,
    Markup,
    Row,
    ask,
    html,
    markup,
    one_of,
    page,
    panel,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.platforms.capability.api.centres import CentresApi, Entry, Operation


def name_of(one: Entry) -> str:
    """Return a centre's name in the reader's language."""
    return one_of(one.name_zh, one.name_en)


def purpose_of(one: Entry) -> str:
    """Return what a centre is for, in the reader's language."""
    return one_of(one.purpose_zh, one.purpose_en)


def slo_words(one: Entry) -> str:
    """Say how fast and how available a centre is held to be."""
    available = f"{one.available_ppm / 10_000:g}"
    return t("capability.slo_words", ms=one.p99_ms, available=available)


def centres_table(found: list[Entry]) -> Markup:
    """Return the centres as a table."""
    columns = [
        Column(key="centre", label=t("capability.centre"), card="lead"),
        Column(key="purpose", label=t("capability.purpose"), card="line"),
        Column(key="bian", label=t("capability.bian"), card="line"),
        Column(key="commands", label=t("capability.commands"), is_number=True, card="left"),
        Column(key="queries", label=t("capability.queries"), is_number=True, card="right"),
        Column(key="events", label=t("capability.events"), is_number=True, card="right"),
    ]
    rows: list[Row] = [
        {
            "centre": markup.link(name_of(one), f"/centres/{one.code}"),
            "purpose": purpose_of(one),
            "bian": ", ".join(one.bian),
            "commands": str(sum(each.is_command for each in one.operations)),
            "queries": str(sum(not each.is_command for each in one.operations)),
            "events": str(len(one.events)),
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("capability.centres"))


def operations_table(found: list[Operation], *, is_command: bool) -> Markup:
    """Return commands or queries as a table."""
    columns = [
        Column(key="name", label=t("capability.operation"), card="lead"),
        Column(key="does", label=t("capability.does"), card="line"),
        Column(key="takes", label=t("capability.takes"), card="line"),
        Column(key="answers", label=t("capability.answers"), card="line"),
        *(
            [Column(key="undone", label=t("capability.undone_by"), card="line")]
            if is_command
            else []
        ),
    ]
    rows: list[Row] = [
        {
            "name": Markup("<code>{}</code>").format(one.name),
            "does": Markup("{}{}").format(one.summary, _refusals(one)),
            "takes": Markup("<br>").join(
                Markup("<code>{}: {}{}</code>").format(
                    each.name, each.type, f" = {each.default}" if each.default else ""
                )
                for each in one.parameters
                if each.name != "command_id"
            )
            or "—",
            "answers": Markup("<code>{}</code>").format(one.answer),
            "undone": Markup("<code>{}</code>").format(one.undone_by)
            if one.undone_by
            else one.lasts,
        }
        for one in found
    ]
    key = "capability.commands" if is_command else "capability.queries"
    return table_html(columns, rows, caption=t(key))


def _refusals(one: Operation) -> Markup:
    if not one.refusals:
        return Markup("")
    words = t("capability.refuses", refusals=", ".join(one.refusals))
    return Markup('<br><span class="yj-note">{}</span>').format(words)


def points_table(one: Entry) -> Markup:
    """Return a centre's extension points, or say that it has none."""
    if not one.points:
        return quiet("extension_off", t("capability.no_points"))
    columns = [
        Column(key="name", label=t("capability.points"), card="lead"),
        Column(key="kind", label=t("capability.limit_kind"), card="side"),
        Column(key="words", label=t("capability.purpose"), card="line"),
    ]
    rows: list[Row] = [
        {
            "name": Markup("<code>{}</code>").format(each.name),
            "kind": t(f"capability.point.{each.kind}"),
            "words": one_of(*each.words),
        }
        for each in one.points
    ]
    return table_html(columns, rows, caption=t("capability.points"))


def register(centres: CentresApi) -> None:
    """Put the catalogue on the console."""

    @page("/centres", title="capability.centres", active="capability.centres")
    async def listed() -> None:
        found = await ask(centres.centres)
        with title_row(t("capability.centres"), note=t("capability.centres_note")):
            pass
        with panel(classes="yj-panel-table"):
            html(centres_table(found))

    @page("/centres/{code}", title="capability.centre", active="capability.centres")
    async def shown(code: str) -> None:
        one = await ask(centres.centre, code)
        with title_row(name_of(one), note=purpose_of(one)):
            pass
        with panel():
            html(
                markup.facts(
                    [
                        (t("capability.bian"), ", ".join(one.bian)),
                        (t("capability.slo"), slo_words(one)),
                    ]
                )
            )
        for key, is_command in (("capability.commands", True), ("capability.queries", False)):
            found = [each for each in one.operations if each.is_command == is_command]
            with panel(t(key)):
                html(operations_table(found, is_command=is_command))
        with panel(t("capability.events")):
            lines = Markup("<br>").join(Markup("<code>{}</code>").format(e) for e in one.events)
            html(lines or "—")
        with panel(t("capability.points")):
            html(points_table(one))

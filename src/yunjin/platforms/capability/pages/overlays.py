"""Overlays: what stands at every point that is left open, by which overlay, and why."""

from collections.abc import Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Column,
    Fields,
    Filters,
    Markup,
    Row,
    ask,
    box,
    button,
    choice_field,
    html,
    markup,
    page,
    panel,
    quiet,
    t,
    table_html,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.businesses import Business
from yunjin.platforms.capability.api.overlays import (
    Coordinate,
    How,
    Laid,
    Layer,
    Overlay,
    OverlaysApi,
    Verdict,
)
from yunjin.platforms.capability.pages.businesses import words_of
from yunjin.platforms.capability.pages.task_form import label_of

_TONES: Final[dict[Verdict, Any]] = {
    Verdict.APPLIES: "good",
    Verdict.NARROWER: "info",
    Verdict.ELSEWHERE: "neutral",
}
_HOWS: Final = (How.REPLACE, How.BEFORE, How.AFTER)


class Overlays:
    """One reader's view of the points."""

    def __init__(self, overlays: OverlaysApi, businesses: Sequence[Business], clock: Clock) -> None:
        self._overlays, self._clock = overlays, clock
        self._businesses = {one.code: one for one in businesses}
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page."""
        with title_row(t("overlay.overlays"), note=t("overlay.note")), box("yj-push yj-deeds"):
            button(t("overlay.deed.withdraw"), self._withdraw)
            button(t("overlay.deed.put"), self._put, icon="add", primary=True)
        with Filters(self._address, self._show) as row:
            names = {code: words_of(one.words) for code, one in self._businesses.items()}
            row.choice("business", t("business.business"), t("overlay.any_business"), names)
            scenarios = {
                each.code: words_of(each.words)
                for one in self._businesses.values()
                for each in one.scenarios
            }
            row.choice("scenario", t("business.scenario"), t("business.any_scenario"), scenarios)
            only = {"yes": t("overlay.only")}
            row.choice("only", t("overlay.point"), t("overlay.all_points"), only)
        with panel(classes="yj-panel-table"):
            self._table = html("")
        await self._show()

    async def _show(self) -> None:
        chosen = self._address.all()
        business, scenario = chosen.get("business", ""), chosen.get("scenario", "")
        found = await ask(self._overlays.laid, business, scenario)
        if chosen.get("only"):
            found = [one for one in found if one.layers]
        self._laid = found
        told = quiet("layers_clear", t("overlay.nothing"))
        self._table.set_content(str(points_table(found) if found else told))

    def _put(self) -> None:
        def build(fields: Fields) -> None:
            points = {
                one.point.name: f"{one.point.name} · {words_of(one.point.point.words)}"
                for one in self._laid
                if one.point.point.kind != "field"
            }
            fields["point"] = choice_field(t("overlay.point"), points, next(iter(points), ""))
            hows = {one.value: t(f"overlay.how.{one.value}") for one in _HOWS}
            fields["how"] = choice_field(t("overlay.how"), hows, How.REPLACE.value)
            fields["value"] = text_field(t("overlay.value"))
            all_of = {"": t("overlay.any_business")}
            names = {code: words_of(one.words) for code, one in self._businesses.items()}
            business = self._address.get("business")
            fields["business"] = choice_field(
                t("overlay.at_business"), {**all_of, **names}, business if business in names else ""
            )
            fields["scenario"] = text_field(t("overlay.at_scenario"))
            fields["name"] = text_field(t("overlay.name"))
            fields["note"] = text_field(t("overlay.why"))

        value_deed(
            self._clock,
            "overlay",
            "put",
            build=build,
            made=_made,
            effect=_effect,
            keep=self._overlays.put,
            done=self._show,
        )

    def _withdraw(self) -> None:
        names = {
            each.overlay.name: f"{each.overlay.name} · {each.overlay.point}"
            for one in self._laid
            for each in one.layers
            if not each.is_coded
        }

        def build(fields: Fields) -> None:
            fields["name"] = choice_field(t("overlay.overlay"), names, next(iter(names), ""))

        value_deed(
            self._clock,
            "overlay",
            "withdraw",
            build=build,
            made=lambda fields: str(fields["name"].value or "") or None,
            effect=lambda name: t("overlay.effect.withdraw", name=name),
            keep=self._overlays.withdraw,
            done=self._show,
        )


def _made(fields: Fields) -> Overlay | None:
    given = {key: str(one.value or "").strip() for key, one in fields.items()}
    if not (given["point"] and given["name"] and given["value"]):
        return None
    return Overlay(
        name=given["name"],
        point=given["point"],
        at=Coordinate(business=given["business"], scenario=given["scenario"]),
        how=How(given["how"]),
        value=given["value"],
        note=given["note"],
    )


def _effect(one: Overlay) -> str:
    return t("overlay.effect.put", point=one.point, where=where_of(one.at), value=one.value)


def points_table(found: Sequence[Laid]) -> Markup:
    """Return points as a table."""
    columns = [
        Column(key="point", label=t("overlay.point"), card="lead"),
        Column(key="kind", label=t("overlay.kind"), card="side"),
        Column(key="stands", label=t("overlay.stands"), card="line"),
        Column(key="layers", label=t("overlay.layers"), card="line"),
    ]
    rows: list[Row] = [
        {
            "point": markup.stacked(one.point.name, words_of(one.point.point.words)),
            "kind": t(f"capability.point.{one.point.point.kind}"),
            "stands": stands(one),
            "layers": Markup("<br>").join(_layer(each) for each in one.layers) or "—",
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("overlay.overlays"))


def stands(one: Laid) -> str:
    """Say what stands at a point."""
    told = [
        t("overlay.before", steps=", ".join(one.before)) if one.before else "",
        t("overlay.instead", step=one.instead) if one.instead else "",
        t("overlay.after", steps=", ".join(one.after)) if one.after else "",
        t("overlay.fields", fields=", ".join(map(label_of, one.fields))) if one.fields else "",
        one.value,
    ]
    return "; ".join(filter(None, told)) or t("overlay.preset")


def where_of(at: Coordinate) -> str:
    """Say what a coordinate is."""
    return " · ".join(filter(None, at.parts())) or t("overlay.everywhere")


def _layer(one: Layer) -> Markup:
    verdict = t(f"overlay.verdict.{one.verdict.value}", narrower=one.narrower)
    coded = f" · {t('overlay.coded')}" if one.is_coded else ""
    return Markup('<code>{}</code> {} <small class="yj-side">{}{}</small>').format(
        one.overlay.name,
        markup.chip(verdict, _TONES[one.verdict], hint=one.overlay.note),
        where_of(one.overlay.at),
        coded,
    )


def register(overlays: OverlaysApi, businesses: Sequence[Business], clock: Clock) -> None:
    """Put the page of overlays on the console."""

    @page("/overlays", title="overlay.overlays", active="overlay.overlays")
    async def shown() -> None:
        await Overlays(overlays, businesses, clock).draw()

"""One case of collection: how much, for how long, what was promised, what was done."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Column,
    Fields,
    Figure,
    Markup,
    amount_field,
    amount_of,
    ask,
    box,
    button,
    choice_field,
    day_field,
    figures,
    formats,
    grid,
    html,
    markup,
    page,
    panel,
    person_field,
    t,
    table_html,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.collection import (
    CollectionApi,
    Promise,
    PromiseState,
)
from yunjin.platforms.capability.errors.lending import CollectionNotFound
from yunjin.platforms.capability.pages.collection import stage_chip
from yunjin.platforms.capability.pages.lending import party_link
from yunjin.platforms.capability.pages.lending_application import agreement, timeline_of
from yunjin.platforms.capability.pages.lending_deeds import text

SAID: Final = ("call", "visit", "letter", "message", "other")
_TONES: Final[dict[PromiseState, Any]] = {
    PromiseState.OPEN: "info",
    PromiseState.KEPT: "good",
    PromiseState.BROKEN: "bad",
    PromiseState.CANCELLED: "neutral",
}


class OneCase:
    """One reader's view of a case."""

    def __init__(self, collection: CollectionApi, clock: Clock, case_id: UUID) -> None:
        self._collection, self._clock, self._id = collection, clock, case_id

    async def draw(self) -> None:
        """Lay the page. Raises: CollectionNotFound."""
        self._one = await ask(self._collection.case, self._id)
        whole = str(self._id)
        with title_row(t("collection.case"), note=markup.ident(whole, whole)):
            self._stage = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with figures():
            self._due = Figure(t("collection.due"), "—")
            self._days = Figure(t("collection.days"), "—")
            self._seen = Figure(t("collection.seen"), "—")
        with panel():
            self._facts = html("")
        with panel(t("collection.promises")):
            self._promises = html("")
        with panel(t("lending.timeline")):
            self._timeline = html("")
        await self._show()

    async def _again(self) -> None:
        self._one = await ask(self._collection.case, self._id)
        await self._show()

    async def _show(self) -> None:
        one = self._one
        self._stage.set_content(str(stage_chip(one)))
        self._due.show(formats.money(one.due_minor, one.currency), one.currency)
        self._days.show(formats.number(one.days_overdue))
        self._seen.show(one.seen.isoformat())
        self._facts.set_content(
            str(
                markup.facts(
                    [
                        (t("collection.party"), party_link(one.party_id)),
                        (t("collection.loan"), agreement(one.agreement_id)),
                        (t("collection.opened"), one.opened.isoformat()),
                    ]
                )
            )
        )
        promises = await ask(self._collection.promises, self._id)
        self._promises.set_content(str(promises_of(promises, one.currency)))
        entries = await ask(self._collection.timeline, self._id)
        self._timeline.set_content(str(timeline_of(entries, "collection")))
        self._deeds.clear()
        if not one.is_closed:
            with self._deeds:
                button(t("collection.deed.note"), self._note, primary=True)
                button(t("collection.deed.promise"), self._promise)
                button(t("collection.deed.close"), self._close)

    def _note(self) -> None:
        def build(fields: Fields) -> None:
            names = {one: t(f"collection.what.{one}") for one in SAID}
            with grid():
                fields["what"] = choice_field(t("lending.what"), names, SAID[0])
                fields["who"] = person_field()
            fields["text"] = text_field(t("collection.text")).props("maxlength=1000")

        self._value(
            "note",
            build=build,
            made=lambda fields: whole(fields, "what", "text", "who"),
            effect=lambda _: t("collection.effect.note"),
            keep=lambda command_id, given: self._collection.note(
                command_id, self._id, given["what"], given["text"], by=given["who"]
            ),
        )

    def _promise(self) -> None:
        currency = self._one.currency

        def build(fields: Fields) -> None:
            with grid():
                fields["amount"] = amount_field(t("lending.amount"), currency)
                fields["day"] = day_field(t("collection.promise_day"))
                fields["who"] = person_field()

        def made(fields: Fields) -> dict[str, Any] | None:
            given = whole(fields, "amount", "day", "who")
            amount = amount_of(text(fields, "amount"), currency)
            day = formats.parse_day(text(fields, "day"))
            if given is None or day is None or not amount or amount < 1:
                return None
            return {"amount_minor": amount, "day": day, "by": given["who"]}

        self._value(
            "promise",
            build=build,
            made=made,
            effect=lambda value: t(
                "collection.effect.promise",
                day=value["day"].isoformat(),
                amount=formats.money(value["amount_minor"], currency),
                currency=currency,
            ),
            keep=lambda command_id, value: self._collection.promise(command_id, self._id, **value),
        )

    def _close(self) -> None:
        def build(fields: Fields) -> None:
            fields["who"] = person_field()
            fields["why"] = text_field(t("collection.why")).props("maxlength=200")

        self._value(
            "close",
            build=build,
            made=lambda fields: whole(fields, "why", "who"),
            effect=lambda _: t("collection.effect.close"),
            keep=lambda command_id, given: self._collection.close(
                command_id, self._id, given["why"], by=given["who"]
            ),
        )

    def _value(self, name: str, *, keep: Callable[[UUID, Any], object], **more: Any) -> None:
        value_deed(self._clock, "collection", name, keep=keep, done=self._again, **more)


def whole(fields: Fields, *names: str) -> dict[str, str] | None:
    """Return what stands in fields; None while one is empty."""
    given = {name: text(fields, name) for name in names}
    return given if all(given.values()) else None


def promises_of(promises: list[Promise], currency: str) -> Markup:
    """Return promises to pay, the newest first."""
    if not promises:
        return Markup("<p>{}</p>").format(t("collection.no_promises"))
    columns = [
        Column(key="day", label=t("collection.promise_day"), is_whole=True, card="lead"),
        Column(key="amount", label=t("lending.amount"), is_number=True, card="right"),
        Column(key="made", label=t("collection.promise_made"), is_whole=True, card="left"),
        Column(key="by", label=t("lending.by"), card="line"),
        Column(key="state", label=t("lending.state"), card="side"),
    ]
    rows = [
        {
            "day": one.day.isoformat(),
            "amount": formats.money(one.amount_minor, currency),
            "made": one.made.isoformat(),
            "by": one.by or "—",
            "state": markup.chip(t(f"collection.promise.{one.state.value}"), _TONES[one.state]),
        }
        for one in promises
    ]
    return Markup(table_html(columns, rows, caption=t("collection.promises")))


def register(collection: CollectionApi, clock: Clock) -> None:
    """Put the page of a case on the console."""

    @page("/lending/cases/{case_id}", title="collection.case", active="collection.cases")
    async def shown(case_id: str) -> None:
        try:
            found = UUID(case_id)
        except ValueError:
            what = "There is no such case."
            raise CollectionNotFound(what, case_id=case_id[:40]) from None
        await OneCase(collection, clock, found).draw()

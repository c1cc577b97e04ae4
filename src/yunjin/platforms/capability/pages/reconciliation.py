"""One reconciliation: its totals, its differences by kind, each of them settled with a reason."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Chart,
    Column,
    Fields,
    Figure,
    Filters,
    Markup,
    Row,
    Series,
    Table,
    ask,
    box,
    choice_field,
    empty,
    figures,
    formats,
    grid,
    html,
    markup,
    menu_button,
    page,
    panel,
    person_field,
    static_table,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.reconciliation import (
    Cure,
    Difference,
    DifferenceKind,
    ReconciliationApi,
    Total,
)
from yunjin.platforms.capability.errors.clearing import RunNotFound
from yunjin.platforms.capability.pages.payments import number
from yunjin.platforms.capability.pages.reconciliations import open_chip, still_open

PAGE_ROWS: Final = 20
_STATES: Final = ("open", "settled", "cleared")
_TONES: Final[dict[str, Any]] = {"open": "bad", "settled": "good", "cleared": "neutral"}


class OneRun:
    """One reader's view of a run."""

    def __init__(self, centre: ReconciliationApi, clock: Clock, run_id: UUID) -> None:
        self._centre, self._clock, self._id = centre, clock, run_id
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page. Raises: RunNotFound."""
        self._run = await ask(self._centre.run, self._id)
        one, text = self._run, str(self._id)
        note = f"{one.channel} · {one.day.isoformat()} · {one.name}"
        with title_row(t("reconciliation.run"), note=note):
            html(markup.ident(text, formats.shortened(text)))
            self._state = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with figures():
            self._figures = {
                name: Figure(t(f"reconciliation.{name}"), "—")
                for name in ("lines", "matched", "found", "open")
            }
        with panel(t("reconciliation.totals"), classes="yj-panel-table"):
            rows = [_total(each) for each in one.totals]
            static_table(_total_columns(), rows, caption=t("reconciliation.totals"))
        with panel() as self._by_kind:
            self._chart = Chart(title=t("reconciliation.by_kind"), x_name=t("reconciliation.kind"))
            self._chart.draw()
        with Filters(self._address, self._again) as row:
            self._filters = row
            kinds = {each.value: t(f"reconciliation.kind.{each.value}") for each in DifferenceKind}
            row.choice("kind", t("reconciliation.kind"), t("reconciliation.all_kinds"), kinds)
            states = {each: t(f"reconciliation.state.{each}") for each in _STATES}
            row.choice("state", t("reconciliation.state"), t("reconciliation.all_states"), states)
        with panel(classes="yj-panel-table"):
            self._table = Table(
                _columns(),
                self._load,
                caption=t("reconciliation.found"),
                empty=lambda: empty(
                    t("reconciliation.no_differences"),
                    hint=t("reconciliation.no_differences_hint"),
                    icon="task_alt",
                ),
                address=self._address,
            )
        await self._show()
        await self._table.show()

    async def _again(self) -> None:
        await self._show()
        await self._table.restart()

    async def _show(self) -> None:
        one = self._run = await ask(self._centre.run, self._id)
        self._state.set_content(str(open_chip(one)))
        values = {
            "lines": one.lines,
            "matched": one.matched,
            "found": one.found,
            "open": still_open(one),
        }
        for name, figure in self._figures.items():
            tone = "bad" if name == "open" and values[name] else ""
            figure.show(formats.number(values[name]), tone=tone)
        counts = await ask(self._centre.counts, self._id)
        self._by_kind.set_visibility(bool(counts))
        self._chart.show(
            labels=[t(f"reconciliation.kind.{kind.value}") for kind, _, _ in counts],
            series=[
                Series(
                    name=t("reconciliation.found"),
                    values=[count for _, count, _ in counts],
                    kind="bar",
                )
            ],
        )

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        kinds = {one.value: one for one in DifferenceKind}
        state = chosen.get("state", "")
        found = await ask(
            self._centre.differences,
            run_id=self._id,
            kind=kinds.get(chosen.get("kind", "")),
            state=state if state in _STATES else "",
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        self._offer([one for one in found.items if one.state == "open"])
        return [_row(one) for one in found.items], found.next_cursor

    def _offer(self, open_ones: Sequence[Difference]) -> None:
        """Offer to settle the differences that are shown."""
        self._deeds.clear()
        if not open_ones:
            return
        with self._deeds:
            deeds = {_name(one): self._settling(one) for one in open_ones}
            menu_button(t("reconciliation.settle"), deeds)

    def _settling(self, one: Difference) -> Callable[[], None]:
        return lambda: settling(self._centre, self._clock, one, self._again)


Settling = tuple[Cure, str, str, int]


def settling(centre: ReconciliationApi, clock: Clock, one: Difference, done: Any) -> None:
    """Open the dialog that settles a difference."""
    kind = t(f"reconciliation.kind.{one.kind.value}")

    def build(fields: Fields) -> None:
        html(Markup("<p>{}</p>").format(one.detail or kind))
        options = {each.value: t(f"reconciliation.cure.{each.value}") for each in Cure}
        with grid():
            fields["cure"] = choice_field(t("reconciliation.cure"), options, one.cure.value)
            fields["agreement"] = text_field(t("reconciliation.agreement"))
        fields["reason"] = text_field(t("reconciliation.reason")).props("maxlength=200")
        fields["by"] = person_field()

    def made(fields: Fields) -> Settling | None:
        given = {key: str(each.value or "").strip() for key, each in fields.items()}
        agreement = number(given["agreement"] or "0")
        if not given["reason"] or not given["by"] or agreement is None:
            return None
        if given["cure"] == Cure.BOOK and not agreement:
            return None
        return Cure(given["cure"]), given["reason"], given["by"], agreement

    def effect(value: Settling) -> str:
        cure = t(f"reconciliation.cure.{value[0].value}")
        return t("capability.effect.settle_difference", kind=kind, cure=cure)

    def keep(command_id: UUID, value: Settling) -> Difference:
        cure, reason, by, agreement = value
        return centre.settle(
            command_id, one.difference_id, cure, reason=reason, by=by, agreement_id=agreement
        )

    value_deed(
        clock,
        "capability",
        "settle_difference",
        build=build,
        made=made,
        effect=effect,
        keep=keep,
        done=done,
    )


def _name(one: Difference) -> str:
    kind = t(f"reconciliation.kind.{one.kind.value}")
    what = one.reference or formats.shortened(str(one.payment_id or one.difference_id))
    return f"{kind} {what}"


def _total_columns() -> list[Column]:
    names = ("theirs", "ours", "explained", "gap")
    return [
        Column(key="currency", label=t("reconciliation.currency"), card="lead"),
        *(
            Column(key=name, label=t(f"reconciliation.{name}"), is_number=True, card="line")
            for name in names
        ),
    ]


def _total(one: Total) -> Row:
    def money(minor: int) -> str:
        return formats.money(minor, one.currency)

    return {
        "currency": one.currency,
        "theirs": money(one.theirs_minor),
        "ours": money(one.ours_minor),
        "explained": money(one.explained_minor),
        "gap": money(one.gap_minor),
    }


def _columns() -> list[Column]:
    return [
        Column(key="kind", label=t("reconciliation.kind"), card="lead"),
        Column(key="reference", label=t("reconciliation.reference"), card="line"),
        Column(key="payment", label=t("reconciliation.payment"), card="line"),
        Column(key="theirs", label=t("reconciliation.theirs"), is_number=True, card="right"),
        Column(key="ours", label=t("reconciliation.ours"), is_number=True, card="right"),
        Column(key="cure", label=t("reconciliation.cure"), card="line"),
        Column(key="state", label=t("reconciliation.state"), card="side"),
    ]


def _row(one: Difference) -> Row:
    text = str(one.payment_id or "")
    link = markup.ident(text, formats.shortened(text), f"/payments/{text}") if text else "—"
    words = t(f"reconciliation.state.{one.state}")
    said = f"{one.by}: {one.reason}" if one.by else one.reason
    return {
        "kind": markup.stacked(t(f"reconciliation.kind.{one.kind.value}"), one.detail),
        "reference": one.reference or "—",
        "payment": link,
        "theirs": _money(one.theirs_minor, one.currency),
        "ours": _money(one.ours_minor, one.currency),
        "cure": t(f"reconciliation.cure.{one.cure.value}"),
        "state": markup.chip(words, _TONES[one.state], hint=said),
    }


def _money(minor: int, currency: str) -> Markup:
    return Markup('<span>{} <small class="yj-side">{}</small></span>').format(
        formats.money(minor, currency), currency
    )


def register(centre: ReconciliationApi, clock: Clock) -> None:
    """Put the page of a run on the console."""

    @page("/reconciliations/{run_id}", title="reconciliation.run", active="reconciliation.runs")
    async def shown(run_id: str) -> None:
        try:
            found = UUID(run_id)
        except ValueError:
            what = "There is no such reconciliation."
            raise RunNotFound(what, run_id=run_id[:40]) from None
        await OneRun(centre, clock, found).draw()

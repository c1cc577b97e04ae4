"""A delivery: its cells and how they turn, the proof, what was found, the parallel run."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Chart,
    Column,
    Deed,
    Done,
    Figure,
    Row,
    Series,
    Table,
    ask,
    box,
    button,
    empty,
    figures,
    formats,
    html,
    markup,
    panel,
    person,
    static_table,
    t,
    table_html,
    text_field,
    title_row,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.takeover import (
    CellLine,
    CellState,
    Compared,
    Finding,
    Proof,
    TakeoverApi,
)

PAGE_ROWS: Final = 50
_TONES: Final[dict[CellState, Any]] = {
    CellState.PREPARED: "neutral",
    CellState.FROZEN: "warn",
    CellState.LOADED: "info",
    CellState.PROVEN: "info",
    CellState.LIVE: "good",
    CellState.FALLEN_BACK: "bad",
}
# What can be done from each state, the next step first.
STEPS: Final[dict[CellState, tuple[str, ...]]] = {
    CellState.PREPARED: ("freeze",),
    CellState.FROZEN: ("load", "thaw"),
    CellState.LOADED: ("prove", "fall_back"),
    CellState.PROVEN: ("go_live", "prove", "fall_back"),
    CellState.LIVE: ("fall_back", "prove"),
    CellState.FALLEN_BACK: ("forward",),
}


class OneRun:
    """One reader's view of a delivery."""

    def __init__(self, takeover: TakeoverApi, clock: Clock, run_id: UUID) -> None:
        self._takeover, self._clock, self._id = takeover, clock, run_id

    async def draw(self) -> None:
        """Lay the page. Raises: TakeoverNotFound."""
        run = await ask(self._takeover.run, self._id)
        self._run = run
        self._cells = await ask(self._takeover.cells, self._id)
        with title_row(f"{run.name} · {run.source}", note=str(run.run_id)):
            html(markup.chip(t(f"takeover.run_state.{run.state.value}"), "neutral"), tag="span")
        with figures():
            self._figures = {
                name: Figure(t(f"takeover.{name}"), "—")
                for name in ("agreements", "live", "refused", "findings")
            }
        with (
            panel(t("takeover.cells"), note=t("takeover.cells_note")),
            box("yj-cells") as self._table,
        ):
            pass
        with panel(t("takeover.proof"), note=t("takeover.proof_note")):
            self._proof = html("")
        await self._draw_days()
        await self._draw_findings()
        await self._show()

    async def _draw_days(self) -> None:
        days = await ask(self._takeover.compared, self._id)
        with panel(t("takeover.days"), note=t("takeover.days_note")):
            if not days:
                empty(t("takeover.no_days"), hint=t("takeover.no_days_hint"), icon="compare")
                return
            _trend(days).draw()
            static_table(
                _day_columns(), [_day_row(one) for one in days], caption=t("takeover.days")
            )

    async def _draw_findings(self) -> None:
        kinds = self._run.findings
        with panel(t("takeover.findings")):
            if kinds:
                Chart(
                    title=t("takeover.by_kind"),
                    x_name=t("takeover.kind"),
                    labels=[t(f"takeover.kind.{kind}") for kind in kinds],
                    series=[
                        Series(name=t("takeover.findings"), values=list(kinds.values()), kind="bar")
                    ],
                ).draw()
            table = Table(
                _finding_columns(),
                self._load,
                caption=t("takeover.findings"),
                empty=lambda: empty(t("takeover.no_findings"), icon="verified"),
                address=Address(),
            )
        await table.show()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._takeover.findings, self._id, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [_finding_row(one) for one in found.items], found.next_cursor

    async def _again(self) -> None:
        self._cells = await ask(self._takeover.cells, self._id)
        await self._show()

    async def _show(self) -> None:
        run, live = self._run, [one for one in self._cells if one.state is CellState.LIVE]
        shown = {
            "agreements": run.agreements,
            "live": sum(one.agreements for one in live),
            "refused": run.refused,
            "findings": sum(run.findings.values()),
        }
        for name, figure in self._figures.items():
            figure.show(formats.number(shown[name]), "")
        self._table.clear()
        with self._table:
            for one in self._cells:
                self._draw_cell(one)
        proofs = [await ask(self._takeover.proof, self._id, one.cell) for one in self._cells]
        rows = [row for proof in proofs if proof is not None for row in _total_rows(proof)]
        self._proof.set_content(
            str(table_html(_total_columns(), rows, caption=t("takeover.proof")))
            if rows
            else str(markup.chip(t("takeover.no_proof")))
        )

    def _draw_cell(self, one: CellLine) -> None:
        with box("yj-cell-line"):
            html(markup.stacked(one.cell, _cell_note(one)), tag="span")
            html(markup.chip(t(f"takeover.state.{one.state.value}"), _TONES[one.state]), tag="span")
            with box("yj-push yj-deeds"):
                for place, step in enumerate(STEPS[one.state]):
                    button(
                        t(f"takeover.deed.{step}"),
                        lambda cell=one, step=step: self._step(cell, step),
                        primary=place == 0,
                    )

    def _step(self, line: CellLine, step: str) -> None:
        why, by = {"text": ""}, person()

        def build(deed: Deed) -> None:
            if step == "fall_back":
                field = text_field(t("capability.note_why")).props("maxlength=200 autofocus")

                def keep() -> None:
                    why["text"] = str(field.value or "").strip()
                    deed.changed()

                field.on_value_change(keep)

        def act(command_id: UUID) -> Done:
            if step == "fall_back":
                self._takeover.fall_back(command_id, line.run_id, line.cell, by=by, why=why["text"])
            elif step == "prove":
                proof = self._takeover.prove(command_id, line.run_id, line.cell, by=by)
                if not proof.holds:
                    return Done(t("takeover.proof_differs"), is_good=False)
            else:
                turn: Callable[..., CellLine] = getattr(self._takeover, step)
                turn(command_id, line.run_id, line.cell, by=by)
            return Done(t(f"takeover.done.{step}", cell=line.cell))

        Deed(
            clock=self._clock,
            title=t(f"takeover.deed.{step}"),
            action=t(f"takeover.deed.{step}"),
            build=build,
            effect=lambda: t(
                f"takeover.effect.{step}",
                cell=line.cell,
                count=formats.number(line.agreements),
            ),
            act=act,
            done=self._again,
            typed=line.cell if step in ("go_live", "fall_back") else "",
        ).open()


def _cell_note(one: CellLine) -> str:
    return t(
        "takeover.cell_note",
        loaded=formats.number(one.loaded),
        count=formats.number(one.agreements),
        by=one.by or "—",
    )


def _trend(days: Sequence[Compared]) -> Chart:
    return Chart(
        title=t("takeover.trend"),
        x_name=t("takeover.day"),
        labels=[one.date.isoformat() for one in days],
        series=[
            Series(
                name=t("takeover.differences"),
                values=[one.differences for one in days],
                kind="bar",
            ),
            Series(name=t("takeover.beyond"), values=[one.beyond for one in days], kind="bar"),
        ],
    )


def _day_columns() -> list[Column]:
    return [
        Column(key="day", label=t("takeover.day"), card="lead", is_whole=True),
        Column(key="figures", label=t("takeover.figures"), is_number=True),
        Column(key="differences", label=t("takeover.differences"), is_number=True),
        Column(key="beyond", label=t("takeover.beyond"), is_number=True, card="right"),
        Column(key="causes", label=t("takeover.causes"), card="line"),
    ]


def _day_row(one: Compared) -> Row:
    causes = [f"{t(f'takeover.cause.{cause}')} {count}" for cause, count in one.causes.items()]
    return {
        "day": one.date.isoformat(),
        "figures": formats.number(one.figures),
        "differences": formats.number(one.differences),
        "beyond": formats.number(one.beyond),
        "causes": " · ".join(causes) or "—",
    }


def _total_columns() -> list[Column]:
    return [
        Column(key="cell", label=t("takeover.cell"), card="lead"),
        Column(key="product", label=t("takeover.product")),
        Column(key="line", label=t("takeover.line"), card="line"),
        Column(key="agreements", label=t("takeover.agreements"), is_number=True),
        Column(key="theirs", label=t("takeover.theirs"), is_number=True),
        Column(key="ours", label=t("takeover.ours"), is_number=True, card="right"),
        Column(key="differs", label=t("takeover.differs"), is_number=True, card="right"),
    ]


def _total_rows(proof: Proof) -> list[Row]:
    return [
        {
            "cell": proof.cell,
            "product": one.product,
            "line": f"{one.line} · {one.currency}",
            "agreements": formats.number(one.agreements),
            "theirs": formats.money(one.theirs_minor, one.currency),
            "ours": formats.money(one.ours_minor, one.currency),
            "differs": formats.money(one.difference_minor, one.currency),
        }
        for one in proof.totals
    ]


def _finding_columns() -> list[Column]:
    return [
        Column(key="kind", label=t("takeover.kind"), card="lead"),
        Column(key="file", label=t("takeover.file")),
        Column(key="row", label=t("takeover.row"), is_number=True, card="right"),
        Column(key="key", label=t("takeover.key"), card="line"),
        Column(key="reason", label=t("takeover.reason"), card="line"),
        Column(key="acts", label=t("takeover.acts"), card="side"),
    ]


def _finding_row(one: Finding) -> Row:
    word, tone = ("refuses", "bad") if one.is_refusing else ("tells", "neutral")
    return {
        "kind": t(f"takeover.kind.{one.kind.value}"),
        "file": one.file,
        "row": str(one.row),
        "key": one.key or "—",
        "reason": one.reason,
        "acts": markup.chip(t(f"takeover.{word}"), tone),  # type: ignore[arg-type]
    }

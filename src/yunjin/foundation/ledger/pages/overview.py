"""The overview: is everything well, how much goes through, what waits for a person."""

from collections.abc import Sequence

from yunjin.chassis.console import (
    Chart,
    Column,
    Figure,
    Markup,
    Series,
    ask,
    box,
    contact_chip,
    figures,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.ledger.api import CellState, TransferQuery, TrialBalanceLine
from yunjin.foundation.ledger.pages.attention import Notice, notices
from yunjin.foundation.ledger.pages.desk import Desk
from yunjin.foundation.ledger.pages.reading import TransferRow, Units
from yunjin.foundation.ledger.pages.rows import transfer_columns, transfer_rows

LATEST = 8
SLOW_EVERY = 5  # beats of a second between looks at balances and latest transfers
_SIGNS = {"bad": "error_outline", "warn": "warning_amber", "info": "hourglass_empty"}


class Overview:
    """One reader's overview; `beat` pushes what changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._beats = 0

    async def draw(self) -> None:
        """Lay the page with what is known now."""
        self._units = await self._desk.units()
        if not self._desk.states.samples:
            await self._desk.states.take()
        state = await ask(self._desk.ledger.state)
        self._trial = await ask(self._desk.ledger.trial_balance)
        self._unit_note = f"{t('ledger.per_s')} · {t('time.zone', zone=formats.zone_name())}"
        with title_row(t("ledger.overview")):
            contact_chip()
        with figures():
            self._rate = Figure(t("ledger.rate"), "0")
            self._booked = Figure(t("ledger.booked"), "0")
            self._balance = Figure(t("ledger.trial_balance"), "")
            self._holds = Figure(t("ledger.holds"), "0", t("ledger.holds_note"))
        with box("yj-split"):
            with box("yj-column"):
                with panel():
                    self._chart = Chart(
                        title=t("ledger.last_minutes"),
                        x_name=t("time.at", zone=formats.zone_name()),
                        height_px=216,
                    )
                    self._chart.draw()
                with panel(t("ledger.trial_balance")):
                    self._lines = html("")
                with panel(
                    t("ledger.latest"), note=markup.link(t("ledger.all_transfers"), "/transfers")
                ):
                    self._latest = html("")
            with box("yj-column"):
                with panel(t("ledger.waiting"), classes="yj-first"):
                    self._notices = html("")
                with panel(t("ledger.cell")):
                    self._cell = html("")
        self._show_fast(state)
        self._show_lines()
        await self._show_latest()
        live(1.0, self.beat)

    async def beat(self) -> None:
        """Push this second's figures; every few seconds also balances and transfers."""
        samples = self._desk.states.samples
        if self._desk.states.problem is not None or not samples:
            self._notices.set_content(_notice(Notice(key="ledger.notice.unread", tone="bad")))
            return
        state = samples[-1][1]
        self._show_fast(state)
        self._beats += 1
        if self._beats % SLOW_EVERY == 0:
            self._trial = await ask(self._desk.ledger.trial_balance)
            self._show_lines()
            await self._show_latest()

    def _show_fast(self, state: CellState) -> None:
        instants, rates = rates_of(
            [(at, one.transfer_count) for at, one in self._desk.states.samples],
            now_ns=self._desk.clock.now_ns(),
            monotonic_ns=self._desk.clock.monotonic_ns(),
        )
        peak = formats.number(max(rates, default=0))
        self._rate.show(
            formats.number(rates[-1] if rates else 0),
            t("ledger.peak", rate=peak),
            unit=t("ledger.per_s"),
        )
        accounts = formats.number(state.account_count)
        self._booked.show(
            formats.number(state.transfer_count), t("ledger.in_accounts", count=accounts)
        )
        self._holds.show(formats.number(state.pending_count), t("ledger.holds_note"))
        self._cell.set_content(cell_facts(state))
        found = notices(state, self._trial, self._desk.verification.result)
        self._notices.set_content(notice_list(found))
        self._chart.show(
            instants=instants,
            series=[Series(name=t("ledger.rate"), values=rates, unit=t("ledger.per_s"))],
            note=self._unit_note if any(rates) else t("ledger.quiet"),
        )

    def _show_lines(self) -> None:
        lines = self._trial
        wrong = [line for line in lines if line.difference_minor]
        if not lines:
            self._balance.show("—", t("ledger.no_ledgers"))
        elif wrong:
            note = t("ledger.difference_found", count=len(wrong))
            self._balance.show(t("ledger.unbalanced"), note, tone="bad")
        else:
            key = "ledger.ledger_count_one" if len(lines) == 1 else "ledger.ledger_count"
            self._balance.show(t("ledger.balanced"), t(key, count=len(lines)), tone="good")
        self._lines.set_content(trial_balance(lines, self._units))

    async def _show_latest(self) -> None:
        batch, _ = await ask(self._desk.ledger.find_transfers, TransferQuery(limit=LATEST))
        rows = TransferRow.all_of(batch)
        sides = [side for row in rows for side in (row.debit_account_id, row.credit_account_id)]
        names = await self._desk.alias_of(sides) if sides else {}
        self._latest.set_content(latest_transfers(rows, self._units, names))


def rates_of(
    samples: Sequence[tuple[int, int]], *, now_ns: int, monotonic_ns: int
) -> tuple[list[int], list[int]]:
    """Return instants (ns) and transfers per second between samples of (monotonic ns, count)."""
    instants: list[int] = []
    rates: list[int] = []
    for (earlier, before), (later, after) in zip(samples, list(samples)[1:], strict=False):
        if later > earlier:
            instants.append(now_ns - (monotonic_ns - later))
            rates.append(max(0, after - before) * 1_000_000_000 // (later - earlier))
    return instants, rates


def trial_balance(lines: Sequence[TrialBalanceLine], units: Units) -> Markup:
    """Return the trial balance as a table, one row a ledger."""
    if not lines:
        return quiet("balance", t("ledger.no_ledgers"), t("ledger.no_ledgers_hint"))
    columns = [
        Column(key="ledger", label=t("ledger.ledger"), card="lead"),
        Column(key="accounts", label=t("ledger.accounts"), is_number=True, card="line"),
        *(
            Column(key=key, label=t(f"ledger.{key}"), is_number=True, card="line")
            for key in ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
        ),
    ]
    rows = [
        {
            "ledger": ledger_line(line, units),
            "accounts": formats.number(line.account_count),
            "debits_posted": units.amount(line.ledger, line.debits_posted),
            "credits_posted": units.amount(line.ledger, line.credits_posted),
            "debits_pending": units.amount(line.ledger, line.debits_pending),
            "credits_pending": units.amount(line.ledger, line.credits_pending),
        }
        for line in lines
    ]
    return table_html(columns, rows, caption=t("ledger.trial_balance"))


def ledger_line(line: TrialBalanceLine, units: Units) -> Markup:
    """Return a ledger's number, currency and name, and whether it balances."""
    is_off = bool(line.difference_minor)
    state = markup.chip(
        t("ledger.unbalanced" if is_off else "ledger.balanced"), "bad" if is_off else "good"
    )
    name = Markup("{} {}").format(units.name(line.ledger), state)
    given = units.given_name(line.ledger)
    return markup.stacked(name, given) if given else name


def latest_transfers(
    rows: Sequence[TransferRow], units: Units, names: dict[int, list[str]]
) -> Markup:
    """Return transfers as a short table."""
    if not rows:
        return quiet(
            "schedule", t("ledger.transfers.none_yet"), t("ledger.transfers.none_yet_hint")
        )
    columns = transfer_columns(units.common({row.ledger for row in rows}), with_code=False)
    return table_html(columns, transfer_rows(rows, units, names), caption=t("ledger.latest"))


def cell_facts(state: CellState) -> Markup:
    """Return the cell, its writer and the journal's head as names and values."""
    if state.stopped:
        writer = markup.chip(t("ledger.writer_stopped"), "bad", hint=state.stopped)
    elif state.is_writer:
        writer = markup.chip(t("ledger.writer_on"), "good")
    else:
        writer = markup.chip(t("ledger.writer_off"), "warn")
    head = state.head
    written = formats.moment(head.timestamp_last) if head.timestamp_last else t("ledger.never")
    short_hash = formats.shortened(head.hash, head=10, tail=6)
    return markup.facts(
        [
            (t("ledger.writer"), writer),
            (t("ledger.cell_number"), str(state.cell)),
            (t("ledger.epoch"), formats.number(state.epoch)),
            (t("ledger.holder"), state.holder or t("ledger.never")),
            (t("ledger.head_row"), markup.link(formats.number(head.sequence), "/journal")),
            (t("ledger.head_hash"), markup.ident(head.hash, short_hash) if head.hash else "—"),
            (t("ledger.head_time"), written),
        ]
    )


def notice_list(found: Sequence[Notice]) -> Markup:
    """Return what waits for a person; that nothing does is said too."""
    if not found:
        return quiet("task_alt", t("ledger.nothing_waits"), t("ledger.nothing_waits_hint"))
    items = Markup("").join(_notice(notice) for notice in found)
    return Markup('<ul class="yj-notices">{}</ul>').format(items)


def _notice(notice: Notice) -> Markup:
    title = t(notice.key, **notice.facts)
    return Markup('<li class="yj-notice yj-notice-{}">{}<div><b>{}</b><p>{}</p></div></li>').format(
        notice.tone,
        markup.icon(_SIGNS[notice.tone]),
        markup.link(title, notice.path) if notice.path else title,
        t(f"{notice.key}_note", **notice.facts),
    )


def register(desk: Desk) -> None:
    """Put the overview on the console."""

    @page("/ledger", title="ledger.overview", active="ledger.overview")
    async def overview() -> None:
        await Overview(desk).draw()

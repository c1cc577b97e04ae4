"""The journal: its rows, their chain, and a check of all of it at the press of a button."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Markup,
    Progress,
    Row,
    Table,
    ask,
    box,
    button,
    contact_chip,
    empty,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    problem_title,
    t,
    title_row,
)
from yunjin.foundation.ledger.api import CellState, Finding, JournalRow, VerifyReport
from yunjin.foundation.ledger.pages.desk import Desk
from yunjin.foundation.ledger.pages.reading import whole

PAGE_ROWS: Final = 50
KINDS: Final = ("accounts", "transfers", "expiry", "ledgers", "split")


class Verification:
    """The panel of the check. The check belongs to the process; every reader sees the same."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._job = desk, desk.verification
        self._seen: tuple[str, int] | None = None

    def draw(self) -> None:
        """Lay the panel as the check stands now."""
        with panel(t("ledger.verify")):
            self._words = html("")
            self._progress = Progress()
            with box("yj-actions"):
                self._start = button(
                    t("ledger.verify_now"), self._begin, icon="verified_user", primary=True
                )
        self.beat()

    def beat(self) -> None:
        """Show how the check is getting on, where that changed."""
        job = self._job
        now = (job.state, job.elapsed_s if job.state == "running" else job.ended_ns)
        if now == self._seen:
            return
        self._seen = now
        self._progress.show_only(job.state == "running")
        self._start.set_enabled(job.state != "running")
        again = "ledger.verify_now" if job.state == "idle" else "ledger.verify_again"
        self._start.set_text(t(again))
        if job.state == "running":
            self._words.set_content(_lead(t("ledger.verify_leave")))
            self._show_progress()
        elif job.state == "idle":
            self._words.set_content(_lead(t("ledger.verify_idle")))
        elif job.state == "failed" and job.problem is not None:
            title = f"{t('ledger.verify_failed')}: {problem_title(job.problem)}"
            self._words.set_content(outcome("error_outline", "bad", title, str(job.problem)))
        elif job.result is not None:
            at = t("ledger.verified_at", at=formats.moment(job.ended_ns))
            self._words.set_content(report_words(job.result, job.last_s, at))

    def _show_progress(self) -> None:
        job = self._job
        samples = self._desk.states.samples
        count = samples[-1][1].transfer_count if samples else 0
        facts = {"count": formats.number(count), "elapsed": formats.duration(job.elapsed_s)}
        earlier = job.result
        if earlier is None or not earlier.transfer_count or not job.last_s:
            self._progress.show(t("ledger.verify_running", **facts))
            return
        expected_s = max(1, job.last_s * count // earlier.transfer_count)
        left = formats.duration(max(1, expected_s - job.elapsed_s))
        percent = min(97, 100 * job.elapsed_s // expected_s)
        self._progress.show(t("ledger.verify_running_left", **facts, left=left), percent=percent)

    def _begin(self) -> None:
        self._job.start(self._desk.ledger.verify)
        self.beat()


def _lead(text: str) -> Markup:
    return Markup('<p class="yj-note">{}</p>').format(text)


def outcome(icon: str, tone: str, title: str, note: str) -> Markup:
    """Return the outcome of a check in words."""
    return Markup(
        '<div class="yj-notice yj-notice-{}">{}<div><b>{}</b><p>{}</p></div></div>'
    ).format(tone, markup.icon(icon), title, note)


def report_words(report: VerifyReport, took_s: int, at: str) -> Markup:
    """Return what the check found; each fault with its row."""
    if report.is_sound:
        note = t(
            "ledger.verify_sound_note",
            rows=formats.number(report.row_count),
            transfers=formats.number(report.transfer_count),
            elapsed=formats.duration(took_s),
        )
        return outcome("verified", "good", t("ledger.verify_sound"), f"{note} {at}")
    title = t("ledger.verify_found", count=len(report.findings))
    head = outcome("gpp_bad", "bad", title, f"{t('ledger.verify_found_note')} {at}")
    lines = Markup("").join(_finding(finding) for finding in report.findings)
    return Markup('{}<ul class="yj-findings">{}</ul>').format(head, lines)


def _finding(finding: Finding) -> Markup:
    return Markup("<li>{} <span>{}</span></li>").format(
        markup.chip(t("ledger.finding_row", row=finding.sequence), "bad"), finding.what
    )


class Journal:
    """One reader's view of the journal."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address = Address()
        self._newest = desk.states.samples[-1][1].head.sequence if desk.states.samples else 0

    async def draw(self) -> None:
        """Lay head, check and rows."""
        state = await ask(self._desk.ledger.state)
        with title_row(t("ledger.journal"), note=t("ledger.journal_note")):
            contact_chip()
            self._news = button("", self._reload, icon="refresh").classes("yj-push")
            self._news.set_visibility(False)
        with box("yj-halves"):
            with panel(t("ledger.head")):
                self._head = html(head_facts(state))
            self._verification = Verification(self._desk)
            self._verification.draw()
        with panel(classes="yj-panel-table"):
            self._table = Table(
                row_columns(),
                self._load,
                caption=t("ledger.journal"),
                empty=lambda: empty(
                    t("ledger.no_rows"), hint=t("ledger.no_rows_hint"), icon="receipt_long"
                ),
                address=self._address,
            )
        await self._table.show()
        live(1.0, self._beat)

    async def _reload(self) -> None:
        await self._table.restart()
        self._beat()

    def _beat(self) -> None:
        """Show where the journal ends now; the rows stay put until the reader wants the new."""
        self._verification.beat()
        if not self._desk.states.samples:
            return
        state = self._desk.states.samples[-1][1]
        content = str(head_facts(state))
        if content != self._head.content:
            self._head.set_content(content)
            count = state.head.sequence - self._newest
            self._news.set_text(t("ledger.new_rows", count=formats.number(max(count, 0))))
            self._news.set_visibility(count > 0)

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        before = whole(wanted.cursor, 1 << 63)
        rows = await ask(self._desk.ledger.journal, before=before, limit=PAGE_ROWS)
        if before is None:
            self._newest = rows[0].sequence if rows else 0
        following = str(rows[-1].sequence) if len(rows) == PAGE_ROWS else None
        return [journal_row(row) for row in rows], following


def head_facts(state: CellState) -> Markup:
    """Return where the journal ends."""
    head = state.head
    written = formats.moment(head.timestamp_last) if head.timestamp_last else t("ledger.never")
    halves = Markup("{}<wbr>{}").format(head.hash[:32], head.hash[32:])  # two even lines
    whole = markup.ident(head.hash, halves, is_whole=True) if head.hash else "—"
    return markup.facts(
        [
            (t("ledger.head_row"), formats.number(head.sequence)),
            (t("ledger.head_hash"), Markup('<span class="yj-mono">{}</span>').format(whole)),
            (t("ledger.head_time"), written),
            (t("ledger.epoch"), formats.number(state.epoch)),
        ]
    )


def row_columns() -> list[Column]:
    """Return the columns of the journal's rows."""
    return [
        Column(key="row", label=t("ledger.row"), is_number=True, card="lead"),
        Column(key="kind", label=t("ledger.kind"), card="side"),
        Column(key="count", label=t("ledger.rows_in_batch"), is_number=True, card="left"),
        Column(key="at", label=t("time.at", zone=formats.zone_name()), card="line"),
        Column(key="size", label=t("ledger.body"), is_number=True, card="right"),
        Column(key="codec", label=t("ledger.codec"), card="none"),
        Column(key="hash", label=t("ledger.hash"), card="line"),
        Column(key="previous", label=t("ledger.previous_hash"), card="line"),
    ]


def journal_row(row: JournalRow) -> Row:
    """Return a row of the journal as a row of the table."""
    kind = row.kind if row.kind in KINDS else "other"
    return {
        "row": formats.number(row.sequence),
        "kind": markup.chip(
            t(f"ledger.row_kind.{kind}"), "info" if kind == "transfers" else "neutral"
        ),
        "count": formats.number(row.row_count),
        "at": formats.moment(row.timestamp_last) if row.timestamp_last else "—",
        "size": formats.size(row.body_bytes),
        "codec": t("ledger.codec_none") if row.codec == "none" else row.codec,
        "hash": _hash(row.hash),
        "previous": _hash(row.previous_hash),
    }


def _hash(value: str) -> Markup:
    return Markup('<span class="yj-mono">{}</span>').format(
        markup.ident(value, formats.shortened(value, head=10, tail=6))
    )


def register(desk: Desk) -> None:
    """Put the journal on the console."""

    @page("/journal", title="ledger.journal", active="ledger.journal")
    async def journal() -> None:
        await Journal(desk).draw()

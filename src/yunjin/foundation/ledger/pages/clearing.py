"""The page of clearing: what is in doubt in other cells, for how long; the proof of both sides."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Column,
    Figure,
    Markup,
    ask,
    box,
    button,
    contact_chip,
    figures,
    formats,
    html,
    live,
    markup,
    page,
    panel,
    problem_title,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.ledger.api import ClearingApi, ClearingLine, InDoubt, LedgerApi, PeerState
from yunjin.foundation.ledger.pages.reading import Units
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem

_ROWS: Final = 50


class Clearing:
    """One reader's view of clearing."""

    def __init__(self, ledger: LedgerApi, clearing: ClearingApi, clock: Clock) -> None:
        self._ledger, self._clearing, self._clock = ledger, clearing, clock

    async def draw(self) -> None:
        """Lay the page with what is known now."""
        self._units = Units(await ask(self._ledger.ledgers))
        with title_row(t("ledger.clearing"), note=t("ledger.clearing_note")):
            contact_chip()
        with figures():
            self._batches = Figure(t("ledger.clearing.in_doubt"), "0")
            self._oldest = Figure(t("ledger.clearing.oldest"), "—")
            self._stuck = Figure(t("ledger.clearing.stuck"), "0")
        with panel(t("ledger.clearing.in_doubt")):
            self._doubts = html("")
            with box("yj-actions"):
                button(t("ledger.clearing.resolve"), self._resolve, icon="sync", primary=True)
            self._said = html("")
        with panel(t("ledger.clearing.peers")):
            self._peers = html("")
        with panel(t("ledger.clearing.proof")):
            self._proof = html(_lead(t("ledger.clearing.proof_note")))
            with box("yj-actions"):
                button(t("ledger.clearing.prove"), self._prove, icon="balance")
        await self.beat()
        live(2.0, self.beat)

    async def beat(self) -> None:
        """Push what is in doubt now."""
        peers = await ask(self._clearing.peers)
        found = await ask(self._clearing.in_doubt, limit=_ROWS)
        now_us = self._clock.now_ns() // 1_000
        rows = sum(peer.row_count for peer in peers)
        self._batches.show(
            formats.number(sum(peer.batch_count for peer in peers)),
            t("ledger.clearing.in_doubt_note", count=formats.number(rows)),
        )
        age = formats.duration(age_s(found[0].at_us, now_us)) if found else "—"
        self._oldest.show(age, t("ledger.clearing.oldest_note"))
        stuck = sum(one.is_stuck for one in found)
        tone = "bad" if stuck else ""
        self._stuck.show(formats.number(stuck), t("ledger.clearing.stuck_note"), tone=tone)
        names = {peer.number: peer.name for peer in peers}
        self._doubts.set_content(doubts(found, names, self._units, now_us))
        self._peers.set_content(peer_table(peers))

    async def _resolve(self) -> None:
        done = await ask(self._clearing.resolve)
        facts = {"tried": done.tried, "finished": done.finished, "left": done.left}
        self._said.set_content(_lead(t("ledger.clearing.resolved", **facts)))
        await self.beat()

    async def _prove(self) -> None:
        try:
            lines = await ask(self._clearing.reconcile)
        except Problem as problem:
            said = f"{t('ledger.clearing.unread')}: {problem_title(problem)}"
            self._proof.set_content(_lead(said))
            return
        self._proof.set_content(proof(lines))


def age_s(at_us: int, now_us: int) -> int:
    """Return an age in seconds; a clock that was set back makes nobody younger than new."""
    return max(0, now_us - at_us) // 1_000_000


def doubts(found: Sequence[InDoubt], names: dict[int, str], units: Units, now_us: int) -> Markup:
    """Return batches in doubt as a table, the oldest first."""
    if not found:
        return quiet("task_alt", t("ledger.clearing.nothing"), t("ledger.clearing.nothing_hint"))
    columns = [
        Column(key="batch", label=t("ledger.clearing.batch"), card="lead"),
        Column(key="state", label=t("ledger.clearing.state"), card="side"),
        Column(key="peer", label=t("ledger.clearing.peer")),
        Column(key="age", label=t("ledger.clearing.age"), is_number=True, card="right"),
        Column(key="count", label=t("ledger.clearing.crossings"), is_number=True),
        Column(key="amount", label=t("ledger.clearing.amount"), is_number=True, card="right"),
        Column(key="tries", label=t("ledger.clearing.tries"), is_number=True),
        Column(key="reason", label=t("ledger.clearing.reason"), card="line"),
    ]
    rows = [
        {
            "batch": markup.ident(str(one.batch_id), formats.shortened(str(one.batch_id))),
            "state": _state(one),
            "peer": names.get(one.peer, str(one.peer)),
            "age": formats.duration(age_s(one.at_us, now_us)),
            "count": formats.number(one.row_count),
            "amount": _amounts(one, units),
            "tries": formats.number(one.tries),
            "reason": one.reason,
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("ledger.clearing.in_doubt"))


def _state(one: InDoubt) -> Markup:
    if one.is_stuck:
        return markup.chip(t("ledger.clearing.stuck"), "bad")
    if one.reason:
        return markup.chip(t("ledger.clearing.put_off"), "warn")
    return markup.chip(t("ledger.clearing.under_way"), "info")


def _amounts(one: InDoubt, units: Units) -> Markup:
    lines = [units.money(ledger, minor) for ledger, minor in sorted(one.amounts_minor.items())]
    return Markup("<br>").join(lines)


def peer_table(peers: Sequence[PeerState]) -> Markup:
    """Return the other cells and banks as a table."""
    if not peers:
        return quiet("lan", t("ledger.clearing.no_peers"), t("ledger.clearing.no_peers_hint"))
    columns = [
        Column(key="peer", label=t("ledger.clearing.peer"), card="lead"),
        Column(key="state", label=t("ledger.clearing.state"), card="side"),
        Column(key="address", label=t("ledger.clearing.address"), card="line"),
        Column(key="batches", label=t("ledger.clearing.batches"), is_number=True),
        Column(key="rows", label=t("ledger.clearing.crossings"), is_number=True, card="right"),
    ]
    rows = [
        {
            "peer": peer.name,
            "state": markup.chip(t("ledger.clearing.silent"), "bad", hint=peer.trouble)
            if peer.trouble
            else markup.chip(t("ledger.clearing.answers"), "good"),
            "address": peer.address,
            "batches": formats.number(peer.batch_count),
            "rows": formats.number(peer.row_count),
        }
        for peer in peers
    ]
    return table_html(columns, rows, caption=t("ledger.clearing.peers"))


def proof(lines: Sequence[ClearingLine]) -> Markup:
    """Return both cells' clearing accounts side by side."""
    if not lines:
        return quiet("balance", t("ledger.clearing.nothing"), t("ledger.clearing.nothing_hint"))
    columns = [
        Column(key="peer", label=t("ledger.clearing.peer"), card="lead"),
        Column(key="state", label=t("ledger.clearing.state"), card="side"),
        *(
            Column(key=key, label=t(f"ledger.clearing.{key}"), is_number=True, card="line")
            for key in ("net_here", "net_there", "held", "difference")
        ),
    ]
    rows = [
        {
            "peer": f"{line.peer} · {line.currency}",
            "state": _verdict(line),
            "net_here": formats.money(line.net_here, line.currency),
            "net_there": formats.money(line.net_there, line.currency),
            "held": formats.money(line.out_held + line.in_held, line.currency),
            "difference": formats.money(line.difference_minor, line.currency),
        }
        for line in lines
    ]
    return table_html(columns, rows, caption=t("ledger.clearing.proof"))


def _verdict(line: ClearingLine) -> Markup:
    if line.findings:
        return markup.chip(t("ledger.clearing.wrong"), "bad", hint="; ".join(line.findings))
    if line.is_at_rest and not line.difference_minor:
        return markup.chip(t("ledger.clearing.nets"), "good")
    return markup.chip(t("ledger.clearing.moving"), "info")


def _lead(text: str) -> Markup:
    return Markup('<p class="yj-note">{}</p>').format(text)


def register(ledger: LedgerApi, clearing: ClearingApi, clock: Clock) -> None:
    """Put the page of clearing on the console."""

    @page("/clearing", title="ledger.clearing", active="ledger.clearing")
    async def clearing_page() -> None:
        await Clearing(ledger, clearing, clock).draw()

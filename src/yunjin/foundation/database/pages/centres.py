"""A data centre as a card: its database node and its process of the cell, in words and signs."""

from typing import Final

from yunjin.chassis.console import Markup, Tone, formats, markup, one_of, t
from yunjin.foundation.database.api.fleet import PRIMARY, SYNCED, NodeStatus
from yunjin.foundation.database.api.topology import CellSeen, Centre, NodeSeen, Role, Strike

_SHORT: Final = ("fleet.strike.node-kill", "fleet.strike.node-pause", "fleet.strike.centre-off")
_ALONE: Final = "Disconnected"  # has not met the others yet
_NO_SOCKET: Final = "ERROR 2002"
_PPM_A_TENTH: Final = 1_000  # millionths in a tenth of a per cent
_ROLES: Final[dict[Role, Tone]] = {
    Role.WRITES: "info",
    Role.STANDS_BY: "good",
    Role.STARTS: "warn",
    Role.SILENT: "warn",
    Role.DOWN: "bad",
}
_SIGNS: Final = {
    Role.WRITES: "edit",
    Role.STANDS_BY: "schedule",
    Role.STARTS: "hourglass_empty",
    Role.SILENT: "bedtime",
    Role.DOWN: "power_off",
}


def writes_here(centre: Centre) -> bool:
    """Say whether a cell is written from this data centre."""
    return any(cell.role is Role.WRITES for cell in centre.cells)


def centre_card(centre: Centre) -> Markup:
    """Return what is in a data centre."""
    chip = markup.chip(t("fleet.writes_here"), "info") if writes_here(centre) else Markup("")
    city = Markup('<span class="yj-note">{}</span>').format(centre.city)
    head = Markup('<div class="yj-centre-head">{}<h2>{}</h2>{}{}</div>').format(
        markup.icon("domain"), t("fleet.centre", name=centre.name), city, chip
    )
    inside = [node_part(node) for node in centre.nodes]
    inside += [cell_part(cell) for cell in centre.cells]
    return head + Markup("").join(inside)


def node_part(node: NodeSeen) -> Markup:
    """Return a database node: its state in words, how far it came, whether it slows the others."""
    seen = node.status
    return _part(
        sign="storage",
        name=t("fleet.node_of", node=node.name),
        place=node.place,
        state=node_chip(seen),
        facts=(
            ("fleet.seqno", formats.number(seen.seqno) if seen.seqno >= 0 else "—"),
            ("fleet.flow", flow_control(seen) if seen.state else "—"),
            ("fleet.queue", formats.number(seen.recv_queue) if seen.state else "—"),
        ),
    )


def cell_part(cell: CellSeen) -> Markup:
    """Return a process of a cell: what it does, its lease, its position in the journal."""
    sign = markup.icon(_SIGNS[cell.role])
    state = Markup('<span class="yj-chip yj-{}">{}{}</span>').format(
        _ROLES[cell.role], sign, t(f"fleet.role.{cell.role.value}")
    )
    return _part(
        sign="memory",
        name=t("fleet.process_of", cell=cell.cell),
        place=cell.place,
        state=state,
        facts=(
            ("fleet.sequence", formats.number(cell.sequence) if cell.sequence else "—"),
            ("fleet.epoch", formats.number(cell.epoch) if cell.epoch else "—"),
            ("fleet.pid", str(cell.pid) if cell.pid else "—"),
        ),
    )


def _part(
    *, sign: str, name: str, place: str, state: Markup, facts: tuple[tuple[str, str], ...]
) -> Markup:
    pairs = Markup("").join(
        Markup('<div><dt>{}</dt><dd class="num">{}</dd></div>').format(t(key), value)
        for key, value in facts
    )
    return Markup(
        '<div class="yj-part">{}<div class="yj-part-name"><b>{}</b><small class="num">{}</small>'
        "</div>{}<dl>{}</dl></div>"
    ).format(markup.icon(sign), name, place, state, pairs)


def node_state(seen: NodeStatus) -> tuple[str, Tone]:
    """Return the word for how a node is, and its tone."""
    if not seen.pid:
        return ("unreached", "warn") if seen.why else ("down", "bad")
    if seen.why:  # its socket is not there yet, or nobody answers at it
        return ("starting" if _NO_SOCKET in seen.why else "silent"), "warn"
    if seen.cluster_status == _ALONE:
        return "joining", "warn"
    if seen.cluster_status != PRIMARY:
        return "no_majority", "bad"
    if seen.is_read_only:
        return "read_only", "warn"
    if seen.state == SYNCED:
        return ("synced", "good") if seen.is_ready else ("joining", "warn")
    return ("donor", "warn") if seen.state.startswith("Donor") else ("joining", "warn")


def node_chip(seen: NodeStatus) -> Markup:
    """Return how a node is, as a chip; Galera's own word on hover."""
    word, tone = node_state(seen)
    return markup.chip(t(f"fleet.state.{word}"), tone, hint=seen.why or seen.state)


def flow_control(seen: NodeStatus) -> str:
    """Return the part of its time in which a node held the others back: `0.4 %`."""
    tenths = seen.flow_control_paused_ppm // _PPM_A_TENTH
    return f"{tenths // 10}.{tenths % 10} %"


def strike_name(strike: Strike) -> str:
    """Return what a strike does, in the reader's language."""
    return one_of(strike.zh, strike.en)


def strike_word(strike: Strike) -> str:
    """Return a strike in short, for where its target is plain."""
    key = f"fleet.strike.{strike.id.partition(':')[0]}"
    return t(key) if key in _SHORT else strike_name(strike)


def first_step() -> Markup:
    """Return the commands that make a fleet."""
    return Markup('<pre class="yj-code">{}</pre>').format(
        "./run fleet example > data/fleet.toml\n./run fleet create s1"
    )

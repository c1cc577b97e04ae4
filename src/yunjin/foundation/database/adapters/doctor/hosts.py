"""What a node's own host tells of it, asked in one command: process, disk, sync, saved state."""

from dataclasses import dataclass
from typing import Any, Final

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.domain.doctor.observation import Life, Observation
from yunjin.foundation.database.domain.positions import read_grastate, read_gvwstate
from yunjin.foundation.database.errors import HostUnreachable
from yunjin.kernel.clock import Clock

_WAIT_S: Final = 5
# What a disk says that fails. That it is full is told by how much is free; what the doctor itself
# may not do says nothing of the disk.
_FAULTS: Final = ("Read-only file system", "Input/output error", "Structure needs cleaning")
_TICKS: Final = 100  # of a process's start time a second, on every Linux
# The process is looked for by its command, not by its pid file: one that recovers its position,
# or that somebody else just started, counts too. Lines begin with what they tell.
_SCRIPT: Final = """
config=$1 data=$2 folder=$3
echo "now $(date +%s%N)"
for one in $(pgrep -f "mariadbd --defaults-file=$config"); do
  [ "$(cat "/proc/$one/comm" 2>/dev/null)" = mariadbd ] || continue
  echo "stat $(cat "/proc/$one/stat")" && echo "uptime $(cut -d. -f1 /proc/uptime)"
  break
done
[ -d "$folder" ] || exit 0
[ -s "$folder/tls/until" ] && echo "until $(cat "$folder/tls/until")"
[ -s "$folder/resting" ] && echo "resting $(cat "$folder/resting")"
echo "disk $(stat -f -c '%b %a %S' "$folder")"
before=$(date +%s%N)
if said=$(dd if=/dev/zero of="$folder/.doctor" bs=512 count=1 conv=fsync 2>&1); then
  echo "sync $(($(date +%s%N) - before))"
else
  echo "fault $said" | head -n 1
fi
sed 's/^/grastate /' "$data/grastate.dat" 2>/dev/null
sed 's/^/gvwstate /' "$data/gvwstate.dat" 2>/dev/null
exit 0
"""


@dataclass(frozen=True, slots=True)
class _Told:
    """The lines a host answered with, by their first word."""

    lines: dict[str, list[str]]

    def first(self, word: str) -> str:
        return self.lines.get(word, [""])[0]

    def text(self, word: str) -> str:
        return "\n".join(self.lines.get(word, []))


def look(node: NodeServer, clock: Clock) -> Observation:
    """Return what the host tells; all unknown where it does not answer. Raises nothing."""
    started_ns, wall_ns = clock.monotonic_ns(), clock.now_ns()
    places = node.places
    words = ["sh", "-c", _SCRIPT, "sh", places.config, places.data, places.folder]
    try:
        ran = node.machine.run(words, wait_s=_WAIT_S)
    except HostUnreachable as error:
        return Observation(node=node.name, why=error.detail, clock_error_ms=-1)
    took_ns = clock.monotonic_ns() - started_ns
    if ran.code:
        return Observation(node=node.name, why=ran.complaint, clock_error_ms=-1)
    return _read(node.name, ran.text, wall_ns=wall_ns, took_ns=took_ns)


def _read(node: str, text: str, *, wall_ns: int, took_ns: int) -> Observation:
    lines: dict[str, list[str]] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        lines.setdefault(word, []).append(rest)
    told = _Told(lines)
    saved = read_grastate(told.text("grastate")).position
    total, free, size = map(int, (told.first("disk") or "-1 -1 1").split())
    # the clock is read at the start of the script: at the latest when the answer came
    now_ns = int(told.first("now"))
    offset_ns = now_ns - wall_ns - took_ns // 2
    return Observation(
        node=node,
        **_process(told),
        saved_history=saved.history,
        saved_seqno=saved.seqno,
        last_view=read_gvwstate(told.text("gvwstate")),
        is_resting=now_ns < int(told.first("resting") or 0) * 1_000_000_000,
        tls_days=_days_until(told.first("until"), now_ns),
        disk_free=free * size,
        disk_total=total * size,
        fsync_us=int(told.first("sync") or -1_000) // 1_000,
        disk_fault=_fault(told.first("fault")),
        clock_offset_ms=offset_ns // 1_000_000,
        clock_error_ms=took_ns // 2_000_000 + 1,
    )


def _days_until(text: str, now_ns: int) -> int | None:
    return (int(text) - now_ns // 1_000_000_000) // 86_400 if text.isdecimal() else None


def _fault(said: str) -> str:
    return said if any(each in said for each in _FAULTS) else ""


def _process(told: _Told) -> dict[str, Any]:
    stat = told.first("stat")
    if not stat:
        return {"life": Life.GONE}
    fields = stat.rpartition(")")[2].split()
    state, started_s = fields[0], int(fields[19]) // _TICKS
    if state in "ZX":
        return {"life": Life.GONE}
    return {
        "life": Life.HELD if state in "Tt" else Life.RUNS,
        "pid": int(stat.split(" ", 1)[0]),
        "age_s": int(told.first("uptime")) - started_s,
    }

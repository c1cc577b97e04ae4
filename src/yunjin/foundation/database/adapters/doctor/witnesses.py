"""What a second pair of eyes sees of nodes: from another host, by another way than the doctor's."""

from collections.abc import Mapping, Sequence
from typing import Final

from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.domain.doctor.observation import Sight
from yunjin.foundation.database.domain.topology import Node, Topology
from yunjin.foundation.database.errors import HostUnreachable

_WAIT_S: Final = 2
# A connection that is refused is an answer of a host that lives; silence is none.
_SCRIPT: Final = """
look() {
  for port in "$3" "$4"; do
    why=$(timeout %d bash -c "exec 3<>/dev/tcp/$2/$port" 2>&1) && echo "$1 open" && return
    case $why in *refused*) ;; *) echo "$1 silent" && return ;; esac
  done
  echo "$1 refused"
}
while [ $# -gt 0 ]; do look "$1" "$2" "$3" "$4" & shift 4; done
wait
"""


def sights(machine: Machine, fleet: Topology, nodes: Sequence[Node]) -> Mapping[str, Sight] | None:
    """Return what a host sees of nodes' ports, for clients and for the group; None: no answer.

    A node is refused only where both ports are.
    """
    words = ["sh", "-c", _SCRIPT % _WAIT_S, "sh"]
    for node in nodes:
        words += [node.name, fleet.host(node.host).address, str(node.port), str(node.galera_port)]
    try:
        ran = machine.run(words, wait_s=3 * _WAIT_S)
    except HostUnreachable:
        return None
    told = dict(line.split(" ", 1) for line in ran.text.splitlines() if " " in line)
    return {node.name: Sight(told[node.name]) for node in nodes if node.name in told} or None

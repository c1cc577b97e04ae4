"""Whether a commit is on the disks of the other nodes too.

Galera answers a commit when every node has received it; each writes it to its disk a moment later.
Where that moment matters, every other node is asked to apply what was committed before, and to sync
its redo log. A node that does not answer is left out for a while; where those that answer are no
majority, nothing is promised. A witness (garbd) that votes with the writer's node counts as one
that answers: without it, or that node, the others will not go on either.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

SYNC_LOG: Final = "flush local engine logs"  # needs the privilege RELOAD
_AGAIN_S: Final = 2.0  # until a node that did not answer is asked again, at least
_SHARE: Final = (
    10  # a frozen node takes connections and answers none: of our time, one part in so many
)
_log: Final = structlog.get_logger()


class Copies:
    """The other nodes of a set, asked for one connection's commits.

    Parameters
    ----------
    connect : opens a connection to (host, port), or raises one of `errors`.
    """

    def __init__(
        self,
        nodes: Sequence[tuple[str, int]],
        connect: Callable[[str, int], Any],
        errors: tuple[type[Exception], ...],
    ) -> None:
        self._nodes, self._connect, self._errors = list(nodes), connect, errors
        self._open: dict[tuple[str, int], Any] = {}
        self._again_at: dict[tuple[str, int], float] = {}

    def confirm(
        self, writer: tuple[str, int], *, has_witness: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait until what was committed is on the disks of all nodes that answer.

        writer: the node it was committed on.
        has_witness: tells whether a witness votes with that node; asked where it matters.

        Returns whether they are a majority of the set, the writer among them.
        """
        count = 1 + sum(node != writer and self._is_on(node) for node in self._nodes)
        if 2 * count > len(self._nodes):
            return True
        if 2 * (count + 1) > len(self._nodes) + 1 and has_witness():
            return True
        self._again_at.clear()  # none is left out where each is needed
        return False

    def _is_on(self, node: tuple[str, int]) -> bool:
        asked_s = time.monotonic()
        if asked_s < self._again_at.get(node, 0.0):
            return False
        try:
            connection = self._open.get(node) or self._first(node)
            with connection.cursor() as cursor:
                cursor.execute("select 1")  # once all that was committed before is applied here
                cursor.fetchall()
                cursor.execute(SYNC_LOG)
        except self._errors as error:
            _log.warning("journal.copy_unconfirmed", node=f"{node[0]}:{node[1]}", why=str(error))
            now_s = time.monotonic()
            self._again_at[node] = now_s + max(_AGAIN_S, _SHARE * (now_s - asked_s))
            self._drop(node)
            return False
        return True

    def _first(self, node: tuple[str, int]) -> Any:
        connection = self._open[node] = self._connect(*node)
        with connection.cursor() as cursor:
            cursor.execute("set session wsrep_sync_wait=1")
        return connection

    def _drop(self, node: tuple[str, int]) -> None:
        connection = self._open.pop(node, None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close the connections."""
        for node in list(self._open):
            self._drop(node)

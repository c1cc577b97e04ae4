"""Which cell has which accounts: the home in an account's id, and what splits made of it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from yunjin.kernel.ids import SEQUENCE_BITS
from yunjin.kernel.shares import Share


class Shares:
    """The map from accounts to cells, as far as members told it.

    A cell's share only ever becomes smaller: of two that are told of it, the later has been split
    more often. Of two cells that seem to have one account, the one that was split more often has.
    """

    def __init__(self) -> None:
        self._known: dict[int, Share] = {}

    def learn(self, member: dict[str, Any]) -> None:
        """Take over what is told of a process that writes its cell."""
        cell = int(member["cell"])
        told = Share(
            int(member.get("home", cell)),
            int(member.get("depth", 0)),
            int(member.get("residue", 0)),
        )
        known = self._known.get(cell)
        if known is None or known.depth < told.depth:
            self._known = {**self._known, cell: told}

    def cells_of(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the cell that has each account; of a home nobody told of, that number itself."""
        cells = accounts >> SEQUENCE_BITS
        split = [(share, cell) for cell, share in self._known.items() if share.depth]
        for share, cell in sorted(split, key=lambda one: one[0].depth):
            cells = np.where(share.holds(accounts), cell, cells)
        return cells

"""Which of a home's accounts a cell serves.

An account's id carries its home (15 bits) and its sequence. Blocks of 1,024 neighbouring sequences
are given to cells by the last bits of the block's number (extendible hashing): a cell that was
never split has them all; each split gives half of a cell's blocks away.
"""

from dataclasses import dataclass
from typing import Any, Final

from yunjin.kernel.ids import CLEARING_FROM, SEQUENCE_BITS, SEQUENCE_MAX

BLOCK_BITS: Final = 10
DEPTH_MAX: Final = 15  # splits of splits: 32,768 cells of one home


@dataclass(frozen=True, slots=True)
class Share:
    """The accounts of `home` whose block is ≡ residue modulo 2^depth.

    The upper half of sequences, clearing accounts, is no share's: each cell has its own.
    """

    home: int
    depth: int = 0
    residue: int = 0

    def holds(self, accounts: Any) -> Any:
        """Tell which ids (a number, or int64[n]) are of this share."""
        return (accounts >> SEQUENCE_BITS == self.home) & (self._block(accounts) == self.residue)

    def lacks(self, accounts: Any) -> Any:
        """Tell which ids are of this home and of another share of it.

        Sequence 0 is no account, so nobody lacks it.
        """
        sequence = accounts & SEQUENCE_MAX
        is_account = (sequence != 0) & (sequence < CLEARING_FROM)
        is_home = accounts >> SEQUENCE_BITS == self.home
        return is_home & is_account & (self._block(accounts) != self.residue)

    def halves(self) -> "tuple[Share, Share]":
        """Return what stays and what goes in a split."""
        stays = Share(self.home, self.depth + 1, self.residue)
        return stays, Share(self.home, self.depth + 1, self.residue + (1 << self.depth))

    def room(self, first: int, count: int) -> int | None:
        """Return where `count` neighbouring sequences of this share begin, from `first` on.

        None where there is no such place: beside other shares, they have to be of one block.
        """
        if not self.depth:
            return first
        if count > 1 << BLOCK_BITS:
            return None
        block = first >> BLOCK_BITS
        if first + count - 1 >> BLOCK_BITS == block and self._block(first) == self.residue:
            return first
        step = 1 << self.depth
        return (block + 1 + (self.residue - block - 1) % step) << BLOCK_BITS

    def _block(self, accounts: Any) -> Any:
        return accounts >> BLOCK_BITS & (1 << self.depth) - 1

"""A split, as the journals of both halves tell it.

The new half's journal is the old one's up to the split, then a row of its own. So both know every
id that was used before, and an account's history goes on in whichever half it is in.
"""

import json
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.kernel.shares import Share

_FIELDS: Final = ("home", "depth", "residue", "cell", "into", "is_new")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A cell that became two.

    nets: by ledger, in order: what the accounts that are no longer here had, credits less debits.
        It is booked to the account between the halves; in the other half it is the opposite.
    """

    home: int
    depth: int  # of both halves
    residue: int  # of what stays
    cell: int  # that it stays with
    into: int  # where the rest goes
    is_new: bool  # whether this journal is that of `into`
    nets: tuple[tuple[int, int], ...]  # (ledger, minor)

    @property
    def stays(self) -> Share:
        return Share(self.home, self.depth, self.residue)

    @property
    def goes(self) -> Share:
        return Share(self.home, self.depth, self.residue + (1 << self.depth - 1))

    @property
    def here(self) -> Share:
        """What the cell of this journal has from now on."""
        return self.goes if self.is_new else self.stays

    @property
    def there(self) -> tuple[int, Share]:
        """The other half: its cell, and what that has."""
        return (self.cell, self.stays) if self.is_new else (self.into, self.goes)

    def packed(self) -> bytes:
        """Return the body of a journal's row."""
        told = {name: getattr(self, name) for name in _FIELDS}
        return json.dumps({**told, "nets": self.nets}).encode()

    @classmethod
    def of(cls, body: bytes) -> "Split":
        """Read the body of a journal's row."""
        told = json.loads(body)
        nets = tuple((int(ledger), int(net)) for ledger, net in told["nets"])
        return cls(**{name: told[name] for name in _FIELDS}, nets=nets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """What becomes durable in the same commit as the row that splits a cell.

    The new half: its first row of its own, its share, and who has its lease first.
    """

    into: int
    entry: Entry
    share: Share
    holder: str

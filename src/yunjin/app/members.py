"""The cells of an installation at work, as their processes announce them: for page and doctor."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from yunjin.foundation.database.api.topology import Beat, Blow, CellSeen, Role, Strike
from yunjin.foundation.database.domain.doctor.observation import CellSight
from yunjin.foundation.ledger.api.members import Member, MembersApi
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import NotFound, Outage, Problem

_SILENT_NS: Final = 5_000_000_000  # they are announced every second


class MembersSeen:
    """What is known of cells (StagePort, and Cells of the doctor); nothing before `follow`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._members: MembersApi | None = None

    def follow(self, members: MembersApi) -> None:
        """Ask this door from now on."""
        self._members = members

    def cells(self) -> Sequence[CellSeen]:
        if self._members is None:
            return ()
        return [self._seen(one) for one in self._members.members() if not one.is_signpost]

    def beats(self, after_us: int = -1) -> Sequence[Beat]:
        return ()

    def strikes(self) -> Sequence[Strike]:
        return ()

    def strike(self, strike_id: str) -> Blow:
        raise NotFound("Faults are made in a demonstration only.", strike_id=strike_id[:60])

    def blows(self) -> Sequence[Blow]:
        return ()

    def sights(self, set_name: str) -> Sequence[CellSight]:
        """Return what is seen of the cells, which are all of the set that the journal is on."""
        try:
            seen = self.cells()
        except Problem:
            return ()  # the set does not answer: that is a finding of its own
        found = []
        for cell in sorted({one.cell for one in seen}):
            roles = [one.role for one in seen if one.cell == cell]
            is_alive = Role.WRITES in roles
            found.append(
                CellSight(
                    cell=cell,
                    is_alive=is_alive,
                    has_standby=Role.STANDS_BY in roles,
                    why="" if is_alive else "no process that announces itself holds its lease",
                )
            )
        return found

    def take_over(self, cell: int) -> str:
        """Have another process write the cell. Raises: Outage, Refusal."""
        if self._members is None:
            raise Outage(f"Nobody knows the processes of cell {cell} yet.", cell=cell)
        writer = next((x for x in self._members.members() if x.cell == cell and x.writes), None)
        if writer is None:
            return "nobody writes it; its standby takes over by itself"
        return f"{self._members.hand_over(writer.epoch).holder} writes it now"

    def _seen(self, member: Member) -> CellSeen:
        role = Role.WRITES if member.writes else Role.STANDS_BY
        if self._clock.now_ns() - member.seen_at_ns > _SILENT_NS:
            role = Role.SILENT
        return CellSeen(
            cell=member.cell,
            name=member.holder,
            data_centre="",
            place=urlsplit(member.flight or member.http).netloc or member.holder,
            role=role,
            epoch=member.epoch if role is Role.WRITES else 0,
            sequence=member.sequence,
        )

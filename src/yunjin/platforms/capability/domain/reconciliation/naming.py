"""What does not agree is explained: each difference has a kind, both amounts, and a cure. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.api.reconciliation import Cure, DifferenceKind
from yunjin.platforms.capability.domain.reconciliation.columns import REJECTED
from yunjin.platforms.capability.domain.reconciliation.facts import (
    Booked,
    Elsewhere,
    Found,
    Known,
    Line,
    Side,
)

K: Final = DifferenceKind
S: Final = PaymentState
_BOOKED: Final = (S.SETTLED, S.RETURNED)


@dataclass(slots=True)
class Explainer:
    """Explains what is left of a day. Lines and movements that fit in sum are matched.

    Parameters
    ----------
    known : payments that lines name.
    cost_minor : what the channel takes for a payment: an amount less by it is a fee.
    """

    channel: str
    day: int
    known: Mapping[UUID, Known]
    elsewhere: Elsewhere
    cost_minor: int = 0
    found: list[Found] = field(default_factory=list)
    matched: int = 0
    _ours: dict[Side, Booked] = field(default_factory=dict)

    def explain(self, lines: Sequence[Line], ours: Iterable[Booked]) -> list[Found]:
        """Return every difference."""
        self._ours = {(one.payment_id, one.is_return): one for one in ours}
        by_side: dict[Side, list[Line]] = defaultdict(list)
        nameless: list[Line] = []
        for line in lines:
            if line.payment_id is None:
                nameless.append(line)
            else:
                by_side[line.payment_id, line.side].append(line)
        for side, mine in by_side.items():
            self._of_payment(side, mine)
        for line in self._by_sums(nameless):
            self._strange(line, "no payment of ours is like it")
        for one in self._ours.values():
            self._missing(one)
        return self.found

    def _of_payment(self, side: Side, lines: list[Line]) -> None:
        """Explain the lines that name one payment, or its return."""
        for line in [line for line in lines if line.outcome == REJECTED]:
            self._rejected(side, line)
        money = [line for line in lines if line.outcome != REJECTED]
        known, ours = self.known.get(side[0]), self._ours.pop(side, None)
        if not money:
            if ours is not None:
                self._ours[side] = ours
            return
        if ours is None:
            for line in money:
                self._unbooked(side, line, known, is_first=line is money[0])
            return
        here = [line for line in money if line.currency == ours.currency]
        for line in money:
            if line.currency != ours.currency:
                self._strange(line, f"the payment is in {ours.currency}")
        if not here:
            self._missing(ours)
        elif sum(line.amount_minor for line in here) == ours.amount_minor:
            self._fits(here, ours)
        else:
            self._amounts(here, ours, known)

    def _fits(self, lines: list[Line], ours: Booked) -> None:
        """Lines that come to what we booked: one is on another day, or it is split."""
        late = [line for line in lines if line.day != self.day]
        if late:
            self._add(
                K.DATE,
                lines[0],
                theirs=ours.amount_minor,
                ours=ours.amount_minor,
                payment_id=ours.payment_id,
                detail=f"booked there {late[0].day - self.day:+d} days",
                cure=Cure.NONE,
            )
        self.matched += len(lines)

    def _amounts(self, lines: list[Line], ours: Booked, known: Known | None) -> None:
        exact = next((one for one in lines if one.amount_minor == ours.amount_minor), None)
        if exact is not None:
            self.matched += 1
            for line in lines:
                if line is not exact:
                    self._duplicate(line, ours.payment_id)
            return
        theirs = sum(line.amount_minor for line in lines)
        less = abs(theirs - ours.amount_minor)
        fees = sum(line.fee_minor for line in lines)
        detail = f"{len(lines)} lines" if len(lines) > 1 else ""
        if known is not None and known.stated_minor == theirs:
            kind, cure, detail = K.LEDGER, Cure.SUSPEND, "the ledger has another amount"
        elif less in (fees, self.cost_minor):
            kind, cure, detail = K.FEE, Cure.FEE, f"a fee of {less} was kept back"
        else:
            kind, cure = K.AMOUNT, Cure.SUSPEND
        self._add(
            kind,
            lines[0],
            theirs=theirs,
            ours=ours.amount_minor,
            payment_id=ours.payment_id,
            detail=detail,
            cure=cure,
        )

    def _unbooked(self, side: Side, line: Line, known: Known | None, *, is_first: bool) -> None:
        """Explain a line of a payment of which nothing was booked on the day."""
        if known is None or known.channel != self.channel:
            where = "" if known is None else f"; it went by {known.channel}"
            self._strange(line, f"no payment of ours by this channel has this id{where}")
            return
        is_there = known.state is S.RETURNED if line.side else known.state in _BOOKED
        if line.currency != known.currency:
            self._strange(line, f"the payment is in {known.currency}")
        elif not is_first or (is_there and side in self.elsewhere.seen):
            self._duplicate(line, known.payment_id)
        elif is_there:
            self._known(K.DATE, line, known, "booked here on another day", Cure.NONE)
        elif line.side:
            self._known(K.RETURNED, line, known, f"returned there, {known.state} here", Cure.RETURN)
        else:
            fits = known.state in (S.HELD, S.SENT)
            cure = Cure.FOLLOW if fits else Cure.SUSPEND
            self._known(K.STATE, line, known, f"settled there, {known.state} here", cure)

    def _rejected(self, side: Side, line: Line) -> None:
        known, ours = self.known.get(side[0]), self._ours.pop(side, None)
        if known is None or known.channel != self.channel:
            self._strange(line, "rejected there; no payment of ours has this id")
        elif ours is not None:
            self._add(
                K.STATE,
                line,
                theirs=0,
                ours=ours.amount_minor,
                payment_id=known.payment_id,
                detail=f"rejected there, {known.state} here",
                cure=Cure.RETURN,
            )
        elif known.state in (S.HELD, S.SENT):
            self._known(K.STATE, line, known, f"rejected there, {known.state} here", Cure.FOLLOW)
        else:
            self.matched += 1

    def _by_sums(self, lines: list[Line]) -> list[Line]:
        """Match lines that name no payment; return those that fit nothing."""
        for line in [line for line in lines if line.outcome == REJECTED]:
            self._strange(line, "rejected there; it names no payment")
        rest = [line for line in lines if line.outcome != REJECTED]
        rest = self._grouped(rest, lambda one: one.batch, lambda one: one.batch, is_named=True)
        rest = self._alike(rest)
        rest = self._grouped(rest, lambda one: one.account, lambda one: one.account)
        return self._whole(rest)

    def _alike(self, lines: list[Line]) -> list[Line]:
        """Match one to one by account and amount, then by amount."""
        for of_line, of_ours in _LIKE:
            waiting: dict[object, list[Side]] = defaultdict(list)
            for side, one in self._ours.items():
                waiting[of_ours(one)].append(side)
            rest = []
            for line in lines:
                sides = waiting.get(of_line(line)) if line.day == self.day else None
                if sides:
                    del self._ours[sides.pop(0)]
                    self.matched += 1
                else:
                    rest.append(line)
            lines = rest
        return lines

    def _grouped(
        self,
        lines: list[Line],
        of_line: Callable[[Line], str],
        of_ours: Callable[[Booked], str],
        *,
        is_named: bool = False,
    ) -> list[Line]:
        """Match groups that come to the same: one to many, many to one, many to many.

        is_named : the group is named by our own message; what it misses is its difference.
        """
        theirs: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for line in lines:
            theirs[of_line(line), line.currency].append(line)
        mine: dict[tuple[str, str], list[Side]] = defaultdict(list)
        for side, one in self._ours.items():
            mine[of_ours(one), one.currency].append(side)
        rest: list[Line] = []
        for key, some in theirs.items():
            sides = mine.get(key, []) if key[0] else []
            total = sum(self._ours[side].amount_minor for side in sides)
            if sides and total == sum(line.amount_minor for line in some):
                self.matched += len(some)
                self._forget(sides)
            elif sides and is_named and len(some) == 1 < len(sides):
                self._batch(some[0], total, len(sides))
                self._forget(sides)
            else:
                rest += some
        return rest

    def _batch(self, line: Line, total: int, count: int) -> None:
        less = abs(total - line.amount_minor)
        is_fee = less in (line.fee_minor, self.cost_minor * count)
        self._add(
            K.FEE if is_fee else K.AMOUNT,
            line,
            theirs=line.amount_minor,
            ours=total,
            payment_id=None,
            detail=f"a sum of {count} payments",
            cure=Cure.FEE if is_fee else Cure.SUSPEND,
        )

    def _whole(self, lines: list[Line]) -> list[Line]:
        """Match a single line that is the sum of all that is left of its currency: a net."""
        rest: list[Line] = []
        for currency in sorted({line.currency for line in lines}):
            mine = [line for line in lines if line.currency == currency]
            sides = [side for side, one in self._ours.items() if one.currency == currency]
            total = sum(self._ours[side].amount_minor for side in sides)
            if len(mine) == 1 and len(sides) > 1 and total == mine[0].amount_minor:
                self.matched += 1
                self._forget(sides)
            else:
                rest += mine
        return rest

    def _forget(self, sides: Iterable[Side]) -> None:
        for side in sides:
            del self._ours[side]

    def _missing(self, ours: Booked) -> None:
        side = (ours.payment_id, ours.is_return)
        is_late = side in self.elsewhere.told
        self.found.append(
            Found(
                kind=K.DATE if is_late else K.MISSING_THEIRS,
                currency=ours.currency,
                theirs_minor=0,
                ours_minor=ours.amount_minor,
                reference="",
                payment_id=ours.payment_id,
                is_return=ours.is_return,
                detail="there on another day" if is_late else "",
                cure=Cure.NONE if is_late else Cure.RESEND if ours.amount_minor < 0 else Cure.CLAIM,
            )
        )

    def _strange(self, line: Line, detail: str) -> None:
        cure = Cure.BOOK if line.money_minor > 0 else Cure.CLAIM
        self._add(
            K.MISSING_OURS,
            line,
            theirs=line.money_minor,
            ours=0,
            payment_id=None,
            detail=detail,
            cure=cure,
        )

    def _duplicate(self, line: Line, payment_id: UUID) -> None:
        self._add(
            K.DUPLICATE,
            line,
            theirs=line.amount_minor,
            ours=0,
            payment_id=payment_id,
            detail="the channel has it twice",
            cure=Cure.CLAIM,
        )

    def _known(
        self, kind: DifferenceKind, line: Line, known: Known, detail: str, cure: Cure
    ) -> None:
        self._add(
            kind,
            line,
            theirs=line.money_minor,
            ours=0,
            payment_id=known.payment_id,
            detail=detail,
            cure=cure,
        )

    def _add(
        self,
        kind: DifferenceKind,
        line: Line,
        *,
        theirs: int,
        ours: int,
        payment_id: UUID | None,
        detail: str,
        cure: Cure,
    ) -> None:
        self.found.append(
            Found(
                kind=kind,
                currency=line.currency,
                theirs_minor=theirs,
                ours_minor=ours,
                reference=line.line_id or line.end_to_end_id,
                payment_id=payment_id,
                is_return=line.side,
                detail=detail,
                cure=cure,
            )
        )


def _account_and_amount(one: Line | Booked) -> object:
    return (one.account, one.currency, one.amount_minor) if one.account else object()


def _amount(one: Line | Booked) -> object:
    return (one.currency, one.amount_minor)


_LIKE: Final[tuple[tuple[Callable[[Line], object], Callable[[Booked], object]], ...]] = (
    (_account_and_amount, _account_and_amount),
    (_amount, _amount),
)

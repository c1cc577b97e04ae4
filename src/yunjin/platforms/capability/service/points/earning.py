"""Points that come in: by rules, once an event; by hand; and what takes them back."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from yunjin.chassis.persistence import SqlUnitOfWork, request_hash
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.money import checked_currency
from yunjin.platforms.capability.api.points import (
    EARNINGS_MAX,
    POINTS_MAX,
    RULES_MAX,
    Earning,
    EarningRule,
    Entry,
    EntryKind,
    Programme,
)
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.domain.points import (
    NEVER,
    Account,
    allowed,
    earned,
    event_digest,
    last_day,
)
from yunjin.platforms.capability.errors.points import (
    PointsEntryNotFound,
    PointsEntryRefused,
    ProgrammeClosed,
    ProgrammeRefused,
)
from yunjin.platforms.capability.service.points.reading import PointsReading, found_programme
from yunjin.platforms.capability.service.values import check_amount, check_code, check_text
from yunjin.platforms.capability.store import points as store

_GIVEN: Final = (EntryKind.EARNED, EntryKind.GRANTED)
_MONTHS_MAX: Final = 1_200


class PointsEarning(PointsReading):
    """What brings points in."""

    def put_programme(self, command_id: UUID, programme: Programme) -> Programme:
        """Add a programme, or change one. Raises: as PointsApi says."""
        _check_programme(programme)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            before = store.programme(work.connection, programme.code)
            is_moved = before is not None and before.currency != programme.currency
            if is_moved and store.is_in_use(work.connection, programme.code):
                raise ProgrammeRefused("Points of it are in use in another currency.")
            store.put_programme(work.connection, programme)
            return {"code": programme.code}

        request = ["points.programme", msgspec.to_builtins(programme)]
        self._room.command(command_id, request, body)
        return programme

    def earn(self, command_id: UUID, earning: Earning) -> Entry:
        """Earn points by the programme's rules. Raises: as PointsApi says."""
        return self.earn_all(command_id, [earning])[0]

    def earn_all(self, command_id: UUID, earnings: Sequence[Earning]) -> list[Entry]:
        """Earn many, in one transaction. Raises: as PointsApi says."""
        if not 1 <= len(earnings) <= EARNINGS_MAX:
            raise Malformed(f"expected 1 to {EARNINGS_MAX} earnings, was {len(earnings)}")
        for one in earnings:
            self._check_earning(one)
        if len({(one.programme, one.event_id) for one in earnings}) < len(earnings):
            raise Malformed("expected each event once in a programme, was one twice")

        def body(work: SqlUnitOfWork) -> list[UUID]:
            programmes = {
                code: found_programme(store.programme(work.connection, code), code)
                for code in sorted({one.programme for one in earnings})
            }
            keys = [(one.programme, one.party_id) for one in earnings]
            accounts = self._accounts(work, keys, command_id)
            made = [
                self._earned(
                    work,
                    command_id,
                    programmes[one.programme],
                    accounts[one.programme, one.party_id],
                    one,
                )
                for one in earnings
            ]
            for account in accounts.values():
                store.keep(work.connection, account)
            return made

        request = ["points.earn", msgspec.to_builtins(list(earnings))]
        answer = self._room.command(command_id, request, body)
        return [self.entry(UUID(one)) for one in answer]

    def _earned(
        self,
        work: SqlUnitOfWork,
        command_id: UUID,
        programme: Programme,
        account: Account,
        one: Earning,
    ) -> UUID:
        """Let one event earn; return its entry, the first one's where it has earned before."""
        digest = event_digest(one.event_id)
        asked = request_hash(msgspec.to_builtins(one))
        known = store.event(work.connection, programme.code, digest)
        if known is not None:
            if known[0] != asked:
                raise IdempotencyConflict("This event has earned otherwise.", event=one.event_id)
            return known[1]
        if not programme.is_open:
            raise ProgrammeClosed("Nothing is earned in it now.", programme=programme.code)
        day = one.day or self._today()
        points, rules = earned(programme, one, day)
        let = allowed(programme, account, points)
        entry_id = leg(command_id, f"earned {one.programme} {one.event_id}")
        expires = last_day(programme, day)
        before = account.balance, account.owed
        if let:
            account.come(let, expires)
            account.day_points += let
            account.month_points += let
        self._enter(
            work,
            account,
            entry_id,
            EntryKind.EARNED,
            account.balance - before[0],
            owed=account.owed - before[1],
            subject=one.event_id,
            rules=rules,
            capped=points - let,
            expires=expires,
        )
        store.put_event(work.connection, programme.code, digest, asked, entry_id)
        return entry_id

    def grant(
        self,
        command_id: UUID,
        programme: str,
        party_id: str,
        points: int,
        *,
        note: str,
        expires: dt.date | None = None,
    ) -> Entry:
        """Give points, whatever the rules. Raises: as PointsApi says."""
        check_points(points)
        check_code("party", party_id, least=1, most=64)
        check_text("note", note, least=1, most=200)
        if expires is not None and expires < self._today():
            raise Malformed(f"expected a last day from {self._today()} on, was {expires}")

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            terms = found_programme(store.programme(work.connection, programme), programme)
            ends = expires or last_day(terms, self._today())
            key = (programme, party_id)
            account = self._accounts(work, [key], command_id)[key]
            before = account.balance, account.owed
            account.come(points, ends)
            self._enter(
                work,
                account,
                command_id,
                EntryKind.GRANTED,
                account.balance - before[0],
                owed=account.owed - before[1],
                note=note,
                expires=ends,
            )
            store.keep(work.connection, account)
            return {"entry_id": command_id}

        day = None if expires is None else expires.isoformat()
        request = ["points.grant", programme, party_id, points, note, day]
        self._room.command(command_id, request, body)
        return self.entry(command_id)

    def reverse(self, command_id: UUID, entry_id: UUID, note: str = "") -> Entry:
        """Take back what an entry brought. Raises: as PointsApi says."""
        check_text("note", note, most=200)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            first = self.entry_in(work, entry_id)[0]
            key = (first.programme, first.party_id)
            account = self._accounts(work, [key], command_id)[key]
            one, is_reversed = self.entry_in(work, entry_id)  # as it is under the lock
            brought = one.points - one.owed
            if is_reversed or one.kind not in _GIVEN or not brought:
                raise PointsEntryRefused(
                    "It brought no points, or was taken back.",
                    kind=one.kind.value,
                    is_reversed=is_reversed,
                )
            before = account.balance, account.owed
            account.take_back(brought, one.expires or NEVER)
            if one.kind is EntryKind.EARNED and one.day == account.day:
                account.day_points -= brought
            if one.kind is EntryKind.EARNED and one.day.replace(day=1) == account.month:
                account.month_points -= brought
            self._enter(
                work,
                account,
                leg(command_id, "reversed"),
                EntryKind.REVERSED,
                account.balance - before[0],
                owed=account.owed - before[1],
                subject=one.subject,
                note=note,
                reverses=entry_id,
            )
            store.mark_reversed(work.connection, entry_id)
            store.keep(work.connection, account)
            return {"entry_id": leg(command_id, "reversed")}

        request = ["points.reverse", str(entry_id), note]
        answer = self._room.command(command_id, request, body)
        return self.entry(UUID(answer["entry_id"]))

    def entry_in(self, work: SqlUnitOfWork, entry_id: UUID) -> tuple[Entry, bool]:
        """Return an entry, and whether it was taken back. Raises: PointsEntryNotFound."""
        found = store.entry(work.connection, entry_id)
        if found is None:
            raise PointsEntryNotFound("There is no such entry.", entry_id=str(entry_id))
        return found

    def _check_earning(self, one: Earning) -> None:
        check_code("programme", one.programme, least=1, most=40)
        check_code("party", one.party_id, least=1, most=64)
        check_code("event's id", one.event_id, least=1, most=80)
        check_code("category", one.category, most=40)
        check_amount(one.amount_minor, least=0)
        if one.day is not None and one.day > self._today():
            raise Malformed(f"expected a day that has come, was {one.day}")


def check_points(points: int) -> None:
    """Raises: Malformed."""
    if not 1 <= points <= POINTS_MAX:
        raise Malformed(f"expected 1 to {POINTS_MAX} points, was {points}")


def _check_programme(one: Programme) -> None:
    check_code("programme's code", one.code, least=1, most=40)
    check_text("name", one.zh, least=1, most=100)
    check_text("name", one.en, least=1, most=100)
    checked_currency(one.currency)
    if len(one.rules) > RULES_MAX or len({rule.code for rule in one.rules}) < len(one.rules):
        raise Malformed(f"expected at most {RULES_MAX} rules, each with a code of its own")
    caps = (one.day_max, one.month_max)
    if not all(0 <= cap <= POINTS_MAX for cap in caps):
        raise Malformed(f"expected caps of 0 to {POINTS_MAX}, was {caps}")
    if not (0 <= one.months <= _MONTHS_MAX and 0 <= one.value_e6 <= 10**12):
        raise Malformed(f"expected 0 to {_MONTHS_MAX} months and a value of 0 to 10^12")
    for rule in one.rules:
        _check_rule(rule)


def _check_rule(rule: EarningRule) -> None:
    check_code("rule's code", rule.code, least=1, most=40)
    check_code("category", rule.category, most=40)
    check_text("name", rule.zh, least=1, most=100)
    check_text("name", rule.en, least=1, most=100)
    check_amount(rule.least_minor, least=0)
    check_amount(rule.per_minor, least=0)
    if not all(0 <= points <= 1_000_000 for points in (rule.points, rule.per_points)):
        raise Malformed("expected 0 to 1,000,000 points of a rule")
    if bool(rule.per_minor) != bool(rule.per_points) or not rule.points + rule.per_points:
        raise Malformed(f"{rule.code}: expected points, or points for every so many minor units")
    if rule.since and rule.until and rule.until <= rule.since:
        raise Malformed(f"{rule.code}: expected an end after the first day")

"""The oracle itself: time, expiry, chains and effects around the rules."""

from collections.abc import Callable
from copy import deepcopy
from itertools import count
from typing import Final

from tests.foundation.ledger.oracle.account_rules import AccountCase
from tests.foundation.ledger.oracle.model import (
    Account,
    Answer,
    Batch,
    Fate,
    Line,
    Request,
    State,
    Totals,
    Transfer,
)
from tests.foundation.ledger.oracle.transfer_rules import CLOSING, TransferCase
from yunjin.foundation.ledger.api import (
    CLEARING_CODE,
    TRANSIENT,
    AccountFlag,
    AccountStatus,
    TransferFlag,
    TransferStatus,
)
from yunjin.foundation.ledger.domain.clearing import clearing_account
from yunjin.kernel.clock import Clock
from yunjin.kernel.ids import CLEARING_FROM, sequence_of
from yunjin.kernel.shares import Share

SUCCESS: Final = ("CREATED", "EXISTS")  # by name: numbers of the two enums mean different things
LINKED: Final = 1  # the same bit for accounts and transfers


class Oracle:
    """The ledger of a cell, slow and plain; `state` may be looked at, only batches change it."""

    def __init__(self, clock: Clock, cell: int = 1) -> None:
        self.clock, self.cell = clock, cell
        self.state = State()
        self.failed: set[int] = set()  # transfer ids that failed for a transient reason, for ever

    def open_accounts(self, requests: list[Request]) -> list[Answer]:
        """Open accounts; return an answer an item, in order."""
        return self._run(requests, AccountFlag.IMPORTED, AccountStatus, self._open)

    def post_transfers(self, requests: list[Request]) -> list[Answer]:
        """Post transfers; return an answer an item, in order."""
        answers = self._run(requests, TransferFlag.IMPORTED, TransferStatus, self._post)
        return [self._told(*both) for both in zip(requests, answers, strict=True)]

    def totals(self) -> dict[int, Totals]:
        """Return the four totals of every account that is here, by id."""
        here = self.state.accounts.values()
        return {one.id: one.totals for one in here if not self.state.is_elsewhere(one.id)}

    def history(self, account_id: int) -> list[Line]:
        """Return an account's lines, oldest first."""
        return [line for line in self.state.lines if line.account_id == account_id]

    # Time

    def now(self) -> int:
        """Return the ledger's clock: the machine's, unless that has run back."""
        return max(self.clock.now_ns(), self.state.last + 1)

    def expire(self) -> list[int]:
        """Release every hold whose time has come; return their ids in that order."""
        now = self.now()
        due = [
            (transfer.expires_at, transfer.timestamp, transfer_id)
            for transfer_id, transfer in self.state.transfers.items()
            if transfer.expires_at is not None and transfer.expires_at <= now
        ]
        for _, _, transfer_id in sorted(due):
            transfer = self.state.transfers[transfer_id]
            self._release(transfer, Fate.EXPIRED)
            self._note(transfer, transfer_id, now, is_expiry=True)
            self.state.last = now
        return [transfer_id for _, _, transfer_id in sorted(due)]

    # Splitting

    def torn(self, stays: Share) -> list[int]:
        """Return the ids of open holds between what stays and what would go."""
        return [
            transfer_id
            for transfer_id, transfer in self.state.transfers.items()
            if transfer.fate is Fate.PENDING
            and bool(stays.lacks(transfer.debit_account_id))
            != bool(stays.lacks(transfer.credit_account_id))
        ]

    def split(self) -> "Oracle":
        """Keep the first half; return the other one. No hold may be between them."""
        before = self.state.share or Share(self.cell)
        stays, goes = before.halves()
        assert not self.torn(stays)
        other = Oracle(self.clock, self.cell)
        other.state, other.failed = deepcopy(self.state), set(self.failed)
        at = self.now()
        self._keep(stays, at, clears=True)
        other._keep(goes, at, clears=False)
        return other

    def _keep(self, share: Share, at: int, *, clears: bool) -> None:
        state, nets = self.state, dict[int, int]()
        state.share = share

        def goes(account_id: int) -> bool:
            is_clearing = sequence_of(account_id) >= CLEARING_FROM
            return not clears if is_clearing else state.is_elsewhere(account_id)

        for account in [one for one in state.accounts.values() if goes(one.id)]:
            net = account.credits_posted - account.debits_posted
            nets[account.ledger] = nets.get(account.ledger, 0) + net
            account.debits_pending = account.debits_posted = 0
            account.credits_pending = account.credits_posted = 0
        for transfer in state.transfers.values():
            sides = (transfer.debit_account_id, transfer.credit_account_id)
            if transfer.fate is Fate.PENDING and any(goes(one) for one in sides):
                transfer.fate = Fate.MOVED
        booked = sorted((ledger, net) for ledger, net in nets.items() if net)
        for place, (ledger, net) in enumerate(booked):
            account_id = clearing_account(self.cell, self.cell, ledger)
            if account_id not in state.accounts:
                state.accounts[account_id] = Account(
                    id=account_id,
                    ledger=ledger,
                    code=CLEARING_CODE,
                    flags=0,
                    limit_minor=0,
                    timestamp=at + place,
                    is_closed=False,
                )
            state.accounts[account_id].credits_posted += max(net, 0)
            state.accounts[account_id].debits_posted += max(-net, 0)
        state.last = at + max(len(booked), 1) - 1

    # A batch: expiry first, then its items one by one, in chains of all or nothing.

    def _run(
        self,
        requests: list[Request],
        imported: int,
        codes: type[AccountStatus] | type[TransferStatus],
        act: Callable[[Batch, int, Request], Answer],
    ) -> list[Answer]:
        self.expire()
        failed_before = len(self.failed)
        batch = Batch(self.now(), bool(requests and requests[0].get("flags", 0) & imported))
        answers: list[Answer] = []
        while len(answers) < len(requests):
            start = len(answers)
            chain = chain_from(requests, start)
            if chain[-1].get("flags", 0) & LINKED:
                answers += [Answer(codes.LINKED_FAILED)] * (len(chain) - 1)
                answers += [Answer(codes.LINKED_CHAIN_OPEN)]
            else:
                answers += self._run_chain(batch, start, chain, codes.LINKED_FAILED, act)
        is_kept = len(self.failed) > failed_before or any(
            answer.status.name == "CREATED" for answer in answers
        )
        if not batch.is_imported and is_kept:
            self.state.last = batch.now + len(requests) - 1
        return answers

    def _run_chain(
        self,
        batch: Batch,
        start: int,
        chain: list[Request],
        linked_failed: AccountStatus | TransferStatus,
        act: Callable[[Batch, int, Request], Answer],
    ) -> list[Answer]:
        before = deepcopy(self.state)
        answers: list[Answer] = []
        for place, request in zip(count(start), chain, strict=False):
            answers.append(act(batch, place, request))
            if answers[-1].status.name not in SUCCESS:
                self.state = before
                around = [Answer(linked_failed)] * len(chain)
                around[len(answers) - 1] = answers[-1]
                return around
        return answers

    # One item: ask the rules, then take effect.

    def _open(self, batch: Batch, place: int, request: Request) -> Answer:
        case = AccountCase(self.state, batch, place, request, self.cell)
        status = case.first_that_applies(AccountStatus)
        if status is AccountStatus.EXISTS:
            return Answer(status, case.first.timestamp)
        if status is not AccountStatus.CREATED:
            return Answer(status)
        self.state.accounts[case.id] = Account(
            id=case.id,
            ledger=case.value("ledger"),
            code=case.value("code"),
            flags=case.flags,
            limit_minor=case.value("limit_minor"),
            timestamp=case.timestamp,
            is_closed=bool(case.flags & AccountFlag.CLOSED),
        )
        self.state.last = case.timestamp
        return Answer(status, case.timestamp)

    def _post(self, batch: Batch, place: int, request: Request) -> Answer:
        case = TransferCase(self.state, batch, place, request, self.failed)
        status = case.first_that_applies(TransferStatus)
        if status in TRANSIENT:
            self.failed.add(case.id)
        if status is TransferStatus.EXISTS:
            return Answer(status, case.first.timestamp)
        if status is not TransferStatus.CREATED:
            return Answer(status)
        self._move(case)
        self.state.transfers[case.id] = Transfer(
            request={"flags": 0, **request},
            timestamp=case.timestamp,
            debit_account_id=case.debit.id,
            credit_account_id=case.credit.id,
            amount_minor=case.amount_minor,
            ledger=case.debit.ledger,
            code=case.pending.code if case.settles else case.value("code"),
            fate=Fate.PENDING if case.is_pending else Fate.DONE,
        )
        self._note(self.state.transfers[case.id], case.id, case.timestamp, is_expiry=False)
        self.state.last = case.timestamp
        return Answer(status, case.timestamp, case.debit.totals, case.credit.totals)

    def _told(self, request: Request, answer: Answer) -> Answer:
        """Tell a retry what both accounts are after the batch."""
        if answer.status is not TransferStatus.EXISTS:
            return answer
        first = self.state.transfers[request.get("id_hi", 0) << 64 | request["id_lo"]]
        sides = (first.debit_account_id, first.credit_account_id)
        totals = [self.state.accounts[account_id].totals for account_id in sides]
        return Answer(answer.status, answer.timestamp, *totals)

    def _move(self, case: TransferCase) -> None:
        """Change the totals; a post or a void first lets go of what was held."""
        debit, credit, amount_minor = case.debit, case.credit, case.amount_minor
        if case.settles:
            self._release(case.pending, Fate.VOIDED if case.is_void else Fate.POSTED)
        if case.is_pending:
            debit.debits_pending += amount_minor
            credit.credits_pending += amount_minor
            debit.is_closed |= bool(case.flags & TransferFlag.CLOSING_DEBIT)
            credit.is_closed |= bool(case.flags & TransferFlag.CLOSING_CREDIT)
        elif not case.is_void:
            debit.debits_posted += amount_minor
            credit.credits_posted += amount_minor

    def _note(self, transfer: Transfer, transfer_id: int, at: int, *, is_expiry: bool) -> None:
        """Write down what both accounts are now."""
        for account_id in (transfer.debit_account_id, transfer.credit_account_id):
            totals = self.state.accounts[account_id].totals
            self.state.lines.append(Line(account_id, transfer_id, at, is_expiry, totals))

    def _release(self, pending: Transfer, fate: Fate) -> None:
        """Let go of a hold. Unless it was posted, what it closed opens again."""
        debit = self.state.accounts[pending.debit_account_id]
        credit = self.state.accounts[pending.credit_account_id]
        debit.debits_pending -= pending.amount_minor
        credit.credits_pending -= pending.amount_minor
        pending.fate = fate
        flags = pending.request["flags"]
        if fate is not Fate.POSTED and flags & CLOSING:
            debit.is_closed &= not flags & TransferFlag.CLOSING_DEBIT
            credit.is_closed &= not flags & TransferFlag.CLOSING_CREDIT


def chain_from(requests: list[Request], start: int) -> list[Request]:
    """Return the chain that begins at an item: up to the first without the LINKED flag."""
    for end in range(start, len(requests)):
        if not requests[end].get("flags", 0) & LINKED:
            return requests[start : end + 1]
    return requests[start:]

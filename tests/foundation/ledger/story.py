"""Ledger stories: the test's docstring is the ledger, so a bookkeeper can read it.

    open bank                                      → created
    open alice  debits_must_not_exceed_credits     → created

    pay: bank > alice 5000                         → created
    h1: alice > shop 1000  pending timeout_s=60    → credit_account_not_found
    wait 60
    p1: post h1 400                                → pending_transfer_not_found

    alice has debits 0+0, credits 0+5000

Lines that follow each other go in one batch; an empty line ends it. Words are flags, `name=number`
are columns of the request, `a+b` is pending+posted. Ledger and code are 1 where not given.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import NamedTuple

from tests.foundation.ledger.book import Book
from tests.foundation.ledger.oracle import Request
from yunjin.foundation.ledger.api import AccountFlag, TransferFlag
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id

HAS = re.compile(r"(\w+) has debits (\d+)\+(\d+), credits (\d+)\+(\d+)")
MOVE = re.compile(r"(\w+) > (\w+) (-?\d+)")
SETTLE = re.compile(r"(post|void) (\w+)(?: (\d+))?(?= |$)")


class Line(NamedTuple):
    """A line that waits for its batch to be sent."""

    said: str
    request: Request
    answer: str


@dataclass
class Teller:
    """Reads a story to a ledger and holds it to the answers the story gives."""

    book: Book
    clock: FixedClock
    account_names: dict[str, int] = field(default_factory=dict)
    transfer_names: dict[str, int] = field(default_factory=dict)
    waiting: list[Line] = field(default_factory=list)

    def tell(self, story: str) -> None:
        """Read a story from its first line to its last."""
        for line in [*cleandoc(story).splitlines(), ""]:
            said, _, answer = (part.strip() for part in line.partition("→"))
            if not answer:
                self.send()
            if answer:
                self.waiting.append(Line(said, self.request(said), answer))
            elif said.startswith("wait "):
                self.clock.advance(int(said.removeprefix("wait ")))
            elif said:
                self.compare(said)

    def send(self) -> None:
        """Send the lines that wait as one batch and compare the answers."""
        if not self.waiting:
            return
        is_opening = self.waiting[0].said.startswith("open ")
        act = self.book.open_accounts if is_opening else self.book.post_transfers
        answers = act([line.request for line in self.waiting])
        got = [answer.status.name.lower() for answer in answers]
        assert [(line.said, said) for line, said in zip(self.waiting, got, strict=True)] == [
            (line.said, line.answer) for line in self.waiting
        ]
        self.waiting.clear()

    def request(self, said: str) -> Request:
        """Return the request that a line stands for."""
        if said.startswith("open "):
            _, name, *words = said.split()
            return worded({"id": self.account(name), "ledger": 1, "code": 1}, words, AccountFlag)
        name, _, rest = (part.strip() for part in said.partition(":"))
        made = {"id_lo": self.transfer(name)}
        if settle := SETTLE.match(rest):
            made["flags"] = TransferFlag[f"{settle[1].upper()}_PENDING"]
            made["pending_id_lo"] = self.transfer(settle[2])
            made["amount_minor"] = int(settle[3] or 0)
            return worded(made, rest[settle.end() :].split(), TransferFlag)
        move = MOVE.match(rest)
        assert move, f"expected `debit > credit amount` or `post name`, was {rest!r}"
        made |= {"ledger": 1, "code": 1, "amount_minor": int(move[3])}
        made["debit_account_id"] = self.account(move[1])
        made["credit_account_id"] = self.account(move[2])
        return worded(made, rest[move.end() :].split(), TransferFlag)

    def compare(self, said: str) -> None:
        """Hold an account's totals to what the story says."""
        match = HAS.fullmatch(said)
        assert match, f"expected `account has debits a+b, credits a+b`, was {said!r}"
        name, *totals = match.groups()
        assert (name, self.book.totals()[self.account(name)]) == (name, tuple(map(int, totals)))

    def account(self, name: str) -> int:
        return self.account_names.setdefault(name, account_id(1, len(self.account_names) + 1))

    def transfer(self, name: str) -> int:
        return self.transfer_names.setdefault(name, len(self.transfer_names) + 1)


def worded(
    request: Request, words: list[str], flags: type[AccountFlag] | type[TransferFlag]
) -> Request:
    """Return a request with the flags and the `column=number` that its line ends in."""
    named = sum(flags[word.upper()] for word in words if "=" not in word)
    columns = {name: int(value) for name, value in (w.split("=") for w in words if "=" in w)}
    return request | {"flags": request.get("flags", 0) | named} | columns


def checked_story(test: Callable[[], None]) -> Callable[[Book, FixedClock], None]:
    """Make a test of a function whose docstring is a story; it runs on every kind of ledger."""

    def run(book: Book, clock: FixedClock) -> None:
        Teller(book, clock).tell(test.__doc__ or "")

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run

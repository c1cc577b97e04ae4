"""Each paper as blocks, in either language."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from yunjin.chassis.papers.blocks import (
    Block,
    Cell,
    Column,
    Fact,
    Facts,
    Format,
    Note,
    Table,
)
from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.dates import business_date, value_date
from yunjin.foundation.banking.api.statements import (
    Instalment,
    InterestCertificate,
    Kind,
    Lang,
    LoanCost,
    LoanSchedule,
    PayoffQuote,
    Seal,
)
from yunjin.foundation.banking.service.statements.reading import (
    Line,
    Reading,
    uuid_of,
)
from yunjin.foundation.banking.service.statements.words import SLOTS, pick, say

Row = tuple[Cell, ...]
WIDTHS: Final = {  # columns of the widest table
    Kind.STATEMENT: 10,
    Kind.INTEREST: 3,
    Kind.SCHEDULE: 11,
    Kind.PAYOFF: 11,
    Kind.COST: 11,
}


class Papers:
    """Writes blocks in one language."""

    def __init__(self, lang: Lang, agreement: Agreement, issued: dt.date) -> None:
        self._lang, self._agreement, self._issued = lang, agreement, issued

    def _fact(self, key: str, value: Cell, form: Format = Format.TEXT) -> Fact:
        return Fact(say(key, self._lang), value, form)

    def _money(self, key: str, minor: int) -> Fact:
        return self._fact(key, minor, Format.MONEY)

    def _note(self, key: str) -> Note:
        return Note(say(key, self._lang))

    def _column(self, key: str, form: Format, place: int, width: int) -> Column:
        return Column(say(key, self._lang), form, place, width)

    def _about(self, *more: Fact) -> Facts:
        one = self._agreement
        facts = [
            self._fact("agreement", str(one.agreement_id)),
            self._fact("party", one.party_id),
            self._fact("product", one.product),
            self._fact("branch", one.branch),
            self._fact("currency", one.currency),
            self._fact("issued", self._issued, Format.DATE),
            *more,
        ]
        if one.note:
            facts.append(self._fact("note", one.note))
        return Facts(tuple(facts))

    def _sealed(self, seal: Seal) -> Iterator[Block]:
        where = f"{seal.journal_sequence} · {seal.journal_hash}"
        yield Facts(
            (self._fact("digest", seal.digest), self._fact("head", where)),
            say("verification", self._lang),
        )
        yield self._note("check")

    def _period(self, start: dt.date, end: dt.date) -> Fact:
        return self._fact("period", f"{start} – {end}")

    # papers -------------------------------------------------------------------------------------

    def statement(
        self,
        reading: Reading,
        pages: Iterable[Sequence[Line]],
        words: Callable[[Line], tuple[str, str]],
        period: tuple[dt.date, dt.date],
        seal: Callable[[], Seal],
    ) -> Iterator[Block]:
        """Yield an account's statement; `seal` is asked once all lines have run through."""
        slot = pick(SLOTS.get(reading.slot, ("", "")), self._lang)
        account = f"{slot} {reading.account_id}"
        yield self._about(self._fact("account", account), self._period(*period))
        yield Facts((self._money("opening", reading.opening_minor),))
        yield Table(
            (
                self._column("business_date", Format.DATE, 0, 76),
                self._column("value_date", Format.DATE, 1, 53),
                self._column("posted_at", Format.INSTANT, 0, 76),
                self._column("text", Format.TEXT, 2, 132),
                self._column("counterparty", Format.TEXT, 3, 84),
                self._column("reference", Format.ID, 2, 132),
                self._column("transfer", Format.ID, 2, 132),
                self._column("debit", Format.MONEY, 4, 62),
                self._column("credit", Format.MONEY, 5, 62),
                self._column("balance", Format.MONEY, 6, 66),
            ),
            (self._line(line, *words(line)) for page in pages for line in page),
            empty=say("no_lines", self._lang),
        )
        yield Facts(
            (
                self._money("debits", reading.debit_minor),
                self._money("credits", reading.credit_minor),
                self._fact("lines", reading.count, Format.COUNT),
                self._money("closing", reading.closing_minor),
            )
        )
        yield self._note("dates")
        yield from self._sealed(seal())

    def _line(self, line: Line, text: str, counterparty: str) -> Row:
        row = line.row
        reference: UUID = uuid_of(row, "user_data_128")
        return (
            business_date(row["user_data_32"]),
            value_date(row["user_data_32"]),
            int(row["timestamp"]),
            text,
            counterparty,
            str(reference) if reference.int else "",
            str(uuid_of(row, "id")),
            line.debit_minor or None,
            line.credit_minor or None,
            line.balance_minor,
        )

    def interest(self, found: InterestCertificate) -> Iterator[Block]:
        """Yield an interest certificate."""
        yield self._about(self._period(found.start, found.end))
        yield Facts(
            (
                self._money("earned", found.earned_minor),
                self._money("charged", found.charged_minor),
                self._money("paid", found.paid_minor),
                self._money("accrued_earned", found.accrued_earned_minor),
                self._money("accrued_charged", found.accrued_charged_minor),
            )
        )
        rows = [
            (line.date, self._kind(line.kind, line.is_penalty), line.amount_minor)
            for line in found.lines
        ]
        yield Table(
            (
                self._column("date", Format.DATE, 0, 60),
                self._column("kind", Format.TEXT, 1, 200),
                self._column("amount", Format.MONEY, 2, 90),
            ),
            rows,
            empty=say("no_lines", self._lang),
        )
        yield Table(
            (
                self._column("since", Format.DATE, 0, 60),
                self._column("rate_name", Format.TEXT, 1, 200),
                self._column("rate", Format.PERCENT, 2, 90),
            ),
            [(one.since, one.name, one.rate_ppm) for one in found.rates],
            say("rates", self._lang),
        )
        yield from self._sealed(found.seal)

    def _kind(self, kind: str, is_penalty: bool) -> str:
        word = say(kind, self._lang)
        return f"{word} · {say('penalty', self._lang)}" if is_penalty else word

    def _instalments(self, found: Sequence[Instalment], heading: str = "") -> Table:
        rows = [
            (
                str(one.number or ""),
                one.due,
                one.principal_minor,
                one.interest_minor,
                one.penalty_minor or None,
                one.fee_minor or None,
                one.total_minor,
                one.paid_minor or None,
                one.balance_minor,
                say(f"status.{one.status}", self._lang),
                one.paid_on,
            )
            for one in found
        ]
        return Table(
            (
                self._column("number", Format.TEXT, 0, 24),
                self._column("due", Format.DATE, 1, 52),
                self._column("principal", Format.MONEY, 2, 68),
                self._column("interest_part", Format.MONEY, 3, 60),
                self._column("penalty", Format.MONEY, 4, 56),
                self._column("fee", Format.MONEY, 4, 56),
                self._column("total", Format.MONEY, 5, 68),
                self._column("paid_minor", Format.MONEY, 5, 68),
                self._column("left", Format.MONEY, 6, 72),
                self._column("status", Format.TEXT, 7, 54),
                self._column("paid_on", Format.DATE, 7, 54),
            ),
            rows,
            heading,
        )

    def schedule(self, found: LoanSchedule) -> Iterator[Block]:
        """Yield a loan's schedule."""
        yield self._about(self._fact("as_of", found.date, Format.DATE))
        yield Facts(
            (self._money("drawn", found.drawn_minor), self._money("overdue", found.overdue_minor))
        )
        yield self._instalments(found.instalments)
        yield self._note("schedule_note")
        yield from self._sealed(found.seal)

    def payoff(self, found: PayoffQuote) -> Iterator[Block]:
        """Yield a payoff quote."""
        yield self._about(
            self._fact("quote_date", found.date, Format.DATE),
            self._fact("valid_until", found.valid_until, Format.DATE),
        )
        yield Table(
            (
                self._column("part", Format.TEXT, 0, 300),
                self._column("amount", Format.MONEY, 1, 100),
            ),
            [(say(f"part.{one.name}", self._lang), one.amount_minor) for one in found.parts],
        )
        yield Facts(
            (
                self._money("payoff_total", found.total_minor),
                self._money("per_day", found.per_day_minor),
            )
        )
        if found.before:
            yield self._instalments(found.before, say("before", self._lang))
        yield self._note("payoff_note")
        yield from self._sealed(found.seal)

    def cost(self, found: LoanCost) -> Iterator[Block]:
        """Yield a loan's cost sheet."""
        yield self._about()
        warning = []
        if found.warning:
            said = say(f"warning.{found.warning}", self._lang)
            warning = [self._fact("warning", said)]
        yield Facts(
            (
                self._money("drawn", found.drawn_minor),
                self._money("paid_total", found.paid_minor),
                self._money("charged_total", found.charged_minor),
                self._fact("basis", say(f"basis.{found.basis}", self._lang)),
                self._fact("nominal", found.nominal_ppm, Format.PERCENT),
                self._fact("effective", found.effective_ppm, Format.PERCENT),
                self._fact("apr", found.apr_ppm, Format.PERCENT),
                *warning,
            )
        )
        yield self._instalments(found.payments)
        yield self._note("cost_note")
        yield from self._sealed(found.seal)

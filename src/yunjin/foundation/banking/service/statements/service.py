"""StatementsApi: what agreements came to, as data; PapersPort: the same on paper."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.api.agreements import Agreement, AgreementsApi
from yunjin.foundation.banking.api.dates import FIRST_DATE
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.statements import (
    LINES,
    BalancesAt,
    InterestCertificate,
    Lang,
    LoanCost,
    LoanSchedule,
    PayoffPart,
    PayoffQuote,
    Seal,
    Statement,
    StatementQuery,
    Verification,
)
from yunjin.foundation.banking.domain.products.declarations import Account, Product, declared
from yunjin.foundation.banking.domain.products.slots import Slot, grows_by_credit
from yunjin.foundation.banking.errors import AgreementNotOpen, StatementTooLong
from yunjin.foundation.banking.service.statements import interest, loans, words
from yunjin.foundation.banking.service.statements.past import past_of
from yunjin.foundation.banking.service.statements.projecting import Projection, buckets_of
from yunjin.foundation.banking.service.statements.reading import (
    LAST_DATE,
    Digest,
    Head,
    Line,
    Reading,
    batch_of,
    first_on,
    head_of,
    totals_at,
)
from yunjin.foundation.banking.service.statements.replaying import check_balances, replayed
from yunjin.foundation.banking.service.terms import in_force
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.errors import Malformed

_DAY: Final = dt.timedelta(days=1)
_QUOTED_AHEAD: Final = dt.timedelta(days=3_660)
_SHOWN_MAX: Final = 10_000  # names of counterparties remembered while one paper is written
_NO_HEAD: Final = Head(0, "", 0)
ProductOf = Callable[[str, int], Product]  # code, version


@dataclass(frozen=True, slots=True)
class Opened:
    """An account of an agreement, about to be read over a period."""

    agreement: Agreement
    account: str
    reading: Reading
    digest: Digest

    def pages(self) -> Iterator[list[Line]]:
        """Yield the lines; the digest takes them in."""
        for page in self.reading.pages():
            for line in page:
                self.digest.line(line)
            yield page

    def seal(self) -> Seal:
        """Return the seal, once every line has run through."""
        self.digest.add(self.reading.closing_minor)
        head = self.reading.head
        return Seal(
            digest=self.digest.hex(), journal_sequence=head.sequence, journal_hash=head.hash
        )


class StatementService:
    """Reads the ledger and the agreements; changes nothing.

    Parameters
    ----------
    product_of : a product by code and version.
    lines_max : lines of a statement that is given as data in one answer.
    """

    def __init__(
        self,
        agreements: AgreementsApi,
        days: DaysApi,
        ledger: LedgerApi,
        *,
        product_of: ProductOf,
        lines_max: int,
    ) -> None:
        self._agreements, self._days, self._ledger = agreements, days, ledger
        self._product_of, self._lines_max = product_of, lines_max

    def agreement(self, agreement_id: int) -> Agreement:
        """Return an agreement. Raises: AgreementNotFound."""
        return self._agreements.agreement(agreement_id)

    def business_date(self) -> dt.date:
        """Return the open business date."""
        return self._days.business_date()

    # statements ---------------------------------------------------------------------------------

    def opened(self, query: StatementQuery, head: Head | None = None) -> Opened:
        """Begin to read an account over a period, up to a row of the journal (now: the last).

        Raises: AgreementNotFound, Malformed.
        """
        checked_period(query.start, query.end)
        agreement = self.agreement(query.agreement_id)
        name = query.account or self._main(agreement)
        if name not in agreement.account_ids:
            names = ", ".join(agreement.account_ids)
            raise Malformed(f"expected an account, one of {names}; was {name[:40]!r}")
        head = head or head_of(self._ledger) or _NO_HEAD
        account_id = agreement.account_ids[name]
        reading = Reading(self._ledger, account_id, query.start, query.end + _DAY, head)
        about = (query.agreement_id, account_id, agreement.currency, query.start, query.end)
        digest = Digest((*about, reading.opening_minor))
        return Opened(agreement, name, reading, digest)

    def _main(self, agreement: Agreement) -> str:
        return self._product_of(agreement.product, agreement.version).main.name

    def words(self, agreement: Agreement, slot: Slot, lang: Lang) -> Callable[[Line], Any]:
        """Return what says a line's text and counterparty."""
        own = set(agreement.account_ids.values())

        @lru_cache(maxsize=_SHOWN_MAX)
        def number(account_id: int) -> str:
            known = self._ledger.aliases_of([account_id])
            return known[0].value if known else str(account_id)

        def said(line: Line) -> tuple[str, str]:
            is_own = line.other_id in own
            kind = words.posting(
                line.row["code"],
                slot,
                line.other_slot,
                is_debit=line.debit_minor > 0,
                is_own=is_own,
            )
            is_party = not is_own and line.other_slot in words.PARTIES
            other = words.counterparty(line.other_slot, number(line.other_id) if is_party else "")
            return words.pick(kind, lang), words.pick(other, lang)

        return said

    def statement(self, query: StatementQuery, *, lang: Lang = Lang.ZH) -> Statement:
        opened = self.opened(query)
        reading, agreement = opened.reading, opened.agreement
        said = self.words(agreement, reading.slot, lang)
        batches = []
        for page in opened.pages():
            if reading.count > self._lines_max:
                raise StatementTooLong(
                    f"expected at most {self._lines_max} lines in one answer, was more",
                    lines_max=self._lines_max,
                )
            batches.append(batch_of(page, said))
        table = pa.Table.from_batches(batches, LINES).combine_chunks()
        lines = table.to_batches()[0] if batches else batch_of([], said)
        return Statement(
            query=query,
            account=opened.account,
            account_id=reading.account_id,
            product=agreement.product,
            currency=agreement.currency,
            issued=self.business_date(),
            opening_minor=reading.opening_minor,
            closing_minor=reading.closing_minor,
            debit_minor=reading.debit_minor,
            credit_minor=reading.credit_minor,
            line_count=reading.count,
            lines=lines,
            seal=opened.seal(),
        )

    def verify(self, query: StatementQuery, seal: Seal) -> Verification:
        head = head_of(self._ledger, seal.journal_sequence) if seal.journal_sequence else _NO_HEAD
        if head is None or head.hash != seal.journal_hash:
            return Verification(is_chained=False, is_same=False)
        opened = self.opened(query, head)
        for _ in opened.pages():
            continue
        return Verification(is_chained=True, is_same=opened.seal().digest == seal.digest)

    def balances(
        self, agreement_id: int, *, date: dt.date | None = None, timestamp: int | None = None
    ) -> BalancesAt:
        if date is not None and timestamp is not None:
            raise Malformed("expected a date or an instant, was both")
        if date is not None and not FIRST_DATE <= date <= self.business_date():
            raise Malformed(f"expected a date up to {self.business_date()}, was {date}")
        agreement = self.agreement(agreement_id)
        head = head_of(self._ledger) or _NO_HEAD
        until, found = head.timestamp if timestamp is None else timestamp, {}
        codes = self._ledger.accounts(list(agreement.account_ids.values()))
        slots = dict(zip(codes["id"].to_pylist(), codes["code"].to_pylist(), strict=True))
        for name, account_id in agreement.account_ids.items():
            at = until
            if date is not None:
                at = first_on(self._ledger, account_id, date + _DAY, head) - 1
            debits, credits = totals_at(self._ledger, account_id, at)
            sign = -1 if grows_by_credit(Slot(slots[account_id])) else 1
            found[name] = sign * (debits - credits)
        return BalancesAt(
            agreement_id=agreement_id,
            currency=agreement.currency,
            date=date,
            timestamp=until,
            balances=found,
        )

    # certificates and loans ---------------------------------------------------------------------

    def interest(self, agreement_id: int, *, start: dt.date, end: dt.date) -> InterestCertificate:
        checked_period(start, end)
        agreement = self.agreement(agreement_id)
        product = self._product_of(agreement.product, agreement.version)
        head = head_of(self._ledger) or _NO_HEAD
        lines = interest.lines_of(self._ledger, agreement, start, end + _DAY, head)
        accrued = interest.accrued_of(product, agreement)
        changes = self._agreements.term_changes(agreement_id)
        data = self._about(agreement) | {
            "start": start,
            "end": end,
            "earned_minor": interest.total(lines, "earned"),
            "charged_minor": interest.total(lines, "charged"),
            "paid_minor": interest.total(lines, "paid"),
            "accrued_earned_minor": accrued.earned,
            "accrued_charged_minor": accrued.charged,
            "lines": lines,
            "rates": interest.rates_of(product, agreement, changes, end),
        }
        return InterestCertificate(**data, seal=_seal("interest", data, head))

    def schedule(self, agreement_id: int, *, date: dt.date | None = None) -> LoanSchedule:
        agreement = self.agreement(agreement_id)
        date = date or self.business_date()
        if not agreement.opened <= date <= self.business_date():
            raise Malformed(
                f"expected a date from {agreement.opened} to {self.business_date()}, was {date}"
            )
        projection, product = self._standing(agreement, date)
        head = head_of(self._ledger) or _NO_HEAD
        accounts: dict[str, Account] = declared(type(product), Account)
        buckets = buckets_of(product, accounts)
        past = past_of(self._ledger, agreement, buckets, date + _DAY, head)
        known = past.instalments(date)
        number = 1 + sum(one.number > 0 for one in known)
        is_open = agreement.status == "open" or date < (agreement.closed or date)
        ahead = loans.coming(projection, number) if is_open else []
        unpaid = [one.total_minor - one.paid_minor for one in known if one.status == "overdue"]
        data = self._about(agreement) | {
            "date": date,
            "drawn_minor": past.drawn_minor,
            "overdue_minor": sum(unpaid),
            "instalments": (*known, *ahead),
        }
        return LoanSchedule(**data, seal=_seal("schedule", data, head))

    def payoff(self, agreement_id: int, date: dt.date) -> PayoffQuote:
        agreement, today = self.agreement(agreement_id), self.business_date()
        if agreement.status != "open" and date >= (agreement.closed or today):
            raise AgreementNotOpen(
                f"Agreement {agreement_id} is {agreement.status}.", agreement_id=str(agreement_id)
            )
        first, last = agreement.opened, today + _QUOTED_AHEAD
        if not first <= date <= last:
            raise Malformed(f"expected a date from {first} to {last}, was {date}")
        projection, _ = self._standing(agreement, date)
        found = loans.payoff(projection, date)
        parts = [PayoffPart(name=name, amount_minor=amount) for name, amount in found.parts]
        data = self._about(agreement) | {
            "date": date,
            "valid_until": date,
            "total_minor": found.total,
            "per_day_minor": found.per_day,
            "parts": tuple(parts),
            "before": found.before,
        }
        head = head_of(self._ledger) or _NO_HEAD
        return PayoffQuote(**data, seal=_seal("payoff", data, head))

    def cost(self, agreement_id: int) -> LoanCost:
        agreement = self.agreement(agreement_id)
        changes = self._agreements.term_changes(agreement_id)
        terms, version = in_force(agreement.terms, agreement.version, changes, dt.date.min)
        product = self._product_of(agreement.product, version)
        found = loans.cost(product, replace(agreement, terms=terms))
        data = self._about(agreement) | {
            "drawn_minor": found.drawn,
            "paid_minor": found.drawn + found.annual.charged,
            "charged_minor": found.annual.charged,
            "apr_ppm": found.apr,
            "nominal_ppm": found.annual.nominal,
            "effective_ppm": found.annual.effective,
            "basis": found.basis,
            "warning": found.warning,
            "payments": found.payments,
        }
        head = head_of(self._ledger) or _NO_HEAD
        return LoanCost(**data, seal=_seal("cost", data, head))

    def _standing(self, agreement: Agreement, date: dt.date) -> tuple[Projection, Product]:
        """Return an agreement as it stands, or stood on a past date, and its product then."""
        today = self.business_date()

        def product_of(version: int) -> Product:
            return self._product_of(agreement.product, version)

        if date >= today:
            product = product_of(agreement.version)
            return Projection.of(product, agreement, np.datetime64(today, "D")), product
        changes = self._agreements.term_changes(agreement.agreement_id)
        product = product_of(in_force({}, agreement.version, changes, date)[1])
        inbox = agreement.account_ids[product.inbox.name]
        head = head_of(self._ledger) or _NO_HEAD
        reading = Reading(self._ledger, inbox, agreement.opened, date + _DAY, head)
        lines = (line for page in reading.pages() for line in page)
        projection = replayed(product_of, agreement, changes, lines, date)
        balances = self.balances(agreement.agreement_id, date=date).balances
        check_balances(projection, balances)
        return projection, product

    def _about(self, agreement: Agreement) -> dict[str, Any]:
        return {
            "agreement_id": agreement.agreement_id,
            "product": agreement.product,
            "currency": agreement.currency,
            "issued": self.business_date(),
        }


def checked_period(start: dt.date, end: dt.date) -> None:
    """Refuse a period that is none, or lies where no business date can. Raises: Malformed."""
    if not FIRST_DATE <= start <= end <= LAST_DATE:
        raise Malformed(
            f"expected a first and a last day from {FIRST_DATE} to {LAST_DATE}, "
            f"was {start} to {end}"
        )


def _seal(kind: str, data: dict[str, Any], head: Head) -> Seal:
    """Return the seal of a paper's data: of its JSON with sorted names and no spaces."""
    plain = {
        name: [asdict(one) for one in value] if isinstance(value, tuple) else value
        for name, value in data.items()
    }
    told = json.dumps(
        {"paper": f"yunjin.{kind}.v1", **plain},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        default=str,
    )
    digest = hashlib.sha256(told.encode()).hexdigest()
    return Seal(digest=digest, journal_sequence=head.sequence, journal_hash=head.hash)

"""PapersPort: a paper is gathered as data and written as CSV or PDF."""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property

from yunjin.chassis.papers.blocks import Block, Paper
from yunjin.chassis.papers.drawing import pdf_of
from yunjin.chassis.papers.fonts import Fonts, check_font
from yunjin.foundation.banking.api.statements import (
    Form,
    Kind,
    PaperOrder,
    StatementQuery,
)
from yunjin.foundation.banking.errors import StatementTooLong
from yunjin.foundation.banking.service.statements.csv_form import csv_of
from yunjin.foundation.banking.service.statements.papers import WIDTHS, Papers
from yunjin.foundation.banking.service.statements.service import StatementService
from yunjin.foundation.banking.service.statements.words import say
from yunjin.kernel.errors import Malformed


class PaperWriter:
    """Writes what the statement service finds.

    Parameters
    ----------
    institution : the name on the letterhead.
    rows_max : rows of a PDF.
    font_file : a TrueType font to embed; "": the standard fonts that readers bring.

    Raises: Malformed where the font cannot be read.
    """

    def __init__(
        self, statements: StatementService, *, institution: str, rows_max: int, font_file: str = ""
    ) -> None:
        self._statements = statements
        self._institution, self._rows_max = institution, rows_max
        self._font_file = font_file
        if font_file:
            check_font(font_file, "banking.font_file")

    @cached_property
    def _fonts(self) -> Fonts:
        return Fonts(self._font_file)

    def write(self, order: PaperOrder) -> Iterator[bytes]:
        agreement = self._statements.agreement(order.agreement_id)
        issued = self._statements.business_date()
        paper = Paper(
            title=say(order.kind, order.lang),
            institution=self._institution,
            lang=order.lang,
            currency=agreement.currency,
            issued=issued,
            width=WIDTHS[order.kind],
            blocks=self._blocks(order, Papers(order.lang, agreement, issued)),
        )
        if order.form is Form.CSV:
            return csv_of(paper, has_mark=order.has_mark)
        return iter([pdf_of(paper, self._fonts, rows_max=self._rows_max, too_long=self._too_long)])

    def _too_long(self, detail: str) -> StatementTooLong:
        return StatementTooLong(f"{detail}; CSV takes any number", rows_max=self._rows_max)

    def _blocks(self, order: PaperOrder, papers: Papers) -> Iterator[Block]:
        """Return a paper's blocks; whatever is refused is refused here, before the first."""
        number, service = order.agreement_id, self._statements
        match order.kind:
            case Kind.STATEMENT:
                return self._statement(order, papers)
            case Kind.INTEREST:
                start, end = _period(order)
                return papers.interest(service.interest(number, start=start, end=end))
            case Kind.SCHEDULE:
                return papers.schedule(service.schedule(number, date=order.start))
            case Kind.PAYOFF:
                if order.start is None:
                    raise Malformed("expected the date of the payoff, was none")
                return papers.payoff(service.payoff(number, order.start))
            case Kind.COST:
                return papers.cost(service.cost(number))

    def _statement(self, order: PaperOrder, papers: Papers) -> Iterator[Block]:
        start, end = _period(order)
        query = StatementQuery(
            agreement_id=order.agreement_id, start=start, end=end, account=order.account
        )
        opened = self._statements.opened(query)
        said = self._statements.words(opened.agreement, opened.reading.slot, order.lang)
        return papers.statement(opened.reading, opened.pages(), said, (start, end), opened.seal)


def _period(order: PaperOrder) -> tuple[dt.date, dt.date]:
    if order.start is None or order.end is None:
        raise Malformed("expected the first and the last day of a period, was none")
    return order.start, order.end

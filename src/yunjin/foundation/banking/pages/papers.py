"""Papers of an agreement: seen on the page, taken away as PDF or CSV in Chinese or English."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from yunjin.chassis.console import (
    Address,
    Filters,
    Markup,
    ask,
    box,
    console,
    file_route,
    formats,
    html,
    laid,
    language,
    markup,
    notice_of,
    page,
    panel,
    skeleton,
    switch,
    t,
    title_row,
)
from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.statements import (
    Form,
    Kind,
    Lang,
    PaperOrder,
    PapersPort,
    StatementQuery,
    StatementsApi,
)
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.foundation.banking.pages import papers_shown as shown
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk, agreement_ident
from yunjin.foundation.banking.pages.outlook import BILLED
from yunjin.foundation.banking.pages.reading import whole
from yunjin.kernel.errors import Malformed, Problem

OF_ALL: Final = (Kind.STATEMENT, Kind.INTEREST)
OF_LOANS: Final = (Kind.SCHEDULE, Kind.PAYOFF, Kind.COST)
STATEMENT_DAYS: Final = 90
PATH: Final = "/agreements/{agreement_id}/papers"


class PapersPage:
    """One officer's view of an agreement's papers."""

    def __init__(self, desk: Desk, one: Agreement, statements: StatementsApi) -> None:
        self._desk, self._one, self._statements = desk, one, statements
        self._address = Address()
        is_loan = set(BILLED) <= set(one.account_ids)
        self._kinds = OF_ALL + OF_LOANS if is_loan else OF_ALL

    async def draw(self) -> None:
        """Lay the page."""
        one = self._one
        self._today = await ask(self._desk.doors.days.business_date)
        note = Markup("{} · {} {} · {}").format(
            terms.product_name(one.product),
            t("banking.party"),
            one.party_id,
            agreement_ident(one.agreement_id),
        )
        with title_row(
            Markup("{} {}").format(t("banking.papers"), formats.account(one.agreement_id)),
            note=note,
        ):
            path = f"/agreements/{one.agreement_id}"
            back = markup.button_link(t("banking.agreement"), path, sign="arrow_back")
            html(back, tag="span", classes="yj-push")
        kinds = {each.value: t(f"banking.paper.{each.value}") for each in self._kinds}
        with box("yj-filter-row"):
            switch(kinds, self._kind.value, self._choose, name=t("banking.papers"))
        with box("yj-content") as self._box:
            pass
        await self._lay()

    @property
    def _kind(self) -> Kind:
        chosen = self._address.get("kind")
        return Kind(chosen) if chosen in [one.value for one in self._kinds] else Kind.STATEMENT

    async def _choose(self, kind: str) -> None:
        self._address.set(kind=kind)
        await self._lay()

    def _order(self, form: Form = Form.PDF, lang: Lang = Lang.ZH) -> PaperOrder:
        """Return the paper that the address asks for."""
        return order_of(self._one, self._kind, form, lang, self._address.all(), self._today)

    async def _lay(self) -> None:
        order = self._order()
        self._box.clear()
        with self._box:
            if order.start is not None:
                with Filters(self._address, self._show) as filters:
                    if order.end is None:
                        filters.day("on", t("banking.payoff_on"), hint=str(order.start))
                    else:
                        filters.day("from", t("banking.from_day"), hint=str(order.start))
                        filters.day("until", t("banking.until_day"), hint=str(order.end))
                    if order.kind is Kind.STATEMENT and len(self._one.account_ids) > 1:
                        names = {each: terms.account_name(each) for each in self._one.account_ids}
                        main = names.pop("main")
                        filters.choice("account", t("banking.account"), main, names)
            with panel(t("banking.take_away")):
                self._links = html("")
            with box("yj-content") as self._paper:
                skeleton(6)
        await laid()
        await self._show()

    async def _show(self) -> None:
        self._links.set_content(str(self._downloads()))
        try:
            draw = await ask(self._read)
        except Problem as problem:
            draw = None
            words = notice_of(problem)
        self._paper.clear()
        with self._paper:
            if draw is None:
                with panel():
                    html(words)
            else:
                draw()

    def _read(self) -> Callable[[], None]:
        """Ask for the paper; return what lays it."""
        order, door, number = self._order(), self._statements, self._one.agreement_id
        start, end = order.start or self._today, order.end or self._today
        if order.kind is Kind.INTEREST:
            interest = door.interest(number, start=start, end=end)
            return lambda: shown.interest(interest)
        if order.kind is Kind.SCHEDULE:
            schedule = door.schedule(number)
            return lambda: shown.schedule(schedule)
        if order.kind is Kind.PAYOFF:
            quote = door.payoff(number, start)
            return lambda: shown.payoff(quote)
        if order.kind is Kind.COST:
            cost = door.cost(number)
            return lambda: shown.cost(cost)
        query = StatementQuery(agreement_id=number, start=start, end=end, account=order.account)
        found = door.statement(query, lang=Lang(language()))
        return lambda: shown.statement(found)

    def _downloads(self) -> Markup:
        order = self._order()
        facts = {
            "from": order.start and order.end and str(order.start),
            "until": order.end and str(order.end),
            "on": not order.end and order.start and str(order.start),
            "account": order.account,
        }
        query = urlencode({name: value for name, value in facts.items() if value})
        folder = console().url(PATH.format(agreement_id=self._one.agreement_id))
        links = Markup("").join(
            Markup('<a class="yj-button" href="{}/{}?{}" download>{}{}</a>').format(
                folder,
                f"{order.kind}-{self._one.agreement_id}-{lang}.{form}",
                query,
                markup.icon("picture_as_pdf" if form is Form.PDF else "table_view"),
                t(f"banking.take.{form}.{lang}"),
            )
            for form in (Form.PDF, Form.CSV)
            for lang in Lang
        )
        return Markup('<div class="yj-deeds">{}</div>').format(links)


def order_of(
    one: Agreement,
    kind: Kind,
    form: Form,
    lang: Lang,
    facts: Mapping[str, str],
    today: dt.date,
) -> PaperOrder:
    """Return the paper that an address's facts ask for; a period that is missing is the usual."""
    start = end = None
    if kind is Kind.PAYOFF:
        start = formats.parse_day(facts.get("on", "")) or today
    elif kind in OF_ALL:
        end = formats.parse_day(facts.get("until", "")) or today
        usual = end - dt.timedelta(days=STATEMENT_DAYS)
        if kind is Kind.INTEREST:
            usual = end.replace(month=1, day=1)
        start = formats.parse_day(facts.get("from", "")) or max(usual, one.opened)
    account = facts.get("account", "") if kind is Kind.STATEMENT else ""
    return PaperOrder(
        kind=kind,
        form=form,
        agreement_id=one.agreement_id,
        lang=lang,
        start=start,
        end=end,
        account=account,
    )


def write(desk: Desk, papers: PapersPort, facts: Mapping[str, str]) -> Iterator[bytes]:
    """Write the file that an address names: `statement-<id>-zh.pdf`. Raises: Malformed, …"""
    stem, _, form = facts["name"].rpartition(".")
    kind, lang = stem.partition("-")[0], stem.rpartition("-")[2]
    number = whole(facts["agreement_id"])
    if kind not in list(Kind) or form not in list(Form) or lang not in list(Lang) or not number:
        raise Malformed(f"expected a paper such as statement-1-zh.pdf, was {facts['name'][:60]!r}")
    one, today = desk.doors.agreements.agreement(number), desk.doors.days.business_date()
    return papers.write(order_of(one, Kind(kind), Form(form), Lang(lang), facts, today))


def register(desk: Desk) -> None:
    """Put papers on the console where the bank writes some."""
    statements, papers = desk.doors.statements, desk.doors.papers
    if statements is None or papers is None:
        return
    file_route(f"{PATH}/{{name}}", lambda facts: write(desk, papers, facts))

    @page(PATH, title="banking.papers", active="banking.agreements")
    async def papers_of(agreement_id: str) -> None:
        number = whole(agreement_id)
        if not number:
            raise AgreementNotFound(f"Expected an agreement's id, was {agreement_id[:40]!r}.")
        one = await ask(desk.doors.agreements.agreement, number)
        await PapersPage(desk, one, statements).draw()

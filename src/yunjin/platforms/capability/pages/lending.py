"""The lending desk: the pipeline by stage, all applications, taking one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Fields,
    Figure,
    Filters,
    Markup,
    Row,
    Table,
    amount_field,
    amount_of,
    ask,
    box,
    button,
    empty,
    figures,
    formats,
    grid,
    live,
    markup,
    page,
    panel,
    person,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.collection import CollectionApi
from yunjin.platforms.capability.api.lending import (
    Application,
    ApplicationState,
    LendingApi,
    NewApplication,
    Payout,
)
from yunjin.platforms.capability.pages.payments import number

PAGE_ROWS: Final = 50
PUSH_S: Final = 2.0
S: Final = ApplicationState
TONES: Final[dict[ApplicationState, Any]] = {
    S.APPLIED: "info",
    S.REFERRED: "warn",
    S.APPROVED: "info",
    S.ACCEPTED: "info",
    S.PAYING: "info",
    S.ACTIVE: "good",
    S.SETTLED: "good",
    S.DECLINED: "bad",
    S.WITHDRAWN: "neutral",
    S.EXPIRED: "neutral",
    S.UNDONE: "bad",
}


class LendingDesk:
    """One reader's desk."""

    def __init__(self, lending: LendingApi, collection: CollectionApi, clock: Clock) -> None:
        self._lending, self._collection, self._clock = lending, collection, clock
        self._address = Address()

    async def draw(self) -> None:
        """Lay the desk."""
        with title_row(t("lending.desk"), note=t("lending.desk_note")), box("yj-push"):
            button(t("lending.deed.apply"), self._apply, icon="add", primary=True)
        with figures():
            self._shown = {
                name: Figure(t(f"lending.{name}"), "—")
                for name in ("to_decide", "to_sign", "to_pay", "out")
            }
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.text("party", t("lending.party"), icon="search")
            states = {one.value: t(f"lending.state.{one.value}") for one in S}
            row.choice("state", t("lending.state"), t("lending.all_states"), states)
            row.text("product", t("lending.product"))
            row.text("business", t("lending.business"))
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("lending.desk"),
                empty=self._nothing,
                address=self._address,
            )
        await self._count()
        await self._table.show()
        live(PUSH_S, self._count)

    async def _count(self) -> None:
        counts = await ask(self._lending.counts)
        cases = await ask(self._collection.counts)
        of = {one: counts.get(one.value, 0) for one in S}
        shown = {
            "to_decide": (of[S.APPLIED] + of[S.REFERRED], of[S.REFERRED]),
            "to_sign": (of[S.APPROVED], 0),
            "to_pay": (of[S.ACCEPTED] + of[S.PAYING], of[S.PAYING]),
            "out": (of[S.ACTIVE], sum(cases.values())),
        }
        for name, (count, part) in shown.items():
            note = t(f"lending.{name}_note", count=formats.number(part))
            self._shown[name].show(formats.number(count), note)

    async def _restart(self) -> None:
        await self._count()
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("lending.none_found"), icon="search_off")
            return
        empty(t("lending.none"), hint=t("lending.none_hint"), icon="request_quote")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        states = {one.value: one for one in S}
        found = await ask(
            self._lending.applications,
            state=states.get(chosen.get("state", "")),
            party_id=chosen.get("party", "").strip(),
            product=chosen.get("product", "").strip(),
            business=chosen.get("business", "").strip(),
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor

    def _apply(self) -> None:
        applying(self._lending, self._clock, self._restart)


def applying(lending: LendingApi, clock: Clock, done: Callable[[], Awaitable[None]]) -> None:
    """Open the dialog that takes an application; the preset flow takes it on."""

    def build(fields: Fields) -> None:
        with grid():
            fields["party"] = text_field(t("lending.party")).props("autofocus maxlength=64")
            fields["product"] = text_field(t("lending.product"), value="instalment-loan")
            fields["amount"] = amount_field(t("lending.amount"), "CNY")
            fields["term"] = text_field(t("lending.term"), value="12")
            fields["to"] = text_field(t("lending.to"), hint=t("lending.to_hint"))
            fields["name"] = text_field(t("lending.name")).props("maxlength=140")
            fields["account"] = text_field(t("lending.account")).props("maxlength=64")
            fields["agent"] = text_field(t("lending.agent")).props("maxlength=35")
        fields["purpose"] = text_field(t("lending.purpose")).props("maxlength=200")

    def made(fields: Fields) -> NewApplication | None:
        given = {key: str(one.value or "").strip() for key, one in fields.items()}
        amount_minor, term = amount_of(given["amount"], "CNY"), number(given["term"])
        to = number(given["to"] or "0")
        is_elsewhere = bool(given["name"] and given["account"].isascii() and given["account"])
        is_whole = given["party"].isascii() and given["party"] and given["product"].isascii()
        if not is_whole or not amount_minor or not term or term > 480:
            return None
        if to is None or bool(to) == is_elsewhere:
            return None
        payout = Payout(agreement_id=to)
        if is_elsewhere:
            payout = Payout(name=given["name"], account=given["account"], agent=given["agent"])
        return NewApplication(
            party_id=given["party"],
            product=given["product"],
            amount_minor=amount_minor,
            term=term,
            purpose=given["purpose"],
            payout=payout,
            repay_agreement_id=to,
        )

    def effect(one: NewApplication) -> str:
        return t(
            "lending.effect.apply",
            party=one.party_id,
            amount=formats.money(one.amount_minor, one.currency),
            currency=one.currency,
            term=one.term,
        )

    def keep(command_id: UUID, one: NewApplication) -> Application:
        return lending.apply(command_id, one, by=person(), run=True)

    value_deed(
        clock,
        "lending",
        "apply",
        build=build,
        made=made,
        effect=effect,
        keep=keep,
        done=done,
    )


def columns() -> list[Column]:
    """Return the columns of applications."""
    return [
        Column(key="id", label=t("lending.application"), card="lead"),
        Column(key="at", label=t("lending.at"), is_whole=True, card="left"),
        Column(key="party", label=t("lending.party"), card="line"),
        Column(key="product", label=t("lending.product"), card="line"),
        Column(key="amount", label=t("lending.amount"), is_number=True, card="right"),
        Column(key="state", label=t("lending.state"), card="side"),
    ]


def row_of(one: Application) -> Row:
    """Return an application as a row."""
    text, asked = str(one.application_id), one.asked
    amount = asked.amount_minor if one.offer is None else one.offer.amount_minor
    return {
        "id": markup.ident(text, formats.shortened(text), f"/lending/applications/{text}"),
        "at": formats.moment(nanoseconds(one.at)),
        "party": party_link(asked.party_id),
        "product": markup.stacked(asked.product, asked.business or "—"),
        "amount": Markup('<span>{} <small class="yj-side">{}</small></span>').format(
            formats.money(amount, asked.currency), asked.currency
        ),
        "state": state_chip(one),
    }


def party_link(party_id: str) -> Markup:
    """Return a link to a customer."""
    return markup.link(formats.shortened(party_id), f"/customers/{party_id}")


def state_chip(one: Application) -> Markup:
    """Return an application's state, with the last word on hover."""
    return markup.chip(t(f"lending.state.{one.state.value}"), TONES[one.state], hint=one.detail)


def register(lending: LendingApi, collection: CollectionApi, clock: Clock) -> None:
    """Put the lending desk on the console."""

    @page("/lending", title="lending.desk", active="lending.desk")
    async def listed() -> None:
        await LendingDesk(lending, collection, clock).draw()

"""One application: where it stands, why it was decided so, what was done, what can be done now."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from yunjin.chassis.console import (
    Column,
    Figure,
    Markup,
    ask,
    box,
    button,
    figures,
    formats,
    html,
    live,
    markup,
    one_of,
    page,
    panel,
    t,
    table_html,
    title_row,
)
from yunjin.chassis.console.words import LEXICON
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.lending import (
    ENDS,
    Application,
    ApplicationState,
    LendingApi,
    LendingEntry,
)
from yunjin.platforms.capability.errors.lending import ApplicationNotFound
from yunjin.platforms.capability.pages.lending import party_link, state_chip
from yunjin.platforms.capability.pages.lending_deeds import LendingDeeds

S: Final = ApplicationState
DEEDS: Final[dict[ApplicationState, tuple[str, ...]]] = {
    S.APPLIED: ("decide", "withdraw"),
    S.REFERRED: ("judge", "withdraw"),
    S.APPROVED: ("accept", "withdraw"),
    S.ACCEPTED: ("disburse", "withdraw"),
    S.UNDONE: ("disburse", "withdraw"),
    S.ACTIVE: ("repay",),
}


class OneApplication:
    """One reader's view of an application; it follows until the application has ended."""

    def __init__(self, lending: LendingApi, clock: Clock, application_id: UUID) -> None:
        self._lending, self._clock, self._id = lending, clock, application_id

    async def draw(self) -> None:
        """Lay the page. Raises: ApplicationNotFound."""
        self._one = await ask(self._lending.application, self._id)
        text, asked = str(self._id), self._one.asked
        with title_row(t("lending.application"), note=markup.ident(text, text)):
            self._state = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with figures():
            Figure(
                t("lending.asked"), formats.money(asked.amount_minor, asked.currency), asked.product
            )
            self._offered = Figure(t("lending.offered"), "—")
            self._rate = Figure(t("lending.rate"), "—")
            Figure(t("lending.term"), t("lending.term_count", count=asked.term), asked.purpose)
        with panel():
            self._facts = html("")
        with panel(t("lending.reasons")):
            self._reasons = html("")
        with panel(t("lending.timeline")):
            self._timeline = html("")
        await self._show()
        live(1.0, self._follow)

    async def _follow(self) -> None:
        if self._one.state in ENDS:
            return
        found = await ask(self._lending.application, self._id)
        if found != self._one:
            self._one = found
            await self._show()

    async def _again(self) -> None:
        self._one = await ask(self._lending.application, self._id)
        await self._show()

    async def _show(self) -> None:
        one = self._one
        self._state.set_content(str(state_chip(one)))
        if one.offer is not None:
            currency = one.asked.currency
            self._offered.show(formats.money(one.offer.amount_minor, currency), currency)
            self._rate.show(rate_of(one.offer.rate_ppm))
        self._facts.set_content(str(facts_of(one)))
        self._reasons.set_content(str(reasons_of(one)))
        entries = await ask(self._lending.timeline, self._id)
        self._timeline.set_content(str(timeline_of(entries, "lending")))
        self._deeds.clear()
        deeds = LendingDeeds(self._lending, self._clock, one, self._again)
        with self._deeds:
            for name in DEEDS.get(one.state, ()):
                act: Callable[[], None] = getattr(deeds, name)
                button(t(f"lending.deed.{name}"), act, primary=name != "withdraw")


def rate_of(rate_ppm: int) -> str:
    """Write a rate as a percentage."""
    if not rate_ppm:
        return t("lending.rate_of_product")
    whole, rest = divmod(rate_ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + " %"


def facts_of(one: Application) -> Markup:
    """Return what is known of an application."""
    asked = one.asked
    pairs: list[tuple[str, Markup | str]] = [
        (t("lending.party"), party_link(asked.party_id)),
        (t("lending.at"), formats.moment(nanoseconds(one.at))),
        (t("lending.payout"), payout_of(one)),
    ]
    if asked.business:
        pairs.append((t("lending.business"), f"{asked.business} {asked.scenario}".strip()))
    if one.checks:
        words = [
            f"{t(f'lending.check.{name}')}: {t(f'lending.verdict.{verdict}')}"
            for name, verdict in one.checks.items()
        ]
        pairs.append((t("lending.checks"), ", ".join(words)))
    if one.offer is not None:
        pairs.append((t("lending.until"), one.offer.until.isoformat()))
    if one.contract is not None:
        digest = one.contract.text_hash
        shown = markup.ident(digest, formats.shortened(digest))
        pairs.append((t("lending.contract"), Markup("{} {}").format(shown, one.contract.ref)))
    if one.agreement_id:
        pairs.append((t("lending.loan"), agreement(one.agreement_id)))
    if asked.repay_agreement_id:
        pairs.append((t("lending.repaid_from"), agreement(asked.repay_agreement_id)))
    if asked.limit_id is not None:
        link = markup.link(formats.shortened(str(asked.limit_id)), f"/limits/{asked.limit_id}")
        pairs.append((t("lending.limit"), link))
    if one.payment_id is not None:
        link = markup.link(formats.shortened(str(one.payment_id)), f"/payments/{one.payment_id}")
        pairs.append((t("lending.payment"), link))
    if one.flow_id is not None:
        path = f"/capability/flows/{one.flow_id}"
        pairs.append((t("lending.flow"), markup.link(formats.shortened(str(one.flow_id)), path)))
    if one.detail:
        pairs.append((t("lending.detail"), one.detail))
    pairs += [(name, str(value)) for name, value in asked.values.items()]
    return markup.facts(pairs)


def payout_of(one: Application) -> Markup | str:
    """Return where the money goes; of an account elsewhere its last digits."""
    to = one.asked.payout
    return agreement(to.agreement_id) if to.agreement_id else f"…{to.account[-4:]} {to.agent}"


def agreement(agreement_id: int) -> Markup:
    """Return a link to an agreement."""
    return markup.link(formats.account(agreement_id), f"/agreements/{agreement_id}")


def reasons_of(one: Application) -> Markup:
    """Return the reasons of a decision, and who decided."""
    by = Markup("<p>{}</p>").format(t("lending.decided_by", by=one.decided_by or "—"))
    if not one.reasons:
        return by + Markup("<p>{}</p>").format(t("lending.no_reasons"))
    columns = [
        Column(key="reason", label=t("lending.reason"), card="lead"),
        Column(key="seen", label=t("lending.seen"), card="left"),
        Column(key="bound", label=t("lending.bound"), card="right"),
    ]
    rows = [
        {
            "reason": markup.stacked(one_of(reason.zh, reason.en) or "—", reason.code),
            "seen": reason.seen or "—",
            "bound": reason.bound or "—",
        }
        for reason in one.reasons
    ]
    return by + Markup(table_html(columns, rows, caption=t("lending.reasons")))


def timeline_of(entries: list[LendingEntry], room: str) -> Markup:
    """Return what was done, the newest first."""
    columns = [
        Column(key="at", label=t("time.at", zone=formats.zone_name()), is_whole=True, card="line"),
        Column(key="what", label=t("lending.what"), is_whole=True, card="lead"),
        Column(key="by", label=t("lending.by"), card="right"),
        Column(key="said", label=t("lending.said"), card="line"),
    ]
    rows = [
        {
            "at": formats.moment(nanoseconds(entry.at)),
            "what": what_of(entry.what, room),
            "by": entry.by or "—",
            "said": entry.text or "—",
        }
        for entry in reversed(entries)
    ]
    return Markup(table_html(columns, rows, caption=t("lending.timeline")))


def what_of(what: str, room: str) -> str:
    """Return what was done in words."""
    for key in (f"{room}.what.{what}", f"{room}.state.{what}"):
        if LEXICON.knows(key):
            return t(key)
    return what


def register(lending: LendingApi, clock: Clock) -> None:
    """Put the page of an application on the console."""

    @page(
        "/lending/applications/{application_id}",
        title="lending.application",
        active="lending.desk",
    )
    async def shown(application_id: str) -> None:
        try:
            found = UUID(application_id)
        except ValueError:
            what = "There is no such application."
            raise ApplicationNotFound(what, application_id=application_id[:40]) from None
        await OneApplication(lending, clock, found).draw()

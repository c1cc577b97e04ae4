"""What banking's pages share: the doors, the running close, product files that were read."""

import datetime as dt
from typing import Final
from uuid import UUID

from yunjin.chassis.console import Job, Markup, Tone, formats, markup, t
from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.days import DayReport
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.api.registry import ProductVersion
from yunjin.foundation.banking.errors import ProductNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.doors import Doors
from yunjin.kernel.clock import Clock

INFOS_MAX: Final = 256
STATUS_TONES: Final[dict[str, Tone]] = {"open": "good", "closed": "neutral", "stopped": "bad"}
DAY_TONES: Final[dict[str, Tone]] = {
    "open": "info",
    "opening": "warn",
    "closing": "warn",
    "closed": "good",
    "unproven": "bad",
}
_CLASS_TONES: Final[dict[int, Tone]] = {1: "good", 2: "warn", 3: "bad", 4: "bad", 5: "bad"}


class Desk:
    """One set for the process: pages come and go, these stay."""

    def __init__(self, doors: Doors, clock: Clock) -> None:
        self.doors, self.clock = doors, clock
        self.closing: Job[DayReport] = Job(clock)
        self.told: DayReport | None = None  # what the running close said last
        self.span: tuple[dt.date, dt.date] | None = None  # the days it closes
        self._infos: dict[str, ProductInfo] = {}

    def close_days(self, until: dt.date) -> bool:
        """Start closing up to a day unless a close runs. Returns whether this call started it."""
        if self.closing.state == "running":
            return False
        self.told = None
        return self.closing.start(lambda: self._close(until))

    def _close(self, until: dt.date) -> DayReport:
        self.span = (self.doors.days.business_date(), until)
        return self.doors.days.close(until, progress=self._tell)

    def _tell(self, report: DayReport) -> None:
        self.told = report

    def version(self, code: str, number: int) -> ProductVersion:
        """Return a version of a product; 0 for the live one. Raises: ProductNotFound."""
        found = self.doors.registry.versions(code)
        for one in found:
            if one.version == number or (not number and one.agreements is None):
                return one
        raise ProductNotFound(f"There is no version {number} of {code[:60]}.", product=code[:60])

    def info(self, code: str, number: int = 0) -> ProductInfo:
        """Return what a version declares. Raises: ProductNotFound, ProductRefused."""
        return self.info_of(self.version(code, number).source)

    def info_of(self, source: str) -> ProductInfo:
        """Return what a product file declares. Raises: ProductRefused."""
        if not self._infos:
            self._infos = {one.source: one for one in self.doors.products.products()}
        if source not in self._infos:
            made = self.doors.products.check(source)
            if len(self._infos) < INFOS_MAX:
                self._infos[source] = made
            return made
        return self._infos[source]

    def codes(self) -> list[str]:
        """Return the codes of the bank's products."""
        return sorted({one.code for one in self.doors.registry.versions()})


def agreement_ident(agreement_id: int) -> Markup:
    """Return an agreement's id in short form, with its link."""
    short = formats.account(agreement_id)
    return markup.ident(str(agreement_id), short, f"/agreements/{agreement_id}")


def status_chip(one: Agreement) -> Markup:
    """Say whether an agreement is open, closed or stopped."""
    hint = t("banking.status.stopped_hint") if one.status == "stopped" else ""
    return markup.chip(
        t(f"banking.status.{one.status}"), STATUS_TONES.get(one.status, "neutral"), hint=hint
    )


def risk_chips(one: Agreement, *, only_bad: bool = False) -> Markup:
    """Say how many days a loan is overdue and how it is classified."""
    chips: list[Markup] = []
    if one.days_overdue:
        chips.append(markup.chip(t("banking.overdue", days=one.days_overdue), "bad"))
    if one.risk_class > only_bad:
        tone = _CLASS_TONES.get(one.risk_class, "neutral")
        hint = t("banking.class_hint")
        chips.append(markup.chip(t(f"banking.class.{one.risk_class}"), tone, hint=hint))
    return Markup("").join(chips)


def day_chip(status: str) -> Markup:
    """Say how a business day stands."""
    return markup.chip(t(f"banking.day.{status}"), DAY_TONES.get(status, "neutral"))


def product_link(code: str) -> Markup:
    """Return a product's name with its link."""
    return markup.link(terms.product_name(code), f"/products/{code}")


def day_link(date: dt.date) -> Markup:
    """Return a business day with its link."""
    return markup.link(date.isoformat(), f"/days/{date.isoformat()}")


def flow_link(flow_id: UUID) -> Markup:
    """Lead to the durable flow of a close, with its journal."""
    return markup.button_link(
        t("banking.close_flow"), f"/banking/flows/{flow_id}", sign="account_tree"
    )


def num(text: str) -> Markup:
    """Write digits so that they line up."""
    return Markup('<span class="num">{}</span>').format(text)

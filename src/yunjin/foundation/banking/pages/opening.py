"""A new agreement: a product, a party, the terms within the product's bounds."""

from typing import Final

from nicegui import ui

from yunjin.chassis.console import (
    Address,
    Markup,
    ask,
    box,
    button,
    choice_field,
    grid,
    html,
    markup,
    notice_of,
    page,
    panel,
    t,
    text_field,
    title_row,
)
from yunjin.foundation.banking.api.agreements import BRANCH, Opening
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.forms import TermFields
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7

BRANCH_MAX: Final = 16
PARTY_MAX: Final = 64


class NewAgreement:
    """One officer's form."""

    def __init__(self, desk: Desk, codes: list[str]) -> None:
        self._desk, self._codes = desk, codes
        self._address = Address()
        chosen = self._address.get("product")
        self._code = chosen if chosen in codes else codes[0]
        self._command = uuid7(desk.clock)

    async def draw(self) -> None:
        """Lay the form."""
        with title_row(t("banking.open_agreement"), note=t("banking.open_note")):
            pass
        with box("yj-split"):
            with box("yj-column"), ui.element("form").classes("yj-form") as form:
                form.on("submit", self._open, js_handler="(e) => { e.preventDefault(); emit(); }")
                with panel(t("banking.open_who")), grid():
                    self._product = choice_field(
                        t("banking.product"),
                        {code: terms.product_name(code) for code in self._codes},
                        self._code,
                    )
                    self._product.on_value_change(self._choose)
                    self._party = text_field(
                        t("banking.party"),
                        value=self._address.get("party"),
                        hint=t("banking.party_hint"),
                        check=_party,
                    )
                    self._branch = text_field(
                        t("banking.branch"),
                        value=BRANCH,
                        hint=t("banking.branch_hint"),
                        check=_branch,
                    )
                    self._note = text_field(t("banking.note"), hint=t("banking.note_hint"))
                    for one in (self._party, self._branch):
                        one.on_value_change(self._changed)
                with panel(t("banking.terms")):
                    self._terms_box = ui.element("div")
                with box("yj-actions"):
                    self._button = button(
                        t("banking.open_now"), self._open, icon="add", primary=True
                    )
                    html(markup.button_link(t("action.cancel"), "/agreements", sign="close"))
                self._words = html("").props('role="status"')
            with box("yj-column"), box(""), panel(t("banking.about_product")):
                self._about = html("")
        await self._show_product()

    async def _choose(self) -> None:
        self._code = str(self._product.value)
        self._address.set(product=self._code)
        await self._show_product()

    async def _show_product(self) -> None:
        self._info = await ask(self._desk.info, self._code)
        self._fields = TermFields(self._info)
        own = [one.name for one in self._info.parameters if one.level == "instance"]
        self._terms_box.clear()
        with self._terms_box:
            if not own:
                html(Markup('<p class="yj-note">{}</p>').format(t("banking.no_terms")))
            with grid():
                self._fields.draw({}, self._changed, names=own)
        self._about.set_content(str(about_product(self._info)))
        self._changed()

    @property
    def _is_ready(self) -> bool:
        party, branch = str(self._party.value or ""), str(self._branch.value or "")
        return not (_party(party) or _branch(branch) or self._fields.complaints())

    def _changed(self, _: object = None) -> None:
        self._command = uuid7(self._desk.clock)
        self._button.set_enabled(self._is_ready)

    def _opening(self) -> Opening:
        usual = {one.name: one.default for one in self._info.parameters}
        given = self._fields.values()
        return Opening(
            product=self._code,
            party_id=str(self._party.value).strip(),
            branch=str(self._branch.value).strip(),
            note=str(self._note.value or "").strip()[:200],
            # What was left as usual goes on following the product.
            terms={name: value for name, value in given.items() if usual.get(name) != value},
        )

    async def _open(self) -> None:
        if not self._is_ready:
            return
        self._button.set_enabled(False)
        try:
            (made,) = await ask(self._desk.doors.agreements.open, self._command, [self._opening()])
        except Problem as problem:
            self._words.set_content(str(notice_of(problem)))
            if not isinstance(problem, Outage | Unknown):
                self._command = uuid7(self._desk.clock)
            self._button.set_enabled(True)
            return
        ui.notify(t("banking.opened_now"), type="positive", position="top")
        ui.navigate.to(f"/agreements/{made}")


def about_product(info: ProductInfo) -> Markup:
    """Return a product in a few lines."""
    accounts = Markup("<br>").join(
        Markup("{} <small class='yj-side'>{}</small>").format(
            terms.account_name(name), terms.slot_name(slot)
        )
        for name, slot in info.accounts.items()
    )
    head = Markup('<p class="yj-lead">{}</p>').format(
        terms.product_summary(info.code, info.summary)
    )
    return head + markup.facts(
        [
            (t("banking.product_code"), markup.link(info.code, f"/products/{info.code}")),
            (t("banking.currency"), info.currency),
            (t("banking.accounts"), accounts),
        ]
    )


def _party(text: str) -> str:
    if not text.strip():
        return t("form.needed")
    is_fit = text.isascii() and len(text.strip()) <= PARTY_MAX
    return "" if is_fit else t("banking.form.party", most=PARTY_MAX)


def _branch(text: str) -> str:
    is_fit = text.isascii() and text.strip() == text and 1 <= len(text) <= BRANCH_MAX
    return "" if is_fit else t("banking.form.branch", most=BRANCH_MAX)


def register(desk: Desk) -> None:
    """Put the form on the console."""

    @page("/agreements/new", title="banking.open_agreement", active="banking.agreements")
    async def new_agreement() -> None:
        await NewAgreement(desk, await ask(desk.codes)).draw()

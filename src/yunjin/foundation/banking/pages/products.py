"""Products: what the bank sells, a product's terms and versions, what stands in its file."""

from typing import Final
from uuid import UUID

from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Address,
    Column,
    Deed,
    Done,
    Figure,
    Markup,
    Tone,
    ask,
    box,
    button,
    figures,
    formats,
    html,
    markup,
    page,
    panel,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.banking.api.registry import ProductVersion, TermsChange
from yunjin.foundation.banking.errors import ProductNotFound
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk, product_link
from yunjin.foundation.banking.pages.movements import deed_button
from yunjin.foundation.banking.pages.pricing import (
    SetParameter,
    changes_table,
    of_templates,
    templates_table,
)
from yunjin.foundation.banking.pages.reading import whole

NS_A_SECOND: Final = 1_000_000_000


def lane_chip(one: ProductVersion, live: int) -> Markup:
    """Say for whom a version is live."""
    if one.agreements is not None:
        count = formats.number(len(one.agreements))
        return markup.chip(t("banking.lane.gray", count=count), "warn")
    tone: Tone = "good" if one.version == live else "neutral"
    return markup.chip(
        t("banking.lane.live" if one.version == live else "banking.lane.older"), tone
    )


def live_version(found: list[ProductVersion]) -> int:
    """Return the number of the version that new agreements take."""
    return max((one.version for one in found if one.agreements is None), default=0)


async def draw_products(desk: Desk) -> None:
    """Lay the list of products."""
    found = await ask(desk.doors.registry.versions)
    groups: dict[str, list[ProductVersion]] = {}
    for one in found:
        groups.setdefault(one.code, []).append(one)
    with title_row(t("banking.products"), note=t("banking.products_note")):
        html(
            markup.button_link(t("banking.register_version"), "/products/new", sign="upload_file"),
            tag="span",
        )
    columns = [
        Column(key="name", label=t("banking.product"), card="lead"),
        Column(key="summary", label=t("banking.summary"), card="line"),
        Column(key="live", label=t("banking.live_version"), is_number=True, card="side"),
        Column(key="versions", label=t("banking.versions"), is_number=True, card="left"),
        Column(key="gray", label=t("banking.gray"), card="right"),
        Column(key="since", label=t("banking.registered"), card="line"),
    ]
    rows = []
    for code, versions in sorted(groups.items()):
        live = live_version(versions)
        summary = terms.product_summary(code, "") or (await ask(desk.info, code, live)).summary
        gray = sum(one.agreements is not None for one in versions)
        rows.append(
            {
                "name": markup.stacked(product_link(code), code),
                "summary": summary,
                "live": f"v{live}",
                "versions": formats.number(len(versions)),
                "gray": markup.chip(t("banking.gray_count", count=gray), "warn") if gray else "—",
                "since": registered(versions[0])[:10],
            }
        )
    with panel(classes="yj-panel-table"):
        html(table_html(columns, rows, caption=t("banking.products")))


def registered(one: ProductVersion) -> str:
    """Write when a version was registered."""
    at = one.registered
    ns = int(at.timestamp()) * NS_A_SECOND
    return formats.moment(ns)


class Product:
    """One reader's view of a product."""

    def __init__(self, desk: Desk, code: str) -> None:
        self._desk, self._code = desk, code
        self._address = Address()

    async def draw(self) -> None:
        """Lay the page."""
        with box("yj-content") as self._box:
            await self._draw()

    async def _again(self) -> None:
        self._box.clear()
        with self._box:
            await self._draw()

    async def _draw(self) -> None:
        code = self._code
        found = await ask(self._desk.doors.registry.versions, code)
        if not found:
            raise ProductNotFound(f"There is no product {code[:60]!r}.", product=code[:60])
        live = live_version(found)
        wanted = whole(self._address.get("version")) or live or found[0].version
        shown = next((one for one in found if one.version == wanted), found[0])
        info = await ask(self._desk.info_of, shown.source)
        with title_row(
            Markup("{} <small class='yj-side'>{}</small>").format(terms.product_name(code), code),
            note=terms.product_summary(code, info.summary),
        ):
            html(lane_chip(shown, live), tag="span")
            with box("yj-push yj-deeds"):
                for text, path, sign in (
                    ("banking.open_agreement", f"/agreements/new?product={code}", "add"),
                    ("banking.simulate", f"/products/{code}/simulate", "science"),
                    ("banking.register_version", f"/products/new?from={code}", "upload_file"),
                ):
                    html(markup.button_link(t(text), path, sign=sign), tag="span")
                if info.parameters:
                    today = await ask(self._desk.doors.days.business_date)
                    button(
                        t("banking.deed.price"),
                        SetParameter(self._desk, info, today, self._again).open,
                        icon="tune",
                    )
        with figures():
            Figure(t("banking.live_version"), f"v{live}", t("banking.live_note"))
            Figure(t("banking.currency"), info.currency)
            Figure(t("banking.rule_lines"), str(info.rule_lines), t("banking.rule_lines_note"))
            Figure(t("banking.terms"), str(len(info.parameters)), t("banking.terms_note"))
        with panel(t("banking.terms"), note=f"v{shown.version}"):
            html(terms_table(info))
        changes = await ask(self._desk.doors.registry.terms, code)
        if of_templates(info):
            await self._templates(info, changes)
        if changes:
            with panel(t("banking.prices"), note=t("banking.prices_note")):
                html(changes_table(changes, info))
        with box("yj-halves"):
            self._versions(found, live, shown)
            with panel(t("banking.accounts")):
                html(
                    markup.facts(
                        [
                            (terms.account_name(name), terms.slot_name(slot))
                            for name, slot in info.accounts.items()
                        ]
                    )
                )
        note = Markup("v{} · {}").format(shown.version, registered(shown))
        with panel(t("banking.source"), note=note):
            html(source_html(shown.source))

    async def _templates(self, info: ProductInfo, changes: list[TermsChange]) -> None:
        """Show the product's templates, and a way to set one."""
        found = await ask(self._desk.doors.registry.templates, info.code)
        today = await ask(self._desk.doors.days.business_date)
        setting = SetParameter(self._desk, info, today, self._again, is_template=True)
        with panel(t("banking.templates"), note=t("banking.templates_note")):
            if found:
                html(templates_table(found, changes, info))
            else:
                html(quiet("style", t("banking.no_templates"), t("banking.no_templates_hint")))
            with box("yj-actions"):
                button(t("banking.deed.template"), setting.open, icon="style")

    def _versions(self, found: list[ProductVersion], live: int, shown: ProductVersion) -> None:
        columns = [
            Column(key="version", label=t("banking.version"), card="lead"),
            Column(key="lane", label=t("banking.lane"), card="side"),
            Column(key="registered", label=t("banking.registered"), card="left"),
            Column(key="note", label=t("banking.note"), card="line"),
            Column(key="deed", label="", card="line"),
        ]
        rows = []
        for one in found:
            name = markup.link(f"v{one.version}", f"/products/{self._code}?version={one.version}")
            here = markup.chip(t("banking.shown"), "info") if one is shown else Markup("")
            release = deed_button("yj-release", str(one.version), t("banking.release"))
            rows.append(
                {
                    "version": name + Markup(" ") + here,
                    "lane": lane_chip(one, live),
                    "registered": registered(one),
                    "note": one.note or "—",
                    "deed": release if one.agreements is not None else "",
                }
            )
        with panel(t("banking.versions")):
            table = html(table_html(columns, rows, caption=t("banking.versions")))
            emit = "(e) => emit(e.target.dataset.value)"
            table.on("yj-release", self._release, js_handler=emit)

    def _release(self, event: GenericEventArguments) -> None:
        version = int(str(event.args))

        def act(command_id: UUID) -> Done:
            self._desk.doors.registry.release(command_id, self._code, version)
            return Done(t("banking.done.release", version=version))

        Deed(
            clock=self._desk.clock,
            title=t("banking.deed.release_version", version=version),
            action=t("banking.release"),
            build=lambda _: None,
            effect=lambda: t("banking.effect.release_version", version=version),
            act=act,
            done=self._again,
            typed=self._code,
        ).open()


def terms_table(info: ProductInfo) -> Markup:
    """Return a product's terms with units, bounds and help."""
    columns = [
        Column(key="name", label=t("banking.term"), card="lead"),
        Column(key="help", label=t("banking.help"), card="line"),
        Column(key="level", label=t("banking.level"), card="left"),
        Column(key="default", label=t("banking.default"), is_number=True, card="side"),
        Column(key="bounds", label=t("banking.bounds"), card="right"),
    ]
    rows = [
        {
            "name": markup.stacked(terms.term_name(one.name), one.name),
            "help": terms.term_help(one.name),
            "level": t(f"banking.level.{one.level}"),
            "default": t("form.needed")
            if one.default is None
            else terms.shown(one, one.default, info.currency),
            "bounds": " / ".join(terms.choices(one).values()) or terms.bounds(one, info.currency),
        }
        for one in info.parameters
    ]
    if not rows:
        return Markup('<p class="yj-note">{}</p>').format(t("banking.no_terms"))
    return table_html(columns, rows, caption=t("banking.terms"))


def source_html(source: str, wrong: frozenset[int] = frozenset()) -> Markup:
    """Return a product file with line numbers; lines that are complained of stand out."""
    lines = Markup("").join(
        Markup('<li class="{}" id="line-{}">{}</li>').format(
            "yj-wrong" if number in wrong else "", number, line
        )
        for number, line in enumerate(source.rstrip("\n").split("\n"), 1)
    )
    return Markup(
        '<pre class="yj-source yj-mono" tabindex="0" role="region" aria-label="{}">'
        "<ol>{}</ol></pre>"
    ).format(t("banking.source"), lines)


def register(desk: Desk) -> None:
    """Put products on the console."""

    @page("/products", title="banking.products", active="banking.products")
    async def products() -> None:
        await draw_products(desk)

    @page("/products/{code}", title="banking.product", active="banking.products")
    async def product(code: str) -> None:
        await Product(desk, code).draw()

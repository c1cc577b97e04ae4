"""How a fan-out is shown: how far it is, and the items of it that failed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from yunjin.chassis.console import Column, Markup, csv_route, formats, markup, t, table_html
from yunjin.chassis.flow import FailedItem, NoSuchFlow, Outcome, StepState
from yunjin.chassis.flow_pages.showing import moment, problem_words, value
from yunjin.chassis.persistence import dump_json

if TYPE_CHECKING:
    from yunjin.chassis.flow_pages import FlowPages

_CSV_HEAD: Final = ("place", "item", "code", "detail", "at")


@dataclass(frozen=True, slots=True)
class Far:
    """How far a fan-out is; all 0 for any other step."""

    done: int = 0
    failed: int = 0
    under_way: int = 0

    def words(self) -> str:
        """Say it."""
        numbers = {name: formats.number(getattr(self, name)) for name in Far.__slots__}
        key = "flow.far_open" if self.under_way else "flow.far"
        return t(key, **numbers)


def fan_of(step: StepState) -> Far:
    """Return how far the fan-out of a journal's row is."""
    answer = step.answer
    if not isinstance(answer, dict) or step.number <= 0 or not step.name.startswith("each:"):
        return Far()
    match step.outcome:
        case Outcome.FANNED:
            return Far(answer["done"], answer["failed"], len(answer["begun"]))
        case Outcome.ANSWERED:
            return Far(answer["done"], answer["failed"])
        case _:
            return Far()


def failed_table(items: Sequence[FailedItem], csv: str, *, is_more: bool) -> Markup:
    """Return items that failed, and the way to all of them."""
    if not items:
        return Markup("")
    columns = [
        Column(key="place", label=t("flow.item_place"), is_number=True, card="side"),
        Column(key="item", label=t("flow.item"), card="lead"),
        Column(key="why", label=t("flow.item_why"), card="line"),
        Column(key="at", label=t("flow.item_at"), is_number=True, card="line"),
    ]
    rows = [
        {
            "place": formats.number(one.place),
            "item": value(one.item),
            "why": Markup('{} <span class="yj-note">{}</span>').format(
                problem_words(one.problem), str(one.problem.get("detail", ""))
            ),
            "at": moment(one.at_us),
        }
        for one in items
    ]
    key = "flow.failed_csv_more" if is_more else "flow.failed_csv"
    link = markup.link(t(key), csv)
    shown = table_html(columns, rows, caption=t("flow.failed_items"))
    return Markup('{}<p class="yj-more">{}</p>').format(shown, link)


def csv_rows(pages: "FlowPages", parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
    """Yield every failed item of a fan-out. Raises: NoSuchFlow."""
    try:
        flow_id, number = UUID(parameters.get("flow", "")), int(parameters.get("number", ""))
    except ValueError:
        raise NoSuchFlow("expected a flow's id and a number") from None
    yield _CSV_HEAD
    after = -1
    while found := pages.flows.failed_items(flow_id, number, after=after):
        for one in found:
            problem = one.problem
            code, detail = str(problem.get("code", "")), str(problem.get("detail", ""))
            yield one.place, dump_json(one.item), code, detail, one.at_us
        after = found[-1].place


def register(pages: "FlowPages") -> None:
    """Put the CSV of failed items on the console."""
    csv_route(f"{pages.path}-failed.csv", lambda parameters: csv_rows(pages, parameters))

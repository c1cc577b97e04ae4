"""A page that lists: title with its CSV, filters, and a table; all of it follows the address."""

from collections.abc import Callable, Sequence

from yunjin.chassis.console.address import Address
from yunjin.chassis.console.filters import Filters, csv_link
from yunjin.chassis.console.parts import empty, panel, title_row
from yunjin.chassis.console.table import Column, Load, Table
from yunjin.chassis.console.words import t


async def listing(
    title: str,
    *,
    icon: str,
    csv_path: str,
    address: Address,
    filters: Callable[[Filters], None],
    columns: Sequence[Column],
    load: Load,
) -> None:
    """Lay the page and load its first rows.

    Parameters
    ----------
    title : key of the page's word. Beside it stand `<title>_note`, and for a page without rows
        `<title>.none_yet` (nothing is there), `<title>.none_found` (the filters let nothing
        through) and `<title>.none_here` (not in this stretch, the next page goes on), each with
        its `…_hint`.
    filters : adds the filters to their row.
    load : returns a page of rows by what the address says.
    """
    with title_row(t(title), note=t(f"{title}_note")):
        csv_link(csv_path)

    async def restart() -> None:
        await table.restart()

    def nothing() -> None:
        what = "here" if table.has_next else "found" if row.is_filtered else "yet"
        empty(t(f"{title}.none_{what}"), hint=t(f"{title}.none_{what}_hint"), icon=icon)

    row = Filters(address, restart)
    with row:
        filters(row)
    with panel(classes="yj-panel-table"):
        table = Table(columns, load, caption=t(title), empty=nothing, address=address)
    await table.show()

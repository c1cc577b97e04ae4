"""The parts that hold data. Goal: pages, files and long work behave. Method: each part on a page
of its own, with data made for the test."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence

from nicegui.testing.user import User

from tests.chassis.console.conftest import Show
from tests.console import text_of
from yunjin.chassis.console import (
    Address,
    Ask,
    Chart,
    Column,
    Job,
    Row,
    Sampler,
    Series,
    Table,
    csv_route,
    empty,
    page,
)
from yunjin.chassis.console.downloads import csv_line
from yunjin.chassis.console.formats import duration, shortened, size
from yunjin.kernel.errors import NotFound, Outage

COLUMNS = [
    Column(key="n", label="number", is_number=True, is_sortable=True),
    Column(key="name", label="<name>"),
]


async def load(wanted: Ask) -> tuple[Sequence[Row], str | None]:
    """Return three rows a page of seven."""
    start = int(wanted.cursor or 0)
    numbers = list(range(7)) if wanted.is_ascending else list(range(7))[::-1]
    rows = [{"n": str(n), "name": f"<row {n}>"} for n in numbers[start : start + 3]]
    return rows, str(start + 3) if start + 3 < 7 else None


def table_pages() -> None:
    """Register a page with the table."""

    @page("/show", title="show", active="show")
    async def shown() -> None:
        address = Address()
        table = Table(COLUMNS, load, caption="t", empty=lambda: empty("none"), address=address)
        await table.show()


def rows_of(user: User) -> list[str]:
    """Return the numbers of the rows in sight."""
    return [part.split("&gt;")[0] for part in text_of(user).split("&lt;row ")[1:]]


def test_a_table_goes_forward_back_and_to_the_start(show: Show) -> None:
    async def story(user: User) -> None:
        await user.open("/show")
        assert rows_of(user) == ["6", "5", "4"]
        for button, rows, place in (
            ("chevron_right", ["3", "2", "1"], "第 4–6 条"),
            ("chevron_right", ["0"], "第 7–7 条"),
            ("chevron_left", ["3", "2", "1"], "第 4–6 条"),
            ("first_page", ["6", "5", "4"], "第 1–3 条"),
        ):
            user.find(f"o_{button}").click()
            await user.should_see(place)
            assert rows_of(user) == rows

    show.visit(show.room(table_pages), story)


def test_a_shared_address_opens_the_same_page_of_a_table(show: Show) -> None:
    async def story(user: User) -> None:
        await user.open("/show?cursor=3&order=asc")
        assert rows_of(user) == ["3", "4", "5"]
        user.find("o_first_page").click()
        await user.should_see("第 1–3 条")

    show.visit(show.room(table_pages), story)


def test_cells_and_heads_are_escaped(show: Show) -> None:
    async def story(user: User) -> None:
        await user.open("/show")
        assert "<row" not in text_of(user)
        assert "&lt;name&gt;" in text_of(user)

    show.visit(show.room(table_pages), story)


def test_a_chart_has_its_data_as_a_table(show: Show) -> None:
    chart = Chart(
        title="money",
        x_name="when",
        labels=["a", "b"],
        series=[Series(name="balance", values=[-5, 123_456], unit="CNY", decimals=2)],
    )

    def pages() -> None:
        @page("/show", title="show", active="show")
        def shown() -> None:
            chart.draw()

    async def story(user: User) -> None:
        await user.open("/show")
        assert chart.options()["series"][0]["data"] == [-5, 123_456]
        chart._turn("table")
        assert "1,234.56" in text_of(user)
        assert "-0.05" in text_of(user)

    show.visit(show.room(pages), story)


def test_csv_streams_everything_and_refuses_with_a_problem(show: Show) -> None:
    def rows(parameters: Mapping[str, str]) -> Iterator[Sequence[str | int]]:
        if parameters.get("of") == "nobody":
            raise NotFound("There is nobody.")
        yield ["number", "text"]
        for number in range(1_000):
            yield [number, f"=cmd({number})"]

    async def story(user: User) -> None:
        answer = await user.http_client.get("/all.csv")
        lines = answer.text.splitlines()
        assert lines[0] == "\ufeffnumber,text"
        assert lines[1000] == "999,'=cmd(999)"
        assert len(lines) == 1_001
        assert 'filename="all.csv"' in answer.headers["content-disposition"]
        assert (await user.http_client.get("/all.csv?of=nobody")).status_code == 404

    def pages() -> None:
        table_pages()
        csv_route("/all.csv", rows)

    show.visit(show.room(pages), story)


def test_no_text_of_a_csv_is_a_formula() -> None:
    assert csv_line(["=1+1", "+49", "-1", "@x", -1, "a,b"]) == "'=1+1,'+49,'-1,'@x,-1,\"a,b\"\r\n"


def test_long_work_is_started_once_and_seen_by_all(show: Show) -> None:
    go, calls = threading.Event(), []

    def work() -> int:
        calls.append(1)
        go.wait(10)
        return 42

    async def story(user: User) -> None:
        job: Job[int] = Job(show.clock)
        assert job.start(work)
        assert not job.start(work)
        show.clock.advance(3)
        assert (job.state, job.elapsed_s) == ("running", 3)
        go.set()
        while job.state == "running":
            await asyncio.sleep(0)
        assert (job.state, job.result, job.last_s, len(calls)) == ("done", 42, 3, 1)

    show.visit(show.room(table_pages), story)


def test_long_work_that_fails_says_why_and_can_be_started_again(show: Show) -> None:
    def work() -> int:
        raise Outage("down")

    async def story(user: User) -> None:
        job: Job[int] = Job(show.clock)
        job.start(work)
        while job.state == "running":
            await asyncio.sleep(0)
        assert (job.state, str(job.problem)) == ("failed", "down")
        assert job.start(lambda: 1)

    show.visit(show.room(table_pages), story)


def test_a_sampler_keeps_the_last_answers_and_the_trouble(show: Show) -> None:
    answers = iter([1, 2, 3])

    def read() -> int:
        try:
            return next(answers)
        except StopIteration:
            raise Outage("gone") from None

    samplers: list[Sampler[int]] = []

    def pages() -> None:
        table_pages()
        samplers.append(Sampler(read, interval_s=3_600, keep=2))

    async def story(user: User) -> None:
        sampler = samplers[0]
        for _ in range(4):
            await sampler.take()
        assert [answer for _, answer in sampler.samples] == [2, 3]
        assert str(sampler.problem) == "gone"

    show.visit(show.room(pages), story)


def test_spans_and_sizes_are_written_for_people(show: Show) -> None:
    async def story(user: User) -> None:
        await user.open("/show")
        assert user.client is not None
        with user.client:
            assert duration(0) == "0 s"
            assert duration(3_725) == "1 h 2 min"
            assert duration(86_400 * 2) == "2 d"
        assert (size(999), size(1_536), size(5 << 20)) == ("999 B", "1.5 KiB", "5.0 MiB")
        assert shortened("0123456789abcdef") == "01234567…cdef"

    show.visit(show.room(table_pages), story, "en")

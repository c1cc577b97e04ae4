"""Goal: the `type` of every problem leads to a page that says what to do, in both languages.

Method: the pages' routes in an application of their own; the classes of all rooms.
"""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tools.reference import problem_classes
from yunjin.app import problem_pages
from yunjin.app.problem_words import CHINESE
from yunjin.chassis.transport.problems import install_problems

CODES = [problem.code for problem in problem_classes()]


def ask(path: str, accept: str) -> httpx.Response:
    """Ask the pages for something."""
    app = Starlette(routes=problem_pages.routes())
    install_problems(app)

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bank") as web:
            return await web.get(path, headers={"accept": accept})

    return asyncio.run(answer())


def test_every_problem_has_chinese_words_and_no_word_is_left_over() -> None:
    assert sorted(CHINESE) == CODES
    assert all(title and meaning.endswith("。") for title, meaning in CHINESE.values())


@pytest.mark.parametrize("code", CODES)
def test_the_type_of_a_problem_is_the_address_of_its_page(code: str) -> None:
    [problem] = [one for one in problem_classes() if one.code == code]
    page = ask(problem("x").document()["type"], "text/html,application/xhtml+xml")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for words in (CHINESE[code][0], "该怎么办", "What to do", f"HTTP {problem.status}", code):
        assert words in page.text


def test_a_program_that_asks_for_json_gets_the_same_words() -> None:
    told: dict[str, Any] = ask("/problems/ledger/overloaded", "application/json").json()
    assert (told["status"], told["kind"]) == (503, "Outage")
    assert told["en"]["to_do"].startswith("Try again with the same id")
    assert told["zh"]["title"] == "等待的请求过多"
    codes = [one["code"] for one in ask("/problems", "application/json").json()["items"]]
    assert codes == CODES


def test_all_are_listed_and_a_stranger_is_not_found() -> None:
    listing = ask("/problems", "*/*").text
    assert all(f'href="/problems/{code}"' in listing for code in CODES)
    lost = ask("/problems/no/such<b>", "text/html")
    assert lost.status_code == 404
    assert lost.json()["code"] == "kernel/not-found"

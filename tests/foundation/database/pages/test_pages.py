"""The cloud's pages as a reader meets them, in both languages, on an installation made up."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from nicegui import ui
from nicegui.testing.user import User

from tests.console import LANGUAGES, text_of, visit
from tests.foundation.database.pages.conftest import (
    DOWN,
    KILL,
    KILL_ALL,
    NOW_US,
    PENDING,
    PICTURE,
    SYNCED,
    Doctor,
    Fleet,
    Hosting,
    Topology,
    centre,
)
from yunjin.chassis.console.words import Language
from yunjin.foundation.database import pages
from yunjin.foundation.database.api.doctor import ActionState, Remedy, Severity
from yunjin.foundation.database.api.fleet import BackupRun, RunState
from yunjin.foundation.database.api.hosting import HostingApi
from yunjin.foundation.database.api.topology import Beat, Picture, Role
from yunjin.foundation.database.pages.centres import node_state
from yunjin.foundation.database.pages.topology_page import binned
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.room import Faces

Story = Callable[[User], Awaitable[None]]
PAGES = ("/topology", "/fleet", "/doctor", "/databases")


class Console:
    """The cloud's pages on a console, on doors made up."""

    def __init__(self, clock: FixedClock, home: Path) -> None:
        self.clock, self.home = clock, home
        self.topology, self.fleet = Topology(strikes=(KILL, KILL_ALL)), Fleet()
        self.doctor, self.hosting = Doctor(), Hosting()

    def tell(self, story: Story, language: Language = "en") -> None:
        """Let a reader live through a story."""
        room = Faces(
            pages=lambda: pages.register(
                topology=self.topology,
                fleet=self.fleet,
                doctor=self.doctor,
                hosting=cast(HostingApi, self.hosting),
                clock=self.clock,
            ),
            menu=pages.MENU,
            words=pages.WORDS,
        )
        visit([room], story, clock=self.clock, home=self.home, language=language)


@pytest.fixture
def cloud(clock: FixedClock, tmp_path: Path) -> Console:
    """Return a console of the cloud's pages."""
    return Console(clock, tmp_path)


def sent(user: User, event: str, value: str) -> None:
    """Let a row's button send its event."""
    user.find(ui.html).trigger(event, value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("is_empty", [False, True])
def test_every_page_has_all_its_words(cloud: Console, language: Language, is_empty: bool) -> None:
    if is_empty:
        nothing = Picture(at_us=NOW_US, centres=(), findings=(), actions=(), is_serving=True)
        cloud.topology, cloud.fleet = Topology(nothing), Fleet(has_file=False)
        cloud.doctor, cloud.hosting = Doctor(()), Hosting(0)

    async def story(user: User) -> None:
        for path in PAGES:
            await user.open(path)
            text = text_of(user)
            assert ("跟踪号" if language == "zh" else "Trace id") not in text, f"{path}\n{text}"
            assert "fleet." not in text.replace("fleet.toml", ""), f"{path}\n{text}"

    cloud.tell(story, language)


def test_every_state_and_remedy_has_a_word() -> None:
    for state in ActionState:
        assert f"fleet.action.{state.value}" in pages.WORDS
    for remedy in Remedy:
        assert f"fleet.remedy.{remedy.value}" in pages.WORDS
    for role in Role:
        assert f"fleet.role.{role.value}" in pages.WORDS


def test_who_writes_is_said_in_words_at_the_data_centre(cloud: Console) -> None:
    async def story(user: User) -> None:
        await user.open("/topology")
        said = text_of(user)
        card = said[said.index("Data centre a") : said.index("Data centre b")]
        assert "Writes here" in card
        assert said.count("Writes here") == 1
        await user.should_see("written from data centre a")
        await user.should_see("2 / 3")

    cloud.tell(story)


def test_a_blow_is_dealt_by_a_button_and_the_wait_is_told(cloud: Console) -> None:
    async def story(user: User) -> None:
        await user.open("/topology")
        await user.should_see("Demonstration.")
        await user.should_see("Nothing was struck yet")
        cloud.clock.advance(1)
        user.find(kind=ui.button, content="Kill node").click()
        await user.should_see("customers waited 1.4 s")

    cloud.tell(story)
    assert [one.strike.id for one in cloud.topology.dealt] == ["node-kill:s1b"]


@pytest.mark.parametrize("state", list(RunState))
def test_how_copies_are_timed_and_what_came_of_the_last_is_said(
    cloud: Console, state: RunState
) -> None:
    cloud.fleet.every_h = 24
    why = "node s1c does not serve" if state is RunState.FAILED else ""
    run = BackupRun(
        run_id=UUID(int=1), set="s1", by="wang", state=state, began_us=NOW_US, outcome=why
    )
    cloud.fleet.runs = [run]

    async def story(user: User) -> None:
        await user.open("/fleet")
        await user.should_see("Made every 24 h by themselves, 7 kept")
        for word in ("wang", pages.WORDS[f"fleet.run.{state.value}"][1], why):
            await user.should_see(word)

    cloud.tell(story)


def test_a_fleet_without_a_demonstration_offers_no_blows(cloud: Console) -> None:
    cloud.topology = Topology()

    async def story(user: User) -> None:
        await user.open("/topology")
        await user.should_not_see("Demonstration.")
        await user.should_not_see("Blows dealt")
        await user.should_see("The process of node s1b is gone.")

    cloud.tell(story)


def test_an_installation_without_a_fleet_says_how_to_make_one(cloud: Console) -> None:
    nothing = Picture(at_us=NOW_US, centres=(), findings=(), actions=(), is_serving=True)
    cloud.topology, cloud.fleet = Topology(nothing), Fleet(has_file=False)

    async def story(user: User) -> None:
        for path in ("/topology", "/fleet"):
            await user.open(path)
            await user.should_see("./run fleet example")

    cloud.tell(story)


def test_what_cannot_be_seen_is_said(cloud: Console) -> None:
    cloud.topology = Topology(replace(PICTURE, trouble="Host b1 is unreachable."))

    async def story(user: User) -> None:
        await user.open("/topology")
        await user.should_see("Host b1 is unreachable.")

    cloud.tell(story)


def test_that_nobody_looked_at_a_node_that_is_down_is_not_taken_for_health(cloud: Console) -> None:
    cloud.topology = Topology(replace(PICTURE, findings=()))

    async def story(user: User) -> None:
        await user.open("/topology")
        await user.should_see("run yunjin fleet doctor watch")
        await user.should_not_see("Nothing is wrong")

    cloud.tell(story)


def test_the_cards_follow_when_the_fleet_gets_another_data_centre(cloud: Console) -> None:
    async def story(user: User) -> None:
        await user.open("/topology")
        await user.should_not_see("Data centre d")
        more = centre("d", Role.STANDS_BY, SYNCED)
        cloud.topology.shown = replace(PICTURE, centres=(*PICTURE.centres, more))
        cloud.clock.advance(1)
        await user.should_see("Data centre d", retries=20)

    cloud.tell(story)


def test_a_node_is_stopped_only_after_a_yes(cloud: Console) -> None:
    async def story(user: User) -> None:
        await user.open("/fleet")
        sent(user, "yjNodeStop", "s1a")
        await user.should_see("the others go on")
        assert cloud.fleet.done == []
        user.find(kind=ui.button, content="Stop").click()
        await user.should_see("Done: Stop s1a", retries=50)

    cloud.tell(story)
    assert cloud.fleet.done == [("stop_node", "s1", "s1a")]


def test_what_a_set_refuses_is_told_with_its_cure(cloud: Console) -> None:
    cloud.fleet.refusal = "Start the whole set: yunjin fleet start s1."

    async def story(user: User) -> None:
        await user.open("/fleet")
        sent(user, "yjNodeStart", "s1b")
        await user.should_see("Start the whole set", retries=50)

    cloud.tell(story)


def test_a_drill_says_what_it_found(cloud: Console) -> None:
    async def story(user: User) -> None:
        await user.open("/fleet")
        user.find("Restore drill").click()
        await user.should_see("The drill passed: 9 tables and 1,234 rows", retries=50)

    cloud.tell(story)


@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_an_action_that_waits_is_answered(cloud: Console, answer: str) -> None:
    async def story(user: User) -> None:
        await user.open("/doctor")
        sent(user, f"yj{answer.title()}", str(PENDING.action_id))
        if answer == "approve":
            await user.should_see("It will Restart. The process of node s1b is gone.")
            user.find(kind=ui.button, content="Approve").click()
        await user.should_see("Answered; the next round acts on it.")

    cloud.tell(story)
    assert cloud.doctor.answers == [(UUID(int=7), answer, "console operator")]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (SYNCED, "synced"),
        (DOWN, "down"),
        (replace(DOWN, why="no route"), "unreached"),
        (replace(SYNCED, why="no answer in 2 s"), "silent"),
        (replace(SYNCED, why="ERROR 2002 (HY000): Can't connect"), "starting"),
        (replace(SYNCED, cluster_status="non-Primary"), "no_majority"),
        (replace(SYNCED, is_read_only=True), "read_only"),
        (replace(SYNCED, state="Donor/Desynced"), "donor"),
        (replace(SYNCED, state="Joining"), "joining"),
        (replace(SYNCED, cluster_status="Disconnected"), "joining"),
        (replace(SYNCED, is_ready=False), "joining"),
    ],
)
def test_a_node_is_told_by_the_worst_of_what_it_says(status: Any, word: str) -> None:
    assert node_state(status)[0] == word
    assert f"fleet.state.{word}" in pages.WORDS


def test_beats_are_counted_by_whole_bins() -> None:
    beats = [Beat(at_us=n * 200_000, answered=100, worst_ms=n, failed=0) for n in range(7)]
    instants, rates, waits = binned(beats)
    assert instants == [400_000_000, 800_000_000]  # the first and the last bin may lack beats
    assert rates == [500, 500]
    assert waits == [3, 5]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_recorded_is_told_in_the_readers_language(
    cloud: Console, language: Language
) -> None:
    said = {
        "zh": ("以 IST 补齐并同步，序号 5317", "城市 shenzhen：集 s1 的 3 票中有 3 票在此"),
        "en": ("in step at 5317, caught up by IST", "city shenzhen: 3 of 3 votes of set s1"),
    }

    async def story(user: User) -> None:
        for path, words in zip(("/doctor", "/fleet"), said[language], strict=True):
            await user.open(path)
            await user.should_see(words)

    cloud.tell(story, language)


def test_severities_are_all_shown() -> None:
    from yunjin.foundation.database.pages import doctoring

    assert set(doctoring._TONES) == set(Severity)

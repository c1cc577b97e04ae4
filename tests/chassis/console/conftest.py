"""A room that shows the console's parts, and one reader's visit to it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nicegui.testing.user import User

from tests.console import visit
from yunjin.chassis.console.words import Language
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.room import Faces, Hit, MenuEntry

Story = Callable[[User], Awaitable[None]]


@dataclass
class Show:
    """A console with one room, whose pages the test brings."""

    home: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(1_795_000_000_000_000_000))

    def room(
        self,
        pages: Callable[[], None],
        search: Sequence[Callable[[str], list[Hit]]] = (),
        words: dict[str, tuple[str, str]] | None = None,
    ) -> Faces:
        """Return a room with these pages; its menu leads to /show."""
        return Faces(
            pages=pages,
            menu=[MenuEntry(section="section.money", key="show", icon="star", path="/show")],
            words={"show": ("展示", "Show"), **(words or {})},
            search=search,
        )

    def visit(self, room: Faces, story: Story, language: Language = "zh") -> None:
        """Let a reader live through a story."""
        visit([room], story, clock=self.clock, home=self.home, language=language)


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """Return a console in an empty home."""
    return Show(tmp_path)

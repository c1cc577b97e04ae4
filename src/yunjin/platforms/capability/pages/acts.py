"""What the pages of documents, offers and contracts share: timelines, and deeds that say why."""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from yunjin.chassis.console import (
    Fields,
    Markup,
    Tone,
    formats,
    keep_person,
    markup,
    person_field,
    t,
    text_field,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.tasks import Link

PATHS = {
    "party": "/customers/{}",
    "agreement": "/agreements/{}",
    "payment": "/payments/{}",
    "contract": "/contracts/{}",
    "document": "/documents/{}",
}
Step = tuple[str, str, Tone, str, dt.datetime, str]  # icon, words, tone, by, at, note


def timeline(steps: Iterable[Step]) -> Markup:
    """Return what was done, newest first."""
    items = Markup("").join(_step(*one) for one in reversed(list(steps)))
    return Markup('<ol class="yj-timeline">{}</ol>').format(items)


def _step(icon: str, words: str, tone: Tone, by: str, at: dt.datetime, note: str) -> Markup:
    said = Markup('<div class="yj-step-note">{}</div>').format(note) if note else Markup("")
    return Markup(
        '<li><span class="yj-dot yj-{}">{}</span><div class="yj-step-name">{} '
        '<span class="yj-note">{}</span></div><span class="yj-note num">{}</span>{}</li>'
    ).format(tone, markup.icon(icon), words, by, formats.moment(nanoseconds(at)), said)


def links_of(links: Iterable[Link]) -> Markup:
    """Return what something is about, with links to the pages there are."""
    shown = [
        markup.link(
            f"{t(f'paper.link.{one.kind}')} {formats.shortened(one.id)}", path.format(one.id)
        )
        if (path := PATHS.get(one.kind))
        else Markup("<span>{} {}</span>").format(one.kind, one.id)
        for one in links
    ]
    return Markup(" · ").join(shown) or Markup("—")


def moment(at: dt.datetime | None) -> str:
    """Return an instant as one reads it; — for none."""
    return "—" if at is None else formats.moment(nanoseconds(at))


def said_deed(
    clock: Clock,
    name: str,
    act: Callable[[UUID, str, str], Any],
    done: Callable[[], Awaitable[None]],
    *,
    asks: str = "why",
) -> None:
    """Open a dialog that asks who does it, and why (or what else `asks` names).

    act : gets the command's id, what was said, and by whom.
    """

    def build(fields: Fields) -> None:
        if asks:
            fields["said"] = text_field(t(f"paper.{asks}")).props("maxlength=100 autofocus")
        fields["by"] = person_field()

    def made(fields: Fields) -> Mapping[str, str] | None:
        given = {key: str(one.value or "").strip() for key, one in fields.items()}
        return given if all(given.values()) else None

    def keep(command_id: UUID, given: Mapping[str, str]) -> None:
        act(command_id, given.get("said", ""), given["by"])

    def effect(given: Mapping[str, str]) -> str:
        keep_person(given["by"])
        return t(f"paper.effect.{name}")

    value_deed(
        clock,
        "paper",
        name,
        build=build,
        made=made,
        effect=effect,
        keep=keep,
        done=done,
    )

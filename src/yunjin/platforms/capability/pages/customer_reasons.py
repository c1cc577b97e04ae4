"""What an officer does with a customer and says why: known, refused, blocked, closed, seen."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from nicegui import context, ui

from yunjin.chassis.console import (
    Deed,
    Done,
    Fields,
    Markup,
    box,
    button,
    console,
    day_field,
    formats,
    grid,
    html,
    markup,
    t,
    text_field,
    value_deed,
)
from yunjin.platforms.capability.api.party_facts import Kyc, Party
from yunjin.platforms.capability.pages.customer_desk import BY, Desk


class Reasons:
    """The dialogs of one customer's page that ask why; `again` lays the page anew."""

    def __init__(self, desk: Desk, one: Party, again: Callable[[], Awaitable[None]]) -> None:
        self._desk, self._one, self._again = desk, one, again

    @property
    def _id(self) -> str:
        return self._one.party_id

    def verify(self) -> None:
        """Say that it is who it says."""
        today = console().business_date()

        def build(fields: Fields) -> None:
            with grid():
                fields["evidence"] = text_field(
                    t("party.evidence"), hint=t("party.evidence_hint"), check=needed
                )
                fields["review"] = day_field(
                    t("party.review"),
                    value=(today + dt.timedelta(days=365)).isoformat(),
                    hint=t("party.review_hint"),
                )
            fields["why"] = why_field()

        def made(fields: Fields) -> tuple[str, dt.date, str] | None:
            evidence, review = text(fields, "evidence"), day_in(fields, "review")
            why = text(fields, "why")
            if not (evidence and evidence.isascii() and review and why):
                return None
            return evidence[:64], review, why

        self._value(
            "kyc_verified",
            build=build,
            made=made,
            effect=lambda value: t("party.effect.kyc_verified", review=value[1]),
            keep=lambda command_id, value: self._desk.parties.step_kyc(
                command_id,
                self._id,
                Kyc.VERIFIED,
                by=BY,
                evidence_id=value[0],
                review=value[1],
                why=value[2],
            ),
        )

    def step(self, state: Kyc) -> None:
        """Begin to look into it, or refuse it."""
        self.because(
            f"kyc_{state.value}",
            lambda command_id, why: self._desk.parties.step_kyc(
                command_id, self._id, state, by=BY, why=why
            ),
        )

    def block(self) -> None:
        """Let nothing new be done."""
        parties = self._desk.parties
        self.because(
            "block", lambda command_id, why: parties.block(command_id, self._id, by=BY, why=why)
        )

    def unblock(self) -> None:
        """Let business be done again."""
        parties = self._desk.parties
        self.because(
            "unblock", lambda command_id, why: parties.unblock(command_id, self._id, by=BY, why=why)
        )

    def close(self) -> None:
        """Close it."""
        parties = self._desk.parties
        self.because(
            "close",
            lambda command_id, why: parties.close(command_id, self._id, by=BY, why=why),
            typed=self._one.name,
        )

    def unmerge(self, party_id: str) -> None:
        """Let a party that was merged stand for itself again."""
        parties = self._desk.parties
        self.because(
            "unmerge", lambda command_id, why: parties.unmerge(command_id, party_id, by=BY, why=why)
        )

    def unrelate(self, relation_id: UUID) -> None:
        """Let a relation end today."""
        parties = self._desk.parties
        self.because(
            "unrelate",
            lambda command_id, why: parties.end_relation(command_id, relation_id, by=BY, why=why),
        )

    def withdraw(self, consent_id: UUID) -> None:
        """Let a consent no longer hold."""
        parties = self._desk.parties
        self.because(
            "withdraw",
            lambda command_id, why: parties.withdraw_consent(
                command_id, consent_id, by=BY, why=why
            ),
        )

    def end_item(self, item_id: UUID) -> None:
        """Let a document or a contact no longer count."""
        parties = self._desk.parties
        self.because(
            "end_item",
            lambda command_id, why: parties.end_item(command_id, self._id, item_id, by=BY, why=why),
        )

    def reveal(self, item_id: UUID, name: str) -> None:
        """Show one whole value, once it was said why."""
        seen: list[str] = []
        client = context.client

        def act(command_id: UUID, why: str) -> None:
            seen[:] = [self._desk.parties.reveal(command_id, self._id, item_id, by=BY, why=why)]

        async def done() -> None:
            await self._again()
            with client.content, ui.dialog() as dialog, box("yj-dialog"):
                html(name, tag="h2")
                html(Markup("<code>{}</code>{}").format(seen[0], markup.copy_button(seen[0])))
                with box("yj-dialog-actions"):
                    button(t("party.seen"), dialog.close, primary=True)
            dialog.on("hide", dialog.delete)
            dialog.open()

        self.because("reveal", act, done=done)

    def because(
        self,
        name: str,
        act: Callable[[UUID, str], object],
        *,
        typed: str = "",
        done: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Open a dialog that asks why, and does it."""
        shown: Fields = {}

        def build(deed: Deed) -> None:
            shown["why"] = why_field()
            shown["why"].on_value_change(deed.changed)

        def effect() -> str:
            return t(f"party.effect.{name}") if text(shown, "why") else ""

        def do(command_id: UUID) -> Done:
            act(command_id, text(shown, "why"))
            return Done(t(f"party.done.{name}"))

        Deed(
            clock=self._desk.clock,
            title=t(f"party.deed.{name}"),
            action=t(f"party.deed.{name}_now"),
            build=build,
            effect=effect,
            act=do,
            done=done or self._again,
            typed=typed,
        ).open()

    def _value(self, name: str, **how: Any) -> None:
        value_deed(self._desk.clock, "party", name, done=self._again, **how)


def why_field() -> ui.input:
    """Show the field in which an officer says why."""
    shown = text_field(t("party.why"), hint=t("party.why_hint"), check=needed)
    return shown.props("maxlength=200")


def needed(typed: str) -> str:
    """Complain of an empty field."""
    return "" if typed.strip() else t("form.needed")


def text(fields: Fields, name: str) -> str:
    """Return what a field holds."""
    return str(fields[name].value or "").strip()


def day_in(fields: Fields, name: str) -> dt.date | None:
    """Return the day that a field holds."""
    return formats.parse_day(text(fields, name))

"""What an officer does to an application: decides, keeps the contract, pays out, takes money."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Fields,
    amount_field,
    amount_of,
    choice_field,
    formats,
    grid,
    person,
    person_field,
    t,
    text_field,
    value_deed,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.decisions import Outcome
from yunjin.platforms.capability.api.lending import Application, LendingApi, RepayKind
from yunjin.platforms.capability.pages.payments import number

DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class LendingDeeds:
    """The dialogs of one application's page."""

    def __init__(
        self,
        lending: LendingApi,
        clock: Clock,
        one: Application,
        done: Callable[[], Awaitable[None]],
    ) -> None:
        self._lending, self._clock, self._one, self._done = lending, clock, one, done
        self._id, self._currency = one.application_id, one.asked.currency

    def decide(self) -> None:
        """Ask for a decision."""
        self._plain("decide", lambda command_id: self._lending.decide(command_id, self._id))

    def disburse(self) -> None:
        """Pay out."""
        self._plain("disburse", lambda command_id: self._lending.disburse(command_id, self._id))

    def withdraw(self) -> None:
        """End it."""

        def build(fields: Fields) -> None:
            fields["note"] = text_field(t("lending.note")).props("maxlength=200")

        self._value(
            "withdraw",
            build=build,
            made=lambda fields: text(fields, "note") or " ",
            effect=lambda _: t("lending.effect.withdraw"),
            keep=lambda command_id, note: self._lending.withdraw(
                command_id, self._id, note.strip(), by=person()
            ),
        )

    def judge(self) -> None:
        """Decide as a person."""
        most = self._one.asked.amount_minor

        def build(fields: Fields) -> None:
            names = {one: t(f"lending.{one}") for one in ("approve", "decline")}
            with grid():
                fields["verdict"] = choice_field(t("lending.verdict"), names, "approve")
                fields["amount"] = text_field(
                    t("lending.amount"), unit=self._currency, hint=t("lending.as_asked")
                )
                fields["who"] = person_field()
            fields["note"] = text_field(t("lending.note")).props("maxlength=200")

        def made(fields: Fields) -> dict[str, Any] | None:
            given = text(fields, "amount")
            amount = amount_of(given, self._currency) if given else most
            if amount is None or not 0 < amount <= most or not text(fields, "who"):
                return None
            return {
                "outcome": Outcome(text(fields, "verdict")),
                "amount_minor": amount,
                "by": text(fields, "who"),
                "note": text(fields, "note"),
            }

        self._value(
            "judge",
            build=build,
            made=made,
            effect=lambda value: t(
                f"lending.effect.judge_{value['outcome']}",
                amount=formats.money(value["amount_minor"], self._currency),
                currency=self._currency,
            ),
            keep=lambda command_id, value: self._lending.judge(command_id, self._id, **value),
        )

    def accept(self) -> None:
        """Keep that the customer agreed."""

        def build(fields: Fields) -> None:
            fields["hash"] = text_field(t("lending.text_hash")).props("maxlength=64 autofocus")
            fields["ref"] = text_field(t("lending.ref")).props("maxlength=200")

        def made(fields: Fields) -> tuple[str, str] | None:
            digest = text(fields, "hash").lower()
            return (digest, text(fields, "ref")) if DIGEST.fullmatch(digest) else None

        self._value(
            "accept",
            build=build,
            made=made,
            effect=lambda _: self._effect("accept"),
            keep=lambda command_id, value: self._lending.accept(
                command_id, self._id, *value, by=person()
            ),
        )

    def repay(self) -> None:
        """Take money for it."""

        def build(fields: Fields) -> None:
            names = {one.value: t(f"lending.kind.{one.value}") for one in RepayKind}
            source = self._one.asked.repay_agreement_id
            with grid():
                fields["kind"] = choice_field(t("lending.kind"), names, RepayKind.DUE.value)
                fields["amount"] = amount_field(t("lending.amount"), self._currency)
                fields["from"] = text_field(
                    t("lending.from"), value=str(source or ""), hint=t("lending.from_hint")
                )

        def made(fields: Fields) -> dict[str, Any] | None:
            kind = RepayKind(text(fields, "kind"))
            amount = amount_of(text(fields, "amount"), self._currency)
            source = number(text(fields, "from") or "0")
            if source is None or (kind is not RepayKind.SETTLE and (not amount or amount < 0)):
                return None
            return {"kind": kind, "amount_minor": amount or 0, "from_agreement_id": source}

        def effect(value: dict[str, Any]) -> str:
            if value["kind"] is RepayKind.SETTLE:
                return t("lending.effect.repay_all")
            return t(
                "lending.effect.repay",
                amount=formats.money(value["amount_minor"], self._currency),
                currency=self._currency,
                kind=t(f"lending.kind.{value['kind'].value}"),
            )

        self._value(
            "repay",
            build=build,
            made=made,
            effect=effect,
            keep=lambda command_id, value: self._lending.repay(
                command_id, self._id, **value, by=person()
            ),
        )

    def _plain(self, name: str, act: Callable[[UUID], object]) -> None:
        self._value(
            name,
            build=lambda _: None,
            made=lambda _: name,
            effect=lambda _: self._effect(name),
            keep=lambda command_id, _: act(command_id),
        )

    def _effect(self, name: str) -> str:
        offer = self._one.offer
        amount = self._one.asked.amount_minor if offer is None else offer.amount_minor
        return t(
            f"lending.effect.{name}",
            amount=formats.money(amount, self._currency),
            currency=self._currency,
        )

    def _value(self, name: str, **more: Any) -> None:
        value_deed(self._clock, "lending", name, done=self._done, **more)


def text(fields: Fields, name: str) -> str:
    """Return what stands in a field, without blanks around it."""
    return str(fields[name].value or "").strip()

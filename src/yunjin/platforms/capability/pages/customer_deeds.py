"""What an officer keeps of a customer: who it is, papers, relations, roles, consents."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from nicegui import ui

from yunjin.chassis.console import (
    Deed,
    Done,
    Fields,
    choice_field,
    day_field,
    grid,
    t,
    text_field,
)
from yunjin.platforms.capability.api.party_facts import (
    ROLE_OF_END,
    SHARED,
    ContactKind,
    DocumentType,
    NewConsent,
    NewContact,
    NewDocument,
    NewRelation,
    Party,
    PartyQuery,
    RelationKind,
    Role,
)
from yunjin.platforms.capability.api.party_numbers import (
    is_contact,
    is_number,
    written_contact,
    written_number,
)
from yunjin.platforms.capability.errors import RelationRefused
from yunjin.platforms.capability.pages.customer_desk import BY
from yunjin.platforms.capability.pages.customer_opening import (
    contact_complaint,
    country_complaint,
    document_names,
    name_complaint,
    number_complaint,
)
from yunjin.platforms.capability.pages.customer_reasons import (
    Reasons,
    day_in,
    needed,
    text,
    why_field,
)
from yunjin.platforms.capability.pages.customer_search import looked_for

PURPOSES = ("credit_report", "marketing", "data_sharing", "face_recognition", "auto_debit")
CHANNELS = ("branch", "app", "web", "phone", "partner")
PPM_OF_PERCENT = 10_000


class Deeds(Reasons):
    """All dialogs of one customer's page."""

    def change(self) -> None:
        """Correct who it is."""
        one = self._one

        def build(fields: Fields) -> None:
            with grid():
                fields["name"] = text_field(t("party.name"), value=one.name, check=name_complaint)
                fields["other_name"] = text_field(t("party.other_name"), value=one.other_name)
                fields["born"] = day_field(
                    t(f"party.born.{one.kind.value}"),
                    value=one.born.isoformat() if one.born else "",
                )
                fields["country"] = text_field(
                    t("party.country"), value=one.country, check=country_complaint
                )
            fields["why"] = why_field()

        def made(fields: Fields) -> dict[str, Any] | None:
            now: dict[str, Any] = {
                name: text(fields, name) for name in ("name", "other_name", "country")
            }
            now |= {"born": day_in(fields, "born"), "country": now["country"].upper()}
            if name_complaint(now["name"]) or country_complaint(now["country"]):
                return None
            changes = {name: value for name, value in now.items() if value != getattr(one, name)}
            changes = {name: value for name, value in changes.items() if value is not None}
            return {**changes, "why": text(fields, "why")} if changes else None

        self._value(
            "change",
            build=build,
            made=made,
            effect=lambda _: t("party.effect.change"),
            keep=lambda command_id, value: self._desk.parties.change(
                command_id, self._id, **value, by=BY
            ),
        )

    def document(self) -> None:
        """Keep another identity document."""
        names = document_names(self._one.kind)

        def build(fields: Fields) -> None:
            with grid():
                fields["type"] = choice_field(t("party.document_type"), names, next(iter(names)))
                fields["number"] = text_field(
                    t("party.number"),
                    check=lambda typed: number_complaint(kind(fields), typed) or needed(typed),
                )
                fields["issuer"] = text_field(t("party.issuer"), hint=t("party.optional"))
                fields["issued"] = day_field(t("party.issued"))
                fields["expires"] = day_field(t("party.expires"), hint=t("party.expires_hint"))

        def kind(fields: Fields) -> DocumentType:
            return DocumentType(text(fields, "type"))

        def made(fields: Fields) -> NewDocument | None:
            number = written_number(text(fields, "number"))
            if not is_number(kind(fields), number):
                return None
            return NewDocument(
                type=kind(fields),
                number=number,
                issuer=text(fields, "issuer"),
                issued=day_in(fields, "issued"),
                expires=day_in(fields, "expires"),
            )

        self._value(
            "document",
            build=build,
            made=made,
            effect=lambda _: t("party.effect.document"),
            keep=lambda command_id, new: self._desk.parties.add_document(
                command_id, self._id, new, by=BY
            ),
        )

    def contact(self) -> None:
        """Keep another contact."""
        names = {one.value: t(f"party.contact.{one.value}") for one in ContactKind}

        def build(fields: Fields) -> None:
            with grid():
                fields["kind"] = choice_field(
                    t("party.contact_kind"), names, ContactKind.PHONE.value
                )
                fields["value"] = text_field(
                    t("party.contact_value"),
                    check=lambda typed: contact_complaint(kind(fields), typed) or needed(typed),
                )

        def kind(fields: Fields) -> ContactKind:
            return ContactKind(text(fields, "kind"))

        def made(fields: Fields) -> NewContact | None:
            value = written_contact(kind(fields), text(fields, "value"))
            return (
                NewContact(kind=kind(fields), value=value)
                if is_contact(kind(fields), value)
                else None
            )

        self._value(
            "contact",
            build=build,
            made=made,
            effect=lambda _: t("party.effect.contact"),
            keep=lambda command_id, new: self._desk.parties.add_contact(
                command_id, self._id, new, by=BY
            ),
        )

    def role(self) -> None:
        """Give a role that it has not."""
        names = {
            one.value: t(f"party.role.{one.value}") for one in Role if one not in self._one.roles
        }
        if not names:
            ui.notify(t("party.has_every_role"), position="top")
            return

        def build(fields: Fields) -> None:
            fields["role"] = choice_field(t("party.role"), names, next(iter(names)))

        self._value(
            "role",
            build=build,
            made=lambda fields: Role(text(fields, "role")),
            effect=lambda role: t("party.effect.role", role=t(f"party.role.{role.value}")),
            keep=lambda command_id, role: self._desk.parties.give_role(
                command_id, self._id, role, by=BY
            ),
        )

    def consent(self) -> None:
        """Keep what it agrees to."""
        purposes = {one: t(f"party.purpose.{one}") for one in PURPOSES}
        channels = {one: t(f"party.channel.{one}") for one in CHANNELS}

        def build(fields: Fields) -> None:
            with grid():
                fields["purpose"] = choice_field(t("party.purpose"), purposes, PURPOSES[0])
                fields["version"] = text_field(
                    t("party.version"), value="v1", hint=t("party.version_hint"), check=code
                )
                fields["channel"] = choice_field(t("party.channel"), channels, CHANNELS[0])
                fields["until"] = day_field(t("party.consent_until"), hint=t("party.optional"))

        def code(typed: str) -> str:
            typed = typed.strip()
            return "" if typed.isascii() and 0 < len(typed) <= 20 else t("party.form.code")

        def made(fields: Fields) -> NewConsent | None:
            version = text(fields, "version")
            return (
                None
                if code(version)
                else NewConsent(
                    purpose=text(fields, "purpose"),
                    version=version,
                    channel=text(fields, "channel"),
                    until=day_in(fields, "until"),
                )
            )

        self._value(
            "consent",
            build=build,
            made=made,
            effect=lambda new: t("party.effect.consent", purpose=purposes[new.purpose]),
            keep=lambda command_id, new: self._desk.parties.give_consent(
                command_id, self._id, new, by=BY
            ),
        )

    def relate(self) -> None:
        """Relate it to another party."""
        names = ends_of(self._one)

        def build(fields: Fields) -> None:
            fields["other"] = text_field(
                t("party.other"), hint=t("party.other_hint"), check=needed
            ).props("autofocus")
            with grid():
                fields["end"] = choice_field(
                    t("party.other_is"), names, next(iter(names)), hint=self._one.name
                )
                fields["share"] = text_field(
                    t("party.share"), unit="%", hint=t("party.share_hint")
                ).props("inputmode=decimal")
                fields["since"] = day_field(t("party.from_day"))
                fields["until"] = day_field(t("party.until_day"))

        def made(fields: Fields) -> NewRelation | None:
            kind, end = text(fields, "end").split(".")
            share, other = share_ppm(text(fields, "share")), text(fields, "other")
            is_shared = RelationKind(kind) in SHARED
            if not other or (is_shared and not share):
                return None
            return NewRelation(
                kind=RelationKind(kind),
                from_id=other if end == "from" else self._id,
                to_id=self._id if end == "from" else other,
                share_ppm=share or 0 if is_shared else 0,
                since=day_in(fields, "since"),
                until=day_in(fields, "until"),
            )

        shown: Fields = {}

        def lay(deed: Deed) -> None:
            build(shown)
            for one in shown.values():
                one.on_value_change(deed.changed)

        def act(command_id: UUID) -> Done:
            new = made(shown)
            if new is None:  # `effect` saw to it
                return Done(t("form.needed"), is_good=False)
            one, other = self._found(new.from_id), self._found(new.to_id)
            if not (one and other):
                return Done(t("party.merge_nobody"), is_good=False)
            new = replace(new, from_id=one, to_id=other)
            try:
                self._desk.parties.relate(command_id, new, by=BY)
            except RelationRefused as refused:
                return Done(t(f"party.refused.{refused.facts['why']}"), is_good=False)
            return Done(t("party.done.relate"))

        Deed(
            clock=self._desk.clock,
            title=t("party.deed.relate"),
            action=t("party.deed.relate_now"),
            build=lay,
            effect=lambda: t("party.effect.relate") if made(shown) else "",
            act=act,
            done=self._again,
        ).open()

    def _found(self, typed: str) -> str:
        """Return the id of the only party that was meant; "" where there is not one."""
        if typed == self._id:
            return typed
        found, _ = looked_for(self._desk.parties, typed, PartyQuery(limit=2))
        return found[0].party_id if len(found) == 1 else ""


def ends_of(one: Party) -> dict[str, str]:
    """Return what another party can be to this one, by `<kind>.<the other's end>`."""
    found: dict[str, str] = {}
    for kind, (at_from, at_to) in ROLE_OF_END.items():
        if at_to in (None, one.kind):  # this one stands at the end `to`
            found[f"{kind.value}.from"] = t(f"party.relation.{kind.value}.from")
        if at_from in (None, one.kind) and kind is not RelationKind.SPOUSE:
            found[f"{kind.value}.to"] = t(f"party.relation.{kind.value}.to")
    return found


def share_ppm(typed: str) -> int | None:
    """Read a share in percent, with at most four decimals, as parts per million."""
    whole, _, rest = typed.strip().partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 3):
        return None
    if rest and not (rest.isascii() and rest.isdigit() and len(rest) <= 4):
        return None
    ppm = int(whole) * PPM_OF_PERCENT + int(rest.ljust(4, "0") or "0")
    return ppm if 0 < ppm <= 100 * PPM_OF_PERCENT else None


def percent(ppm: int) -> str:
    """Write parts per million as percent: `33.5%`."""
    whole, rest = divmod(ppm, PPM_OF_PERCENT)
    decimals = f"{rest:04d}".rstrip("0")
    return f"{whole}.{decimals}%" if decimals else f"{whole}%"

"""Clearing over HTTP: channels as they are described, routes, sessions and their nets."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.values import INT64_MAX, Answer, Command, Exact, Key, id_of
from yunjin.platforms.capability.api.clearing import (
    BANKS_MAX,
    CUTOFFS_MAX,
    Channel,
    ChannelTerms,
    ClearingApi,
    Why,
    Wish,
)
from yunjin.platforms.capability.routes.values import Amount, Code, Cursor, Limit, Note

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Agent = Annotated[str, Field(max_length=35, pattern="^[!-~]*$")]
Minor = Annotated[int, Field(ge=0, le=2**53 - 1)]


class TermsForm(Command):
    """What a channel takes, and when; times are local."""

    is_batch: bool = False
    currencies: Annotated[tuple[Currency, ...], Field(max_length=200)] = ()
    least_minor: Amount = 1
    most_minor: Minor = 0
    opens: dt.time = dt.time(0)
    closes: dt.time = dt.time(0)
    cutoffs: Annotated[tuple[dt.time, ...], Field(max_length=CUTOFFS_MAX)] = ()
    is_every_day: bool = True
    cost_minor: Minor = 0
    priority: Annotated[int, Field(ge=0, le=10_000)] = 100
    banks: Annotated[tuple[Agent, ...], Field(max_length=BANKS_MAX)] = ()


class UpForm(Command):
    """Whether a channel may be sent to, and why not."""

    is_up: bool
    why: Note = ""


class SessionForm(Command):
    """Nothing but the command's id."""


class TermsOut(Answer):
    """What a channel takes, and when."""

    channel: str
    is_batch: bool
    currencies: list[str]
    least_minor: Exact
    most_minor: Exact
    opens: dt.time
    closes: dt.time
    cutoffs: list[dt.time]
    is_every_day: bool
    cost_minor: Exact
    priority: int
    banks: list[str]


class ChannelOut(Answer):
    """A channel as it stands now."""

    terms: TermsOut
    is_connected: bool
    is_up: bool
    why: str
    next_cutoff: dt.datetime | None


class ConsideredOut(Answer):
    """A channel that was considered. why: null for the one that is taken."""

    channel: str
    why: Why | None
    detail: str


class RouteOut(Answer):
    """Which channel a payment takes."""

    channel: str
    day: dt.date
    after: dt.datetime | None
    cost_minor: Exact
    considered: list[ConsideredOut]


class SessionOut(Answer):
    """A session that is over. files: its messages, each a flow."""

    session_id: UUID
    channel: str
    day: dt.date
    since: dt.datetime | None
    cutoff: dt.datetime
    payments: int
    amount_minor: Exact
    files: list[UUID]


class SessionsOut(Answer):
    """A page of sessions."""

    items: list[SessionOut]
    next_cursor: str | None


class NetOut(Answer):
    """What a session comes to in a currency; net > 0: we get it."""

    currency: str
    sent_count: int
    sent_minor: Exact
    settled_minor: Exact
    rejected_minor: Exact
    incoming_count: int
    incoming_minor: Exact
    net_minor: Exact


class ClearingRoutes:
    """The addresses of clearing."""

    def __init__(self, clearing: ClearingApi) -> None:
        self._clearing = clearing

    def clearing(self) -> list[ChannelOut]:
        """Return the channels, those that are connected and those that are described."""
        return [_out(one) for one in self._clearing.channels()]

    def describe_channel(self, channel: str, form: TermsForm, key: Key = None) -> ChannelOut:
        """Say what a channel takes, or say it anew."""
        terms = ChannelTerms(channel=channel, **form.model_dump(exclude={"id"}))
        return _out(self._clearing.describe(id_of(form, key), terms))

    def set_channel_up(self, channel: str, form: UpForm, key: Key = None) -> ChannelOut:
        """Take a channel out, or let it in again."""
        return _out(self._clearing.set_up(id_of(form, key), channel, form.is_up, form.why))

    def close_session(self, channel: str, form: SessionForm, key: Key = None) -> SessionOut:
        """End the running session of a batch channel before its cut-off."""
        return SessionOut.model_validate(self._clearing.close_session(id_of(form, key), channel))

    def route(
        self,
        amount_minor: Annotated[int, Query(ge=1, le=INT64_MAX)],
        currency: Currency,
        creditor_agent: Agent = "",
        day: dt.date | None = None,
    ) -> RouteOut:
        """Return which channel takes a payment, and why others do not."""
        wish = Wish(
            amount_minor=amount_minor, currency=currency, creditor_agent=creditor_agent, day=day
        )
        return RouteOut.model_validate(self._clearing.route(wish))

    def sessions(self, channel: Code = "", limit: Limit = 50, cursor: Cursor = None) -> SessionsOut:
        """Return sessions that are over, newest first."""
        return SessionsOut.model_validate(
            self._clearing.sessions(channel, limit=limit, cursor=cursor)
        )

    def net(self, session_id: UUID) -> list[NetOut]:
        """Return what a session comes to as of now, by currency."""
        return [NetOut.model_validate(one) for one in self._clearing.net(session_id)]


def router(clearing: ClearingApi) -> APIRouter:
    """Return the router of clearing."""
    made, to = APIRouter(prefix="/clearing", tags=["payments"]), ClearingRoutes(clearing)
    made.get("/channels")(to.clearing)
    made.put("/channels/{channel}")(to.describe_channel)
    made.post("/channels/{channel}/up")(to.set_channel_up)
    made.post("/channels/{channel}/sessions")(to.close_session)
    made.get("/route")(to.route)
    made.get("/sessions")(to.sessions)
    made.get("/sessions/{session_id}/net")(to.net)
    return made


def _out(one: Channel) -> ChannelOut:
    return ChannelOut.model_validate(one)

"""How the message centre is put together: messages in the app go always, others where bound."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.message_channels import ChannelKind, MessageChannel
from yunjin.platforms.capability.api.messages import MESSAGES, MessagesApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.wiring.making import Ground, Making

CENTRES: Final[tuple[Centre, ...]] = (MESSAGES,)


def add(made: Making) -> None:
    """Add the centre. The port MessageChannel is bound to a list of channels, one of a kind."""
    from yunjin.platforms.capability.flows.messages import message_batch
    from yunjin.platforms.capability.jobs.hearing import Hearing, Told
    from yunjin.platforms.capability.service.message_sending import Sender
    from yunjin.platforms.capability.service.messages import MessageService
    from yunjin.platforms.capability.store.personal import Seal

    ground, parties = made.ground, made.doors[PartiesApi]
    settings, seal, channels = ground.settings, Seal(ground.tenant), _channels(ground)
    made.doors[MessagesApi] = MessageService(
        ground.room,
        made.flows,
        parties,
        channels=channels,
        seal=seal,
        cursor_key=ground.key,
    )
    sender = Sender(
        ground.room,
        parties,
        channels,
        seal=seal,
        quiet=(settings.zone, settings.quiet_since, settings.quiet_until),
        today=ground.today,
    )
    made.definitions.append(message_batch(sender))
    ears = [
        Told(
            f"message:{kind.value}",
            last=partial(sender.last_receipt, kind),
            collect=one.collect,
            take=partial(sender.take, kind),
        )
        for kind, one in channels.items()
        if kind is not ChannelKind.IN_APP
    ]
    _shown(made)
    if ears:
        made.jobs.append(Hearing("capability-receipts", ears, stands_by=ground.stands_by))


def _shown(made: Making) -> None:
    """Add what the web and the console show of it."""
    clock = made.ground.clock

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.messages import router

        return [router(way(MessagesApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import message_templates
        from yunjin.platforms.capability.pages import messages as all_messages

        all_messages.register(way(MessagesApi), clock)
        message_templates.register(way(MessagesApi), clock)

    made.routers.append(routers)
    made.pages.append(pages)


def _channels(ground: Ground) -> Mapping[ChannelKind, MessageChannel]:
    from yunjin.platforms.capability.adapters.messages import FakeMessageChannel, InApp

    found: list[Any] = [InApp(), *ground.ports.get(MessageChannel, ())]
    if ground.settings.trial_messages:
        found += [FakeMessageChannel(kind=kind) for kind in ChannelKind]
    made: dict[ChannelKind, MessageChannel] = {}
    for one in found:
        made.setdefault(one.kind, one)
    return made

"""How the payment centre is put together, and that of files of payments: where there is a bank."""

from collections.abc import Mapping
from typing import Any, Final

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.statements import StatementsApi
from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.channels import ChannelPort
from yunjin.platforms.capability.api.clearing import CLEARING, ClearingApi
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.payment_files import FILES, PaymentFilesApi
from yunjin.platforms.capability.api.payments import PAYMENTS, PaymentsApi
from yunjin.platforms.capability.wiring.making import Ground, Making

CENTRES: Final[tuple[Centre, ...]] = (PAYMENTS, FILES, CLEARING)


def add(made: Making) -> None:
    """Add the centres."""
    if made.ground.agreements is None:
        return
    ways = _ways(made.ground)
    _clearing(made, ways)
    _orders(made, made.ground.agreements, ways)
    _files(made, made.ground.agreements)
    clock = made.ground.clock

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes import clearing as clearing_routes
        from yunjin.platforms.capability.routes import payment_files
        from yunjin.platforms.capability.routes import payments as routes

        return [
            routes.router(way(PaymentsApi)),
            payment_files.router(way(PaymentFilesApi)),
            clearing_routes.router(way(ClearingApi)),
        ]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import channels, payment, payment_files
        from yunjin.platforms.capability.pages import payments as all_payments

        all_payments.register(way(PaymentsApi), clock)
        payment_files.register(way(PaymentFilesApi), clock)
        channels.register(way(ClearingApi), clock)
        payment.register(way(PaymentsApi), clock)

    made.routers.append(routers)
    made.pages.append(pages)


def _clearing(made: Making, ways: Mapping[str, ChannelPort]) -> None:
    from zoneinfo import ZoneInfo

    from yunjin.foundation.banking.api.calendars import CalendarApi
    from yunjin.platforms.capability.service.payments.clearing import ClearingService, EveryDay

    ground = made.ground
    made.doors[ClearingApi] = ClearingService(
        ground.room,
        made.flows,
        ways,
        today=ground.today,
        calendar=ground.core.get(CalendarApi) or EveryDay(),
        zone=ZoneInfo(ground.settings.zone),
        cursor_key=ground.key,
    )


def _orders(made: Making, agreements: AgreementsApi, ways: Mapping[str, ChannelPort]) -> None:
    from yunjin.platforms.capability.flows import channel_message, payment_wave
    from yunjin.platforms.capability.flows.clearing import going_back, session_file
    from yunjin.platforms.capability.jobs import Paying
    from yunjin.platforms.capability.service.payments.account_reports import AccountReports
    from yunjin.platforms.capability.service.payments.answers import Answers
    from yunjin.platforms.capability.service.payments.giving_back import GivingBack
    from yunjin.platforms.capability.service.payments.orders import PaymentService
    from yunjin.platforms.capability.service.payments.waves import Waves

    ground, clearing = made.ground, made.doors[ClearingApi]
    waves = Waves(
        ground.room,
        agreements,
        made.doors[LimitsApi],
        ways,
        clearing=clearing,
        today=ground.today,
        institution=ground.settings.institution,
        agent=ground.settings.agent,
    )
    answers = Answers(ground.room, agreements, waves)
    giving_back = GivingBack(ground.room, made.flows, agreements, waves)
    payments = made.doors[PaymentsApi] = PaymentService(
        ground.room,
        made.flows,
        ways,
        clearing=clearing,
        giving_back=giving_back,
        reports=AccountReports(
            ground.room,
            ground.core.get(StatementsApi),
            agent=ground.settings.agent,
            institution=ground.settings.institution,
        ),
        today=ground.today,
        cursor_key=ground.key,
    )
    made.acting += [waves, answers, giving_back]
    made.definitions += [payment_wave(waves), channel_message(answers), session_file(waves)]
    made.definitions.append(going_back(giving_back))
    made.jobs.append(
        Paying(payments, clearing, ways, clock=ground.clock, stands_by=ground.stands_by)
    )


def _files(made: Making, agreements: AgreementsApi) -> None:
    from yunjin.platforms.capability.flows import payment_file
    from yunjin.platforms.capability.service.payments.files import PaymentFiles

    ground = made.ground
    files = made.doors[PaymentFilesApi] = PaymentFiles(
        ground.room,
        made.flows,
        agreements,
        made.doors[PaymentsApi],
        agent=ground.settings.agent,
        cursor_key=ground.key,
    )
    made.acting.append(files)
    made.definitions.append(payment_file(files))


def _ways(ground: Ground) -> dict[str, Any]:
    from yunjin.platforms.capability.adapters.channel import FakeChannel

    name = ground.settings.trial_channel
    trial = [FakeChannel(name=name, clock=ground.clock)] if name else []
    return {one.name: one for one in (*ground.channels, *trial)}

"""A bank on trial with the businesses that ship: near, in this process, and far, over HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.chassis.transport.toy import served
from tests.mariadb import database_url, mariadb
from yunjin.app.businesses import SHIPPED
from yunjin.app.businesses.trial import TENANT, Trial, trial
from yunjin.app.problem_pages import problem_classes
from yunjin.chassis.transport import Guard, connect, expose, remote
from yunjin.platforms.capability.api.businesses import BusinessesApi
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.overlays import OverlaysApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.tasks import TasksApi

__all__ = ["database_url", "mariadb"]

FAR: tuple[type[Any], ...] = (
    BusinessesApi,
    LimitsApi,
    OverlaysApi,
    PartiesApi,
    PaymentsApi,
    TasksApi,
)


@pytest.fixture(params=["near", "far"])
def bank(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Trial]:
    """Open the bank; its users are beside it, or they reach the centres over HTTP."""
    with trial(*SHIPPED, home=tmp_path, database_url=database_url) as made, ExitStack() as stack:
        if request.param == "far":
            doors = dict(made.doors)
            for api in FAR:
                app = Guard(expose(api, made.doors[api]), tenant=TENANT, clock=made.clock)
                web = stack.enter_context(connect(stack.enter_context(served(app))))
                doors[api] = remote(api, web, problem_classes())
            made.doors = doors
        yield made

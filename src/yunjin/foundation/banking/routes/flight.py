"""Banking over Arrow Flight: entries in columns, as AgreementsApi.post takes them.

streams : entries
"""

from yunjin.chassis.transport.streams import Endpoints, Stream
from yunjin.foundation.banking.api.agreements import (
    ANSWERS,
    ENTRIES_MAX,
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    AgreementsApi,
)
from yunjin.kernel.columns import refusal_of
from yunjin.kernel.errors import Malformed


def endpoints(agreements: AgreementsApi) -> Endpoints:
    """Return what banking offers over Flight."""
    entries = Stream(
        answers=ANSWERS,
        refusal_of=lambda schema: refusal_of(schema, ENTRIES_REQUIRED, ENTRIES_OPTIONAL, Malformed),
        refuse=Malformed,
        rows_max=ENTRIES_MAX,
        act=agreements.post,
    )
    return Endpoints(streams={"entries": entries})

"""What clearing and reconciliation refuse."""

from yunjin.kernel.errors import NotFound, Refusal


class ChannelNotFound(NotFound):
    """There is no clearing channel of this name."""

    code, title = "capability/channel-not-found", "Clearing channel not found"


class SessionNotFound(NotFound):
    """The channel has no such session."""

    code, title = "capability/session-not-found", "Clearing session not found"


class NoRoute(Refusal):
    """No channel can take the payment: `why` says of each why not."""

    code, status, title = "capability/no-route", 409, "No channel takes it"


class RunNotFound(NotFound):
    """There is no reconciliation of this id."""

    code, title = "capability/reconciliation-not-found", "Reconciliation not found"


class DifferenceNotFound(NotFound):
    """There is no difference of this id."""

    code, title = "capability/difference-not-found", "Difference not found"


class ReconciliationRefused(Refusal):
    """The file cannot be reconciled: `reason` is an ISO 20022 code, the sentence says where."""

    code, status, title = "capability/reconciliation-refused", 422, "File refused"


class CureRefused(Refusal):
    """The difference is settled already, or this cure does not fit it."""

    code, status, title = "capability/cure-refused", 409, "Cure refused"

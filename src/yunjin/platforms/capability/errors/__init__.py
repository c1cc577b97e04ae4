"""What the capability centre refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class CentreNotFound(NotFound):
    """The catalogue has no centre of this code."""

    code, title = "capability/centre-not-found", "Centre not found"


class LimitNotFound(NotFound):
    """There is no limit of this id."""

    code, title = "capability/limit-not-found", "Limit not found"


class LimitRefused(Refusal):
    """The limit cannot be opened or changed like this."""

    code, status, title = "capability/limit-refused", 409, "Limit refused"


class LimitNotOpen(Refusal):
    """The limit, or one above it, is frozen, closed, or not valid on this date."""

    code, status, title = "capability/limit-not-open", 409, "Limit not open"


class LimitExceeded(Refusal):
    """Less is left of the limit, or of one above it: `limit_id` says of which, and how much."""

    code, status, title = "capability/limit-exceeded", 409, "Limit exceeded"


class LimitInUse(Refusal):
    """Something is reserved or used of the limit, or there are open limits below it."""

    code, status, title = "capability/limit-in-use", 409, "Limit in use"


class HoldNotFound(NotFound):
    """There is no hold of this id."""

    code, title = "capability/hold-not-found", "Hold not found"


class HoldEnded(Refusal):
    """The hold was used or cancelled before, or so much of it has come back already."""

    code, status, title = "capability/hold-ended", 409, "Hold ended"


class PartyNotFound(NotFound):
    """There is no party of this id."""

    code, title = "capability/party-not-found", "Party not found"


class PartyClosed(Refusal):
    """The party is closed."""

    code, status, title = "capability/party-closed", 409, "Party closed"


class PartyInUse(Refusal):
    """The party has open agreements, or something of its limits is in use."""

    code, status, title = "capability/party-in-use", 409, "Party in use"


class ItemNotFound(NotFound):
    """The party has no document or contact of this id."""

    code, title = "capability/item-not-found", "Document or contact not found"


class RelationNotFound(NotFound):
    """There is no relation of this id."""

    code, title = "capability/relation-not-found", "Relation not found"


class RelationRefused(Refusal):
    """The two parties cannot be related like this: `why` says what is in the way."""

    code, status, title = "capability/relation-refused", 409, "Relation refused"


class KycRefused(Refusal):
    """Knowing the customer does not go on like this from where it stands."""

    code, status, title = "capability/kyc-refused", 409, "Step refused"


class ConsentNotFound(NotFound):
    """There is no consent of this id."""

    code, title = "capability/consent-not-found", "Consent not found"


class MergeRefused(Refusal):
    """The two parties cannot be made one, or one cannot be taken out: `why` says what is wrong."""

    code, status, title = "capability/merge-refused", 409, "Merge refused"


class PaymentNotFound(NotFound):
    """There is no payment of this id."""

    code, title = "capability/payment-not-found", "Payment not found"


class PaymentRefused(Refusal):
    """The order cannot be taken: there is no such channel, or it names no payee."""

    code, status, title = "capability/payment-refused", 409, "Payment refused"


class PaymentUnderWay(Refusal):
    """The payment no longer waits: its money is held, sent or booked."""

    code, status, title = "capability/payment-under-way", 409, "Payment under way"


class TaskNotFound(NotFound):
    """There is no task of this id."""

    code, title = "capability/task-not-found", "Task not found"


class QueueNotFound(NotFound):
    """There is no queue of this code."""

    code, title = "capability/queue-not-found", "Queue not found"


class TaskRefused(Refusal):
    """It cannot be done to the task as it stands: `why` says what is in the way."""

    code, status, title = "capability/task-refused", 409, "Task refused"


class TaskFormRefused(Refusal):
    """What was filled in does not fit the form: `field` says where, `why` how."""

    code, status, title = "capability/task-form-refused", 409, "Form refused"


class PaymentFileNotFound(NotFound):
    """There is no file of this id, or it has no such part."""

    code, title = "capability/payment-file-not-found", "Payment file not found"

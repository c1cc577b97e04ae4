"""What the points centre refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class ProgrammeNotFound(NotFound):
    """There is no programme of this code."""

    code, title = "capability/programme-not-found", "Programme not found"


class ProgrammeRefused(Refusal):
    """The programme cannot be changed like this: points of it are in use in another currency."""

    code, status, title = "capability/programme-refused", 409, "Programme refused"


class ProgrammeClosed(Refusal):
    """Nothing is earned in the programme now."""

    code, status, title = "capability/programme-closed", 409, "Programme closed"


class PointsTooFew(Refusal):
    """The party has fewer points: `balance` says how many."""

    code, status, title = "capability/points-too-few", 409, "Too few points"


class PointsHoldNotFound(NotFound):
    """There is no hold of points of this id."""

    code, title = "capability/points-hold-not-found", "Hold of points not found"


class PointsHoldEnded(Refusal):
    """What was held is spent or free again, or so much of it has come back."""

    code, status, title = "capability/points-hold-ended", 409, "Hold of points ended"


class PointsEntryNotFound(NotFound):
    """There is no entry of points of this id."""

    code, title = "capability/points-entry-not-found", "Entry of points not found"


class PointsEntryRefused(Refusal):
    """The entry brought no points, or was taken back before."""

    code, status, title = "capability/points-entry-refused", 409, "Entry not reversible"

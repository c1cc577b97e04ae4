"""What the centre of drawings refuses."""

from yunjin.kernel.errors import Bug, Malformed, NotFound, Refusal


class DrawingNotFound(NotFound):
    """There is no drawing of this code, or not this version of it."""

    code, title = "capability/drawing-not-found", "Drawing not found"


class DrawingRefused(Malformed):
    """The drawing cannot be run: `findings` name each element and the reason."""

    code, status, title = "capability/drawing-refused", 422, "Drawing refused"


class DrawingRetired(Refusal):
    """The drawing starts no more flows; bring it again to go on with it."""

    code, status, title = "capability/drawing-retired", 409, "Drawing retired"


class DrawingStopped(Refusal):
    """A flow came to an end that its drawing calls an error: `error` is its code."""

    code, status, title = "capability/drawing-stopped", 409, "Stopped by its drawing"


class DrawingStuck(Bug):
    """A flow cannot go on as drawn: `element` and what is wrong there, such as a missing value."""

    code, status, title = "capability/drawing-stuck", 500, "Stuck in its drawing"


class BpmnNotInstalled(Refusal):
    """What runs drawings is not installed: pip install 'yunjin[bpmn]'."""

    code, status, title = "capability/bpmn-not-installed", 409, "BPMN not installed"

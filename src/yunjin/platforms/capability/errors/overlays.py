"""What the centre of overlays refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class OverlayNotFound(NotFound):
    """There is no overlay of this name that could be withdrawn."""

    code, title = "capability/overlay-not-found", "Overlay not found"


class OverlayRefused(Refusal):
    """The point does not take this overlay: `why` says what it expects."""

    code, status, title = "capability/overlay-refused", 409, "Overlay refused"


class OverlaysConflict(Refusal):
    """Another overlay stands at the point, and neither is narrower: `other`, and `cure`."""

    code, status, title = "capability/overlays-conflict", 409, "Overlays conflict"

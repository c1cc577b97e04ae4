"""The flow of an envelope: it is handed over until it is there, and watched until it ends."""

from typing import Any, Protocol
from uuid import UUID

from yunjin.chassis.flow import PATIENT, Definition, Flow, Retry, call, flow, signal, step
from yunjin.kernel.errors import Refusal
from yunjin.platforms.capability.api.documents import SIGNING

_NS: int = 1_000_000_000
_GRACE_S: int = 3_600  # a signature of the last minute may be told late
WORDS: dict[str, tuple[str, str]] = {
    f"flow.name.{SIGNING}": ("文档签署", "Signing of a document"),
    "flow.step.hand_over": ("发往签署服务", "hand over to be signed"),
    "flow.step.call_back": ("撤回签署", "withdraw from the service"),
    "flow.step.run_out": ("未签，恢复可编辑", "not signed: free again"),
}


class Signing(Protocol):
    """What has documents signed; each part may come twice."""

    def hand_over(self, command_id: UUID, document_id: str, envelope_id: str) -> bool:
        """Hand a document over; False: nobody is asked any more."""

    def call_back(self, command_id: UUID, envelope_id: str) -> None:
        """Have an envelope signed no more."""

    def run_out(self, work: Any, document_id: str, envelope_id: str, what: str, why: str) -> None:
        """Let a document be free whose envelope was turned away, or ended."""


def document_signing(signing: Signing, retry: Retry = PATIENT) -> Definition:
    """Return the flow of an envelope."""

    @flow(SIGNING, version=1)
    def envelope(document_id: str, envelope_id: str, expires_ns: int) -> Flow:
        try:
            yield call(signing.hand_over, document_id, envelope_id, retry=retry)
        except Refusal as refusal:
            yield step(signing.run_out, document_id, envelope_id, "refused", refusal.detail)
            return
        how = yield signal("ended", until_ns=expires_ns + _GRACE_S * _NS)
        if how == "told":
            return
        yield call(signing.call_back, envelope_id, retry=retry)
        if how is None:
            yield step(signing.run_out, document_id, envelope_id, "expired", "expired")

    return envelope

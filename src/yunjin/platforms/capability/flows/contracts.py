"""The flows of a contract: its papers are made and signed; what no longer holds is void."""

from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from yunjin.chassis.flow import PATIENT, Definition, Flow, Retry, call, flow, own_id, signal, step
from yunjin.kernel.errors import Refusal
from yunjin.platforms.capability.api.contracts import CLEARING, SIGNING

WORDS: Final[dict[str, tuple[str, str]]] = {
    f"flow.name.{SIGNING}": ("合同签署", "Signing of a contract"),
    f"flow.name.{CLEARING}": ("作废合同文件", "Papers of a contract that does not hold"),
    "flow.step.make_paper": ("生成文件", "make a paper"),
    "flow.step.ask_paper": ("请各方签署", "ask the signers"),
    "flow.step.drop_paper": ("作废文件", "let a paper be void"),
    "flow.step.keep_by_hand": ("登记面签", "keep that a paper was signed by hand"),
    "flow.step.be_signed": ("合同已签", "the contract is signed"),
    "flow.step.be_declined": ("未签，恢复草稿", "not signed: a draft again"),
}


class Papers(Protocol):
    """What has a contract's papers made and signed; each part may come twice."""

    def make_paper(self, command_id: UUID, contract_id: str, turn: int, paper: Any) -> str:
        """Make a paper; return its id. Raises: Refusal (the contract is not offered any more)."""

    def ask_paper(self, command_id: UUID, contract_id: str, paper_id: str, ask: Any) -> bool:
        """Ask the signers of a paper; False: it is signed by hand."""

    def drop_paper(self, command_id: UUID, paper_id: str, why: str) -> None:
        """Let a paper be void."""

    def keep_by_hand(self, command_id: UUID, paper_id: str, evidence_id: str, by: str) -> None:
        """Keep that a paper was signed by hand."""

    def be_signed(self, work: Any, contract_id: str, turn: int) -> bool:
        """Let a contract be signed; False: it is not offered any more."""

    def be_declined(self, work: Any, contract_id: str, turn: int, why: str) -> None:
        """Let a contract be a draft again."""


def contract_signing(papers: Papers, retry: Retry = PATIENT) -> Definition:
    """Return the flow of a contract that is offered."""

    @flow(SIGNING, version=1)
    def signing(contract_id: str, turn: int, wanted: Sequence[Any], expires_ns: int) -> Flow:
        made: list[str] = []
        try:
            for paper in wanted:
                paper_id = yield call(papers.make_paper, contract_id, turn, paper, retry=retry)
                made.append(paper_id)
            why = yield from _signed(papers, contract_id, made, expires_ns, retry)
        except Refusal as refusal:
            why = refusal.detail
        if not why and (yield step(papers.be_signed, contract_id, turn)):
            return
        for paper_id in made:
            yield call(papers.drop_paper, paper_id, why or "recalled", retry=retry)
        yield step(papers.be_declined, contract_id, turn, why or "recalled")

    return signing


def _signed(
    papers: Papers, contract_id: str, made: Sequence[str], expires_ns: int, retry: Retry
) -> Flow:
    """Have papers signed, by a service or by hand; return why they are not, or ""."""
    ask = {"flow_id": (yield own_id()), "expires_ns": expires_ns}
    asked = []
    for paper_id in made:
        is_asked = yield call(papers.ask_paper, contract_id, paper_id, ask, retry=retry)
        asked += [paper_id] if is_asked else []
    for paper_id in asked:
        said = yield signal(f"document:{paper_id}")
        if said["state"] != "signed":
            return f"{said['state']}: {said['why']}" if said["why"] else said["state"]
    by_hand = [one for one in made if one not in asked]
    if not by_hand:
        return ""
    said = yield signal("hand", until_ns=expires_ns)
    if said is None or not said["evidence_id"]:
        return "expired" if said is None else "recalled"
    for paper_id in by_hand:
        yield call(papers.keep_by_hand, paper_id, said["evidence_id"], said["by"], retry=retry)
    return ""


def contract_clearing(papers: Papers, retry: Retry = PATIENT) -> Definition:
    """Return the flow that lets a contract's papers be void."""

    @flow(CLEARING, version=1)
    def clearing(paper_ids: Sequence[str], why: str) -> Flow:
        for paper_id in paper_ids:
            yield call(papers.drop_paper, paper_id, why, retry=retry)

    return clearing

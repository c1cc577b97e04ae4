"""A flow that runs any program, and the oracle: what that program comes to if nothing ever breaks.

A program is a list of operations in JSON; the flow interprets it with intents, the oracle with
plain Python. Both must agree on the answer, on what was done and in which order it was undone.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from tests.chassis.flow.shop import Closed, SoldOut, note, unnote
from yunjin.chassis.flow import (
    Flow,
    Retry,
    StepWork,
    call,
    child,
    fan_out,
    flow,
    gather,
    signal,
    sleep,
    step,
)

RETRY = Retry(first_s=2, factor=2, max_s=5)
Op = dict[str, Any]


class Remote:
    """Another room: it acts once by the command's id, whatever happens to our process."""

    def __init__(self) -> None:
        self.done: dict[UUID, str] = {}
        self.tries: Counter[str] = Counter()

    def act(self, command_id: UUID, label: str, outages: int, is_refused: bool) -> str:
        self.tries[label] += 1
        if self.tries[label] <= outages:
            raise Closed("Not now.")
        if is_refused:
            raise SoldOut("Never.", label=label)
        self.done[command_id] = label
        return label

    def undo(self, command_id: UUID, answer: str, *args: Any) -> None:
        self.done[command_id] = f"undo {answer}"


REMOTE = Remote()
TRIES: Counter[str] = Counter()


def act(work: StepWork, label: str, outages: int, is_refused: bool) -> str:
    """Write a line, or trouble after it was written."""
    note(work, label)
    TRIES[label] += 1
    if TRIES[label] <= outages:
        raise Closed("Not now.")
    if is_refused:
        raise SoldOut("Never.", label=label)
    return label


def act_on(work: StepWork, item: Op) -> str:
    return act(work, item["label"], item["outages"], item["is_refused"])


def call_on(command_id: UUID, item: Op) -> str:
    return REMOTE.act(command_id, item["label"], item["outages"], item["is_refused"])


def unact_on(work: StepWork, item: Op) -> None:
    note(work, f"undo {item['label']}")


def uncall_on(command_id: UUID, item: Op) -> None:
    REMOTE.undo(command_id, item["label"])


def _intent(op: Op) -> Any:
    match op["do"]:
        case "each" if op["of"] == "step":
            on_steps = step(act_on, undo=unact_on if op["undo"] else None, retry=RETRY)
            return fan_out(op["items"], on_steps, width=op["width"])
        case "each":
            on_calls = call(call_on, undo=uncall_on if op["undo"] else None, retry=RETRY)
            return fan_out(op["items"], on_calls, width=op["width"])
        case "step":
            args = (op["label"], op["outages"], op["is_refused"])
            return step(act, *args, undo=unnote if op["undo"] else None, retry=RETRY)
        case "call":
            args = (op["label"], op["outages"], op["is_refused"])
            undo = REMOTE.undo if op["undo"] else None
            return call(REMOTE.act, *args, undo=undo, retry=RETRY)
        case "sleep":
            return sleep(seconds=op["seconds"])
        case "signal":
            return signal(op["word"], timeout_s=op["timeout_s"])
        case "child":
            return child("program", op["ops"])
        case _:
            return gather(*(_intent(part) for part in op["parts"]))


@flow("program", version=1)
def program(ops: list[Op]) -> Flow:
    """Run the operations; a refusal ends it unless its operation says that it is caught."""
    said: list[Any] = []
    for op in ops:
        try:
            answer = yield _intent(op)
            said.append([answer["done"], answer["failed"]] if op["do"] == "each" else answer)
        except SoldOut as refused:
            if not op["is_caught"]:
                raise
            said.append(["refused", refused.facts.get("label")])
    return said


class Refused(Exception):
    """The oracle's refusal."""


@dataclass
class Oracle:
    """What a program comes to: lines of steps, lines of calls, and signals it waits for."""

    steps: list[str] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)
    signals: list[tuple[str, Any]] = field(default_factory=list)

    def run(self, ops: list[Op], above: list[tuple[str, str]] | None = None) -> tuple[bool, Any]:
        """Return whether it is done, and its answer or the label that ended it.

        above : what the parent would undo; a child that is done adds what it did.
        """
        said: list[Any] = []
        undo: list[tuple[str, str]] = []
        for op in ops:
            try:
                said.append(self._one(op, undo))
            except Refused as refused:
                if op["is_caught"]:
                    said.append(["refused", refused.args[0]])
                    continue
                for kind, label in reversed(undo):
                    {"step": self.steps, "call": self.remote}[kind].append(f"undo {label}")
                return False, refused.args[0]
        if above is not None:
            above += undo
        return True, said

    def _one(self, op: Op, undo: list[tuple[str, str]]) -> Any:
        match op["do"]:
            case "step" | "call":
                if op["is_refused"]:
                    raise Refused(op["label"])
                {"step": self.steps, "call": self.remote}[op["do"]].append(op["label"])
                if op["undo"]:
                    undo.append((op["do"], op["label"]))
                return op["label"]
            case "sleep":
                return None
            case "signal":
                return op["payload"] if op["is_sent"] else None
            case "child":
                is_done, answer = self.run(op["ops"], undo)
                if not is_done:
                    raise Refused(answer)
                return answer
            case "each":
                done = [item["label"] for item in op["items"] if not item["is_refused"]]
                {"step": self.steps, "call": self.remote}[op["of"]].extend(done)
                if op["undo"]:  # items have no order; their undoing goes through them anew
                    undo += [(op["of"], label) for label in reversed(done)]
                return [len(done), len(op["items"]) - len(done)]
            case _:
                said, first = [], None
                for part in op["parts"]:
                    try:
                        said.append(self._one(part, undo))
                    except Refused as refused:
                        first = first or refused
                if first is not None:
                    raise first
                return said


@st.composite
def programs(draw: st.DrawFn, depth: int = 0, prefix: str = "") -> list[Op]:
    """Programs of a few operations, with children two deep and gathers."""
    return [
        draw(_operations(f"{prefix}{n}", depth, is_part=False))
        for n in range(draw(st.integers(1, 5 if depth == 0 else 2)))
    ]


@st.composite
def _operations(draw: st.DrawFn, label: str, depth: int, *, is_part: bool) -> Op:
    kinds = ["step", "step", "call", "sleep"]
    if depth == 0:
        kinds.append("signal")
    if depth < 2:
        kinds.append("child")
    if not is_part:
        kinds += ["gather", "each"]
    op: Op = {"do": draw(st.sampled_from(kinds)), "is_caught": draw(st.booleans())}
    match op["do"]:
        case "step" | "call":
            op |= {
                "label": label,
                "outages": draw(st.sampled_from([0, 0, 0, 1, 2])),
                "is_refused": draw(st.sampled_from([False] * 5 + [True])),
                "undo": draw(st.booleans()),
            }
        case "each":
            op |= {
                "of": draw(st.sampled_from(["step", "call"])),
                "width": draw(st.integers(1, 3)),
                "undo": draw(st.booleans()),
                "items": [
                    {
                        "label": f"{label}e{n}",
                        "outages": draw(st.sampled_from([0, 0, 1])),
                        "is_refused": draw(st.sampled_from([False, False, True])),
                    }
                    for n in range(draw(st.integers(0, 5)))
                ],
            }
        case "sleep":
            op["seconds"] = draw(st.integers(0, 40))
        case "signal":
            is_sent = draw(st.booleans())
            op |= {
                "word": f"word {label}",
                "is_sent": is_sent,
                "payload": draw(st.one_of(st.none(), st.integers(), st.text(max_size=5))),
                # A word that is sent comes within 100 seconds; one that is not is given up.
                "timeout_s": draw(st.sampled_from([None, 10_000])) if is_sent else 30,
                "at": draw(st.integers(0, 8)),
            }
        case "child":
            op["ops"] = draw(programs(depth + 1, f"{label}."))
        case _:
            count = draw(st.integers(0, 4))
            op["parts"] = [
                draw(_operations(f"{label}g{n}", depth, is_part=True)) for n in range(count)
            ]
    return op


def words(ops: list[Op]) -> list[Op]:
    """Return the operations of a program that wait for a word which is sent."""
    found = []
    for op in ops:
        parts = op["parts"] if op["do"] == "gather" else [op]
        found += [part for part in parts if part["do"] == "signal" and part["is_sent"]]
    return found

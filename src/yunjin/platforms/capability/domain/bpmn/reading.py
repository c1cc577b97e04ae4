"""From a tree to a model: which nodes and arrows there are; what is not understood is a finding."""

import re
from dataclasses import replace
from typing import Final

from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.drawings import CODE_LENGTH, ELEMENTS_MAX
from yunjin.platforms.capability.api.tasks import FormField
from yunjin.platforms.capability.domain.bpmn import telling
from yunjin.platforms.capability.domain.bpmn.model import Arrow, Event, Kind, Model, Node
from yunjin.platforms.capability.domain.bpmn.opening import (
    Element,
    Unopened,
    attribute,
    is_bpmn,
    local,
    opened,
    text_of,
)
from yunjin.platforms.capability.domain.tasks import check_form

_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,59}")
_DEPTH_MAX: Final = 8  # of sub-processes
_MESSAGE_LENGTH: Final = 50  # of a message's name
# What says nothing about the way a flow takes.
_SILENT: Final = frozenset(
    [
        "documentation",
        "extensionElements",
        "laneSet",
        "textAnnotation",
        "association",
        "group",
        "incoming",
        "outgoing",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "ioSpecification",
        "property",
        "dataInputAssociation",
        "dataOutputAssociation",
        "category",
        "auditing",
        "monitoring",
    ]
)
_KINDS: Final = {
    **{kind.value: kind for kind in Kind},
    "sendTask": Kind.CALL,
    "businessRuleTask": Kind.CALL,
    "manualTask": Kind.PERSON,
    "receiveTask": Kind.CATCH,
}
_EVENTS: Final = {
    "timerEventDefinition": Event.TIMER,
    "messageEventDefinition": Event.MESSAGE,
    "errorEventDefinition": Event.ERROR,
    "compensateEventDefinition": Event.COMPENSATE,
    "terminateEventDefinition": Event.TERMINATE,
}
_MAY_BE: Final = {
    Kind.START: {Event.NONE},
    Kind.END: {Event.NONE, Event.ERROR, Event.COMPENSATE, Event.TERMINATE},
    Kind.CATCH: {Event.TIMER, Event.MESSAGE},
    Kind.PASS: {Event.NONE},
    Kind.BOUNDARY: {Event.TIMER, Event.MESSAGE, Event.ERROR, Event.COMPENSATE},
}
_WHY_NOT: Final = {
    "task": "it does not say what it does: make it a service task or a user task",
    "transaction": "transactions are not run: a flow undoes what it did where it fails",
    "adHocSubProcess": "ad-hoc sub-processes are not run: draw the way",
    "complexGateway": "complex gateways are not run: use an inclusive one",
    "callConversation": "conversations are not run",
    "standardLoopCharacteristics": "loops of a task are not run: lead an arrow back",
    "multiInstanceLoopCharacteristics": "several of one task are not run: call a flow in code",
    "signalEventDefinition": "signals are not run: use a message",
    "escalationEventDefinition": "escalations are not run: use an error or a timer",
    "conditionalEventDefinition": "conditional events are not run: use a gateway",
    "linkEventDefinition": "links are not run: lead an arrow there",
    "cancelEventDefinition": "cancel events are not run: end by compensation",
}


def read(text: str) -> Model:
    """Return what a BPMN file says; a file that cannot be opened has one finding, about itself."""
    model = Model()
    try:
        root = opened(text)
    except Unopened as error:
        model.find("", str(error))
        return model
    _Reading(root, model).read()
    return model


class _Reading:
    """Reads one file."""

    def __init__(self, root: Element, model: Model) -> None:
        self._root, self._model = root, model
        self._undo_of: dict[str, str] = {}  # of a compensation boundary: the task it stands at
        self._messages = self._named("message", "name")
        self._errors = self._named("error", "errorCode")

    def _named(self, what: str, by: str) -> dict[str, str]:
        """Return what is declared at the file's top, such as errors' codes, by id."""
        return {
            str(one.get("id", "")): str(one.get(by) or one.get("name") or "")
            for one in self._root
            if is_bpmn(one) and local(one) == what
        }

    def read(self) -> None:
        model, processes = self._model, []
        for one in self._root:
            if is_bpmn(one) and local(one) == "process":
                processes.append(one)
            elif is_bpmn(one) and local(one) == "import":
                model.find(attribute(one, "id"), "imports are not followed: use one file")
        runnable = [one for one in processes if one.get("isExecutable", "true") != "false"]
        if len(runnable) != 1:
            why = "mark the one that is run as executable, and put others into files of their own"
            model.find("", f"expected one process that is executable, was {len(runnable)}: {why}")
            return
        process = runnable[0]
        model.code = str(process.get("id", ""))
        model.name = str(process.get("name", "")).strip()[:100] or model.code
        if not _ID.fullmatch(model.code) or len(model.code) > CODE_LENGTH:
            why = f"its id is the drawing's code: letters, digits, _ . -, at most {CODE_LENGTH}"
            model.find(model.code, f"expected another id of the process: {why}")
        self._level(process, "", 0)
        if len(model.nodes) > ELEMENTS_MAX:
            model.find("", f"expected at most {ELEMENTS_MAX} nodes, was {len(model.nodes)}")
        self._compensations(process)

    def _level(self, parent: Element, within: str, depth: int) -> None:
        if depth > _DEPTH_MAX:
            self._model.find(within, f"expected at most {_DEPTH_MAX} sub-processes in each other")
            return
        for one in parent:
            if not is_bpmn(one) or local(one) in _SILENT:
                continue
            if local(one) == "sequenceFlow":
                self._arrow(one)
            elif local(one) in _KINDS:
                self._node(one, within, depth)
            elif not (within and local(one).endswith("LoopCharacteristics")):  # told there
                name = local(one)
                why = _WHY_NOT.get(name, f"{name} is not understood")
                self._model.find(str(one.get("id", "")), why)

    def _arrow(self, one: Element) -> None:
        id_, source, target = (str(one.get(k, "")) for k in ("id", "sourceRef", "targetRef"))
        condition = text_of(one, "conditionExpression")
        language = next((str(e.get("language", "")) for e in one if e.get("language")), "")
        if language and not any(word in language.lower() for word in ("feel", "juel", "yunjin")):
            self._model.find(id_, f"its condition is {language[:40]}: it is not executed")
            condition = ""
        name = " ".join(str(one.get("name", "")).split())[:60]
        self._model.arrows.append(Arrow(id_, source, target, condition, name))

    def _node(self, one: Element, within: str, depth: int) -> None:
        model, id_, kind = self._model, str(one.get("id", "")), _KINDS[local(one)]
        if not _ID.fullmatch(id_) or id_ in model.nodes or id_ == model.code:
            model.find(id_, "expected an id of its own: letters, digits, _ . -, at most 60")
            return
        for words in telling.not_run(one) if kind is not Kind.ASSIGN else ():
            model.find(id_, f"{words} is not run: name an operation of the catalogue, or a field")
        for inner in one:
            if is_bpmn(inner) and local(inner).endswith("LoopCharacteristics"):
                model.find(id_, _WHY_NOT[local(inner)])
        if one.get("triggeredByEvent") == "true":
            model.find(id_, "event sub-processes are not run: use a boundary event")
        event, said = self._event(one, id_, kind)
        inputs, outputs = telling.mapped(one)
        queue, assignee = telling.assigned(one)
        model.nodes[id_] = Node(
            id=id_,
            kind=kind,
            name=" ".join(str(one.get("name", "")).split())[:100],
            within=within,
            event=event,
            said=said,
            attached_to=str(one.get("attachedToRef", "")),
            is_interrupting=one.get("cancelActivity", "true") != "false",
            calls=telling.called(one) if kind is Kind.CHILD else telling.operation(one),
            inputs=inputs,
            outputs=telling.script(one) if kind is Kind.ASSIGN else outputs,
            undo=telling.undo(one),
            is_undo=one.get("isForCompensation") == "true",
            default=str(one.get("default", "")),
            queue=queue,
            assignee=assignee,
            note=text_of(one, "documentation")[:1_000],
            form=tuple(self._form(one, id_)) if kind is Kind.PERSON else (),
        )
        if kind is Kind.GROUP:
            self._level(one, id_, depth + 1)

    def _form(self, one: Element, id_: str) -> list[FormField]:
        try:
            found = telling.form(one)
            check_form(found)
        except (ValueError, Malformed) as error:
            self._model.find(id_, f"its form: {error}")
            return []
        return found

    def _event(self, one: Element, id_: str, kind: Kind) -> tuple[Event, str]:
        """Return what an event is about, and what it says of it."""
        if local(one) == "receiveTask":
            return Event.MESSAGE, self._message(one, id_)
        found = [e for e in one if is_bpmn(e) and local(e).endswith("EventDefinition")]
        if not found or kind not in _MAY_BE:
            if kind in (Kind.CATCH, Kind.BOUNDARY):
                self._model.find(id_, "it does not say what it waits for")
            return Event.NONE, ""
        name = local(found[0])
        event = _EVENTS.get(name)
        if len(found) > 1:
            self._model.find(id_, "expected one event definition, were several")
        elif event not in _MAY_BE[kind]:
            why = _WHY_NOT.get(name, f"{name} is not understood here")
            self._model.find(id_, why)
        elif event is Event.TIMER:
            return event, self._timer(found[0], id_)
        elif event is Event.MESSAGE:
            return event, self._message(found[0], id_)
        elif event is Event.ERROR:
            return event, self._errors.get(str(found[0].get("errorRef", "")), "")
        return event or Event.NONE, ""

    def _timer(self, one: Element, id_: str) -> str:
        said = text_of(one, "timeDuration") or text_of(one, "timeDate")
        if not said:
            self._model.find(id_, "expected a duration or a date; timers do not repeat")
        return said

    def _message(self, one: Element, id_: str) -> str:
        found = self._messages.get(str(one.get("messageRef", "")), "")
        if not 0 < len(found) <= _MESSAGE_LENGTH:
            most = f"at most {_MESSAGE_LENGTH} characters"
            self._model.find(id_, f"expected a message with a name of {most}")
        return found

    def _compensations(self, process: Element) -> None:
        """Tie each task that undoes another to it: by the boundary event and its association."""
        model = self._model
        for one in process.iter():
            if not is_bpmn(one) or local(one) != "association":
                continue
            event = model.nodes.get(str(one.get("sourceRef", "")))
            undoing = model.nodes.get(str(one.get("targetRef", "")))
            if event is None or undoing is None or event.event is not Event.COMPENSATE:
                continue
            self._undo_of[event.attached_to] = undoing.id
            if undoing.kind is not Kind.CALL or not undoing.is_undo:
                model.find(undoing.id, "expected a service task that is for compensation")
        for task_id, undo_id in self._undo_of.items():
            task = model.nodes.get(task_id)
            if task is None or task.kind is not Kind.CALL:
                model.find(undo_id, "expected to undo a service task")
                continue
            model.nodes[task_id] = replace(task, undo=undo_id)
        for node in list(model.nodes.values()):
            if node.is_undo and node.id not in self._undo_of.values():
                model.find(node.id, "no compensation event leads to it")
            elif node.kind is Kind.BOUNDARY and node.event is Event.COMPENSATE:
                if node.attached_to not in self._undo_of:
                    model.find(node.id, "no task for compensation hangs on it")
                del model.nodes[node.id]

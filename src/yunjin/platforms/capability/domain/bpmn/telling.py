"""What a task's element tells beyond BPMN: the operation, its inputs and outputs, its form.

Understood are our own words (`yunjin:call`, `yunjin:input`, `yunjin:output`, `yunjin:task`,
`yunjin:field`) and those that Camunda Modeler writes for its versions 7 and 8.
"""

from typing import Final

from yunjin.platforms.capability.api.tasks import Choice, FieldKind, FormField
from yunjin.platforms.capability.domain.bpmn.opening import Element, attribute, extensions, local

NAMESPACE: Final = "https://yunjin.example/bpmn/1"
_INPUTS: Final = frozenset(["input", "inputParameter", "in"])
_OUTPUTS: Final = frozenset(["output", "outputParameter", "out"])
_CODE: Final = {
    "executionListener": "a listener",
    "taskListener": "a listener",
    "connector": "a connector",
    "script": "a script",
    "calledDecision": "a decision table",
    "formDefinition": "a form that is kept elsewhere",
    "loopCharacteristics": "a loop",
}
_CODE_ATTRIBUTES: Final = {
    "class": "a Java class",
    "delegateExpression": "a delegate",
    "expression": "a call of Java",
    "decisionRef": "a decision table",
    "formKey": "a form that is kept elsewhere",
    "formRef": "a form that is kept elsewhere",
}
_KINDS: Final = {
    "string": FieldKind.TEXT,
    "text": FieldKind.TEXT,
    "boolean": FieldKind.YES_NO,
    "yes_no": FieldKind.YES_NO,
    "date": FieldKind.DATE,
    "enum": FieldKind.CHOICE,
    "choice": FieldKind.CHOICE,
    "long": FieldKind.AMOUNT,
    "amount": FieldKind.AMOUNT,
}
Pairs = tuple[tuple[str, str], ...]


def not_run(element: Element) -> list[str]:
    """Return what stands in an element that would have to be executed, and is not."""
    found = [_CODE[local(one)] for one in extensions(element) if local(one) in _CODE]
    return found + [
        words for name, words in _CODE_ATTRIBUTES.items() if name in _own_attributes(element)
    ]


def _own_attributes(element: Element) -> set[str]:
    """Return the attributes that a tool's namespace has put there."""
    return {key.rpartition("}")[2] for key in element.attrib if key.startswith("{")}


def operation(element: Element) -> str:
    """Return the operation that a service task names; "" where it names none."""
    for one in extensions(element):
        if local(one) == "call":
            return attribute(one, "operation")
        if local(one) == "taskDefinition":
            return attribute(one, "type")
    topic = attribute(element, "topic")
    standard = str(element.get("implementation", ""))
    return topic or ("" if standard.startswith("##") else standard)


def called(element: Element) -> str:
    """Return the drawing or flow that a call activity names."""
    for one in extensions(element):
        if local(one) == "calledElement":
            return attribute(one, "processId")
    return str(element.get("calledElement", ""))


def mapped(element: Element) -> tuple[Pairs, Pairs]:
    """Return inputs as (name, value) and outputs as (variable, expression)."""
    inputs, outputs = [], []
    for one in extensions(element):
        if local(one) in _INPUTS:
            inputs.append(_pair(one))
        elif local(one) in _OUTPUTS:
            outputs.append(_pair(one))
    result = attribute(element, "resultVariable")
    return tuple(inputs), (*outputs, *([(result, "answer")] if result else []))


def _pair(one: Element) -> tuple[str, str]:
    target = attribute(one, "target") or attribute(one, "name")
    given = attribute(one, "source") or attribute(one, "value")
    if not given and attribute(one, "sourceExpression"):
        given = attribute(one, "sourceExpression")
    elif attribute(one, "source") and local(one) in ("in", "out"):
        given = f"={given}"  # of Camunda 7: the name of a variable
    return target, given or "".join(one.itertext()).strip()


def undo(element: Element) -> str:
    """Return "none" where an element says that it is not to be undone."""
    for one in extensions(element):
        if local(one) == "call":
            return attribute(one, "undo")
        if local(one) == "property" and attribute(one, "name") == "undo":
            return attribute(one, "value")
    return ""


def assigned(element: Element) -> tuple[str, str]:
    """Return the queue and the person that a user task names."""
    queue, person = attribute(element, "candidateGroups"), attribute(element, "assignee")
    for one in extensions(element):
        if local(one) == "assignmentDefinition":
            queue, person = attribute(one, "candidateGroups"), attribute(one, "assignee")
        elif local(one) == "task":
            queue, person = attribute(one, "queue"), attribute(one, "assignee")
    return queue or "general", person


def form(element: Element) -> list[FormField]:
    """Return the fields of a user task's form. Raises: ValueError (an unknown kind of field)."""
    found = []
    for one in extensions(element):
        if local(one) == "formField":
            found.append(_camunda_field(one))
        elif local(one) == "field":
            found.append(_own_field(one))
    return found


def _kind(name: str, said: str) -> FieldKind:
    kind = _KINDS.get(said or "text")
    if kind is None:
        known = ", ".join(_KINDS)
        raise ValueError(f"field {name[:40]}: expected one of {known}, was {said[:40]!r}")
    return kind


def _camunda_field(one: Element) -> FormField:
    name, inner = attribute(one, "id"), [each for each in one.iter() if each is not one]
    label = attribute(one, "label") or name
    properties = {
        attribute(each, "id"): attribute(each, "value")
        for each in inner
        if local(each) == "property"
    }
    needs = {attribute(each, "name") for each in inner if local(each) == "constraint"}
    return FormField(
        name=name,
        kind=_kind(name, attribute(one, "type")),
        zh=properties.get("zh", label),
        en=label,
        is_required="required" in needs,
        choices=tuple(
            Choice(code=attribute(each, "id"), zh=said, en=said)
            for each in inner
            if local(each) == "value"
            for said in [attribute(each, "name") or attribute(each, "id")]
        ),
        currency=properties.get("currency", ""),
    )


def _own_field(one: Element) -> FormField:
    name = attribute(one, "name")
    label = attribute(one, "en") or name
    return FormField(
        name=name,
        kind=_kind(name, attribute(one, "kind")),
        zh=attribute(one, "zh") or label,
        en=label,
        is_required=attribute(one, "required") != "false",
        choices=tuple(
            Choice(
                code=attribute(each, "code"),
                zh=attribute(each, "zh") or attribute(each, "code"),
                en=attribute(each, "en") or attribute(each, "code"),
            )
            for each in one
            if local(each) == "choice"
        ),
        currency=attribute(one, "currency"),
    )


def script(element: Element) -> Pairs:
    """Return what a script task assigns: (variable, expression)."""
    for one in extensions(element):
        if local(one) == "script" and attribute(one, "resultVariable"):
            return ((attribute(one, "resultVariable"), attribute(one, "expression")),)
    result = attribute(element, "resultVariable")
    said = [
        "".join(one.itertext()).strip()
        for one in element
        if local(one) == "script" and one.tag.startswith("{http://www.omg.org/spec/BPMN")
    ]
    return ((result, said[0]),) if result and said else ()

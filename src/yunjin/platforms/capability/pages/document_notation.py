"""Templates as text that people write: a line a field, a line a block.

Fields: `name | kind | 中文 | English | more`, where `more` is the currency of an amount,
`code=中文/English; …` of a choice, `中文/English kind CNY; …` of a table's columns; `name?` may be
left out.  Bodies: the first line is the title; `# heading`, `- name | value`, `[table]`,
`~ who | words` for a place to sign; anything else is a paragraph, blank lines between.
"""

from collections.abc import Iterable

from yunjin.foundation.banking.api.statements import Lang
from yunjin.platforms.capability.api.documents import (
    Block,
    BlockKind,
    Body,
    TemplateColumn,
    TemplateField,
    ValueKind,
)
from yunjin.platforms.capability.api.tasks import Choice


class Unreadable(ValueError):
    """A line that says nothing. line: from 1 on."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


def fields_of(text: str) -> tuple[TemplateField, ...]:
    """Read fields. Raises: Unreadable."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(_field([part.strip() for part in line.split("|")]))
            except (ValueError, IndexError):
                raise Unreadable(number) from None
    return tuple(found)


def _field(parts: list[str]) -> TemplateField:
    name, kind, zh, en, *rest = parts
    more, read = rest[0] if rest else "", ValueKind(kind)
    return TemplateField(
        name=name.removesuffix("?"),
        kind=read,
        zh=zh,
        en=en,
        is_required=not name.endswith("?"),
        currency=more if read is ValueKind.AMOUNT else "",
        choices=tuple(map(_choice, _listed(more))) if read is ValueKind.CHOICE else (),
        columns=tuple(map(_column, _listed(more))) if read is ValueKind.TABLE else (),
    )


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(";") if one.strip()]


def _choice(text: str) -> Choice:
    code, words = text.split("=", 1)
    zh, en = words.split("/", 1)
    return Choice(code=code.strip(), zh=zh.strip(), en=en.strip())


def _column(text: str) -> TemplateColumn:
    words, _, form = text.partition(" ")
    zh, en = words.split("/", 1)
    kind, _, currency = form.strip().partition(" ")
    return TemplateColumn(
        zh=zh,
        en=en.replace("_", " "),
        kind=ValueKind(kind or "text"),
        currency=currency.strip(),
    )


def text_of_fields(fields: Iterable[TemplateField]) -> str:
    """Write fields."""
    return "\n".join(_line(one) for one in fields)


def _line(one: TemplateField) -> str:
    more = one.currency
    if one.choices:
        more = "; ".join(f"{each.code}={each.zh}/{each.en}" for each in one.choices)
    if one.columns:
        more = "; ".join(
            f"{each.zh}/{each.en.replace(' ', '_')} {each.kind} {each.currency}".strip()
            for each in one.columns
        )
    name = one.name if one.is_required else f"{one.name}?"
    parts = [name, one.kind.value, one.zh, one.en, *([more] if more else [])]
    return " | ".join(parts)


def body_of(lang: Lang, text: str) -> Body | None:
    """Read a body; None where there is no text."""
    title, _, rest = text.strip().partition("\n")
    if not title:
        return None
    blocks: list[Block] = []
    for group in rest.replace("\r", "").split("\n\n"):
        lines: list[str] = []
        for line in filter(None, group.split("\n")):
            made = _marked(line)
            if made is None:
                lines.append(line)
                continue
            _flush(blocks, lines)
            _add(blocks, made)
        _flush(blocks, lines)
    return Body(lang=lang, title=title.strip(), blocks=tuple(blocks))


def _marked(line: str) -> Block | None:
    mark, rest = line[:2], line[2:]
    if mark == "# ":
        return Block(kind=BlockKind.HEADING, text=rest.strip())
    if line.startswith("[") and line.rstrip().endswith("]"):
        return Block(kind=BlockKind.TABLE, text=line.strip()[1:-1])
    if mark in ("- ", "~ ") and "|" in rest:
        name, _, value = rest.partition("|")
        kind = BlockKind.FACTS if mark == "- " else BlockKind.SIGNATURES
        return Block(kind=kind, pairs=((name.strip(), value.strip()),))
    return None


def _add(blocks: list[Block], made: Block) -> None:
    """Add a block; pairs of one kind that follow each other are one block."""
    if made.pairs and blocks and blocks[-1].kind is made.kind:
        last = blocks.pop()
        made = Block(kind=made.kind, pairs=(*last.pairs, *made.pairs))
    blocks.append(made)


def _flush(blocks: list[Block], lines: list[str]) -> None:
    if lines:
        blocks.append(Block(kind=BlockKind.PARAGRAPH, text="\n".join(lines)))
        lines.clear()


def text_of_body(body: Body | None) -> str:
    """Write a body."""
    if body is None:
        return ""
    return "\n\n".join([body.title, *(_text(one) for one in body.blocks)])


def _text(block: Block) -> str:
    match block.kind:
        case BlockKind.HEADING:
            return f"# {block.text}"
        case BlockKind.TABLE:
            return f"[{block.text}]"
        case BlockKind.FACTS:
            return "\n".join(f"- {name} | {value}" for name, value in block.pairs)
        case BlockKind.SIGNATURES:
            return "\n".join(f"~ {name} | {value}" for name, value in block.pairs)
        case BlockKind.PARAGRAPH:
            return block.text

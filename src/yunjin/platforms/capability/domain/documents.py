"""Documents: templates that hold together, values that fit them, and what goes on paper."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from yunjin.chassis.papers import blocks as paper
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.errors import Problem
from yunjin.kernel.money import MINOR_MAX, checked_currency, format_minor
from yunjin.platforms.capability.api.documents import (
    BLOCKS_MAX,
    FIELDS_MAX,
    ROWS_MAX,
    VALUE_MAX,
    Block,
    BlockKind,
    Body,
    NewDocumentTemplate,
    TemplateColumn,
    TemplateField,
    Value,
    ValueKind,
)
from yunjin.platforms.capability.domain.filling import NAME, filled, places, places_of
from yunjin.platforms.capability.errors.documents import (
    DocumentTemplateRefused,
    DocumentValuesRefused,
)

TITLE_MAX: Final = 200
TEXT_MAX: Final = 4_000  # characters of a block's text
_COLUMNS_MAX: Final = 12
_PAIRS_MAX: Final = 100
_DIGITS_MAX: Final = 16
_NUMBERS: Final = (ValueKind.AMOUNT, ValueKind.COUNT, ValueKind.RATE)
_SAMPLES: Final = {
    ValueKind.AMOUNT: "1234567",
    ValueKind.COUNT: "12",
    ValueKind.RATE: "43500",
    ValueKind.DATE: "2026-01-31",
}


def check_template(template: NewDocumentTemplate) -> None:
    """Raises: DocumentTemplateRefused, which names the field and why."""
    fields = template.fields
    names = [one.name for one in fields]
    if len(fields) > FIELDS_MAX or len(set(names)) < len(names):
        raise _refused("", "fields", f"at most {FIELDS_MAX} fields, each name once")
    for one in fields:
        _check_field(one)
    langs = [one.lang for one in template.bodies]
    if not langs or len(set(langs)) < len(langs):
        raise _refused("", "languages", "a body, and one a language")
    for body in template.bodies:
        _check_body(body, {one.name: one for one in fields})


def _check_field(field: TemplateField) -> None:
    if not NAME.fullmatch(field.name):
        raise _refused(field.name, "name", "a name of small letters, digits and _")
    if not (0 < len(field.zh) <= 100 and 0 < len(field.en) <= 100 and len(field.sample) <= 200):
        raise _refused(field.name, "words", "words in both languages, of at most 100 characters")
    if (field.kind is ValueKind.CHOICE) != bool(field.choices):
        raise _refused(field.name, "choices", "choices of a choice, and of nothing else")
    if (field.kind is ValueKind.TABLE) != bool(field.columns) or len(field.columns) > _COLUMNS_MAX:
        raise _refused(field.name, "columns", f"1 to {_COLUMNS_MAX} columns of a table")
    for one in field.columns:
        if one.kind in (ValueKind.TABLE, ValueKind.CHOICE) or not (one.zh and one.en):
            raise _refused(field.name, "columns", "columns with words, of single values")
        _check_currency(field.name, one.kind, one.currency)
    _check_currency(field.name, field.kind, field.currency)


def _check_currency(name: str, kind: ValueKind, currency: str) -> None:
    if kind is not ValueKind.AMOUNT:
        return
    try:
        checked_currency(currency)
    except Problem:
        raise _refused(name, "currency", "the currency of an amount") from None


def _check_body(body: Body, fields: Mapping[str, TemplateField]) -> None:
    if not 0 < len(body.title) <= TITLE_MAX or len(body.blocks) > BLOCKS_MAX:
        raise _refused("", "title", f"a title, and at most {BLOCKS_MAX} blocks")
    tables = set()
    for block in body.blocks:
        _check_block(block)
        if block.kind is BlockKind.TABLE:
            found = fields.get(block.text)
            if found is None or found.kind is not ValueKind.TABLE:
                raise _refused(block.text, "no-table", "a field that is a table")
            tables.add(block.text)
    texts = _texts(body)
    for text in texts:
        if places(text) is None:
            raise _refused("", "dollar", f"${{field}} or $$ in {text[:40]!r}, was a lone dollar")
    asked = places_of(texts)
    for name in sorted(asked):
        if name not in fields:
            raise _refused(name, "unknown", f"a declared field in the {body.lang} body")
        if fields[name].kind is ValueKind.TABLE:
            raise _refused(name, "table-in-text", "a table in a block of its own")
    for one in fields.values():
        if one.is_required and one.name not in asked | tables:
            raise _refused(one.name, "unused", f"a place for it in the {body.lang} body")


def _check_block(block: Block) -> None:
    has_pairs = block.kind in (BlockKind.FACTS, BlockKind.SIGNATURES)
    if has_pairs != bool(block.pairs) or len(block.pairs) > _PAIRS_MAX:
        raise _refused("", "pairs", f"1 to {_PAIRS_MAX} pairs of facts or signatures")
    if has_pairs == bool(block.text):
        raise _refused("", "text", f"a text, or pairs, of a {block.kind} block")
    if max(map(len, (block.text, *(text for pair in block.pairs for text in pair)))) > TEXT_MAX:
        raise _refused("", "too-long", f"at most {TEXT_MAX} characters")


def _texts(body: Body) -> list[str]:
    """Return every text of a body that may have places."""
    found = [body.title]
    for block in body.blocks:
        if block.kind is not BlockKind.TABLE:
            found += [block.text, *(text for pair in block.pairs for text in pair)]
    return found


def checked(fields: Sequence[TemplateField], values: Sequence[Value]) -> dict[str, Value]:
    """Return values by name, each as its field wants it; what is optional may be left out.

    Raises: DocumentValuesRefused, which names the field and why.
    """
    given = {one.name: one for one in values}
    if len(given) < len(values):
        raise _unfit("", "twice", "each field once")
    known = {one.name: one for one in fields}
    for name in given:
        if name not in known:
            raise _unfit(name[:40], "unknown", "a field of the template")
    for one in fields:
        value = given.get(one.name)
        if value is None or not (value.rows or value.text.strip()):
            given.pop(one.name, None)
            if one.is_required:
                raise _unfit(one.name, "missing", "a value")
        elif one.kind is ValueKind.TABLE:
            _check_rows(one, value)
        elif value.rows:
            raise _unfit(one.name, "rows", "one value, was rows")
        else:
            written(one, value.text, Lang.ZH)
    return given


def _check_rows(field: TemplateField, value: Value) -> None:
    if value.text or len(value.rows) > ROWS_MAX:
        raise _unfit(field.name, "rows", f"at most {ROWS_MAX} rows")
    for row in value.rows:
        if len(row) != len(field.columns):
            raise _unfit(field.name, "columns", f"rows of {len(field.columns)}, was {len(row)}")
        for column, text in zip(field.columns, row, strict=True):
            _cell(field.name, column, text, Lang.ZH)


def written(field: TemplateField, text: str, lang: Lang) -> str:
    """Return a value as it stands in a document. Raises: DocumentValuesRefused."""
    if field.kind is ValueKind.CHOICE:
        found = next((one for one in field.choices if one.code == text), None)
        if found is None:
            raise _unfit(field.name, "no-choice", "one of the choices")
        return found.zh if lang is Lang.ZH else found.en
    return _written(field.name, field.kind, field.currency, text, lang)


def _cell(name: str, column: TemplateColumn, text: str, lang: Lang) -> str:
    return _written(name, column.kind, column.currency, text, lang) if text else ""


def _written(name: str, kind: ValueKind, currency: str, text: str, lang: Lang) -> str:
    match kind:
        case ValueKind.AMOUNT:
            minor = _integer(name, text, "no-amount", "an amount in minor units")
            return f"{format_minor(minor, currency, grouped=True)} {currency}"
        case ValueKind.COUNT:
            return str(_integer(name, text, "no-count", "a whole number"))
        case ValueKind.RATE:
            ppm = _integer(name, text, "no-rate", "a rate in parts per million")
            return paper.written(ppm, paper.Format.PERCENT, "", grouped=False)
        case ValueKind.DATE:
            try:
                date = dt.date.fromisoformat(text)
            except ValueError:
                raise _unfit(name, "no-date", "a date such as 2026-01-31") from None
            is_chinese = lang is Lang.ZH
            return f"{date.year}年{date.month}月{date.day}日" if is_chinese else date.isoformat()
        case _:
            if len(text) > VALUE_MAX:
                raise _unfit(name, "too-long", f"at most {VALUE_MAX} characters")
            return paper.clean(text)


def _integer(name: str, text: str, why: str, expected: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
        raise _unfit(name, why, expected)
    if abs(int(text)) > MINOR_MAX:
        raise _unfit(name, why, f"{expected} of at most {MINOR_MAX}")
    return int(text)


def laid_out(
    fields: Sequence[TemplateField], body: Body, values: Mapping[str, Value]
) -> tuple[str, list[paper.Block]]:
    """Return a document's title and what goes on paper, of values that were checked."""
    lang = body.lang
    words = {
        one.name: written(one, values[one.name].text, lang) if one.name in values else ""
        for one in fields
        if one.kind is not ValueKind.TABLE
    }
    tables = {one.name: one for one in fields if one.kind is ValueKind.TABLE}
    title = paper.clean(filled(body.title, words))
    if len(title) > TITLE_MAX:
        raise _unfit("", "too-long", f"a title of at most {TITLE_MAX} characters")
    found: list[paper.Block] = []
    for block in body.blocks:
        pairs = tuple((filled(name, words), filled(value, words)) for name, value in block.pairs)
        match block.kind:
            case BlockKind.HEADING:
                found.append(paper.Heading(filled(block.text, words)))
            case BlockKind.PARAGRAPH:
                found.append(paper.Paragraph(filled(block.text, words)))
            case BlockKind.FACTS:
                facts = tuple(paper.Fact(name, value) for name, value in pairs)
                found.append(paper.Facts(facts))
            case BlockKind.TABLE:
                value = values.get(block.text)
                found.append(_table(tables[block.text], value.rows if value else (), lang))
            case BlockKind.SIGNATURES:
                found.append(paper.Signatures(pairs))
    return title, found


def _table(field: TemplateField, rows: Sequence[Sequence[str]], lang: Lang) -> paper.Table:
    columns = tuple(
        paper.Column(
            one.zh if lang is Lang.ZH else one.en,
            paper.Format.FIGURE if one.kind in _NUMBERS else paper.Format.TEXT,
            place,
            1,
        )
        for place, one in enumerate(field.columns)
    )
    cells = [
        tuple(
            _cell(field.name, one, text, lang) for one, text in zip(field.columns, row, strict=True)
        )
        for row in rows
    ]
    return paper.Table(columns, cells)


def with_samples(fields: Sequence[TemplateField], values: Sequence[Value]) -> list[Value]:
    """Return values for a preview: what is given, and samples for what is not."""
    given = {one.name: one for one in values if one.rows or one.text.strip()}
    return [given.get(one.name) or _sample(one) for one in fields]


def _sample(field: TemplateField) -> Value:
    if field.kind is ValueKind.TABLE:
        row = tuple(_SAMPLES.get(one.kind, one.zh) for one in field.columns)
        return Value(name=field.name, rows=(row, row))
    if field.kind is ValueKind.CHOICE:
        return Value(name=field.name, text=field.choices[0].code)
    return Value(name=field.name, text=field.sample or _SAMPLES.get(field.kind, field.zh))


def _refused(name: str, why: str, expected: str) -> DocumentTemplateRefused:
    where = f" at {name[:40]}" if name else ""
    return DocumentTemplateRefused(f"expected {expected}{where}", field=name[:40], why=why)


def _unfit(name: str, why: str, expected: str) -> DocumentValuesRefused:
    where = f" as {name}" if name else ""
    return DocumentValuesRefused(f"expected {expected}{where}", field=name, why=why)

"""Goal: a document says what its template and values say, keeps its hash, and stays once signed.

Method: a loan contract in both languages, read back out of its PDF; values that try to break out;
every command twice.
"""

import dataclasses

import pytest

from tests.foundation.banking.statements.fakes import pages_of
from tests.platforms.capability.papers.conftest import Office
from tests.platforms.capability.papers.forms import FIELDS, GOOD, LOAN, PLAN, body, filled
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.errors import Bug, IdempotencyConflict
from yunjin.platforms.capability.api.documents import (
    Block,
    BlockKind,
    DocumentState,
    NewDocument,
    TemplateField,
    Value,
    ValueKind,
)
from yunjin.platforms.capability.api.tasks import Link
from yunjin.platforms.capability.errors.documents import (
    DocumentNotFound,
    DocumentRefused,
    DocumentTemplateNotFound,
    DocumentTemplateRefused,
    DocumentValuesRefused,
)

PARTY = Link(kind="party", id="P1")


def shown(office: Office, document_id: object) -> str:
    """Return the words of a document's pages, without blanks: runs of a font stand apart."""
    return words_of(office.documents.file(document_id).content)


def words_of(content: bytes) -> str:
    """Return the words of a PDF, without blanks."""
    return "".join("".join("".join(page).split()) for page in pages_of(content))


def test_a_contract_is_made_in_both_languages_and_found_by_what_it_is_about(
    office: Office,
) -> None:
    office.documents.put_template(office.id(), LOAN, by="li")
    wanted = NewDocument(template="loan-contract", values=filled(), links=(PARTY,))
    made = office.documents.make(office.id(), wanted, by="li")
    assert (made.title, made.state, made.version) == ("借款合同：王芳", DocumentState.MADE, 1)
    words = shown(office, made.document_id)
    for text in (
        "一、借款",
        "10,000.00CNY",
        "2026年1月5日",
        "4.3500%",
        "等额本息",
        "5,123.45CNY",
    ):
        assert text in words
    assert "$0" in words
    assert "${" not in words
    english = office.documents.make(
        office.id(), NewDocument(template="loan-contract", values=filled(), lang=Lang.EN)
    )
    assert "Equalinstalments" in shown(office, english.document_id)
    found = office.documents.documents(link=PARTY)
    assert [one.document_id for one in found.items] == [made.document_id]
    assert office.documents.file(made.document_id).digest == made.digest
    assert {one.name: one.text for one in office.documents.values(made.document_id)} == {
        **GOOD,
        "plan": "",
    }


def test_a_document_made_again_is_another_version_and_the_first_is_kept(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    wanted = NewDocument(template="loan-contract", values=filled())
    made = office.documents.make(office.id(), wanted)
    command_id = office.id()
    for _ in range(2):
        again = office.documents.remake(command_id, made.document_id, filled(amount="2000000"))
        assert again.version == 2
    assert "20,000.00" in shown(office, made.document_id)
    first = office.documents.file(made.document_id, 1)
    assert first.digest == made.digest
    assert [one.what for one in office.documents.history(made.document_id)] == ["made", "made"]
    with pytest.raises(DocumentNotFound):
        office.documents.file(made.document_id, 3)


def test_a_template_that_changes_leaves_what_was_made_of_it(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    command_id, wanted = office.id(), NewDocument(template="loan-contract", values=filled())
    first = office.documents.make(command_id, wanted)
    extra = TemplateField(name="branch", kind=ValueKind.TEXT, zh="网点", en="Branch")
    bodies = tuple(
        dataclasses.replace(
            body(lang),
            blocks=(Block(kind=BlockKind.PARAGRAPH, text="${branch}"), *body(lang).blocks),
        )
        for lang in Lang
    )
    newer = dataclasses.replace(LOAN, fields=(*FIELDS, extra), bodies=bodies)
    assert office.documents.put_template(office.id(), newer).version == 2
    assert office.documents.make(command_id, wanted) == first  # its first answer
    with pytest.raises(DocumentValuesRefused) as refused:
        office.documents.make(office.id(), wanted)
    assert refused.value.facts == {"field": "branch", "why": "missing"}
    assert office.documents.remake(office.id(), first.document_id, filled()).template_version == 1
    assert [one.version for one in office.documents.templates("loan-contract")] == [2, 1]
    assert [one.version for one in office.documents.templates()] == [2]


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"amount": "12.50"}, "amount", "no-amount"),
        ({"amount": "９"}, "amount", "no-amount"),
        ({"since": "5 January"}, "since", "no-date"),
        ({"method": "never"}, "method", "no-choice"),
        ({"rate": ""}, "rate", "missing"),
        ({"speed": "1"}, "speed", "unknown"),
        ({"note": "x" * 2_001}, "note", "too-long"),
        ({"borrower": "长" * 200}, "", "too-long"),  # the title
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(
    office: Office, changes: dict[str, str], field: str, why: str
) -> None:
    office.documents.put_template(office.id(), LOAN)
    wanted = NewDocument(template="loan-contract", values=filled(**changes))
    for act in (office.documents.check, lambda one: office.documents.make(office.id(), one)):
        with pytest.raises(DocumentValuesRefused) as refused:
            act(wanted)
        assert refused.value.facts == {"field": field, "why": why}


def paragraph(text: str) -> object:
    """Return the contract with another paragraph in its Chinese body."""
    blocks = (*body(Lang.ZH).blocks, Block(kind=BlockKind.PARAGRAPH, text=text))
    return dataclasses.replace(LOAN, bodies=(dataclasses.replace(body(Lang.ZH), blocks=blocks),))


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (paragraph("${nobody}"), "unknown"),
        (paragraph("${plan}"), "table-in-text"),
        (paragraph("$amount"), "dollar"),
        (paragraph("${amount.__class__}"), "dollar"),
        (paragraph("${Amount}"), "dollar"),
        (dataclasses.replace(LOAN, bodies=()), "languages"),
        (dataclasses.replace(LOAN, bodies=(body(Lang.ZH), body(Lang.ZH))), "languages"),
        (dataclasses.replace(LOAN, fields=(*FIELDS, FIELDS[0])), "fields"),
        (
            dataclasses.replace(
                LOAN,
                fields=(*FIELDS, dataclasses.replace(FIELDS[0], name="nowhere")),
            ),
            "unused",
        ),
        (
            dataclasses.replace(
                LOAN,
                fields=tuple(
                    dataclasses.replace(one, currency="") if one.name == "amount" else one
                    for one in FIELDS
                ),
            ),
            "currency",
        ),
    ],
)
def test_a_template_that_does_not_hold_together_is_refused(
    office: Office, template: object, why: str
) -> None:
    with pytest.raises(DocumentTemplateRefused) as refused:
        office.documents.put_template(office.id(), template)
    assert refused.value.facts["why"] == why
    assert office.documents.templates() == []


def test_hostile_values_stay_what_they_are(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    hostile = "${amount} $$ <b>x</b> \\) Tj (y {0} %s\n二、免责\u202e999"
    made = office.documents.make(
        office.id(), NewDocument(template="loan-contract", values=filled(note=hostile))
    )
    words = shown(office, made.document_id)
    assert "${amount}$$<b>x</b>" in words
    assert "{0}%s二、免责999" in words  # in one line: no heading of its own, nothing backwards
    assert "\u202e" not in words


def test_a_signed_document_never_changes(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    made = office.documents.make(
        office.id(), NewDocument(template="loan-contract", values=filled())
    )
    signed = office.documents.sign_by_hand(office.id(), made.document_id, "B2026/17", by="li")
    assert (signed.state, signed.evidence_id) == (DocumentState.SIGNED, "B2026/17")
    for act in (
        lambda: office.documents.remake(office.id(), made.document_id, filled()),
        lambda: office.documents.sign_by_hand(office.id(), made.document_id, "x", by="li"),
    ):
        with pytest.raises(DocumentRefused) as refused:
            act()
        assert refused.value.facts["why"] == "signed"
    void = office.documents.void(office.id(), made.document_id, "写错", by="li")
    assert (void.state, void.why, void.digest) == (DocumentState.VOID, "写错", made.digest)
    with pytest.raises(DocumentRefused):
        office.documents.void(office.id(), made.document_id, "再来", by="li")


def test_links_come_and_go(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    made = office.documents.make(
        office.id(), NewDocument(template="loan-contract", values=filled(), links=(PARTY,))
    )
    payment = Link(kind="payment", id="p-1")
    for _ in range(2):
        office.documents.link(office.id(), made.document_id, payment)
    assert len(office.documents.documents(link=payment).items) == 1
    after = office.documents.unlink(office.id(), made.document_id, PARTY)
    assert after.links == (payment,)
    assert office.documents.documents(link=PARTY).items == ()


def test_a_command_sent_again_acts_once_and_another_under_its_id_is_refused(
    office: Office,
) -> None:
    office.documents.put_template(office.id(), LOAN)
    command_id = office.id()
    wanted = NewDocument(template="loan-contract", values=filled())
    assert office.documents.make(command_id, wanted) == office.documents.make(command_id, wanted)
    with pytest.raises(IdempotencyConflict):
        office.documents.make(
            command_id, NewDocument(template="loan-contract", values=filled(amount="1"))
        )
    assert len(office.documents.documents().items) == 1


def test_a_preview_shows_samples_where_nothing_is_given(office: Office) -> None:
    content = office.documents.preview(LOAN, Lang.ZH, [Value(name="borrower", text="样例客户")])
    words = words_of(content)
    assert "样例客户" in words
    assert "12,345.67CNY" in words
    assert office.documents.templates() == []
    only_chinese = dataclasses.replace(LOAN, bodies=(body(Lang.ZH),))
    with pytest.raises(DocumentTemplateNotFound):
        office.documents.preview(only_chinese, Lang.EN)


def test_lists_go_on_from_a_cursor(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    made = [
        office.documents.make(
            office.id(), NewDocument(template="loan-contract", values=filled())
        ).document_id
        for _ in range(5)
    ]
    found, cursor = [], None
    while True:
        page = office.documents.documents(limit=2, cursor=cursor)
        found += [one.document_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == made[::-1]


def test_bytes_that_were_touched_are_found_out(office: Office) -> None:
    import sqlalchemy as sa

    from yunjin.platforms.capability.store.document_tables import document_files

    office.documents.put_template(office.id(), LOAN)
    made = office.documents.make(
        office.id(), NewDocument(template="loan-contract", values=filled())
    )
    change = sa.update(document_files).values(content=b"%PDF-1.4 another")
    office.made.ground.room.run(lambda work: work.connection.execute(change))
    with pytest.raises(Bug):
        office.documents.file(made.document_id)


def test_rows_of_a_table_must_have_its_columns(office: Office) -> None:
    office.documents.put_template(office.id(), LOAN)
    for rows, why in (((("1", "2026-02-05"),), "columns"), ((("1", "x", "2"),), "no-date")):
        values = [*filled()[:-1], dataclasses.replace(PLAN, rows=rows)]
        with pytest.raises(DocumentValuesRefused) as refused:
            office.documents.check(NewDocument(template="loan-contract", values=tuple(values)))
        assert refused.value.facts == {"field": "plan", "why": why}

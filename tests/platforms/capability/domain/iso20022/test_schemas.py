"""Goal: what we write is valid by the standard's own schemas. Method: write in each version there
is an XSD of, with everything told and with as little as may be, and have libxml2 validate it.
"""

from pathlib import Path

import pytest
from lxml import etree

from tests.data import shared_data
from tests.platforms.capability.domain.iso20022 import made
from yunjin.platforms.capability.domain.iso20022.account_tables import STATEMENTS
from yunjin.platforms.capability.domain.iso20022.accounts import write_account_report
from yunjin.platforms.capability.domain.iso20022.orders import OrderGroup, write_order


def complaints(content: bytes, schema: str) -> list[str]:
    """Return what a schema has to say against a message."""
    path: Path = shared_data("iso20022") / schema
    checked = etree.XMLSchema(etree.parse(str(path)))
    checked.validate(etree.fromstring(content))
    return [f"line {error.line}: {error.message}" for error in checked.error_log]


BARE = OrderGroup(
    payment_information_id="P-2",
    method="TRF",
    execution_date=made.DAY,
    debtor_name="Somebody",
    debtor_iban=made.iban(1),
)


@pytest.mark.parametrize("version", [3, 9])
def test_an_order_is_valid_by_its_schema(version: int) -> None:
    lines = made.wages(
        4,
        group=[0, 0, 1, 1],
        creditor_town=["Suzhou", None, None, None],
        creditor_country=["CN", None, "DE", None],
        creditor_bic=[None, "ICBKCNBJXXX", None, None],
        creditor_lei=["5493001KJTIIGC8Y1R12", None, None, None],
        uetr=[None, made.UETR.format(1), None, None],
        charge_bearer=[None, "SLEV", None, None],
        purpose=["SALA", None, None, None],
        remittance=["one\ntwo", None, "<&> 'quoted'", None],
        remittance_reference=["RF18539007547034", None, None, None],
        ultimate_creditor_name=[None, "Child", None, None],
        ultimate_debtor_name=[None, None, "Parent", None],
    )
    content = write_order(made.order(lines, made.GROUP, BARE), version=version)
    assert complaints(content, f"pain001/pain.001.001.{version:02}.xsd") == []


@pytest.mark.parametrize("version", [2, 8])
@pytest.mark.parametrize("is_batch", [False, True], ids=["single", "batch"])
def test_a_statement_is_valid_by_its_schema(version: int, is_batch: bool) -> None:
    content = write_account_report(made.report(STATEMENTS, is_batch=is_batch), version=version)
    assert complaints(content, f"camt/camt.053.001.{version:02}.xsd") == []


def test_the_schema_would_complain(tmp_path: Path) -> None:
    wrong = made.order_file().replace(b"<PmtMtd>TRF</PmtMtd>", b"")
    [said, *_] = complaints(wrong, "pain001/pain.001.001.09.xsd")
    assert "PmtMtd" in said

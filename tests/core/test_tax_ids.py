"""Ids of traders: their published forms, and every way of not being one that changes one character."""

from __future__ import annotations

import pytest

from wms.core import tax_ids

# One of each form that VIES lists; not of anybody.
VAT = [
    "ATU12345678", "BE0123456789", "BG123456789", "BG1234567890", "CY12345678X", "CZ12345678", "CZ1234567890",
    "DE123456789", "DK12345678", "EE123456789", "EL123456789", "ESX1234567X", "ES12345678Z", "FI12345678",
    "FRXX123456789", "FR12345678901", "HR12345678901", "HU12345678", "IE1234567WA", "IE1+23456A", "IT12345678901",
    "LT123456789", "LT123456789012", "LU12345678", "LV12345678901", "MT12345678", "NL123456789B01", "PL1234567890",
    "PT123456789", "RO12", "RO1234567890", "SE123456789001", "SI12345678", "SK1234567890", "GB123456789",
    "GB123456789012", "GBGD123", "GBHA599", "XI123456789", "CHE123456789MWST", "NO123456789MVA", "GB123456789012",
]  # fmt: skip
EORI = [
    "FR12345678901234", "GB123456789012", "GB123456789012000", "XI123456789012", "PL1", "GR123456789",
]  # fmt: skip
IOSS = [
    "IM2760000742", "IM3720000224", "IM5280002556",
]  # fmt: skip


@pytest.mark.parametrize("number", VAT)
def test_a_vat_id_has_the_form_of_its_country(number: str) -> None:
    assert tax_ids.is_vat_id(number)
    assert tax_ids.is_vat_id(tax_ids.plain(f" {number[:2].lower()} {number[2:5]}.{number[5:]}"))


@pytest.mark.parametrize(
    "number",
    ["", "DE", "DE12345678", "DE1234567890", "DE12345678A", "12DE3456789", "FRIO123456789", "SE123456789002", "GBHA499",
     "GBGD599", "ATX12345678", "DE１２３４５６７８９", "DE123456789\n"],
)  # fmt: skip
def test_what_has_not_is_none(number: str) -> None:
    assert not tax_ids.is_vat_id(number)


@pytest.mark.parametrize("number", EORI)
def test_an_eori_number_is_of_the_union_or_britain(number: str) -> None:
    assert tax_ids.is_eori(number)


@pytest.mark.parametrize("number", ["", "DE", "DE1234567890123456", "US123456789", "GB12345678901", "DE12 34", "DE12é"])
def test_another_is_none(number: str) -> None:
    assert not tax_ids.is_eori(number)


@pytest.mark.parametrize("number", IOSS)
def test_an_ioss_number_names_a_member_state(number: str) -> None:
    assert tax_ids.is_ioss(number)
    for place in range(len(number)):
        assert not tax_ids.is_ioss(number[:place] + "X" + number[place + 1 :])
        assert not tax_ids.is_ioss(number[:place] + number[place + 1 :])


@pytest.mark.parametrize("number", ["IM1560000742", "IM8400000742", "IN2760000742", "im2760000742"])
def test_not_of_a_state_outside(number: str) -> None:
    assert not tax_ids.is_ioss(number)


def test_a_masked_id_does_not_tell_the_rest() -> None:
    for number in (*VAT, *EORI, *IOSS):
        shown = tax_ids.masked(number)
        assert len(shown.replace("…", "")) <= max(0, len(number) - 3) and number not in shown

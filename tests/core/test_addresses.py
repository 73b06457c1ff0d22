"""Addresses that look wrong, in the format of where they go; every country's example is right by its own rule."""

from __future__ import annotations

import pytest

from wms.core.addresses import NO_POSTCODES, NUMBERED_STREETS, POSTCODES, STATE_WANTED, STATES, warnings_of
from wms.core.countries import COUNTRIES

GOOD = {"name": "A", "city": "B", "address1": "Street 1"}


def codes(**given: str | None) -> list[tuple[str, str]]:
    return [(each.field, each.code) for each in warnings_of({**GOOD, **given})]


@pytest.mark.parametrize("country", sorted(POSTCODES))
def test_each_countrys_example_passes_and_others_do_not(country: str) -> None:
    state = {"US": "NY", "CA": "ON", "AU": "NSW"}.get(country, "S" if country in STATE_WANTED else None)
    example = POSTCODES[country][1]
    assert codes(country=country, postcode=example, state=state) == []
    assert codes(country=country, postcode=example.lower().replace(" ", ""), state=state) == []
    assert codes(country=country, postcode="", state=state) == [("postcode", "address_postcode_missing")]
    for wrong in ("X", "12", "1234567890", f"{example}9", f"Ü{example}"):
        assert codes(country=country, postcode=wrong, state=state) == [("postcode", "address_postcode_form")], wrong


@pytest.mark.parametrize(
    ("country", "postcode", "is_good"),
    [
        ("US", "94105-1804", True), ("US", "9410", False), ("CA", "K1A0B1", True), ("CA", "D1A 0B1", False),
        ("GB", "EC1A 1BB", True), ("GB", "M1 1AE", True), ("GB", "W1A0AX", True), ("GB", "QQ1 1AA", False),
        ("ES", "53001", False), ("ES", "52001", True), ("NL", "0123 AB", False), ("DE", "D-10115", True),
        ("DE", "DE-10115", True), ("IE", "A65 F4E2", True), ("IE", "B65 F4E2", False), ("JP", "1000001", True),
        ("LV", "1010", False), ("BR", "01310100", True),
    ],
)  # fmt: skip
def test_postcodes_as_people_write_them(country: str, postcode: str, is_good: bool) -> None:
    found = codes(country=country, postcode=postcode, state={"US": "CA", "CA": "ON", "BR": "SP"}.get(country))
    assert found == ([] if is_good else [("postcode", "address_postcode_form")])


@pytest.mark.parametrize("country", sorted(STATES))
def test_states_by_code_and_by_name(country: str) -> None:
    postcode = POSTCODES[country][1]
    for each in STATES[country].split("|"):
        code, name = each.split(" ", 1)
        for written in (code, code.lower(), name, name.upper()):
            assert codes(country=country, postcode=postcode, state=written) == [], written
    assert codes(country=country, postcode=postcode, state=None) == [("state", "address_state_missing")]
    assert codes(country=country, postcode=postcode, state="Bavaria") == [("state", "address_state_unknown")]


def test_streets_and_boxes() -> None:
    assert codes(country="DE", postcode="10115", address1="Invalidenstraße") == [
        ("address1", "address_no_house_number")
    ]
    assert codes(country="DE", postcode="10115", address1="Hof", address2="Nr. 4") == []
    assert codes(country="GB", postcode="SW1A 1AA", address1="The Old Rectory") == []
    for box in ("PO Box 12", "P.O. Box 12", "Postfach 3", "Packstation 101", "Apartado de Correos 5"):
        assert ("address1", "address_po_box") in codes(country="DE", postcode="10115", address1=box), box
    assert codes(country="DE", postcode="10115", address1="Postboxstraße 1") == []


@pytest.mark.parametrize("country", [*sorted(NO_POSTCODES), "ZW", ""])
def test_where_nothing_is_known_nothing_is_said(country: str) -> None:
    assert codes(country=country, postcode=None) == []
    assert codes(country=country, postcode="anything", state="") == []


@pytest.mark.parametrize(
    ("country", "found", "meant"),
    [("UK", "address_country_meant", "GB"), ("EL", "address_country_meant", "GR"), ("XX", "address_country_unknown", None),
     ("EU", "address_country_unknown", None)],
)  # fmt: skip
def test_a_code_of_no_country(country: str, found: str, meant: str | None) -> None:
    (warning,) = warnings_of({**GOOD, "country": country, "postcode": "SW1A 1AA"})
    assert (warning.field, warning.code, warning.params.get("meant")) == ("country", found, meant)
    assert country not in COUNTRIES and (meant is None or meant in COUNTRIES)


def test_what_was_forgotten_is_no_fault() -> None:
    assert warnings_of({"country": "", "name": None}) == []
    assert COUNTRIES.issuperset({*POSTCODES, *NO_POSTCODES, *STATE_WANTED, *NUMBERED_STREETS})

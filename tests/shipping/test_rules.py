"""Waybill numbers in each scheme."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.core.checkdigits import CheckDigitError
from wms.shipping.models import ManifestState, ParcelState, ShipmentState
from wms.shipping.rules import NumberForm, capacity, form_fault, is_valid_number, write_number
from wms.shipping.workflow import MANIFEST, PARCEL, SHIPMENT

PLAIN = NumberForm("plain", "HC")
S10 = NumberForm("s10", "LX", country="DE")
SSCC = NumberForm("sscc", "4012345", extension=3)


def test_numbers_are_written_with_their_check_character():
    assert write_number(PLAIN, 1)[:12] == "HC0000000001"
    assert write_number(S10, 12345678) == "LX123456785DE"
    assert write_number(SSCC, 1)[:17] == "34012345000000001"
    assert [len(write_number(form, 7)) for form in (PLAIN, S10, SSCC)] == [13, 13, 18]


@given(st.integers(0, 99_999_999))
def test_what_is_written_is_valid_and_a_wrong_digit_is_found(serial: int):
    for form in (PLAIN, S10, SSCC):
        number = write_number(form, serial)
        assert is_valid_number(form, number)
        wrong = number[:8] + str((int(number[8]) + 1) % 10) + number[9:]
        assert not is_valid_number(form, wrong)


@pytest.mark.parametrize(("form", "room"), [(PLAIN, 10**10), (S10, 10**8), (SSCC, 10**9)])
def test_a_form_has_room_for_so_many_numbers_and_not_one_more(form, room):
    assert capacity(form) == room
    write_number(form, room - 1)
    with pytest.raises(CheckDigitError):
        write_number(form, room)


def test_a_number_of_another_form_is_not_valid():
    assert not is_valid_number(PLAIN, write_number(S10, 5))
    assert not is_valid_number(PLAIN, write_number(NumberForm("plain", "HD"), 5))
    assert not is_valid_number(S10, write_number(NumberForm("s10", "LX", country="CN"), 5))
    assert not is_valid_number(PLAIN, "")


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        (PLAIN, None), (S10, None), (SSCC, None),
        (NumberForm("plain", "hc"), "range_prefix"), (NumberForm("plain", "HOUSE"), "range_prefix"),
        (NumberForm("other", "HC"), "range_prefix"), (NumberForm("s10", "LX"), "range_country"),
        (NumberForm("s10", "LX1"), "range_prefix"), (NumberForm("sscc", "4012345"), "range_extension"),
        (NumberForm("sscc", "401", extension=0), "range_prefix"),
    ],
)  # fmt: skip
def test_faulty_forms_are_named(form, fault):
    assert form_fault(form) == fault


def test_the_last_states_are_final():
    assert SHIPMENT.final_states() == {ShipmentState.VOIDED}
    assert PARCEL.final_states() == {ParcelState.VOIDED}
    for flow in (SHIPMENT, PARCEL):  # what was handed over only comes off the load again
        assert [action for action in flow.moves if flow.permitted(action, "handed_over")] == ["take_off"]
    assert MANIFEST.final_states() == {ManifestState.CLOSED}

"""Numbers as carriers published them, and that every other check digit is doubtful."""

from __future__ import annotations

import pytest

from wms.shipping.number_formats import FORMATS, is_doubtful

# Published test numbers, and for formats without a check their shape.
RIGHT = {
    "s10": ["RR123456785CN"],
    "usps": ["9400111206206406260787", "9200190132607600833457", "9101026837331000039521", "01026837331000039521",
             "420101189400111206206406260787", "03071790000523483741", "LZ123456785US"],
    "ups": ["1Z5R89390357567127", "1Z879E930346834440"],
    "fedex": ["986578788855", "477179081230", "041441760228964", "9611020987654312345672"],
    "dhl_express": ["3318810025", "73891051146", "JJD0099999999"],
    "canada_post": ["0073938000549297", "CX123456785CA"],
    "purolator": ["320595463938"],
    "sscc": ["095287654321012346", "00095287654321012346"],
    "dpd": ["09980000020033F", "09980000020033"],
    "yunexpress": ["YT2229521272164446"],
    "4px": ["4PX3000123456789CN"],
    "sf": ["SF1234567890123", "123456789012"],
    "gofo": ["GFUS01234567890123"],
    "amazon": ["TBA123456789012"],
    "ontrac": ["C11031500001879", "C10999911320231", "D10011354453707"],
    "china_post": ["RR123456785CN", "9876543210123"],
    "yanwen": ["UA123456789YP", "1234567890"],
}  # fmt: skip
ALL = [(name, number) for name, numbers in RIGHT.items() for number in numbers]
# Numbers whose last digit checks the others; of 20 digits USPS has two kinds, so that two digits pass.
_LAST = ("usps", "ups", "fedex", "canada_post", "purolator", "sscc", "ontrac")
CHECKED = [pair for pair in ALL if (pair[0] in _LAST or pair[1] == "3318810025") and len(pair[1]) != 20]


def test_every_format_has_its_numbers():
    assert RIGHT.keys() == FORMATS.keys()


@pytest.mark.parametrize(("name", "number"), ALL)
def test_a_published_number_is_not_doubtful(name: str, number: str):
    assert not is_doubtful(name, number)


@pytest.mark.parametrize(("name", "number"), CHECKED)
def test_nine_of_ten_last_digits_are_doubtful(name: str, number: str):
    others = [f"{number[:-1]}{digit}" for digit in "0123456789" if digit != number[-1]]
    assert [each for each in others if not is_doubtful(name, each)] == []


def test_s10_by_its_ninth_digit():
    assert [digit for digit in "0123456789" if not is_doubtful("s10", f"RR12345678{digit}CN")] == ["5"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "number", ["", " ", "X", "0", "１２３４５６７８９０１２", "1Z", "\n", "9" * 60, "ÄÖÜ", "1z5r89390357567127"]
)
def test_anything_at_all_may_be_asked(name: str, number: str):
    assert is_doubtful(name, number)


def test_a_carrier_that_names_no_format_is_not_judged():
    assert not is_doubtful(None, "anything") and not is_doubtful("unheard", "anything")

"""Every worked example of the number formats, and what the formatters refuse."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.core import checkdigits as cd

EXAMPLES = [
    (cd.s10_check_digit, "12345678", "5"),
    (cd.gs1_check_digit, "940011120620640626078", "7"),
    (cd.gs1_check_digit, "920019013260760083345", "7"),
    (cd.gs1_check_digit, "910102683733100003952", "1"),
    (cd.gs1_check_digit, "0307179000052348374", "1"),
    (cd.ups_1z_check_digit, "5R8939035756712", "7"),
    (cd.ups_1z_check_digit, "879E93034683444", "0"),
    (cd.fedex_express_check_digit, "98657878885", "5"),
    (cd.fedex_express_check_digit, "47717908123", "0"),
    (cd.gs1_check_digit, "04144176022896", "4"),
    (cd.gs1_check_digit, "98765431234567", "2"),
    (cd.mod7_check_digit, "331881002", "5"),
    (cd.mod7_check_digit, "7389105114", "6"),
    (cd.gs1_check_digit, "09528765432101234", "6"),
    (cd.gs1_check_digit, "37613032110910342", "0"),
    (cd.gs1_check_digit, "690123456789", "2"),
    (cd.gs1_check_digit, "061414100001", "2"),
    (cd.mod37_36_check, "09980000020033", "F"),
    (cd.gs1_check_digit, "007393800054929", "7"),
    (cd.luhn_check_digit, "32059546393", "8"),
    (cd.iso6346_check_digit, "CSQU305438", "3"),
    (cd.mod7_check_digit, "1234567", "5"),
]


@pytest.mark.parametrize(("function", "payload", "check"), EXAMPLES)
def test_published_examples(function: Callable[[str], str], payload: str, check: str) -> None:
    assert function(payload) == check


def test_s10_of_ten_and_eleven() -> None:
    assert {cd.s10_check_digit(f"{n:08d}") for n in range(200)} == set("0123456789")
    assert cd.s10_check_digit("00000000") == "5"


def test_valid_numbers() -> None:
    assert cd.is_valid_gtin("6901234567892")
    assert cd.is_valid_gtin("0614141000012")
    assert cd.is_valid_gtin("96385074")
    assert cd.is_valid_s10("RR123456785CN")
    assert cd.is_valid_sscc("095287654321012346")
    assert cd.is_valid_gln("9528765432108")
    assert cd.is_valid_mod37_36("09980000020033F")
    assert cd.is_valid_iso6346("CSQU3054383")


@pytest.mark.parametrize("code", ["", "6901234567893", "690123456789", "6901234567892 ", "٦٩٠١٢٣٤٥٦٧٨٩٢", "²" * 8])
def test_gtins_that_are_none(code: str) -> None:
    assert not cd.is_valid_gtin(code)


@pytest.mark.parametrize("code", ["rr123456785CN", "RR123456784CN", "RR12345678CN", "ÄÄ123456785CN"])
def test_s10_that_are_none(code: str) -> None:
    assert not cd.is_valid_s10(code)


def test_formatting() -> None:
    assert cd.format_s10("RR", 12345678, "CN") == "RR123456785CN"
    assert cd.sscc(0, "9528765", 432101234) == "095287654321012346"
    assert cd.sscc(3, "7613032", 110910342) == "376130321109103420"


@given(st.integers(0, 9), st.from_regex(r"[0-9]{4,12}", fullmatch=True), st.integers(0, 9999))
def test_every_sscc_made_is_valid(extension: int, prefix: str, serial: int) -> None:
    assert cd.is_valid_sscc(cd.sscc(extension, prefix, serial))


@given(st.integers(0, 99_999_999))
def test_every_s10_made_is_valid(serial: int) -> None:
    assert cd.is_valid_s10(cd.format_s10("LX", serial, "GB"))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: cd.gs1_check_digit("12a"), "not_digits"),
        (lambda: cd.gs1_check_digit(""), "not_digits"),
        (lambda: cd.s10_check_digit("1234567"), "bad_length"),
        (lambda: cd.format_s10("R", 1, "CN"), "bad_length"),
        (lambda: cd.format_s10("R1", 1, "CN"), "not_alphanumeric"),
        (lambda: cd.format_s10("RR", 100_000_000, "CN"), "out_of_range"),
        (lambda: cd.format_s10("RR", -1, "CN"), "out_of_range"),
        (lambda: cd.sscc(10, "9528765", 1), "out_of_range"),
        (lambda: cd.sscc(0, "123", 1), "bad_length"),
        (lambda: cd.sscc(0, "952876543210", 10_000), "out_of_range"),
        (lambda: cd.mod37_36_check("a"), "not_alphanumeric"),
        (lambda: cd.iso6346_check_digit("CSQU30543"), "bad_length"),
        (lambda: cd.ups_1z_check_digit("1"), "bad_length"),
    ],
)
def test_refusals_have_codes(call: Callable[[], str], code: str) -> None:
    with pytest.raises(cd.CheckDigitError) as caught:
        call()
    assert caught.value.code == code


@given(st.text(max_size=40))
def test_validators_take_any_text(text: str) -> None:
    validators = (cd.is_valid_gtin, cd.is_valid_gln, cd.is_valid_s10, cd.is_valid_sscc)
    for validator in (*validators, cd.is_valid_mod37_36, cd.is_valid_iso6346):
        assert validator(text) in (True, False)


def test_mod37_36_misses_a_transposition() -> None:
    """Why our own codes do not use it."""
    pairs = [(a, b) for a in cd.ALPHANUMERIC for b in cd.ALPHANUMERIC if a < b]
    missed = [p for p in pairs if cd.mod37_36_check("L" + p[0] + p[1]) == cd.mod37_36_check("L" + p[1] + p[0])]
    assert len(missed) == 1

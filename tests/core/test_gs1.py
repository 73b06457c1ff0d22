"""GS1 element strings."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.core.barcodes import BarcodeError, Gs1, parse_gs1
from wms.core.gs1 import _FORMATS

GTIN = "06901234567892"
LABELS = [
    f"]C101{GTIN}17261200" + "10LOT-7\x1d37144",
    f"01{GTIN}1726120010LOT-7|37144",
    f"]d201{GTIN}1726120010LOT-7{{GS}}37144",
    f"\x1d01{GTIN}1726120010LOT-7\x1d37144\x1d",
    f"(01){GTIN}(17)261200(10)LOT-7(37)144",
    f" (01) {GTIN} (17) 261200 (10) LOT-7 (37) 144\r\n",
]


def read(text: str, year: int = 2026) -> Gs1:
    result = parse_gs1(text, year=year)
    assert isinstance(result, Gs1), result
    return result


@pytest.mark.parametrize("label", LABELS)
def test_one_label_in_all_its_forms(label: str) -> None:
    gs1 = read(label)
    assert dict(gs1.values) == {"01": GTIN, "17": "261200", "10": "LOT-7", "37": "144"}
    assert (gs1.gtin, gs1.lot, gs1.count, gs1.expiry) == (GTIN, "LOT-7", 144, date(2026, 12, 31))


def test_other_elements() -> None:
    gs1 = read("]C100095287654321012346")
    assert gs1.sscc == "095287654321012346"
    assert read("]C1800826010123").dates == {"8008": date(2026, 1, 1)}
    assert read("(240)A/1(410)9528765432108").values["410"] == "9528765432108"


def test_measures() -> None:
    gs1 = read(f"01{GTIN}31020015503303000999421276D70")
    assert gs1.measure("310") == Decimal("15.50")
    assert gs1.measure("330") == Decimal("0.999")
    assert gs1.measure("311") is None
    assert gs1.values["421"] == "276D70"


@pytest.mark.parametrize(
    ("text", "ai", "value"),
    [
        ("17261231" + "10L1\x1d712123456.7", "712", "123456.7"),  # a medicine of Spain
        ("10L1\x1d71012345678", "710", "12345678"),  # of Germany
        ("10L1\x1d3922001295\x1d3103000750", "3103", "000750"),
        ("340200150037144", "37", "144"),  # pounds end themselves, as kilograms do
        ("3610001234" + "3502000012", "3502", "000012"),
        ("3932978001295\x1d21S1", "3932", "978001295"),
        ("8200https://example.com/a\x1d21S1", "21", "S1"),
        ("7007260101260103\x1d10A", "7007", "260101260103"),
        ("255952876543210812345\x1d10A", "255", "952876543210812345"),
        ("7030276ES12345\x1d10A", "7030", "276ES12345"),
        ("8006069012345678920102\x1d10A", "8006", "069012345678920102"),
    ],
)
def test_no_identifier_in_use_makes_a_label_unreadable(text: str, ai: str, value: str) -> None:
    """One that is not known would refuse all of it: such a product's code could not be scanned at all."""
    gs1 = read(f"]d201{GTIN}{text}")
    assert (gs1.gtin, gs1.values[ai]) == (GTIN, value)


def test_identifiers_are_read_in_one_way_only() -> None:
    """None begins with another one, and those of predefined length are as their first two digits say (section 7.8)."""
    lengths = dict.fromkeys(["01", "02", "03"], 14) | dict.fromkeys(["11", "12", "13", "15", "16", "17"], 6)
    lengths |= {"00": 18, "20": 2, "41": 13} | dict.fromkeys(["31", "32", "33", "34", "35", "36"], 6)
    for ai, wanted in _FORMATS.items():
        assert not [other for other in _FORMATS if other != ai and other.startswith(ai)]
        assert wanted.ends_itself == (ai[:2] in lengths)
        assert not wanted.ends_itself or wanted.longest == lengths[ai[:2]]


def test_brackets_inside_a_value() -> None:
    assert read("(10)A(99999)B").lot == "A(99999)B"
    assert read("(10)A(B)").lot == "A(B)"


@pytest.mark.parametrize(
    ("year", "two", "full"),
    [
        (2026, 76, 2076),
        (2026, 77, 1977),
        (2026, 25, 2025),
        (2051, 0, 2100),
        (2099, 49, 2149),
        (2051, 2, 2002),
    ],
)
def test_century(year: int, two: int, full: int) -> None:
    """At most 50 years ahead, at most 49 behind."""
    assert read(f"17{two:02d}0115", year).expiry == date(full, 1, 15)


def test_what_expires_within_a_day_expires_on_that_day() -> None:
    """Fresh food and some medicines say the hour, too (7003)."""
    assert read("15261231" + "70032611301830").expiry == date(2026, 11, 30)


def test_last_day_of_the_month() -> None:
    assert read("17280200").expiry == date(2028, 2, 29)
    assert read("15270200").expiry == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "gs1_empty"),
        ("]C1", "gs1_empty"),
        ("\x1d\x1d", "gs1_empty"),
        ("hello", "gs1_unknown_ai"),
        ("()", "gs1_unknown_ai"),
        ("(99999)1", "gs1_unknown_ai"),
        ("0106901234567893", "gs1_bad_check_digit"),
        ("00095287654321012347", "gs1_bad_check_digit"),
        ("4109528765432105", "gs1_bad_check_digit"),
        ("01690123456789", "gs1_bad_length"),
        ("10", "gs1_bad_length"),
        ("10" + "A" * 21, "gs1_bad_length"),
        ("(01)6901234567892", "gs1_bad_length"),
        ("0106901234567A92", "gs1_bad_character"),
        ("10LÖT", "gs1_bad_character"),
        ("37٣", "gs1_bad_character"),
        ("421D70276", "gs1_bad_character"),
        ("17261301", "gs1_bad_date"),
        ("17260001", "gs1_bad_date"),
        ("17260230", "gs1_bad_date"),
        ("800826010124", "gs1_bad_date"),
        ("800826010012", "gs1_bad_date"),
        ("10A\x1d10B", "gs1_conflict"),
        ("10" + "A" * 300, "scan_too_long"),
    ],
)
def test_refusals_have_codes(text: str, code: str) -> None:
    result = parse_gs1(text, year=2026)
    assert isinstance(result, BarcodeError) and result.code == code


def test_same_element_twice_is_fine() -> None:
    assert read("10A\x1d10A").lot == "A"


pieces = st.sampled_from(["01", GTIN, "10", "(", ")", "17", "260200", "\x1d", "|", "{GS}", "]C1", "8008", "3102", "٣"])


@given(st.one_of(st.text(max_size=260), st.lists(pieces, max_size=12).map("".join)), st.integers(1990, 2150))
def test_any_text_gives_a_value(text: str, year: int) -> None:
    assert isinstance(parse_gs1(text, year=year), BarcodeError | Gs1)

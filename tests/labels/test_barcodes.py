"""Symbols: what comes out reads as what went in, and what is wrong is refused, never repaired."""

from __future__ import annotations

import random

import numpy as np
import pytest
import zxingcpp
from barcode.codex import Code128
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labels import LabelRefused, encode
from labels.barcodes import code128_modules
from labels.code128_reader import UnreadableBarsError, read_code128
from labels.gs1 import check_digit, element_string, parse_elements
from tests.labels.reading import read_gs1

digits = st.text("0123456789", min_size=1, max_size=24)
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)
with_controls = st.text(st.characters(max_codepoint=127), min_size=1, max_size=30)
# Runs of one kind after another walk through every change of code set.
code_set_changes = st.lists(
    st.one_of(
        digits,
        st.text("abc{}", min_size=1, max_size=4),
        st.text("\x00\x1f\t", min_size=1, max_size=4),
        st.text("AZ -", min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=6,
).map("".join)


def scan(modules: str, symbology: zxingcpp.BarcodeFormat) -> list[zxingcpp.Barcode]:
    """Read modules as an image, three pixels a module, ten modules of quiet zone."""
    line = np.repeat(
        np.array([255] * 10 + [0 if module == "1" else 255 for module in modules] + [255] * 10, dtype=np.uint8),
        3,
    )
    return list(zxingcpp.read_barcodes(np.tile(line, (40, 1)), formats=zxingcpp.BarcodeFormats([symbology])))


@settings(max_examples=300, deadline=None)
@given(st.one_of(printable, with_controls, code_set_changes, digits.map("99".__add__)))
@example("99")
@example("9")
@example("990")
@example("99A")
@example("9999999999")
@example("99" + "\x01a" * 4)
@example("~")
@example("Z" * 80)
@example("9" * 80)
def test_code128_reads_back_whatever_the_content(content: str) -> None:
    [symbol] = scan(code128_modules(content), zxingcpp.BarcodeFormat.Code128)
    assert symbol.bytes == content.encode("ascii")


def test_the_guard_against_99_is_still_needed_and_its_reader_notices() -> None:
    """Once the library is right this fails, and the guard may go."""
    wrong = Code128("9912345").build()[0]
    assert read_code128(wrong) != "9912345"
    assert read_code128(code128_modules("9912345")) == "9912345"


def test_a_symbol_that_reads_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labels.barcodes._HonestCode128._try_to_optimize", Code128._try_to_optimize)
    with pytest.raises(LabelRefused) as refused:
        code128_modules("9987654")
    assert refused.value.code == "symbol_not_readable"


def test_the_reader_rejects_every_flipped_module() -> None:
    modules = code128_modules("Az09-17")
    for place, module in enumerate(modules):
        spoiled = modules[:place] + ("0" if module == "1" else "1") + modules[place + 1 :]
        with pytest.raises(UnreadableBarsError):
            read_code128(spoiled)


def test_the_reader_rejects_swapped_characters() -> None:
    modules = code128_modules("ABCD")
    swapped = modules[:11] + modules[22:33] + modules[11:22] + modules[33:]
    with pytest.raises(UnreadableBarsError, match="check"):
        read_code128(swapped)


RETAIL = {
    "ean13": (12, zxingcpp.BarcodeFormat.EAN13),
    "ean8": (7, zxingcpp.BarcodeFormat.EAN8),
    "upca": (11, zxingcpp.BarcodeFormat.UPCA),
    "itf14": (13, zxingcpp.BarcodeFormat.ITF),
}


@pytest.mark.parametrize("symbology", RETAIL)
def test_numbers_with_check_digits(symbology: str) -> None:
    length, reader = RETAIL[symbology]
    chance = random.Random(symbology)
    for _ in range(30):
        payload = "".join(chance.choices("0123456789", k=length))
        right = check_digit(payload)
        modules = _modules_of(encode(symbology, payload + right).path, encode(symbology, payload + right).width)
        [symbol] = scan(modules, reader)
        assert symbol.text.removeprefix("0" * (len(symbol.text) - length - 1)) == payload + right
        for wrong in set("0123456789") - {right}:
            with pytest.raises(LabelRefused) as refused:
                encode(symbology, payload + wrong)
            assert (refused.value.code, refused.value.params["expected"]) == ("wrong_check_digit", right)


def _modules_of(path: str, width: int) -> str:
    """The modules of a linear symbol, from its PDF rectangles."""
    modules = ["0"] * width
    for rectangle in path.splitlines():
        left, bottom, dark, height, operator = rectangle.split()
        assert (bottom, height, operator) == ("0", "1", "re")
        modules[int(left) : int(left) + int(dark)] = "1" * int(dark)
    return "".join(modules)


@pytest.mark.parametrize("number", ["690123456789", "69012345678921", "69012345678９2", "", "690123456789X"])
def test_ean13_wants_thirteen_digits(number: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        encode("ean13", number)
    assert refused.value.code in {"not_digits", "empty", "too_long"}


def test_check_digits_published_by_others() -> None:
    """reference/overseas-warehouse.md §10.1."""
    assert check_digit("690123456789") == "2"
    assert check_digit("061414100001") == "2"
    assert check_digit("37613032110910342") == "0"
    assert check_digit("09528765432101234") == "6"


def test_code39_has_no_character_nobody_asked_for() -> None:
    symbol = encode("code39", "ABC-12")
    [read] = scan(_modules_of(symbol.path, symbol.width), zxingcpp.BarcodeFormat.Code39)
    assert read.text == "ABC-12"
    with pytest.raises(LabelRefused, match="bad_characters"):
        encode("code39", "abc")


@pytest.mark.parametrize(
    "content",
    [
        "(00)376130321109103420",
        "(01)09521234543213(10)AB99(21)99X1",
        "(02)09521234543213(37)24(10)9",
        "(21)99",
    ],
)
def test_gs1_128(content: str) -> None:
    symbol = encode("gs1_128", content)
    [read] = scan(_modules_of(symbol.path, symbol.width), zxingcpp.BarcodeFormat.Code128)
    assert read.symbology_identifier == "]C1"
    assert read.text == content


@pytest.mark.parametrize("symbology", ["gs1_datamatrix", "gs1_qr"])
@pytest.mark.parametrize(
    "content",
    ["(01)09521234543213(10)AB99(21)99X1", "(10)A%B(21)1", "(00)376130321109103420", "(01)09521234543213(17)280930"],
)
def test_gs1_matrices_carry_the_separator(symbology: str, content: str) -> None:
    """Read by rxing, which did not write them."""
    symbol = encode(symbology, content)
    pixels = np.full((symbol.height + 8, symbol.width + 8), 255, dtype=np.uint8)
    for rectangle in symbol.path.splitlines():
        left, bottom, dark = map(int, rectangle.split()[:3])
        pixels[symbol.height + 3 - bottom, left + 4 : left + 4 + dark] = 0
    assert read_gs1(np.kron(pixels, np.ones((4, 4), dtype=np.uint8))) == element_string(
        parse_elements(content), separator="\x1d"
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("376130321109103420", "bad_element_string"),
        ("(00)376130321109103421", "wrong_check_digit"),
        ("(00)3761303211091034", "bad_element_data"),
        ("(98)1", "unknown_identifier"),
        ("(10)" + "A" * 21, "bad_element_data"),
        ("(10)a b", "bad_element_data"),
        ("(10)", "bad_element_string"),
        ("(10)" + "A" * 20 + "(21)" + "B" * 20 + "(400)12345", "too_long"),
    ],
)
def test_gs1_refusals(content: str, code: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        parse_elements(content)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("symbology", "content", "code"),
    [
        ("code128", "", "empty"),
        ("code128", "A\tB", "control_character"),
        ("code128", "A" * 81, "too_long"),
        ("code128", "库位", "bad_characters"),
        ("qr", "库位", "bad_characters"),
        ("datamatrix", "A\nB", "bad_characters"),
        ("aztec", "A", "unknown_symbology"),
    ],
)
def test_encode_refusals(symbology: str, content: str, code: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        encode(symbology, content)
    assert refused.value.code == code

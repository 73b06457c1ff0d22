"""Our own codes, commands and scan cleaning."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.core.barcodes import (
    SCANNER_TEST,
    BarcodeError,
    Command,
    OwnBarcode,
    OwnCode,
    Scan,
    ScannerFault,
    check_scanner,
    format_own,
    is_own,
    normalise_scan,
    parse_command,
    parse_own,
)
from wms.core.checkdigits import ALPHANUMERIC, house_check

BODIES = ["A-03-12-2", "01", "WMS7", "Q-X.9", "ZZ-99-99-9", "4XK3Q8WJ2M5N7P0RTVYZ6BCDFH"]
body_text = st.from_regex(r"[A-Z0-9]([A-Z0-9.-]{0,20}[A-Z0-9])?", fullmatch=True)
kinds = st.sampled_from(OwnCode)


def test_the_example_of_our_documents() -> None:
    assert format_own(OwnCode.LOCATION, "a-03-12-2") == "L-A-03-12-2-K"
    assert parse_own("l-a-03-12-2-k") == OwnBarcode(OwnCode.LOCATION, "A-03-12-2", "K")


@given(kinds, body_text)
def test_round_trip(kind: OwnCode, body: str) -> None:
    code = format_own(kind, body)
    parsed = parse_own(code)
    assert parsed is not None and (parsed.kind, parsed.body, parsed.text) == (kind, body, code)
    assert is_own(code) and is_own(code.lower())


@pytest.mark.parametrize("kind", OwnCode)
@pytest.mark.parametrize("body", BODIES)
def test_every_single_substitution_is_seen(kind: OwnCode, body: str) -> None:
    code = format_own(kind, body)
    for place, old in enumerate(code):
        for new in ALPHANUMERIC if old.isalnum() else "":
            assert new == old or parse_own(code[:place] + new + code[place + 1 :]) is None


@pytest.mark.parametrize("kind", OwnCode)
@pytest.mark.parametrize("body", BODIES)
def test_every_adjacent_transposition_is_seen(kind: OwnCode, body: str) -> None:
    """Neighbours in the code, and neighbours once the hyphens are left out (A-0|3-1|2)."""
    code = format_own(kind, body)
    places = [place for place, character in enumerate(code) if character.isalnum()]
    for left, right in itertools.pairwise(places):
        swapped = list(code)
        swapped[left], swapped[right] = code[right], code[left]
        if right - left == 1 or {left, right} & {0, len(code) - 1}:
            assert swapped == list(code) or parse_own("".join(swapped)) is None


def test_all_pairs_in_all_states() -> None:
    """The algebra, not a sample: in every state every pair, swap, twin and jump changes the check."""
    for first in ALPHANUMERIC:
        checks = {a + b: house_check(first + a + b) for a in ALPHANUMERIC for b in ALPHANUMERIC}
        for a, b in itertools.permutations(ALPHANUMERIC, 2):
            assert checks[a + b] != checks[b + a]
            assert checks[a + a] != checks[b + b]
        assert all(len({checks[a + b] for b in ALPHANUMERIC}) == 36 for a in ALPHANUMERIC)
        assert all(len({checks[a + b] for a in ALPHANUMERIC}) == 36 for b in ALPHANUMERIC)
    for a, b in itertools.permutations(ALPHANUMERIC, 2):
        assert house_check(a + "7" + b) != house_check(b + "7" + a)
        assert house_check(a + "7" + a) != house_check(b + "7" + b)


@given(kinds, body_text)
def test_check_character_and_its_neighbour_swapped(kind: OwnCode, body: str) -> None:
    code = format_own(kind, body)
    assert code[-1] == code[-3] or parse_own(code[:-3] + code[-1] + "-" + code[-3]) is None


@pytest.mark.parametrize("wrong", ["L-A03-12-2-K", "L-A-0-312-2-K", "L-A-031-22-K", "L-A-03122-K", "L-A-0312-2-K"])
def test_moved_and_dropped_hyphens_are_seen(wrong: str) -> None:
    assert parse_own(wrong) is None


@given(kinds, body_text, st.data())
def test_most_dropped_characters_are_seen(kind: OwnCode, body: str, data: st.DataObject) -> None:
    """One in 36 may slip through; the resolver still has to know the code. Here: never the same meaning."""
    code = format_own(kind, body)
    place = data.draw(st.integers(0, len(code) - 1))
    parsed = parse_own(code[:place] + code[place + 1 :])
    assert parsed is None or parsed.text != code


def test_dropped_characters_of_the_examples() -> None:
    seen = missed = 0
    for kind, body in itertools.product(OwnCode, BODIES):
        code = format_own(kind, body)
        for place in range(len(code)):
            shorter = parse_own(code[:place] + code[place + 1 :])
            seen, missed = seen + (shorter is None), missed + (shorter is not None)
    assert missed <= (seen + missed) / 18


@pytest.mark.parametrize("text", ["T-SHIRT-01", "L-", "L--K", "X-A-1", "B-52", "S-", "", "ſ-A-1", "P-ı-I"])
def test_sellers_codes_that_are_not_ours(text: str) -> None:
    assert not is_own(text)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "own_empty"),
        ("A_1", "own_bad_character"),
        ("A 1", "own_bad_character"),
        ("ß", "own_bad_character"),
        ("货", "own_bad_character"),
        ("-A", "own_bad_ends"),
        ("A.", "own_bad_ends"),
        ("A" * 41, "own_too_long"),
    ],
)
def test_bodies_refused(body: str, code: str) -> None:
    with pytest.raises(BarcodeError) as caught:
        format_own(OwnCode.TOTE, body)
    assert caught.value.code == code


def test_commands() -> None:
    names = ["OK", "UNDO", "SKIP", "SHORT", "FULL", "EMPTY", "NOTEMPTY", "PRINT", "REPRINT", "DAMAGE", "HELP"]
    names += ["BACK", "LOGOUT", "WHOLE"]
    assert [parse_command(f"CMD-{name}") for name in names] == [Command(name) for name in names]
    assert parse_command(" cmd-qty-12 ") == Command("QTY", 12)
    assert parse_command("CMD-QTY-0") == Command("QTY", 0)
    for text in ("CMD-", "CMD-QTY", "CMD-QTY-", "CMD-QTY-1234567", "CMD-QTY--1", "CMD-QTY-٣", "CMD-NO", "OK"):
        assert parse_command(text) is None and not is_own(text)
    assert is_own("CMD-OK") and is_own(SCANNER_TEST)


@pytest.mark.parametrize(
    ("raw", "scan"),
    [
        ("ABC\r\n", Scan("ABC")),
        ("\tabc-1 \n", Scan("abc-1")),
        ("]E06901234567892", Scan("6901234567892", "E0")),
        ("]C10106901234567892\x1d10A", Scan("0106901234567892\x1d10A", "C1")),
        ("]d2{GS}10A", Scan("\x1d10A", "d2")),
        ("l-a-03-12-2-k", Scan("L-A-03-12-2-K")),
        ("Ｌ－Ａ－０３－１２－２－Ｋ", Scan("L-A-03-12-2-K")),
        ("L—A—03—12—2—K", Scan("L-A-03-12-2-K")),
        ("cmd-qty-3", Scan("CMD-QTY-3")),
        ("t-shirt-01", Scan("t-shirt-01")),
        ("样品-红", Scan("样品-红")),
        (SCANNER_TEST, Scan(SCANNER_TEST)),
    ],
)
def test_scans_cleaned(raw: str, scan: Scan) -> None:
    assert normalise_scan(raw) == scan


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "scan_empty"),
        (" \r\n", "scan_empty"),
        ("]C1", "scan_empty"),
        ("\x1d", "scan_empty"),
        ("A\x00B", "scan_control_character"),
        ("A\nB", "scan_control_character"),
        ("A\ud800", "scan_control_character"),
        ("A\x85", "scan_control_character"),
        ("A" * 257, "scan_too_long"),
    ],
)
def test_scans_refused(raw: str, code: str) -> None:
    result = normalise_scan(raw)
    assert isinstance(result, BarcodeError) and result.code == code


def test_gs1_scans_are_known() -> None:
    assert Scan("0106901234567892", "C1").is_gs1
    assert Scan("(01)06901234567892").is_gs1
    assert not Scan("(new) box").is_gs1
    assert not Scan("0106901234567892").is_gs1


def test_scanner_card() -> None:
    assert check_scanner(SCANNER_TEST + "\r") == ()
    assert check_scanner(SCANNER_TEST.swapcase()) == (ScannerFault.CAPS_LOCK,)
    assert check_scanner("TEST:QWqwzaZz0189-_/|.") == (ScannerFault.KEYBOARD_LAYOUT,)
    assert check_scanner("ＴＥＳＴ：AZazqQwW0189-_/|.") == (ScannerFault.INPUT_METHOD,)
    assert check_scanner("6901234567892") is None


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_is_taken(text: str) -> None:
    result = normalise_scan(text)
    assert isinstance(result, BarcodeError | Scan)
    if isinstance(result, Scan):
        again = normalise_scan(result.text)
        assert isinstance(again, BarcodeError) or result.text.startswith("]") or again.text == result.text
    parse_own(text)
    parse_command(text)
    check_scanner(text)

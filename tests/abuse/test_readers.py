"""The readers of what comes from outside (scans, GS1 element strings, order books) against whatever Hypothesis makes up.

Only declared errors, what is written is read back, and a megabyte costs work in proportion: counted in calls of Python
functions and looked-at pieces, never timed.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sys
import types
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.abuse.values import DEEP
from wms.core.barcodes import (
    MAX_LENGTH,
    BarcodeError,
    Gs1,
    OwnCode,
    Scan,
    format_own,
    is_own,
    looks_like_gs1,
    normalise_scan,
    parse_command,
    parse_gs1,
    parse_own,
)
from wms.core.checkdigits import gs1_check_digit
from wms.core.gs1 import _FORMATS
from wms.core.refusals import Refused
from wms.demo.orderbook import OrderBook, OrderBookError, read_order_book
from wms.demo.table import COLUMNS
from wms.floor.resolver import Kind, Scope, resolve

EXAMPLES = 10 * int(os.environ["WMS_FUZZ"]) if DEEP else 100
MEGABYTE = 1_000_000
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# --- work, counted


def work_of(run: Callable[[], Any]) -> int:
    """Calls of Python and C functions that this takes, and lines of Python that it runs."""
    counted = 0

    def trace(_frame: types.FrameType, event: str, _argument: Any) -> Any:
        nonlocal counted
        counted += 1
        return trace

    former, profile = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(lambda frame, event, argument: trace(frame, event, argument) and None)
    try:
        run()
    finally:
        sys.settrace(former)
        sys.setprofile(profile)
    return counted


# --- scans

scanned = st.one_of(
    st.text(max_size=300),
    st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")),
    st.lists(
        st.sampled_from(["]C1", "]E0", "\x1d", "{GS}", "|", "(01)", "L-", "T-", "CMD-", "QTY-", "-", "09501101530003", "17",
                         "991231", "10", "２", "ー", " ", "\r\n", "\x00", "\ud800", "A", "K", "²", "TEST:"]),
        max_size=20,
    ).map("".join),
)  # fmt: skip


@often
@given(scanned)
@example("]C1" * 80)
@example("{GS}" * 64)
@example("\u3000" * 256)
def test_a_scan_is_clean_or_refused_by_a_code(raw: str) -> None:
    scan = normalise_scan(raw)
    if isinstance(scan, BarcodeError):
        assert scan.code in {"scan_empty", "scan_too_long", "scan_control_character"}
        return
    assert len(scan.text) <= MAX_LENGTH
    scan.text.encode("utf-8")
    assert "\x00" not in scan.text
    for read in (parse_own, parse_command, is_own, looks_like_gs1):
        read(scan.text)


@often
@given(st.sampled_from(list(OwnCode)), st.from_regex(r"[A-Z0-9]([A-Z0-9.-]{0,38}[A-Z0-9])?", fullmatch=True))
def test_what_we_print_is_what_a_scanner_reads(kind: OwnCode, body: str) -> None:
    printed = format_own(kind, body)
    full_width = "".join(chr(ord(each) + 0xFEE0) for each in printed)
    for sent in (
        printed,
        printed.lower(),
        f"]C0{printed}\r\n",
        full_width,
        printed.replace("-", "‐"),
        f"  {printed}\t",
    ):
        scan = normalise_scan(sent)
        assert isinstance(scan, Scan)
        own = parse_own(scan.text)
        assert own is not None
        assert (own.kind, own.body, own.text) == (kind, body, printed)


@often
@given(
    scanned, st.lists(st.sampled_from([each for each in Kind if each is not Kind.COMMAND]), max_size=3), st.booleans()
)
def test_the_resolver_finds_or_refuses(cast, db_session, raw: str, kinds: list[Kind], owned: bool) -> None:
    refused = None
    try:
        resolve(raw, Scope(cast.overseas.id, cast.ACME.id if owned else None), kinds)
    except Refused as refusal:
        refused = refusal.code
    assert refused in {None, "scan_unreadable", "scan_unknown", "scan_wrong_kind", "scan_ambiguous"}


def test_a_megabyte_at_the_scanner_costs_nothing(cast, db_session) -> None:
    """The length is looked at first: ten times as much to refuse takes the same work."""
    for piece in ("x", "]C1", "\x1d", "(01)", "L-A-", "{GS}", "０"):
        small, large = piece * (MEGABYTE // 10 // len(piece)), piece * (MEGABYTE // len(piece))
        for read in (
            normalise_scan,
            lambda text: parse_gs1(text, year=2026),
            lambda text: unreadable(text, Scope(cast.overseas.id)),
        ):
            read(small)
            assert (
                work_of(lambda read=read, large=large: read(large))
                <= work_of(lambda read=read, small=small: read(small)) + 50
            )


def unreadable(raw: str, scope: Scope) -> None:
    with pytest.raises(Refused) as refused:
        resolve(raw, scope, [Kind.PRODUCT])
    assert refused.value.code == "scan_unreadable"


# --- GS1


def value_of(ai: str) -> st.SearchStrategy[str]:
    wanted = _FORMATS[ai]
    if wanted.rule == "check":
        digits = st.text("0123456789", min_size=wanted.longest - 1, max_size=wanted.longest - 1)
        return digits.map(lambda text: text + gs1_check_digit(text))
    if wanted.rule == "date":
        day = st.dates(date(1980, 1, 1), date(2070, 12, 31)).map(lambda found: found.strftime("%y%m%d"))
        more = {"7003": "0815", "8008": "081500"}.get(ai, "")
        return day.map(lambda text: text + more)
    if wanted.rule == "country":
        return st.from_regex(r"[0-9]{3}[0-9A-Z]{1,9}", fullmatch=True)
    alphabet = "0123456789" if wanted.numeric else "ABCXYZabcxyz0123456789-_/.,+*%"
    return st.text(alphabet, min_size=wanted.shortest, max_size=min(wanted.longest, 20))


elements = st.lists(st.sampled_from(sorted(_FORMATS)), min_size=1, max_size=6, unique=True).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(ai), value_of(ai)) for ai in names))
)


@often
@given(elements)
def test_what_a_label_says_is_read_back_in_every_form(pairs: tuple[tuple[str, str], ...]) -> None:
    raw = "".join(ai + value + ("" if _FORMATS[ai].ends_itself else "\x1d") for ai, value in pairs)
    printed = "".join(f"({ai}){value}" for ai, value in pairs)
    for text in (f"]C1{raw}", raw, raw.replace("\x1d", "|"), raw.replace("\x1d", "{GS}"), printed):
        if len(text) > MAX_LENGTH:
            continue
        found = parse_gs1(text, year=2026)
        assert isinstance(found, Gs1), (text, found)
        assert dict(found.values) == dict(pairs)
        assert found.dates.keys() == {ai for ai, _ in pairs if _FORMATS[ai].rule == "date"}


@often
@given(elements, st.integers(0, 400), st.text(max_size=2))
def test_a_label_with_a_wrong_piece_is_read_or_refused_by_a_code(
    pairs: tuple[tuple[str, str], ...], place: int, wrong: str
) -> None:
    raw = "\x1d".join(ai + value for ai, value in pairs)
    spoilt = raw[: place % (len(raw) + 1)] + wrong + raw[place % (len(raw) + 1) + 1 :]
    found = parse_gs1(spoilt, year=2026)
    if isinstance(found, BarcodeError):
        assert found.code == "scan_too_long" or found.code.startswith("gs1_")
    else:
        assert all(ai in _FORMATS for ai in found.values)


# --- order books

BOOK_REFUSALS = {"not_text", "empty", "missing_columns", "duplicate_columns", "too_large"}
HEADER = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
cells = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "C1", "1", "-1", "0", "1,000", "1.000,5", "1e9", "NaN", "31/12/2099", "29/2/2023", "0/0/0",
                     "1/1/0001 99:99", "٣", "²", '"', '""', "=1+1", "\ufeff", "\x85", "\u2028", "9" * 40, "\x0b"]),
)  # fmt: skip


def written(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([HEADER, *rows])
    return out.getvalue()


def checked(book: OrderBook) -> None:
    assert book.lines_read == book.lines_ordered + book.lines_returned + book.lines_refused
    sold = {(order.invoice, line.line_no): line.quantity for order in book.orders for line in order.lines}
    for each in (part for found in book.returns for line in found.lines for part in line.taken):
        sold[each.sale_invoice, each.sale_line_no] -= each.quantity
    assert min(sold.values(), default=0) >= 0


@often
@given(
    st.lists(st.lists(cells, min_size=6, max_size=9), max_size=12),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "cp1252"]),
    st.binary(max_size=3),
    st.integers(0, 10_000),
)
def test_any_table_is_read_to_the_last_line_or_refused(
    rows: list[list[str]], delimiter: str, encoding: str, noise: bytes, place: int
) -> None:
    data = written(rows, delimiter).encode(encoding, "replace")
    data = data[: place % (len(data) + 1)] + noise + data[place % (len(data) + 1) :]
    try:
        checked(read_order_book(data))
    except OrderBookError as error:
        assert error.code in BOOK_REFUSALS  # noqa: PT017


PIECES = {
    "quotes": '"', "open quotes": '"a\n', "separators": ";", "line ends": "\n", "returns": "\r", "one field": "x",
    "a quote and text": '1;"A;', "balanced": '"";', "pairs": '""\n', "a line": '1;A;x;1;1/1/2024;1;9;France\n',
    "open line": '1;"A;x;1;1/1/2024;1;9;France\n', "cancelled": "C1;A;x;-1;1/1/2024;1;9;France\n", "blanks": " \t",
}  # fmt: skip


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_a_megabyte_of_anything_costs_work_in_proportion(piece: str) -> None:
    """Twice as much of it takes at most two and a half times the work, and never more than so much for a character."""

    def read(size: int) -> None:
        data = (";".join(COLUMNS) + "\n" + piece * (size // len(piece))).encode()
        with contextlib.suppress(OrderBookError):
            checked(read_order_book(data))

    size = MEGABYTE if DEEP else 20_000
    half, whole = work_of(lambda: read(size // 2)), work_of(lambda: read(size))
    assert whole <= 2.5 * half + 5_000
    assert whole <= 120 * size  # a quote that stays open is looked for in ten further lines, each time anew

"""The text of an order book as typed rows: encodings, delimiters, quotes, numbers, dates.

`read_rows` gives one `Row` or one `Refusal` for every record after the header, in the order of the file, and
raises `OrderBookError` only where there is no table to read. It never guesses between two readings of one
number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_RECORD: Final = 100_000  # characters; below the limit of the csv module
MAX_JOINED: Final = 10  # lines that one quoted field may span
COLUMNS: Final = (
    "invoiceno",
    "stockcode",
    "description",
    "quantity",
    "invoicedate",
    "unitprice",
    "customerid",
    "country",
)
_ALIASES: Final = {"invoice": "invoiceno", "price": "unitprice"}
_LONGEST: Final = dict(zip(COLUMNS, (64, 64, 1000, 64, 64, 64, 64, 100), strict=True))

_QUANTITY: Final = re.compile(r"([+-]?[0-9]{1,30})(?:[.,]0{1,2})?")
_PLAIN: Final = re.compile(r"[+-]?(?:[0-9]{1,15}(?:[.,][0-9]{0,12})?|[.,][0-9]{1,12})")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){1,4}\.[0-9]{1,12}|(?:\.[0-9]{3}){1,4},[0-9]{1,12})")
_CLOCK: Final = r"(?:[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?)?"
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})" + _CLOCK)
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})" + _CLOCK)
_WHOLE: Final = re.compile(r"([0-9]+)[.,]0+")


class OrderBookError(Exception):
    """There is no order book in this. `code`: `not_found`, `unreadable`, `too_large`, `not_text`, `empty`,
    `missing_columns` (columns), `duplicate_columns` (columns); `params` for the message."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, str | int] = params


class Reason(StrEnum):
    """Why a line is refused; stable codes."""

    WRONG_FIELDS = "wrong_number_of_fields"
    UNBALANCED_QUOTE = "unbalanced_quote"
    FIELD_TOO_LONG = "field_too_long"
    UNPRINTABLE = "unprintable"
    MISSING_INVOICE = "missing_invoice"
    MISSING_CODE = "missing_code"
    BAD_QUANTITY = "bad_quantity"
    BAD_PRICE = "bad_price"
    BAD_DATE = "bad_date"
    NOT_GOODS = "not_goods"
    ZERO_QUANTITY = "zero_quantity"
    NEGATIVE_SALE = "negative_sale"
    POSITIVE_CANCELLATION = "positive_cancellation"
    ABSURD_QUANTITY = "absurd_quantity"
    NEGATIVE_PRICE = "negative_price"
    ABSURD_PRICE = "absurd_price"
    ABSURD_DATE = "absurd_date"
    OTHER_CUSTOMER = "other_customer"
    NO_SALE_TO_RETURN = "no_sale_to_return"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is neither ordered nor returned."""

    line_no: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Row:
    """A readable line: `quantity` signed, `price_minor` in hundredths (rounded half up), `at` the book's
    local time.
    """

    line_no: int
    invoice: str
    code: str
    description: str
    quantity: int
    at: datetime
    price_minor: int
    customer: str | None
    country: str


def clean(text: str) -> str:
    """Without blanks at the ends, runs of blanks as one."""
    return " ".join(text.split())


def read_rows(source: Path | str | bytes) -> list[Row | Refusal]:
    """Every record after the header as a row or a refusal. Raises `OrderBookError`."""
    lines = re.split(r"\r\n|\n|\r", _decode(source if isinstance(source, bytes) else _load(Path(source))))
    header_at = next((number for number, line in enumerate(lines) if line.strip()), None)
    if header_at is None:
        raise OrderBookError("empty")
    delimiter, places, width = _header(lines[header_at])
    rows: list[Row | Refusal] = []
    for line_no, record in _records(lines, header_at + 1, delimiter, width):
        if isinstance(record, Reason):
            rows.append(Refusal(line_no, record))
        else:
            rows.append(_row(line_no, {name: record[place] for name, place in places.items()}))
    return rows


def _load(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OrderBookError("too_large", limit=MAX_BYTES)
        return path.read_bytes()
    except FileNotFoundError:
        raise OrderBookError("not_found", path=str(path)) from None
    except (OSError, ValueError):  # ValueError: a NUL in the path
        raise OrderBookError("unreadable", path=str(path)) from None


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise OrderBookError("too_large", limit=MAX_BYTES)
    data = data.removeprefix(b"\xef\xbb\xbf")
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise OrderBookError("not_text")


def _split(record: str, delimiter: str) -> list[str] | None:
    """The fields of one record; None if its quotes do not balance."""
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True), [""])
    except csv.Error:
        return None


def _header(line: str) -> tuple[str, dict[str, int], int]:
    """The delimiter under which every column is found, where each stands, how many fields a record has."""
    if len(line) > MAX_RECORD:
        raise OrderBookError("missing_columns", columns=", ".join(COLUMNS))
    fewest: list[str] = list(COLUMNS)
    for delimiter in ";,\t":
        names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in _split(line, delimiter) or []]
        names = [_ALIASES.get(name, name) for name in names]
        missing = [column for column in COLUMNS if column not in names]
        if not missing:
            twice = [column for column in COLUMNS if names.count(column) > 1]
            if twice:
                raise OrderBookError("duplicate_columns", columns=", ".join(twice))
            return delimiter, {column: names.index(column) for column in COLUMNS}, len(names)
        fewest = min(fewest, missing, key=len)
    raise OrderBookError("missing_columns", columns=", ".join(fewest))


def _records(lines: Sequence[str], start: int, delimiter: str, width: int) -> Iterator[tuple[int, list[str] | Reason]]:
    """(line number, fields or refusal) of each record; a quote that never closes spoils its own line only."""
    at = start
    while at < len(lines):
        line, line_no, at = lines[at], at + 1, at + 1
        if not line.strip(" \t" if delimiter != "\t" else " "):
            continue
        if len(line) > MAX_RECORD:
            yield line_no, Reason.FIELD_TOO_LONG
            continue
        fields = _split(line, delimiter)
        if fields is None and line.count(delimiter) == width - 1:
            fields = line.split(delimiter)  # a quotation mark that is meant as one
        if fields is None:
            fields, extra = _joined(lines, line_no - 1, delimiter, width)
            at += extra
        if fields is None:
            yield line_no, Reason.UNBALANCED_QUOTE
        else:
            yield line_no, fields if len(fields) == width else Reason.WRONG_FIELDS


def _joined(lines: Sequence[str], first: int, delimiter: str, width: int) -> tuple[list[str] | None, int]:
    """A record whose quoted field holds line ends: its fields and how many further lines it took."""
    record = lines[first]
    for extra, line in enumerate(lines[first + 1 : first + 1 + MAX_JOINED], start=1):
        record += "\n" + line
        if len(record) > MAX_RECORD:
            break
        fields = _split_lines(record, delimiter) if record.count('"') % 2 == 0 else None
        if fields is not None and len(fields) == width:
            return fields, extra
    return None, 0


def _split_lines(record: str, delimiter: str) -> list[str] | None:
    try:
        parsed = list(csv.reader(re.findall(r"[^\n]*\n|[^\n]+", record), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return parsed[0] if len(parsed) == 1 else None


def _row(line_no: int, values: Mapping[str, str]) -> Row | Refusal:
    cleaned = {name: clean(value) for name, value in values.items()}
    invoice, code = cleaned["invoiceno"].upper(), cleaned["stockcode"].upper()
    quantity, price = _quantity(cleaned["quantity"]), _price(cleaned["unitprice"])
    at = _moment(cleaned["invoicedate"])
    reason = None
    if any(len(value) > _LONGEST[name] for name, value in cleaned.items()):
        reason = Reason.FIELD_TOO_LONG
    elif not all(value.isprintable() for value in cleaned.values()):
        reason = Reason.UNPRINTABLE
    elif not invoice:
        reason = Reason.MISSING_INVOICE
    elif not code:
        reason = Reason.MISSING_CODE
    elif quantity is None:
        reason = Reason.BAD_QUANTITY
    elif price is None:
        reason = Reason.BAD_PRICE
    elif at is None:
        reason = Reason.BAD_DATE
    if reason is not None or quantity is None or price is None or at is None:
        return Refusal(line_no, reason or Reason.WRONG_FIELDS)
    customer = _WHOLE.sub(r"\1", cleaned["customerid"].upper()) or None
    return Row(line_no, invoice, code, cleaned["description"], quantity, at, price, customer, cleaned["country"])


def _quantity(text: str) -> int | None:
    """A whole number; `6,0` and `6.00` are 6, `1,000` is refused because it may be one or a thousand."""
    match = _QUANTITY.fullmatch(text)
    return int(match[1]) if match else None


def _price(text: str) -> int | None:
    """Hundredths, half up. One separator is the decimal one (0,001 is a price here); of two kinds, the last
    is.
    """
    if _PLAIN.fullmatch(text):
        number = text.replace(",", ".")
    elif _GROUPED.fullmatch(text):
        point = max(text.rfind("."), text.rfind(","))
        number = re.sub(r"[.,]", "", text[:point]) + "." + text[point + 1 :]
    else:
        return None
    return int((Decimal(number) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _moment(text: str) -> datetime | None:
    """`1/12/2010 08:26`, `01.12.2010`, `1-12-10`: day first; `2010-12-01 08:26` cannot be misread."""
    match = _DAY_FIRST.fullmatch(text)
    if match:
        day, _, month, year, *clock = match.groups()
        year = year if len(year) == 4 else f"20{year}"
    else:
        match = _YEAR_FIRST.fullmatch(text)
        if not match:
            return None
        year, month, day, *clock = match.groups()
    hour, minute, second = (int(part or 0) for part in clock)
    try:
        return datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        return None

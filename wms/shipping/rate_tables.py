"""A rate card as the table that the office keeps in a spreadsheet, and back. Pure.

Rows of four kinds: `setting` (name currency, days, divisor, step_g, longest_mm or cutoff; its value in `value`), `zone`
(country, prefix, zone), `price` (zone, up_to_g, amount) and `surcharge` (name, amount or percent, and its conditions zone,
over_g, longer_mm). Amounts are written as people write them, 4.20.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from wms.core.money import EXPONENTS, minor_of
from wms.core.refusals import FieldError, invalid_fields
from wms.shipping.rates import Price, RateCard, Surcharge, Zone

COLUMNS = ("kind", "name", "value", "country", "prefix", "zone", "up_to_g", "amount", "percent", "over_g", "longer_mm")
MOST_ROWS = 5000
MOST_FAULTS = 20
Row = Mapping[str, str]


# Whys of `rate_row`; each is a sentence of its own (`errors`).
NEEDED, NONE_OF, TWICE, SHAPE, CURRENCY, TOO_FINE, NO_PRICE = (
    "needed", "none_of", "twice", "shape", "currency", "too_fine", "no_price"
)  # fmt: skip
MOST_SHOWN = 40  # characters of a wrong value


class _Wrong(Exception):
    """`column` of a row, and why it cannot be: what stands there, what could (`like`: an example; `choices`)."""

    def __init__(self, column: str, why: str, row: Row, **more: object) -> None:
        super().__init__(column)
        found = row[column]
        self.params = {
            "column": column, "why": why if found or why == NO_PRICE else NEEDED, "value": found[:MOST_SHOWN], **more,
        }  # fmt: skip


@dataclass
class _Reading:
    """What was read so far."""

    settings: dict[str, str] = field(default_factory=dict)
    zones: list[Zone] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    surcharges: list[Surcharge] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)  # of zones and prices: none stands twice
    exponent: int = 2


def card_of(rows: Sequence[Row]) -> RateCard:
    """The card that these rows are. Refuses every wrong row by its number (counted from 2, as a spreadsheet does), its column and
    why.
    """
    reading, faults = _Reading(), []
    ordered = sorted(enumerate(rows, 2), key=lambda pair: pair[1]["kind"] != "setting")  # the currency first
    for number, row in ordered:
        if not any(row.values()):
            continue  # an empty line, which counts like the others
        try:
            _reader(row)(reading, row)
        except _Wrong as wrong:
            faults.append(FieldError("/file", "rate_row", {"row": number, **wrong.params}))
    for name in ("currency", "days"):
        if not faults and name not in reading.settings:
            faults.append(FieldError("/file", "rate_setting", {"name": name}))
    if faults:
        faults.sort(key=lambda fault: fault.params.get("row", 0))
        raise invalid_fields(faults[:MOST_FAULTS])
    known = reading.settings
    return RateCard(
        known["currency"], int(known["days"]), int(known.get("divisor", "0")), int(known.get("step_g", "1")),
        int(known.get("longest_mm", "0")), time.fromisoformat(known["cutoff"]) if "cutoff" in known else None,
        tuple(reading.zones), tuple(reading.prices), tuple(reading.surcharges),
    )  # fmt: skip


_SETTINGS: dict[str, tuple[str, str]] = {  # what a value looks like, and one
    "currency": ("[A-Z]{3}", "EUR"), "days": ("[0-9]{1,2}", "2"), "divisor": ("[0-9]{1,6}", "5000"),
    "step_g": ("[1-9][0-9]{0,4}", "500"), "longest_mm": ("[0-9]{1,5}", "1200"),
    "cutoff": ("([01][0-9]|2[0-3]):[0-5][0-9]", "15:00"),
}  # fmt: skip


def _setting(reading: _Reading, row: Row) -> None:
    if row["name"] not in _SETTINGS:
        raise _Wrong("name", NONE_OF, row, choices=", ".join(_SETTINGS))
    if row["name"] in reading.settings:
        raise _Wrong("name", TWICE, row)
    shape, like = _SETTINGS[row["name"]]
    if not re.fullmatch(shape, row["value"]):
        raise _Wrong("value", SHAPE, row, like=like)
    if row["name"] == "currency" and row["value"] not in EXPONENTS:
        raise _Wrong("value", CURRENCY, row)
    reading.settings[row["name"]] = row["value"]
    if row["name"] == "currency":
        reading.exponent = EXPONENTS[row["value"]]


def _zone(reading: _Reading, row: Row) -> None:
    prefix = row["prefix"].upper().replace(" ", "").replace("-", "")
    if not re.fullmatch("[A-Z]{2}", row["country"]):
        raise _Wrong("country", SHAPE, row, like="DE")
    if not re.fullmatch("[0-9A-Z]{0,10}", prefix):
        raise _Wrong("prefix", SHAPE, row, like="18565")
    if (row["country"], prefix) in reading.keys:
        raise _Wrong("prefix" if prefix else "country", TWICE, row)
    reading.zones.append(Zone(row["country"], prefix, _name(row, "zone")))
    reading.keys.add((row["country"], prefix))


def _price(reading: _Reading, row: Row) -> None:
    price = Price(_name(row, "zone"), _number(row, "up_to_g", least=1), _amount(reading, row))
    if (price.zone, str(price.up_to_g)) in reading.keys:
        raise _Wrong("up_to_g", TWICE, row)
    reading.prices.append(price)
    reading.keys.add((price.zone, str(price.up_to_g)))


def _surcharge(reading: _Reading, row: Row) -> None:
    minor = _amount(reading, row) if row["amount"] else 0
    permille = 0
    if row["percent"]:
        if not re.fullmatch(r"[0-9]{1,3}([.,][0-9])?", row["percent"]):
            raise _Wrong("percent", SHAPE, row, like="12.5")
        permille = int(Decimal(row["percent"].replace(",", ".")) * 10)
    if not minor and not permille:
        raise _Wrong("amount", NO_PRICE, row)
    zone = _name(row, "zone") if row["zone"] else ""
    limits = [_number(row, column) if row[column] else 0 for column in ("over_g", "longer_mm")]
    reading.surcharges.append(Surcharge(_name(row, "name"), minor, permille, zone, *limits))


_READERS: dict[str, Callable[[_Reading, Row], None]] = {
    "setting": _setting, "zone": _zone, "price": _price, "surcharge": _surcharge,
}  # fmt: skip


def _reader(row: Row) -> Callable[[_Reading, Row], None]:
    found = _READERS.get(row["kind"])
    if found is None:
        raise _Wrong("kind", NONE_OF, row, choices=", ".join(_READERS))
    return found


def _name(row: Row, column: str) -> str:
    if not row[column].isprintable() or not 1 <= len(row[column]) <= 40:
        raise _Wrong(column, SHAPE, row, like="island")
    return row[column]


def _number(row: Row, column: str, least: int = 0) -> int:
    if not re.fullmatch("[0-9]{1,7}", row[column]) or int(row[column]) < least:
        raise _Wrong(column, SHAPE, row, like="1000")
    return int(row[column])


def _amount(reading: _Reading, row: Row) -> int:
    if not re.fullmatch(r"[0-9]{1,9}([.,][0-9]{1,3})?", row["amount"]):
        raise _Wrong("amount", SHAPE, row, like="4.20" if reading.exponent else "420")
    minor = minor_of(row["amount"], reading.exponent)
    if minor is None:
        raise _Wrong("amount", TOO_FINE, row, decimals=reading.exponent)
    return minor

"""What stands on goods beside their code: a batch, days, a serial number on a label of its own.

A GS1 code says them itself. Most goods bear a plain barcode and the rest in print: the tablet asks for it, and sends it with
the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from wms.catalog.queries import meanings_of
from wms.core.barcodes import BarcodeError, Gs1, normalise_scan
from wms.core.refusals import Refused
from wms.floor.contract import Scan
from wms.floor.resolver import Found, Kind, element_of

MAX_SERIAL = 40
# Refusals that lack something which a person can read off the goods, and what the tablet asks for then.
ASKS = {
    "lot_required": "batch", "expiry_required": "batch", "item_needs_serials": "serial", "serial_needed": "serial",
}  # fmt: skip


def asked_for(refusal: Refused) -> str | None:
    """`batch` or `serial`, where that would mend the refusal. Of several units each has a number of its own: none is asked for."""
    several = refusal.params.get("wanted", 1) != 1 or refusal.params.get("given", 0) != 0
    return None if several else ASKS.get(refusal.code)


def read_beside(found: Found, scan: Scan) -> Found:
    """The goods with what was read beside their code. What was read by itself counts more than what the code says: who typed
    it had seen that.

    Refuses a serial number that is no number of one unit: `scan_unreadable`, `serial_too_long`, `serial_is_code`, and one
    off another product: `wrong_item`.
    """
    if found.kind is not Kind.PRODUCT:
        return found
    return replace(
        found, batch=scan.batch or found.batch, expires_on=scan.expires_on or found.expires_on,
        made_on=scan.made_on or found.made_on, serial=_number(scan.serial, found) or found.serial,
    )  # fmt: skip


def row_of_batch(found: Found, rows: Sequence[Any]) -> Any:
    """Which of a product's rows in one place the goods in hand are: of the batch and the day that were read off them; where
    none were, the first, and the screen says which batch is meant.

    `rows`: with `lot_id`, `batch`, `expires_on`; None where the book keeps no such thing. Refuses `batch_not_there`.
    """
    told = [row for row in rows if _may_be(found.batch, row.batch) and _may_be(found.expires_on, row.expires_on)]
    if rows and not told:
        raise Refused("batch_not_there", {"batch": lot_label(found)})
    return told[0] if told else None


def _may_be(read: Any, known: Any) -> bool:
    return read is None or known is None or read == known


def lot_label(lot: Any) -> str | None:
    """A batch as a screen says it: "B7 · 2028-01-31"; None where there is none."""
    parts = [lot.batch, lot.expires_on.isoformat() if lot.expires_on else None]
    return " · ".join(part for part in parts if part) or None


def _number(raw: str | None, found: Found) -> str | None:
    """The number scanned or typed beside the code. A GS1 code (GTIN and serial number in one) is read, not taken as it is."""
    if raw is None:
        return None
    read = normalise_scan(raw)
    if isinstance(read, BarcodeError):
        raise Refused("scan_unreadable", {"reason": read.code})
    element = element_of(read)
    number = read.text if element is None else _number_within(element, found)
    if len(number) > MAX_SERIAL:
        raise Refused("serial_too_long", {"most": MAX_SERIAL})
    if meanings_of(number):
        raise Refused("serial_is_code", {})
    return number


def _number_within(element: Gs1, found: Found) -> str:
    if element.gtin and all(meaning.product_id != found.id for meaning in meanings_of(element.gtin)):
        raise Refused("wrong_item", {"wanted": found.code})
    if element.serial is None:
        raise Refused("serial_is_code", {})
    return element.serial

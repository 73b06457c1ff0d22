"""What stands on goods beside their code: a batch, days, a serial number on a label of its own.

A GS1 code says them itself. Most goods bear a plain barcode and the rest in print: the tablet asks for it, and sends it with
the code.
"""

from __future__ import annotations

from dataclasses import replace

from wms.catalog.queries import meanings_of
from wms.core.barcodes import BarcodeError, normalise_scan
from wms.core.refusals import Refused
from wms.floor.contract import Scan
from wms.floor.resolver import Found, Kind

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

    Refuses a serial number that is no number of one unit: `scan_unreadable`, `serial_too_long`, `serial_is_code`.
    """
    if found.kind is not Kind.PRODUCT:
        return found
    return replace(
        found, batch=scan.batch or found.batch, expires_on=scan.expires_on or found.expires_on,
        made_on=scan.made_on or found.made_on, serial=_number(scan.serial) or found.serial,
    )  # fmt: skip


def _number(raw: str | None) -> str | None:
    if raw is None:
        return None
    read = normalise_scan(raw)
    if isinstance(read, BarcodeError):
        raise Refused("scan_unreadable", {"reason": read.code})
    if len(read.text) > MAX_SERIAL:
        raise Refused("serial_too_long", {"most": MAX_SERIAL})
    if meanings_of(read.text):
        raise Refused("serial_is_code", {"code": read.text})
    return read.text

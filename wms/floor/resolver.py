"""One barcode resolver for all scenarios: the same code means the same thing everywhere.

It looks up; it does not guess by prefix. The kinds a step expects are tried first, then all others, so that a wrong
scan can be answered with "That is a location. Scan the product."
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from labels.incoming import LEAST_AFTER_PREFIX
from wms.catalog.queries import meanings_of
from wms.core import clock
from wms.core.barcodes import BarcodeError, Gs1, normalise_scan, parse_command, parse_gs1
from wms.core.barcodes import Scan as Cleaned
from wms.core.checkdigits import is_valid_sscc
from wms.core.refusals import Refused
from wms.platform.statements import Statement
from wms.shipping.carriers import LABELS_OF_OTHERS


class Kind(StrEnum):
    COMMAND = "command"
    LOCATION = "location"
    PRODUCT = "product"
    TOTE = "tote"
    CARTON = "carton"
    PARCEL = "parcel"
    UNIT = "unit"  # any other handling unit
    BOOKING = "booking"
    ORDER = "order"
    RETURN = "return"
    PACKAGING = "packaging"
    BAG = "bag"  # of parcels
    CART = "cart"
    WALK = "walk"  # by the number on its pick list


@dataclass(frozen=True)
class Found:
    """What a code means. `pack` is the units one scan of a product code stands for."""

    kind: Kind
    id: uuid.UUID | None
    code: str
    owner_id: uuid.UUID | None = None
    pack: int = 1
    level: str = "each"
    command: str | None = None
    command_quantity: int | None = None
    batch: str | None = None
    expires_on: date | None = None
    made_on: date | None = None
    serial: str | None = None
    serial_control: str = "none"

    @property
    def numbers(self) -> list[str]:
        """The serial number scanned, where it names the goods that go: under full control."""
        return [self.serial] if self.serial and self.serial_control == "full" else []


@dataclass(frozen=True)
class Scope:
    """Where codes are looked up: a warehouse, and an owner where the step fixes one.

    `known`: what a step has read with its own facts, by kind and code. It is what looking the code up would find: a
    code of a place is unique in its warehouse, one of a product with its owner.
    `place_id`: the bin or container whose goods are scanned. Of a code that several owners use it is the goods of the one
    who has it there.
    """

    warehouse_id: uuid.UUID
    owner_id: uuid.UUID | None = None
    known: Mapping[tuple[Kind, str], Found] = field(default_factory=dict)
    place_id: uuid.UUID | None = None


def resolve(raw: str, scope: Scope, expected: Sequence[Kind]) -> Found:
    """The one thing `raw` means to this step.

    Refuses `scan_unreadable`, `scan_unknown`, `scan_wrong_kind`, `scan_ambiguous` (several owners' products).
    """
    scan = normalise_scan(raw)
    if isinstance(scan, BarcodeError):
        raise Refused("scan_unreadable", {"reason": scan.code})
    command = parse_command(scan.text)
    if command is not None:
        return Found(Kind.COMMAND, None, scan.text, command=command.name, command_quantity=command.quantity)
    element = element_of(scan)
    codes = _writings(scan.text, element)
    code = codes[0]
    for kind in expected:
        found = next(filter(None, (_look_up(kind, each, scope) for each in codes)), [])
        if len(found) == 1:
            return _with_element(found[0], element)
        if len(found) > 1:
            raise Refused("scan_ambiguous", {"code": _tail(code), "count": len(found)})
    behind = next(filter(None, (_behind_prefix(kind, code, scope) for kind in expected if kind in _ENDS_SO)), None)
    if behind is not None:
        return behind
    for kind in (Kind.PRODUCT, *LOOKUPS):
        if kind not in expected and any(_look_up(kind, each, scope) for each in codes):
            raise Refused("scan_wrong_kind", {"is": kind.value, "wanted": expected[0].value if expected else ""})
    raise Refused("scan_unknown", {"code": _tail(code)})


_STANDING = Statement(
    "SELECT product_id FROM balance WHERE location_id = :place AND product_id = ANY(CAST(:products AS uuid[])) AND is_there"
    " UNION SELECT product_id FROM balance WHERE handling_unit_id = :place AND product_id = ANY(CAST(:products AS uuid[]))"
    " AND is_there"
)


def _standing(found: Sequence[Found], place_id: uuid.UUID) -> list[Found]:
    """Of these products those that are in a bin or container by the book."""
    there = set(_STANDING.column({"place": place_id, "products": [each.id for each in found]}))
    return [each for each in found if each.id in there]


def _tail(code: str) -> str:
    """Enough of a code to recognise it; never the whole: it may be anything a person scanned."""
    return f"…{code[-4:]}"


def element_of(scan: Cleaned) -> Gs1 | None:
    """What a GS1 code says; None of any other code, and of one that is none although it looks so."""
    if not scan.is_gs1:
        return None
    parsed = parse_gs1(scan.text, year=clock.now().year)
    return None if isinstance(parsed, BarcodeError) else parsed


def _writings(text: str, element: Gs1 | None) -> tuple[str, ...]:
    """What is looked up of a scan, first what it most likely stands under. An SSCC is written with its identifier (00) or
    without: carriers and factories do either, and so do scanners.
    """
    if element is not None and element.gtin and not element.sscc:
        return (element.gtin,)
    sscc = (
        element.sscc if element is not None and element.sscc else text.removeprefix("00") if len(text) == 20 else text
    )
    return (sscc, f"00{sscc}") if is_valid_sscc(sscc) else (text,)


def _with_element(found: Found, element: Gs1 | None) -> Found:
    if element is None:
        return found
    values = vars(found) | {"batch": element.lot, "expires_on": element.expiry, "serial": element.serial}
    values["made_on"] = element.dates.get("11")
    if element.count:  # so many of what the code means: cases on a pallet's label are cases
        values["pack"] = found.pack * element.count
    return Found(**values)


def _look_up(kind: Kind, code: str, scope: Scope) -> list[Found]:
    if (kind, code) in scope.known:
        return [scope.known[kind, code]]
    if kind is Kind.PRODUCT:
        owners = None if scope.owner_id is None else [scope.owner_id]
        found = [
            Found(kind, meaning.product_id, meaning.sku, owner_id=meaning.owner_id, pack=meaning.quantity,
                  level=meaning.level, serial_control=meaning.serial_control)
            for meaning in meanings_of(code, owners, even_out_of_use=scope.place_id is not None)
        ] or _by_serial(code, scope)  # fmt: skip
        if len(found) > 1 and scope.place_id is not None:
            return _standing(found, scope.place_id) or found
        return found
    rows = LOOKUPS[kind].all({"code": code, "warehouse": scope.warehouse_id})
    return [Found(kind, row.id, row.code, owner_id=row.owner_id) for row in rows]


_PREFIXED = ", ".join(f"'{kind}'" for kind in LABELS_OF_OTHERS)
# Carriers put a routing code before the number on labels of their own (USPS: 420 and the ZIP code; FedEx: 20 digits).
_ENDS_SO = {
    Kind.PARCEL: Statement(
        "SELECT p.id, p.tracking_number AS code, p.owner_id FROM parcel p JOIN carrier c ON c.id = p.carrier_id"
        " WHERE p.tracking_number = ANY(CAST(:ends AS text[])) AND p.warehouse_id = :warehouse"
        f" AND c.kind IN ({_PREFIXED}) LIMIT 2"
    ),
    Kind.RETURN: Statement(
        "SELECT id, number AS code, owner_id FROM return_order WHERE tracking_number = ANY(CAST(:ends AS text[]))"
        " AND warehouse_id = :warehouse AND state IN ('announced', 'receiving') LIMIT 2"
    ),
}


def _behind_prefix(kind: Kind, code: str, scope: Scope) -> Found | None:
    """The one parcel or return whose number ends this code, as `labels.check_incoming` looks for it on the label."""
    plain = "".join(each for each in code if each.isalnum())
    ends = [plain[place:] for place in range(1, len(plain) - LEAST_AFTER_PREFIX + 1)]
    rows = _ENDS_SO[kind].all({"ends": ends, "warehouse": scope.warehouse_id}) if ends else []
    return Found(kind, rows[0].id, rows[0].code, owner_id=rows[0].owner_id) if len(rows) == 1 else None


# Pallets, and cartons that are free stock's: those that a booking still has in hand are found as cartons.
_OTHER = "(h.kind NOT IN ('tote', 'cart', 'carton', 'parcel') OR (h.kind = 'carton' AND h.subject_kind IS DISTINCT FROM 'carton'))"


_SERIAL = Statement(
    "SELECT s.product_id, s.owner_id, s.number, p.sku, p.serial_control FROM serial s"
    " JOIN product p ON p.id = s.product_id WHERE s.number = :code AND s.state <> 'void'"
    " AND (CAST(:owner AS uuid) IS NULL OR s.owner_id = CAST(:owner AS uuid))"
)


def _by_serial(code: str, scope: Scope) -> list[Found]:
    """No product's code: a serial number of its own label means the unit that bears it."""
    rows = _SERIAL.all({"code": code, "owner": scope.owner_id})
    return [
        Found(Kind.PRODUCT, row.product_id, row.sku, owner_id=row.owner_id, serial=row.number,
              serial_control=row.serial_control)
        for row in rows
    ]  # fmt: skip


# A carton put away as it is: its container stands in a bin and is not the booking's any more.
_FREE = "h.subject_kind IS DISTINCT FROM 'carton' AND h.state <> 'gone'"
_OF_BOOKING = f"NOT EXISTS (SELECT 1 FROM handling_unit h WHERE h.id = c.handling_unit_id AND {_FREE})"


# As its carton was found, by the waybill that it came with from another warehouse.
_BY_WAYBILL = (
    " UNION SELECT h.id, h.code, NULL::uuid FROM carton c JOIN booking b ON b.id = c.booking_id JOIN handling_unit h"
    " ON h.id = c.handling_unit_id WHERE c.warehouse_id = :warehouse AND c.reference_box_no = :code"
    f" AND b.transfer_order_id IS NOT NULL AND {_FREE}"
)


def _unit(condition: str, or_else: str = "") -> Statement:
    return Statement(
        "SELECT h.id, h.code, NULL::uuid AS owner_id FROM handling_unit h WHERE h.barcode = :code"
        f" AND h.warehouse_id = :warehouse AND {condition} AND h.state <> 'gone'{or_else}"
    )


LOOKUPS: dict[Kind, Statement] = {
    Kind.LOCATION: Statement(
        "SELECT id, code, NULL::uuid AS owner_id FROM location WHERE barcode = :code AND warehouse_id = :warehouse"
    ),
    Kind.TOTE: _unit("h.kind = 'tote'"),
    Kind.CARTON: Statement(
        "SELECT c.id, c.barcode AS code, c.owner_id FROM carton c WHERE c.barcode = :code"
        f" AND c.warehouse_id = :warehouse AND {_OF_BOOKING}"
        # a parcel that another warehouse sent bears the waybill it left with, one of a seller perhaps his own number only
        " UNION ALL SELECT c.id, c.barcode, c.owner_id FROM carton c JOIN booking b ON b.id = c.booking_id"
        " WHERE c.warehouse_id = :warehouse AND c.reference_box_no = :code"
        " AND (b.transfer_order_id IS NOT NULL OR (c.state <> 'stowed' AND b.state NOT IN ('draft', 'cancelled')))"
        f" AND {_OF_BOOKING}"
    ),
    Kind.PARCEL: Statement(
        "SELECT id, tracking_number AS code, owner_id FROM parcel WHERE tracking_number = :code"
        " AND warehouse_id = :warehouse"
        # a carton or pallet that goes whole bears its own label
        " UNION ALL SELECT p.id, p.tracking_number, p.owner_id FROM handling_unit h JOIN shipment s"
        " ON s.subject_kind = 'order' AND s.subject_id = h.subject_id AND s.state <> 'voided' JOIN parcel p"
        " ON p.shipment_id = s.id AND p.handling_unit_id = h.id AND p.state = 'closed' WHERE h.barcode = :code"
        " AND h.kind <> 'parcel' AND h.warehouse_id = :warehouse AND h.subject_kind = 'order'"
        # or the waybill that it came with from another warehouse
        " UNION ALL SELECT p.id, p.tracking_number, p.owner_id FROM carton c JOIN booking b ON b.id = c.booking_id"
        " JOIN parcel p ON p.handling_unit_id = c.handling_unit_id AND p.state = 'closed' WHERE c.reference_box_no = :code"
        " AND c.warehouse_id = :warehouse AND b.transfer_order_id IS NOT NULL"
    ),
    Kind.UNIT: _unit(_OTHER, _BY_WAYBILL),
    Kind.CART: _unit("h.kind = 'cart'"),
    Kind.BAG: Statement(
        "SELECT id, number AS code, NULL::uuid AS owner_id FROM bag WHERE barcode = :code AND warehouse_id = :warehouse"
    ),
    Kind.BOOKING: Statement(
        "SELECT id, number AS code, owner_id FROM booking WHERE number = :code AND warehouse_id = :warehouse"
        # what a courier brings bears the courier's label
        " UNION SELECT id, number, owner_id FROM booking WHERE tracking_number = :code AND warehouse_id = :warehouse"
        " AND state IN ('submitted', 'in_transit', 'arrived', 'receiving')"
    ),
    Kind.RETURN: Statement(
        # Each looked up by itself: for the two joined by OR, all returns of the warehouse would be walked through. One that is
        # over gives way to what was announced anew under its number; of several that are over the newest says so.
        "SELECT id, code, owner_id FROM (SELECT id, number AS code, owner_id, rank() OVER (ORDER BY is_over,"
        "  CASE WHEN is_over THEN created_at END DESC) AS turn FROM (SELECT *, state NOT IN ('announced', 'receiving') AS is_over"
        "  FROM (SELECT * FROM return_order WHERE number = :code UNION SELECT * FROM return_order"
        "   WHERE tracking_number = :code) b WHERE warehouse_id = :warehouse) r) t WHERE turn = 1 LIMIT 2"
    ),
    Kind.PACKAGING: Statement(
        "SELECT id, code, owner_id FROM packaging WHERE barcode = :code AND warehouse_id = :warehouse AND is_active"
    ),
    Kind.ORDER: Statement(
        "SELECT id, number AS code, owner_id FROM outbound_order WHERE number = :code AND warehouse_id = :warehouse"
    ),
    Kind.WALK: Statement(
        "SELECT b.id, :code AS code, NULL::uuid AS owner_id FROM wave v CROSS JOIN LATERAL (SELECT id, row_number()"
        " OVER (ORDER BY created_at, id) AS n FROM pick_batch WHERE wave_id = v.id) b"
        " WHERE v.number = regexp_replace(:code, '-[0-9]+$', '') AND v.warehouse_id = :warehouse"
        " AND b.n::text = substring(:code FROM '-([0-9]+)$')"
    ),
}

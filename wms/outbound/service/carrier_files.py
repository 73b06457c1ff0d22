"""Carriers that work with files: a table of parcels out, a table of numbers in. Their labels are drawn by us."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from wms.core.actor import SYSTEM, Actor
from wms.core.money import EXPONENTS, minor_of
from wms.core.refusals import not_found
from wms.outbound.models import Order
from wms.outbound.service.carrier_waybills import request_of
from wms.outbound.service.waybills import waybill_draft
from wms.outbound.waybill_sizes import in_their_sizes
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.tables import write_table
from wms.printing import service as printing
from wms.printing.service import DocumentDraft
from wms.shipping import service as shipping
from wms.shipping.carriers import FILE
from wms.shipping.carriers.interface import AtTheDoor, CarrierFault, Charged, Duties
from wms.shipping.carriers.shapes import MOST_MINOR
from wms.shipping.models import Carrier, Parcel, Shipment
from wms.shipping.number_formats import is_doubtful
from wms.shipping.queries import live_parcels, parcels_waiting_for_files

MOST_ROWS = 2000
COLUMNS = (
    "reference", "service", "weight_g", "length_mm", "width_mm", "height_mm", "name", "company", "phone", "country",
    "state", "city", "postcode", "address1", "address2", "contents", "value_minor", "currency",
    "signature", "insured_minor", "insured_currency", "customs_contents", "ioss", "sender_vat_id", "sender_eori",
    "recipient_vat_id", "recipient_eori", "address3", "district", "cod_minor", "cod_currency", "age_check", "liftgate",
    "deliver_on", "deliver_from", "deliver_until",
)  # fmt: skip
SAID, SAID_OF_PRICES = ("reference", "tracking_number"), ("amount", "currency")
TAKEN = ("taken", "doubtful", "no_price")
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{3,46}[0-9A-Z]")


def parcels_table(actor: Actor, carrier_id: uuid.UUID, warehouse_id: uuid.UUID) -> bytes:
    """The parcels that wait for numbers of a carrier, as the file it gets. Asked again it is the same, less what came.

    404 for another kind of carrier, or outside the actor's warehouses.
    """
    _require(actor, carrier_id, warehouse_id)
    rows = []
    for shipment, parcel in parcels_waiting_for_files(carrier_id, warehouse_id, MOST_ROWS):
        request = request_of(shipment, parcel)
        if request is None or request.recipient is None:
            continue
        to, size = request.recipient, request.size_mm or (None, None, None)
        value = sum((each.value_minor or 0) * each.quantity for each in request.contents)
        currencies = {each.currency for each in request.contents if each.currency}
        currency = currencies.pop() if len(currencies) == 1 else None  # amounts of several make no sum
        contents = "; ".join(f"{each.quantity} x {each.description}" for each in request.contents)
        rows.append(
            (request.client_reference, request.service_code, request.weight_g, *size, to.name, to.company, to.phone,
             to.country, to.state, to.city, to.postcode, to.address1, to.address2, contents,
             value if currency else None, currency, request.signature, request.insured_minor, request.insured_currency,
             *_duties(request.duties), to.address3, to.district, *_door(request.door))
        )  # fmt: skip
    return write_table(COLUMNS, rows)


def _duties(duties: Duties | None) -> tuple[str | None, ...]:
    """What customs is told."""
    if duties is None:
        return (None,) * 6
    return (
        duties.contents, duties.ioss, duties.sender_vat_id, duties.sender_eori, duties.recipient_vat_id,
        duties.recipient_eori,
    )  # fmt: skip


def _door(door: AtTheDoor) -> tuple[str | int | None, ...]:
    """What the driver does; a lift is `yes` or nothing."""
    delivery = door.delivery or dict.fromkeys(("day", "from", "until"))
    return (
        door.cod_minor, door.cod_currency, door.age_check, "yes" if door.liftgate else None, delivery["day"],
        delivery["from"], delivery["until"],
    )  # fmt: skip


@dataclass(frozen=True)
class RowSaid:
    """What came of one row (counted from 2, as a spreadsheet counts): `taken`, `doubtful` (taken, look at it), `no_price`
    (taken, but its price cannot be read), `already`, or why not: `unknown`, `no_number`, `twice`, `number_taken`,
    `has_another`, `voided`."""

    row: int
    reference: str
    outcome: str


def take_numbers(
    actor: Actor, carrier_id: uuid.UUID, warehouse_id: uuid.UUID, rows: Sequence[dict[str, str]]
) -> list[RowSaid]:
    """Give parcels the numbers of a file (`reference`, `tracking_number`; where the carrier says what it charges `amount`, in
    the unit of its `currency`); the right rows count, each wrong one is told.

    The same file again changes nothing. 404 as for `parcels_table`.
    """
    carrier = _require(actor, carrier_id, warehouse_id)
    known = _parcels(carrier_id, warehouse_id, [row["reference"] for row in rows])
    lock(Rank.DOCUMENT, Order, {shipment.subject_id for shipment, _ in known.values()})
    held = {shipment.id for shipment, _ in known.values()}
    for shipment_id in sorted(held):
        shipping.load_shipment_to_change(actor, shipment_id)
    often = Counter(row["tracking_number"].upper() for row in rows), Counter(row["reference"] for row in rows)
    taken = _numbers_taken(carrier_id, list(often[0]))
    said, drafts, numbered = [], [], set()
    for place, row in enumerate(rows, 2):
        number, pair = row["tracking_number"].upper(), known.get(row["reference"])
        twice = often[0][number] > 1 or often[1][row["reference"]] > 1
        outcome = _judged(number, pair, twice, taken)
        if outcome == "taken" and pair is not None:
            shipment, parcel = pair
            charged = _charged(row)
            shipping.take_number(shipment, parcel, number, charged)
            numbered.add(shipment.id)
            drafts.append(_draft(shipment, parcel, number))
            outcome = _doubted(carrier, number, charged)
        said.append(RowSaid(place, row["reference"][:48], outcome))
    _label(warehouse_id, numbered, drafts)
    return said


def _doubted(carrier: Carrier, number: str, charged: Charged | CarrierFault | None) -> str:
    """What a person should look at of a row that was taken."""
    if is_doubtful(carrier.number_format, number):
        return "doubtful"
    return "no_price" if isinstance(charged, CarrierFault) else "taken"


def _charged(row: dict[str, str]) -> Charged | CarrierFault | None:
    """What the row says that the waybill costs: 4.90 (or 4,90) and EUR; without an amount it says nothing."""
    amount, currency = row.get("amount", ""), row.get("currency", "").upper()
    if not amount:
        return None
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        return CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "currency"})
    minor = minor_of(amount, exponent)
    if minor is None or not 0 <= minor <= MOST_MINOR:
        return CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "amount"})
    return Charged(currency, minor)


def _judged(number: str, pair: tuple[Shipment, Parcel] | None, twice: bool, taken: dict[str, uuid.UUID]) -> str:
    if pair is None:
        return "unknown"
    if not _NUMBER.fullmatch(number):
        return "no_number"
    if twice:
        return "twice"
    _, parcel = pair
    if parcel.tracking_number is not None:
        return "already" if parcel.tracking_number == number else "has_another"
    if parcel.state == "voided":
        return "voided"
    return "number_taken" if number in taken else "taken"


def _parcels(
    carrier_id: uuid.UUID, warehouse_id: uuid.UUID, references: Sequence[str]
) -> dict[str, tuple[Shipment, Parcel]]:
    statement = (
        select(Shipment, Parcel)
        .join(Parcel, Parcel.shipment_id == Shipment.id)
        .where(
            Parcel.client_reference.in_(set(references)), Parcel.carrier_id == carrier_id,
            Parcel.warehouse_id == warehouse_id,
        )
    )  # fmt: skip
    return {parcel.client_reference: (shipment, parcel) for shipment, parcel in session().execute(statement)}


def _numbers_taken(carrier_id: uuid.UUID, numbers: Sequence[str]) -> dict[str, uuid.UUID]:
    statement = select(Parcel.tracking_number, Parcel.id).where(
        Parcel.carrier_id == carrier_id, Parcel.tracking_number.in_(numbers)
    )
    return {row.tracking_number: row.id for row in session().execute(statement)}


def _draft(shipment: Shipment, parcel: Parcel, number: str) -> DocumentDraft:
    order = session().get_one(Order, shipment.subject_id)
    return waybill_draft(order, parcel.id, number)


def _label(warehouse_id: uuid.UUID, numbered: set[uuid.UUID], drafts: Sequence[DocumentDraft]) -> None:
    for shipment_id in sorted(numbered):
        if all(parcel.tracking_number for parcel in live_parcels(shipment_id)):
            shipping.mark_labelled(SYSTEM, shipment_id)
    if drafts:
        printing.request_documents(SYSTEM, warehouse_id, in_their_sizes(drafts))


def _require(actor: Actor, carrier_id: uuid.UUID, warehouse_id: uuid.UUID) -> Carrier:
    carrier = session().get(Carrier, carrier_id)
    if carrier is None or carrier.kind != FILE or not (actor.is_staff and actor.sees_warehouse(warehouse_id)):
        raise not_found("carrier")
    return carrier

"""What a seller does with a booking: announce, change, submit, send, withdraw."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from wms.catalog.queries import ProductFacts, products_by_skus
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, RefusalKind, Refused, invalid, invalid_fields, not_found
from wms.facility.models import Warehouse
from wms.identity.queries import Owner, choose_owner
from wms.inbound import rules
from wms.inbound.events import BookingCancelled, BookingSubmitted
from wms.inbound.models import AnnouncedLot, Booking, Carton, CartonLine, DockAppointment
from wms.inbound.rules import BookingDraft, CartonDraft
from wms.inbound.service.loading import load_booking_to_edit, may_write, refused_now
from wms.inbound.workflow import BOOKING, EDITABLE, AppointmentState, BookingState, CartonState
from wms.platform.counters import next_number
from wms.platform.database import session
from wms.platform.events import record
from wms.printing import service as printing

# The header fields a seller may change while the booking is a draft or submitted; besides them, the cartons.
EDITABLE_FIELDS = frozenset(
    {"transport", "expected_on", "tracking_number", "container_number", "air_waybill", "remark", "count_blind"}
)


def create_booking(actor: Actor, draft: BookingDraft, *, submitted: bool = False) -> Booking:
    """Announce pre-stock: a draft, or at once submitted. Every wrong field is named at once (422); a reference that the
    seller has used before is refused with the booking that has it (409 `reference_taken`).
    """
    if not actor.may(Permission.BOOKINGS_WRITE):
        raise not_found("booking")
    owner = choose_owner(actor, draft.seller)
    warehouse = _warehouse(actor, draft.warehouse)
    draft = replace(
        draft, container_number=rules.plain_number(draft.container_number),
        air_waybill=rules.plain_waybill(draft.air_waybill),
    )  # fmt: skip
    header = rules.transport_faults(draft.transport, draft.container_number, draft.air_waybill)
    products = _checked_products(owner.id, warehouse, draft.cartons, header)
    if draft.reference is not None:
        _refuse_taken(owner.id, draft.reference)
    number = next_number(DocumentKind.BOOKING, owner.id, owner.code, clock.today(warehouse.time_zone))
    booking = insert_booking(owner, warehouse, draft, number)
    insert_cartons(booking, draft.cartons, products, {})
    if submitted:
        _submit(booking)
    return booking


def edit_booking(actor: Actor, booking_id: uuid.UUID, changes: Mapping[str, Any], version: int | None) -> Booking:
    """Change header fields, or replace the whole set of cartons (`cartons`: a list of `CartonDraft`).

    Cartons that keep their number keep their barcode, so that labels already printed stay true.
    """
    booking = _to_change(actor, booking_id, version)
    _refuse_late(booking)
    for name in EDITABLE_FIELDS & changes.keys():
        setattr(
            booking, name, _PLAIN.get(name, str)(changes[name]) if isinstance(changes[name], str) else changes[name]
        )
    header = _changed_faults(booking, changes)
    if header and "cartons" not in changes:
        raise invalid_fields(header)
    if "cartons" in changes:
        _refuse_begun(booking.id)
        warehouse = session().get_one(Warehouse, booking.warehouse_id)
        products = _checked_products(booking.owner_id, warehouse, changes["cartons"], header)
        booking.carton_count = len(changes["cartons"])
        session().flush()
        _write_cartons(booking, changes["cartons"], products)
    _touch(booking)
    return booking


def place_to_pack(actor: Actor, seller: str | None, warehouse: str) -> tuple[uuid.UUID, Warehouse]:
    """Whose cartons a new booking would announce, and where. Refuses at `/seller` and `/warehouse` as `create_booking` does."""
    if not actor.may(Permission.BOOKINGS_WRITE):
        raise not_found("booking")
    return choose_owner(actor, seller).id, _warehouse(actor, warehouse)


def booking_to_pack(actor: Actor, booking_id: uuid.UUID) -> tuple[Booking, Warehouse]:
    """A booking whose cartons may be replaced now; 404 outside the actor's scope. Refuses as `edit_booking` does, without a
    lock: that decides again when they are.
    """
    booking = session().get(Booking, booking_id)
    if booking is None or not may_write(actor, booking.owner_id, booking.warehouse_id):
        raise not_found("booking")
    _refuse_of_transfer(booking)
    _refuse_late(booking)
    _refuse_begun(booking.id)
    return booking, session().get_one(Warehouse, booking.warehouse_id)


def check_cartons(owner_id: uuid.UUID, warehouse: Warehouse, cartons: Sequence[CartonDraft]) -> None:
    """Refuse what a booking would not take, carton and line at its place, and write nothing."""
    _checked_products(owner_id, warehouse, cartons)


def _refuse_late(booking: Booking) -> None:
    if booking.state not in EDITABLE:
        raise refused_now("edit", booking.state)


def _refuse_of_transfer(booking: Booking) -> None:
    if booking.transfer_order_id is not None:
        raise Refused("booking_of_transfer", {"number": booking.number})


_PLAIN = {"container_number": rules.plain_number, "air_waybill": rules.plain_waybill}
_NUMBERS = ("container_number", "air_waybill")


def _changed_faults(booking: Booking, changes: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with the numbers now. An older booking may have one that was never checked: it is not held against
    a change of something else.
    """
    faults = rules.transport_faults(booking.transport, booking.container_number, booking.air_waybill)
    touched = {f"/{name}" for name in _NUMBERS if name in changes or "transport" in changes}
    return [fault for fault in faults if fault.pointer in touched]


def _refuse_begun(booking_id: uuid.UUID) -> None:
    """A set of which a carton was given up already is not replaced: what is short of it has been told."""
    begun = select(Carton.number).where(Carton.booking_id == booking_id, Carton.state != CartonState.DECLARED.value)
    number = session().scalar(begun.order_by(Carton.number).limit(1))
    if number is not None:
        raise Refused("cartons_begun", {"number": number})


def submit(actor: Actor, booking_id: uuid.UUID, version: int | None = None) -> Booking:
    """The announcement is final enough for the warehouse to expect the goods."""
    booking = _to_change(actor, booking_id, version)
    _submit(booking)
    _touch(booking)
    return booking


def mark_in_transit(
    actor: Actor, booking_id: uuid.UUID, version: int | None = None, *, tracking_number: str | None = None
) -> Booking:
    """The goods have left the seller."""
    booking = _to_change(actor, booking_id, version)
    _step(booking, "depart")
    booking.tracking_number = tracking_number or booking.tracking_number
    _touch(booking)
    return booking


def cancel(actor: Actor, booking_id: uuid.UUID, version: int | None = None) -> Booking:
    """Withdraw a booking of which nothing has arrived. What stands at the dock is received or sent back instead."""
    booking = _to_change(actor, booking_id, version)
    _step(booking, "cancel")
    booking.cancelled_at = clock.now()
    _void_labels(booking)
    session().execute(_CANCEL_APPOINTMENT.where(DockAppointment.booking_id == booking.id))
    _touch(booking)
    subject = {"subject_id": booking.id, "warehouse_id": booking.warehouse_id, "owner_id": booking.owner_id}
    record(BookingCancelled(**subject))
    return booking


_CANCEL_APPOINTMENT = (
    update(DockAppointment).where(DockAppointment.state == AppointmentState.BOOKED.value)
    .values(state=AppointmentState.CANCELLED.value)
)  # fmt: skip


def _to_change(actor: Actor, booking_id: uuid.UUID, version: int | None) -> Booking:
    booking = load_booking_to_edit(actor, booking_id)
    _refuse_of_transfer(booking)
    if version is not None and booking.version != version:
        raise Refused("stale", {"current": booking.version}, kind=RefusalKind.STALE)
    return booking


def _submit(booking: Booking) -> None:
    _step(booking, "submit")
    booking.submitted_at = clock.now()
    subject = {"subject_id": booking.id, "warehouse_id": booking.warehouse_id, "owner_id": booking.owner_id}
    record(BookingSubmitted(**subject))


def _step(booking: Booking, action: str) -> None:
    """The seller's own step; no carton has arrived, or the table refuses."""
    booking.own_state = booking.state = BOOKING.apply(action, booking.state).value


def _touch(booking: Booking) -> None:
    booking.version += 1
    booking.updated_at = clock.now()
    session().flush()


def _warehouse(actor: Actor, code: str) -> Warehouse:
    warehouse = session().scalar(select(Warehouse).where(Warehouse.code == code))
    if warehouse is None or not actor.sees_warehouse(warehouse.id):
        raise invalid("/warehouse", "warehouse_unknown")
    if not warehouse.is_active:
        raise invalid("/warehouse", "warehouse_closed")
    return warehouse


def _checked_products(
    owner_id: uuid.UUID, warehouse: Warehouse, cartons: Sequence[CartonDraft], header: Sequence[FieldError] = ()
) -> dict[str, ProductFacts]:
    """The owner's products by SKU. Refuses with every wrong field of the header, carton and line at its place."""
    faults = rules.carton_faults(cartons, clock.today(warehouse.time_zone))
    if faults and faults[0].pointer == "/cartons":
        raise invalid_fields([*header, *faults])
    faults = [*header, *faults]
    named = {fault.pointer for fault in faults}
    products = products_by_skus(owner_id, {line.sku for carton in cartons for line in carton.lines})
    for index, carton in enumerate(cartons):
        for place, line in enumerate(carton.lines):
            fault = _product_fault(products.get(line.sku), warehouse)
            pointer = f"/cartons/{rules.place_of(carton, index)}/lines/{place}/sku"
            if fault is not None and pointer not in named:
                named.add(pointer)
                faults.append(FieldError(pointer, fault, {"sku": line.sku}))
    if faults:
        raise invalid_fields(faults)
    return products


def _product_fault(product: ProductFacts | None, warehouse: Warehouse) -> str | None:
    if product is None:
        return "product_unknown"
    if not product.is_active:
        return "product_inactive"
    if warehouse.is_bonded and not product.customs_item_number:
        return "book_item_missing"
    return None


def is_free(owner_id: uuid.UUID, reference: str) -> bool:
    """Whether no booking of this seller has the reference."""
    query = select(Booking.id).where(Booking.owner_id == owner_id, Booking.reference == reference)
    return session().scalar(query) is None


def _refuse_taken(owner_id: uuid.UUID, reference: str) -> None:
    query = select(Booking.id, Booking.number).where(Booking.owner_id == owner_id, Booking.reference == reference)
    found = session().execute(query).one_or_none()
    if found is not None:
        raise Refused(
            "reference_taken",
            {"reference": reference, "id": str(found.id), "number": found.number,
             "href": f"/api/v1/bookings/{found.id}"},
        )  # fmt: skip


def insert_booking(owner: Owner, warehouse: Warehouse, draft: BookingDraft, number: str) -> Booking:
    """The row of a booking, a draft. Refuses `reference_taken`."""
    now = clock.now()
    reference = draft.reference or number
    values = {
        "id": new_id(), "number": number, "owner_id": owner.id, "warehouse_id": warehouse.id, "reference": reference,
        "transport": draft.transport, "expected_on": draft.expected_on, "tracking_number": draft.tracking_number,
        "container_number": draft.container_number, "air_waybill": draft.air_waybill,
        "remark": draft.remark, "count_blind": draft.count_blind, "own_state": BookingState.DRAFT.value,
        "state": BookingState.DRAFT.value, "carton_count": len(draft.cartons), "version": 1, "created_at": now,
        "updated_at": now,
    }  # fmt: skip
    # Two with one reference at the same moment: the second waits for the first and then inserts nothing.
    statement = upsert(Booking).values(values).on_conflict_do_nothing(index_elements=["owner_id", "reference"])
    booking = session().scalar(statement.returning(Booking))
    if booking is None:
        _refuse_taken(owner.id, reference)
        raise AssertionError("unreachable: the reference is taken")
    return booking


def _write_cartons(booking: Booking, cartons: Sequence[CartonDraft], products: Mapping[str, ProductFacts]) -> None:
    """Replace the whole set. Cartons are kept by number, with their ids; lines are written anew (their lots go
    with them), and labels that tell of the old ones are void.
    """
    _void_labels(booking)
    session().execute(delete(CartonLine).where(CartonLine.booking_id == booking.id))
    session().execute(delete(Carton).where(Carton.booking_id == booking.id, Carton.number > len(cartons)))
    query = select(Carton.number, Carton.id).where(Carton.booking_id == booking.id)
    kept = {row.number: row.id for row in session().execute(query)}
    if kept:  # so that box numbers may change places
        session().execute(update(Carton).where(Carton.booking_id == booking.id).values(reference_box_no=None))
    insert_cartons(booking, cartons, products, kept)


def insert_cartons(
    booking: Booking,
    cartons: Sequence[CartonDraft],
    products: Mapping[str, ProductFacts],
    kept: Mapping[int, uuid.UUID],
) -> None:
    """The rows of its cartons, their lines and lots. `kept`: ids of cartons that are there, by number."""
    rows = [_carton_row(booking, carton, kept.get(carton.number) or new_id()) for carton in cartons]
    statement = upsert(Carton)
    renewed = {name: statement.excluded[name] for name in rows[0] if name not in {"id", "booking_id", "number"}}
    session().execute(statement.on_conflict_do_update(index_elements=["id"], set_=renewed), rows)
    lines = [
        {"id": new_id(), "booking_id": booking.id, "carton_id": row["id"], "owner_id": booking.owner_id,
         "product_id": products[line.sku].id, "position": position, "declared": line.quantity, "received_good": 0,
         "received_damaged": 0, "unaccounted": 0, "put_away": 0}
        for row, carton in zip(rows, cartons, strict=True)
        for position, line in enumerate(carton.lines, start=1)
    ]  # fmt: skip
    session().execute(insert(CartonLine), lines)
    announced = [line.lots for carton in cartons for line in carton.lines]
    lots = [
        {"id": new_id(), "carton_line_id": line["id"], "position": position,
         "quantity": lot.quantity, "batch": lot.batch, "made_on": lot.made_on, "expires_on": lot.expires_on,
         "serial_numbers": list(lot.serial_numbers)}
        for line, own in zip(lines, announced, strict=True)
        for position, lot in enumerate(own, start=1)
    ]  # fmt: skip
    if lots:
        session().execute(insert(AnnouncedLot), lots)


def _void_labels(booking: Booking) -> None:
    printing.void_documents("carton", session().scalars(select(Carton.id).where(Carton.booking_id == booking.id)))


def _carton_row(booking: Booking, carton: CartonDraft, key: uuid.UUID) -> dict[str, Any]:
    return {
        "id": key, "booking_id": booking.id, "owner_id": booking.owner_id, "warehouse_id": booking.warehouse_id,
        "number": carton.number, "barcode": rules.carton_barcode(booking.number, carton.number),
        "pallet": carton.pallet, "reference_box_no": carton.reference_box_no, "declared_weight_g": carton.weight_g,
        "declared_length_mm": carton.length_mm, "declared_width_mm": carton.width_mm,
        "declared_height_mm": carton.height_mm, "state": CartonState.DECLARED.value,
    }  # fmt: skip

"""At the dock: cartons arrive, stay away, are measured; and what no booking announces is written down."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.models import HandlingUnitKind, Location, LocationKind
from wms.facility.queries import system_location
from wms.facility.service import enter_units
from wms.inbound.events import CartonArrived
from wms.inbound.models import Booking, Carton
from wms.inbound.service import differing
from wms.inbound.service.loading import BookingAtWork, work_on_booking, work_on_carton
from wms.inbound.service.progress import settle
from wms.inbound.workflow import CARTON, CartonState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.statements import Statement

MAX_COUNTED = 9_999


@dataclass(frozen=True)
class Arrived:
    """The cartons that arrived just now, and how many of the booking are still awaited."""

    booking_id: uuid.UUID
    booking_state: str
    version: int
    carton_ids: tuple[uuid.UUID, ...]
    awaited: int


_BY_LABEL = Statement("SELECT id FROM carton WHERE barcode = :barcode")
_ONE = Statement("SELECT id, number, barcode, state FROM carton WHERE id = :carton")
_LEFT = Statement("SELECT count(*) FROM carton WHERE booking_id = :booking AND state = :state")
_ARRIVED = Statement(
    "WITH arrived AS (UPDATE carton AS c SET state = :state, arrived_at = :now, handling_unit_id = k.unit"
    " FROM unnest(CAST(:cartons AS uuid[]), CAST(:units AS uuid[])) AS k(id, unit) WHERE c.id = k.id),"
    " kept AS (UPDATE dock_appointment SET state = 'kept' WHERE booking_id = :booking AND state = 'booked')"
    " UPDATE booking SET arrived_at = :now WHERE id = :booking AND arrived_at IS NULL"
)


def arrive_carton(
    actor: Actor, barcode: str, *, warehouse_id: uuid.UUID | None = None, location_id: uuid.UUID | None = None
) -> Arrived:
    """One carton is at the dock, by our label or by the seller's own box number (that one needs `warehouse_id`, and
    must mean one awaited carton there). It becomes a handling unit at `location_id`, by default the warehouse's dock.

    Refuses `carton_unknown`, or `not_allowed_now` when it has arrived before.
    """
    carton_id = _awaited_by_code(barcode.strip(), warehouse_id)
    if carton_id is None:
        raise Refused("carton_unknown", {"code": barcode.strip()[:50]}, next_step="register_arrival")
    booking = work_on_carton(actor, carton_id, action="arrive")
    return _arrive(booking, _ONE.all({"carton": carton_id}), location_id)


def arrive_booking(
    actor: Actor, booking_id: uuid.UUID, *, location_id: uuid.UUID | None = None, pallet: int | None = None
) -> Arrived:
    """All cartons still awaited are here, or those announced on one pallet: one lorry, counted as a whole. Refuses
    `nothing_missing`.
    """
    booking = work_on_booking(actor, booking_id)
    query = select(Carton.id, Carton.number, Carton.barcode, Carton.state).order_by(Carton.number)
    awaited = query.where(Carton.booking_id == booking_id, Carton.state == CartonState.DECLARED.value)
    if pallet is not None:
        awaited = awaited.where(Carton.pallet == pallet)
    cartons = session().execute(awaited).all()
    if not cartons:
        raise Refused("nothing_missing", {})
    return _arrive(booking, cartons, location_id)


def _awaited_by_code(code: str, warehouse_id: uuid.UUID | None) -> uuid.UUID | None:
    upper = code.upper() if code.isascii() else code
    found: uuid.UUID | None = _BY_LABEL.scalar({"barcode": upper})
    if found is not None or warehouse_id is None:
        return found
    waiting = Carton.state.in_([CartonState.DECLARED.value, CartonState.MISSING.value])
    query = select(Carton.id).where(Carton.warehouse_id == warehouse_id, Carton.reference_box_no == code, waiting)
    candidates = session().scalars(query.limit(2)).all()
    return candidates[0] if len(candidates) == 1 else None


def _arrive(booking: BookingAtWork, cartons: Sequence[Any], location_id: uuid.UUID | None) -> Arrived:
    for carton in cartons:
        CARTON.apply("arrive", carton.state)
    dock = _dock(booking.warehouse_id, location_id)
    found_again = [carton.id for carton in cartons if carton.state == CartonState.MISSING.value]
    differing.clear(found_again)
    now = clock.now()
    units = enter_units(
        booking.warehouse_id, HandlingUnitKind.CARTON, dock,
        [(f"{booking.number}-{carton.number}", carton.barcode, carton.id) for carton in cartons], "carton",
    )  # fmt: skip
    ids = [carton.id for carton in cartons]
    _ARRIVED.run(
        {"cartons": ids, "units": units, "state": CartonState.ARRIVED.value, "now": now, "booking": booking.id}
    )
    for carton in cartons:
        record(CartonArrived(booking.id, booking.warehouse_id, booking.owner_id, carton.id))
    state = settle(booking.id)
    left = _LEFT.scalar({"booking": booking.id, "state": CartonState.DECLARED.value})
    return Arrived(booking.id, state.value, booking.version, tuple(ids), left)


def _dock(warehouse_id: uuid.UUID, location_id: uuid.UUID | None) -> uuid.UUID:
    if location_id is None:
        return system_location(warehouse_id, LocationKind.DOCK).id
    location = session().get(Location, location_id)
    if location is None or location.warehouse_id != warehouse_id:
        raise Refused("location_foreign", {})
    if location.kind != LocationKind.DOCK.value:
        raise Refused("location_wrong_kind", {"code": location.code, "kind": location.kind})
    return location.id


def mark_missing(actor: Actor, carton_id: uuid.UUID) -> Arrived:
    """A supervisor gives a carton up: all of it is short, and it keeps the booking open no longer. It may turn up
    later and arrive then.
    """
    booking = work_on_carton(actor, carton_id, Permission.EXCEPTIONS_MANAGE, "lose")
    carton = session().execute(select(Carton.state).where(Carton.id == carton_id)).one()
    state = CARTON.apply("lose", carton.state)
    session().execute(update(Carton).where(Carton.id == carton_id).values(state=state.value))
    differing.close(actor, booking, carton_id)
    now = settle(booking.id)
    awaited = select(func.count()).where(Carton.booking_id == booking.id, Carton.state == CartonState.DECLARED.value)
    return Arrived(booking.id, now.value, booking.version, (), session().scalar(awaited) or 0)


def measure_carton(
    actor: Actor, carton_id: uuid.UUID, *, weight_g: int, length_mm: int, width_mm: int, height_mm: int
) -> int:
    """What the warehouse measured, beside the declared. Returns the booking's version."""
    if min(weight_g, length_mm, width_mm, height_mm) <= 0:
        raise invalid("/measured", "measured_incomplete")
    booking = work_on_carton(actor, carton_id)
    session().execute(
        update(Carton).where(Carton.id == carton_id).values(
            measured_weight_g=weight_g, measured_length_mm=length_mm, measured_width_mm=width_mm,
            measured_height_mm=height_mm, measured_at=clock.now(),
        )
    )  # fmt: skip
    return booking.version


def count_cartons(actor: Actor, booking_id: uuid.UUID, cartons: int) -> int:
    """How many cartons came off the lorry, counted before any is scanned. What is scanned afterwards is compared with
    it; nothing arrives by it. Returns the booking's version.
    """
    if not 0 <= cartons <= MAX_COUNTED:
        raise invalid("/cartons", "too_small" if cartons < 0 else "too_large", min=0, max=MAX_COUNTED)
    booking = work_on_booking(actor, booking_id)
    values = {"dock_cartons": cartons, "dock_counted_by": actor.id, "dock_counted_at": clock.now()}
    session().execute(update(Booking).where(Booking.id == booking_id).values(**values))
    return booking.version

"""What the tests of inbound do at the dock, in few words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from wms.catalog import service as catalog
from wms.core.actor import SYSTEM, Actor
from wms.facility import service as facility
from wms.facility.models import LocationKind
from wms.facility.rules import Plan
from wms.inbound import service as use_cases
from wms.inbound.lots import LotDraft
from wms.inbound.models import Booking, Carton, CartonLine, Difference
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft
from wms.platform.database import commit, rollback, session

MUG, RED, CABLE, SERUM = "MUG-450-BLUE", "MUG-450-RED", "CABLE-USBC-1M", "SERUM-30ML"


class Committing:
    """The use cases of a module as commands run them: each ends its transaction."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        use_case = getattr(self.module, name)

        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                result = use_case(*args, **kwargs)
            except BaseException:
                rollback()
                raise
            commit()
            return result

        return run


service = Committing(use_cases)


Contents = dict[str, int | list[LotDraft]]


def lines(contents: Contents) -> list[LineDraft]:
    """Lines given as {sku: quantity}, or {sku: its lots}."""
    return [
        LineDraft(sku, what) if isinstance(what, int) else LineDraft(sku, sum(lot.quantity for lot in what), what)
        for sku, what in contents.items()
    ]


def draft(*cartons: Contents, warehouse: str = "DE1", **header: Any) -> BookingDraft:
    """A booking of cartons given by their contents."""
    made = [CartonDraft(number, lines(contents)) for number, contents in enumerate(cartons, start=1)]
    return BookingDraft(warehouse=warehouse, cartons=made, **header)


@dataclass
class Received:
    """A booking whose cartons are at the dock."""

    booking_id: uuid.UUID
    cartons: list[uuid.UUID]

    @property
    def carton(self) -> uuid.UUID:
        return self.cartons[0]

    @property
    def booking(self) -> Booking:
        return session().get_one(Booking, self.booking_id, populate_existing=True)

    def states(self) -> list[str]:
        query = select(Carton.state).where(Carton.booking_id == self.booking_id).order_by(Carton.number)
        return list(session().scalars(query))

    def differences(self, carton: uuid.UUID | None = None) -> dict[str, int]:
        query = select(Difference.kind, Difference.quantity).where(Difference.carton_id == (carton or self.carton))
        return {row.kind: row.quantity for row in session().execute(query)}


def announce(actor: Actor, *cartons: Contents, **header: Any) -> Received:
    """A submitted booking."""
    booking = service.create_booking(actor, draft(*cartons, **header), submitted=True)
    query = select(Carton.id).where(Carton.booking_id == booking.id).order_by(Carton.number)
    return Received(booking.id, list(session().scalars(query)))


def deliver(seller: Actor, receiver: Actor, *cartons: Contents, **header: Any) -> Received:
    """A booking whose cartons have all arrived."""
    found = announce(seller, *cartons, **header)
    service.arrive_booking(receiver, found.booking_id)
    return found


def line(carton_id: uuid.UUID, product_id: uuid.UUID) -> tuple[int, int, int, int, int]:
    """(declared, good, damaged, unaccounted, put away)."""
    query = select(CartonLine).where(CartonLine.carton_id == carton_id, CartonLine.product_id == product_id)
    row = session().scalars(query.execution_options(populate_existing=True)).one()
    return row.declared, row.received_good, row.received_damaged, row.unaccounted, row.put_away


def stock(product_id: uuid.UUID) -> dict[tuple[str, str, bool], int]:
    """{(location code, condition, sellable): on hand} of a product."""
    rows = session().execute(
        text("SELECT l.code, b.condition, b.is_sellable, sum(b.on_hand)::int AS units FROM balance b"
             " JOIN location l ON l.id = b.location_id WHERE b.product_id = :product AND b.on_hand > 0"
             " GROUP BY 1, 2, 3"),
        {"product": product_id},
    )  # fmt: skip
    return {(row.code, row.condition, row.is_sellable): row.units for row in rows}


def sellable(product_id: uuid.UUID) -> int:
    """Units that can be promised."""
    query = text("SELECT coalesce(sum(sellable), 0) FROM summary WHERE product_id = :product")
    return int(session().execute(query, {"product": product_id}).scalar_one())


def bins(warehouse_id: uuid.UUID, zone: str, kind: LocationKind, count: int = 2, **limits: Any) -> dict[str, uuid.UUID]:
    """A row of new bins `<zone>-1…`; returns their ids by code."""
    facility.create_zone(SYSTEM, warehouse_id, zone, zone, kind)
    codes = facility.generate_locations(SYSTEM, warehouse_id, zone, Plan(zone + "-{bay}", (1, 1), (1, count)), **limits)
    commit()
    rows = session().execute(
        text("SELECT code, id FROM location WHERE warehouse_id = :w AND code = ANY(:codes)"),
        {"w": warehouse_id, "codes": codes},
    )
    return {row.code: row.id for row in rows}


def product(actor: Actor, sku: str, **fields: Any) -> uuid.UUID:
    """One more product of the actor's seller."""
    data = {
        "sku": sku, "name_en": sku, "name_zh": sku, "declared_weight_g": 100, "declared_length_mm": 100,
        "declared_width_mm": 100, "declared_height_mm": 100, **fields,
    }  # fmt: skip
    key = catalog.create_product(actor, data).id
    commit()
    return key

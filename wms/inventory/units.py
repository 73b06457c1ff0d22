"""Containers (容器) as wholes: what is in one, and moving one with everything in it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from wms.catalog.queries import ProductFacts, products_by_ids
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit, LocationKind
from wms.inventory import service as stock_service
from wms.inventory.putaway import service as putaway
from wms.inventory.rules import COUNTING_LOCATIONS, Stock
from wms.inventory.service import Subject
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Answer, Statement

Products = Mapping[uuid.UUID, ProductFacts]

# Besides bins, goods may stand in a container where they wait for a decision; at the places of orders they would pass
# for an order's, and *unaccounted* is customs' matter.
WAITING_PLACES = frozenset({LocationKind.DOCK.value, LocationKind.INSPECTION.value, LocationKind.RETURNS.value})


@dataclass(frozen=True)
class Holding:
    """One balance row in a container, as read."""

    balance_id: int
    stock: Stock
    quantity: int


@dataclass(frozen=True)
class MovedUnit:
    """`posting_id` is None for an empty container: it alone was moved."""

    unit_id: uuid.UUID
    units: int
    posting_id: uuid.UUID | None


_KEYS = tuple(each.name for each in fields(Stock))
_CONTENT = Statement(
    f"SELECT id, on_hand, {', '.join(_KEYS)} FROM balance WHERE handling_unit_id = :unit AND on_hand > 0 ORDER BY id"
)
_PLACE = Statement("SELECT warehouse_id, code, kind, is_active FROM location WHERE id = :location")
_HELD = Statement("SELECT id FROM balance WHERE id = ANY(CAST(:ids AS bigint[])) AND held_by > 0 LIMIT 1")


def content(unit_id: uuid.UUID | None) -> list[Holding]:
    """The rows with goods in a container; not locked."""
    return holdings(send_content(unit_id))


def send_content(unit_id: uuid.UUID | None) -> Answer:
    """The same question, to be sent with others; `holdings` reads its answer."""
    return _CONTENT.send({"unit": unit_id})


def holdings(answer: Answer) -> list[Holding]:
    return [Holding(row[0], Stock(*row[2:]), row[1]) for row in answer.all()]


def move_unit(
    actor: Actor, unit_id: uuid.UUID, location_id: uuid.UUID, subject: Subject, *, of_document: str | None = None
) -> MovedUnit:
    """A container goes to another place with everything in it: one posting, or none when it is empty.

    Nothing but the place changes, so in bond no permit is needed. Claims stay with a row and do not travel: a picker is
    on the way to where it stands, so goods kept for an order are refused (`stock_is_allocated`), and held goods stay
    where they were held (`stock_is_held`). `of_document`: the kind of document that the container came with and whose
    lock the caller holds; its goods go into bins by the document's own putaway only.

    Refuses `unit_gone`, `unit_in_use` (bound to an order, a put-back, a parcel), `unit_is_there`, `location_foreign`,
    `location_closed`, `location_wrong_kind`, `carton_is_put_away`, what a bin refuses its goods (`putaway.place`), and
    what the ledger refuses.
    """
    unit = lock_one(Rank.HANDLING_UNIT, HandlingUnit, unit_id)
    if unit is None or not (actor.is_staff and actor.may(Permission.FLOOR_WORK)):
        raise not_found("handling unit")
    if not actor.sees_warehouse(unit.warehouse_id):
        raise not_found("handling unit")
    check_free(unit, of_document)
    rows = [row for row in content(unit_id) if row.stock.location_id != location_id]
    products = products_by_ids({row.stock.product_id for row in rows})
    _check_target(unit, rows, products, location_id, of_document)
    posting_id = _move_content(actor, rows, location_id, unit_id, subject) if rows else None
    unit.location_id = location_id
    session().flush()
    return MovedUnit(unit_id, sum(row.quantity for row in rows), posting_id)


def check_free(unit: HandlingUnit, of_document: str | None = None) -> None:
    """Refuse a container that is gone or in somebody's hands."""
    if unit.state == "gone":
        raise Refused("unit_gone", {})
    if unit.subject_kind != of_document:
        raise Refused("unit_in_use", {})


def _check_target(
    unit: HandlingUnit, rows: Sequence[Holding], products: Products, location_id: uuid.UUID, of_document: str | None
) -> None:
    place = _PLACE.first({"location": location_id})
    if place is None:
        raise not_found("location")
    if place.warehouse_id != unit.warehouse_id:
        raise Refused("location_foreign", {})
    if location_id == unit.location_id and not rows:
        raise Refused("unit_is_there", {})
    if not place.is_active:
        raise Refused("location_closed", {"code": place.code})
    if not rows and of_document is None:
        return  # an empty container may stand anywhere
    if place.kind not in COUNTING_LOCATIONS | WAITING_PLACES:
        raise Refused("location_wrong_kind", {"code": place.code, "kind": place.kind})
    if place.kind in COUNTING_LOCATIONS:
        if of_document is not None:
            raise Refused("carton_is_put_away", {}, next_step="putaway")
        putaway.check_all([(row.stock, row.quantity) for row in rows], location_id, products)


def _move_content(
    actor: Actor,
    rows: Sequence[Holding],
    location_id: uuid.UUID,
    unit_id: uuid.UUID,
    subject: Subject,
) -> uuid.UUID:
    contents = [(row.stock, row.quantity) for row in rows]
    posted = stock_service.relocate_many(actor, contents, location_id, subject, handling_unit_id=unit_id)
    # Asked when the rows are locked: a hold placed meanwhile is seen.
    if _HELD.scalar({"ids": [row.balance_id for row in rows]}) is not None:
        raise Refused("stock_is_held", {})
    return posted.posting_id

"""Room in a bin kept for goods on their way, so that two pallets are never sent to one slot.

Suggestions that keep a bin are made one at a time in a warehouse (`taking_turns`): the second person sees the first
one's. What is put into a bin counts the reservations of others under the bin's lock.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.inventory.putaway.rules import Goods, Room
from wms.inventory.service import Subject
from wms.platform.statements import Statement

KEPT = timedelta(minutes=30)  # a walk through the building with a pallet, and a coffee

_TURN = Statement("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:warehouse AS text), 23))")
# Goods that were kept for the holder before and are kept again are changed, all others let go: neither step sees the
# other's rows.
_KEEP = Statement(
    "WITH wanted AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:products AS uuid[]), CAST(:lots AS uuid[]),"
    "  CAST(:statuses AS text[]), CAST(:quantities AS int[]), CAST(:weights AS bigint[]), CAST(:volumes AS bigint[]))"
    "  AS w(id, product_id, lot_id, customs_status, quantity, weight_g, volume_mm3)),"
    " gone AS (DELETE FROM bin_reservation r WHERE r.holder_kind = :kind AND r.holder_id = :holder AND NOT EXISTS ("
    "  SELECT 1 FROM wanted w WHERE w.product_id = r.product_id AND w.lot_id IS NOT DISTINCT FROM r.lot_id"
    "  AND w.customs_status = r.customs_status))"
    " INSERT INTO bin_reservation (id, warehouse_id, location_id, product_id, lot_id, customs_status, quantity, weight_g,"
    " volume_mm3, holder_kind, holder_id, reserved_by, created_at, expires_at) SELECT w.id, :warehouse, :location,"
    " w.product_id, w.lot_id, w.customs_status, w.quantity, w.weight_g, w.volume_mm3, :kind, :holder, :by, :now, :expires"
    " FROM wanted w ON CONFLICT (holder_kind, holder_id, product_id, lot_id, customs_status) DO UPDATE SET"
    " location_id = excluded.location_id, quantity = excluded.quantity, weight_g = excluded.weight_g,"
    " volume_mm3 = excluded.volume_mm3, reserved_by = excluded.reserved_by, created_at = excluded.created_at,"
    " expires_at = excluded.expires_at"
)
_RELEASE = Statement("DELETE FROM bin_reservation WHERE holder_kind = :kind AND holder_id = :holder")
_EXPIRED = Statement("DELETE FROM bin_reservation WHERE expires_at <= :now")


@dataclass(frozen=True)
class Reservation:
    """A bin kept until then."""

    location_id: uuid.UUID
    expires_at: datetime


def taking_turns(warehouse_id: uuid.UUID) -> None:
    """Wait until nobody else is choosing a bin in this warehouse; held until the transaction ends."""
    _TURN.run({"warehouse": str(warehouse_id)})


def keep(actor: Actor, warehouse_id: uuid.UUID, location_id: uuid.UUID, goods: Goods, holder: Subject) -> Reservation:
    """Keep the bin for these goods in the holder's hands, instead of whatever was kept for it before."""
    return keep_all(actor, warehouse_id, location_id, [goods], holder)


def keep_all(
    actor: Actor, warehouse_id: uuid.UUID, location_id: uuid.UUID, goods: Sequence[Goods], holder: Subject
) -> Reservation:
    """The same for all that is in the holder's hands."""
    now = clock.now()
    sums: dict[tuple[uuid.UUID, uuid.UUID | None, str], Room] = defaultdict(Room)
    for each in goods:  # of one lot in two conditions: the room is for both
        sums[(each.product_id, each.lot_id, each.customs_status)] += Room(each.quantity, each.weight_g, each.volume_mm3)
    _KEEP.run({
        "ids": [new_id() for _ in sums], "warehouse": warehouse_id, "location": location_id,
        "products": [key[0] for key in sums], "lots": [key[1] for key in sums], "statuses": [key[2] for key in sums],
        "quantities": [room.units for room in sums.values()], "weights": [room.weight_g for room in sums.values()],
        "volumes": [room.volume_mm3 for room in sums.values()], "kind": holder.kind, "holder": holder.id,
        "by": actor.id, "now": now, "expires": now + KEPT,
    })  # fmt: skip
    return Reservation(location_id, now + KEPT)


def release(holder: Subject) -> None:
    """The goods are put away, or the holder does something else. Nothing kept: nothing happens."""
    _RELEASE.run({"kind": holder.kind, "holder": holder.id})


def drop_expired() -> None:
    """What nobody came for; it has not counted since it expired."""
    _EXPIRED.run({"now": clock.now()})


_CROSSING = Statement(
    "SELECT coalesce(sum(r.quantity), 0) FROM bin_reservation r JOIN location l ON l.id = r.location_id"
    " WHERE r.product_id = :product AND r.warehouse_id = :warehouse AND r.expires_at > :now AND l.kind = 'cross_dock'"
    " AND r.holder_id IS DISTINCT FROM CAST(:holder AS uuid)"
)


def crossing(warehouse_id: uuid.UUID, product_id: uuid.UUID, holder_id: uuid.UUID | None) -> int:
    """Units of a product on their way to cross-dock places in other hands than the holder's."""
    values = {"warehouse": warehouse_id, "product": product_id, "holder": holder_id, "now": clock.now()}
    return int(_CROSSING.scalar(values))

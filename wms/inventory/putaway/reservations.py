"""Room in a bin kept for goods on their way, so that two pallets are never sent to one slot.

Suggestions that keep a bin are made one at a time in a warehouse (`taking_turns`): the second person sees the first
one's. What is put into a bin counts the reservations of others under the bin's lock.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.inventory.putaway.rules import Goods
from wms.inventory.service import Subject
from wms.platform.statements import Statement

KEPT = timedelta(minutes=30)  # a walk through the building with a pallet, and a coffee

_TURN = Statement("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:warehouse AS text), 23))")
_KEEP = Statement(
    "INSERT INTO bin_reservation (id, warehouse_id, location_id, product_id, lot_id, customs_status, quantity, weight_g,"
    " volume_mm3, holder_kind, holder_id, reserved_by, created_at, expires_at) VALUES (:id, :warehouse, :location,"
    " :product, :lot, :status, :quantity, :weight, :volume, :kind, :holder, :by, :now, :expires)"
    " ON CONFLICT (holder_kind, holder_id) DO UPDATE SET location_id = excluded.location_id,"
    " product_id = excluded.product_id, lot_id = excluded.lot_id, customs_status = excluded.customs_status,"
    " quantity = excluded.quantity, weight_g = excluded.weight_g, volume_mm3 = excluded.volume_mm3,"
    " reserved_by = excluded.reserved_by, created_at = excluded.created_at, expires_at = excluded.expires_at"
    " RETURNING id"
)
_RELEASE = Statement("DELETE FROM bin_reservation WHERE holder_kind = :kind AND holder_id = :holder")
_EXPIRED = Statement("DELETE FROM bin_reservation WHERE expires_at <= :now")


@dataclass(frozen=True)
class Reservation:
    """A bin kept until then."""

    id: uuid.UUID
    expires_at: datetime


def taking_turns(warehouse_id: uuid.UUID) -> None:
    """Wait until nobody else is choosing a bin in this warehouse; held until the transaction ends."""
    _TURN.run({"warehouse": str(warehouse_id)})


def keep(actor: Actor, warehouse_id: uuid.UUID, location_id: uuid.UUID, goods: Goods, holder: Subject) -> Reservation:
    """Keep the bin for these goods in the holder's hands, instead of whatever was kept for it before."""
    now = clock.now()
    found = _KEEP.scalar({
        "id": new_id(), "warehouse": warehouse_id, "location": location_id, "product": goods.product_id,
        "lot": goods.lot_id, "status": goods.customs_status, "quantity": goods.quantity, "weight": goods.weight_g,
        "volume": goods.volume_mm3, "kind": holder.kind, "holder": holder.id, "by": actor.id, "now": now,
        "expires": now + KEPT,
    })  # fmt: skip
    return Reservation(found, now + KEPT)


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

"""The fast lane's bench: an item scanned finds the oldest order that wants it; its label scanned back closes the parcel."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.outbound.service import lane_totes, packing
from wms.outbound.service.held import hold_order
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

# The most urgent, then the oldest. One that another bench has just taken is passed by; one that was checked is taken.
_WANTING = (
    "SELECT o.id, o.number, o.owner_id, o.tote_id FROM handling_unit u JOIN outbound_order o ON o.tote_id = u.id"
    " JOIN demand d ON d.order_id = o.id WHERE u.warehouse_id = :warehouse AND u.subject_kind = 'lane'"
    " AND o.state = 'picked' AND o.customs_state IN ('none', 'released') AND o.holds = 0"
    " AND o.interception <> 'requested' AND d.product_id = :product AND d.verified = 0"
    " ORDER BY EXISTS (SELECT 1 FROM parcel p WHERE p.shipment_id = o.shipment_id AND p.state = 'open'"
    "  AND p.tracking_number IS NOT NULL) DESC, o.priority DESC, o.ordered_at, o.id LIMIT 1 FOR NO KEY UPDATE OF o"
)
_OLDEST = Statement(f"{_WANTING} SKIP LOCKED")
_AWAITED = Statement(_WANTING)  # whoever has it is waited for
_OWNERS = Statement(
    "SELECT DISTINCT o.owner_id FROM handling_unit u JOIN outbound_order o ON o.tote_id = u.id AND o.state = 'picked'"
    " WHERE u.warehouse_id = :warehouse AND u.subject_kind = 'lane' LIMIT 2"
)


def owner_in_lanes(warehouse_id: uuid.UUID) -> uuid.UUID | None:
    """Whose goods stand in the lanes, where they are one seller's: a code several sellers use is not ambiguous then."""
    owners = list(_OWNERS.column({"warehouse": warehouse_id}))
    return owners[0] if len(owners) == 1 else None


@dataclass(frozen=True)
class Taken:
    """An order with its one unit checked and its parcel weighed: its label is all that is missing."""

    order_id: uuid.UUID
    number: str
    owner_id: uuid.UUID
    parcel_id: uuid.UUID
    weight_g: int
    plan: dict[str, Any]


def take(actor: Actor, warehouse_id: uuid.UUID, product_id: uuid.UUID, weight_g: int | None = None) -> Taken:
    """The oldest released order of one unit of this product is this bench's now, until `give_back`.

    `weight_g`: what a scale says; without it the computed weight of goods and box is the parcel's. Refuses `lane_empty`,
    `waybill_not_ready`, `weight_off`, and `scale_first` where the carrier wants the weight before it makes a label.
    """
    if not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    claim(Rank.DOCUMENT)
    wanted = {"warehouse": warehouse_id, "product": product_id}
    row = _OLDEST.first(wanted)
    if row is None and _AWAITED.first(wanted) is not None:  # in other hands for a moment: its waybill is being made
        row = _OLDEST.first(wanted)
    if row is None or not actor.sees_seller(row.owner_id):
        raise Refused("lane_empty", {})
    packing.verify(actor, row.id, product_id, 1)
    plan = packing.plan_boxes(row.id)
    planned = plan["boxes"][0]["id"] if plan.get("boxes") else None
    box_id = uuid.UUID(planned) if planned else None  # none for what ships in its own carton
    bench = packing.bench(row.id, box_id)
    parcel = packing.ready(bench.parcel)
    if parcel.weight_first and weight_g is None:
        raise Refused("scale_first", {})
    if parcel.tracking_number is None and not parcel.weight_first:  # its carrier has not answered
        raise Refused("waybill_not_ready", {})
    weight = weight_g or bench.band.expected_g
    packing.weigh(actor, row.id, weight, packaging_id=box_id, planned_id=box_id, is_weighed=weight_g is not None)
    return Taken(row.id, row.number, row.owner_id, parcel.id, weight, plan)


def give_back(actor: Actor, order_id: uuid.UUID) -> bool:
    """The unit goes back into the container, and its order waits again, also if somebody stopped it: no bench has it any more,
    and the next one takes it when it may go on. False when it was not taken. Refuses `order_cancelled`.
    """
    return packing.unverify(actor, order_id, stopped_too=True)


def close(actor: Actor, order_id: uuid.UUID, scanned: str) -> None:
    """The label, scanned back, closes the parcel; a container that was emptied with it is free."""
    order, _ = hold_order(actor, order_id)
    packing.close_parcel(actor, order_id, scanned)
    lane_totes.settle_container(order.tote_id, is_held=True)

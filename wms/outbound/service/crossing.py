"""Cross-dock: orders that wait for goods which are just being put away, so that these go where they are picked at once."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wms.inventory import promises
from wms.inventory.putaway.reservations import crossing
from wms.outbound import rules
from wms.outbound.rules import Waiting
from wms.outbound.workflow import OrderState
from wms.platform.statements import Statement

# Short ones only: what an order on a walk lacks is found by the walk. Pinned ones name their goods themselves.
_ORDERS = Statement(
    "SELECT o.id, o.number, d.product_id, sum(d.quantity) AS wanted, w.kind = 'bonded' AS bonded,"
    " bool_or(l.batch IS NOT NULL OR l.min_expires_on IS NOT NULL OR l.condition <> 'good'"
    "  OR l.handling_unit_id IS NOT NULL OR o.kind IN ('return_to_seller', 'destruction')) AS pinned"
    " FROM awaited_stock a JOIN outbound_order o ON o.id = a.subject_id JOIN demand d ON d.order_id = o.id"
    " JOIN order_line l ON l.id = d.order_line_id JOIN warehouse w ON w.id = o.warehouse_id"
    " WHERE a.subject_kind = 'order' AND a.warehouse_id = :warehouse AND a.owner_id = :owner"
    " AND a.product_id = :product AND o.state = :short"
    " AND NOT EXISTS (SELECT 1 FROM order_hold h WHERE h.order_id = o.id AND h.state = 'open' AND NOT h.keeps_stock)"
    " GROUP BY o.id, d.product_id, o.priority, o.ordered_at, w.kind ORDER BY o.priority DESC, o.ordered_at, o.id"
)


# What customs has booked of these goods' line and nobody claims, over all owners.
_BOOKED = Statement(
    "SELECT greatest(0, booked - pre_deducted - promised) FROM book_item WHERE warehouse_id = :warehouse"
    " AND item_number = (SELECT customs_item_number FROM product WHERE id = :product)"
)


@dataclass(frozen=True)
class Awaited:
    """So many of the goods go to orders that wait: the first of these, and how many there are. `unbooked`: orders wait for
    them, and in bond customs has not booked any.
    """

    units: int = 0
    number: str | None = None
    orders: int = 0
    unbooked: bool = False


def awaited(
    warehouse_id: uuid.UUID,
    owner_id: uuid.UUID,
    product_id: uuid.UUID,
    quantity: int,
    holder_id: uuid.UUID | None = None,
) -> Awaited:
    """How many of `quantity` units that are about to be put away waiting orders can have: the most urgent first, then
    the oldest, each only when nothing else is lacking to it. What is free already, or on its way to a cross-dock place
    in other hands than the holder's, is theirs first.

    In a bonded warehouse only as many as customs has booked: nothing else of it may be promised, wherever it stands.
    """
    parameters = {"warehouse": warehouse_id, "owner": owner_id, "product": product_id, "short": OrderState.SHORT.value}
    rows = _ORDERS.all(parameters)
    if not rows:
        return Awaited()
    keys = [(warehouse_id, owner_id, each) for each in sorted({row.product_id for row in rows})]
    free: Mapping[uuid.UUID, int] = {key[2]: units for key, units in promises.free_by_product(keys).items()}
    ahead = crossing(warehouse_id, product_id, holder_id)
    booked = _booked(warehouse_id, product_id) if rows[0].bonded else quantity
    served = rules.served_by(product_id, min(quantity, booked), _waiting(rows), free, ahead)
    if not served and booked < quantity:
        return Awaited(unbooked=bool(rules.served_by(product_id, quantity, _waiting(rows), free, ahead)))
    units = sum(share for _order, share in served)
    return Awaited(units, served[0][0].number, len(served)) if served else Awaited()


def _booked(warehouse_id: uuid.UUID, product_id: uuid.UUID) -> int:
    return int(_BOOKED.scalar({"warehouse": warehouse_id, "product": product_id}) or 0)


def _waiting(rows: Sequence[Any]) -> list[Waiting]:
    wants: dict[uuid.UUID, dict[uuid.UUID, int]] = defaultdict(dict)
    numbers, pinned = {}, set()
    for row in rows:
        numbers[row.id] = row.number
        wants[row.id][row.product_id] = int(row.wanted)
        if row.pinned:
            pinned.add(row.id)
    return [Waiting(number, wants[key]) for key, number in numbers.items() if key not in pinned]

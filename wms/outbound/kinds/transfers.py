"""Transfers between warehouses (调拨): promised, picked and packed like any order; nobody buys, another warehouse receives.

What leaves goes to *transit*. The feature `transfers` stands above both sides: it books the inbound when the order has
left, and settles what was lost or found when that inbound is closed (decision 074).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from wms.core.actor import Actor
from wms.core.refusals import FieldError, invalid_fields
from wms.inventory import serials
from wms.outbound.kinds.models import TransferOrder
from wms.platform.database import session
from wms.platform.statements import Statement

_TARGET = Statement(
    "SELECT w.id, w.code, w.name, w.country, w.kind = 'bonded' AS is_bonded, s.name AS site FROM warehouse w"
    " JOIN site s ON s.id = w.site_id WHERE w.code = :code AND w.is_active"
)


def target_of(actor: Actor, code: str, warehouse_id: uuid.UUID, *, from_bonded: bool) -> Any:
    """The warehouse a transfer goes to. Refuses, at its field, one that is not there, the same one, and bond on one side
    only: out of bond goods would be duty paid first, into it they need an entry. Between bonded warehouses they go under
    two entry lists that name each other (区间流转, `wms.customs.linked`).
    """
    found = _TARGET.first({"code": code})
    fault = None
    if found is None or not actor.sees_warehouse(found.id):
        fault = "unknown_warehouse"
    elif found.id == warehouse_id:
        fault = "transfer_same"
    elif found.is_bonded != from_bonded:
        fault = "transfer_bonded"
    if fault is not None:
        raise invalid_fields([FieldError("/to_warehouse", fault, {})])
    return found


def addressed(body: Mapping[str, Any], target: Any) -> Mapping[str, Any]:
    """The order as it goes to that warehouse: its dock is the consignee, unless the seller gives an address of it."""
    house = {
        "name": target.name[:80], "company": target.site[:80], "address1": target.site[:120], "city": target.code,
        "country": target.country,
    }  # fmt: skip
    return {**body, "consignee": body.get("consignee") or house}


def write(order_id: uuid.UUID, warehouse_id: uuid.UUID) -> None:
    session().add(TransferOrder(order_id=order_id, to_warehouse_id=warehouse_id))
    session().flush()


_TRANSFER = Statement(
    "SELECT t.to_warehouse_id, w.code, w.name FROM transfer_order t JOIN warehouse w ON w.id = t.to_warehouse_id"
    " WHERE t.order_id = :order"
)


class Target(NamedTuple):
    warehouse_id: uuid.UUID
    code: str
    name: str


def goes_to(order_id: uuid.UUID) -> Target | None:
    """Where a transfer goes; None for other kinds."""
    row = _TRANSFER.first({"order": order_id})
    return None if row is None else Target(*row)


# What a shipped transfer took along, by the ledger: what of each product and lot left in which parcel, with the numbers of
# products that keep them. Mirrored exits do not count.
_SENT = Statement(
    "SELECT c.id AS parcel_id, c.n, c.tracking_number, c.weight_g, c.length_mm, c.width_mm, c.height_mm, m.product_id,"
    " t.batch, t.made_on, t.expires_on, sum(m.quantity)::int AS quantity, array_agg(v.numbers) AS numbers"
    " FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id AND m.to_party = 'transit'"
    " JOIN balance b ON b.id = m.from_balance_id"
    " LEFT JOIN lot t ON t.id = b.lot_id LEFT JOIN LATERAL (SELECT string_agg(s.number, chr(10) ORDER BY s.number) AS numbers"
    "  FROM serial_move k JOIN serial s ON s.id = k.serial_id WHERE k.posting_id = p.id AND k.from_balance_id = b.id) v ON true"
    " JOIN parcel c"
    " ON c.handling_unit_id = b.handling_unit_id AND c.state = 'handed_over' WHERE p.subject_kind = 'order'"
    " AND p.subject_id = :order AND p.reason = 'ship' AND NOT EXISTS (SELECT 1 FROM stock_posting r"
    "  WHERE r.reverses_id = p.id) GROUP BY c.id, m.product_id, t.id ORDER BY c.n, m.product_id, t.expires_on, t.batch"
)
_CAPTURED = Statement(
    "SELECT d.product_id, array_agg(v.serial) AS numbers FROM demand d JOIN verification v ON v.demand_id = d.id"
    " AND v.serial IS NOT NULL WHERE d.order_id = :order GROUP BY 1"
)


def sent(order_id: uuid.UUID) -> list[Any]:
    """Rows (parcel_id, n, tracking_number, weight_g, length_mm, width_mm, height_mm, product_id, batch, made_on, expires_on,
    quantity, numbers), one for each lot of a product; `numbers`: of its balance rows, one a line.
    """
    return list(_SENT.all({"order": order_id}))


def unsell_numbers(order_id: uuid.UUID) -> None:
    """Serial numbers captured at the bench may be captured again where the goods are sold: they are nobody's yet."""
    for row in _CAPTURED.all({"order": order_id}):
        serials.stay(row.product_id, row.numbers, "order", order_id)

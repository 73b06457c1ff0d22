"""What a supervisor has to decide about an order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from wms.core import clock
from wms.core.ids import new_id
from wms.outbound.models import Order, OrderException
from wms.platform.database import session
from wms.platform.statements import Statement


def raise_once(order: Order, kind: str, detail: str | None = None) -> None:
    """Put it before a supervisor, unless the same is open already. The caller holds the order."""
    already = session().scalar(
        select(OrderException.id).where(
            OrderException.order_id == order.id, OrderException.kind == kind, OrderException.resolved_at.is_(None)
        )
    )
    if already is None:
        session().add(
            OrderException(
                id=new_id(), warehouse_id=order.warehouse_id, order_id=order.id, kind=kind, detail=detail,
                created_at=clock.now(),
            )
        )  # fmt: skip
        session().flush()


_RESOLVE = Statement(
    "UPDATE order_exception SET resolved_at = :now, resolution = :resolution WHERE order_id = :order"
    " AND resolved_at IS NULL AND (CAST(:kind AS text) IS NULL OR kind = :kind) RETURNING id"
)


def resolve(order_id: UUID, resolution: str, kind: str | None = None) -> int:
    """What was open of an order (of one kind, or all) needs nobody any more; returns how many. Caller holds it."""
    parameters: dict[str, Any] = {"now": clock.now(), "resolution": resolution, "order": order_id, "kind": kind}
    return len(_RESOLVE.all(parameters))

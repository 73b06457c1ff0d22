"""Reads of the choice of warehouses."""

from __future__ import annotations

import uuid
from typing import Any

from wms.outbound.routing.models import OrderRoute, OrderRouting
from wms.platform.database import session


def routing_of(owner_id: uuid.UUID) -> OrderRouting | None:
    return session().get(OrderRouting, owner_id)


def is_routed(owner_id: uuid.UUID) -> bool:
    """Whether orders of this seller may leave out their warehouse."""
    setting = routing_of(owner_id)
    return setting is not None and bool(setting.warehouses)


def route_of(order_id: uuid.UUID) -> dict[str, Any] | None:
    """Why the order goes from where it does; None where it named its warehouse."""
    found = session().get(OrderRoute, order_id)
    return None if found is None else found.reason

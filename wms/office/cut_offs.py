"""Reads behind the page of cut-offs, within the actor's warehouses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text

from wms.core.actor import Actor
from wms.inventory.queries import Scope
from wms.office.queries import IN_WAREHOUSES
from wms.platform.database import session

_LISTED = (
    "SELECT c.id, c.orders_until, c.truck_at, c.work_minutes, c.weekdays, c.priority, w.code AS warehouse,"
    " k.code AS carrier, s.code AS service FROM cut_off c JOIN warehouse w ON w.id = c.warehouse_id"
    " JOIN carrier k ON k.id = c.carrier_id LEFT JOIN service s ON s.id = c.service_id"
    f" WHERE {IN_WAREHOUSES.format('c')} ORDER BY w.code, k.code, s.code NULLS FIRST"
)
_CLOSED = (
    "SELECT w.code, d.day FROM closed_day d JOIN warehouse w ON w.id = d.warehouse_id"
    f" WHERE {IN_WAREHOUSES.format('d')} ORDER BY w.code, d.day"
)


def listed(actor: Actor) -> Sequence[Row[Any]]:
    """The cut-offs; those of a whole carrier before those of its services."""
    return session().execute(text(_LISTED), _scope(actor)).all()


def closed(actor: Actor) -> dict[str, list[date]]:
    """Closed days by the warehouse's code."""
    found: dict[str, list[date]] = defaultdict(list)
    for row in session().execute(text(_CLOSED), _scope(actor)):
        found[row.code].append(row.day)
    return dict(found)


def _scope(actor: Actor) -> dict[str, Any]:
    return {"warehouses": Scope.of(actor).parameters()["warehouses"]}

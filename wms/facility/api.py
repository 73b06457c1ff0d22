"""Warehouses and their locations, to read."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.facility import queries
from wms.facility.packaging.queries import packaging_seen
from wms.facility.packaging.schemas import PackagingsOut
from wms.facility.schemas import LocationQuery, LocationSchema, LocationsSchema, WarehousesSchema
from wms.platform.access import actor, requires
from wms.platform.http import answer_page, decode_cursor, encode_cursor

blueprint = Blueprint("facility", __name__, url_prefix="/api/v1/warehouses", description="Warehouses and bins")
BLUEPRINTS = [blueprint]


@blueprint.get("")
@requires(Permission.FACILITY_READ)
@blueprint.response(200, WarehousesSchema)
def list_warehouses() -> dict[str, Any]:
    """The warehouses to book into, by code. There are few: one page."""
    return {"data": queries.warehouses_seen(actor())}


@blueprint.get("/<uuid:warehouse_id>/locations")
@requires(Permission.FACILITY_READ)
@blueprint.arguments(LocationQuery, location="query")
@blueprint.response(200, LocationsSchema)
def list_locations(query: dict[str, Any], warehouse_id: uuid.UUID) -> Response:
    """The locations of a warehouse by code."""
    warehouse = queries.load_warehouse(actor(), warehouse_id)
    cursor = decode_cursor(query["cursor"])
    rows = queries.locations_page(
        warehouse.id, after_code=cursor[1] if cursor else "", limit=query["limit"] + 1, kind=query["kind"]
    )
    shown = rows[: query["limit"]]
    more = encode_cursor(warehouse.created_at, shown[-1].code) if len(rows) > len(shown) else None
    return answer_page(LocationSchema(many=True).dump(shown), more)


@blueprint.get("/<uuid:warehouse_id>/packaging")
@requires(Permission.FACILITY_READ)
@blueprint.response(200, PackagingsOut)
def list_packaging(warehouse_id: uuid.UUID) -> dict[str, Any]:
    """The boxes and bags that orders are packed in here: the operator's, and one's own. There are few: one page."""
    warehouse = queries.load_warehouse(actor(), warehouse_id)
    return {"box_aim": warehouse.box_aim, "data": packaging_seen(actor(), warehouse.id)}

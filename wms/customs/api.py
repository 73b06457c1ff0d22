"""`/api/v1/customs`: what of a seller's goods in bond is missing or over, and how it is settled. Clerks have pages."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.customs import queries
from wms.customs.schemas import SettlementOut, SettlementPage, SettlementQuery, UnaccountedPage
from wms.inventory.queries import Scope
from wms.platform.access import actor, requires
from wms.platform.http import answer_page, decode_id_cursor, encode_cursor

blueprint = Blueprint(
    "customs", __name__, url_prefix="/api/v1/customs", description="What customs has to settle of goods in bond"
)
BLUEPRINTS = [blueprint]


@blueprint.get("/unaccounted")
@requires(Permission.STOCK_READ)
@blueprint.response(200, UnaccountedPage)
def unaccounted() -> dict[str, Any]:
    """Goods in bond that are missing or over, by warehouse and line of the book. There are few: one page."""
    return {"data": queries.unaccounted_goods(Scope.of(actor())), "next_cursor": None}


@blueprint.get("/settlements")
@requires(Permission.STOCK_READ)
@blueprint.arguments(SettlementQuery, location="query")
@blueprint.response(200, SettlementPage)
def settlements(query: dict[str, Any]) -> Response:
    """Declarations about them, newest first, by cursor, with customs' last word."""
    limit = query["limit"]
    rows = queries.settlements(
        Scope.of(actor()), only_open=query["open"], after=decode_id_cursor(query["cursor"]), limit=limit + 1
    )
    following = encode_cursor(rows[limit - 1].declared_at, rows[limit - 1].id) if len(rows) > limit else None
    return answer_page(
        [{name: getattr(row, name) for name in SettlementOut().fields} for row in rows[:limit]], following
    )

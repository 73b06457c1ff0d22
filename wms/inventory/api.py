"""Stock as sellers' systems read it: `/api/v1/stock`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint

from wms.core import clock
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.inventory import expiry, month_ends, queries, schemas, serial_lives
from wms.inventory.counting import queries as counting
from wms.inventory.layers import queries as ages
from wms.inventory.queries import LineKey, Scope
from wms.platform.access import actor, requires
from wms.platform.http import answer_page, decode_cursor, encode_cursor
from wms.platform.statements import looking

blueprint = Blueprint("stock", __name__, url_prefix="/api/v1/stock", description="Stock and its history")
BLUEPRINTS = [blueprint]
# These pages have an order of their own, by SKU or by number: the instant in their cursors says nothing.
_TIMELESS = datetime(2000, 1, 1, tzinfo=UTC)
MAX_MOVE_ID = 2**63 - 1


@blueprint.get("")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.StockQuery, location="query")
@blueprint.response(200, schemas.StockPage)
def stock(query: dict[str, Any]) -> Response:
    """Quantities by product and warehouse, in the order of SKUs. Five disjoint figures that add up to `on_hand`."""
    begin = _line_key(query["cursor"])
    with looking():
        lines, after = queries.stock_lines(
            Scope.of(actor()), warehouse=query["warehouse"], sku=query["sku"], after=begin, limit=query["limit"]
        )
    cursor = None if after is None else encode_cursor(_TIMELESS, f"{after[1]}/{after[2]}/{after[0]}")
    return answer_page([schemas.dump_line(line) for line in lines], cursor)


@blueprint.get("/<uuid:product_id>/moves")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.MovesQuery, location="query")
@blueprint.response(200, schemas.MovesPage)
def moves(query: dict[str, Any], product_id: uuid.UUID) -> Response:
    """The ledger of a product, newest first: what moved, why, and what was there after it."""
    lines, before = queries.moves_of(
        Scope.of(actor()), product_id, warehouse=query["warehouse"], before=_move_id(query["cursor"]),
        limit=query["limit"],
    )  # fmt: skip
    cursor = None if before is None else encode_cursor(_TIMELESS, before)
    return answer_page([schemas.dump_move(line) for line in lines], cursor)


@blueprint.get("/counts")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.CountsQuery, location="query")
@blueprint.response(200, schemas.CountedPage)
def counts(query: dict[str, Any]) -> Response:
    """What cycle counts changed, newest first: the book, what was counted, and the posting that put it right."""
    rows, before = counting.variances(
        Scope.of(actor()), warehouse=query["warehouse"], sku=query["sku"], before=_move_id(query["cursor"]),
        limit=query["limit"],
    )  # fmt: skip
    cursor = None if before is None else encode_cursor(_TIMELESS, before)
    return answer_page([dict(row._mapping) for row in rows], cursor)


@blueprint.get("/network")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.NetworkQuery, location="query")
@blueprint.response(200, schemas.NetworkPage)
def network(query: dict[str, Any]) -> Response:
    """Quantities by product over all warehouses, in the order of SKUs: the sums of what `/stock` says."""
    key = _network_key(query["cursor"])
    lines, after = queries.network_lines(Scope.of(actor()), sku=query["sku"], after=key, limit=query["limit"])
    cursor = None if after is None else encode_cursor(_TIMELESS, f"{after[1]}/{after[0]}")
    return answer_page([schemas.dump_network(line) for line in lines], cursor)


@blueprint.get("/age")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.StockQuery, location="query")
@blueprint.response(200, schemas.AgePage)
def age(query: dict[str, Any]) -> Response:
    """Units by age since putaway, in seven tiers, in the order of SKUs. Some seconds behind the ledger."""
    lines, after = ages.age_lines(
        Scope.of(actor()), warehouse=query["warehouse"], sku=query["sku"], after=_line_key(query["cursor"]),
        limit=query["limit"],
    )  # fmt: skip
    cursor = None if after is None else encode_cursor(_TIMELESS, f"{after[1]}/{after[2]}/{after[0]}")
    return answer_page([schemas.dump_age(line) for line in lines], cursor)


@blueprint.get("/<uuid:product_id>/layers")
@requires(Permission.STOCK_READ)
@blueprint.response(200, schemas.LayersPage)
def layers(product_id: uuid.UUID) -> Response:
    """The layers behind a product's age: put away when, with which document, how many are left. Oldest first."""
    lines = ages.layers_of(Scope.of(actor()), product_id)
    return answer_page([schemas.dump_layer(line) for line in lines], None)


@blueprint.get("/lots")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.LotsQuery, location="query")
@blueprint.response(200, schemas.LotsPage)
def lots(query: dict[str, Any]) -> Response:
    """Lots with an expiry date, the first to go first, with the last day they are sold."""
    skip = _move_id(query["cursor"]) or 0
    lines, after = expiry.lot_lines(
        Scope.of(actor()), warehouse=query["warehouse"], sku=query["sku"], within_days=query["within_days"], skip=skip,
        limit=query["limit"],
    )  # fmt: skip
    cursor = None if after is None else encode_cursor(_TIMELESS, after)
    return answer_page([schemas.dump_lot(line) for line in lines], cursor)


@blueprint.get("/serials")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.SerialQuery, location="query")
@blueprint.response(200, schemas.SerialPage)
def serials(query: dict[str, Any]) -> dict[str, Any]:
    """The life of a serial number: where the unit is now, and every place it came to, newest first."""
    return {"data": serial_lives.lives(Scope.of(actor()), query["number"], query["sku"]), "next_cursor": None}


@blueprint.get("/<uuid:product_id>/as-of")
@requires(Permission.STOCK_READ)
@blueprint.arguments(schemas.AsOfQuery, location="query")
@blueprint.response(200, schemas.AsOfAnswer)
def as_of(query: dict[str, Any], product_id: uuid.UUID) -> Response:
    """What was on hand at a past moment, recomputed from the moves, place by place."""
    moment = query["moment"] or clock.now()
    rows = month_ends.stock_as_of(Scope.of(actor()), product_id, moment)
    body = {
        "moment": moment, "on_hand": sum(row.on_hand for row in rows),
        "rows": [schemas.dump_past(row) for row in rows],
    }  # fmt: skip
    return Response(orjson.dumps(body), mimetype="application/json")


def _network_key(said: str | None) -> tuple[str, uuid.UUID] | None:
    cursor = decode_cursor(said)
    if cursor is None:
        return None
    product, _, sku = cursor[1].partition("/")
    found = parse_id(product)
    if found is None or not sku or not sku.isprintable():
        raise _not_ours()
    return sku, found


def _not_ours() -> Refused:
    return invalid("/query/cursor", "invalid_cursor")


def _line_key(text: str | None) -> LineKey | None:
    cursor = decode_cursor(text)
    if cursor is None:
        return None
    parts = cursor[1].split("/", 2)
    ids = [parse_id(part) for part in parts[:2]]
    if len(parts) != 3 or ids[0] is None or ids[1] is None or not parts[2].isprintable():
        raise _not_ours()
    return parts[2], ids[0], ids[1]


def _move_id(text: str | None) -> int | None:
    cursor = decode_cursor(text)
    if cursor is None:
        return None
    if not (cursor[1].isascii() and cursor[1].isdigit() and len(cursor[1]) < 20) or int(cursor[1]) > MAX_MOVE_ID:
        raise _not_ours()
    return int(cursor[1])

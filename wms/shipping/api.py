"""To read: `/api/v1/services`, `/api/v1/shipments`, `/api/v1/bags`, `/api/v1/collections`."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import invalid
from wms.facility.queries import warehouse_by_code
from wms.platform.access import actor, requires
from wms.platform.http import answer_page, decode_cursor, encode_cursor
from wms.shipping import bag_queries, collection_queries, queries, schemas
from wms.shipping.cost_queries import costs_by_parcel
from wms.shipping.models import Carrier, Service, Shipment
from wms.shipping.pages import page_of

services = Blueprint("services", __name__, url_prefix="/api/v1/services", description="Carriers' services")
shipments = Blueprint("shipments", __name__, url_prefix="/api/v1/shipments", description="Shipments and parcels")
bags = Blueprint("bags", __name__, url_prefix="/api/v1/bags", description="Bags and pallets of parcels (集包)")
collections = Blueprint(
    "collections", __name__, url_prefix="/api/v1/collections", description="Lorries that fetch parcels (揽收)"
)
BLUEPRINTS = [services, shipments, bags, collections]


@services.get("")
@requires(Permission.ORDERS_READ)
@services.arguments(schemas.ServiceQuery, location="query")
@services.response(200, schemas.ServicesAnswer)
@services.alt_response(404, description="A warehouse that is not there, or not yours.")
def list_services(query: dict[str, Any]) -> dict[str, Any]:
    """The services an order may name, by code; of one warehouse or of all. There are few: one page."""
    warehouse = warehouse_by_code(actor(), query["warehouse"]) if query["warehouse"] else None
    offered = queries.services_offered(warehouse.id if warehouse else None)
    return {"data": [_service(service, carrier) for service, carrier in offered]}


def _service(service: Service, carrier: Carrier) -> dict[str, Any]:
    names = ("code", "name", "warehouse_id", "number_at", "label_width_mm", "label_height_mm")
    return {**{name: getattr(service, name) for name in names}, "carrier": carrier.code}


@shipments.get("")
@requires(Permission.ORDERS_READ)
@shipments.arguments(schemas.ShipmentQuery, location="query")
@shipments.response(200, schemas.ShipmentsPage)
def list_shipments(query: dict[str, Any]) -> Response:
    """Shipments, oldest first; of one order, one state, or by tracking number."""
    rows = queries.shipments_page(
        actor(), after=_after(query["cursor"]), limit=query["limit"] + 1, state=query["state"],
        subject_id=query["order_id"], tracking_number=query["tracking_number"],
    )  # fmt: skip
    shown = rows[: query["limit"]]
    more = encode_cursor(shown[-1].created_at, shown[-1].id) if len(rows) > len(shown) else None
    return answer_page(_dump(list(shown)), more)


@shipments.get("/<uuid:shipment_id>")
@requires(Permission.ORDERS_READ)
@shipments.response(200, schemas.ShipmentAnswer)
def show(shipment_id: uuid.UUID) -> Response:
    """One shipment with its parcels and their tracking numbers."""
    return jsonify(_dump([queries.load_shipment(actor(), shipment_id)])[0])


@shipments.get("/<uuid:shipment_id>/tracking")
@requires(Permission.ORDERS_READ)
@shipments.response(200, schemas.WaysAnswer)
def tracking(shipment_id: uuid.UUID) -> dict[str, Any]:
    """How far each parcel of a shipment has come, by its carrier's word and ours."""
    shipment = queries.load_shipment(actor(), shipment_id)
    found = queries.ways(parcel.id for parcel in queries.parcels_of([shipment.id])[shipment.id])
    return {"data": [{**vars(way), "events": way.steps} for way in found]}


@bags.get("")
@requires(Permission.ORDERS_READ)
@bags.arguments(schemas.BagQuery, location="query")
@bags.response(200, schemas.BagsPage)
def list_bags(query: dict[str, Any]) -> Response:
    """Bags and pallets, oldest first; a seller sees those with parcels of theirs in them, and these parcels."""
    rows = bag_queries.bags_page(
        actor(), after=_after(query["cursor"]), limit=query["limit"] + 1, state=query["state"], number=query["number"]
    )
    shown = rows[: query["limit"]]
    more = encode_cursor(shown[-1].created_at, shown[-1].id) if len(rows) > len(shown) else None
    return answer_page([vars(each) for each in bag_queries.with_parcels(actor(), shown)], more)


@bags.get("/<uuid:bag_id>")
@requires(Permission.ORDERS_READ)
@bags.response(200, schemas.BagAnswer)
def show_bag(bag_id: uuid.UUID) -> dict[str, Any]:
    """One bag or pallet with the parcels in it that are yours."""
    return vars(bag_queries.load_bag(actor(), bag_id))


@collections.get("")
@requires(Permission.ORDERS_READ)
@collections.arguments(schemas.CollectionQuery, location="query")
@collections.response(200, schemas.CollectionsPage)
def list_collections(query: dict[str, Any]) -> Response:
    """Lorries of the last 30 days and to come, the first ordered first; a seller sees those that take parcels of theirs, and
    these parcels. The warehouse orders them.
    """
    rows = collection_queries.collections_told(
        actor(), after=_after(query["cursor"]), limit=query["limit"] + 1, state=query["state"], day=query["day"]
    )
    shown = rows[: query["limit"]]
    more = encode_cursor(shown[-1].created_at, shown[-1].id) if len(rows) > len(shown) else None
    return answer_page([vars(each) for each in shown], more)


@collections.get("/<uuid:collection_id>")
@requires(Permission.ORDERS_READ)
@collections.response(200, schemas.CollectionAnswer)
def show_collection(collection_id: uuid.UUID) -> dict[str, Any]:
    """One lorry with the parcels of yours that it takes."""
    return vars(collection_queries.load_collection_told(actor(), collection_id))


def _dump(rows: list[Shipment]) -> list[dict[str, Any]]:
    parcels = queries.parcels_of(row.id for row in rows)
    carriers = queries.carrier_codes(row.carrier_id for row in rows)
    states = {way.parcel_id: way.state for way in queries.ways(each.id for some in parcels.values() for each in some)}
    costs = costs_by_parcel(actor(), rows)
    return [
        schemas.dump_shipment(
            row,
            [
                schemas.dump_parcel(each, states[each.id], page_of(each.id), costs.get(each.id))
                for each in parcels[row.id]
            ],
            carriers[row.carrier_id],
        )
        for row in rows
    ]


def _after(text: str | None) -> tuple[Any, uuid.UUID] | None:
    cursor = decode_cursor(text)
    if cursor is None:
        return None
    key = parse_id(cursor[1])
    if key is None:
        raise invalid("/query/cursor", "invalid_cursor")
    return cursor[0], key

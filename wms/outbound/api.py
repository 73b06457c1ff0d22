"""`/api/v1/orders`: create (one or many), list, read, change, cancel."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.catalog.queries import products_by_skus
from wms.core.permissions import Permission
from wms.core.refusals import invalid
from wms.facility.queries import codes_of
from wms.identity.queries import choose_owner
from wms.outbound import queries
from wms.outbound.attachments.api import blueprint as order_papers
from wms.outbound.kinds import pick_up
from wms.outbound.models import Interception, Order, OrderHold
from wms.outbound.own_labels.api import blueprint as order_labels
from wms.outbound.recall import whereabouts
from wms.outbound.routing import service as routing
from wms.outbound.schemas import (
    CancelIn,
    InterceptIn,
    InterceptionAccepted,
    OrderAccepted,
    OrderBulkOut,
    OrderHoldAccepted,
    OrderHoldIn,
    OrderIn,
    OrderOut,
    OrderPage,
    OrderPatch,
    OrderQuery,
    OrdersIn,
    RecallOut,
    RecallQuery,
)
from wms.outbound.service import changes, interceptions, order_holds, orders
from wms.outbound.service.intake import AcceptedOrder
from wms.platform.access import actor, requires
from wms.platform.api_completion import NEEDS_MATCH
from wms.platform.http import (
    answer_document,
    answer_outcome,
    answer_page,
    decode_id_cursor,
    encode_cursor,
    require_match,
    run_bulk,
    run_command,
)
from wms.platform.schemas import load_or_refuse

blueprint = Blueprint("orders", __name__, url_prefix="/api/v1/orders", description="Outbound orders (出库单)")
recalls = Blueprint("recalls", __name__, url_prefix="/api/v1/recalls", description="Where a batch is (召回)")
BLUEPRINTS = [blueprint, recalls, order_papers, order_labels]


def accepted(order: Order | AcceptedOrder) -> dict[str, Any]:
    """The answer of a command on an order: ids and states only."""
    return {
        "id": str(order.id),
        "number": order.number,
        "reference": order.reference,
        "state": order.state,
        "customs_state": order.customs_state,
        "version": order.version,
    }


def location(answer: Any) -> str:
    return f"/api/v1/orders/{answer['id']}"


@blueprint.post("")
@requires(Permission.ORDERS_WRITE)
@blueprint.arguments(OrderIn)
@blueprint.response(201, OrderAccepted)
def create(body: dict[str, Any]) -> Response:
    """Create an order and promise its stock. Without stock it is accepted as `short` and promised when stock comes."""
    outcome = run_command("orders.create", body, lambda: routing.create_order(actor(), body), accepted, 201)
    return answer_outcome(outcome, location)


@blueprint.post("/bulk")
@requires(Permission.ORDERS_WRITE)
@blueprint.arguments(OrdersIn)
@blueprint.response(200, OrderBulkOut)
def create_many(body: dict[str, Any]) -> Response:
    """Create up to 200 orders; each is a command of its own, and the answer says how each one went."""
    schema = OrderIn()
    return run_bulk(
        "orders.create", body["orders"],
        lambda item: routing.create_order(actor(), load_or_refuse(schema, item)), accepted,
    )  # fmt: skip


@blueprint.get("")
@requires(Permission.ORDERS_READ)
@blueprint.arguments(OrderQuery, location="query")
@blueprint.response(200, OrderPage)
def index(query: dict[str, Any]) -> Response:
    """List orders, newest first, by cursor."""
    limit = query.pop("limit")
    after = decode_id_cursor(query.pop("cursor", None))
    found = queries.list_orders(actor(), **query, after=after, limit=limit)
    following = encode_cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
    codes = codes_of({order.warehouse_id for order in found})
    return answer_page([queries.order_row(order, codes[order.warehouse_id]) for order in found[:limit]], following)


@blueprint.get("/<uuid:order_id>")
@requires(Permission.ORDERS_READ)
@blueprint.response(200, OrderOut)
def read(order_id: uuid.UUID) -> Response:
    """One order with its lines, consignee and parcels."""
    order = orders.load_order(actor(), order_id)
    found = queries.order_detail(order)
    if found["pick_up"] is not None:
        found["pick_up"]["code"] = pick_up.code_for(actor(), order.id)
    return answer_document(found, order.version)


@blueprint.patch("/<uuid:order_id>")
@requires(Permission.ORDERS_WRITE)
@blueprint.doc(**NEEDS_MATCH)
@blueprint.arguments(OrderPatch)
@blueprint.response(200, OrderAccepted)
def change(body: dict[str, Any], order_id: uuid.UUID) -> Response:
    """Change consignee, service, priority, remark, or what an order says besides, while the state allows (`changeable`).
    Each is replaced whole; null takes it away. A waybill that was drawn is renewed; the paper of the old one is refused.
    Needs If-Match.
    """
    version = require_match()
    command = {"id": str(order_id), "version": version, "changes": body}
    outcome = run_command(
        "orders.edit", command, lambda: changes.edit_order(actor(), order_id, version, body), accepted
    )
    return answer_outcome(outcome)


@blueprint.post("/<uuid:order_id>/cancel")
@requires(Permission.ORDERS_WRITE)
@blueprint.doc(**NEEDS_MATCH)
@blueprint.arguments(CancelIn)
@blueprint.response(200, OrderAccepted)
def cancel(body: dict[str, Any], order_id: uuid.UUID) -> Response:
    """Cancel at any stage before hand-over. Needs If-Match."""
    version = require_match()
    command = {"id": str(order_id), "version": version, **body}
    outcome = run_command(
        "orders.cancel", command, lambda: orders.cancel_order(actor(), order_id, version, body["reason"]), accepted
    )
    return answer_outcome(outcome)


def _hold_answer(found: OrderHold | Interception) -> dict[str, Any]:
    order = orders.load_order(actor(), found.order_id)
    return {"id": str(found.id), "state": found.state, "order": accepted(order), "version": order.version}


@blueprint.post("/<uuid:order_id>/holds")
@requires(Permission.ORDERS_WRITE)
@blueprint.arguments(OrderHoldIn)
@blueprint.response(201, OrderHoldAccepted)
def hold(body: dict[str, Any], order_id: uuid.UUID) -> Response:
    """Hold an order: it joins no wave and is not picked, packed or handed over until every hold is ended."""
    outcome = run_command(
        "orders.hold", {"id": str(order_id), **body},
        lambda: order_holds.place_hold(
            actor(), order_id, body["reason"], note=body.get("note"), keeps_stock=body["keeps_stock"]
        ), _hold_answer, 201,
    )  # fmt: skip
    return answer_outcome(outcome)


@blueprint.post("/<uuid:order_id>/holds/<uuid:order_hold_id>/end")
@requires(Permission.ORDERS_WRITE)
@blueprint.response(200, OrderHoldAccepted)
def end_hold(order_id: uuid.UUID, order_hold_id: uuid.UUID) -> Response:
    """End a hold of your own side."""
    outcome = run_command(
        "orders.end_hold", {"id": str(order_id), "hold": str(order_hold_id)},
        lambda: order_holds.end_hold(actor(), order_id, order_hold_id), _hold_answer,
    )  # fmt: skip
    return answer_outcome(outcome)


@blueprint.post("/<uuid:order_id>/intercept")
@requires(Permission.ORDERS_WRITE)
@blueprint.arguments(InterceptIn)
@blueprint.response(200, InterceptionAccepted)
def intercept(body: dict[str, Any], order_id: uuid.UUID) -> Response:
    """Ask that an order be stopped, until its truck leaves. Granted at once where nothing was picked; else the
    warehouse answers: `accepted`, or `refused` and the order goes on.
    """
    outcome = run_command(
        "orders.intercept", {"id": str(order_id), **body},
        lambda: interceptions.request_interception(actor(), order_id, body["reason"]), _hold_answer,
    )  # fmt: skip
    return answer_outcome(outcome)


@blueprint.post("/<uuid:order_id>/intercept/withdraw")
@requires(Permission.ORDERS_WRITE)
@blueprint.response(200, InterceptionAccepted)
def withdraw_interception(order_id: uuid.UUID) -> Response:
    """Take the request back while it is not answered: the order goes on where it stood."""
    outcome = run_command(
        "orders.withdraw_interception", {"id": str(order_id)}, lambda: interceptions.withdraw(actor(), order_id),
        _hold_answer,
    )  # fmt: skip
    return answer_outcome(outcome)


@recalls.get("")
@requires(Permission.ORDERS_READ)
@recalls.arguments(RecallQuery, location="query")
@recalls.response(200, RecallOut)
def recall(query: dict[str, Any]) -> dict[str, Any]:
    """Where every unit of a batch is or went, shipped ones with their orders. `on_hand` and `gone` add up to what was
    received.
    """
    owner = choose_owner(actor(), query["seller"], "/query/seller")
    product = products_by_skus(owner.id, [query["sku"]]).get(query["sku"])
    if product is None:
        raise invalid("/query/sku", "product_unknown", sku=query["sku"])
    found = whereabouts(actor(), product.id, query["batch"])
    return {
        "on_hand": sum(each.quantity for each in found if not each.is_gone),
        "gone": sum(each.quantity for each in found if each.is_gone), "data": found,
    }  # fmt: skip

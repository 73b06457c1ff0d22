"""An order comes in, is changed, is cancelled."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from labels import missing_glyphs
from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import FieldError, Refused, invalid_fields, not_found
from wms.facility.models import Warehouse
from wms.identity.models import Seller, Shop
from wms.identity.queries import choose_owner
from wms.inventory import permits, promises, releases, waiting
from wms.inventory.promises import Pin, PromiseDraft
from wms.outbound import rules
from wms.outbound.events import OrderAccepted, OrderCancelled, OrderPromised, OrderShort
from wms.outbound.models import Consignee, Demand, Order, OrderLine
from wms.outbound.service import exceptions, putback
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.counters import next_number
from wms.platform.database import attempt, session
from wms.platform.events import record
from wms.platform.http import check_version
from wms.platform.locks import Rank, lock_one
from wms.platform.outbox import add_job
from wms.platform.secrecy import seal
from wms.printing import service as printing
from wms.shipping.models import Service
from wms.shipping.queries import live_parcels

RETRY_TOPIC = "outbound.retry_order"
PRINTED_FIELDS = ("name", "company", "state", "city", "postcode", "address1", "address2")


@dataclass(frozen=True)
class Context:
    """Everything an order is checked against, read at once."""

    seller: Seller
    warehouse: Warehouse
    service: Service
    shop_id: uuid.UUID | None
    products: Mapping[str, Product]
    regime: rules.Regime


def create_order(actor: Actor, body: Mapping[str, Any]) -> Order:
    """Take an order in and promise it, all or nothing; without stock it waits as *short*, in order of its date.

    `body` is the loaded `OrderIn`. Refuses wrong fields (422 naming each), `reference_taken`, `seller_blocked`.
    """
    context = _context(actor, body)
    _check_consignee(body["consignee"], context.regime)
    order = _insert_order(context, body)
    lines = _insert_lines(order, context, body["lines"])
    _insert_consignee(order.id, body["consignee"])
    session().flush()
    _promise_or_wait(order, context.warehouse, lines)
    record(_event(OrderAccepted, order, state=order.state))
    return order


def _event(kind: Any, order: Order, **data: Any) -> Any:
    return kind(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, **data)


def _context(actor: Actor, body: Mapping[str, Any]) -> Context:
    seller = choose_owner(actor, body.get("seller"))
    if seller.credit_state != "good":
        raise Refused("seller_blocked", {})
    errors: list[FieldError] = []
    warehouse = session().scalar(
        select(Warehouse).where(Warehouse.code == body["warehouse"], Warehouse.is_active.is_(True))
    )
    if warehouse is None or not actor.sees_warehouse(warehouse.id):
        raise invalid_fields([FieldError("/warehouse", "unknown_warehouse", {})])
    service = session().scalar(
        select(Service).where(
            Service.code == body["service"], Service.is_active.is_(True),
            (Service.warehouse_id == warehouse.id) | Service.warehouse_id.is_(None),
        )
    )  # fmt: skip
    if service is None:
        errors.append(FieldError("/service", "unknown_service", {}))
    shop_id = body.get("shop_id")
    if (
        shop_id is not None
        and session().scalar(select(Shop.id).where(Shop.id == shop_id, Shop.seller_id == seller.id)) is None
    ):
        errors.append(FieldError("/shop_id", "unknown_shop", {}))
    products = _products(seller.id, body["lines"], errors)
    if errors or service is None:
        raise invalid_fields(errors)
    regime = rules.regime_of(warehouse.regime, warehouse.is_bonded)
    return Context(seller, warehouse, service, shop_id, products, regime)


def _products(owner_id: uuid.UUID, lines: Sequence[Mapping[str, Any]], errors: list[FieldError]) -> dict[str, Product]:
    wanted = {line["sku"] for line in lines}
    rows = session().scalars(select(Product).where(Product.owner_id == owner_id, Product.sku.in_(wanted)))
    found = {row.sku: row for row in rows}
    for index, line in enumerate(lines):
        product = found.get(line["sku"])
        if product is None:
            errors.append(FieldError(f"/lines/{index}/sku", "unknown_sku", {}))
        elif not product.is_active:
            errors.append(FieldError(f"/lines/{index}/sku", "order_product_inactive", {}))
    return found


def _check_consignee(consignee: Mapping[str, Any], regime: rules.Regime) -> None:
    """What cannot be printed or declared is refused now, not at the bench."""
    errors = []
    for name in PRINTED_FIELDS:
        for position, character in missing_glyphs(consignee.get(name) or ""):
            params = {"position": position, "character": character}
            errors.append(FieldError(f"/consignee/{name}", "glyph_missing", params))
    number = consignee.get("id_number")
    if regime.needs_id_number and not number:
        errors.append(FieldError("/consignee/id_number", "id_number_required", {}))
    if number and not rules.is_id_number(number):
        errors.append(FieldError("/consignee/id_number", "id_number_wrong", {}))
    if errors:
        raise invalid_fields(errors)


def _insert_order(context: Context, body: Mapping[str, Any]) -> Order:
    now = clock.now()
    day = now.astimezone(ZoneInfo(context.warehouse.time_zone)).date()
    values = {
        "id": new_id(), "number": next_number(DocumentKind.ORDER, context.seller.id, context.seller.code, day),
        "owner_id": context.seller.id, "shop_id": context.shop_id, "warehouse_id": context.warehouse.id,
        "service_id": context.service.id, "reference": body["reference"], "kind": body.get("kind", "dropship"),
        "state": OrderState.SHORT.value, "customs_state": "waiting" if context.regime.needs_release else "none",
        "priority": body.get("priority", 0), "version": 1, "remark": body.get("remark"),
        "ordered_at": body.get("ordered_at") or now, "created_at": now, "updated_at": now,
    }  # fmt: skip
    statement = insert(Order).values(**values).on_conflict_do_nothing(index_elements=["owner_id", "reference"])
    order = session().scalar(statement.returning(Order))
    if order is None:
        taken = (
            session()
            .scalars(select(Order).where(Order.owner_id == context.seller.id, Order.reference == body["reference"]))
            .one()
        )
        raise Refused("order_reference_taken", {"number": taken.number, "id": str(taken.id)})
    return order


def _insert_lines(order: Order, context: Context, lines: Sequence[Mapping[str, Any]]) -> list[Demand]:
    rows, demands = [], []
    for position, line in enumerate(lines, 1):
        product = context.products[line["sku"]]
        line_id = new_id()
        rows.append(
            {
                "id": line_id, "owner_id": order.owner_id, "order_id": order.id, "position": position,
                "product_id": product.id, "quantity": line["quantity"], "batch": line.get("batch"),
                "min_expires_on": line.get("min_expires_on"), "condition": line.get("condition", "good"),
                "unit_value_minor": line.get("unit_value_minor"), "currency": line.get("currency"),
            }
        )  # fmt: skip
        demands.append(
            Demand(
                id=new_id(), owner_id=order.owner_id, order_id=order.id, order_line_id=line_id,
                product_id=product.id, quantity=line["quantity"], picked=0, verified=0, shipped=0,
            )
        )  # fmt: skip
    session().execute(insert(OrderLine), rows)
    session().add_all(demands)
    return demands


def _insert_consignee(order_id: uuid.UUID, consignee: Mapping[str, Any]) -> None:
    values = {name: consignee.get(name) for name in (*PRINTED_FIELDS, "phone", "email", "country")}
    number = consignee.get("id_number")
    if number:
        sealed = seal(number.upper(), str(order_id))
        values |= {"id_number_sealed": sealed.content, "id_number_key": sealed.key_id, "id_number_index": sealed.index}
    session().execute(insert(Consignee).values(order_id=order_id, **values))


def _promise_or_wait(order: Order, warehouse: Warehouse, demands: Sequence[Demand]) -> None:
    try:
        with attempt():
            promise_demands(order, warehouse, demands)
    except Refused as refusal:
        if refusal.code != "stock_short":
            raise
        wait_for_stock(order, warehouse, demands)


def promise_demands(order: Order, warehouse: Warehouse, demands: Sequence[Demand]) -> None:
    """Promise every demand of the order or refuse `stock_short`; a bonded demand may be split over book items."""
    lines = {line.id: line for line in _lines_of(order.id)}
    drafts = [
        PromiseDraft(
            "demand", demand.id, order.warehouse_id, order.owner_id, demand.product_id, demand.quantity,
            bonded=warehouse.is_bonded, pin=_pin(order, lines[demand.order_line_id]), priority=order.priority,
        )
        for demand in demands
    ]  # fmt: skip
    by_demand = {demand.id: demand for demand in demands}
    seen: set[uuid.UUID] = set()
    for promised in promises.promise(drafts):
        demand = by_demand[promised.subject_id]
        if demand.id in seen:
            demand = _split(demand, promised.promise_id)
        seen.add(promised.subject_id)
        demand.promise_id = promised.promise_id
        demand.book_item_id = promised.book_item_id
        demand.quantity = promised.quantity
    order.state = ORDER.apply("promise", order.state).value
    if order.customs_state == "waiting" and warehouse.before_release == rules.Step.NOTHING.value:
        order.state = ORDER.apply("declare", order.state).value
    order.updated_at = clock.now()
    session().flush()
    record(_event(OrderPromised, order))


def _split(demand: Demand, promise_id: uuid.UUID) -> Demand:
    """A further demand for the part of a line that another book item serves; its promise points at it."""
    part = Demand(
        id=new_id(), owner_id=demand.owner_id, order_id=demand.order_id, order_line_id=demand.order_line_id,
        product_id=demand.product_id, quantity=1, picked=0, verified=0, shipped=0,
    )  # fmt: skip
    session().add(part)
    session().flush()
    promises.hand_on(promise_id, part.id)
    return part


def _lines_of(order_id: uuid.UUID) -> Sequence[OrderLine]:
    return session().scalars(select(OrderLine).where(OrderLine.order_id == order_id)).all()


def _pin(order: Order, line: OrderLine) -> Pin | None:
    """A line that names a lot, an expiry or a quality is pinned to balance rows; others are served from the pool.

    What goes back to its seller need not sell any more: expired goods may go, and go first.
    """
    home = order.kind == rules.RETURN_TO_SELLER
    if not home and line.batch is None and line.min_expires_on is None and line.condition == "good":
        return None
    lot_id = None
    if line.batch is not None:
        lot_id = session().scalar(
            text("SELECT id FROM lot WHERE product_id = :product AND batch = :batch ORDER BY expires_on LIMIT 1"),
            {"product": line.product_id, "batch": line.batch},
        )
        if lot_id is None:
            raise Refused("stock_short", {"lines": [{"subject_id": str(line.id), "wanted": line.quantity, "free": 0}]})
    return Pin(lot_id=lot_id, condition=line.condition, min_expires_on=line.min_expires_on, expired=home)


def wait_for_stock(order: Order, warehouse: Warehouse, demands: Sequence[Demand], *, released: bool = False) -> None:
    """The order stands *short* and is tried again, by its date, when stock of one of its products comes.

    `released`: it had promises, given up in this transaction.
    """
    order.state = OrderState.SHORT.value
    order.updated_at = clock.now()
    session().flush()
    await_stock(order, warehouse, demands, released=released)
    record(_event(OrderShort, order))


def await_stock(order: Order, warehouse: Warehouse, demands: Sequence[Demand], *, released: bool = False) -> None:
    """Remember the order for when stock comes, and look once more: some may have come while it was being refused."""
    wanted: dict[uuid.UUID, int] = defaultdict(int)
    for demand in demands:  # what is promised already only needs its bins
        wanted[demand.product_id] += demand.quantity if order.state == OrderState.SHORT.value else 0
    waiting.wait_for_stock(
        order.warehouse_id, order.owner_id, list(wanted), "order", order.id, order.ordered_at,
        bonded=warehouse.is_bonded, released=released,
    )  # fmt: skip
    free = promises.free_by_product([(order.warehouse_id, order.owner_id, product) for product in wanted])
    if all(free.get((order.warehouse_id, order.owner_id, product), 0) >= units for product, units in wanted.items()):
        try_later(order, f"{order.version}")


def try_later(order: Order, cause: str) -> None:
    """Have a job try to promise the order; once for each cause. The jobs of one owner run in the order they came."""
    add_job(
        RETRY_TOPIC, {"order_id": str(order.id)}, dedupe_key=f"{RETRY_TOPIC}:{order.id}:{cause}",
        ordering_key=f"{RETRY_TOPIC}:{order.warehouse_id}:{order.owner_id}",
    )  # fmt: skip


def load_order(actor: Actor, order_id: uuid.UUID) -> Order:
    """The order, if this actor may see it; 404 otherwise."""
    order = session().get(Order, order_id)
    if order is None or not actor.sees_seller(order.owner_id) or not actor.sees_warehouse(order.warehouse_id):
        raise not_found("order")
    return order


def load_order_to_edit(actor: Actor, order_id: uuid.UUID) -> Order:
    """The order under lock, if this actor may see it; 404 otherwise."""
    load_order(actor, order_id)
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    assert order is not None  # loaded above, orders are never deleted
    return order


EDITABLE = {OrderState.SHORT.value, OrderState.PROMISED.value}


def edit_order(actor: Actor, order_id: uuid.UUID, version: int | None, changes: Mapping[str, Any]) -> Order:
    """Change consignee, priority or remark while nobody works on it. Refuses `edit_too_late` and stale versions."""
    order = load_order_to_edit(actor, order_id)
    check_version(order.version, version)
    if order.state not in EDITABLE:
        raise Refused("edit_too_late", {"state": order.state})
    if "consignee" in changes:
        _change_consignee(order, changes["consignee"])
    for name in ("priority", "remark"):
        if name in changes:
            setattr(order, name, changes[name])
    return _touched(order)


def _change_consignee(order: Order, consignee: Mapping[str, Any]) -> None:
    """Another buyer or address. Not after customs released the order to this one; a label made before is void."""
    if order.customs_state == "released":
        raise Refused("edit_too_late", {"state": "released"})
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    _check_consignee(consignee, rules.regime_of(warehouse.regime, warehouse.is_bonded))
    session().execute(text("DELETE FROM consignee WHERE order_id = :id"), {"id": order.id})
    session().expire_all()
    _insert_consignee(order.id, consignee)
    if order.shipment_id is not None:  # it was in a wave before it fell short
        printing.void_documents("parcel", [parcel.id for parcel in live_parcels(order.shipment_id)])


def _touched(order: Order) -> Order:
    order.version += 1
    order.updated_at = clock.now()
    session().flush()
    return order


def cancel_order(actor: Actor, order_id: uuid.UUID, version: int | None, reason: str) -> Order:
    """Cancel at any stage before hand-over: claims are given up; what was picked waits to be put back.

    A repeated cancel answers with the cancelled order. Refuses `cancel_too_late` once it has left.
    """
    order = load_order_to_edit(actor, order_id)
    if order.state == OrderState.CANCELLED.value:
        return order
    check_version(order.version, version)
    if order.state == OrderState.SHIPPED.value:
        raise Refused("cancel_too_late", {})
    order.state = ORDER.apply("cancel", order.state).value
    order.cancel_reason = reason
    waiting.stop_waiting("order", order.id)
    exceptions.resolve(order.id, "cancelled")
    putback.stop_work(actor, order)
    demand_ids = list(session().scalars(select(Demand.id).where(Demand.order_id == order.id)))
    releases.release("demand", demand_ids)
    permits.withdraw("order", order.id)
    record(_event(OrderCancelled, order, reason=reason))
    return _touched(order)

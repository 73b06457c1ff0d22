"""An order comes in: checked, promised, written. A hot path: what it is checked against is read together, and the
order with its lines, demands and consignee is written in one statement when it is known what was promised.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import FieldError, Refused, invalid_fields
from wms.identity.queries import Owner, choose_owner
from wms.inventory import promises
from wms.outbound import rules
from wms.outbound.deadlines import CutOff, deadlines
from wms.outbound.events import OrderAccepted, OrderPromised, OrderShort
from wms.outbound.extras import service as extras
from wms.outbound.kinds import containers, fba, pick_up, transfers
from wms.outbound.service.consignees import COLUMNS, Place, check_consignee, consignee_row
from wms.outbound.service.halting import await_labels
from wms.outbound.service.orders import LineFacts, await_stock, draft_of
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.counters import next_number
from wms.platform.events import record
from wms.platform.statements import Statement, attempt, pipelined
from wms.shipping import service as shipping
from wms.shipping.carriers import COUNTER, OWN

CLOCKS_DIFFER = timedelta(days=1)  # a seller's moment may be so far ahead of ours: wrong clocks, a zone left out


@dataclass(frozen=True)
class AcceptedOrder:
    """An order as it was taken in."""

    id: uuid.UUID
    number: str
    owner_id: uuid.UUID
    warehouse_id: uuid.UUID
    reference: str
    kind: str
    state: str
    customs_state: str
    ordered_at: datetime
    priority: int
    release_by: datetime
    ship_by: datetime
    fill_rule: str
    version: int = 1


@dataclass(frozen=True)
class _Context:
    """Everything an order is checked against."""

    seller: Owner
    place: Any  # a row of _PLACE
    products: Mapping[str, uuid.UUID]
    containers: Mapping[str, uuid.UUID]
    regime: rules.Regime


@dataclass
class _Demand:
    """A demand to be written: a line, or the part of it that one book item serves."""

    id: uuid.UUID
    line: LineFacts
    quantity: int
    promise_id: uuid.UUID | None = None
    book_item_id: uuid.UUID | None = None

    @property
    def product_id(self) -> uuid.UUID:
        return self.line.product_id


def create_order(actor: Actor, body: Mapping[str, Any]) -> AcceptedOrder:
    """Take an order in and promise it, all or nothing; without stock it waits as *short*, in order of its date.

    `body` is the loaded `OrderIn`. Refuses wrong fields (422 naming each), `order_reference_taken`, `seller_blocked`.
    """
    body = _with_service(body)
    context = _context(actor, body)
    body, target_id = _of_its_kind(actor, context, body)
    if body.get("kind") == rules.FBA:
        fba.know_labels(context.seller.id, context.products, body["lines"])
    order = _order(context, body)
    lines = [_line(context, line) for line in body["lines"]]
    demands = [_Demand(new_id(), line, line.quantity) for line in lines]
    try:
        with attempt():
            demands = _promise(order, context, demands)
        order = replace(order, state=_promised_state(order, context))
    except Refused as refusal:
        if refusal.code != "stock_short":
            raise
        if order.fill_rule == rules.Fill.KILL:
            raise _killed(refusal, demands, body["lines"]) from refusal
    _write(order, context, body, lines, demands)
    _write_kind(actor, order, target_id, lines, body)
    if order.state == OrderState.SHORT.value:
        await_stock(order, demands, bonded=context.place.is_bonded)
    if context.place.carrier_kind == OWN:
        await_labels(order.id)
        order = replace(order, version=order.version + 1)
    return order


def check_order(actor: Actor, body: Mapping[str, Any]) -> None:
    """What `create_order` refuses whatever stock there is, without taking the order in. The reference is not looked up."""
    body = _with_service(body)
    _of_its_kind(actor, _context(actor, body), body)


def _with_service(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Nobody carries what is destroyed, or picked up at the counter, whatever was asked for."""
    if body.get("kind") == rules.DESTRUCTION:
        return {**body, "service": None}
    if body.get("kind") == rules.PICK_UP:
        return {**body, "service": shipping.ensure_counter().code}
    return body


def _of_its_kind(
    actor: Actor, context: _Context, body: Mapping[str, Any]
) -> tuple[Mapping[str, Any], uuid.UUID | None]:
    """The order with whom it goes to, which its kind may say; and the warehouse that a transfer goes to."""
    place, target_id = context.place, None
    if place.is_bonded and (faults := retail_faults(context.regime, body)):
        raise invalid_fields(faults)
    if body.get("kind") == rules.FBA:
        fba.check(context.seller.id, body, from_bonded=place.is_bonded)
    if body.get("kind") == rules.TRANSFER:
        target = transfers.target_of(actor, body["to_warehouse"], place.id, from_bonded=place.is_bonded)
        body, target_id = transfers.addressed(body, target), target.id
    if body.get("kind") == rules.DESTRUCTION:
        body = _to_nobody(context, body)
    else:
        check_consignee(body["consignee"], Place(context.regime, place.country, clock.today(place.time_zone)))
        extras.check_service(place.service_id, body)
        extras.check_day(place.time_zone, body)
        extras.check_values(context.seller.id, place.country, body)
    return body, target_id


def retail_faults(regime: rules.Regime, body: Mapping[str, Any]) -> list[FieldError]:
    """What keeps an order out of a bonded warehouse, whoever its buyer is. Goods of bonded retail are for the buyer's own use
    and go to the door: no trade, no counter. Nor is an order taken that no list at customs would hold.
    """
    if body.get("kind") == rules.B2B:
        return [FieldError("/kind", "b2b_bonded", {})]
    if body.get("kind") == rules.PICK_UP:
        return [FieldError("/kind", "pick_up_bonded", {})]
    if regime.to_a_person and len(body["lines"]) > rules.RETAIL_LINES:
        return [FieldError("/lines", "too_many", {"max": rules.RETAIL_LINES})]
    return []


def _write_kind(
    actor: Actor, order: AcceptedOrder, target_id: uuid.UUID | None, lines: Sequence[LineFacts], body: Mapping[str, Any]
) -> None:
    """What is known of an order of its kind, besides the order."""
    if target_id is not None:
        transfers.write(order.id, target_id)
    if order.kind == rules.PICK_UP:
        pick_up.write(order.id)
    if order.kind == rules.FBA:
        fba.write(actor, order, [(line.id, line.product_id, line.quantity) for line in lines], body)


def _killed(refusal: Refused, demands: Sequence[_Demand], lines: Sequence[Mapping[str, Any]]) -> Refused:
    """The whole order or nothing: each short line by its SKU."""
    sku = {str(demand.id): line["sku"] for demand, line in zip(demands, lines, strict=True)}
    short = [
        {"sku": sku.get(each["subject_id"], "?"), "wanted": each["wanted"], "free": each["free"]}
        for each in refusal.params["lines"]
    ]
    return Refused("fill_or_kill_short", {"skus": ", ".join(each["sku"] for each in short), "lines": short})


def cut_off_of(row: Any) -> CutOff | None:
    """Of a row with its columns, all empty where there is none."""
    if row.truck_at is None:
        return None
    return CutOff(row.orders_until, row.truck_at, row.work_minutes, row.weekdays)


def _to_nobody(context: _Context, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is destroyed stays in the warehouse's country. Bonded goods are destroyed with customs' permit only."""
    if context.place.is_bonded:
        raise invalid_fields([FieldError("/kind", "destruction_bonded", {})])
    return {**body, "consignee": {"country": context.place.country}}


_PLACE = Statement(
    "SELECT w.id, w.country, w.kind = 'bonded' AS is_bonded, w.regime, w.time_zone, w.before_release,"
    " s.id AS service_id, s.carrier_kind,"
    " EXISTS (SELECT 1 FROM shop WHERE id = CAST(:shop AS uuid) AND seller_id = :owner) AS has_shop,"
    " (SELECT fill_rule FROM order_terms WHERE owner_id = :owner) AS fill_rule,"
    " c.orders_until, c.truck_at, c.work_minutes, c.weekdays, c.priority,"
    " ARRAY(SELECT day FROM closed_day WHERE warehouse_id = w.id AND day >= CAST(:today AS date) - 1) AS closed"
    " FROM warehouse w LEFT JOIN LATERAL (SELECT v.id, v.carrier_id, k.kind AS carrier_kind FROM service v"
    "  JOIN carrier k ON k.id = v.carrier_id WHERE v.code = :service AND v.is_active"
    "  AND (v.warehouse_id = w.id OR v.warehouse_id IS NULL) ORDER BY v.warehouse_id LIMIT 1) s ON true"
    " LEFT JOIN LATERAL (SELECT * FROM cut_off WHERE warehouse_id = w.id AND carrier_id = s.carrier_id"
    "  AND (service_id = s.id OR service_id IS NULL) ORDER BY service_id NULLS LAST LIMIT 1) c ON true"
    " WHERE w.code = :warehouse AND w.is_active"
)
_PRODUCTS = Statement("SELECT id, sku, is_active FROM product WHERE owner_id = :owner AND sku = ANY(:skus)")


def _context(actor: Actor, body: Mapping[str, Any]) -> _Context:
    seller = choose_owner(actor, body.get("seller"))
    if seller.credit_state != "good":
        raise Refused("seller_blocked", {})
    shop_id = body.get("shop_id")
    asked = {
        "warehouse": body["warehouse"], "service": body.get("service"), "shop": shop_id, "owner": seller.id,
        "today": clock.now().date(),
    }  # fmt: skip
    with pipelined():
        places = _PLACE.send(asked)
        found = _PRODUCTS.send({"owner": seller.id, "skus": sorted({line["sku"] for line in body["lines"]})})
    place = places.first()
    if place is None or not actor.sees_warehouse(place.id):
        raise invalid_fields([FieldError("/warehouse", "unknown_warehouse", {})])
    errors: list[FieldError] = []
    at_counter = body.get("kind") == rules.PICK_UP
    if (place.service_id is None and body.get("kind") != rules.DESTRUCTION) or (
        place.carrier_kind == COUNTER and not at_counter
    ):
        errors.append(FieldError("/service", "unknown_service", {}))
    ordered_at = body.get("ordered_at")
    if ordered_at is not None and ordered_at > clock.now() + CLOCKS_DIFFER:
        errors.append(FieldError("/ordered_at", "ordered_in_future", {}))
    if shop_id is not None and not place.has_shop:
        errors.append(FieldError("/shop_id", "unknown_shop", {}))
    products = {row.sku: row for row in found.all()}
    errors += _product_errors(body["lines"], products)
    named = containers.named(place.id, seller.id, body["lines"])
    errors += containers.faults(named, body["lines"])
    if errors:
        raise invalid_fields(errors)
    regime = rules.regime_of(place.regime, place.is_bonded, body.get("kind"))
    return _Context(
        seller, place, {sku: row.id for sku, row in products.items()}, {code: each.id for code, each in named.items()}, regime
    )  # fmt: skip


def _product_errors(lines: Sequence[Mapping[str, Any]], products: Mapping[str, Any]) -> list[FieldError]:
    errors = []
    for index, line in enumerate(lines):
        product = products.get(line["sku"])
        if product is None:
            errors.append(FieldError(f"/lines/{index}/sku", "unknown_sku", {}))
        elif not product.is_active:
            errors.append(FieldError(f"/lines/{index}/sku", "order_product_inactive", {}))
    return errors


def _order(context: _Context, body: Mapping[str, Any]) -> AcceptedOrder:
    now, place = clock.now(), context.place
    day = now.astimezone(ZoneInfo(place.time_zone)).date()
    ordered = body.get("ordered_at") or now
    promised = deadlines(now, ordered, cut_off_of(place), place.time_zone, place.closed)
    given = body.get("priority")
    return AcceptedOrder(
        id=new_id(), number=next_number(DocumentKind.ORDER, context.seller.id, context.seller.code, day),
        owner_id=context.seller.id, warehouse_id=context.place.id, reference=body["reference"],
        kind=body.get("kind", "dropship"), state=OrderState.SHORT.value,
        customs_state="waiting" if context.regime.needs_release else "none",
        ordered_at=ordered, priority=(place.priority or 0) if given is None else given,
        release_by=promised.release_by, ship_by=promised.ship_by,
        fill_rule=body.get("fill") or place.fill_rule or rules.Fill.ALL.value,
    )  # fmt: skip


def _line(context: _Context, line: Mapping[str, Any]) -> LineFacts:
    return LineFacts(
        new_id(), context.products[line["sku"]], line["quantity"], line.get("batch"), line.get("min_expires_on"),
        line.get("condition", "good"), context.containers.get(line.get("container") or ""),
    )  # fmt: skip


def _promise(order: AcceptedOrder, context: _Context, demands: Sequence[_Demand]) -> list[_Demand]:
    """Promise every demand or refuse `stock_short`; a bonded demand may come back split over book items."""
    by_id = {demand.id: demand for demand in demands}
    drafts = [
        draft_of(
            order, demand.id, demand.line, demand.quantity, bonded=context.place.is_bonded, priority=order.priority
        )
        for demand in demands
    ]
    served: list[_Demand] = []
    for promised in promises.promise(drafts):
        demand = by_id[promised.subject_id]
        if demand.promise_id is not None:
            demand = replace(demand, id=new_id())
            promises.hand_on(promised.promise_id, demand.id)
        demand.promise_id, demand.quantity = promised.promise_id, promised.quantity
        demand.book_item_id = promised.book_item_id
        served.append(demand)
    return served


def _promised_state(order: AcceptedOrder, context: _Context) -> str:
    state = ORDER.apply("promise", order.state)
    if order.customs_state == "waiting" and context.place.before_release == rules.Step.NOTHING.value:
        state = ORDER.apply("declare", state)
    return state.value


# One statement, so that nothing of an order is written whose reference the seller has used before.
_WRITE = Statement(
    "WITH taken AS (INSERT INTO outbound_order (id, number, owner_id, shop_id, warehouse_id, service_id, reference,"
    " kind, state, customs_state, priority, version, remark, ordered_at, release_by, ship_by, fill_rule, created_at,"
    " updated_at) VALUES (:id, :number,"
    " :owner_id, :shop_id, :warehouse_id, :service_id, :reference, :kind, :state, :customs_state, :priority,"
    " :version, :remark, :ordered_at, :release_by, :ship_by, :fill_rule, :now, :now) ON CONFLICT (owner_id, reference) DO NOTHING"
    " RETURNING id, owner_id),"
    " lines AS (INSERT INTO order_line (id, owner_id, order_id, position, product_id, quantity, batch, min_expires_on,"
    " condition, unit_value_minor, currency, handling_unit_id) SELECT l.id, taken.owner_id, taken.id, l.position,"
    " l.product, l.quantity,"
    " l.batch, l.min_expires_on, l.condition, l.value, l.currency, l.unit FROM taken, unnest(CAST(:line_ids AS uuid[]),"
    " CAST(:line_products AS uuid[]), CAST(:line_quantities AS int[]), CAST(:batches AS text[]),"
    " CAST(:min_expiries AS date[]), CAST(:conditions AS text[]), CAST(:unit_values AS int[]),"
    " CAST(:currencies AS text[]), CAST(:line_units AS uuid[])) WITH ORDINALITY AS l(id, product, quantity, batch,"
    " min_expires_on, condition, value, currency, unit, position)),"
    " demands AS (INSERT INTO demand (id, owner_id, order_id, order_line_id, product_id, quantity, promise_id,"
    " book_item_id, picked, verified, shipped) SELECT d.id, taken.owner_id, taken.id, d.line, d.product, d.quantity,"
    " d.promise, d.book_item, 0, 0, 0 FROM taken, unnest(CAST(:demand_ids AS uuid[]), CAST(:demand_lines AS uuid[]),"
    " CAST(:demand_products AS uuid[]), CAST(:demand_quantities AS int[]), CAST(:promises AS uuid[]),"
    " CAST(:book_items AS uuid[])) AS d(id, line, product, quantity, promise, book_item)),"
    f" buyer AS (INSERT INTO consignee (order_id, {', '.join(COLUMNS)}) SELECT id,"
    f" {', '.join(f':consignee_{name}' for name in COLUMNS)} FROM taken)"
    " SELECT id FROM taken"
)
_TAKEN = Statement("SELECT id, number FROM outbound_order WHERE owner_id = :owner AND reference = :reference")


def _write(
    order: AcceptedOrder,
    context: _Context,
    body: Mapping[str, Any],
    lines: Sequence[LineFacts],
    demands: Sequence[_Demand],
) -> None:
    """The order and its facts. Refuses `order_reference_taken`."""
    buyer = consignee_row(order.id, body["consignee"])
    given: dict[str, Any] = {name: body.get(name) for name in ("shop_id", "remark")}
    values = vars(order) | given | {"service_id": context.place.service_id, "now": clock.now()}
    values |= {f"consignee_{name}": value for name, value in buyer.items()}
    subject = {"subject_id": order.id, "warehouse_id": order.warehouse_id, "owner_id": order.owner_id}
    happened = OrderShort if order.state == OrderState.SHORT.value else OrderPromised
    with pipelined():
        written = _WRITE.send(values | _line_arrays(lines, body["lines"]) | _demand_arrays(demands))
        record(happened(**subject))
        record(OrderAccepted(**subject, state=order.state))
    if written.first() is None:
        earlier = _TAKEN.first({"owner": order.owner_id, "reference": order.reference})
        raise Refused(
            "order_reference_taken",
            {"number": earlier.number, "id": str(earlier.id), "reference": order.reference,
             "href": f"/api/v1/orders/{earlier.id}"},
        )  # fmt: skip
    extras.write(order.id, body)


def _line_arrays(lines: Sequence[LineFacts], given: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {
        "line_ids": [line.id for line in lines],
        "line_products": [line.product_id for line in lines],
        "line_quantities": [line.quantity for line in lines],
        "batches": [line.batch for line in lines],
        "min_expiries": [line.min_expires_on for line in lines],
        "conditions": [line.condition for line in lines],
        "unit_values": [each.get("unit_value_minor") for each in given],
        "currencies": [each.get("currency") for each in given],
        "line_units": [line.handling_unit_id for line in lines],
    }


def _demand_arrays(demands: Sequence[_Demand]) -> dict[str, list[Any]]:
    return {
        "demand_ids": [demand.id for demand in demands],
        "demand_lines": [demand.line.id for demand in demands],
        "demand_products": [demand.product_id for demand in demands],
        "demand_quantities": [demand.quantity for demand in demands],
        "promises": [demand.promise_id for demand in demands],
        "book_items": [demand.book_item_id for demand in demands],
    }

"""An order is promised, waits for stock, is changed, is cancelled. How it comes in: `intake`."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.inventory import permits, promises, releases, waiting
from wms.inventory.promises import Pin, PromiseDraft
from wms.outbound import rules
from wms.outbound.events import OrderCancelled, OrderPromised, OrderShort
from wms.outbound.kinds import fba
from wms.outbound.models import Demand, Order, OrderLine
from wms.outbound.service import exceptions, halting, putback
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.http import check_version
from wms.platform.locks import Rank, lock_one
from wms.platform.outbox import add_job

RETRY_TOPIC = "outbound.retry_order"


@dataclass(frozen=True)
class LineFacts:
    """What a line asks for."""

    id: uuid.UUID
    product_id: uuid.UUID
    quantity: int
    batch: str | None
    min_expires_on: date | None
    condition: str
    handling_unit_id: uuid.UUID | None = None


class OrderFacts(Protocol):
    """What claims and waiting need of an order: its row, or what is about to become one."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def owner_id(self) -> uuid.UUID: ...
    @property
    def warehouse_id(self) -> uuid.UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def ordered_at(self) -> datetime: ...
    @property
    def fill_rule(self) -> str: ...


def _event(kind: Any, order: Order, **data: Any) -> Any:
    return kind(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, **data)


def promise_demands(order: Order, warehouse: Warehouse, demands: Sequence[Demand]) -> None:
    """Promise every demand of the order or refuse `stock_short`; a bonded demand may be split over book items."""
    lines = {line.id: line for line in _lines_of(order.id)}
    drafts = [
        draft_of(
            order, demand.id, lines[demand.order_line_id], demand.quantity, bonded=warehouse.is_bonded,
            priority=order.priority,
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


def draft_of(
    order: OrderFacts, demand_id: uuid.UUID, line: LineFacts | OrderLine, quantity: int, *, bonded: bool, priority: int
) -> PromiseDraft:
    """The promise a demand asks for. A line that names a batch, an expiry or a quality is pinned to balance rows; others
    are served from the pool.

    What goes back to its seller or is destroyed need not sell any more: expired goods may go, and go first.
    """
    home = order.kind in rules.TAKES_EXPIRED
    pin = None
    narrower = (line.batch, line.min_expires_on, line.handling_unit_id)
    if home or line.condition != "good" or any(each is not None for each in narrower):
        pin = Pin(
            batch=line.batch, handling_unit_id=line.handling_unit_id, condition=line.condition,
            min_expires_on=line.min_expires_on, expired=home,
        )  # fmt: skip
    return PromiseDraft(
        "demand", demand_id, order.warehouse_id, order.owner_id, line.product_id, quantity, bonded=bonded, pin=pin,
        priority=priority,
    )  # fmt: skip


def wait_for_stock(order: Order, warehouse: Warehouse, demands: Sequence[Demand], *, released: bool = False) -> None:
    """The order stands *short* and is tried again, by its date, when stock of one of its products comes.

    `released`: it had promises, given up in this transaction.
    """
    order.state = OrderState.SHORT.value
    order.updated_at = clock.now()
    session().flush()
    await_stock(order, demands, bonded=warehouse.is_bonded, released=released)
    record(_event(OrderShort, order))


class Wanted(Protocol):
    """What of a demand is waited for."""

    @property
    def product_id(self) -> uuid.UUID: ...
    @property
    def quantity(self) -> int: ...


def await_stock(order: OrderFacts, demands: Sequence[Wanted], *, bonded: bool, released: bool = False) -> None:
    """Remember the order for when stock comes, and look once more: some may have come while it was being refused."""
    wanted: dict[uuid.UUID, int] = defaultdict(int)
    for demand in demands:  # what is promised already only needs its bins
        wanted[demand.product_id] += demand.quantity if order.state == OrderState.SHORT.value else 0
    waiting.wait_for_stock(
        order.warehouse_id, order.owner_id, list(wanted), "order", order.id, order.ordered_at,
        bonded=bonded, released=released,
    )  # fmt: skip
    free = promises.free_by_product([(order.warehouse_id, order.owner_id, product) for product in wanted])
    are_there = [
        free.get((order.warehouse_id, order.owner_id, product), 0) >= units for product, units in wanted.items()
    ]
    # A part may go where the order's rule says so.
    some = order.fill_rule == rules.Fill.PARTIAL and any(units > 0 for units in free.values())
    if some or all(are_there):
        try_later(order, f"{order.version}")


def try_later(order: OrderFacts, cause: str) -> None:
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


def touched(order: Order) -> Order:
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
    halting.end_with_order(actor, order)
    if order.kind == rules.FBA:
        fba.give_up(order.id)
    putback.stop_work(actor, order)
    demand_ids = list(session().scalars(select(Demand.id).where(Demand.order_id == order.id)))
    releases.release("demand", demand_ids)
    permits.withdraw("order", order.id)
    if order.kind == rules.TRANSFER:
        permits.withdraw("transfer", order.id)
    record(_event(OrderCancelled, order, reason=reason))
    return touched(order)

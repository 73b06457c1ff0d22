"""An order that may go in parts is split when only a part is in stock: the rest is a back order, linked to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import func, select

from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.outbound import rules
from wms.outbound.events import OrderAccepted, OrderShort, OrderSplit
from wms.outbound.extras import service as extras
from wms.outbound.models import Consignee, Demand, Order, OrderLine
from wms.outbound.service import halting
from wms.outbound.service.consignees import COLUMNS
from wms.outbound.service.orders import await_stock, cancel_order
from wms.outbound.workflow import OrderState
from wms.platform.counters import next_number
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.platform.secrecy import seal, unseal
from wms.shipping.queries import brings_labels

MOST_REFERENCE = 50


def may_split(order: Order, warehouse: Warehouse) -> bool:
    """Bonded retail goes whole or not at all: one order, one list, one parcel. What is stopped is left as it is."""
    return (
        order.fill_rule == rules.Fill.PARTIAL
        and order.kind in rules.SPLITTABLE_KINDS
        and not warehouse.is_bonded
        and not order.is_stopped
    )


def free_of(refusal: Refused) -> dict[uuid.UUID, int]:
    """Units free by demand, of those that `stock_short` names."""
    return {uuid.UUID(each["subject_id"]): max(0, int(each["free"])) for each in refusal.params["lines"]}


def split_off(order: Order, warehouse: Warehouse, lacking: Mapping[uuid.UUID, int]) -> Order | None:
    """Move what is not there to a back order; None when nothing is there, so that there is no part to send.

    `lacking`: units free by short demand. The caller holds the order, which is short, and promises the rest of it.
    """
    demands = session().scalars(select(Demand).where(Demand.order_id == order.id).order_by(Demand.id)).all()
    kept = {demand.id: min(demand.quantity, lacking.get(demand.id, demand.quantity)) for demand in demands}
    if not any(kept.values()) or all(kept[demand.id] == demand.quantity for demand in demands):
        return None
    back, whole = _back_order(order, warehouse), sum(demand.quantity for demand in demands)
    moved = [_move(back, demand, kept[demand.id]) for demand in demands if kept[demand.id] < demand.quantity]
    order.version += 1
    order.updated_at = clock.now()
    session().flush()
    about = {"subject_id": back.id, "warehouse_id": back.warehouse_id, "owner_id": back.owner_id}
    record(OrderShort(**about))
    record(OrderAccepted(**about, state=back.state))
    units = sum(demand.quantity for demand in moved)
    extras.share_sums(order.id, back.id, units, whole)
    record(OrderSplit(**about | {"subject_id": order.id}, back_order_id=back.id, units=units))
    await_stock(back, moved, bonded=False)
    if brings_labels(back.service_id):
        halting.await_labels(back.id)
    return back


def _back_order(order: Order, warehouse: Warehouse) -> Order:
    """The order once more, without lines; of the first order where that is a back order itself."""
    first = _first_of(order)
    seller = session().get_one(Seller, order.owner_id)
    now = clock.now()
    back = Order(
        id=new_id(), owner_id=order.owner_id, shop_id=order.shop_id, warehouse_id=order.warehouse_id,
        number=next_number(DocumentKind.ORDER, seller.id, seller.code, clock.today(warehouse.time_zone)),
        service_id=order.service_id, reference=_reference(order, first), kind=order.kind,
        state=OrderState.SHORT.value, customs_state="none", priority=order.priority, version=1, remark=order.remark,
        ordered_at=order.ordered_at, created_at=now, updated_at=now, holds=0, interception="none",
        release_by=order.release_by, ship_by=order.ship_by, fill_rule=order.fill_rule, back_order_of=first,
    )  # fmt: skip
    session().add(back)
    session().flush()
    session().add(_consignee(order.id, back.id))
    session().flush()
    extras.copy_to(order.id, back.id)
    return back


def _first_of(order: Order) -> uuid.UUID:
    """The order whose goods these are; a part that was routed to another warehouse is the first one there."""
    first = session().get_one(Order, order.back_order_of) if order.back_order_of is not None else order
    return first.id if first.warehouse_id == order.warehouse_id else order.id


def _reference(order: Order, first: uuid.UUID) -> str:
    """The seller's reference with -B1, -B2 …; the next that the seller has not used."""
    known = session().get_one(Order, first).reference
    count = session().scalar(select(func.count()).where(Order.back_order_of == first)) or 0
    while True:
        count += 1
        suffix = f"-B{count}"
        wanted = known[: MOST_REFERENCE - len(suffix)] + suffix
        taken = select(Order.id).where(Order.owner_id == order.owner_id, Order.reference == wanted)
        if session().scalar(taken) is None:
            return wanted


def _consignee(order_id: uuid.UUID, back_id: uuid.UUID) -> Consignee:
    """The same buyer; ID number and tax ids are sealed anew, to the order that they now belong to."""
    buyer = session().get_one(Consignee, order_id)
    values = {name: getattr(buyer, name) for name in COLUMNS}
    if buyer.id_number_sealed is not None:
        sealed = seal(unseal(buyer.id_number_sealed, str(order_id)), str(back_id))
        values |= {"id_number_sealed": sealed.content, "id_number_key": sealed.key_id, "id_number_index": sealed.index}
    values |= extras.seal_ids(back_id, extras.open_ids(order_id, buyer.tax_ids_sealed))
    return Consignee(order_id=back_id, **values, erased_at=buyer.erased_at)


def _move(back: Order, demand: Demand, kept: int) -> Demand:
    """The units of a demand that are not there, with their line or a part of it."""
    line = session().get_one(OrderLine, demand.order_line_id)
    if kept == 0:
        line.order_id = demand.order_id = back.id
        session().flush()
        return demand
    rest = demand.quantity - kept
    line.quantity, demand.quantity = kept, kept
    names = (
        "position",
        "product_id",
        "batch",
        "min_expires_on",
        "condition",
        "unit_value_minor",
        "currency",
        "handling_unit_id",
    )
    part = OrderLine(
        id=new_id(), owner_id=back.owner_id, order_id=back.id, quantity=rest,
        **{name: getattr(line, name) for name in names},
    )  # fmt: skip
    session().add(part)
    session().flush()
    owed = Demand(
        id=new_id(), owner_id=back.owner_id, order_id=back.id, order_line_id=part.id, product_id=demand.product_id,
        quantity=rest, picked=0, verified=0, shipped=0,
    )  # fmt: skip
    session().add(owed)
    session().flush()
    return owed


def kill(order_id: uuid.UUID) -> bool:
    """An order of the rule *fill or kill* lost its stock before its wave: it is cancelled. False when it has some again."""
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is None or order.state != OrderState.SHORT.value or order.fill_rule != rules.Fill.KILL:
        return False
    cancel_order(SYSTEM, order.id, None, "out_of_stock")
    return True

"""The bench: check what is in the tote, weigh it, stick the waybill, scan it back. Only then the parcel is closed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from sqlalchemy import select, text

from wms.catalog.models import Product, SerialControl
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import HandlingUnit, Location, LocationKind
from wms.inventory import ledger, serials
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound import rules
from wms.outbound.events import OrderPacked
from wms.outbound.models import Demand, Order, OrderException, Verification
from wms.outbound.service.orders import load_order, load_order_to_edit
from wms.outbound.service.picking import check_release
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.shipping import service as shipping
from wms.shipping.models import Parcel
from wms.shipping.queries import live_parcels


@dataclass(frozen=True)
class PackLine:
    """One product of an order at the bench."""

    product: Product
    quantity: int
    verified: int

    @property
    def left(self) -> int:
        return self.quantity - self.verified


def start_packing(actor: Actor, tote_id: uuid.UUID) -> Order:
    """The order whose goods are in this tote, ready to be checked. Refuses `order_cancelled`, `not_allowed_now` …"""
    tote = session().get(HandlingUnit, tote_id, populate_existing=True)
    if tote is None or tote.subject_id is None or not actor.sees_warehouse(tote.warehouse_id):
        raise not_found("tote")
    order = load_order(actor, tote.subject_id)
    if order.state == OrderState.CANCELLED.value:
        raise Refused("order_cancelled", {})
    if order.state != OrderState.PICKED.value:
        ORDER.apply("pack", order.state)
    check_release(order, rules.Step.PACK)
    return order


def pack_lines(order_id: uuid.UUID, product_id: uuid.UUID | None = None) -> list[PackLine]:
    """What the tote must hold, by product; with `product_id` only that one."""
    query = select(Product, Demand.quantity, Demand.verified).join(Demand, Demand.product_id == Product.id)
    query = query.where(Demand.order_id == order_id).order_by(Product.sku)
    if product_id is not None:
        query = query.where(Demand.product_id == product_id)
    found: dict[uuid.UUID, PackLine] = {}
    for product, quantity, verified in session().execute(query):
        before = found.get(product.id, PackLine(product, 0, 0))
        found[product.id] = PackLine(product, before.quantity + quantity, before.verified + verified)
    return list(found.values())


_PROGRESS = Statement("SELECT sum(verified) AS verified, sum(quantity) AS quantity FROM demand WHERE order_id = :order")


def progress(order_id: uuid.UUID) -> tuple[int, int]:
    """(units checked, units in all) of an order: one sum, however many lines it has."""
    row = _PROGRESS.first({"order": order_id})
    return int(row.verified), int(row.quantity)


def verify(
    actor: Actor, order_id: uuid.UUID, product_id: uuid.UUID, quantity: int, pack: int = 1, serial: str | None = None
) -> rules.Profile:
    """Count scanned units of a product under its verification profile.

    `pack` is the scanned code's units. Refuses `not_in_order`, `all_verified`, `scan_each`, `serial_needed`,
    `serial_known`; under full serial control `serial_unknown`, `serial_not_here`, `serial_checked`.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    order = _at_the_bench(actor, order_id)
    found = pack_lines(order.id, product_id)
    if not found:
        raise Refused("not_in_order", {})
    line = found[0]
    if quantity > line.left:
        raise Refused("all_verified", {"left": line.left})
    serial_controlled = line.product.serial_control != SerialControl.NONE.value
    profile = rules.profile_of(line.quantity, pack, serial_controlled)
    if profile is rules.Profile.EACH and quantity != 1:
        raise Refused("scan_each", {})
    if serial_controlled:
        if not serial:
            raise Refused("serial_needed", {})
        _check_number(order, line.product, serial)
    _count_verified(actor, order, product_id, quantity, profile, serial)
    return profile


def _check_number(order: Order, product: Product, number: str) -> None:
    """At exit control a number is captured here; under full control it must be one of those in the tote, and leaves
    with its goods.
    """
    if product.serial_control == SerialControl.EXIT.value:
        try:
            serials.leave(product, number, "order", order.id)
        except Refused:
            if not _free_of_cancelled(product, number):
                raise
            serials.leave(product, number, "order", order.id)
        return
    serials.check_in_unit(product.id, number, order.tote_id)
    checked = select(Verification.id).join(Demand, Demand.id == Verification.demand_id)
    checked = checked.where(Demand.order_id == order.id, Demand.product_id == product.id, Verification.serial == number)
    if session().scalar(checked.limit(1)) is not None:
        raise Refused("serial_checked", {"number": number})


_CANCELLED = text(
    "SELECT o.id FROM serial s JOIN outbound_order o ON o.id = s.subject_id WHERE s.product_id = :product"
    " AND s.number = :number AND s.subject_kind = 'order' AND o.state = 'cancelled'"
)


def _free_of_cancelled(product: Product, number: str) -> bool:
    """The number was captured for an order that was cancelled after its check: its unit never left."""
    order_id = session().execute(_CANCELLED, {"product": product.id, "number": number}).scalar()
    if order_id is not None:
        serials.stay(product.id, [number], "order", order_id)
    return order_id is not None


def _at_the_bench(actor: Actor, order_id: uuid.UUID) -> Order:
    order = load_order_to_edit(actor, order_id)
    if order.state == OrderState.CANCELLED.value:
        raise Refused("order_cancelled", {})
    if order.state != OrderState.PICKED.value:
        ORDER.apply("pack", order.state)
    check_release(order, rules.Step.PACK)
    return order


def _count_verified(
    actor: Actor, order: Order, product_id: uuid.UUID, quantity: int, profile: rules.Profile, serial: str | None
) -> None:
    """Spread the units over the product's demands, the first first."""
    demands = session().scalars(
        select(Demand).where(Demand.order_id == order.id, Demand.product_id == product_id).order_by(Demand.id)
    )
    left = quantity
    for demand in demands:
        share = min(left, demand.picked - demand.verified)
        if share > 0:
            demand.verified += share
            left -= share
            session().add(
                Verification(
                    id=new_id(), warehouse_id=order.warehouse_id, demand_id=demand.id, profile=profile.value,
                    quantity=share, serial=serial, actor_id=actor.id, created_at=clock.now(),
                )
            )  # fmt: skip
    if left:
        raise Refused("all_verified", {"left": quantity - left})
    session().flush()


def unverify(actor: Actor, order_id: uuid.UUID) -> bool:
    """Take the last check back (the packer's undo); False when there is none."""
    order = _at_the_bench(actor, order_id)
    last = session().scalar(
        select(Verification)
        .join(Demand, Demand.id == Verification.demand_id)
        .where(Demand.order_id == order.id)
        .order_by(Verification.created_at.desc(), Verification.id.desc())
        .limit(1)
    )
    if last is None:
        return False
    session().execute(
        text("UPDATE demand SET verified = verified - :quantity WHERE id = :id"),
        {"quantity": last.quantity, "id": last.demand_id},
    )
    if last.serial is not None:
        serials.stay(session().get_one(Demand, last.demand_id).product_id, [last.serial], "order", order.id)
    session().delete(last)
    session().flush()
    return True


def expected_weight(order_id: uuid.UUID) -> rules.WeightCheck:
    """The band the closed parcel must weigh in."""
    return rules.weight_check([(line.product.weight_g, line.quantity) for line in pack_lines(order_id)])


def weigh(actor: Actor, order_id: uuid.UUID, weight_g: int, *, accept_anyway: bool = False) -> Order:
    """Record the parcel's weight. Refuses `not_verified`, and `weight_off` unless a supervisor accepts it."""
    order = _at_the_bench(actor, order_id)
    if weight_g < 1:
        raise invalid("/weight_g", "too_small", min=1)
    _require_verified(order)
    band = expected_weight(order.id)
    if not band.accepts(weight_g):
        if not accept_anyway:
            raise Refused("weight_off", {"measured": weight_g, "low": band.low_g, "high": band.high_g})
        _note_weight(order, weight_g, band)
    shipping.record_weight(actor, parcel_of(order).id, weight_g)
    return order


def _require_verified(order: Order) -> None:
    """Every unit was checked: a check may have been taken back after the weighing."""
    verified, quantity = progress(order.id)
    if verified < quantity:
        raise Refused("not_verified", {"left": quantity - verified})


def parcel_of(order: Order) -> Parcel:
    """The order's parcel. Refuses `waybill_not_ready` while its wave's waybills are still being prepared."""
    live = live_parcels(order.shipment_id) if order.shipment_id is not None else []
    if not live:
        raise Refused("waybill_not_ready", {})
    return live[0]


def _note_weight(order: Order, weight_g: int, band: rules.WeightCheck) -> None:
    session().add(
        OrderException(
            id=new_id(), warehouse_id=order.warehouse_id, order_id=order.id, kind="weight", created_at=clock.now(),
            detail=f"{weight_g} g, expected {band.low_g}-{band.high_g} g", resolved_at=clock.now(),
            resolution="accepted",
        )
    )  # fmt: skip
    session().flush()


def close_parcel(actor: Actor, order_id: uuid.UUID, scanned: str) -> Order:
    """The printed waybill, scanned back, closes the parcel: the goods leave the tote for it.

    Proves that the label came out and that it is on its own parcel. Refuses `wrong_waybill`,
    `not_verified`, `weight_needed`.
    """
    order = _at_the_bench(actor, order_id)
    _require_verified(order)
    parcel = parcel_of(order)
    if parcel.weight_g is None:
        raise Refused("weight_needed", {})
    if parcel.tracking_number is None or scanned != parcel.tracking_number:
        raise Refused("wrong_waybill", {})
    unit = _parcel_unit(order, parcel.tracking_number)
    shipping.close_parcel(actor, parcel.id, scanned, handling_unit_id=unit.id)
    printing.confirm_printed(actor, "parcel", parcel.id, "waybill")
    _move_into(actor, order, unit)
    order.state = ORDER.apply("pack", order.state).value
    order.tote_id = None
    order.version += 1
    order.updated_at = clock.now()
    session().flush()
    record(
        OrderPacked(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, weight_g=parcel.weight_g
        )
    )
    return order


def _parcel_unit(order: Order, tracking_number: str) -> HandlingUnit:
    """The parcel as a thing that holds stock, standing at the packing place."""
    location_id = session().scalar(
        select(Location.id)
        .where(Location.warehouse_id == order.warehouse_id, Location.kind == LocationKind.PACKING.value)
        .order_by(Location.walk_order)
        .limit(1)
    )
    if location_id is None:
        raise not_found("packing location")
    unit = HandlingUnit(
        id=new_id(), warehouse_id=order.warehouse_id, kind="parcel", code=tracking_number, barcode=tracking_number,
        location_id=location_id, state="closed", subject_kind="order", subject_id=order.id, created_at=clock.now(),
    )  # fmt: skip
    session().add(unit)
    session().flush()
    return unit


def _move_into(actor: Actor, order: Order, unit: HandlingUnit) -> None:
    assert order.tote_id is not None
    tote = lock_one(Rank.HANDLING_UNIT, HandlingUnit, order.tote_id)
    assert tote is not None
    rows = session().scalars(
        select(Balance).where(Balance.handling_unit_id == tote.id, Balance.on_hand > 0).order_by(Balance.id)
    )
    moves = [
        MoveDraft(
            stock_of(row), replace(stock_of(row), location_id=unit.location_id, handling_unit_id=unit.id), row.on_hand
        )
        for row in rows
    ]
    ledger.post(actor, PostingDraft(Reason.PACK, "order", order.id, moves))
    tote.subject_kind, tote.subject_id, tote.state = None, None, "open"
    session().flush()

"""The bench: check what is in the tote, weigh it, stick the waybill, scan it back. Only then the parcel is closed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from wms.catalog.models import SerialControl
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid, not_found
from wms.inventory import ledger, serials, units
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound import rules
from wms.outbound.events import OrderPacked
from wms.outbound.service import numbers
from wms.outbound.service.held import COLUMNS, OrderAtWork, hold_order, move_order, order_at_work
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.events import record
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, pipelined
from wms.printing import service as printing
from wms.shipping import service as shipping
from wms.shipping.queries import LIVE_PARCEL, LiveParcel, live_parcel


@dataclass(frozen=True)
class PackLine:
    """One product of an order at the bench: units owed and checked; its weight is the measured one where there is one."""

    product_id: uuid.UUID
    sku: str
    name_en: str
    name_zh: str
    weight_g: int
    quantity: int
    verified: int

    @property
    def left(self) -> int:
        return self.quantity - self.verified


_IN_TOTE = Statement(
    f"SELECT {COLUMNS}, d.verified, d.quantity FROM handling_unit u JOIN outbound_order o ON o.id = u.subject_id"
    " JOIN warehouse w ON w.id = o.warehouse_id CROSS JOIN LATERAL (SELECT sum(verified)::int AS"
    " verified, sum(quantity)::int AS quantity FROM demand WHERE order_id = o.id) d WHERE u.id = :tote"
)


@dataclass(frozen=True)
class Opened:
    """The order of a tote, and how many of its units are still to be checked."""

    order: OrderAtWork
    left: int


def start_packing(actor: Actor, tote_id: uuid.UUID) -> Opened:
    """The order whose goods are in this tote, ready to be checked. Refuses `order_cancelled`, `intercepted`,
    `order_held`, `not_allowed_now` …
    """
    row = _IN_TOTE.first({"tote": tote_id})
    if row is None or not actor.sees_warehouse(row.warehouse_id):
        raise not_found("tote")
    order = order_at_work(actor, row)
    _check_bench(order)
    return Opened(order, row.quantity - row.verified)


def _check_bench(order: OrderAtWork) -> None:
    """Refuse an order that is not to be packed now."""
    order.refuse_cancelled()
    order.refuse_stopped()
    if order.kind == rules.DESTRUCTION:
        raise Refused("destroy_not_pack", {})
    if order.state != OrderState.PICKED.value:
        ORDER.apply("pack", order.state)
    order.check_release(rules.Step.PACK)


_LINES = Statement(
    "SELECT p.id, p.sku, p.name_en, p.name_zh, coalesce(nullif(p.measured_weight_g, 0), p.declared_weight_g)"
    " AS weight_g, sum(d.quantity)::int AS quantity, sum(d.verified)::int AS verified"
    " FROM demand d JOIN product p ON p.id = d.product_id"
    " WHERE d.order_id = :order GROUP BY p.id ORDER BY p.sku"
)


def pack_lines(order_id: uuid.UUID) -> list[PackLine]:
    """What the tote must hold, by product."""
    return [PackLine(*row) for row in _LINES.all({"order": order_id})]


@dataclass(frozen=True)
class Bench:
    """What a packer has before them: the order's products, and its parcel when its waybill has been prepared."""

    lines: Sequence[PackLine]
    parcel: LiveParcel | None


def bench(order_id: uuid.UUID) -> Bench:
    with pipelined():
        lines, parcels = _LINES.send({"order": order_id}), LIVE_PARCEL.send({"order": order_id})
    return Bench([PackLine(*row) for row in lines.all()], live_parcel(parcels))


_PRODUCT = Statement(
    "SELECT d.id, d.quantity, d.picked, d.verified, p.serial_control, a.verified AS all_verified,"
    " a.quantity AS all_quantity FROM demand d JOIN product p ON p.id = d.product_id CROSS JOIN LATERAL (SELECT"
    " sum(verified)::int AS verified, sum(quantity)::int AS quantity FROM demand WHERE order_id = :order) a"
    " WHERE d.order_id = :order AND d.product_id = :product ORDER BY d.id"
)


@dataclass(frozen=True)
class Verified:
    """How the units were checked, and how many of the order's are now."""

    profile: rules.Profile
    verified: int
    quantity: int


def verify(
    actor: Actor, order_id: uuid.UUID, product_id: uuid.UUID, quantity: int, pack: int = 1, serial: str | None = None
) -> Verified:
    """Count scanned units of a product under its verification profile.

    `pack` is the scanned code's units. Refuses `not_in_order`, `all_verified`, `scan_each`, `serial_needed`,
    `serial_known`; under full serial control `serial_unknown`, `serial_not_here`, `serial_checked`.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    order, (answer,) = hold_order(actor, order_id, (_PRODUCT, {"order": order_id, "product": product_id}))
    _check_bench(order)
    demands = answer.all()
    if not demands:
        raise Refused("not_in_order", {})
    wanted = sum(row.quantity for row in demands)
    left = wanted - sum(row.verified for row in demands)
    if quantity > left:
        raise Refused("all_verified", {"left": left})
    serial_control = demands[0].serial_control
    profile = rules.profile_of(wanted, pack, serial_control != SerialControl.NONE.value)
    if profile is rules.Profile.EACH and quantity != 1:
        raise Refused("scan_each", {})
    if serial_control != SerialControl.NONE.value:
        if not serial:
            raise Refused("serial_needed", {})
        numbers.check_number(order, product_id, serial_control, serial)
    _count_verified(actor, order, demands, quantity, profile, serial)
    return Verified(profile, demands[0].all_verified + quantity, demands[0].all_quantity)


_CHECKED = Statement(
    "WITH given AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:demands AS uuid[]), CAST(:units AS int[]))"
    "  AS k(id, demand_id, units)), counted AS (UPDATE demand AS d SET verified = d.verified + k.units FROM given k"
    "  WHERE d.id = k.demand_id)"
    " INSERT INTO verification (id, warehouse_id, demand_id, profile, quantity, serial, actor_id, created_at)"
    " SELECT k.id, :warehouse, k.demand_id, :profile, k.units, :serial, :actor, :now FROM given k"
)


def _count_verified(
    actor: Actor, order: OrderAtWork, demands: Sequence[Any], quantity: int, profile: rules.Profile, serial: str | None
) -> None:
    """Spread the units over the product's demands, the first first."""
    shares: list[tuple[uuid.UUID, int]] = []
    left = quantity
    for demand in demands:
        share = min(left, demand.picked - demand.verified)
        if share > 0:
            shares.append((demand.id, share))
            left -= share
    if left:
        raise Refused("all_verified", {"left": quantity - left})
    values = {
        "ids": [new_id() for _ in shares], "demands": [key for key, _ in shares], "units": [each for _, each in shares],
        "warehouse": order.warehouse_id, "profile": profile.value, "serial": serial, "actor": actor.id,
        "now": clock.now(),
    }  # fmt: skip
    _CHECKED.run(values)


_LAST = Statement(
    "SELECT v.id, v.demand_id, v.quantity, v.serial, d.product_id FROM verification v JOIN demand d"
    " ON d.id = v.demand_id WHERE d.order_id = :order ORDER BY v.created_at DESC, v.id DESC LIMIT 1"
)
_TAKE_BACK = Statement(
    "WITH gone AS (DELETE FROM verification WHERE id = :id)"
    " UPDATE demand SET verified = verified - :quantity WHERE id = :demand"
)


def unverify(actor: Actor, order_id: uuid.UUID) -> bool:
    """Take the last check back (the packer's undo); False when there is none."""
    order, (answer,) = hold_order(actor, order_id, (_LAST, {"order": order_id}))
    _check_bench(order)
    last = answer.first()
    if last is None:
        return False
    _TAKE_BACK.run({"id": last.id, "quantity": last.quantity, "demand": last.demand_id})
    if last.serial is not None:
        serials.stay(last.product_id, [last.serial], "order", order.id)
    return True


def expected_weight(order_id: uuid.UUID) -> rules.WeightCheck:
    """The band the closed parcel must weigh in."""
    return weight_of(pack_lines(order_id))


def weight_of(lines: Sequence[PackLine]) -> rules.WeightCheck:
    return rules.weight_check([(line.weight_g, line.quantity) for line in lines])


def weigh(actor: Actor, order_id: uuid.UUID, weight_g: int, *, accept_anyway: bool = False) -> None:
    """Record the parcel's weight. Refuses `not_verified`, and `weight_off` unless a supervisor accepts it."""
    of_order = {"order": order_id}
    order, (listed, parcels) = hold_order(actor, order_id, (_LINES, of_order), (LIVE_PARCEL, of_order))
    _check_bench(order)
    if weight_g < 1:
        raise invalid("/weight_g", "too_small", min=1)
    lines = [PackLine(*row) for row in listed.all()]
    _require_verified(sum(line.left for line in lines))
    band = weight_of(lines)
    if not band.accepts(weight_g):
        if not accept_anyway:
            raise Refused("weight_off", {"measured": weight_g, "low": band.low_g, "high": band.high_g})
        _note_weight(order, weight_g, band)
    shipping.record_weight(actor, _ready(live_parcel(parcels)).id, weight_g)


def _require_verified(left: int) -> None:
    """Every unit was checked: a check may have been taken back after the weighing."""
    if left:
        raise Refused("not_verified", {"left": left})


def _ready(parcel: LiveParcel | None) -> LiveParcel:
    """Refuses `waybill_not_ready` while the wave's waybills are still being prepared."""
    if parcel is None:
        raise Refused("waybill_not_ready", {})
    return parcel


def parcel_of(order_id: uuid.UUID) -> LiveParcel:
    """The order's parcel. Refuses `waybill_not_ready`."""
    return _ready(live_parcel(LIVE_PARCEL.send({"order": order_id})))


_NOTE = Statement(
    "INSERT INTO order_exception (id, warehouse_id, order_id, kind, created_at, detail, resolved_at, resolution)"
    " VALUES (:id, :warehouse, :order, 'weight', :now, :detail, :now, 'accepted')"
)


def _note_weight(order: OrderAtWork, weight_g: int, band: rules.WeightCheck) -> None:
    values = {
        "id": new_id(), "warehouse": order.warehouse_id, "order": order.id, "now": clock.now(),
        "detail": f"{weight_g} g, expected {band.low_g}-{band.high_g} g",
    }  # fmt: skip
    _NOTE.run(values)


_REPLACED = Statement(
    "SELECT 1 FROM parcel p JOIN shipment s ON s.id = p.shipment_id WHERE p.tracking_number = :number"
    " AND p.state = 'voided' AND s.subject_kind = 'order' AND s.subject_id = :order LIMIT 1"
)
_LEFT = Statement("SELECT sum(quantity - verified)::int FROM demand WHERE order_id = :order")


def close_parcel(actor: Actor, order_id: uuid.UUID, scanned: str) -> None:
    """The printed waybill, scanned back, closes the parcel: the goods leave the tote for it.

    Proves that the label came out and that it is on its own parcel. Refuses `wrong_waybill`,
    `waybill_replaced`, `not_verified`, `weight_needed`.
    """
    of_order = {"order": order_id}
    order, (left, parcels) = hold_order(actor, order_id, (_LEFT, of_order), (LIVE_PARCEL, of_order))
    _check_bench(order)
    _require_verified(left.first()[0])
    parcel = _ready(live_parcel(parcels))
    if parcel.tracking_number is None or scanned != parcel.tracking_number:
        replaced = _REPLACED.first({"order": order_id, "number": scanned}) is not None
        raise Refused("waybill_replaced" if replaced else "wrong_waybill", {})
    if parcel.weight_g is None:
        raise Refused("weight_needed", {})
    unit_id, place_id = _parcel_unit(order, parcel.tracking_number)
    shipping.close_parcel(actor, parcel.id, scanned, handling_unit_id=unit_id)
    printing.confirm_printed(actor, "parcel", parcel.id, "waybill")
    _move_into(actor, order, unit_id, place_id)
    with pipelined():
        _FREE.send({"tote": order.tote_id})
        move_order(order, "pack", keeps_tote=False)
        record(
            OrderPacked(
                subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, weight_g=parcel.weight_g
            )
        )


# The parcel as a thing that holds stock, standing at the packing place.
_UNIT = Statement(
    "INSERT INTO handling_unit (id, warehouse_id, kind, code, barcode, location_id, state, subject_kind, subject_id,"
    " created_at) SELECT :id, :warehouse, 'parcel', :code, :code, id, 'closed', 'order', :order, :now FROM location"
    " WHERE warehouse_id = :warehouse AND kind = 'packing' ORDER BY walk_order LIMIT 1 RETURNING location_id"
)
_LOCK_TOTE = Statement("SELECT id FROM handling_unit WHERE id = :tote FOR NO KEY UPDATE")
_FREE = Statement("UPDATE handling_unit SET subject_kind = NULL, subject_id = NULL, state = 'open' WHERE id = :tote")


def _parcel_unit(order: OrderAtWork, tracking_number: str) -> tuple[uuid.UUID, uuid.UUID]:
    """Make it; returns its id and that of its place."""
    unit_id = new_id()
    values = {
        "id": unit_id, "warehouse": order.warehouse_id, "code": tracking_number, "order": order.id,
        "now": clock.now(),
    }  # fmt: skip
    place_id = _UNIT.scalar(values)
    if place_id is None:
        raise not_found("packing location")
    return unit_id, place_id


def _move_into(actor: Actor, order: OrderAtWork, unit_id: uuid.UUID, place_id: uuid.UUID) -> None:
    claim(Rank.HANDLING_UNIT)
    with pipelined():
        _LOCK_TOTE.send({"tote": order.tote_id})
        content = units.send_content(order.tote_id)
    moves = [
        MoveDraft(row.stock, replace(row.stock, location_id=place_id, handling_unit_id=unit_id), row.quantity)
        for row in units.holdings(content)
    ]
    ledger.post(actor, PostingDraft(Reason.PACK, "order", order.id, moves))

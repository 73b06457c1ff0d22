"""The bench: check what is in the tote, weigh it, stick the waybill, scan it back. Only then the parcel is closed.

An order goes into as many parcels as its packer needs (decision 068). One box is open at a time: what was checked and is in
no parcel yet is in it. How further ones are begun and closed ones opened again: `boxes`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wms.catalog.models import SerialControl
from wms.catalog.queries import PICTURE
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid, not_found
from wms.inventory import ledger, serials, units
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason
from wms.inventory.units import Holding
from wms.outbound import boxing, rules
from wms.outbound.events import OrderPacked
from wms.outbound.extras.rules import OF_AGE, SLIP, Signature
from wms.outbound.kinds import fba, pick_up
from wms.outbound.service import lots, numbers, totes
from wms.outbound.service.held import COLUMNS, OrderAtWork, Read, hold_order, move_order, order_at_work
from wms.outbound.waybill_sizes import in_their_sizes
from wms.outbound.workflow import ORDER, OrderState
from wms.planning.cartons import Aim
from wms.platform.events import record
from wms.platform.locks import Rank, claim
from wms.platform.statements import Answer, Statement, pipelined
from wms.printing import service as printing
from wms.printing.service import DocumentDraft
from wms.shipping import service as shipping
from wms.shipping.queries import LIVE_PARCELS, LiveParcel, live_parcels_in
from wms.shipping.service import Boxed


@dataclass(frozen=True)
class PackLine:
    """One product of an order at the bench: units owed, checked, and of these in the open box; its weight is the measured
    one where there is one.
    """

    product_id: uuid.UUID
    sku: str
    name_en: str
    name_zh: str
    weight_g: int
    quantity: int
    verified: int
    in_box: int
    picture: str | None

    @property
    def left(self) -> int:
        return self.quantity - self.verified


MOST_CODE = 40  # characters of a handling unit's code; a number may have more

# What goes in besides goes into the first parcel that is packed: a carton that goes whole is not opened for it.
_FIRST_PACKED = (
    "NOT EXISTS (SELECT 1 FROM demand d JOIN verification v ON v.demand_id = d.id JOIN parcel q ON q.id = v.parcel_id"
    " LEFT JOIN handling_unit h ON h.id = q.handling_unit_id WHERE d.order_id = o.id AND coalesce(h.kind, '') NOT IN"
    " ('carton', 'pallet', 'inner'))"
)
# Of an order `o`: its products with what of them is in no closed parcel yet, and the packaging its goods may go into.
_PLANNED_FROM = (
    "(SELECT json_agg(g ORDER BY g.sku) FROM (SELECT p.sku, sum(d.quantity - coalesce(v.boxed, 0))::int AS quantity,"
    "  CASE WHEN p.measured_length_mm > 0 AND p.measured_width_mm > 0 AND p.measured_height_mm > 0 THEN"
    "   ARRAY[p.measured_length_mm, p.measured_width_mm, p.measured_height_mm] ELSE"
    "   ARRAY[p.declared_length_mm, p.declared_width_mm, p.declared_height_mm] END AS size_mm,"
    "  coalesce(nullif(p.measured_weight_g, 0), p.declared_weight_g) AS weight_g, p.cargo_attributes AS cargo,"
    "  coalesce(p.dangerous_class, CASE WHEN 'dangerous' = ANY(p.cargo_attributes) THEN '?' END) AS hazard"
    "  FROM demand d JOIN product p ON p.id = d.product_id LEFT JOIN LATERAL (SELECT sum(quantity) AS boxed"
    "   FROM verification WHERE demand_id = d.id AND parcel_id IS NOT NULL) v ON true"
    "  WHERE d.order_id = o.id GROUP BY p.id) g) AS goods,"
    " (SELECT json_agg(k ORDER BY k.code) FROM (SELECT id, code, barcode, name, kind, ARRAY[inner_length_mm, inner_width_mm,"
    "  inner_height_mm] AS inner_mm, empty_g, max_g, cost_minor AS cost, takes_dangerous AS dangerous FROM packaging"
    "  WHERE warehouse_id = o.warehouse_id AND is_active AND (owner_id IS NULL OR owner_id = o.owner_id)) k) AS boxes,"
    " (SELECT json_agg(i.name ORDER BY i.name, i.id) FROM packing_insert i WHERE i.warehouse_id = o.warehouse_id"
    "  AND i.ended_at IS NULL AND (i.owner_id IS NULL OR i.owner_id = o.owner_id) AND (i.country IS NULL OR i.country ="
    "   (SELECT country FROM consignee WHERE order_id = o.id)) AND (i.platform IS NULL OR i.platform = coalesce((SELECT"
    "    platform FROM order_extra WHERE order_id = o.id), (SELECT platform FROM shop WHERE id = o.shop_id)))"
    f"  AND o.kind = ANY(ARRAY{list(rules.FOR_BUYERS)}) AND {_FIRST_PACKED}) AS inserts,"
    " (SELECT json_build_object('aim', h.box_aim, 'regime', h.regime, 'bonded', h.kind = 'bonded', 'kind', o.kind,"
    "   'many', (SELECT (c.capabilities->>'many_parcels')::boolean FROM shipment s JOIN carrier c ON c.id = s.carrier_id"
    "   WHERE s.id = o.shipment_id)) FROM warehouse h WHERE h.id = o.warehouse_id) AS house,"
    " EXISTS (SELECT 1 FROM order_terms k WHERE k.owner_id = o.owner_id AND k.pack_photo) OR EXISTS (SELECT 1 FROM demand d"
    "  JOIN product p ON p.id = d.product_id WHERE d.order_id = o.id AND p.pack_photo) AS photo,"
    " (EXISTS (SELECT 1 FROM order_terms k WHERE k.owner_id = o.owner_id AND k.pack_slip) OR coalesce((SELECT"
    f"  '{SLIP}' = ANY(e.packing) FROM order_extra e WHERE e.order_id = o.id), false)) AND {_FIRST_PACKED} AS slip,"
    " (SELECT json_build_object('packing', e.packing, 'remark', e.packing_remark, 'signature', e.signature)"
    "  FROM order_extra e WHERE e.order_id = o.id) AS wishes,"
    " (SELECT json_build_object('cod_minor', e.cod_minor, 'cod_currency', e.cod_currency, 'age', CASE e.signature WHEN"
    f"  '{Signature.ADULT.value}' THEN {OF_AGE} ELSE e.age_check END, 'liftgate', e.liftgate, 'day', e.deliver_on,"
    "  'begins', to_char(e.deliver_from, 'HH24:MI'), 'ends', to_char(e.deliver_until, 'HH24:MI'))"
    "  FROM order_extra e WHERE e.order_id = o.id) AS door"
)
_IN_TOTE = Statement(
    f"SELECT {COLUMNS}, d.verified, d.quantity, (SELECT array_agg(x.code ORDER BY x.code) FROM handling_unit x WHERE"
    f" {totes.OWN.format('x', 'o.id')}) AS totes, {_PLANNED_FROM} FROM handling_unit u JOIN outbound_order o"
    " ON o.id = u.subject_id JOIN warehouse w ON w.id = o.warehouse_id CROSS JOIN LATERAL (SELECT sum(verified)::int AS"
    " verified, sum(quantity)::int AS quantity FROM demand WHERE order_id = o.id) d WHERE u.id = :tote"
)
_TO_PLAN = Statement(f"SELECT {_PLANNED_FROM} FROM outbound_order o WHERE o.id = :order")


@dataclass(frozen=True)
class Opened:
    """The order of a tote, how many of its units are still to be checked, the plan of its boxes (`boxing`), and the codes of
    all totes that its goods lie in: more than one where one was full.
    """

    order: OrderAtWork
    left: int
    plan: dict[str, Any]
    totes: list[str]


def start_packing(actor: Actor, tote_id: uuid.UUID) -> Opened:
    """The order whose goods are in this tote, ready to be checked. Refuses `tote_without_order`, `order_cancelled`,
    `intercepted`, `order_held`, `not_allowed_now` …
    """
    row = _IN_TOTE.first({"tote": tote_id})
    if row is None:
        raise Refused("tote_without_order", {})
    if not actor.sees_warehouse(row.warehouse_id):
        raise not_found("tote")
    order = order_at_work(actor, row)
    check_bench(order)
    return Opened(order, row.quantity - row.verified, _plan(row), row.totes or [])


def plan_boxes(order_id: uuid.UUID) -> dict[str, Any]:
    """The plan for what is in no closed parcel yet."""
    return _plan(_TO_PLAN.first({"order": order_id}))


def _plan(row: Any) -> dict[str, Any]:
    plan = boxing.plan(boxing.read_goods(row.goods or []), boxing.read_boxes(row.boxes or []), _aim(row.house))
    wishes = {"wishes": row.wishes} if row.wishes else {}
    slip = {"slip": True} if row.slip else {}
    door = {"door": row.door} if row.door and any(row.door.values()) else {}
    return {**plan, "inserts": row.inserts or [], "photo": row.photo, **wishes, **door, **slip}


def _aim(house: Mapping[str, Any]) -> Aim:
    """What the warehouse wants; but an order that must be one parcel is not split for cheaper boxes."""
    is_one = rules.regime_of(house["regime"], house["bonded"], house["kind"]).one_parcel or house["many"] is False
    return Aim.FEWEST if is_one else Aim(house["aim"])


def check_bench(order: OrderAtWork) -> None:
    """Refuse an order that is not to be packed now."""
    order.refuse_cancelled()
    order.refuse_stopped()
    if order.kind == rules.DESTRUCTION:
        raise Refused("destroy_not_pack", {})
    if order.state != OrderState.PICKED.value:
        ORDER.apply("pack", order.state)
    order.check_release(rules.Step.PACK)
    if order.kind == rules.FBA:
        fba.refuse_unlabelled(order.id)


# With each line what the box in hand weighs empty, where it is known.
_LINES = Statement(
    "SELECT p.id, p.sku, p.name_en, p.name_zh, coalesce(nullif(p.measured_weight_g, 0), max(g.weight_g),"
    "  p.declared_weight_g) AS weight_g, sum(d.quantity)::int AS quantity, sum(d.verified)::int AS verified,"
    f" coalesce(sum(v.in_box), 0)::int AS in_box, {PICTURE},"
    " (SELECT empty_g FROM packaging WHERE id = CAST(:packaging AS uuid)) AS empty_g,"
    " (SELECT weight_g FROM learned_tare WHERE packaging_id = CAST(:packaging AS uuid)) AS learned_g"
    " FROM demand d JOIN product p ON p.id = d.product_id LEFT JOIN learned_weight g ON g.product_id = p.id"
    " LEFT JOIN LATERAL (SELECT sum(quantity) AS in_box"
    "  FROM verification WHERE demand_id = d.id AND parcel_id IS NULL) v ON true"
    " WHERE d.order_id = :order GROUP BY p.id ORDER BY p.sku"
)


@dataclass(frozen=True)
class Bench:
    """What a packer has before them: the order's products, its parcels once waybills have been prepared, and what the box
    in hand may weigh empty.
    """

    lines: Sequence[PackLine]
    parcels: Sequence[LiveParcel]
    tare: rules.Tare

    @property
    def parcel(self) -> LiveParcel | None:
        """The one whose box is open: the first that is not closed."""
        return next((each for each in self.parcels if each.is_open), None)

    @property
    def has_next(self) -> bool:
        """Another one was begun for what does not go into this box."""
        return sum(each.is_open for each in self.parcels) > 1

    @property
    def left(self) -> int:
        return sum(line.left for line in self.lines)

    @property
    def in_box(self) -> int:
        return sum(line.in_box for line in self.lines)

    @property
    def band(self) -> rules.WeightCheck:
        """What the open box must weigh with what is in it."""
        return rules.weight_check([(line.weight_g, line.in_box) for line in self.lines], self.tare)

    @property
    def whole(self) -> rules.WeightCheck:
        """What it must weigh if all that is left goes into it."""
        return rules.weight_check([(line.weight_g, line.in_box + line.left) for line in self.lines], self.tare)


def questions(order_id: uuid.UUID, packaging_id: uuid.UUID | None = None) -> tuple[Read, Read]:
    """What `read_bench` reads, to be sent together."""
    return (_LINES, {"order": order_id, "packaging": packaging_id}), (LIVE_PARCELS, {"order": order_id})


def read_bench(lines: Answer, parcels: Answer) -> Bench:
    rows = lines.all()
    tare = rules.tare_of(rows[0].empty_g, rows[0].learned_g) if rows else rules.Tare()
    return Bench([PackLine(*row[:9]) for row in rows], live_parcels_in(parcels), tare)


def bench(order_id: uuid.UUID, packaging_id: uuid.UUID | None = None) -> Bench:
    """`packaging_id`: the box or bag in hand."""
    with pipelined():
        lines, parcels = [statement.send(values) for statement, values in questions(order_id, packaging_id)]
    return read_bench(lines, parcels)


def pack_lines(order_id: uuid.UUID) -> Sequence[PackLine]:
    """What the tote must hold, by product."""
    return bench(order_id).lines


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
    actor: Actor,
    order_id: uuid.UUID,
    product_id: uuid.UUID,
    quantity: int,
    pack: int = 1,
    serial: str | None = None,
    batch: str | None = None,
) -> Verified:
    """Count scanned units of a product under its verification profile.

    `pack` is the scanned code's units, `batch` what the scan says of them. Refuses `not_in_order`, `all_verified`,
    `scan_each`, `serial_needed`, `serial_known`, `lot_not_picked`; under full serial control `serial_unknown`,
    `serial_not_here`, `serial_checked`.
    """  # fmt: skip
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    order, (answer,) = hold_order(actor, order_id, (_PRODUCT, {"order": order_id, "product": product_id}))
    check_bench(order)
    demands = answer.all()
    if not demands:
        raise Refused("not_in_order", {})
    wanted = sum(row.quantity for row in demands)
    left = wanted - sum(row.verified for row in demands)
    if quantity > left:
        raise Refused("all_verified", {"left": left})
    if batch:
        lots.check_picked(product_id, batch, totes.units_of(order.id, order.tote_id))
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
    " ON d.id = v.demand_id WHERE d.order_id = :order AND v.parcel_id IS NULL"
    " ORDER BY v.created_at DESC, v.id DESC LIMIT 1"
)
_TAKE_BACK = Statement(
    "WITH gone AS (DELETE FROM verification WHERE id = :id)"
    " UPDATE demand SET verified = verified - :quantity WHERE id = :demand"
)


def unverify(actor: Actor, order_id: uuid.UUID, *, stopped_too: bool = False) -> bool:
    """Take the last check of the open box back (the packer's undo); False when there is none. `stopped_too`: also of an order
    that somebody stopped, whose goods go back to where others may want them.
    """
    order, (answer,) = hold_order(actor, order_id, (_LAST, {"order": order_id}))
    if not (stopped_too and order.state == OrderState.PICKED.value):
        check_bench(order)
    last = answer.first()
    if last is None:
        return False
    _TAKE_BACK.run({"id": last.id, "quantity": last.quantity, "demand": last.demand_id})
    if last.serial is not None:
        serials.stay(last.product_id, [last.serial], "order", order.id)
    return True


def expected_weight(order_id: uuid.UUID) -> rules.WeightCheck:
    """The band the open box must weigh in."""
    return bench(order_id).band


def weigh(
    actor: Actor,
    order_id: uuid.UUID,
    weight_g: int,
    *,
    packaging_id: uuid.UUID | None = None,
    planned_id: uuid.UUID | None = None,
    is_weighed: bool = True,
    accept_anyway: bool = False,
) -> None:
    """Record the weight of the open box with what is in it. `packaging_id`: the box or bag it is, `planned_id`: the one
    that was planned; `is_weighed`: by a scale, not computed.

    Refuses `not_verified` unless the next parcel has been begun, `box_empty`, `waybill_not_ready`, and `weight_off` unless
    a supervisor accepts it.
    """
    order, answers = hold_order(actor, order_id, *questions(order_id, packaging_id))
    check_bench(order)
    if weight_g < 1:
        raise invalid("/weight_g", "too_small", min=1)
    found = read_bench(*answers)
    parcel = _to_close(found)
    if not found.band.accepts(weight_g):
        if not accept_anyway:
            raise Refused("weight_off", {"measured": weight_g, "low": found.band.low_g, "high": found.band.high_g})
        _note_weight(order, weight_g, found.band)
    shipping.record_weight(actor, parcel.id, weight_g, boxed=Boxed(found.in_box, packaging_id, planned_id, is_weighed))
    if parcel.weight_first:
        label_after_scale(actor, order, parcel)


def label_after_scale(actor: Actor, order: OrderAtWork, parcel: LiveParcel) -> None:
    """Its carrier wanted the weight first: now the label is asked for, in the place of one with another weight."""
    now = shipping.want_weighed_label(actor, parcel.id, parcel.weight_g)
    if now.id != parcel.id:
        printing.void_documents("parcel", [parcel.id])
    if now.tracking_number is None or now.carrier_reference is not None:
        return  # the carrier's own label comes when it is asked, or has come
    draft = DocumentDraft(
        kind="waybill", subject_kind="parcel", subject_id=now.id, owner_id=order.owner_id, barcode=now.tracking_number,
        parent=("order", order.id), replace=parcel.weight_g not in (None, now.weight_g),
    )  # fmt: skip
    printing.request_documents(actor, order.warehouse_id, in_their_sizes([draft]))


def _to_close(found: Bench) -> LiveParcel:
    """The open parcel, with something in it and a place for what is left: a check may have been taken back meanwhile."""
    if found.left and not found.has_next:
        raise Refused("not_verified", {"left": found.left})
    parcel = ready(found.parcel)
    if not found.in_box:
        raise Refused("box_empty", {})
    return parcel


def ready(parcel: LiveParcel | None) -> LiveParcel:
    """Refuses `waybill_not_ready` while the wave's waybills are still being prepared."""
    if parcel is None:
        raise Refused("waybill_not_ready", {})
    return parcel


def parcel_of(order_id: uuid.UUID) -> LiveParcel:
    """The order's open parcel, or where none is open its first. Refuses `waybill_not_ready`."""
    found = live_parcels_in(LIVE_PARCELS.send({"order": order_id}))
    return ready(next((each for each in found if each.is_open), found[0] if found else None))


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


def close_parcel(actor: Actor, order_id: uuid.UUID, scanned: str) -> int:
    """The printed waybill, scanned back, closes the open box: its goods leave the tote for it. Returns how many units of the
    order are still to be packed; with none left the order is packed, and a parcel begun for nothing is dropped.

    Proves that the label came out and that it is on its own parcel. Refuses `wrong_waybill`, `waybill_replaced`,
    `waybill_not_ready`, `not_verified`, `box_empty`, `weight_needed`.
    """
    order, answers = hold_order(actor, order_id, *questions(order_id))
    check_bench(order)
    found = read_bench(*answers)
    parcel = _to_close(found)
    if parcel.tracking_number is None:
        raise Refused("waybill_not_ready", {})
    if scanned != parcel.tracking_number:
        replaced = _REPLACED.first({"order": order_id, "number": scanned}) is not None
        raise Refused("waybill_replaced" if replaced else "wrong_waybill", {})
    if parcel.weight_g is None or parcel.units not in (None, found.in_box):
        raise Refused("weight_needed", {})
    if not found.left:
        drop_unused(actor, [each for each in found.parcels if each.is_open and each.id != parcel.id])
    unit_id, place_id = _parcel_unit(order, parcel.id, parcel.tracking_number)
    shipping.close_parcel(actor, parcel.id, scanned, handling_unit_id=unit_id)
    printing.confirm_printed(actor, "parcel", parcel.id, "waybill")
    _move_into(actor, order, unit_id, place_id, is_last=not found.left)
    if found.left:
        _BOXED.run({"order": order.id, "parcel": parcel.id, "now": clock.now()})
        return found.left
    weight_g = sum(each.weight_g or 0 for each in found.parcels if not each.is_open) + parcel.weight_g
    _LAST_BOXED.run({"order": order.id, "parcel": parcel.id, "now": clock.now()})
    move_order(order, "pack", keeps_tote=False)
    if order.kind == rules.PICK_UP:
        pick_up.ready(order.id)
    record(
        OrderPacked(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, weight_g=weight_g)
    )
    return 0


def drop_unused(actor: Actor, parcels: Sequence[LiveParcel]) -> None:
    """Parcels that nothing went into: their numbers and labels are void."""
    for parcel in parcels:
        shipping.drop_parcel(actor, parcel.id)
        printing.void_documents("parcel", [parcel.id])


# The parcel as a thing that holds stock, standing at the packing place. One that is closed again is the same thing; one of
# another carrier that had the same number is not.
_UNIT = Statement(
    "INSERT INTO handling_unit (id, warehouse_id, kind, code, barcode, location_id, state, subject_kind, subject_id,"
    " created_at) SELECT :id, :warehouse, 'parcel', :code, :code, id, 'closed', 'order', :order, :now FROM location"
    " WHERE warehouse_id = :warehouse AND kind = 'packing' ORDER BY walk_order LIMIT 1"
    " ON CONFLICT (warehouse_id, code) DO UPDATE SET state = 'closed', subject_kind = 'order',"
    "  subject_id = excluded.subject_id, location_id = excluded.location_id WHERE handling_unit.kind = 'parcel'"
    "  AND NOT EXISTS (SELECT 1 FROM parcel p WHERE p.tracking_number = handling_unit.code"
    "   AND p.handling_unit_id = handling_unit.id)"
    " RETURNING id, location_id"
)
_BOXED_HERE = (
    "UPDATE verification AS v SET parcel_id = :parcel FROM demand d WHERE d.id = v.demand_id AND d.order_id = :order"
    " AND v.parcel_id IS NULL"
)
# A parcel of one product on a scale teaches what it weighs (`learning`). Read as it was before this statement.
_TAUGHT = (
    "INSERT INTO weighing (parcel_id, product_id, packaging_id, units, weight_g, weighed_at) SELECT p.id,"
    " min(CAST(d.product_id AS text))::uuid, p.packaging_id, sum(v.quantity), p.weight_g, :now FROM parcel p, demand d"
    " JOIN verification v ON v.demand_id = d.id AND v.parcel_id IS NULL WHERE p.id = :parcel AND d.order_id = :order"
    " AND p.is_weighed AND p.packaging_id IS NOT NULL GROUP BY p.id HAVING count(DISTINCT d.product_id) = 1"
    " ON CONFLICT (parcel_id) DO UPDATE SET product_id = excluded.product_id, packaging_id = excluded.packaging_id,"
    "  units = excluded.units, weight_g = excluded.weight_g, weighed_at = excluded.weighed_at"
)
_LAST_BOXED = Statement(
    f"WITH boxed AS ({_BOXED_HERE}), taught AS ({_TAUGHT})"
    " UPDATE handling_unit AS u SET subject_kind = NULL, subject_id = NULL, state = 'open'"
    f" WHERE {totes.OWN.format('u', ':order')}"
)
_BOXED = Statement(f"WITH taught AS ({_TAUGHT}) {_BOXED_HERE}")
_IN_BOX = Statement(
    "SELECT d.product_id, d.book_item_id, sum(v.quantity)::int AS quantity,"
    " array_remove(array_agg(v.serial), NULL) AS serials FROM demand d JOIN verification v ON v.demand_id = d.id"
    " WHERE d.order_id = :order AND v.parcel_id IS NULL GROUP BY d.product_id, d.book_item_id"
)


def _parcel_unit(order: OrderAtWork, parcel_id: uuid.UUID, number: str) -> tuple[uuid.UUID, uuid.UUID]:
    """Make it; returns its id and that of its place. It is called by its number, unless that is too long or another's."""
    values = {"id": new_id(), "warehouse": order.warehouse_id, "order": order.id, "now": clock.now()}
    for code in (number, parcel_id.hex):
        made = _UNIT.first({**values, "code": code}) if len(code) <= MOST_CODE else None
        if made is not None:
            return made.id, made.location_id
    raise not_found("packing location")


def _move_into(actor: Actor, order: OrderAtWork, unit_id: uuid.UUID, place_id: uuid.UUID, *, is_last: bool) -> None:
    """Goods go from the totes into the parcel: what was checked into it, or (`is_last`) everything that is left in totes of
    the order's own.
    """
    claim(Rank.HANDLING_UNIT)
    with pipelined():
        held = totes.HOLD_ALL.send({"tote": order.tote_id, "order": order.id})
        content = units.send_content_of_order(order.id, order.tote_id)
    rows = units.holdings(content)
    is_own = all(row.subject_kind == "order" for row in held.all())
    checked = [] if is_last and is_own else _IN_BOX.all({"order": order.id})
    moves = [
        MoveDraft(row.stock, replace(row.stock, location_id=place_id, handling_unit_id=unit_id), quantity, serials=own)
        for row, quantity, own in (_taken(rows, checked) if checked else [(row, row.quantity, []) for row in rows])
    ]
    ledger.post(actor, PostingDraft(Reason.PACK, "order", order.id, moves))


def _taken(rows: Sequence[Holding], checked: Sequence[Any]) -> list[tuple[Holding, int, list[str]]]:
    """How many of each row of the tote the checked units are; where numbers name them, exactly those."""
    found: list[tuple[Holding, int, list[str]]] = []
    for group in checked:
        left = group.quantity
        numbers = serials.by_row(group.product_id, group.serials)
        for row in rows:
            if (row.stock.product_id, row.stock.book_item_id) != (group.product_id, group.book_item_id):
                continue
            own = numbers.get(row.balance_id, [])
            share = len(own) if numbers else min(left, row.quantity)
            if share:
                found.append((row, share, own))
                left -= share
        if left:
            raise RuntimeError(f"{left} checked units of {group.product_id} are not in the tote")
    return found

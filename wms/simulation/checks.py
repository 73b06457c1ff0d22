"""The system against the truth: cheap comparisons all along, the whole audit each hour, and what must hold at the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import text

from wms.cli import audit
from wms.platform.database import rollback, session
from wms.simulation.world import Aside, Goods, Order, Place, Untrue, World

_GOODS = text(
    "SELECT w.code AS house, s.code AS seller, p.sku, sum(b.on_hand) AS units FROM balance b"
    " JOIN warehouse w ON w.id = b.warehouse_id JOIN seller s ON s.id = b.owner_id"
    " JOIN product p ON p.id = b.product_id GROUP BY 1, 2, 3 HAVING sum(b.on_hand) <> 0"
)
_SHELF = text(
    "SELECT w.code AS house, l.code AS bin, s.code AS seller, p.sku, b.condition, sum(b.on_hand) AS units"
    " FROM balance b JOIN warehouse w ON w.id = b.warehouse_id JOIN location l ON l.id = b.location_id"
    " JOIN seller s ON s.id = b.owner_id JOIN product p ON p.id = b.product_id"
    " WHERE b.handling_unit_id IS NULL AND l.kind IN ('storage', 'pick_face', 'inspection', 'cross_dock') AND b.on_hand <> 0"
    " GROUP BY 1, 2, 3, 4, 5"
)
_ASIDE = text(
    "SELECT w.code AS house, h.barcode AS tote, s.code AS seller, p.sku, b.condition, sum(b.on_hand) AS units"
    " FROM handling_unit h JOIN balance b ON b.handling_unit_id = h.id JOIN warehouse w ON w.id = b.warehouse_id"
    " JOIN seller s ON s.id = b.owner_id JOIN product p ON p.id = b.product_id"
    " WHERE h.subject_kind = 'damage' AND b.on_hand <> 0 GROUP BY 1, 2, 3, 4, 5"
)
_ORDERS = text(
    "SELECT CAST(o.id AS text) AS id, state, cancel_reason, customs_state, interception, holds, (SELECT sum(quantity)::int"
    " FROM order_line l WHERE l.order_id = o.id) AS units FROM outbound_order o ORDER BY o.id"
)
_BOOKINGS = text(
    "SELECT CAST(id AS text) AS id, CAST(transfer_order_id AS text) AS sent, state FROM booking ORDER BY id"
)
_PARCELS = text(
    "SELECT p.tracking_number, CAST(s.subject_id AS text) AS order_id FROM parcel p"
    " JOIN shipment s ON s.id = p.shipment_id WHERE p.state = 'handed_over'"
)


def compare(world: World) -> None:
    """Goods, bins, orders, bookings and parcels are exactly those that somebody was told of."""
    goods = {Goods(row.house, row.seller, row.sku): int(row.units) for row in session().execute(_GOODS)}
    _same("goods in the building", goods, world.goods)
    shelf = {
        Place(row.house, row.bin, row.seller, row.sku, row.condition): int(row.units)
        for row in session().execute(_SHELF)
    }
    _same("goods in bins", shelf, world.shelf)
    aside = {
        Aside(row.house, row.tote, row.seller, row.sku, row.condition): int(row.units)
        for row in session().execute(_ASIDE)
    }
    _same("damaged goods in totes", aside, world.aside)
    _compare_orders(world)
    _compare_bookings(world)
    left = {row.tracking_number: row.order_id for row in session().execute(_PARCELS)}
    told = {each.number: each.order.id for each in world.parcels.values() if each.on_load}
    if left != told:
        raise Untrue(f"parcels that left: the system says {sorted(left.items() ^ told.items())} otherwise")
    rollback()


def _same(what: str, system: dict[Any, int], truth: Counter[Any]) -> None:
    wrong = {
        key: (system.get(key, 0), truth[key])
        for key in sorted(system.keys() | truth.keys())
        if system.get(key, 0) != truth[key]
    }
    if wrong:
        raise Untrue(f"{what}, (system, truth): {wrong}")


def _compare_bookings(world: World) -> None:
    """What sellers announced, and one for each transfer that left; those of transfers that came back are withdrawn."""
    booked = {}
    for row in session().execute(_BOOKINGS):
        if row.id in world.bookings:
            booked[row.id] = 1
        elif row.sent is not None and world.orders[row.sent].kind == "transfer":
            if row.sent in booked:
                raise Untrue(f"{world.orders[row.sent].number} was booked twice")
            booked[row.sent] = 1
        elif row.sent is not None or row.state != "cancelled" or not world.units["taken off a load"]:
            raise Untrue(f"a booking that nobody made: {tuple(row)}")
    _same("bookings", {key: 1 for key in booked if key in world.bookings}, Counter(dict.fromkeys(world.bookings, 1)))


def _compare_orders(world: World) -> None:
    rows = {row.id: row for row in session().execute(_ORDERS)}
    if rows.keys() != world.orders.keys():
        raise Untrue(f"orders that one side does not know: {sorted(rows.keys() ^ world.orders.keys())}")
    for key, row in rows.items():
        if world.orders[key].or_nothing and world.orders[key].open and row.cancel_reason == "out_of_stock":
            world.cancel(world.orders[key])
        fault = _contradiction(world.orders[key], row)
        if fault:
            raise Untrue(f"{world.orders[key].number} is {row.state}, {fault}")


def _contradiction(order: Order, row: Any) -> str:
    if (row.state == "cancelled") != order.cancelled:
        return "which its seller was not told" if row.state == "cancelled" else "although its cancelling was confirmed"
    if (row.state == "shipped") != order.gone:
        return "which nobody handed over" if row.state == "shipped" else f"although it left as {order.parcel}"
    if (row.interception == "requested") != order.asked:
        return f"and to be stopped: {order.asked}; the system says {row.interception}"
    if row.holds < len(order.holds) + len(order.kept_by):
        return f"held {row.holds} times, and people know of {len(order.holds)} and {len(order.kept_by)}"
    if row.units != sum(order.lines.values()):
        return f"of {row.units} units, and wants {order.lines}"
    if row.customs_state == "released" and not order.released:
        return "released, which no clerk recorded"
    return ""


def full_audit() -> int:
    """Every invariant recomputed from the moves; returns how many checks there are."""
    result = audit()
    broken = {check["name"]: check["violations"] for check in result["checks"] if check["violations"]}
    if broken:
        raise Untrue(f"the audit: {broken}")
    dead = session().execute(text("SELECT topic, last_error FROM outbox_job WHERE state = 'dead'")).all()
    rollback()
    if dead:
        raise Untrue(f"jobs gave up: {[tuple(row) for row in dead]}")
    return len(result["checks"])


# -- the end -----------------------------------------------------------------------------------------------------

_JOBS = text("SELECT topic, state, attempts, last_error FROM outbox_job WHERE state <> 'done' ORDER BY sequence")
# A short order is explained by a product of which less is free than it wants, or that it wants in another way.
_UNEXPLAINED = text(
    "SELECT o.number FROM outbound_order o WHERE o.state = 'short' AND NOT EXISTS (SELECT 1 FROM order_line l"
    " WHERE l.order_id = o.id AND l.batch IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM (SELECT product_id,"
    " sum(quantity) AS wanted FROM demand WHERE order_id = o.id GROUP BY 1) d WHERE d.wanted > coalesce((SELECT"
    " sum(s.sellable - s.promised) FROM summary s WHERE s.warehouse_id = o.warehouse_id AND s.owner_id = o.owner_id"
    " AND s.product_id = d.product_id AND s.customs_status IN ('none', 'bonded')), 0)) ORDER BY 1"
)
_STUCK = text(
    "SELECT o.number, o.state, o.customs_state, (SELECT string_agg(e.kind, ',') FROM order_exception e"
    " WHERE e.order_id = o.id AND e.resolved_at IS NULL) AS waits_for FROM outbound_order o"
    " WHERE o.state NOT IN ('shipped', 'cancelled', 'short') ORDER BY 1"
)
_TOTES = text("SELECT code, state, subject_kind FROM handling_unit WHERE kind = 'tote' AND state <> 'open' ORDER BY 1")
_CARTONS = text(
    "SELECT c.barcode, c.state FROM carton c JOIN booking b ON b.id = c.booking_id WHERE b.state <> 'cancelled'"
    " AND c.state NOT IN ('stowed', 'declared', 'missing') ORDER BY 1"
)
_COUNTS = text(
    "SELECT l.code, t.state, t.round FROM count_task t JOIN location l ON l.id = t.location_id JOIN warehouse w"
    " ON w.id = t.warehouse_id WHERE t.state NOT IN ('done', 'cancelled') AND w.kind <> 'bonded' ORDER BY 1"
)
_MOVES = text("SELECT id, state FROM move_task WHERE state NOT IN ('done', 'cancelled')")
_FACES = text("SELECT id, state FROM replenish_task WHERE state NOT IN ('done', 'cancelled', 'short')")
# One whose goods were lost waits for others; nobody may be left unheard, or with one in hand.
_SERVICES = text("SELECT number, state FROM service_request WHERE state IN ('requested', 'working')")
_LOADS = text("SELECT number FROM manifest WHERE state = 'open' ORDER BY 1")
_BAGS = text("SELECT number, state FROM bag WHERE state IN ('open', 'closed') ORDER BY 1")
_ASKED = text("SELECT order_id FROM interception WHERE state = 'requested' ORDER BY 1")
_TRANSFERS = text(
    "SELECT CAST(t.order_id AS text) AS id, p.sku, t.sent, t.lost, t.found, t.settled_at IS NOT NULL AS settled,"
    " b.closed_at IS NOT NULL AS closed FROM transfer_line t JOIN product p ON p.id = t.product_id LEFT JOIN booking b"
    " ON b.transfer_order_id = t.order_id ORDER BY 1, 2"
)
_WALKS = text("SELECT id, state FROM pick_batch WHERE state <> 'done'")
# The schedule's, at the first turn and at the hour of each day.
_NOTED = text("SELECT violations FROM audit_run WHERE origin = 'schedule'")


def everything_ended(world: World) -> None:
    """After the last hand has gone home: no job, no order, tote, carton or walk is left without a reason, no truck stands
    in the yard, and what was sent from house to house is what came, was lost, or was found.
    """
    _transfers_tie_up(world)
    for what, question in (
        ("jobs", _JOBS), ("orders short although their goods are free", _UNEXPLAINED), ("orders", _STUCK),
        ("totes", _TOTES), ("cartons", _CARTONS), ("walks", _WALKS), ("counts", _COUNTS), ("walks to pick faces", _FACES),
        ("services", _SERVICES), ("moves", _MOVES), ("loads", _LOADS), ("bags", _BAGS), ("requests to stop an order", _ASKED),
    ):  # fmt: skip
        left = [tuple(str(value) for value in row) for row in session().execute(question)]
        if left:
            raise Untrue(f"left over at the end, {what}: {left}")
    rollback()


def _transfers_tie_up(world: World) -> None:
    """Sent and found is received and lost, product by product, once the booking of the other house is closed."""
    received: Counter[tuple[str, str]] = Counter()
    for carton in world.cartons:
        if carton.of is not None:
            received.update({(carton.of.id, sku): units for sku, units in carton.counted.items()})
    known: Counter[str] = Counter()
    for row in session().execute(_TRANSFERS):
        order = world.orders[row.id]
        if row.sent != (order.lines.get(row.sku, 0) if order.gone else 0):
            raise Untrue(f"{order.number} sent {row.sent} of {row.sku}, and took along {order.lines}")
        came = received[row.id, row.sku]
        if row.closed and row.settled and row.sent + row.found != came + row.lost:
            raise Untrue(
                f"{order.number}, {row.sku}: {row.sent} sent, {came} received, {row.lost} lost, {row.found} found"
            )
        known[row.id] += 1
    missing = [
        each.number for each in world.orders.values() if each.kind == "transfer" and each.gone and not known[each.id]
    ]
    if missing:
        raise Untrue(f"transfers that left, and nobody was told of: {missing}")


def daily_audits() -> int:
    """How many audits the schedule has noted; none of them may have found anything."""
    noted = session().scalars(_NOTED).all()
    rollback()
    if any(noted):
        raise Untrue(f"the day's audit: {noted}")
    return len(noted)


_STATES = text("SELECT state, count(*) AS orders FROM outbound_order GROUP BY 1 ORDER BY 1")


def orders_by_state() -> dict[str, int]:
    found = {row.state: int(row.orders) for row in session().execute(_STATES)}
    rollback()
    return found

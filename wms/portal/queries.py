"""Reads behind the seller's lists. Each takes the actor, and a list is never wider than its reader."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text

from wms.catalog.queries import PICTURE
from wms.core import clock
from wms.core.actor import Actor
from wms.inbound.queries import BOOKINGS
from wms.inventory.queries import Scope
from wms.outbound.queries import ORDERS
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.http import decode_id_cursor, encode_cursor
from wms.platform.listing import Listing
from wms.returns.queries import RETURNS

PAGE = 25
IN_SCOPE = (
    "(CAST(:sellers AS uuid[]) IS NULL OR {0}.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR {0}.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
)

_S = OrderState
OPEN_ORDERS = (_S.SHORT, _S.AWAITING_CUSTOMS, _S.PROMISED, _S.WAVED, _S.PICKING, _S.PICKED, _S.PACKED)
# The tabs of a list: their name → the states in it (none: all).
ORDER_TABS: dict[str, tuple[str, ...]] = {
    "all": (), "open": OPEN_ORDERS, "short": (_S.SHORT,), "customs": (_S.AWAITING_CUSTOMS,),
    "work": (_S.WAVED, _S.PICKING, _S.PICKED, _S.PACKED), "shipped": (_S.SHIPPED,), "cancelled": (_S.CANCELLED,),
}  # fmt: skip
BOOKING_TABS: dict[str, tuple[str, ...]] = {
    "all": (), "draft": ("draft",), "coming": ("submitted", "in_transit"),
    "here": ("arrived", "receiving", "received", "putaway"), "completed": ("completed",), "cancelled": ("cancelled",),
}  # fmt: skip
RETURN_TABS: dict[str, tuple[str, ...]] = {
    "all": (), "announced": ("announced",), "receiving": ("receiving",), "completed": ("completed",),
    "cancelled": ("cancelled",),
}  # fmt: skip
Page = tuple[Sequence[Row[Any]], str | None]


def scoped(actor: Actor, **more: Any) -> dict[str, Any]:
    return Scope.of(actor).parameters() | more


def _listing(columns: str, table: str, joins: str) -> TextClause:
    """The rows of a page whose ids were found (`wms.platform.listing`), in that order."""
    return text(
        f"SELECT {columns} FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS page(id, place)"
        f" JOIN {table} d ON d.id = page.id JOIN warehouse w ON w.id = d.warehouse_id JOIN seller s ON s.id = d.owner_id"
        f" {joins} ORDER BY page.place"
    )


_ORDERS = _listing(
    "d.id, d.number, d.reference, d.kind, d.state, d.customs_state, d.holds, d.interception,"
    " d.created_at, d.ordered_at, d.shipped_at, w.code AS"
    " warehouse, w.time_zone, s.code AS seller, c.country, v.code AS service,"
    " (SELECT sum(l.quantity) FROM order_line l WHERE l.order_id = d.id) AS units,"
    " (SELECT p.tracking_number FROM parcel p WHERE p.shipment_id = d.shipment_id ORDER BY p.n LIMIT 1) AS tracking",
    "outbound_order",
    "JOIN consignee c ON c.order_id = d.id LEFT JOIN service v ON v.id = d.service_id",
)
_BOOKINGS = _listing(
    "d.id, d.number, d.reference, d.state, d.created_at, d.arrived_at, d.expected_on, d.carton_count,"
    " w.code AS warehouse, w.time_zone, s.code AS seller, coalesce(t.declared, 0) AS declared,"
    " coalesce(t.received, 0) AS received, coalesce(t.put_away, 0) AS put_away, coalesce(t.closed_difference, 0)"
    " AS difference",
    "booking",
    "LEFT JOIN LATERAL (SELECT sum(l.declared) AS declared, sum(l.received_good + l.received_damaged) AS received,"
    " sum(l.put_away) AS put_away, sum(CASE WHEN k.state IN ('counted', 'stowing', 'stowed', 'missing')"
    " THEN l.received_good + l.received_damaged - l.declared ELSE 0 END) AS closed_difference"
    " FROM carton_line l JOIN carton k ON k.id = l.carton_id AND k.booking_id = l.booking_id"
    " WHERE l.booking_id = d.id) t ON true",
)
_RETURNS = _listing(
    "d.id, d.number, d.reference, d.state, d.reason, d.created_at, d.tracking_number, w.code AS warehouse, w.time_zone,"
    " s.code AS seller, o.number AS order_number, o.reference AS order_reference,"
    " (SELECT sum(l.announced) FROM return_line l WHERE l.return_id = d.id) AS announced,"
    " (SELECT sum(l.received) FROM return_line l WHERE l.return_id = d.id) AS received",
    "return_order",
    "JOIN outbound_order o ON o.id = d.order_id",
)


def _page(
    listing: Listing, rows_of: TextClause, actor: Actor, states: Collection[str], search: str | None,
    cursor: str | None, most: int = PAGE,
) -> Page:  # fmt: skip
    after = decode_id_cursor(cursor)
    found = listing.page(actor, states=states, search=search, after=after, limit=most + 1)
    shown = session().execute(rows_of, {"ids": found[:most]}).all()
    return shown, encode_cursor(shown[-1].created_at, shown[-1].id) if len(found) > most else None


def orders_page(actor: Actor, tab: str, search: str | None, cursor: str | None) -> Page:
    return _page(ORDERS, _ORDERS, actor, ORDER_TABS.get(tab, ()), search, cursor)


def bookings_page(actor: Actor, tab: str, search: str | None, cursor: str | None, most: int = PAGE) -> Page:
    """Bookings with their sums; `difference` counts closed cartons only."""
    return _page(BOOKINGS, _BOOKINGS, actor, BOOKING_TABS.get(tab, ()), search, cursor, most)


def returns_page(actor: Actor, tab: str, search: str | None, cursor: str | None) -> Page:
    return _page(RETURNS, _RETURNS, actor, RETURN_TABS.get(tab, ()), search, cursor)


# The states that documents stay in for ever: never counted to show a number beside a tab.
ENDS = {
    "outbound_order": ("shipped", "cancelled"), "booking": ("completed", "cancelled"),
    "return_order": ("completed", "cancelled"),
}  # fmt: skip


def open_counted(actor: Actor, table: str) -> Counter[str]:
    """How many documents of `outbound_order`, `booking` or `return_order` stand in each state that is not an end."""
    ends = "', '".join(ENDS[table])
    statement = (
        f"SELECT d.state, count(*) FROM {table} d WHERE {IN_SCOPE.format('d')} AND d.state NOT IN ('{ends}') GROUP BY 1"
    )
    return Counter({row[0]: int(row[1]) for row in session().execute(text(statement), scoped(actor))})


# A product by the beginning of its SKU, a part of its name, or a barcode.
_MEANT = (
    "(starts_with(lower(p.sku), lower(:search)) OR p.name_zh LIKE :anywhere OR p.name_en ILIKE :anywhere"
    " OR EXISTS (SELECT 1 FROM product_barcode b WHERE b.product_id = p.id AND b.barcode = :search))"
)
_PRODUCTS = text(
    f"SELECT p.id, p.sku, p.name_en, p.name_zh, {PICTURE}, p.is_active, p.declared_weight_g, p.measured_weight_g, s.code AS seller,"
    " (SELECT b.barcode FROM product_barcode b WHERE b.product_id = p.id AND b.quantity = 1 ORDER BY b.created_at, b.id"
    " LIMIT 1) AS barcode, (SELECT coalesce(sum(b.on_hand), 0) FROM balance b WHERE b.product_id = p.id AND b.is_there"
    "  AND {seen}) AS on_hand,"
    " (SELECT coalesce(sum(b.sellable - b.promised), 0) FROM summary b WHERE b.product_id = p.id AND {seen}) AS free"
    " FROM product p JOIN seller s ON s.id = p.owner_id"
    " WHERE (CAST(:sellers AS uuid[]) IS NULL OR p.owner_id = ANY(CAST(:sellers AS uuid[])))"
    f" AND (CAST(:search AS text) IS NULL OR {_MEANT})"
    " AND (CAST(:after AS uuid) IS NULL OR (p.sku, p.id) > (SELECT a.sku, a.id FROM product a WHERE a.id = :after))"
    " ORDER BY p.sku, p.id LIMIT :limit".replace(
        "{seen}", "(CAST(:warehouses AS uuid[]) IS NULL OR b.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    )
)


def products_list(
    actor: Actor, search: str | None, after: uuid.UUID | None
) -> tuple[Sequence[Row[Any]], uuid.UUID | None]:
    """Products by SKU with what is there of them in the reader's warehouses, and the id the next page begins behind."""
    parameters = scoped(actor, search=search, anywhere=_anywhere(search), after=after, limit=PAGE + 1)
    rows = session().execute(_PRODUCTS, parameters).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def _anywhere(search: str | None) -> str | None:
    """The search as a pattern of LIKE, within a text."""
    if search is None:
        return None
    return "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


MOST_MEANT = 20_000  # as many as a table for a spreadsheet has rows
# Of those that have lain somewhere: a catalogue of thousands that were never sent in leaves no room for the few that were.
_MEANT_ONES = text(
    "SELECT p.id FROM product p WHERE (CAST(:sellers AS uuid[]) IS NULL OR p.owner_id = ANY(CAST(:sellers AS uuid[])))"
    f" AND {_MEANT} AND EXISTS (SELECT 1 FROM warehouse w WHERE"
    " (SELECT true FROM balance b WHERE b.warehouse_id = w.id AND b.product_id = p.id LIMIT 1))"
    f" ORDER BY p.sku, p.id LIMIT {MOST_MEANT}"
)


def products_meant(actor: Actor, search: str | None) -> list[uuid.UUID] | None:
    """The products with stock, now or once, that a search means as the list of products does; None without one. At most
    `MOST_MEANT`.
    """
    if search is None:
        return None
    return list(session().execute(_MEANT_ONES, scoped(actor, search=search, anywhere=_anywhere(search))).scalars())


_SKUS = text(
    "SELECT p.sku, p.name_en, p.name_zh FROM product p WHERE p.is_active"
    " AND (CAST(:sellers AS uuid[]) IS NULL OR p.owner_id = ANY(CAST(:sellers AS uuid[]))) ORDER BY p.sku LIMIT 1000"
)


def sku_choices(actor: Actor) -> Sequence[Row[Any]]:
    """What a form offers while a SKU is typed."""
    return session().execute(_SKUS, scoped(actor)).all()


_EVENTS = text(
    "SELECT name, data, occurred_at FROM event WHERE subject_kind = :kind AND subject_id = :id ORDER BY sequence"
    " LIMIT 200"
)


def events_of(kind: str, subject_id: uuid.UUID) -> Sequence[Row[Any]]:
    """What happened to a document the caller has loaded, oldest first."""
    return session().execute(_EVENTS, {"kind": kind, "id": subject_id}).all()


_COMING = text(
    "SELECT l.product_id, k.warehouse_id, sum(greatest(l.declared - l.received_good - l.received_damaged, 0)) AS units"
    " FROM carton_line l JOIN carton k ON k.id = l.carton_id JOIN booking b ON b.id = l.booking_id"
    f" WHERE {IN_SCOPE.format('k')} AND k.state IN ('declared', 'arrived', 'counting')"
    " AND b.own_state IN ('submitted', 'in_transit') AND (CAST(:products AS uuid[]) IS NULL OR l.product_id ="
    " ANY(:products))"
    " GROUP BY 1, 2"
)
_LACKING = text(
    "SELECT d.product_id, o.warehouse_id, sum(d.quantity) AS units FROM demand d JOIN outbound_order o ON o.id ="
    " d.order_id"
    f" WHERE o.state = 'short' AND {IN_SCOPE.format('o')}"
    " AND (CAST(:products AS uuid[]) IS NULL OR d.product_id = ANY(:products)) GROUP BY 1, 2"
)
Place = tuple[uuid.UUID, uuid.UUID]  # product, warehouse


def coming_units(actor: Actor, products: Sequence[uuid.UUID] | None = None) -> dict[Place, int]:
    """在途: booked and not yet counted, by product and warehouse."""
    return _by_place(_COMING, actor, products)


def lacking_units(actor: Actor, products: Sequence[uuid.UUID] | None = None) -> dict[Place, int]:
    """缺货: ordered, and no stock to promise yet."""
    return _by_place(_LACKING, actor, products)


def _by_place(statement: TextClause, actor: Actor, products: Sequence[uuid.UUID] | None) -> dict[Place, int]:
    parameters = scoped(actor, products=None if products is None else list(products))
    rows = session().execute(statement, parameters)
    return {(row.product_id, row.warehouse_id): int(row.units) for row in rows}


_BRINGING = text(
    "SELECT b.id, b.number, b.reference, b.state, b.expected_on, w.code AS warehouse,"
    " sum(greatest(l.declared - l.received_good - l.received_damaged, 0)) AS units"
    " FROM carton_line l JOIN carton k ON k.id = l.carton_id JOIN booking b ON b.id = l.booking_id"
    f" JOIN warehouse w ON w.id = k.warehouse_id WHERE l.product_id = :product AND {IN_SCOPE.format('k')}"
    " AND k.state IN ('declared', 'arrived', 'counting') AND b.own_state IN ('submitted', 'in_transit')"
    " AND (CAST(:warehouse AS uuid) IS NULL OR k.warehouse_id = :warehouse)"
    " GROUP BY b.id, w.code ORDER BY b.expected_on NULLS LAST, b.id LIMIT 100"
)
_BOOKING_OF = text("SELECT id, booking_id FROM carton WHERE id = ANY(CAST(:ids AS uuid[]))")


def bookings_of_cartons(carton_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The booking that each carton came with."""
    rows = session().execute(_BOOKING_OF, {"ids": list(carton_ids)})
    return {row.id: row.booking_id for row in rows}


_BOOKING_BEHIND = text(
    " UNION ALL ".join(
        f"SELECT id, {booking} AS booking_id FROM {table} WHERE id = ANY(CAST(:ids AS uuid[]))"
        for table, booking in (
            ("booking", "id"), ("carton", "booking_id"), ("difference", "booking_id"), ("inspection", "booking_id"),
        )
    )
)  # fmt: skip


def bookings_of_subjects(subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The booking behind each subject of a posting that has one: receiving and putaway name the carton."""
    rows = session().execute(_BOOKING_BEHIND, {"ids": list(set(subject_ids))})
    return {row.id: row.booking_id for row in rows}


_LACKING_ORDERS = text(
    "SELECT o.id, o.number, o.reference, o.state, NULL::date AS expected_on, w.code AS warehouse, sum(d.quantity) AS units"
    " FROM demand d JOIN outbound_order o ON o.id = d.order_id JOIN warehouse w ON w.id = o.warehouse_id"
    f" WHERE d.product_id = :product AND o.state = 'short' AND {IN_SCOPE.format('o')}"
    " AND (CAST(:warehouse AS uuid) IS NULL OR o.warehouse_id = :warehouse)"
    " GROUP BY o.id, w.code ORDER BY o.ordered_at, o.id LIMIT 100"
)


def bookings_bringing(actor: Actor, product_id: uuid.UUID, warehouse_id: uuid.UUID | None) -> Sequence[Row[Any]]:
    """Bookings behind 在途: what of a product is booked and not counted yet."""
    return session().execute(_BRINGING, scoped(actor, product=product_id, warehouse=warehouse_id)).all()


def orders_lacking(actor: Actor, product_id: uuid.UUID, warehouse_id: uuid.UUID | None) -> Sequence[Row[Any]]:
    """Orders behind 缺货: those that wait for stock of a product."""
    return session().execute(_LACKING_ORDERS, scoped(actor, product=product_id, warehouse=warehouse_id)).all()


_CLAIMING = text(
    "SELECT o.id, o.number, o.reference, o.state, sum(d.quantity - d.shipped) AS units FROM demand d"
    f" JOIN outbound_order o ON o.id = d.order_id WHERE d.product_id = :product AND {IN_SCOPE.format('o')}"
    " AND o.state IN ('awaiting_customs', 'promised', 'waved', 'picking', 'picked', 'packed')"
    " AND (CAST(:warehouse AS uuid) IS NULL OR o.warehouse_id = :warehouse)"
    " GROUP BY o.id ORDER BY o.ordered_at, o.id LIMIT 100"
)


def orders_claiming(actor: Actor, product_id: uuid.UUID, warehouse_id: uuid.UUID | None) -> Sequence[Row[Any]]:
    """Open orders that hold stock of a product: what stands behind 待出库."""
    return session().execute(_CLAIMING, scoped(actor, product=product_id, warehouse=warehouse_id)).all()


# The figures of the first page read what is open, what is there, and the last days: all of one seller.
_MINE = (
    "{0}.owner_id = ANY(CAST(:sellers AS uuid[]))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR {0}.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
)
_HOME = text(
    "SELECT (SELECT count(*) FROM booking b WHERE b.state IN ('submitted', 'in_transit')"
    " AND b.state NOT IN ('cancelled', 'completed') AND {b}) AS coming,"
    " s.on_hand, h.held, s.sellable FROM"
    " (SELECT coalesce(sum(b.sellable + b.staged + b.aside), 0) AS on_hand, coalesce(sum(b.sellable), 0) AS sellable"
    "  FROM warehouse w JOIN summary b ON b.warehouse_id = w.id AND {b}) s,"
    " (SELECT coalesce(sum(b.on_hand), 0) AS held FROM balance b WHERE b.is_unfit AND b.held_by > 0 AND {b}) h".replace(
        "{b}", _MINE.format("b")
    )
)
_SHIPPED = text(
    "SELECT (o.shipped_at AT TIME ZONE w.time_zone)::date AS day, w.code AS warehouse, count(*) AS orders"
    f" FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id WHERE {_MINE.format('o')}"
    " AND o.shipped_at >= CAST(:now AS timestamptz) - interval '15 days' GROUP BY 1, 2 ORDER BY 1, 2"
)


def home_figures(actor: Actor) -> Row[Any]:
    """Of a seller: what is on hand, and of it what sells and what is held."""
    return session().execute(_HOME, scoped(actor)).one()


def shipped_per_day(actor: Actor) -> Sequence[Row[Any]]:
    """Orders handed over in the last days, by the warehouse's calendar: day, warehouse, orders."""
    return session().execute(_SHIPPED, scoped(actor, now=clock.now())).all()


_REFUSED = text(
    "SELECT o.id, o.number, o.reference, o.state, o.customs_state, o.ordered_at FROM outbound_order o"
    f" WHERE {_MINE.format('o')} AND o.state NOT IN ('cancelled', 'shipped')"
    " AND (o.state = 'short' OR o.customs_state = 'refused')"
    " ORDER BY (o.customs_state = 'refused') DESC, o.ordered_at, o.id LIMIT 6"
)
_DIFFERING = text(
    "SELECT b.id, b.number, b.reference, b.state, sum(d.quantity) AS units, count(DISTINCT d.carton_id) AS cartons"
    f" FROM difference d JOIN booking b ON b.id = d.booking_id WHERE {IN_SCOPE.format('b')}"
    " AND d.state = 'open' GROUP BY b.id ORDER BY min(d.due_at) LIMIT 4"
)


def orders_in_need(actor: Actor) -> Sequence[Row[Any]]:
    """Orders that wait for the seller: without stock, or refused by customs."""
    return session().execute(_REFUSED, scoped(actor)).all()


def bookings_differing(actor: Actor) -> Sequence[Row[Any]]:
    """Bookings where something differs and waits for the seller's decision, the nearest deadline first."""
    return session().execute(_DIFFERING, scoped(actor)).all()

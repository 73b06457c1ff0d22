"""Reads behind the pages of stopped orders, of destructions and of pick-ups, within the actor's warehouses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.core import clock
from wms.core.actor import Actor
from wms.inventory.queries import Scope
from wms.office.queries import IN_WAREHOUSES
from wms.outbound.service.totes import OWN
from wms.platform.database import session

MOST = 200
_ORDER = "o.id AS order_id, o.number, o.reference, o.state AS order_state, s.code AS seller, w.code AS warehouse, w.time_zone"
_FROM = (
    "JOIN outbound_order o ON o.id = {0}.order_id JOIN seller s ON s.id = o.owner_id JOIN warehouse w ON w.id ="
    " o.warehouse_id"
)
# Every tote of its own, or the container it shares with others.
_TOTES = f"coalesce((SELECT string_agg(x.code, ', ' ORDER BY x.code) FROM handling_unit x WHERE {OWN.format('x', 'o.id')}), t.code)"
# In whose hands: its totes and the picker of its newest walk, or the parcel and the load it is on.
_REQUESTS = (
    f"SELECT i.id, i.reason, i.resume_state, i.requested_at, i.requested_by_name, {_ORDER}, {_TOTES} AS tote,"
    " (SELECT u.name FROM pick_task k JOIN pick_batch b ON b.id = k.batch_id JOIN app_user u ON u.id = b.picker_id"
    "  WHERE k.order_id = o.id ORDER BY b.created_at DESC LIMIT 1) AS picker,"
    " p.tracking_number, m.number AS manifest, g.number AS bag"
    f" FROM interception i {_FROM.format('i')} LEFT JOIN handling_unit t ON t.id = o.tote_id"
    " LEFT JOIN LATERAL (SELECT p.tracking_number, p.manifest_id, p.bag_id FROM parcel p"
    "  WHERE p.shipment_id = o.shipment_id AND p.state IN ('closed', 'handed_over')"
    "  ORDER BY p.state = 'handed_over' DESC, p.n LIMIT 1) p ON true"
    " LEFT JOIN manifest m ON m.id = p.manifest_id LEFT JOIN bag g ON g.id = p.bag_id"
    f" WHERE i.state = 'requested' AND {IN_WAREHOUSES.format('i')} ORDER BY i.requested_at, i.id LIMIT {MOST}"
)
_HOLDS = (
    f"SELECT h.id, h.side, h.reason, h.note, h.keeps_stock, h.placed_at, h.placed_by_name, {_ORDER}"
    f" FROM order_hold h {_FROM.format('h')} WHERE h.state = 'open' AND {IN_WAREHOUSES.format('h')}"
    f" ORDER BY h.placed_at, h.id LIMIT {MOST}"
)
_DESTRUCTIONS = (
    f"SELECT {_ORDER}, {_TOTES} AS tote, (SELECT string_agg(p.sku || ' × ' || l.quantity, ', ' ORDER BY l.position)"
    "  FROM order_line l JOIN product p ON p.id = l.product_id WHERE l.order_id = o.id) AS goods"
    " FROM outbound_order o JOIN seller s ON s.id = o.owner_id JOIN warehouse w ON w.id = o.warehouse_id"
    " LEFT JOIN handling_unit t ON t.id = o.tote_id WHERE o.kind = 'destruction'"
    f" AND o.state NOT IN ('shipped', 'cancelled') AND {IN_WAREHOUSES.format('o')}"
    f" ORDER BY o.state <> 'picked', o.ordered_at, o.id LIMIT {MOST}"
)


# Those that wait, the longest first; then those that were fetched in the last days.
_PICK_UPS = (
    f"SELECT {_ORDER}, u.ready_at, u.keep_until, u.reminded_at, u.collected_at, u.collected_by_name, (SELECT count(*)"
    "  FROM parcel p WHERE p.shipment_id = o.shipment_id AND p.state IN ('closed', 'handed_over')) AS parcels"
    " FROM pick_up u JOIN outbound_order o ON o.id = u.order_id JOIN seller s ON s.id = o.owner_id"
    f" JOIN warehouse w ON w.id = o.warehouse_id WHERE o.state <> 'cancelled' AND {IN_WAREHOUSES.format('o')}"
    " AND (u.collected_at IS NULL OR u.collected_at > CAST(:now AS timestamptz) - interval '7 days')"
    f" ORDER BY u.collected_at IS NOT NULL, u.ready_at NULLS LAST, u.collected_at DESC, o.id LIMIT {MOST}"
)


def pick_ups(actor: Actor) -> Sequence[Row[Any]]:
    """Orders that are fetched at the counter; those that wait there first."""
    return session().execute(text(_PICK_UPS), _scope(actor) | {"now": clock.now()}).all()


def destructions(actor: Actor) -> Sequence[Row[Any]]:
    """Open orders of that kind; those whose goods wait in a tote first."""
    return session().execute(text(_DESTRUCTIONS), _scope(actor)).all()


def requests(actor: Actor) -> Sequence[Row[Any]]:
    """Interceptions that wait for an answer, oldest first, with where their goods are."""
    return session().execute(text(_REQUESTS), _scope(actor)).all()


def holds(actor: Actor) -> Sequence[Row[Any]]:
    """Open holds on orders, oldest first."""
    return session().execute(text(_HOLDS), _scope(actor)).all()


def _scope(actor: Actor) -> dict[str, Any]:
    return {"warehouses": Scope.of(actor).parameters()["warehouses"]}

"""What stands in the operator's warehouses, and what a new house still lacks before its first parcel."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.core.actor import Actor
from wms.platform.database import session


def houses_seen(actor: Actor) -> Sequence[Row[Any]]:
    """The warehouses of the actor's scope, by code, with their building and what stands in them."""
    seen = None if actor.warehouse_ids is None else list(actor.warehouse_ids)
    return (
        session()
        .execute(
            text(
                "SELECT w.id, w.code, w.name, w.kind, w.country, w.time_zone, s.code AS site, s.name AS site_name,"
                " (SELECT count(*) FROM location l WHERE l.warehouse_id = w.id AND l.kind IN ('storage', 'bulk',"
                "  'pick_face', 'cross_dock')) AS bins,"
                " (SELECT count(*) FROM station b WHERE b.warehouse_id = w.id) AS benches,"
                " (SELECT count(*) FROM handling_unit u WHERE u.warehouse_id = w.id AND u.kind = 'tote') AS totes"
                " FROM warehouse w JOIN site s ON s.id = w.site_id"
                " WHERE (CAST(:seen AS uuid[]) IS NULL OR w.id = ANY(CAST(:seen AS uuid[]))) ORDER BY w.code"
            ),
            {"seen": seen},
        )
        .all()
    )


def totes_of(warehouse_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The totes of a warehouse the caller has loaded, by code; `is_free` when no order has it."""
    return (
        session()
        .execute(
            text(
                "SELECT id, code, barcode, state, subject_id IS NULL AS is_free FROM handling_unit"
                " WHERE warehouse_id = :warehouse AND kind = 'tote' ORDER BY code"
            ),
            {"warehouse": warehouse_id},
        )
        .all()
    )


def units_of(warehouse_id: uuid.UUID, only: uuid.UUID | None = None) -> Sequence[Row[Any]]:
    """The pallets and cartons of the house's own in a warehouse the caller has loaded, newest first, no more than 200; or
    `only` one container that is no tote.
    """
    return (
        session()
        .execute(
            text(
                "SELECT u.id, u.code, u.kind, u.barcode, l.code AS location, (SELECT coalesce(sum(b.on_hand), 0)::int"
                "  FROM balance b WHERE b.handling_unit_id = u.id) AS units FROM handling_unit u"
                " JOIN location l ON l.id = u.location_id WHERE u.warehouse_id = :warehouse AND u.state <> 'gone'"
                " AND (u.id = :only OR CAST(:only AS uuid) IS NULL AND u.kind IN ('pallet', 'carton') AND u.subject_kind IS NULL)"
                " AND u.kind NOT IN ('tote', 'cart', 'parcel') ORDER BY u.created_at DESC, u.code LIMIT 200"
            ),
            {"warehouse": warehouse_id, "only": only},
        )
        .all()
    )


def bins_to_label(warehouse_id: uuid.UUID, zone: str, level: int | None, limit: int) -> Sequence[Row[Any]]:
    """The bins of a zone of a warehouse the caller has loaded, or of one level of it, by code; no more than `limit`."""
    bins = text(
        "SELECT l.id, l.barcode FROM location l JOIN zone z ON z.id = l.zone_id WHERE l.warehouse_id = :warehouse"
        " AND z.code = :zone AND (CAST(:level AS int) IS NULL OR l.level = :level) ORDER BY l.code LIMIT :limit"
    )
    given = {"warehouse": warehouse_id, "zone": zone, "level": level, "limit": limit}
    return session().execute(bins, given).all()


def carts_of(warehouse_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The picking carts of a warehouse the caller has loaded, by code, with how many totes are named after each."""
    carts = text(
        "SELECT c.id, c.code, c.barcode, (SELECT count(*) FROM handling_unit t WHERE t.warehouse_id = c.warehouse_id"
        " AND t.kind = 'tote' AND starts_with(t.code, c.code || '-')) AS totes FROM handling_unit c"
        " WHERE c.warehouse_id = :warehouse AND c.kind = 'cart' ORDER BY c.code"
    )
    return session().execute(carts, {"warehouse": warehouse_id}).all()


def zones_of(warehouse_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The zones of a warehouse the caller has loaded, by code."""
    zones = text("SELECT id, code, name FROM zone WHERE warehouse_id = :warehouse ORDER BY code")
    return session().execute(zones, {"warehouse": warehouse_id}).all()


def unit_codes(warehouse_id: uuid.UUID, prefix: str) -> set[str]:
    """The codes of containers there that begin so."""
    return set(
        session().scalars(
            text("SELECT code FROM handling_unit WHERE warehouse_id = :warehouse AND starts_with(code, :prefix)"),
            {"warehouse": warehouse_id, "prefix": prefix},
        )
    )


# In the order in which a new house is set up. A key is the step; true once it has been taken.
_STEPS = text(
    "SELECT EXISTS (SELECT FROM warehouse) AS warehouse,"
    " EXISTS (SELECT FROM location WHERE kind IN ('storage', 'bulk', 'pick_face')) AS bins,"
    " EXISTS (SELECT FROM station) AS benches,"
    " EXISTS (SELECT FROM handling_unit WHERE kind = 'tote') AS totes,"
    " EXISTS (SELECT FROM service WHERE is_active) AS service,"
    " EXISTS (SELECT FROM seller) AS seller,"
    " EXISTS (SELECT FROM app_user WHERE badge_hash IS NOT NULL) AS badge"
)


def steps_left() -> list[str]:
    """What the house still lacks, in order; empty in one that works."""
    row = session().execute(_STEPS).one()
    return [step for step in row._fields if not getattr(row, step)]

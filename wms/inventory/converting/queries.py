"""Reads of conversions: those of the reader's goods, and those offered to the reader."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.inventory.workflow import ConversionState
from wms.platform.database import session

OPEN = ("offered", "open", "short")
ENDED = tuple(state.value for state in ConversionState if state.value not in OPEN)

_LIST = text(
    "SELECT c.id, c.kind, c.state, c.quantity, c.done, c.note, c.condition, c.to_condition, c.to_batch, c.to_expires_on,"
    " c.asked_at, c.ended_at, c.owner_id, c.to_owner_id, c.warehouse_id, c.subject_kind, c.subject_id, p.sku, p.name_en,"
    " p.name_zh, t.sku AS to_sku, s.code AS seller, o.code AS to_seller, w.code AS warehouse, w.time_zone,"
    " l.batch, l.expires_on, f.code AS location FROM conversion c JOIN product p ON p.id = c.product_id"
    " JOIN seller s ON s.id = c.owner_id JOIN warehouse w ON w.id = c.warehouse_id"
    " LEFT JOIN product t ON t.id = c.to_product_id LEFT JOIN seller o ON o.id = c.to_owner_id"
    " LEFT JOIN lot l ON l.id = c.lot_id LEFT JOIN location f ON f.id = c.location_id"
    " WHERE (CAST(:sellers AS uuid[]) IS NULL OR c.owner_id = ANY(CAST(:sellers AS uuid[]))"
    "  OR c.to_owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR c.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " AND (CAST(:kinds AS text[]) IS NULL OR c.kind = ANY(CAST(:kinds AS text[])))"
    " AND (CAST(:states AS text[]) IS NULL OR c.state = ANY(CAST(:states AS text[])))"
    " AND (CAST(:before AS uuid) IS NULL OR c.id < CAST(:before AS uuid)) ORDER BY c.id DESC LIMIT :limit"
)


def conversions(
    actor: Actor,
    *,
    kinds: Collection[str] | None = None,
    states: Collection[str] | None = None,
    before: uuid.UUID | None = None,
    limit: int = 50,
) -> Sequence[Row[Any]]:
    """Newest first, one more than `limit`. The taker of an offer sees what is offered, and of the giver nothing else."""
    values = {
        "sellers": None if actor.seller_ids is None else sorted(actor.seller_ids),
        "warehouses": None if actor.warehouse_ids is None else sorted(actor.warehouse_ids),
        "kinds": None if kinds is None else sorted(kinds), "states": None if states is None else sorted(states),
        "before": before, "limit": limit + 1,
    }  # fmt: skip
    return session().execute(_LIST, values).all()


def open_and_newest(actor: Actor, limit: int, kinds: Collection[str] | None = None) -> list[Row[Any]]:
    """As a page lists them: all that are open, then those that ended, each newest first; no more than `limit`."""
    open_ones = conversions(actor, kinds=kinds, states=OPEN, limit=limit)
    return [*open_ones, *conversions(actor, kinds=kinds, states=ENDED, limit=limit)][:limit]


_OFFERED = text(
    "SELECT id FROM conversion WHERE id = :id AND to_owner_id IS NOT NULL"
    " AND (CAST(:sellers AS uuid[]) IS NULL OR to_owner_id = ANY(CAST(:sellers AS uuid[])))"
)


def check_offered(actor: Actor, conversion_id: uuid.UUID) -> None:
    """404 for what was not offered to one of the actor's sellers."""
    sellers = None if actor.seller_ids is None else sorted(actor.seller_ids)
    if session().execute(_OFFERED, {"id": conversion_id, "sellers": sellers}).first() is None:
        raise not_found("conversion")

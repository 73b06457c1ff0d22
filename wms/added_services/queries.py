"""Reads of services: requests within the reader's scope, their proofs, and the floor's next work."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.added_services.models import ServiceProof
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.platform.database import session
from wms.platform.files import read_file

_COLUMNS = (
    "SELECT r.id, r.number, r.state, r.version, r.quantity, r.done, r.note, r.answer, r.subject_kind, r.subject_id,"
    " r.asked_at, r.decided_at, r.begun_at, r.ended_at, r.owner_id, r.warehouse_id, r.worker_id, r.product_id,"
    " r.to_product_id, r.handling_unit_id, v.id AS service_id, v.code AS service, v.name_en AS service_en, v.name_zh AS service_zh,"
    " v.unit, v.work, v.effect, v.proofs, s.code AS seller, w.code AS warehouse, w.time_zone, p.sku, p.name_en,"
    " p.name_zh, t.sku AS to_sku, l.code AS location, u.code AS container, a.name AS worker, c.id AS conversion_id,"
    " c.state AS conversion_state FROM service_request r JOIN added_service v ON v.id = r.service_id"
    " JOIN seller s ON s.id = r.owner_id JOIN warehouse w ON w.id = r.warehouse_id"
    " LEFT JOIN product p ON p.id = r.product_id LEFT JOIN product t ON t.id = r.to_product_id"
    " LEFT JOIN location l ON l.id = r.location_id LEFT JOIN handling_unit u ON u.id = r.handling_unit_id"
    " LEFT JOIN app_user a ON a.id = r.worker_id LEFT JOIN conversion c ON c.id = r.conversion_id"
)
_SCOPE = (
    " (CAST(:sellers AS uuid[]) IS NULL OR r.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR r.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
)
_PAGE = text(
    f"{_COLUMNS} WHERE{_SCOPE} AND (CAST(:states AS text[]) IS NULL OR r.state = ANY(CAST(:states AS text[])))"
    " AND (CAST(:before AS uuid) IS NULL OR r.id < CAST(:before AS uuid)) ORDER BY r.id DESC LIMIT :limit"
)
_ONE = text(f"{_COLUMNS} WHERE{_SCOPE} AND r.id = :id")
_ABOUT = text(f"{_COLUMNS} WHERE{_SCOPE} AND r.subject_kind = :kind AND r.subject_id = ANY(:ids) ORDER BY r.id DESC")
_PROOFS = text(
    "SELECT f.id, f.kind, f.value, f.name, f.file_id, f.added_at, a.name AS by FROM service_proof f"
    " LEFT JOIN app_user a ON a.id = f.added_by WHERE f.request_id = :id ORDER BY f.id"
)


def _scope(actor: Actor) -> dict[str, Any]:
    return {
        "sellers": None if actor.seller_ids is None else sorted(actor.seller_ids),
        "warehouses": None if actor.warehouse_ids is None else sorted(actor.warehouse_ids),
    }


def requests_page(
    actor: Actor, *, states: Collection[str] | None = None, before: uuid.UUID | None = None, limit: int = 50
) -> Sequence[Row[Any]]:
    """Requests within scope, newest first, one more than `limit`."""
    values = {"states": None if states is None else sorted(states), "before": before, "limit": limit + 1}
    return session().execute(_PAGE, values | _scope(actor)).all()


def request_row(actor: Actor, request_id: uuid.UUID) -> Row[Any]:
    """404 outside the actor's scope."""
    found = session().execute(_ONE, {"id": request_id} | _scope(actor)).first()
    if found is None:
        raise not_found("service")
    return found


def requests_about(actor: Actor, kind: str, subject_ids: Collection[uuid.UUID]) -> Sequence[Row[Any]]:
    """Requests within scope about these things above, newest first."""
    return session().execute(_ABOUT, {"kind": kind, "ids": list(subject_ids)} | _scope(actor)).all()


def proofs_of(request_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The oldest first; the caller has read the request."""
    return session().execute(_PROOFS, {"id": request_id}).all()


def proof_content(actor: Actor, request_id: uuid.UUID, proof_id: uuid.UUID) -> tuple[bytes, str, str]:
    """(bytes, media type, name) of a photo; 404 outside the actor's scope. Raises StoreAway."""
    request_row(actor, request_id)
    proof = session().get(ServiceProof, proof_id)
    if proof is None or proof.request_id != request_id or proof.file_id is None:
        raise not_found("file")
    name = proof.name
    read = read_file(proof.file_id)
    if read is None:
        raise not_found("file")
    return read[0], read[1], name


def open_counted(actor: Actor) -> dict[str, int]:
    """How many requests stand in each state that is not over."""
    rows = session().execute(
        text(f"SELECT r.state, count(*) AS n FROM service_request r WHERE{_SCOPE}"
             " AND r.state IN ('requested', 'accepted', 'working') GROUP BY 1"), _scope(actor),
    )  # fmt: skip
    return {row.state: int(row.n) for row in rows}

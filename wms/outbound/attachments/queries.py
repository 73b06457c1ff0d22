"""Reads of orders' papers."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.outbound.attachments.models import OrderPaper
from wms.outbound.service.orders import load_order
from wms.platform.database import session
from wms.platform.files import StoredFile, read_named


def papers_of(actor: Actor, order_id: uuid.UUID) -> list[dict[str, Any]]:
    """The newest first; at most `service.MOST_PAPERS`, so in one piece. 404 outside the actor's scope."""
    load_order(actor, order_id)
    statement = (
        select(
            OrderPaper.id, OrderPaper.kind, OrderPaper.name, OrderPaper.added_at, StoredFile.size_bytes,
            StoredFile.media_type,
        )
        .join(StoredFile, StoredFile.id == OrderPaper.file_id)
        .where(OrderPaper.order_id == order_id).order_by(OrderPaper.id.desc())
    )  # fmt: skip
    return [dict(row._mapping) for row in session().execute(statement)]


def paper_content(actor: Actor, order_id: uuid.UUID, paper_id: uuid.UUID) -> tuple[bytes, str, str]:
    """(bytes, media type, name); 404 outside the actor's scope. Raises StoreAway."""
    load_order(actor, order_id)
    paper = session().get(OrderPaper, paper_id)
    if paper is None or paper.order_id != order_id:
        raise not_found("paper")
    return read_named(paper.file_id, paper.name, "paper")

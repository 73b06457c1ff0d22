"""Reads of files of orders."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from wms.core.actor import Actor
from wms.exchange.models import OrderImport
from wms.platform.database import session
from wms.platform.i18n import refusal_texts


def imports_page(actor: Actor, after: tuple[datetime, uuid.UUID] | None, limit: int) -> Sequence[OrderImport]:
    """Newest first, of the sellers the actor sees."""
    statement = select(OrderImport).order_by(OrderImport.created_at.desc(), OrderImport.id.desc()).limit(limit)
    if actor.seller_ids is not None:
        statement = statement.where(OrderImport.owner_id.in_(actor.seller_ids))
    if after is not None:
        statement = statement.where(tuple_(OrderImport.created_at, OrderImport.id) < after)
    return session().scalars(statement).all()


def import_row(found: OrderImport) -> dict[str, Any]:
    names = (
        "id", "name", "state", "warehouse", "service", "lines", "orders", "handled", "good", "there", "refused", "created",
        "unread", "created_at",
    )  # fmt: skip
    return {name: getattr(found, name) for name in names}


def import_detail(found: OrderImport) -> dict[str, Any]:
    """With what is wrong in which line, in the reader's words."""
    findings = [
        {**each, "message": refusal_texts.translate(each["code"], each["params"])} for each in found.findings
    ]  # fmt: skip
    return {**import_row(found), "findings": findings, "more": found.more}

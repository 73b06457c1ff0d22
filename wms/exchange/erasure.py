"""Files of orders name buyers: one that nobody said a word about for a day is dropped and forgotten."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import select

from wms.core import clock
from wms.exchange.models import OrderImport
from wms.exchange.service import end
from wms.exchange.workflow import ORDER_IMPORT
from wms.platform.database import session

KEPT = timedelta(days=1)


def erase_due() -> int:
    statement = (
        select(OrderImport)
        .where(OrderImport.file_id.is_not(None), OrderImport.created_at < clock.now() - KEPT)
        .order_by(OrderImport.id)
        .with_for_update(skip_locked=True)
    )
    due = session().scalars(statement).all()
    for each in due:
        end(each, ORDER_IMPORT.apply("drop", each.state))
    return len(due)


def erase_order(_order_id: uuid.UUID) -> int:
    """Of an order that was made from a file the file is gone already, or goes within a day of its coming."""
    return 0

"""Files of orders name buyers: one that nobody said a word about for a day is dropped and forgotten; with a buyer who is to be
forgotten at once go the files of their seller that still wait.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from wms.core import clock
from wms.exchange.models import OrderImport
from wms.exchange.service import end
from wms.exchange.workflow import ORDER_IMPORT
from wms.outbound.models import Order
from wms.platform.database import session

KEPT = timedelta(days=1)
_OPEN = select(OrderImport).where(OrderImport.file_id.is_not(None)).order_by(OrderImport.id)


def erase_due() -> int:
    return _drop(_OPEN.where(OrderImport.created_at < clock.now() - KEPT).with_for_update(skip_locked=True))


def erase_order(order_id: uuid.UUID) -> int:
    """Drop the files of its seller that are kept: each may name its buyer, and can be sent again."""
    owner = select(Order.owner_id).where(Order.id == order_id).scalar_subquery()
    return _drop(_OPEN.where(OrderImport.owner_id == owner).with_for_update())


def _drop(files: Select[Any]) -> int:
    due = session().scalars(files).all()
    for each in due:
        end(each, ORDER_IMPORT.apply("drop", each.state))
    return len(due)

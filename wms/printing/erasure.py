"""Printing's part in `flask erase`: label files that name a person."""

from __future__ import annotations

import uuid

from wms.printing import service

ORDER = "order"  # the parent kind of a waybill


def erase_due() -> int:
    """Files whose date has come."""
    return service.erase_due()


def erase_order(order_id: uuid.UUID) -> int:
    """The waybills of one order."""
    return service.erase_labels_of(ORDER, order_id)

"""Forgetting consignees: the row keeps its country, everything else goes; the order and its stock facts stay."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text

from wms.core import clock
from wms.outbound.attachments import service as attachments
from wms.outbound.service import bench_photos
from wms.platform.database import session

# Long enough for claims and for customs' questions (reference: reliability, section 5).
KEEP_DAYS = 180

_ERASE = (
    "UPDATE consignee AS c SET name = NULL, company = NULL, phone = NULL, email = NULL, state = NULL, city = NULL,"
    " postcode = NULL, address1 = NULL, address2 = NULL, address3 = NULL, district = NULL, id_number_sealed = NULL,"
    " id_number_key = NULL, id_number_index = NULL, tax_ids_sealed = NULL, tax_ids_key = NULL,"
    " erased_at = :now WHERE c.erased_at IS NULL AND "
)
_DUE = text(
    _ERASE + "EXISTS (SELECT 1 FROM outbound_order o WHERE o.id = c.order_id AND o.state IN ('shipped', 'cancelled')"
    " AND o.updated_at < :before) RETURNING c.order_id"
)
_ONE = text(_ERASE + "c.order_id = :order RETURNING c.order_id")


def erase_due() -> int:
    """Forget the consignees of orders that ended long enough ago, papers and photos; returns how many consignees."""
    now = clock.now()
    found = session().execute(_DUE, {"now": now, "before": now - timedelta(days=KEEP_DAYS)}).scalars().all()
    _erase_files(found)
    return len(found)


def erase_order(order_id: uuid.UUID) -> int:
    """Forget the consignee of this order now, its papers and photos; 0 when it was forgotten before."""
    _erase_files([order_id])
    return len(session().execute(_ONE, {"now": clock.now(), "order": order_id}).all())


def _erase_files(order_ids: Sequence[uuid.UUID]) -> None:
    attachments.erase(order_ids)
    bench_photos.erase(order_ids)

"""What an order says besides, as its seller and the warehouse see it."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core import tax_ids
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.service import BUYERS, open_ids
from wms.outbound.models import Consignee
from wms.platform.database import session

_NOTHING: dict[str, Any] = {
    "platform": None, "signature": None, "insurance": None, "packing": [], "packing_remark": None, "declaration": None,
}  # fmt: skip


def extras_of(order_id: uuid.UUID) -> dict[str, Any]:
    """The fields of `ExtrasOut`."""
    extra = session().get(OrderExtra, order_id)
    if extra is None:
        return dict(_NOTHING)
    insured = {"value_minor": extra.insured_minor, "currency": extra.insured_currency}
    declared = {name: getattr(extra, name) for name in ("contents", "ioss", "vat_id", "eori")}
    return {
        "platform": extra.platform, "signature": extra.signature, "packing": extra.packing,
        "packing_remark": extra.packing_remark, "insurance": insured if extra.insured_minor else None,
        "declaration": declared if extra.contents else None,
    }  # fmt: skip


def buyers_ids(consignee: Consignee) -> dict[str, str | None]:
    """The buyer's ids, masked: who gave them knows them again."""
    ids = open_ids(consignee.order_id, consignee.tax_ids_sealed)
    return {name: tax_ids.masked(ids[name]) if name in ids else None for name in BUYERS}

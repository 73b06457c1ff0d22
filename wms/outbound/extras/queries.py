"""What an order says besides, as its seller and the warehouse see it."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core import tax_ids
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.service import BUYERS, door_of, open_ids
from wms.outbound.models import Consignee
from wms.platform.database import session

_NOTHING: dict[str, Any] = {
    "platform": None, "signature": None, "insurance": None, "packing": [], "packing_remark": None, "declaration": None,
    "cod": None, "age_check": None, "liftgate": False, "delivery": None,
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
        "cod": {"amount_minor": extra.cod_minor, "currency": extra.cod_currency} if extra.cod_minor else None,
        "age_check": extra.age_check, "liftgate": extra.liftgate, "delivery": door_of(extra).delivery,
    }  # fmt: skip


def buyers_ids(consignee: Consignee) -> dict[str, str | None]:
    """The buyer's ids, masked: who gave them knows them again."""
    ids = open_ids(consignee.order_id, consignee.tax_ids_sealed)
    return {name: tax_ids.masked(ids[name]) if name in ids else None for name in BUYERS}

"""Rows of `BaggedParcelAnswer`: parcels as the API tells them within something else, a bag or a lorry."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from sqlalchemy import Select

from wms.core.actor import Actor
from wms.platform.database import session
from wms.shipping.models import Parcel, Shipment

COLUMNS = (
    Parcel.id, Parcel.shipment_id, Shipment.subject_kind, Shipment.subject_id, Parcel.tracking_number, Parcel.weight_g,
    Parcel.state,
)  # fmt: skip


def grouped(actor: Actor, statement: Select[*tuple[Any, ...]], key: str) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """What a statement of `COLUMNS` and the column `key` finds, by the latter and by tracking number; a seller's own only."""
    statement = statement.order_by(Parcel.tracking_number, Parcel.id)
    if actor.seller_ids is not None:
        statement = statement.where(Shipment.owner_id.in_(actor.seller_ids))
    found: dict[uuid.UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in session().execute(statement):
        facts = dict(row._mapping)
        found[facts.pop(key)].append(facts)
    return found

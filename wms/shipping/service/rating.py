"""What parcels cost that left, by the tables of their services: kept with each, for an invoice to point at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.platform.database import session
from wms.shipping.models import ParcelRate, RateTable
from wms.shipping.rate_tables import card_of
from wms.shipping.rates import Goods, Quote, RateCard, dimensional_weight, quote


@dataclass(frozen=True)
class Leaving:
    """A parcel on its lorry. `goods`: by its scale and its box, and where it goes."""

    parcel_id: uuid.UUID
    service_id: uuid.UUID
    goods: Goods
    handed_over_at: datetime


def keep_rates(parcels: Sequence[Leaving], time_zone: str) -> int:
    """Write what each costs, once: asked again, the first answer stays. Services without a table have no rates. Returns how
    many were written.
    """
    cards: dict[uuid.UUID, tuple[RateCard, datetime] | None] = {}
    for service_id in {each.service_id for each in parcels}:
        table = session().get(RateTable, service_id)
        cards[service_id] = None if table is None else (card_of(table.rows), table.updated_at)
    rows = []
    for each in parcels:
        known = cards[each.service_id]
        if known is not None:
            rows.append(_row(each, *known, time_zone))
    if not rows:
        return 0
    written = insert(ParcelRate).on_conflict_do_nothing().returning(ParcelRate.parcel_id)
    return len(session().execute(written, rows).all())


def _row(leaving: Leaving, card: RateCard, table_of: datetime, time_zone: str) -> dict[str, object]:
    found = quote(card, leaving.goods, leaving.handed_over_at.astimezone(ZoneInfo(time_zone)).time())
    row: dict[str, object] = {
        "parcel_id": leaving.parcel_id, "service_id": leaving.service_id, "table_of": table_of, "rated_at": clock.now(),
        "weight_g": leaving.goods.weight_g, "dimensional_g": dimensional_weight(leaving.goods, card.divisor),
        "surcharges": [], "charged_g": None, "zone": None, "currency": None, "base_minor": None, "total_minor": None,
        "why": None,
    }  # fmt: skip
    if not isinstance(found, Quote):
        return {**row, "why": found.value}
    return {
        **row, "charged_g": found.charged_g, "zone": found.zone, "currency": found.currency,
        "base_minor": found.base_minor, "surcharges": [list(each) for each in found.surcharges],
        "total_minor": found.total_minor,
    }  # fmt: skip

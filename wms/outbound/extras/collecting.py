"""What drivers collect at the door (COD), by parcel: once an order, with its first parcel (decision 121)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable

from wms.core.money import Money
from wms.platform.statements import Statement

_COLLECTED = Statement(
    "SELECT p.id, e.cod_minor, e.cod_currency FROM parcel p JOIN shipment s ON s.id = p.shipment_id"
    " AND s.subject_kind = 'order' JOIN order_extra e ON e.order_id = s.subject_id AND e.cod_minor IS NOT NULL"
    " WHERE p.id = ANY(CAST(:ids AS uuid[])) AND NOT EXISTS (SELECT 1 FROM parcel x WHERE x.shipment_id = p.shipment_id"
    " AND x.state <> 'voided' AND x.n < p.n)"
)


def collected_with(parcel_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Money]:
    """The money that comes in with each of these parcels; those that collect none are left out."""
    rows = _COLLECTED.all({"ids": list(parcel_ids)})
    return {row.id: Money(row.cod_minor, row.cod_currency) for row in rows}


def sums(amounts: Iterable[Money]) -> list[Money]:
    """One sum a currency, by its code."""
    found: dict[str, int] = defaultdict(int)
    for each in amounts:
        found[each.currency] += each.minor
    return [Money(minor, currency) for currency, minor in sorted(found.items())]

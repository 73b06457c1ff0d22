"""Parcels on a lorry that somebody wants back: until it has left they are taken off one by one (decision 084)."""

from __future__ import annotations

import uuid

from wms.platform.statements import Statement

_WANTED = Statement(
    "SELECT p.manifest_id, array_agg(p.tracking_number ORDER BY p.tracking_number) AS numbers FROM interception i"
    " JOIN outbound_order o ON o.id = i.order_id JOIN parcel p ON p.shipment_id = o.shipment_id AND p.state = 'handed_over'"
    " WHERE i.state = 'requested' GROUP BY 1"
)


def to_take_off() -> dict[uuid.UUID, list[str]]:
    """Their numbers, by the load they are on."""
    return {row.manifest_id: row.numbers for row in _WANTED.all()}

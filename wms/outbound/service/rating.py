"""What the parcels of a load cost, once its lorry has left: where they go is the order's to say."""

from __future__ import annotations

import uuid

from wms.facility.models import Warehouse
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.shipping.models import Manifest
from wms.shipping.rates import Goods
from wms.shipping.service import rating
from wms.shipping.service.rating import Leaving

_LEFT = Statement(
    "SELECT p.id, s.service_id, p.weight_g, p.length_mm, p.width_mm, p.height_mm, p.handed_over_at, c.country, c.postcode"
    " FROM parcel p JOIN shipment s ON s.id = p.shipment_id AND s.subject_kind = 'order'"
    " JOIN consignee c ON c.order_id = s.subject_id WHERE p.manifest_id = :manifest ORDER BY p.id"
)


def rate_load(manifest_id: uuid.UUID) -> int:
    """The rates of all parcels on a load are kept; returns how many. Run twice it writes each once."""
    manifest = session().get_one(Manifest, manifest_id)
    warehouse = session().get_one(Warehouse, manifest.warehouse_id)
    leaving = []
    for row in _LEFT.all({"manifest": manifest_id}):
        size = (row.length_mm, row.width_mm, row.height_mm)
        volume = None if None in size else row.length_mm * row.width_mm * row.height_mm
        longest = None if None in size else max(size)
        goods = Goods(row.country or "", row.postcode or "", row.weight_g, volume, longest)
        leaving.append(Leaving(row.id, row.service_id, goods, row.handed_over_at))
    return rating.keep_rates(leaving, warehouse.time_zone)

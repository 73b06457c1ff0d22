"""A product's first receipt measures and weighs it. What was declared stays; what differs is told."""

from __future__ import annotations

import uuid

from wms.catalog import service as catalog
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import invalid_fields, not_found
from wms.inbound import rules
from wms.inbound.events import MeasuredOtherwise
from wms.inbound.models import Measurement
from wms.inbound.rules import Measure
from wms.inbound.service import tallying
from wms.inbound.service.loading import work_on_carton
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.files import Kept


def measure_product(
    actor: Actor, carton_id: uuid.UUID, product_id: uuid.UUID, measured: Measure, picture: Kept | None = None
) -> Measurement:
    """One unit out of a carton on the scale and under the rule. The newest measure counts for packing and charges. `picture`:
    a photo of it, where the product has none yet (else `picture_there`).

    Beyond the tolerance (`rules.deviates`) its seller is told. Refuses a product that is not in the carton (404) and,
    at its field, a measure that no goods have.
    """
    booking = work_on_carton(actor, carton_id, action="measure")
    faults = rules.measure_faults(measured)
    if faults:
        raise invalid_fields(faults)
    if not tallying.holds_product(carton_id, product_id):
        raise not_found("product")
    product = catalog.record_measurement(actor, product_id, **vars(measured))
    if picture is not None:
        catalog.record_picture(actor, product_id, picture)
    declared = Measure(
        product.declared_weight_g, product.declared_length_mm, product.declared_width_mm, product.declared_height_mm
    )
    row = Measurement(
        id=new_id(), owner_id=product.owner_id, product_id=product_id, carton_id=carton_id,
        **{f"declared_{name}": value for name, value in vars(declared).items()}, **vars(measured),
        deviates=rules.deviates(declared, measured), measured_by=actor.id, measured_at=product.measured_at,
    )  # fmt: skip
    session().add(row)
    session().flush()
    if row.deviates:
        record(MeasuredOtherwise(product_id, booking.warehouse_id, booking.owner_id, carton_id, **vars(measured)))
    return row

"""What the newest routes name: made by their services where that is quick; a declaration of surplus wants a count in bond, a
bag a parcel that is packed, so their rows are put there by hand as the services leave them.
"""

from __future__ import annotations

import uuid
from datetime import time, timedelta
from typing import Any

from sqlalchemy import text

from tests.cast import Cast
from wms.core import clock
from wms.core.ids import new_id
from wms.customs.gate_passes import GatePassDraft, record_gate_pass
from wms.customs.models import Settlement
from wms.exchange import service as imports
from wms.exchange import working
from wms.inventory.models import BookItem
from wms.platform import sheets
from wms.platform.database import commit, session, transaction
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import Bag, Service
from wms.shipping.service.collections import Wish, order_collection


def newest_ids(cast: Cast) -> dict[str, uuid.UUID]:
    """A file of orders that could not be read, a declaration of surplus that was taken back, an empty bag, the pass of a
    load, a walk, a container and a lorry.
    """
    import_id, lorry = _file_of_orders(cast), _lorry(cast)
    with transaction():
        manifest = session().execute(text("SELECT id FROM manifest LIMIT 1")).scalar_one()
        return {
            "import_id": import_id, "settlement_id": _settlement(cast), "bag_id": _bag(cast),
            "pass_id": _gate_pass(cast, manifest), "collection_id": lorry,
            "batch_id": session().execute(text("SELECT id FROM pick_batch LIMIT 1")).scalar_one(),
            "unit_id": session().execute(text("SELECT id FROM handling_unit WHERE kind = 'tote' LIMIT 1")).scalar_one(),
        }  # fmt: skip


def _kept(row: Any) -> uuid.UUID:
    session().add(row)
    session().flush()
    return row.id  # type: ignore[no-any-return]


def _file_of_orders(cast: Cast) -> uuid.UUID:
    upload = sheets.judged(b"no,orders\n1,2\n", "orders.csv")
    kept = upload.keep()
    with transaction():
        made = imports.take(cast.acme_person, upload, kept, {}).id
    working.look_through(made)
    commit()
    return made


def _lorry(cast: Cast) -> uuid.UUID:
    """Ordered of a carrier that sends them."""
    with transaction():
        carrier = shipping.create_carrier(cast.admin, "LORRY", "Lorries", kind="http", capabilities=CAPABILITIES).id
    wish = Wish(clock.now().date() + timedelta(days=2), time(9), time(12), 3, 0, 0, 9_000)
    with transaction():
        return order_collection(cast.supervisor, cast.overseas.id, carrier, wish).id


def _settlement(cast: Cast) -> uuid.UUID:
    product = cast.ACME.products["MUG-450-BLUE"]
    item = BookItem(id=new_id(), warehouse_id=cast.bonded.id, item_number="990", booked_at=None, created_at=clock.now())
    session().add(item)
    session().flush()
    balance = session().execute(text("SELECT id FROM balance ORDER BY id LIMIT 1")).scalar_one()
    return _kept(Settlement(
        id=new_id(), number="BS-ABUSE-1", warehouse_id=cast.bonded.id, owner_id=cast.ACME.id, product_id=product,
        book_item_id=item.id, balance_id=balance, kind="entry", quantity=1, serials=[], state="withdrawn",
        declared_by=cast.customs_clerk.id, declared_at=clock.now(),
    ))  # fmt: skip


def _bag(cast: Cast) -> uuid.UUID:
    service = session().query(Service).filter_by(code="HOUSE-STD").one()
    return _kept(Bag(
        id=new_id(), warehouse_id=cast.overseas.id, carrier_id=service.carrier_id, service_id=service.id, kind="bag",
        number="BAG-ABUSE-1", barcode="G-BAGABUSE1-0", state="open", created_at=clock.now(),
    ))  # fmt: skip


def _gate_pass(cast: Cast, manifest: uuid.UUID) -> uuid.UUID:
    draft = GatePassDraft("HF-ABUSE-1", "NB-1")
    return record_gate_pass(cast.customs_clerk, cast.bonded.id, ("manifest", manifest), draft).id

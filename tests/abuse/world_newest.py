"""What the newest routes name: rows as their services leave them, put there by hand so that a world stays quick to build."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import text

from tests.cast import Cast
from tests.life import Life
from wms.core import clock
from wms.core.ids import new_id
from wms.customs.models import GatePass, Settlement
from wms.exchange.models import OrderImport
from wms.inventory.models import BookItem
from wms.platform.database import session, transaction
from wms.shipping.models import Bag, Service

NOTHING: dict[str, Any] = {"lines": 0, "orders": 0, "handled": 0, "good": 0, "there": 0, "refused": 0, "created": 0, "more": 0,
                           "findings": [], "unread": [], "chosen": []}  # fmt: skip


def newest_ids(life: Life, cast: Cast) -> dict[str, uuid.UUID]:
    """A file of orders that could not be read, a declaration of surplus that was taken back, an empty bag, the pass of a
    load, a walk and a container.
    """
    with transaction():
        manifest = session().execute(text("SELECT id FROM manifest LIMIT 1")).scalar_one()
        return {
            "import_id": _file_of_orders(cast), "settlement_id": _settlement(cast), "bag_id": _bag(cast),
            "pass_id": _gate_pass(cast, manifest),
            "batch_id": session().execute(text("SELECT id FROM pick_batch LIMIT 1")).scalar_one(),
            "unit_id": session().execute(text("SELECT id FROM handling_unit WHERE kind = 'tote' LIMIT 1")).scalar_one(),
        }  # fmt: skip


def _kept(row: Any) -> uuid.UUID:
    session().add(row)
    session().flush()
    return row.id  # type: ignore[no-any-return]


def _file_of_orders(cast: Cast) -> uuid.UUID:
    now = clock.now()
    return _kept(OrderImport(
        id=new_id(), owner_id=cast.ACME.id, name="orders.csv", file_id=None, state="failed", actor_kind="user",
        actor_id=cast.acme_person.id, created_at=now, updated_at=now, **NOTHING,
    ))  # fmt: skip


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
    return _kept(GatePass(
        id=new_id(), warehouse_id=cast.bonded.id, number="HF-ABUSE-1", subject_kind="manifest", subject_id=manifest,
        vehicle="NB-1", clerk_id=cast.customs_clerk.id, created_at=clock.now(),
    ))  # fmt: skip

"""Goods that go from one bonded warehouse to another (区间流转): two entry lists that name each other (核注清单, rltInvtNo).

The zone they leave files the outbound list, the zone they go to its inbound list, which names the first. Only when both stand
does customs let the goods go, and writes the leave of both sides: out of the one book, and into the other. The owner of
the subject (an order) calls these under the subject's lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.customs.models import LinkedList
from wms.customs.service import checked_document, load_bonded, write_release
from wms.facility.models import Warehouse
from wms.inventory import permits
from wms.platform.database import session

ENTRY = "transfer_in"  # the kind of the permit on the side that receives, by `inventory.rules.permit_kind`
SUBJECT = "transfer"  # whose id is the order's, too: one release there, one here


class Side(StrEnum):
    OUT = "out"
    IN = "in"


def lists_of(order_ids: Sequence[uuid.UUID]) -> Mapping[tuple[uuid.UUID, str], LinkedList]:
    """The lists of these orders that stand, by order and side."""
    rows = session().scalars(select(LinkedList).where(LinkedList.order_id.in_(order_ids)))
    return {(row.order_id, row.side): row for row in rows}


def file_out(actor: Actor, warehouse_id: uuid.UUID, order_id: uuid.UUID, document: str) -> LinkedList:
    """The zone that sends has filed its list. The same again is the first one.

    Refuses `list_filed` under another number, `document_taken` where this number is another's.
    """
    return _file(actor, warehouse_id, order_id, Side.OUT, document, None)


def file_in(actor: Actor, warehouse_id: uuid.UUID, order_id: uuid.UUID, document: str, linked_to: str) -> LinkedList:
    """The zone that receives has filed its own, which names the other's. Refuses `list_out_first` before that stands,
    `list_not_linked` where it names another, and what `file_out` refuses.
    """
    out = lists_of([order_id]).get((order_id, Side.OUT.value))
    if out is None:
        raise Refused("list_out_first", {})
    if linked_to.strip() != out.document:
        raise Refused("list_not_linked", {"document": out.document})
    return _file(actor, warehouse_id, order_id, Side.IN, document, out.document)


def _file(
    actor: Actor, warehouse_id: uuid.UUID, order_id: uuid.UUID, side: Side, document: str, linked_to: str | None
) -> LinkedList:
    warehouse = load_bonded(actor, warehouse_id)
    document = checked_document(document)
    values = {
        "id": new_id(), "order_id": order_id, "side": side.value, "warehouse_id": warehouse.id, "document": document,
        "linked_to": linked_to, "clerk_id": actor.id, "created_at": clock.now(),
    }  # fmt: skip
    made = session().scalar(insert(LinkedList).values(values).on_conflict_do_nothing().returning(LinkedList))
    if made is not None:
        return made
    found = lists_of([order_id]).get((order_id, side.value))
    if found is None:
        raise Refused("document_taken", {"document": document})
    if (found.document, found.linked_to) != (document, linked_to):
        raise Refused("list_filed", {"document": found.document})
    return found


def drop(order_id: uuid.UUID) -> None:
    """Customs refused them, or nothing is to go any more: lists are filed anew."""
    session().execute(delete(LinkedList).where(LinkedList.order_id == order_id))


def check_both(order_id: uuid.UUID, document: str) -> tuple[LinkedList, LinkedList]:
    """Both lists, where they stand and this is the outbound one's number. Refuses `lists_missing`, `list_not_linked`."""
    lists = lists_of([order_id])
    out, into = lists.get((order_id, Side.OUT.value)), lists.get((order_id, Side.IN.value))
    if out is None or into is None:
        raise Refused("lists_missing", {})
    if document.strip() != out.document:
        raise Refused("list_not_linked", {"document": out.document})
    return out, into


def let_in(into: LinkedList, units: Mapping[uuid.UUID, int]) -> None:
    """Customs' leave for what will arrive, by product: into the line of that zone's book that its product names. In the name
    of the clerk who filed the list there.
    """
    products = products_by_ids(units)
    lines = []
    for product_id in sorted(units):
        number = products[product_id].customs_item_number
        if number is None:  # it had one when it was promised
            raise Refused("book_item_missing", {})
        lines.append((product_id, permits.book_item(into.warehouse_id, number), units[product_id]))
    house = session().get_one(Warehouse, into.warehouse_id)
    write_release(into.clerk_id, house, SUBJECT, into.order_id, into.document, lines, kind=ENTRY)

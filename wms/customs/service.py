"""Use cases of customs: the clerk types in what customs decided. Only those who record customs, in their warehouses."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.customs import queries
from wms.customs.events import BookItemBooked, Released, ReleaseRefused
from wms.customs.models import BookReceipt, Outcome, Release, ReleaseLine
from wms.customs.queries import permit_for
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse
from wms.inventory import permits, sellable, unaccounted
from wms.inventory.models import BookItem
from wms.platform.database import session
from wms.platform.events import record

__all__ = ["permit_for", "record_book_receipt", "record_refusal", "record_release"]
DOCUMENT_MAX = 64
Line = tuple[uuid.UUID, uuid.UUID, int]  # product, book item, quantity in base units


def record_book_receipt(
    actor: Actor, warehouse_id: uuid.UUID, item_number: str, document: str, quantity: int
) -> BookReceipt:
    """Customs booked `quantity` units of an item under this document; the first booking makes its stock sellable.

    Units over the declaration are no part of it: their own declaration enters them (`wms.customs.settling`). Refuses
    `book_item_unknown`, `document_recorded` (the same document for the same item), `not_booked_enough`.
    """
    warehouse = load_bonded(actor, warehouse_id)
    document = checked_document(document)
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    item = session().scalar(
        select(BookItem).where(BookItem.warehouse_id == warehouse.id, BookItem.item_number == item_number)
    )
    if item is None:
        raise Refused("book_item_unknown", {"item": item_number})
    receipt = _book(actor, item, document, quantity)
    over = unaccounted.over_of_item(warehouse.id, item.id)
    if item.unbooked < over:  # as the booking left it, which keeps it still
        raise Refused("not_booked_enough", {"unbooked": max(0, item.unbooked + quantity - over), "wanted": quantity})
    return receipt


def book_surplus(actor: Actor, book_item_id: uuid.UUID, document: str, quantity: int) -> None:
    """Customs entered units in the book that had been over. What a clerk booked together with the rest, before surplus
    was kept apart, is booked already.
    """
    item = session().get_one(BookItem, book_item_id, populate_existing=True)
    units = min(quantity, item.unbooked)
    if units:
        _book(actor, item, document, units)


def _book(actor: Actor, item: BookItem, document: str, quantity: int) -> BookReceipt:
    sellable.book(item.id, quantity)
    first = session().scalar(select(BookReceipt.id).where(BookReceipt.book_item_id == item.id).limit(1)) is None
    # After the booking, which locks the item for itself: the receipt's foreign key only shares that lock, and two
    # clerks who both shared it could not both go on.
    receipt = _insert_receipt(actor, item, document, quantity)
    record(
        BookItemBooked(
            subject_id=item.id, warehouse_id=item.warehouse_id, owner_id=None, quantity=quantity, first=first
        )
    )
    return receipt


def _insert_receipt(actor: Actor, item: BookItem, document: str, quantity: int) -> BookReceipt:
    values = {
        "id": new_id(), "warehouse_id": item.warehouse_id, "book_item_id": item.id, "document": document,
        "quantity": quantity, "clerk_id": actor.id, "created_at": clock.now(),
    }  # fmt: skip
    # Two clerks at the same moment: the second waits for the first and then inserts nothing.
    receipt = session().scalar(insert(BookReceipt).values(values).on_conflict_do_nothing().returning(BookReceipt))
    if receipt is None:
        raise Refused("document_recorded", {"document": document, "item": item.item_number})
    return receipt


def record_release(
    actor: Actor,
    warehouse_id: uuid.UUID,
    subject_kind: str,
    subject_id: uuid.UUID,
    document: str,
    lines: Sequence[Line],
    *,
    kind: str = "release",
) -> Release:
    """Customs released a subject: a permit (of this kind) for each product and book item, used up as the goods leave.

    The owner of the subject calls this under the subject's lock. The same release again (document and lines) gives the
    first one. Refuses `already_released` for another, `document_taken` for a document that released something else.
    """
    warehouse = load_bonded(actor, warehouse_id)
    return write_release(actor.id, warehouse, subject_kind, subject_id, document, lines, kind=kind)


def write_release(
    clerk_id: uuid.UUID,
    warehouse: Warehouse,
    subject_kind: str,
    subject_id: uuid.UUID,
    document: str,
    lines: Sequence[Line],
    *,
    kind: str,
) -> Release:
    """As `record_release`, in the name of a clerk who has recorded the document in that warehouse before."""
    document = checked_document(document)
    wanted = _added_up(lines)
    release = _insert_release(clerk_id, warehouse, subject_kind, subject_id, document)
    if release is None:
        return _same_release(subject_kind, subject_id, document, wanted)
    for (product_id, book_item_id), quantity in sorted(wanted.items(), key=str):
        permit_id = permits.issue_permit(
            warehouse_id=warehouse.id, kind=kind, document=document, subject_kind=subject_kind,
            subject_id=subject_id, product_id=product_id, book_item_id=book_item_id, quantity=quantity,
        )  # fmt: skip
        session().add(
            ReleaseLine(release_id=release.id, product_id=product_id, book_item_id=book_item_id, quantity=quantity,
                        permit_id=permit_id)
        )  # fmt: skip
    session().flush()
    record(
        Released(subject_id=release.id, warehouse_id=warehouse.id, owner_id=None, order_kind=subject_kind,
                 order_id=subject_id)
    )  # fmt: skip
    return release


def _added_up(lines: Sequence[Line]) -> Counter[tuple[uuid.UUID, uuid.UUID]]:
    wanted: Counter[tuple[uuid.UUID, uuid.UUID]] = Counter()
    for product_id, book_item_id, quantity in lines:
        if quantity < 1:
            raise invalid("/lines", "too_small", min=1)
        wanted[(product_id, book_item_id)] += quantity
    if not wanted:
        raise Refused("release_empty", {})
    return wanted


def _insert_release(
    clerk_id: uuid.UUID, warehouse: Warehouse, subject_kind: str, subject_id: uuid.UUID, document: str
) -> Release | None:
    values = {
        "id": new_id(), "warehouse_id": warehouse.id, "subject_kind": subject_kind, "subject_id": subject_id,
        "outcome": Outcome.RELEASED.value, "document": document, "clerk_id": clerk_id, "created_at": clock.now(),
    }  # fmt: skip
    return session().scalar(insert(Release).values(values).on_conflict_do_nothing().returning(Release))


def _same_release(
    subject_kind: str, subject_id: uuid.UUID, document: str, wanted: Counter[tuple[uuid.UUID, uuid.UUID]]
) -> Release:
    found = queries.release_of(subject_kind, subject_id)
    if found is None:
        raise Refused("document_taken", {"document": document})
    lines = {(line.product_id, line.book_item_id): line.quantity for line in queries.lines_of(found.id)}
    if found.document != document or lines != wanted:
        raise Refused("already_released", {"document": found.document})
    return found


def record_refusal(
    actor: Actor,
    warehouse_id: uuid.UUID,
    subject_kind: str,
    subject_id: uuid.UUID,
    document: str,
    reason: str,
) -> Release:
    """Customs refused a declaration (退单). It may be declared and released later. Refuses `already_released`."""
    warehouse = load_bonded(actor, warehouse_id)
    released = queries.release_of(subject_kind, subject_id)
    if released is not None:
        raise Refused("already_released", {"document": released.document})
    if not reason.strip():
        raise invalid("/reason", "required")
    refusal = Release(
        id=new_id(), warehouse_id=warehouse.id, subject_kind=subject_kind, subject_id=subject_id,
        outcome=Outcome.REFUSED.value, document=checked_document(document), reason=reason.strip()[:120], clerk_id=actor.id,
        created_at=clock.now(),
    )  # fmt: skip
    session().add(refusal)
    session().flush()
    record(
        ReleaseRefused(subject_id=refusal.id, warehouse_id=warehouse.id, owner_id=None, order_kind=subject_kind,
                       order_id=subject_id)
    )  # fmt: skip
    return refusal


def load_bonded(actor: Actor, warehouse_id: uuid.UUID) -> Warehouse:
    """A bonded warehouse this clerk records for; 404 for everybody else."""
    if not (actor.is_staff and actor.may(Permission.CUSTOMS_RECORD)):
        raise not_found("warehouse")
    warehouse = load_warehouse(actor, warehouse_id)
    if not warehouse.is_bonded:
        raise Refused("not_bonded", {"warehouse": warehouse.code})
    return warehouse


def checked_document(given: str) -> str:
    text = given.strip()
    if not text:
        raise invalid("/document", "document_missing")
    if len(text) > DOCUMENT_MAX or not text.isprintable():
        raise invalid("/document", "too_long", max=DOCUMENT_MAX)
    return text

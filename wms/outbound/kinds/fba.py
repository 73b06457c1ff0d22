"""Orders to a fulfilment centre of Amazon (FBA 中转): its shipment, new labels on units (换标), labels and contents of cartons.

New labels are an added service on the order's line: asked for with the order, done at a bench, charged by what was done. The
order is not packed before. They cover the code that was there, so what they say means the product from then on
(`know_labels`). Carton labels follow Amazon's shipment label specification (see `labels.FbaCartonLabel`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from labels import FbaCartonLabel, Label, ProductLabel
from wms.added_services import catalogue
from wms.added_services import service as added
from wms.added_services.service import About
from wms.added_services.workflow import RequestState
from wms.catalog import service as catalog
from wms.core.actor import Actor
from wms.core.refusals import FieldError, Refused, invalid_fields
from wms.outbound.addresses import joined, place_of
from wms.outbound.kinds.boxes import contents_of
from wms.outbound.kinds.models import FbaLine, FbaOrder
from wms.outbound.models import Order
from wms.platform.database import session
from wms.platform.statements import Statement

SUBJECT = "order_line"
ASSORTED = "Assorted SKUs"

_TAKEN = Statement(
    "SELECT o.number FROM fba_order f JOIN outbound_order o ON o.id = f.order_id WHERE f.shipment_id = :shipment"
    " AND o.owner_id = :owner AND o.state <> 'cancelled' LIMIT 1"
)


# Until the commit: of two orders for one shipment that come at once, the second sees the first.
_ONE_AT_A_TIME = Statement("SELECT pg_advisory_xact_lock(hashtextextended(:name, 7))")


class Taken(Protocol):
    """What is needed of an order that is being taken in."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def number(self) -> str: ...
    @property
    def owner_id(self) -> uuid.UUID: ...
    @property
    def warehouse_id(self) -> uuid.UUID: ...


def check(owner_id: uuid.UUID, body: Mapping[str, Any], *, from_bonded: bool) -> None:
    """Refuses bond, a shipment that another order goes out for (its cartons would be numbered twice), new labels where
    the catalogue has no service for them, and one that means another product.
    """
    if from_bonded:
        raise invalid_fields([FieldError("/kind", "fba_bonded", {})])
    _ONE_AT_A_TIME.run({"name": f"fba:{owner_id}:{body['fba']['shipment_id']}"})
    other = _TAKEN.scalar({"shipment": body["fba"]["shipment_id"], "owner": owner_id})
    if other is not None:
        raise invalid_fields([FieldError("/fba/shipment_id", "fba_shipment_taken", {"number": other})])
    wants = [index for index, line in enumerate(body["lines"]) if line.get("fnsku")]
    if wants and catalogue.service_for_differences() is None:
        raise invalid_fields([FieldError(f"/lines/{index}/fnsku", "fba_no_relabel", {}) for index in wants])
    _check_labels(owner_id, [(index, body["lines"][index]) for index in wants])


def _check_labels(owner_id: uuid.UUID, wanted: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """A label means one product of its seller: of those known, and within the order."""
    means = catalog.label_means(owner_id, [line["fnsku"] for _, line in wanted]) if wanted else {}
    faults = []
    for index, line in wanted:
        sku = means.setdefault(line["fnsku"], line["sku"])
        if sku != line["sku"]:
            faults.append(FieldError(f"/lines/{index}/fnsku", "fba_fnsku_taken", {"sku": sku}))
    if faults:
        raise invalid_fields(faults)


def know_labels(owner_id: uuid.UUID, products: Mapping[str, uuid.UUID], lines: Sequence[Mapping[str, Any]]) -> None:
    """What the new labels say means their products. Before anything of the order is locked; `products`: by SKU."""
    wanted = {(products[line["sku"]], line["fnsku"]) for line in lines if line.get("fnsku")}
    for product_id, fnsku in sorted(wanted):
        catalog.know_label(owner_id, product_id, fnsku)


def write(
    actor: Actor, order: Taken, lines: Sequence[tuple[uuid.UUID, uuid.UUID, int]], body: Mapping[str, Any]
) -> None:
    """Its shipment, and a request for each line that gets new labels. `lines`: (id, product, units), as in the body."""
    given = body["fba"]
    session().add(
        FbaOrder(
            order_id=order.id, shipment_id=given["shipment_id"], reference_id=given.get("reference_id"),
            centre=given["centre"],
        )
    )  # fmt: skip
    service = catalogue.service_for_differences()
    for (line_id, product_id, units), line in zip(lines, body["lines"], strict=True):
        if not line.get("fnsku") or service is None:
            continue
        session().add(FbaLine(order_line_id=line_id, fnsku=line["fnsku"]))
        session().flush()
        about = About(SUBJECT, line_id, None, product_id)
        added.ask_about(
            actor, order.warehouse_id, order.owner_id, service, units, about, f"{order.number} → {line['fnsku']}"
        )
    session().flush()


# What is left of new labels. A request that was rejected, or stopped halfway, leaves its units as they are.
_LEFT = Statement(
    "SELECT coalesce(sum(l.quantity - coalesce(r.done, 0)), 0)::int FROM order_line l JOIN fba_line f"
    " ON f.order_line_id = l.id LEFT JOIN service_request r ON r.subject_kind = 'order_line' AND r.subject_id = l.id"
    " AND r.state = 'done' WHERE l.order_id = :order"
)


def left(order_id: uuid.UUID) -> int:
    """Units that have not got their new label yet."""
    return int(_LEFT.scalar({"order": order_id}))


def refuse_unlabelled(order_id: uuid.UUID) -> None:
    units = left(order_id)
    if units:
        raise Refused("relabel_first", {"left": units})


_LINES = Statement(
    "SELECT l.id FROM order_line l JOIN fba_line f ON f.order_line_id = l.id WHERE l.order_id = :order ORDER BY l.id"
)


def give_up(order_id: uuid.UUID) -> None:
    """The order is cancelled: labels that nobody is at are not wanted any more. The caller holds the order."""
    for line_id in _LINES.column({"order": order_id}):
        request = added.request_about(SUBJECT, line_id)
        if request is not None and request.state != RequestState.WORKING.value:
            added.withdraw(request)


_HEAD = Statement(
    "SELECT f.shipment_id, f.reference_id, f.centre, o.number, s.name AS seller, w.name AS warehouse, w.code,"
    " w.country AS from_country, c.name, c.company, c.address1, c.address2, c.address3,"
    " c.district, c.postcode, c.city, c.state, c.country"
    " FROM fba_order f JOIN outbound_order o ON o.id = f.order_id JOIN seller s ON s.id = o.owner_id"
    " JOIN warehouse w ON w.id = o.warehouse_id JOIN consignee c ON c.order_id = o.id WHERE f.order_id = :order"
)
_BOXES = Statement(
    "SELECT p.id, p.tracking_number, p.weight_g, p.length_mm, p.width_mm, p.height_mm FROM shipment s JOIN parcel p"
    " ON p.shipment_id = s.id WHERE s.subject_kind = 'order' AND s.subject_id = :order AND s.state <> 'voided'"
    " AND p.state IN ('closed', 'handed_over') ORDER BY p.n"
)


def box_id(shipment_id: str, number: int) -> str:
    return f"{shipment_id}U{number:06}"


def facts(order: Order) -> dict[str, Any] | None:
    """Amazon's side of an order, with its cartons and what is in each; None for other kinds."""
    found = session().get(FbaOrder, order.id) if order.kind == "fba" else None
    if found is None:
        return None
    contents = contents_of(order.id)
    sides = ("tracking_number", "weight_g", "length_mm", "width_mm", "height_mm")
    boxes = [
        {
            "box_id": box_id(found.shipment_id, number), **{name: getattr(row, name) for name in sides},
            "contents": contents.get(row.id, []),
        }
        for number, row in enumerate(_BOXES.all({"order": order.id}), 1)
    ]  # fmt: skip
    return {
        "shipment_id": found.shipment_id, "reference_id": found.reference_id, "centre": found.centre,
        "relabelled": left(order.id) == 0, "boxes": boxes,
    }  # fmt: skip


def carton_labels(order: Order) -> list[Label]:
    """A label for each closed carton, numbered through the shipment."""
    head = _HEAD.first({"order": order.id})
    known = facts(order)
    if head is None or known is None:
        return []
    streets = (head.address1, joined(", ", head.address2, head.address3))  # six lines are all there are
    to = (head.name, head.company, *streets, place_of(head), joined(" ", head.state, head.country))
    boxes = known["boxes"]
    return [
        FbaCartonLabel(
            box_id=each["box_id"], seller_name=head.seller, destination=head.centre,
            ship_from_lines=(head.seller, f"{head.warehouse} ({head.code})", head.from_country),
            ship_to_lines=tuple(line for line in to if line), shipment_name=_shipment_name(head), number=number,
            total=len(boxes), contents=_contents(each["contents"]),
            sku=each["contents"][0]["sku"] if len(each["contents"]) == 1 else "",
        )
        for number, each in enumerate(boxes, 1)
    ]  # fmt: skip


def _shipment_name(head: Any) -> str:
    return f"{head.number} {head.reference_id}" if head.reference_id else head.number


def _contents(lines: Sequence[Mapping[str, Any]]) -> str:
    return f"Qty {lines[0]['quantity']}" if len(lines) == 1 else ASSORTED


_UNITS = Statement(
    "SELECT f.fnsku, p.sku, p.name_en, l.quantity FROM order_line l JOIN fba_line f ON f.order_line_id = l.id"
    " JOIN product p ON p.id = l.product_id WHERE l.order_id = :order ORDER BY l.position"
)


def unit_labels(order: Order) -> list[Label]:
    """A label for each unit that gets a new one, in the order of the lines."""
    rows = _UNITS.all({"order": order.id})
    return [
        ProductLabel(barcode=row.fnsku, sku=row.sku, name=row.name_en) for row in rows for _unit in range(row.quantity)
    ]

"""Setting pick faces: which bin a product is picked from, and between which limits it is kept filled."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import Location, LocationKind
from wms.identity.models import Seller
from wms.inventory.putaway import fixed
from wms.inventory.putaway.models import FixedBin
from wms.inventory.replenishment import service
from wms.platform.database import session

MOST_LINES = 2_000
COLUMNS = ("bin", "seller", "sku", "minimum", "maximum")


@dataclass(frozen=True)
class FaceLine:
    """One line of a list of faces, as typed: codes and limits in pieces."""

    bin: str
    seller: str
    sku: str
    minimum: int
    maximum: int


def set_face(actor: Actor, location_id: uuid.UUID, product_id: uuid.UUID, minimum: int, maximum: int) -> FixedBin:
    """Make a bin the pick face of a product, or change its limits. The next planning goes by them.

    Refuses `face_limits` and `face_wrong_kind` (what is a pick face, a zone's purpose or the bin itself says).
    """
    if not 0 <= minimum < maximum:
        raise Refused("face_limits", {})
    face = fixed.keep_for(actor, location_id, product_id)
    place = session().get_one(Location, location_id)
    if place.kind != LocationKind.PICK_FACE.value:
        raise Refused("face_wrong_kind", {"code": place.code})
    face.minimum, face.maximum = minimum, maximum
    session().flush()
    return face


def drop_face(actor: Actor, location_id: uuid.UUID, product_id: uuid.UUID) -> None:
    """The bin is not the product's any more: nobody fills it. What stands there stays, and open walks end."""
    ended = service.end_of_face(location_id, product_id)
    fixed.give_up(actor, location_id, product_id)
    service.set_free(ended)


def read_lines(text: str) -> list[FaceLine]:
    """Lines `bin,seller,sku,minimum,maximum`, separated by commas, semicolons or tabs; a heading may stand above.

    Refuses `face_line` with the number of the line, and `face_lines_many`.
    """
    delimiter = next((each for each in ("\t", ";") if each in text), ",")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        values = [cell.strip() for cell in line.split(delimiter)]
        if not any(values) or (number == 1 and not values[-1].isdecimal()):
            continue
        if len(values) != len(COLUMNS) or not all(each.isascii() and each.isdecimal() for each in values[3:]):
            raise Refused("face_line", {"line": number})
        minimum, maximum = (int(each[:9]) for each in values[3:])
        found.append(FaceLine(values[0].upper(), values[1].upper(), values[2], minimum, maximum))
    if len(found) > MOST_LINES:
        raise Refused("face_lines_many", {"lines": len(found), "most": MOST_LINES})
    return found


def set_faces(actor: Actor, warehouse_id: uuid.UUID, lines: Sequence[FaceLine]) -> int:
    """Set a whole list, all or none; how many. Refuses what `set_face` refuses, naming the bin, codes it does not
    know (`bin_unknown`, `sku_not_found`), and a bin named twice for one product (`face_twice`).
    """
    named = Counter((line.bin, line.seller, line.sku) for line in lines)
    for (code, seller, sku), times in named.items():
        if times > 1:
            raise Refused("face_twice", {"code": code, "sku": f"{seller} {sku}"})
    bins = select(Location.code, Location.id).where(
        Location.warehouse_id == warehouse_id, Location.code.in_({line.bin for line in lines})
    )
    places = {row.code: row.id for row in session().execute(bins)}
    products = {
        (seller, sku): product_id
        for seller, sku, product_id in session().execute(
            select(Seller.code, Product.sku, Product.id)
            .join(Seller, Seller.id == Product.owner_id)
            .where(Product.sku.in_({line.sku for line in lines}))
        )
    }
    for line in sorted(lines, key=lambda each: str(places.get(each.bin))):  # bins are locked in one order
        if line.bin not in places:
            raise Refused("bin_unknown", {"code": line.bin})
        product_id = products.get((line.seller, line.sku))
        if product_id is None:
            raise Refused("sku_not_found", {"sku": f"{line.seller} {line.sku}"})
        if not 0 <= line.minimum < line.maximum:
            raise Refused("face_limits_of", {"code": line.bin})
        set_face(actor, places[line.bin], product_id, line.minimum, line.maximum)
    return len(lines)

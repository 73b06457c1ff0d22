"""Serial numbers that come back: only those that left with the order. A swapped unit is not taken in for the other."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from wms.catalog.models import SerialControl
from wms.catalog.queries import products_by_ids
from wms.core.refusals import Refused
from wms.inventory import serials
from wms.returns import queries
from wms.returns.models import ReturnOrder


@dataclass
class NumbersBack:
    """The numbers at hand, by the lot and book item they left in; those that nobody captured fit any."""

    known: dict[tuple[uuid.UUID | None, uuid.UUID | None], list[str]] = field(default_factory=lambda: defaultdict(list))
    uncaptured: list[str] = field(default_factory=list)

    def take(self, lot_id: uuid.UUID | None, book_item_id: uuid.UUID | None, out: int) -> list[str]:
        """The numbers that are of these goods, of which so many are out."""
        own = self.known.pop((lot_id, book_item_id), [])
        spare = max(0, out - len(own))
        own, self.uncaptured = own + self.uncaptured[:spare], self.uncaptured[spare:]
        return own


def numbers_back(
    found: ReturnOrder, product_id: uuid.UUID, quantity: int, numbers: Sequence[str], out: int
) -> NumbersBack:
    """Check the numbers of returned units against what left with the order, `out` of which are with the customer. Those that
    are only read at exit are noted as back with this return.

    Units that left before their product came under control have no captured number: any that is nowhere else does.
    Refuses `serials_required`, `serial_other`, `serial_back`.
    """
    given = sorted(set(numbers))
    if len(given) != quantity:
        raise Refused("serials_required", {"wanted": quantity, "given": len(given)})
    seen = serials.went_out(product_id, "order", found.order_id, given)
    left = {each.number: each for each in seen if each.went_with}
    elsewhere = {each.number for each in seen if not each.went_with and not each.is_void}
    back = NumbersBack()
    for number in given:
        if number in left:
            back.known[(left[number].lot_id, left[number].book_item_id)].append(number)
        elif number in elsewhere or len(back.uncaptured) >= out - len(left):
            raise Refused("serial_other", {"number": number})
        else:
            back.uncaptured.append(number)
    if products_by_ids([product_id])[product_id].serial_control != SerialControl.FULL.value:
        _note(found, product_id, given)
        return NumbersBack(uncaptured=given)  # these never named their goods
    return back


def _note(found: ReturnOrder, product_id: uuid.UUID, numbers: Sequence[str]) -> None:
    returns = queries.returns_of(found.order_id)
    noted = serials.come_back(
        found.owner_id, product_id, numbers, order_id=found.order_id, return_id=found.id, returns=returns
    )
    for number in numbers:
        if number not in noted:  # it came back before, or was packed for another order since it was looked up
            raise Refused(
                "serial_back" if serials.is_back(product_id, number, returns) else "serial_other", {"number": number}
            )

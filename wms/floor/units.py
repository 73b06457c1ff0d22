"""Units with serial numbers in the hand: one at a time, each by its own number, unless all of a row goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wms.core.refusals import Refused
from wms.floor.resolver import Found
from wms.inventory import serials
from wms.inventory.models import Balance


def check_numbers(found: Found, quantity: int, there: int) -> None:
    """Under full control the scan says which unit it is. Refuses `serials_required` at once, not at the next step."""
    if found.serial_control == "full" and quantity != (len(found.numbers) or there):
        raise Refused("serials_required", {"wanted": quantity, "given": len(found.numbers)})


def row_of_unit(found: Found, rows: Iterable[Any]) -> Any:
    """Which of a carton's rows (quality, lot) the scanned unit is in. Refuses `serial_not_here` when in none."""
    place = _place(found)
    wanted = (place.handling_unit_id, place.condition, place.lot_id)
    for row in rows:
        if (row.handling_unit_id, row.condition, row.lot_id) == wanted:
            return row
    raise Refused("serial_not_here", {"number": found.serial})


def loose_row_of_unit(found: Found, location_id: str) -> Balance:
    """The row in a bin that the scanned unit is in. Refuses `serial_not_here`."""
    place = _place(found)
    if str(place.location_id) != location_id or place.handling_unit_id is not None:
        raise Refused("serial_not_here", {"number": found.serial})
    return place


def _place(found: Found) -> Balance:
    place = None if found.id is None else serials.row_of(found.id, found.numbers[0])
    if place is None:
        raise Refused("serial_not_here", {"number": found.serial})
    return place

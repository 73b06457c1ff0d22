"""What may not change about a product while it is in stock: how its units are told apart.

A row of stock names a batch, an expiry or serial numbers, or it names none; switched over goods that lie there, units would
be without a day that says when they sell no more, or without the number that is asked for when they go. Stock stands above
the catalog and is asked through `Standing`, which `wms.reactions` fills. What was counted blind is no stock before its carton
is closed, and is asked for as well.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wms.catalog.models import Product, SerialControl
from wms.core.refusals import FieldError

ALWAYS = ("lot_controlled", "expiry_controlled")
NAMES = frozenset({*ALWAYS, "serial_control"})


class Standing:
    """What keeps the controls of a product as they are.

    `is_there`: questions, each whether units of it are here, in whatever warehouse and state. `hold_counts`: until this
    transaction ends nobody counts goods of a seller, and what was being counted is in the book.
    """

    is_there: Sequence[Callable[[uuid.UUID], bool]] = ()
    hold_counts: Callable[[uuid.UUID], None] = staticmethod(lambda _owner_id: None)


def hold_counts(product: Product, changes: Mapping[str, Any]) -> None:
    """Before the product is locked: have what is being counted end first, and the rest wait. A count reads the controls, posts
    by them and locks no product, so that the first one of all would be seen by nobody. Costs nothing where no control changes.

    Goods come by other ways too (found in a bin, made by a conversion, back from a buyer): these are not waited for.
    """
    if _switched(product, changes):
        Standing.hold_counts(product.owner_id)


def faults(product: Product, changes: Mapping[str, Any]) -> list[FieldError]:
    """`control_in_stock` at each control that these changes would switch under goods."""
    wanted = _switched(product, changes)
    if not wanted or not any(is_there(product.id) for is_there in Standing.is_there):
        return []
    return [FieldError(f"/{name}", "control_in_stock", {}) for name in wanted]


def _switched(product: Product, changes: Mapping[str, Any]) -> list[str]:
    """The controls that these changes would switch. Serial numbers that are read when a parcel is packed may be asked for, or
    not, from one day to the next; those kept from the receipt on may not.
    """
    wanted = [name for name in ALWAYS if name in changes and changes[name] != getattr(product, name)]
    full = SerialControl.FULL.value
    after = changes.get("serial_control", product.serial_control)
    if after != product.serial_control and full in (after, product.serial_control):
        wanted.append("serial_control")
    return wanted

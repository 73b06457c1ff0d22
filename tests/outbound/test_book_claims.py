"""What of an order's claims on the customs book ends with the goods that go."""

from __future__ import annotations

from wms.core.ids import new_id
from wms.inventory.rules import BONDED, Stock
from wms.outbound.service.book_claims import BookClaim, settle

MUG, CABLE, ITEM = new_id(), new_id(), new_id()


def goods(product: object, units: int) -> tuple[Stock, int]:
    return Stock(new_id(), new_id(), product, new_id(), book_item_id=ITEM, customs_status=BONDED), units  # type: ignore[arg-type]


def test_two_lines_of_one_product_end_with_the_parcels_that_carry_them() -> None:
    """Each parcel ends what is left of the claims, never more than it carries; together they end all, and nothing twice."""
    first, second, other = (BookClaim(new_id(), new_id(), product, ITEM, units) for product, units in
                            ((MUG, 1), (MUG, 2), (CABLE, 4)))  # fmt: skip
    claims = [first, second, other]
    assert settle(claims, [goods(MUG, 1), goods(MUG, 1)]) == {first.promise_id: 1, second.promise_id: 1}
    assert settle(claims, [goods(MUG, 1), goods(CABLE, 3)]) == {second.promise_id: 1, other.promise_id: 3}
    assert settle(claims, [goods(MUG, 5)]) == {}
    assert [claim.units for claim in claims] == [0, 0, 1]

"""Eight tablets at the same moment: real connections, real commits."""

# mypy: disable-error-code="misc"
# A lambda binds what the loop has now by a default argument, and mypy cannot type that.

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from tests.inventory.conftest import assert_books_balance
from tests.inventory.putaway.test_service import Floor, facts, goods, hand
from tests.inventory.test_concurrency import Crowd, busy, crowd, refused
from tests.inventory.world import TEST, World, make_product
from wms.core.actor import SYSTEM
from wms.inventory.putaway import service as putaway
from wms.platform.database import session

__all__ = ["busy", "crowd"]  # fixtures


def test_eight_tablets_are_sent_to_eight_bins_and_each_puts_its_goods_there(crowd: Crowd, busy: World):
    floor = Floor(busy)
    products = [facts(make_product(busy.seller)) for _ in range(8)]
    docks = [floor.house.goods(product, "dock") for product in products]  # type: ignore[arg-type]
    for dock, product in zip(docks, products, strict=True):
        floor.arrived(product, 5)  # type: ignore[arg-type]
        assert dock.product_id == product.id
    session().commit()
    hands = [hand() for _ in products]

    def send(number: int) -> str:
        choice = putaway.suggest_and_keep(SYSTEM, floor.house.id, goods(products[number], 5), hands[number])
        assert choice is not None
        return choice.suggestion.code

    sent = [each.answer for each in crowd.run([lambda number=number: send(number) for number in range(8)])]
    assert Counter(sent) == Counter(f"B{number}" for number in range(8))

    def stow(number: int) -> None:
        bin_id = floor.bins[sent[number]]
        putaway.place(SYSTEM, docks[number], bin_id, 5, TEST, holder=hands[number])

    assert refused(crowd.run([lambda number=number: stow(number) for number in range(8)])) == []
    session().rollback()
    assert session().execute(text("SELECT count(*) FROM bin_reservation")).scalar_one() == 0
    filled = text("SELECT count(DISTINCT location_id), count(*) FROM balance b JOIN location l ON l.id = b.location_id"
                  " WHERE l.kind = 'storage' AND b.on_hand = 5")  # fmt: skip
    assert tuple(session().execute(filled).one()) == (8, 8)
    assert_books_balance()


def test_the_last_bin_is_given_to_one_of_eight(crowd: Crowd, busy: World):
    floor = Floor(busy)
    for number in range(1, 10):
        floor.change(f"B{number}", is_active=False)
    product = facts(busy.product)
    session().commit()

    def send() -> bool:
        return putaway.suggest_and_keep(SYSTEM, floor.house.id, goods(product, 1), hand()) is not None

    assert sorted(each.answer for each in crowd.run([send] * 8)) == [False] * 7 + [True]


def test_a_bin_filled_by_hand_is_not_kept_for_somebody_at_the_same_moment(crowd: Crowd, busy: World):
    """One scans a bin without having been sent there while another is sent to it: never both, in ten rounds."""
    floor = Floor(busy)
    own, other = facts(busy.product), make_product(busy.seller)
    dock = floor.arrived(other, 10)
    session().commit()
    for number in range(10):
        code = f"B{number}"

        def send(code: str = code) -> str | None:
            choice = putaway.suggest_and_keep(SYSTEM, floor.house.id, goods(own, 1), hand())
            return None if choice is None else choice.suggestion.code

        def fill(code: str = code) -> None:
            putaway.place(SYSTEM, dock, floor.bins[code], 1, TEST)

        sent, filled = crowd.run([send, fill])
        stands = refused([filled]) == []
        assert not (stands and sent.answer == code)
        session().execute(text("DELETE FROM bin_reservation"))
        session().execute(text("UPDATE location SET is_active = false WHERE id = :id"), {"id": floor.bins[code]})
        session().commit()

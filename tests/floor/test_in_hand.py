"""What a colleague has in hand is in the book of its bin and not in the bin: no count takes it for lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.floor.test_bins import BIN, NEXT, pallet
from tests.floor.test_count import bin_, row, second
from tests.floor.worker import CABLE, CODES, MUG, Tablet, announce
from wms.core.actor import SYSTEM
from wms.floor import hands
from wms.floor.scenarios import SCENARIOS
from wms.inventory import service as stock
from wms.inventory.counting import planning
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.service import Subject
from wms.platform.database import commit, session

__all__ = ["bin_", "second"]


def opened(tablet: Tablet, label: str) -> None:
    tablet.start("count")
    assert tablet.scan(label)["code"] == "count_opened"


def tell(tablet: Tablet, **units: int) -> str:
    """Count so many and say that it is all; the code of the answer."""
    for sku, quantity in units.items():
        tablet.scan(CODES[{"mugs": MUG, "cables": CABLE}[sku]], quantity=quantity)
    return str(tablet.scan("CMD-OK")["code"])


def take(tablet: Tablet, label: str, units: int) -> None:
    tablet.start("move")
    tablet.scan(label)
    assert tablet.scan(CODES[MUG], quantity=units)["code"] == "item_in_hand"


def variances() -> list[int]:
    return list(session().execute(text("SELECT variance FROM count_line WHERE variance <> 0")).scalars())


def test_a_bin_is_counted_exactly_while_somebody_carries_from_it(cast: Any, tablet: Tablet, second: Tablet, bin_: str):
    take(tablet, bin_, 6)
    opened(second, bin_)
    assert tell(second, mugs=4, cables=4) == "count_done"
    assert (variances(), row(cast, MUG, BIN).on_hand) == ([], 10)
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "item_moved"
    assert (row(cast, MUG, BIN).on_hand, row(cast, MUG, NEXT).on_hand) == (4, 6)


def test_what_is_taken_up_or_given_back_meanwhile_is_counted_once_more(tablet: Tablet, second: Tablet, bin_: str):
    opened(second, bin_)
    take(tablet, bin_, 6)
    assert tell(second, mugs=4, cables=4) == "count_moved"
    assert second.seen["again"] == [MUG]
    tablet.scan("CMD-BACK")
    assert tell(second, mugs=4) == "count_moved"  # seen before it came back
    assert tell(second, mugs=10) == "count_done"
    assert variances() == []


def test_a_real_loss_beside_what_is_carried_is_the_loss_alone(cast: Any, tablet: Tablet, second: Tablet, bin_: str):
    take(tablet, bin_, 9)
    session().execute(text("UPDATE count_rule SET tolerance_units = 5"))
    commit()
    opened(second, bin_)
    assert tell(second, cables=4) == "count_done"
    assert (variances(), row(cast, MUG, BIN).on_hand) == ([-1], 9)
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "item_moved"
    assert row(cast, MUG, BIN).on_hand == 0


def test_a_row_counted_by_hand_does_not_lack_it_either(cast: Any, tablet: Tablet, bin_: str):
    take(tablet, bin_, 6)
    assert stock.count(SYSTEM, stock_of(row(cast, MUG, BIN)), 4, Subject("test", None)) is None
    assert stock.count(SYSTEM, stock_of(row(cast, MUG, BIN)), 3, Subject("test", None)) is not None
    commit()
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "item_moved"
    assert (row(cast, MUG, BIN).on_hand, row(cast, MUG, NEXT).on_hand) == (3, 6)


def test_a_container_in_hand_takes_all_that_is_in_it_along(cast: Any, client: Any, db_session: Any, tablet: Tablet):
    unit = pallet(cast, (MUG, 6), (CABLE, 4))
    planning.plan_bins(cast.supervisor, cast.overseas.id, [cast.overseas.locations[BIN]])
    commit()
    tablet.start("move")
    tablet.scan(unit.barcode)
    other = Tablet(cast.sign_in(client, cast.picker))
    opened(other, cast.overseas.labels[BIN])
    assert other.scan("CMD-EMPTY")["tone"] == "done"
    assert session().execute(text("SELECT count(*) FROM count_line")).scalar_one() == 0
    assert tablet.scan(cast.overseas.labels[NEXT])["code"] == "unit_moved"


@pytest.mark.parametrize("touched", ["1 minute", "21 minutes"])
def test_a_work_left_alone_holds_nothing_and_says_so(
    cast: Any, tablet: Tablet, second: Tablet, bin_: str, touched: str
):
    session().execute(text("UPDATE count_rule SET tolerance_units = 99"))
    take(tablet, bin_, 6)
    age = text("UPDATE floor_task SET updated_at = updated_at - CAST(:age AS interval) WHERE data ? 'in_hand'")
    session().execute(age, {"age": touched})
    commit()
    opened(second, bin_)
    assert tell(second, mugs=4, cables=4) == "count_done"
    late = tablet.send(tablet.body(cast.overseas.labels[NEXT]))
    if touched == "1 minute":
        assert (variances(), late.get_json()["feedback"]["code"]) == ([], "item_moved")
        return
    assert (variances(), row(cast, MUG, BIN).on_hand) == ([-6], 4)
    assert (late.status_code, late.get_json()["current"]["state"]) == (409, "scan_location")
    assert late.get_json()["current"]["data"]["hint"].startswith("The bin you took from was counted meanwhile.")
    tablet.start("move")
    assert "The bin you took from was counted meanwhile." in tablet.look()
    tablet.scan(bin_)
    assert "counted meanwhile" not in tablet.look()


def test_a_work_begins_again_where_its_scenario_begins(cast: Any, app: Any, db_session: Any):
    for kind, step in hands.FIRST.items():
        assert SCENARIOS[kind].start(cast.receiver, cast.overseas.id).step == step


def counted_carton(cast: Any, tablet: Tablet, *, whole: bool = False) -> str:
    """A carton of ten mugs and four cables; the mugs, or all of it, put into a bin and taken out of it again."""
    (label,) = announce(cast, {MUG: 10, CABLE: 4})
    for code in ("receive", label, "CMD-FULL", "CMD-OK"):
        tablet.start(code) if code == "receive" else tablet.scan(code)
    tablet.start("putaway")
    tablet.scan(label)
    if not whole:
        assert tablet.scan(CODES[MUG])["code"] == "item_in_hand"
    assert tablet.scan(cast.overseas.labels[BIN])["tone"] in ("done", "next")
    assert tablet.scan("CMD-UNDO")["code"] == "putaway_taken_back"
    return label


def at_the_dock(cast: Any, sku: str) -> Balance:
    found = session().query(Balance).filter_by(product_id=cast.ACME.products[sku], is_there=True)
    return found.filter(Balance.handling_unit_id.is_not(None)).one()


@pytest.mark.parametrize("whole", [False, True])
def test_an_undone_putaway_is_in_the_hand_and_no_count_of_its_carton_lacks_it(
    cast: Any, db_session: Any, tablet: Tablet, whole: bool
):
    label = counted_carton(cast, tablet, whole=whole)
    mugs = at_the_dock(cast, MUG)
    assert (mugs.on_hand, tablet.step) == (10, "scan_product")
    assert stock.count(SYSTEM, stock_of(mugs), 0, Subject("test", None)) is None  # all ten are carried
    cables = at_the_dock(cast, CABLE)
    lost = stock.count(SYSTEM, stock_of(cables), 0, Subject("test", None))
    assert (lost is None) is whole  # they lie in their carton, unless they were taken out with the mugs
    commit()
    assert tablet.scan(CODES[MUG])["code"] == "item_in_hand"
    assert tablet.scan(cast.overseas.labels[NEXT])["tone"] in ("done", "next")
    assert row(cast, MUG, NEXT).on_hand == 10
    assert label


def test_what_was_taken_out_again_and_laid_back_is_in_its_carton(cast: Any, db_session: Any, tablet: Tablet):
    counted_carton(cast, tablet)
    tablet.scan("CMD-BACK")
    mugs = at_the_dock(cast, MUG)
    assert stock.count(SYSTEM, stock_of(mugs), 10, Subject("test", None)) is None
    assert stock.count(SYSTEM, stock_of(mugs), 9, Subject("test", None)) is not None
    commit()

"""A stop that is gone while somebody walks to it is never a dead end (found by the simulation: the picker stood still)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.cast import Caller, Cast
from tests.floor.test_contract import receive_and_stow
from tests.floor.worker import CODES, MUG, Tablet, house_carrier, order, totes
from wms.core import clock
from wms.outbound.models import Order, PickBatch
from wms.outbound.service import orders
from wms.platform.database import commit, session


def on_a_walk(cast: Cast, api: Caller, tablet: Tablet, how_many: int, step: str) -> None:
    """So many orders of two mugs each on one walk, with the tablet at that step of the first."""
    receive_and_stow(cast, tablet, {MUG: 10})
    service = house_carrier()
    for number in range(how_many):
        order(api, {MUG: 2}, service, reference=f"GONE-{number}")
    tablet.start("pick")
    assert [tablet.scan("CMD-OK")["code"] for _ in range(2)] == ["walks_planned", "walk_taken"]
    if step != "scan_tote":
        tablet.scan(totes(cast.overseas.id)[0])
    if step == "scan_product":
        tablet.scan(tablet.seen["location_barcode"])
    assert tablet.step == step


def cancel(cast: Cast, number: str) -> None:
    found = session().scalars(select(Order).where(Order.number == number)).one()
    orders.cancel_order(cast.acme, found.id, None, "buyer_cancelled")
    commit()


@pytest.mark.parametrize("step", ["scan_tote", "scan_location", "scan_product"])
@pytest.mark.parametrize("raw", [CODES[MUG], "CMD-SKIP", "NOBODY-KNOWS-8831"])
def test_whatever_is_scanned_at_a_cancelled_order_leads_to_the_next(cast, client, tablet, step, raw):
    on_a_walk(cast, cast.api(client), tablet, 2, step)
    gone = tablet.seen["order"]
    cancel(cast, gone)
    feedback = tablet.scan(raw)
    assert (feedback["code"], feedback["tone"]) == ("stop_cancelled", "warn")
    assert tablet.seen["order"] != gone
    assert tablet.step == "scan_tote"


def test_a_walk_whose_last_order_is_cancelled_ends(cast, client, tablet):
    on_a_walk(cast, cast.api(client), tablet, 1, "scan_product")
    cancel(cast, tablet.seen["order"])
    assert tablet.scan(CODES[MUG])["code"] == "stop_cancelled"
    assert tablet.step == "begin"
    assert tablet.scan("CMD-OK")["code"] == "no_work"


def test_a_picker_who_was_long_away_learns_who_walks_now_and_begins_another_walk(cast, client, tablet):
    on_a_walk(cast, cast.api(client), tablet, 2, "scan_product")
    lapsed = clock.now() - timedelta(minutes=1)
    session().execute(update(PickBatch).where(PickBatch.state == "picking").values(lease_until=lapsed))
    commit()
    other = Tablet(cast.sign_in(client, cast.picker))
    other.start("pick")
    assert other.scan("CMD-OK")["code"] == "walk_taken"
    feedback = tablet.scan(CODES[MUG])
    assert feedback["code"] == "walk_taken_over"
    assert cast.picker.name in feedback["title"]
    assert tablet.step == "begin"
    assert tablet.scan("CMD-OK")["code"] == "no_work"
    other.scan(other.seen["location_barcode"])
    assert other.scan(CODES[MUG], quantity=2)["code"] == "stop_done"

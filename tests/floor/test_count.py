"""Counting on the tablet: blind, by scans, with what moved asked for again; and who decides in the office."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.floor.test_contract import receive_and_stow
from tests.floor.worker import CABLE, CODES, MUG, Tablet
from wms.core.actor import SYSTEM
from wms.facility.models import Location
from wms.inventory import service as stock
from wms.inventory.counting import planning
from wms.inventory.counting.models import CountLine, CountTask
from wms.inventory.counting.rules import Rule
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.service import Subject
from wms.platform.database import commit, session

BIN, OTHER = "A-01-01-1", "A-01-02-1"


@pytest.fixture
def second(cast, client) -> Tablet:
    return Tablet(cast.sign_in(client, cast.picker))


def refused(tablet: Tablet, raw: str) -> str:
    """The code of a scan that was refused."""
    answer = tablet.send(tablet.body(raw)).get_json()
    assert not answer["ok"]
    return str(answer["feedback"]["code"])


def row(cast, sku: str, code: str) -> Balance:
    session().expire_all()
    return session().query(Balance).filter_by(
        product_id=cast.ACME.products[sku], location_id=cast.overseas.locations[code], handling_unit_id=None
    ).one()  # fmt: skip


@pytest.fixture
def bin_(cast, tablet) -> str:
    """Ten mugs and four cables in one bin that is to be counted; returns its label."""
    receive_and_stow(cast, tablet, {MUG: 10, CABLE: 4})
    for sku in (MUG, CABLE):
        for each in session().query(Balance).filter(
            Balance.product_id == cast.ACME.products[sku], Balance.on_hand > 0
        ).all():  # fmt: skip
            if each.location_id != cast.overseas.locations[BIN]:
                stock.relocate(
                    SYSTEM, stock_of(each), cast.overseas.locations[BIN], each.on_hand, Subject("test", None)
                )
                commit()
    planning.set_rule(cast.supervisor, cast.overseas.id, Rule(approve_above_minor=10**9))
    planning.plan_bins(cast.supervisor, cast.overseas.id, [cast.overseas.locations[BIN]])
    commit()
    return str(cast.overseas.labels[BIN])


def test_a_bin_is_counted_without_being_told(cast, tablet, bin_):
    tablet.start("count")
    assert tablet.seen["next"] == BIN
    assert tablet.scan(bin_)["code"] == "count_opened"
    assert "10" not in str(tablet.seen)
    assert tablet.scan(CODES[MUG], quantity=6)["title"] == "6 of it counted."
    assert tablet.scan(CODES[MUG], quantity=4)["title"] == "10 of it counted."
    for _ in range(4):
        tablet.scan(CODES[CABLE])
    assert [(line["sku"], line["counted"]) for line in tablet.seen["lines"]] == [(CABLE, 4), (MUG, 10)]
    assert (tablet.scan("CMD-OK")["code"], tablet.step) == ("count_done", "scan_location")
    assert tablet.seen["next"] is None


def test_what_moves_meanwhile_is_asked_for_again(cast, tablet, bin_):
    tablet.start("count")
    tablet.scan(bin_)
    tablet.scan(CODES[MUG], quantity=10)
    tablet.scan(CODES[CABLE], quantity=4)
    mugs = row(cast, MUG, BIN)
    stock.relocate(SYSTEM, stock_of(mugs), cast.overseas.locations[OTHER], 3, Subject("test", None))
    commit()
    assert tablet.scan("CMD-OK")["code"] == "count_moved"
    assert (tablet.seen["again"], [line["sku"] for line in tablet.seen["lines"]]) == ([MUG], [CABLE])
    tablet.scan(CODES[MUG], quantity=7)
    assert tablet.seen["again"] == []
    assert tablet.scan("CMD-OK")["code"] == "count_done"
    assert row(cast, MUG, BIN).on_hand == 7


def test_a_difference_goes_to_other_eyes_and_then_into_the_book(cast, tablet, second, bin_):
    for who, says in ((tablet, "count_other"), (second, "count_done")):
        who.start("count")
        who.scan(bin_)
        who.scan("CMD-DAMAGE")
        assert who.seen["damaged"] is True
        who.scan(CODES[MUG])
        who.scan(CODES[MUG], quantity=8)
        who.scan(CODES[CABLE], quantity=5)
        assert who.scan("CMD-OK")["code"] == says
        assert refused(who, bin_) in {"count_same_person", "count_not_planned"}
    rows = session().query(Balance).filter_by(location_id=cast.overseas.locations[BIN])
    mugs = {each.condition: each.on_hand for each in rows if each.product_id == cast.ACME.products[MUG]}
    assert (mugs, row(cast, CABLE, BIN).on_hand) == ({"good": 8, "damaged": 1}, 5)
    totals = {(each.condition, each.variance) for each in session().query(CountLine).filter(CountLine.round == 2)}
    assert totals == {("damaged", 1), ("good", -2), ("good", 1)}


def test_undo_empty_back_and_what_does_not_belong(cast, tablet, bin_):
    tablet.start("count")
    tablet.scan(bin_)
    assert refused(tablet, "CMD-OK") == "nothing_counted"
    tablet.scan(CODES[MUG], quantity=99)
    assert tablet.scan("CMD-UNDO")["code"] == "count_undone"
    assert tablet.seen["lines"] == []
    assert refused(tablet, "CMD-UNDO") == "nothing_counted"
    assert refused(tablet, cast.overseas.labels[OTHER]) == "count_other_bin"
    tablet.scan(CODES[MUG])
    assert refused(tablet, "CMD-EMPTY") == "not_empty"
    assert (tablet.scan("CMD-BACK")["code"], tablet.step) == ("step_back", "scan_location")
    assert session().query(CountTask).one().state == "open"
    tablet.scan(bin_)
    assert tablet.scan("CMD-EMPTY")["code"] == "count_other"


def test_a_place_where_goods_are_on_their_way_is_refused(cast, tablet):
    tablet.start("count")
    moving = session().scalars(
        select(Location).where(
            Location.warehouse_id == cast.overseas.id, Location.kind.in_(["tote", "packing", "gate", "dock"])
        )
    ).all()  # fmt: skip
    assert len(moving) >= 4
    for place in moving:
        assert refused(tablet, place.barcode) == "location_in_transit", place.code
    assert refused(tablet, cast.overseas.labels[OTHER]) == "count_not_planned"

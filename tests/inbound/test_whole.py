"""A whole carton in one act: counted as declared, put away into one bin, moved at the dock."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text, update

from tests.inbound.dock import (
    CABLE,
    MUG,
    RED,
    SERUM,
    Received,
    announce,
    bins,
    deliver,
    line,
    product,
    sellable,
    service,
    stock,
)
from tests.inbound.test_bonded import book
from tests.sent import statements
from wms.core.ids import new_id
from wms.core.refusals import RefusalKind, Refused
from wms.customs import service as customs
from wms.facility.models import HandlingUnit, Location, LocationKind
from wms.inbound.models import Carton
from wms.inventory.models import BookItem, Move, Posting
from wms.inventory.service import Subject
from wms.platform.database import commit, session

BIN, NEXT = "A-01-01-1", "A-01-01-2"


def refused(attempt: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        attempt()
    return refusal.value


def postings(reason: str) -> list[int]:
    """How many moves each posting of this reason has."""
    rows = session().execute(
        text("SELECT count(*) FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id WHERE p.reason = :reason"
             " GROUP BY p.id ORDER BY p.id"),
        {"reason": reason},
    )  # fmt: skip
    return [int(each) for each in rows.scalars()]


def unit_of(carton_id: uuid.UUID) -> tuple[str, str]:
    """(state, location) of the carton as a container."""
    row = (
        session()
        .execute(
            select(HandlingUnit.state, Location.code)
            .join(Carton, Carton.handling_unit_id == HandlingUnit.id)
            .join(Location, Location.id == HandlingUnit.location_id)
            .where(Carton.id == carton_id)
        )
        .one()
    )
    return row.state, row.code


def carton_of(cast: Any, lines: int, warehouse: str) -> Received:
    """A delivered carton of as many new products, each with a book item of its own."""
    skus = [f"W{lines}-{warehouse}-{number}" for number in range(lines)]
    for sku in skus:
        product(cast.acme_person, sku, customs_item_number=f"B{sku}")
    return deliver(cast.acme, cast.receiver, dict.fromkeys(skus, 3), warehouse=warehouse)


# ---------- counted as declared ----------


def test_what_was_announced_is_counted_at_once(cast, db_session):
    mug, red, cable = (cast.ACME.products[sku] for sku in (MUG, RED, CABLE))
    found = deliver(cast.acme, cast.receiver, {MUG: 24, RED: 6, CABLE: 5})
    whole = service.count_as_declared(cast.receiver, found.carton)
    assert (whole.units, whole.lines, whole.counted.carton_state) == (35, 3, "counting")
    assert [line(found.carton, each) for each in (mug, red, cable)] == [
        (24, 24, 0, 0, 0), (6, 6, 0, 0, 0), (5, 5, 0, 0, 0),
    ]  # fmt: skip
    assert (stock(mug), sellable(mug)) == ({("DOCK", "good", False): 24}, 0)
    assert postings("receive") == [3]
    closed = service.close_carton(cast.receiver, found.carton)
    assert (closed.differences, closed.booking_state) == ((), "received")


def test_only_what_is_not_counted_yet(cast, db_session):
    mug, red, cable = (cast.ACME.products[sku] for sku in (MUG, RED, CABLE))
    found = deliver(cast.acme, cast.receiver, {MUG: 10, RED: 6})
    service.count(cast.receiver, found.carton, mug, 4, condition="damaged")
    service.count(cast.receiver, found.carton, red, 8)
    service.count(cast.receiver, found.carton, cable, 1)
    whole = service.count_as_declared(cast.receiver, found.carton)
    assert (whole.units, whole.lines) == (6, 1)
    assert line(found.carton, mug) == (10, 6, 4, 0, 0)
    assert found.differences() == {"damaged": 4, "over": 2, "wrong": 1}


def test_it_is_taken_back_as_one(cast, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    found = deliver(cast.acme, cast.receiver, {MUG: 10, RED: 6})
    service.count(cast.receiver, found.carton, mug, 4)
    service.count_as_declared(cast.receiver, found.carton)
    service.uncount(cast.receiver, found.carton)
    assert (line(found.carton, mug), line(found.carton, red)) == ((10, 4, 0, 0, 0), (6, 0, 0, 0, 0))
    assert (stock(mug), stock(red)) == ({("DOCK", "good", False): 4}, {})
    assert postings("reverse") == [2]
    assert service.count_as_declared(cast.receiver, found.carton).units == 12


def test_a_crushed_carton_is_counted_as_damaged(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    service.count_as_declared(cast.receiver, found.carton, condition="damaged")
    assert (line(found.carton, mug), found.differences()) == ((10, 0, 10, 0, 0), {"damaged": 10})


def test_where_nothing_is_left_nothing_is_counted(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    service.count(cast.receiver, found.carton, mug, 12)
    version = found.booking.version
    assert refused(lambda: service.count_as_declared(cast.receiver, found.carton)).code == "nothing_left_to_count"
    assert (line(found.carton, mug), found.booking.version) == ((10, 12, 0, 0, 0), version)
    assert postings("receive") == [1]


def test_a_carton_that_has_not_arrived_or_is_closed_is_not_counted(cast, db_session):
    awaited = announce(cast.acme, {MUG: 10})
    answer = refused(lambda: service.count_as_declared(cast.receiver, awaited.carton))
    assert (answer.code, answer.params["state"]) == ("not_allowed_now", "declared")
    closed = deliver(cast.acme, cast.receiver, {MUG: 10})
    service.count(cast.receiver, closed.carton, cast.ACME.products[MUG], 9)
    service.close_carton(cast.receiver, closed.carton)
    answer = refused(lambda: service.count_as_declared(cast.receiver, closed.carton))
    assert (answer.code, answer.params["state"]) == ("not_allowed_now", "counted")
    assert line(closed.carton, cast.ACME.products[MUG]) == (10, 9, 0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"lot_controlled": True}, "lot_required"),
        ({"expiry_controlled": True}, "expiry_required"),
        ({"serial_control": "full"}, "item_needs_serials"),
    ],
)
def test_what_the_announcement_does_not_say_is_asked_for_by_name(cast, db_session, fields, code):
    odd = product(cast.acme_person, "ODD-1", **fields)
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10, "ODD-1": 2})
    answer = refused(lambda: service.count_as_declared(cast.receiver, found.carton))
    assert (answer.code, answer.params["sku"]) == (code, "ODD-1")
    assert (line(found.carton, mug), line(found.carton, odd)) == ((10, 0, 0, 0, 0), (2, 0, 0, 0, 0))
    assert (stock(mug), postings("receive"), found.states()) == ({}, [], ["arrived"])


def test_once_such_goods_are_counted_the_rest_is_taken_as_declared(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 10, SERUM: 2})
    serum = cast.ACME.products[SERUM]
    service.count(cast.receiver, found.carton, serum, 2, batch="L1", expires_on=date(2029, 1, 1))
    assert service.count_as_declared(cast.receiver, found.carton).units == 10


@pytest.mark.parametrize("warehouse", ["DE1", "NGB1"])
def test_twenty_lines_cost_no_more_statements_than_two(cast, db_session, warehouse):
    """In bond, too, where each line is the first sight of its book item."""
    house = cast.overseas if warehouse == "DE1" else cast.bonded
    costs: dict[str, set[int]] = {"count": set(), "putaway": set(), "undo": set(), "uncount": set()}
    for lines in (2, 20):
        found = carton_of(cast, lines, warehouse)
        steps = {
            "count": lambda found=found: service.count_as_declared(cast.receiver, found.carton),
            "close": lambda found=found: service.close_carton(cast.receiver, found.carton),
            "putaway": lambda found=found: service.put_away_all(cast.picker, found.carton, house.locations[BIN]),
            "undo": lambda found=found: service.undo_put_away(cast.picker, found.carton),
        }
        for name, step in steps.items():
            session().expunge_all()
            with statements() as sent:
                step()
            costs.setdefault(name, set()).add(len(sent))
        if warehouse == "DE1":
            service.reopen_carton(cast.receiver, found.carton)
            with statements() as sent:
                service.uncount(cast.receiver, found.carton)
            costs["uncount"].add(len(sent))
    costs.pop("close")
    assert {name: len(numbers) for name, numbers in costs.items() if len(numbers) > 1} == {}
    assert 5 < max(costs["count"]) <= 17
    assert 5 < max(costs["putaway"]) <= 21


def test_in_bond_the_declaration_is_never_exceeded(cast, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    found = deliver(cast.acme, cast.receiver, {MUG: 10, RED: 4}, warehouse="NGB1")
    service.count(cast.receiver, found.carton, mug, 12)
    service.count_as_declared(cast.receiver, found.carton)
    assert (line(found.carton, mug), line(found.carton, red)) == ((10, 12, 0, 2, 0), (4, 4, 0, 0, 0))
    assert stock(red) == {("DOCK", "good", False): 4}
    service.uncount(cast.receiver, found.carton)  # customs has not booked it
    assert line(found.carton, red) == (4, 0, 0, 0, 0)
    service.count_as_declared(cast.receiver, found.carton)
    service.count(cast.receiver, found.carton, red, 1)
    assert stock(red) == {("DOCK", "good", False): 4, ("UNACC", "good", False): 1}
    service.close_carton(cast.receiver, found.carton)
    stowed = service.put_away_all(cast.picker, found.carton, cast.bonded.locations[BIN])
    assert (stowed.units, stowed.stowed.booking_state) == (14, "completed")
    assert line(found.carton, mug) == (10, 12, 0, 2, 10)


# ---------- put away into one bin ----------


@pytest.fixture
def counted(cast, db_session):
    """24 blue mugs, of them 4 damaged, and 6 red ones, counted and closed."""
    found = deliver(cast.acme, cast.receiver, {MUG: 24, RED: 6})
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 4, condition="damaged")
    service.count_as_declared(cast.receiver, found.carton)
    service.close_carton(cast.receiver, found.carton)
    return found


def test_everything_goes_into_the_bin_loose_and_sells(cast, counted, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    whole = service.put_away_all(cast.picker, counted.carton, cast.overseas.locations[BIN])
    assert (whole.units, whole.stowed.left) == (30, 0)
    assert (whole.stowed.carton_state, whole.stowed.booking_state) == ("stowed", "completed")
    assert stock(mug) == {(BIN, "good", True): 20, (BIN, "damaged", False): 4}
    assert (sellable(mug), sellable(red), postings("putaway")) == (20, 6, [3])
    assert (line(counted.carton, mug), line(counted.carton, red)) == ((24, 20, 4, 0, 24), (6, 6, 0, 0, 6))
    assert unit_of(counted.carton) == ("gone", "DOCK")
    loose = text("SELECT count(*) FROM balance WHERE on_hand > 0 AND handling_unit_id IS NULL")
    assert db_session.execute(loose).scalar_one() == 3


def test_what_one_by_one_left_goes_at_once(cast, counted, db_session):
    mug = cast.ACME.products[MUG]
    service.put_away(cast.picker, counted.carton, mug, 15, cast.overseas.locations[NEXT])
    whole = service.put_away_all(cast.picker, counted.carton, cast.overseas.locations[BIN])
    assert (whole.units, whole.stowed.booking_state) == (15, "completed")
    assert stock(mug) == {(NEXT, "good", True): 15, (BIN, "good", True): 5, (BIN, "damaged", False): 4}
    answer = refused(lambda: service.put_away_all(cast.picker, counted.carton, cast.overseas.locations[BIN]))
    assert (answer.code, answer.params["state"]) == ("not_allowed_now", "stowed")


def test_it_goes_back_into_its_carton_as_one(cast, counted, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    service.put_away(cast.picker, counted.carton, mug, 15, cast.overseas.locations[BIN])
    service.put_away_all(cast.picker, counted.carton, cast.overseas.locations[BIN])
    undone = service.undo_put_away(cast.picker, counted.carton)
    assert (undone.carton_state, undone.booking_state, undone.left) == ("stowing", "putaway", 15)
    assert (line(counted.carton, mug), line(counted.carton, red)) == ((24, 20, 4, 0, 15), (6, 6, 0, 0, 0))
    assert unit_of(counted.carton) == ("in_use", "DOCK")
    undone = service.undo_put_away(cast.picker, counted.carton)
    assert (undone.carton_state, undone.booking_state, undone.left) == ("counted", "received", 30)
    assert (sellable(mug), sellable(red)) == (0, 0)
    service.put_away_all(cast.picker, counted.carton, cast.overseas.locations[BIN])
    assert (sellable(mug), sellable(red)) == (20, 6)


def nothing_was_put_away(cast: Any, found: Received) -> bool:
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    stands = stock(mug) == {("DOCK", "good", False): 20, ("DOCK", "damaged", False): 4}
    return stands and sellable(red) == 0 and postings("putaway") == [] and found.states() == ["counted"]


@pytest.mark.parametrize(
    ("warehouse", "code", "refusal"),
    [
        ("bonded", BIN, "location_foreign"),
        ("overseas", "DOCK", "location_wrong_kind"),
        ("overseas", "PACK", "location_wrong_kind"),
        ("overseas", "TOTES", "location_wrong_kind"),
        ("overseas", "INSP", "location_wrong_kind"),  # the damaged ones might, the good ones may not
    ],
)
def test_one_row_refused_by_the_bin_refuses_all(cast, counted, db_session, warehouse, code, refusal):
    location_id = getattr(cast, warehouse).locations[code]
    assert refused(lambda: service.put_away_all(cast.picker, counted.carton, location_id)).code == refusal
    assert nothing_was_put_away(cast, counted)
    assert unit_of(counted.carton) == ("in_use", "DOCK")


def test_a_closed_bin_and_one_that_is_not_there(cast, counted, db_session):
    bin_id = cast.overseas.locations[BIN]
    db_session.execute(update(Location).where(Location.id == bin_id).values(is_active=False))
    commit()
    assert refused(lambda: service.put_away_all(cast.picker, counted.carton, bin_id)).code == "location_closed"
    answer = refused(lambda: service.put_away_all(cast.picker, counted.carton, new_id()))
    assert answer.kind is RefusalKind.NOT_FOUND
    assert nothing_was_put_away(cast, counted)


def test_several_products_need_a_bin_that_mixes(cast, counted, db_session):
    single = bins(cast.overseas.id, "S", LocationKind.STORAGE)["S-1"]
    answer = refused(lambda: service.put_away_all(cast.picker, counted.carton, single))
    assert answer.code == "location_other_product"
    assert nothing_was_put_away(cast, counted)
    service.put_away(cast.picker, counted.carton, cast.ACME.products[RED], 6, cast.overseas.locations[BIN])
    assert service.put_away_all(cast.picker, counted.carton, single).units == 24


@pytest.mark.parametrize("limits", [{"max_weight_g": 30 * 320 - 1}, {"max_volume_cm3": 30 * 1_620 - 1}])
def test_all_of_it_must_fit(cast, counted, db_session, limits):
    """A mug weighs 320 g and measures 90 × 90 × 200 mm; each product alone would fit."""
    small = bins(cast.overseas.id, "S", LocationKind.STORAGE, mixes_products=True, **limits)["S-1"]
    assert refused(lambda: service.put_away_all(cast.picker, counted.carton, small)).code == "location_full"
    assert nothing_was_put_away(cast, counted)


def test_only_a_counted_carton_is_put_away(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 5})
    service.count_as_declared(cast.receiver, found.carton)
    answer = refused(lambda: service.put_away_all(cast.picker, found.carton, cast.overseas.locations[BIN]))
    assert (answer.code, answer.params["state"]) == ("not_allowed_now", "counting")


def test_serial_numbers_go_along_and_come_back(cast, db_session):
    phone = product(cast.acme_person, "PHONE", serial_control="full")
    found = deliver(cast.acme, cast.receiver, {"PHONE": 3, MUG: 2})
    service.count(cast.receiver, found.carton, phone, 3, serial_numbers=["S1", "S2", "S3"])
    service.count_as_declared(cast.receiver, found.carton)
    service.close_carton(cast.receiver, found.carton)
    service.put_away_all(cast.picker, found.carton, cast.overseas.locations[BIN])
    where = text("SELECT DISTINCT l.code FROM serial s JOIN balance b ON b.id = s.balance_id"
                 " JOIN location l ON l.id = b.location_id")  # fmt: skip
    assert db_session.execute(where).scalars().all() == [BIN]
    service.undo_put_away(cast.picker, found.carton)
    assert db_session.execute(where).scalars().all() == ["DOCK"]


def test_in_bond_it_sells_once_customs_booked_it(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10}, warehouse="NGB1")
    service.count_as_declared(cast.receiver, found.carton)
    assert book(db_session, cast.bonded.id) == (0, 10)
    service.close_carton(cast.receiver, found.carton)
    service.put_away_all(cast.picker, found.carton, cast.bonded.locations[BIN])
    assert sellable(mug) == 0
    item = db_session.scalar(select(BookItem.item_number).where(BookItem.warehouse_id == cast.bonded.id))
    customs.record_book_receipt(cast.customs_clerk, cast.bonded.id, item, "QD1", 10)
    commit()
    assert (stock(mug), sellable(mug)) == ({(BIN, "good", True): 10}, 10)


# ---------- moved at the dock ----------

TASK = Subject("floor_task", None)


def test_a_carton_goes_to_inspection_and_is_put_away_from_there(cast, counted, db_session):
    mug = cast.ACME.products[MUG]
    moved = service.move_carton(cast.picker, counted.carton, cast.overseas.locations["INSP"], TASK)
    assert moved.units == 30
    assert stock(mug) == {("INSP", "good", False): 20, ("INSP", "damaged", False): 4}
    assert (unit_of(counted.carton), postings("move")) == (("in_use", "INSP"), [3])
    assert line(counted.carton, mug) == (24, 20, 4, 0, 0)
    service.put_away_all(cast.picker, counted.carton, cast.overseas.locations[BIN])
    assert sellable(mug) == 20


def test_an_uncounted_carton_is_counted_where_it_went(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 5})
    moved = service.move_carton(cast.picker, found.carton, cast.overseas.locations["INSP"], TASK)
    assert (moved.units, moved.posting_id) == (0, None)
    service.count_as_declared(cast.receiver, found.carton)
    assert stock(cast.ACME.products[MUG]) == {("INSP", "good", False): 5}


def test_into_a_bin_it_is_put_away_not_moved(cast, counted, db_session):
    """Else its goods would sell while its booking waits for them for ever."""
    places = cast.overseas.locations
    assert refused(lambda: service.move_carton(cast.picker, counted.carton, places[BIN], TASK)).code == (
        "carton_is_put_away"
    )
    for code in ("PACK", "TOTES", "GATE"):
        attempt = refused(lambda code=code: service.move_carton(cast.picker, counted.carton, places[code], TASK))
        assert attempt.code == "location_wrong_kind"
    assert refused(lambda: service.move_carton(cast.picker, counted.carton, places["DOCK"], TASK)).code == (
        "unit_is_there"
    )
    foreign = cast.bonded.locations["INSP"]
    assert refused(lambda: service.move_carton(cast.picker, counted.carton, foreign, TASK)).code == "location_foreign"
    assert nothing_was_put_away(cast, counted)
    assert unit_of(counted.carton) == ("in_use", "DOCK")


def test_a_carton_somebody_works_on_stays(cast, db_session):
    inspection = cast.overseas.locations["INSP"]
    awaited = announce(cast.acme, {MUG: 2})
    found = deliver(cast.acme, cast.receiver, {MUG: 2})

    def answer(carton: uuid.UUID) -> str:
        return refused(lambda: service.move_carton(cast.picker, carton, inspection, TASK)).code

    assert answer(awaited.carton) == "carton_not_here"
    service.count_as_declared(cast.receiver, found.carton)
    assert answer(found.carton) == "unit_in_use"
    service.close_carton(cast.receiver, found.carton)
    service.put_away(cast.picker, found.carton, cast.ACME.products[MUG], 1, cast.overseas.locations[BIN])
    assert answer(found.carton) == "unit_in_use"
    service.put_away_all(cast.picker, found.carton, cast.overseas.locations[BIN])
    assert answer(found.carton) == "unit_gone"
    assert postings("move") == []


def test_in_bond_a_carton_moves_inside_the_zone_without_a_permit(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10}, warehouse="NGB1")
    service.count_as_declared(cast.receiver, found.carton)
    service.close_carton(cast.receiver, found.carton)
    service.move_carton(cast.picker, found.carton, cast.bonded.locations["INSP"], TASK)
    assert (stock(mug), book(db_session, cast.bonded.id)) == ({("INSP", "good", False): 10}, (0, 10))
    answer = refused(lambda: service.move_carton(cast.picker, found.carton, cast.bonded.locations["UNACC"], TASK))
    assert answer.code == "location_wrong_kind"


# ---------- whose work it is ----------


@pytest.mark.parametrize("person", ["acme", "acme_person", "rival", "agency", "customs_clerk"])
def test_it_is_for_the_warehouse_s_people(cast, counted, db_session, person):
    actor, places = getattr(cast, person), cast.overseas.locations
    fresh = deliver(cast.acme, cast.receiver, {MUG: 5})
    before = db_session.execute(select(Posting.id, Move.id).join(Move, Move.posting_id == Posting.id)).all()
    for attempt in (
        lambda: service.count_as_declared(actor, fresh.carton),
        lambda: service.put_away_all(actor, counted.carton, places[BIN]),
        lambda: service.move_carton(actor, counted.carton, places["INSP"], TASK),
    ):
        assert refused(attempt).kind is RefusalKind.NOT_FOUND
    assert db_session.execute(select(Posting.id, Move.id).join(Move, Move.posting_id == Posting.id)).all() == before
    assert (fresh.states(), unit_of(counted.carton)) == (["arrived"], ("in_use", "DOCK"))

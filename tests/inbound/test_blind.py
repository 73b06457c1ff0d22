"""Counted blind: noted, compared at the close, counted once more if it differs, and only then recorded."""

from __future__ import annotations

from datetime import date
from itertools import product as every
from typing import Any

from sqlalchemy import select, text, update

from tests.inbound.dock import CABLE, MUG, RED, SERUM, deliver, line, product, service, stock
from tests.inbound.test_differences import fields, refused
from wms.cli import all_checks
from wms.core import clock
from wms.inbound import queries
from wms.inbound.models import Booking, Carton
from wms.inbound.rules import PlanDraft, Terms
from wms.inbound.service import CountDraft
from wms.platform.auditing import run_checks
from wms.platform.database import commit, session

WORDS = (None, "guided", "blind")


def blind(cast: Any, *cartons: dict[str, int], warehouse: str = "DE1") -> Any:
    """A booking of ACME's at the dock whose cartons are counted blind."""
    found = deliver(cast.acme, cast.receiver, *cartons, warehouse=warehouse)
    service.choose_counting(cast.supervisor if warehouse == "DE1" else cast.admin, found.booking_id, "blind")
    return found


def postings() -> int:
    return int(session().execute(text("SELECT count(*) FROM stock_posting")).scalar_one())


def firsts(cast: Any, found: Any) -> dict[str, int | None]:
    """What the page says was counted first, by SKU of the first carton."""
    detail = queries.booking_detail(cast.acme, found.booking_id)
    return {each["sku"]: each["first_count"] for each in detail["cartons"][0]["lines"]}


def test_the_narrowest_word_counts(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 1})
    for house in WORDS:
        if house is not None:
            service.set_counting(cast.supervisor, cast.overseas.id, house)
        for seller, booking, asked in every(WORDS, WORDS, (None, "blind")):
            service.set_terms(cast.supervisor, cast.ACME.id, Terms(counting=seller))
            service.choose_counting(cast.supervisor, found.booking_id, booking)
            session().execute(update(Booking).values(count_blind=asked is not None))
            assert service.is_blind(found.carton) is ((booking or asked or seller or house or "guided") == "blind")


def test_a_seller_asks_for_it_with_the_booking(cast, client, db_session):
    api = cast.api(client)
    body = {"warehouse": "DE1", "cartons": [{"number": 1, "lines": [{"sku": MUG, "quantity": 2}]}]}
    made = api.post("/api/v1/bookings", {**body, "count_blind": True, "submit": True})
    key = made.get_json()["id"]
    carton = session().scalar(select(Carton.id).where(Carton.booking_id == key))
    assert (made.status_code, service.is_blind(carton)) == (201, True)
    shown = api.get(f"/api/v1/bookings/{key}").get_json()
    assert shown["count_blind"] is True
    changed = api.patch(f"/api/v1/bookings/{key}", {"count_blind": False}, match=shown["version"])
    assert (changed.status_code, service.is_blind(carton)) == (200, False)


def test_a_count_that_has_begun_goes_on_as_it_began(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 2}, {MUG: 2}, {MUG: 2})
    service.count(cast.receiver, found.cartons[0], mug, 1)
    service.set_counting(cast.supervisor, cast.overseas.id, "blind")
    service.count(cast.receiver, found.cartons[1], mug, 1)
    assert [service.is_blind(each) for each in found.cartons] == [False, True, True]
    service.set_counting(cast.supervisor, cast.overseas.id, "guided")
    assert [service.is_blind(each) for each in found.cartons] == [False, True, False]


def test_what_is_as_announced_is_posted_at_the_close_at_once(cast, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    found = blind(cast, {MUG: 24, RED: 3})
    before = postings()
    for units in (10, 14):
        counted = service.count(cast.receiver, found.carton, mug, units)
    assert [(each.declared, each.received_good) for each in counted.lines] == [(None, 24)]
    assert (counted.carton_state, counted.booking_state) == ("counting", "receiving")
    service.count_many(
        cast.receiver, found.carton, [CountDraft(red, 2), CountDraft(red, 1, "damaged", finding="mixed")]
    )
    assert (postings(), stock(mug), line(found.carton, mug)[1], found.differences()) == (before, {}, 0, {})
    closed = service.close_carton(cast.receiver, found.carton)
    assert (closed.again, closed.carton_state, closed.left, postings()) == (False, "counted", 27, before + 1)
    assert (stock(mug), line(found.carton, mug)[:3]) == ({("DOCK", "good", False): 24}, (24, 24, 0))
    assert (line(found.carton, red)[:3], found.differences()) == ((3, 2, 1), {"damaged": 1, "mixed": 1})
    assert firsts(cast, found) == {MUG: None, RED: None}


def test_what_differs_is_counted_once_more_before_it_is_recorded(cast, db_session):
    mug, red, cable = (cast.ACME.products[sku] for sku in (MUG, RED, CABLE))
    found = blind(cast, {MUG: 10, RED: 4})
    service.count(cast.receiver, found.carton, mug, 9)
    service.count(cast.receiver, found.carton, cable, 1)
    before = postings()
    again = service.close_carton(cast.receiver, found.carton)
    assert (again.again, again.carton_state, again.differences, again.left) == (True, "counting", (), 0)
    assert (postings(), found.differences(), found.states()) == (before, {}, ["counting"])
    assert firsts(cast, found) == {MUG: None, RED: None}  # not while the second goes on
    assert refused(service.uncount, cast.receiver, found.carton).code == "nothing_to_undo"
    counted = service.count(cast.receiver, found.carton, mug, 9)
    assert counted.lines[0].received_good == 9  # from nothing
    service.count(cast.receiver, found.carton, red, 5)
    closed = service.close_carton(cast.receiver, found.carton)
    assert (closed.again, closed.carton_state, closed.left) == (False, "counted", 14)
    assert found.differences() == {"short": 1, "over": 1}
    assert firsts(cast, found) == {MUG: 9, RED: 0, CABLE: 1}  # a line of its own for what only the first count found
    assert line(found.carton, cable)[:3] == (0, 0, 0)
    assert refused(service.close_carton, cast.receiver, found.carton).code == "not_allowed_now"


def test_a_second_count_that_fits_leaves_no_difference(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = blind(cast, {MUG: 10})
    service.count(cast.receiver, found.carton, mug, 11)
    assert service.close_carton(cast.receiver, found.carton).again
    service.count(cast.receiver, found.carton, mug, 10)
    closed = service.close_carton(cast.receiver, found.carton)
    assert (closed.again, found.differences(), stock(mug)) == (False, {}, {("DOCK", "good", False): 10})
    assert firsts(cast, found) == {MUG: 11}


def test_an_empty_carton_is_looked_into_twice(cast, db_session):
    found = blind(cast, {MUG: 10})
    first, second = (service.close_carton(cast.receiver, found.carton) for _ in range(2))
    assert (first.again, first.carton_state) == (True, "counting")
    assert (second.again, second.carton_state, found.differences()) == (False, "stowed", {"short": 10})


def test_undo_takes_back_the_last_count_alone(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = blind(cast, {MUG: 10})
    first = service.count(cast.receiver, found.carton, mug, 4)
    second = service.count(cast.receiver, found.carton, mug, 7)
    assert refused(service.uncount, cast.receiver, found.carton, first.act_id).code == "nothing_to_undo"
    undone = service.uncount(cast.receiver, found.carton)
    assert (undone.act_id, [each.received_good for each in undone.lines]) == (second.act_id, [4])
    service.uncount(cast.receiver, found.carton, first.act_id)
    assert refused(service.uncount, cast.receiver, found.carton).code == "nothing_to_undo"
    service.count(cast.receiver, found.carton, mug, 10)
    assert not service.close_carton(cast.receiver, found.carton).again
    assert line(found.carton, mug)[1] == 10


def test_nobody_counts_all_as_announced(cast, db_session):
    found = blind(cast, {MUG: 10})
    assert refused(service.count_as_declared, cast.receiver, found.carton).code == "count_is_blind"


def test_a_carton_opened_again_is_counted_guided(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = blind(cast, {MUG: 10})
    service.count(cast.receiver, found.carton, mug, 10)
    service.close_carton(cast.receiver, found.carton)
    service.reopen_carton(cast.supervisor, found.carton)
    assert not service.is_blind(found.carton)
    assert service.count(cast.receiver, found.carton, mug, 1).lines[0].declared == 10
    assert service.close_carton(cast.receiver, found.carton).differences == ((mug, "over", 1),)


def test_lots_numbers_and_days_are_asked_for_at_the_scan(cast, db_session):
    serum, phone = cast.ACME.products[SERUM], product(cast.acme_person, "PHONE", serial_control="full")
    service.set_terms(cast.supervisor, cast.ACME.id, Terms(min_shelf_days=400))
    found = blind(cast, {SERUM: 6, "PHONE": 3})
    count = service.count
    near, far = date(clock.now().year + 1, 1, 5), date(clock.now().year + 4, 1, 5)
    wrong: list[tuple[Any, ...]] = [
        (phone, 2, {}, "item_needs_serials"), (cast.ACME.products[MUG], 1, {"serial_numbers": ["N"]}, "serials_not_kept"),
        (serum, 1, {}, "expiry_required"), (serum, 1, {"batch": "L1", "expires_on": near}, "shelf_life_short"),
        (cast.RIVAL.products[MUG], 1, {}, "product_not_of_owner"),
    ]  # fmt: skip
    for product_id, units, given, code in wrong:
        assert refused(count, cast.receiver, found.carton, product_id, units, **given).code == code
    count(cast.receiver, found.carton, serum, 4, batch="L1", expires_on=far, made_on=date(2026, 1, 1))
    count(cast.receiver, found.carton, serum, 2, batch="L2", expires_on=far)
    other = refused(count, cast.receiver, found.carton, serum, 1, batch="L1", expires_on=far, made_on=date(2026, 1, 2))
    assert other.code == "lot_made_otherwise"
    count(cast.receiver, found.carton, phone, 2, serial_numbers=["S1", "S2"])
    known = refused(count, cast.receiver, found.carton, phone, 1, serial_numbers=["S2"])
    assert (known.code, known.params) == ("serial_known", {"number": "S2"})
    count(cast.receiver, found.carton, phone, 1, serial_numbers=["S3"])
    assert not service.close_carton(cast.receiver, found.carton).again
    lots = text(
        "SELECT t.batch, sum(b.on_hand)::int FROM balance b JOIN lot t ON t.id = b.lot_id GROUP BY 1 ORDER BY 1"
    )
    assert session().execute(lots).all() == [("L1", 4), ("L2", 2)]
    numbers = text("SELECT number FROM serial WHERE state = 'in_stock' ORDER BY 1")
    assert session().scalars(numbers).all() == ["S1", "S2", "S3"]
    more = blind(cast, {"PHONE": 1})
    assert refused(count, cast.receiver, more.carton, phone, 1, serial_numbers=["S1"]).code == "serial_known"


def test_in_bond_the_surplus_of_the_second_count_is_unaccounted(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = blind(cast, {MUG: 10}, warehouse="NGB1")
    for _ in range(2):
        service.count(cast.receiver, found.carton, mug, 12)
        closed = service.close_carton(cast.receiver, found.carton)
    assert (closed.again, found.differences()) == (False, {"over": 2})
    assert stock(mug) == {("DOCK", "good", False): 10, ("UNACC", "good", False): 2}


def test_a_drawn_carton_is_held_with_what_its_blind_count_said(cast, db_session):
    service.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(first_receipts=1, sample_units=2))
    found = blind(cast, {MUG: 10})
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 10)
    assert service.close_carton(cast.receiver, found.carton).left == 10
    bin_id = cast.overseas.locations["A-01-01-1"]
    assert refused(service.put_away_all, cast.picker, found.carton, bin_id).code == "carton_in_inspection"
    held = text("SELECT sum(on_hand)::int FROM balance WHERE held_by > 0")
    assert session().execute(held).scalar_one() == 10


def test_in_bond_a_carton_of_surplus_alone_is_finished_when_it_is_closed(cast, db_session):
    red = cast.ACME.products[RED]
    found = blind(cast, {MUG: 10}, warehouse="NGB1")
    for _ in range(2):
        service.count(cast.receiver, found.carton, red, 2)
        closed = service.close_carton(cast.receiver, found.carton)
    assert (closed.carton_state, closed.left, found.differences()) == ("stowed", 0, {"short": 10, "wrong": 2})
    assert stock(red) == {("UNACC", "good", False): 2}


def test_who_may_say_how_it_is_counted(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 1})
    for who in (cast.receiver, cast.acme, cast.customs_clerk):
        assert refused(service.set_counting, who, cast.overseas.id, "blind").code == "not_found"
        assert refused(service.choose_counting, who, found.booking_id, "blind").code == "not_found"
    wrong = {"/counting": "counting_unknown"}
    assert fields(refused(service.set_counting, cast.supervisor, cast.overseas.id, "both")) == wrong
    assert fields(refused(service.choose_counting, cast.supervisor, found.booking_id, "both")) == wrong
    assert fields(refused(service.set_terms, cast.supervisor, cast.ACME.id, Terms(counting="both"))) == wrong


def test_the_audit_knows_what_a_blind_count_said(cast, db_session):
    found = blind(cast, {MUG: 10})
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 10)
    service.close_carton(cast.receiver, found.carton)
    name = "what a blind count said is what was received, and nothing before it was closed"
    for lie, wrong in (("quantity = 9", 1), ("is_second = true", 1), ("quantity = 10, is_second = false", 0)):
        session().execute(text(f"UPDATE carton_tally SET {lie}"))
        commit()
        (check,) = [each for each in run_checks(all_checks())["checks"] if each["name"] == name]
        assert len(check["violations"]) == wrong

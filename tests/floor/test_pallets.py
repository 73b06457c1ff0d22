"""Receiving by pallet and receiving what came loose, on the tablet."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.floor.worker import CABLE, CODES, MUG, Tablet
from tests.inbound.dock import service, stock
from wms.inbound.models import Booking, Carton
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft, PlanDraft
from wms.platform.database import commit, session


def announce(cast: Any, *cartons: tuple[int | None, dict[str, int]]) -> tuple[Booking, list[str]]:
    """A booking of (pallet, content) and the labels of its cartons."""
    drafts = [
        CartonDraft(number, [LineDraft(sku, units) for sku, units in lines.items()], pallet=pallet)
        for number, (pallet, lines) in enumerate(cartons, start=1)
    ]
    booking = service.create_booking(cast.acme, BookingDraft(warehouse="DE1", cartons=drafts), submitted=True)
    query = select(Carton.barcode).where(Carton.booking_id == booking.id).order_by(Carton.number)
    return booking, list(session().scalars(query))


def states(booking_id: uuid.UUID) -> list[str]:
    query = select(Carton.state).where(Carton.booking_id == booking_id).order_by(Carton.number)
    return list(session().scalars(query))


def test_one_tap_receives_a_pallet(cast, client, db_session, tablet):
    mug = {MUG: 6}
    booking, labels = announce(cast, (1, mug), (1, {MUG: 6, CABLE: 2}), (2, mug), (1, mug), (None, mug))
    tablet.start("receive")
    tablet.scan(labels[3])  # somebody has begun it
    tablet.scan(CODES[MUG])
    tablet.scan("CMD-BACK")
    tablet.scan(labels[0])
    tablet.scan(CODES[MUG], quantity=2)
    assert (tablet.seen["pallet"], tablet.seen["beside"]) == (1, 1)
    shown = tablet.look()
    assert "Whole pallet" in shown and "2 cartons as announced" in shown
    told = tablet.scan("CMD-WHOLE")
    assert (told["code"], told["title"], told["tone"]) == ("pallet_received", "Pallet 1: 2 cartons, 12 units.", "done")
    assert (tablet.step, states(booking.id)) == (
        "scan_carton",
        ["counted", "counted", "declared", "counting", "declared"],
    )
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 13}
    tablet.scan(labels[2])
    assert tablet.seen["pallet"] is None and "Whole pallet" not in tablet.look()
    assert tablet.scan("CMD-WHOLE")["code"] == "pallet_received"  # it stands there alone


def test_what_keeps_a_pallet_from_being_received_at_once(cast, client, db_session, tablet):
    booking, labels = announce(cast, (None, {MUG: 6}), (1, {"SERUM-30ML": 2}), (1, {MUG: 6}))
    tablet.start("receive")
    tablet.scan(labels[0])
    assert tablet.scan("CMD-WHOLE")["code"] == "not_on_a_pallet"
    tablet.scan("CMD-BACK")
    tablet.scan(labels[2])
    assert tablet.scan("CMD-WHOLE")["code"] == "expiry_required"  # the announcement does not say
    assert states(booking.id) == ["arrived", "declared", "arrived"]  # all or nothing
    service.choose_counting(cast.supervisor, booking.id, "blind")
    assert tablet.scan("CMD-WHOLE")["code"] == "count_is_blind"


def test_every_carton_of_a_pallet_is_drawn_as_if_it_came_alone(cast, client, db_session, tablet):
    service.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(every_nth=2))
    _, labels = announce(cast, *((1, {MUG: 6}) for _ in range(4)))
    tablet.start("receive")
    tablet.scan(labels[0])
    assert tablet.scan("CMD-WHOLE")["code"] == "pallet_received"
    held = text("SELECT count(*), sum(on_hand)::int FROM balance WHERE held_by > 0")
    assert session().execute(held).one() == (2, 12)


def received_pallet(tablet: Tablet, *cartons: dict[str, int], cast: Any, first: int = 0) -> tuple[Booking, list[str]]:
    """A pallet of these cartons, received in one tap after `first` mugs were counted in the first."""
    booking, labels = announce(cast, *((1, lines) for lines in cartons))
    tablet.start("receive")
    tablet.scan(labels[0])
    if first:
        tablet.scan(CODES[MUG], quantity=first)
    assert tablet.scan("CMD-WHOLE")["code"] == "pallet_received"
    return booking, labels


def test_a_pallet_received_by_mistake_is_as_it_was(cast, client, db_session, tablet):
    service.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(every_nth=1))
    booking, labels = received_pallet(tablet, {MUG: 6}, {MUG: 6, CABLE: 2}, {MUG: 6}, cast=cast, first=2)
    assert 'data-command="CMD-UNDO"' in tablet.look()
    told = tablet.scan("CMD-UNDO")
    assert (told["code"], told["title"]) == ("pallet_undone", "Taken back: 3 cartons to count.")
    assert states(booking.id) == ["counting", "arrived", "arrived"]
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 2}
    left = text("SELECT (SELECT count(*) FROM difference), (SELECT count(*) FROM inspection WHERE state = 'open'),"
                " (SELECT count(*) FROM balance WHERE held_by > 0), (SELECT state FROM booking)")  # fmt: skip
    assert session().execute(left).one() == (0, 0, 0, "receiving")
    assert tablet.scan("CMD-UNDO")["code"] == "command_not_here"
    tablet.scan(labels[0])
    assert (tablet.seen["beside"], tablet.scan("CMD-WHOLE")["title"]) == (2, "Pallet 1: 3 cartons, 18 units.")
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 18}
    assert session().execute(text("SELECT count(*) FROM inspection WHERE state = 'open'")).scalar_one() == 4


def put_one_away(cast: Any, tablet: Tablet, booking: Booking, labels: list[str]) -> None:
    tablet.start("putaway")
    tablet.scan(labels[1])
    assert tablet.scan(cast.overseas.labels["A-01-01-1"])["code"] == "carton_stowed"


def count_anew(cast: Any, tablet: Tablet, booking: Booking, labels: list[str]) -> None:
    carton = session().scalar(select(Carton.id).where(Carton.barcode == labels[1]))
    service.reopen_carton(cast.supervisor, carton)
    service.uncount(cast.supervisor, carton)
    service.count_as_declared(cast.supervisor, carton)
    service.close_carton(cast.supervisor, carton)


def decide(cast: Any, tablet: Tablet, booking: Booking, labels: list[str]) -> None:
    (difference,) = session().execute(text("SELECT id FROM difference")).scalars()
    service.decide(cast.acme, difference, "accept")


@pytest.mark.parametrize(("meanwhile", "number"), [(put_one_away, 2), (count_anew, 2), (decide, 1)])
def test_a_pallet_of_which_something_has_gone_on_stays(cast, client, db_session, tablet, meanwhile, number):
    booking, labels = received_pallet(tablet, {MUG: 6}, {MUG: 6}, cast=cast, first=7)
    meanwhile(cast, tablet, booking, labels)
    commit()
    tablet.start("receive")
    before, there = states(booking.id), stock(cast.ACME.products[MUG])
    told = tablet.scan("CMD-UNDO")
    assert (told["code"], told["title"]) == ("pallet_gone_on", f"Carton {number} has gone on meanwhile.")
    assert (states(booking.id), stock(cast.ACME.products[MUG])) == (before, there)
    assert tablet.scan(labels[0])["code"] == "carton_done"  # no dead end


def test_too_many_in_the_carton_in_hand_is_told(cast, client, db_session, tablet):
    _, labels = announce(cast, (1, {MUG: 6}), (1, {MUG: 6}))
    tablet.start("receive")
    tablet.scan(labels[0])
    tablet.scan(CODES[MUG], quantity=7)
    told = tablet.scan("CMD-WHOLE")
    assert (told["title"], told["tone"]) == ("Pallet 1: 2 cartons, 6 units.", "warn")


@pytest.mark.parametrize("from_home", [False, True])
def test_what_came_loose_is_opened_by_its_booking(cast, client, db_session, from_home):
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    booking, _ = announce(cast, (None, {MUG: 30, CABLE: 10}))
    if from_home:
        found = tablet.caller.post("/floor/find", data={"raw": booking.number, "command_id": str(uuid.uuid4())})
        assert found.headers["Location"].endswith("/floor/work/receive")
        tablet.start("receive")
    else:
        tablet.start("receive")
        assert tablet.scan(booking.number)["code"] == "carton_opened"
    tablet.scan(CODES[MUG], quantity=30)
    tablet.scan(CODES[CABLE], quantity=10)
    assert tablet.scan("CMD-OK")["code"] == "carton_closed"
    assert tablet.scan(booking.number)["code"] == "carton_done"


def test_of_a_booking_of_cartons_one_is_asked_for(cast, client, db_session, tablet):
    booking, labels = announce(cast, (None, {MUG: 1}), (None, {MUG: 2}), (None, {MUG: 3}))
    tablet.start("receive")
    told = tablet.scan(booking.number)
    assert (told["code"], told["title"]) == (
        "booking_has_cartons", f"{booking.number} has 3 cartons to count. Scan one.",
    )  # fmt: skip
    cartons = list(session().scalars(select(Carton.id).where(Carton.booking_id == booking.id).order_by(Carton.number)))
    service.mark_missing(cast.supervisor, cartons[0])
    for code in (labels[1], CODES[MUG], CODES[MUG], "CMD-OK"):
        tablet.scan(code)
    assert tablet.scan(booking.number)["code"] == "carton_opened"
    assert tablet.seen["number"] == 3

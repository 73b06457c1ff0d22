"""A carton put away as it is: its goods stay in it, the booking knows, and it is free stock's container from then on."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import CABLE, MUG, RED, Received, bins, deliver, line, product, sellable, service, stock
from tests.inbound.test_bonded import book
from tests.inbound.test_whole import BIN, NEXT, TASK, postings, refused, unit_of
from tests.sent import statements
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import RefusalKind
from wms.customs import service as customs
from wms.facility.models import HandlingUnit, HandlingUnitKind, LocationKind
from wms.facility.service import create_handling_unit
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.inbound.models import Carton
from wms.inventory import holds, repacking, units
from wms.inventory.models import Balance, BookItem, HoldScope
from wms.platform.database import commit, session
from wms.platform.events import EventRow


def ready(cast: Any, lines: dict[str, int], warehouse: str = "DE1") -> Received:
    """A carton counted as announced and closed."""
    found = deliver(cast.acme, cast.receiver, lines, warehouse=warehouse)
    service.count_as_declared(cast.receiver, found.carton)
    service.close_carton(cast.receiver, found.carton)
    return found


@pytest.fixture
def counted(cast, db_session) -> Received:
    return ready(cast, {MUG: 24, RED: 6})


def container(carton_id: uuid.UUID) -> HandlingUnit:
    query = select(HandlingUnit).join(Carton, Carton.handling_unit_id == HandlingUnit.id).where(Carton.id == carton_id)
    return session().scalars(query.execution_options(populate_existing=True)).one()


def rows(unit_id: uuid.UUID) -> list[tuple[uuid.UUID, int, bool]]:
    """(product, units, sellable) of what is in a container."""
    query = select(Balance.product_id, Balance.on_hand, Balance.is_sellable)
    there = query.where(Balance.handling_unit_id == unit_id, Balance.on_hand > 0).order_by(Balance.id)
    return [tuple(row) for row in session().execute(there)]


def events_of(booking_id: uuid.UUID) -> list[str]:
    query = select(EventRow.name).where(EventRow.subject_id == booking_id).order_by(EventRow.sequence)
    return list(session().scalars(query))


def by_label(cast: Any, carton_id: uuid.UUID, *expected: Kind) -> Found:
    label = session().get_one(Carton, carton_id).barcode
    return resolve(label, Scope(cast.overseas.id), expected)


def untouched(found: Received) -> bool:
    unit = container(found.carton)
    stands = (unit.subject_kind, unit.subject_id, unit.state) == ("carton", found.carton, "in_use")
    return stands and postings("putaway") == [] and unit_of(found.carton) == ("in_use", "DOCK")


def test_the_bin_takes_it_with_its_goods_and_they_sell(cast, counted, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    whole = service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN])
    assert (whole.units, whole.stowed.left) == (30, 0)
    assert (whole.stowed.carton_state, whole.stowed.booking_state) == ("stowed", "completed")
    assert counted.booking.closed_at is not None
    unit = container(counted.carton)
    assert (unit.subject_kind, unit.subject_id, unit.parent_id) == (None, None, None)
    assert unit_of(counted.carton) == ("open", BIN)
    assert sorted(rows(unit.id)) == sorted([(mug, 24, True), (red, 6, True)])
    assert (sellable(mug), sellable(red), postings("putaway"), postings("move")) == (24, 6, [2], [])
    assert (line(counted.carton, mug), line(counted.carton, red)) == ((24, 24, 0, 0, 24), (6, 6, 0, 0, 6))


def test_the_booking_says_the_same_as_of_goods_put_away_loose(cast, db_session):
    """Its figures, state, times and events: only where the goods are differs."""
    seen = []
    for put_away in (service.put_away_all, service.put_away_unopened):
        found = ready(cast, {MUG: 5, CABLE: 2})
        done = put_away(cast.picker, found.carton, cast.overseas.locations[BIN])
        booking = found.booking
        times = [each is not None for each in (booking.received_at, booking.completed_at, booking.closed_at)]
        lines = [line(found.carton, cast.ACME.products[sku]) for sku in (MUG, CABLE)]
        stowed = session().get_one(Carton, found.carton, populate_existing=True).stowed_at is not None
        seen.append((done.units, done.stowed.left, booking.state, booking.version, times, lines, stowed,
                     events_of(found.booking_id)))  # fmt: skip
    assert seen[0] == seen[1]
    assert len(seen[0][-1]) == len(set(seen[0][-1])) > 2


def test_it_is_taken_back_with_its_goods(cast, counted, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN])
    undone = service.undo_put_away(cast.picker, counted.carton)
    assert (undone.carton_state, undone.booking_state, undone.left) == ("counted", "received", 30)
    assert (line(counted.carton, mug)[-1], line(counted.carton, red)[-1]) == (0, 0)
    assert (sellable(mug), sellable(red), postings("reverse")) == (0, 0, [2])
    unit = container(counted.carton)
    assert (unit.subject_kind, unit.subject_id, unit_of(counted.carton)) == (
        "carton", counted.carton, ("in_use", "DOCK"),
    )  # fmt: skip
    assert refused(lambda: service.undo_put_away(cast.picker, counted.carton)).code == "nothing_to_undo"
    service.put_away_all(cast.picker, counted.carton, cast.overseas.locations[BIN])  # now loose
    service.undo_put_away(cast.picker, counted.carton)
    service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[NEXT])  # and as it is again
    assert (sellable(mug), unit_of(counted.carton)) == (24, ("open", NEXT))


def test_what_went_on_is_not_taken_back(cast, counted, db_session):
    """Moved on, opened, set on a pallet, or kept for an order's hands: it stays free stock's."""
    places = cast.overseas.locations
    service.put_away_unopened(cast.picker, counted.carton, places[BIN])
    unit_id = container(counted.carton).id
    moved = units.move_unit(cast.picker, unit_id, places[NEXT], TASK)
    commit()
    assert refused(lambda: service.undo_put_away(cast.picker, counted.carton)).code == "unit_changed"
    units.undo_move(cast.picker, moved, places[NEXT])
    commit()
    pallet = create_handling_unit(SYSTEM, cast.overseas.id, HandlingUnitKind.PALLET, "PAL-U", places[BIN]).id
    commit()
    repacking.nest(cast.picker, unit_id, pallet)
    commit()
    assert refused(lambda: service.undo_put_away(cast.picker, counted.carton)).code == "unit_changed"
    repacking.take_out(cast.picker, unit_id)
    commit()
    row = units.content(unit_id)[0]
    repacking.split(cast.picker, unit_id, [repacking.Part(row.stock, 1)], None, TASK)
    commit()
    assert refused(lambda: service.undo_put_away(cast.picker, counted.carton)).code == "unit_changed"
    assert counted.states() == ["stowed"]


def test_its_label_means_the_container_from_then_on(cast, counted, db_session):
    everywhere = [(Kind.CARTON, Kind.UNIT), (Kind.UNIT,), (Kind.LOCATION, Kind.CARTON, Kind.TOTE, Kind.UNIT)]
    label = session().get_one(Carton, counted.carton).barcode
    assert by_label(cast, counted.carton, Kind.CARTON).id == counted.carton
    assert refused(lambda: resolve(label, Scope(cast.overseas.id), [Kind.UNIT])).params["is"] == "carton"
    service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN])
    unit_id = container(counted.carton).id
    for expected in everywhere:
        found = by_label(cast, counted.carton, *expected)
        assert (found.kind, found.id) == (Kind.UNIT, unit_id)
    assert refused(lambda: resolve(label, Scope(cast.overseas.id), [Kind.CARTON])).params["is"] == "unit"
    service.undo_put_away(cast.picker, counted.carton)
    assert by_label(cast, counted.carton, Kind.CARTON, Kind.UNIT).kind is Kind.CARTON


def test_it_is_moved_and_repacked_like_any_other(cast, counted, db_session):
    mug = cast.ACME.products[MUG]
    service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN])
    unit_id = container(counted.carton).id
    assert units.move_unit(cast.picker, unit_id, cast.overseas.locations[NEXT], TASK).units == 30
    commit()
    assert (unit_of(counted.carton), sellable(mug)) == (("open", NEXT), 24)
    assert repacking.merge(cast.picker, unit_id, None, TASK).units == 30
    commit()
    assert (rows(unit_id), sellable(mug), line(counted.carton, mug)[-1]) == ([], 24, 24)


@pytest.mark.parametrize(
    ("warehouse", "code", "refusal"),
    [
        ("bonded", BIN, "location_foreign"),
        ("overseas", "DOCK", "location_wrong_kind"),
        ("overseas", "INSP", "location_wrong_kind"),  # where it may be carried, it is not put away
        ("overseas", "PACK", "location_wrong_kind"),
        ("overseas", "TOTES", "location_wrong_kind"),
        ("overseas", "GATE", "location_wrong_kind"),
    ],
)
def test_a_place_that_is_no_bin_of_ours(cast, counted, db_session, warehouse, code, refusal):
    place = getattr(cast, warehouse).locations[code]
    assert refused(lambda: service.put_away_unopened(cast.picker, counted.carton, place)).code == refusal
    assert untouched(counted)


def test_the_bin_is_asked_about_all_that_is_in_it(cast, counted, db_session):
    single = bins(cast.overseas.id, "S", LocationKind.STORAGE)["S-1"]
    small = bins(cast.overseas.id, "V", LocationKind.STORAGE, mixes_products=True, max_weight_g=30 * 320 - 1)["V-1"]

    def answer(place: uuid.UUID) -> Any:
        return refused(lambda: service.put_away_unopened(cast.picker, counted.carton, place))

    assert answer(single).code == "location_other_product"
    assert answer(small).code == "location_full"
    assert answer(new_id()).kind is RefusalKind.NOT_FOUND
    assert untouched(counted)


def test_a_supervisor_may_insist(cast, counted, db_session):
    small = bins(cast.overseas.id, "V", LocationKind.STORAGE, mixes_products=True, max_weight_g=30 * 320 - 1)["V-1"]
    picker = refused(lambda: service.put_away_unopened(cast.picker, counted.carton, small, overruled=True))
    assert picker.code == "location_full"
    assert service.put_away_unopened(cast.supervisor, counted.carton, small, overruled=True).units == 30
    noted = text("SELECT count(*) FROM event WHERE data::text LIKE '%location_full%'")
    assert db_session.execute(noted).scalar_one() == 1


def test_a_carton_of_which_some_is_away_is_opened_already(cast, counted, db_session):
    service.put_away(cast.picker, counted.carton, cast.ACME.products[MUG], 1, cast.overseas.locations[BIN])
    answer = refused(lambda: service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN]))
    assert (answer.code, counted.states()) == ("carton_begun", ["stowing"])
    service.undo_put_away(cast.picker, counted.carton)
    assert service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN]).units == 30


def test_only_a_counted_carton(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 5})
    place = cast.overseas.locations[BIN]

    def answer() -> tuple[str, str]:
        told = refused(lambda: service.put_away_unopened(cast.picker, found.carton, place))
        return told.code, told.params["state"]

    assert answer() == ("not_allowed_now", "arrived")
    service.count_as_declared(cast.receiver, found.carton)
    assert answer() == ("not_allowed_now", "counting")
    service.close_carton(cast.receiver, found.carton)
    service.put_away_unopened(cast.picker, found.carton, place)
    assert answer() == ("not_allowed_now", "stowed")


@pytest.mark.parametrize(
    ("units_counted", "more", "kind"),
    [
        (9, {}, "short"),
        (11, {}, "over"),
        (10, {"condition": "damaged"}, "damaged"),
        (10, {"finding": "mixed"}, "mixed"),
        (10, {"finding": "unlabelled"}, "unlabelled"),
    ],
)
def test_what_differs_is_decided_first(cast, db_session, units_counted, more, kind):
    place = cast.overseas.locations[BIN]
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], units_counted, **more)
    service.close_carton(cast.receiver, found.carton)
    assert list(found.differences()) == [kind]
    answer = refused(lambda: service.put_away_unopened(cast.picker, found.carton, place))
    assert (answer.code, untouched(found)) == ("carton_undecided", True)
    waiting = text("SELECT id FROM difference WHERE carton_id = :carton")
    for key in db_session.execute(waiting, {"carton": found.carton}).scalars().all():
        service.decide(cast.acme, key, "accept")
    assert service.put_away_unopened(cast.picker, found.carton, place).units == units_counted


@pytest.mark.parametrize("scope", [HoldScope.HANDLING_UNIT, HoldScope.PRODUCT])
def test_what_is_held_stays(cast, counted, db_session, scope):
    key = container(counted.carton).id if scope is HoldScope.HANDLING_UNIT else cast.ACME.products[RED]
    hold = holds.place_hold(cast.supervisor, cast.overseas.id, scope, str(key), "quality", cast.ACME.id)
    commit()
    answer = refused(lambda: service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN]))
    assert (answer.code, untouched(counted)) == ("stock_is_held", True)
    holds.end_hold(cast.supervisor, cast.overseas.id, hold.id)
    commit()
    assert service.put_away_unopened(cast.picker, counted.carton, cast.overseas.locations[BIN]).units == 30


def test_serial_numbers_stay_with_it(cast, db_session):
    phone = product(cast.acme_person, "PHONE", serial_control="full")
    found = deliver(cast.acme, cast.receiver, {"PHONE": 3})
    service.count(cast.receiver, found.carton, phone, 3, serial_numbers=["S1", "S2", "S3"])
    service.close_carton(cast.receiver, found.carton)
    service.put_away_unopened(cast.picker, found.carton, cast.overseas.locations[BIN])
    where = text("SELECT DISTINCT l.code, b.handling_unit_id FROM serial s JOIN balance b ON b.id = s.balance_id"
                 " JOIN location l ON l.id = b.location_id")  # fmt: skip
    assert db_session.execute(where).one() == (BIN, container(found.carton).id)
    service.undo_put_away(cast.picker, found.carton)
    assert db_session.execute(where).one() == ("DOCK", container(found.carton).id)


def test_in_bond_it_needs_no_permit_and_sells_once_customs_booked_it(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = ready(cast, {MUG: 10}, warehouse="NGB1")
    foreign = refused(lambda: service.put_away_unopened(cast.picker, found.carton, cast.overseas.locations[BIN]))
    assert foreign.code == "location_foreign"
    service.put_away_unopened(cast.picker, found.carton, cast.bonded.locations[BIN])
    assert (stock(mug), sellable(mug)) == ({(BIN, "good", False): 10}, 0)
    assert book(db_session, cast.bonded.id) == (0, 10)
    item = db_session.scalar(select(BookItem.item_number).where(BookItem.warehouse_id == cast.bonded.id))
    customs.record_book_receipt(cast.customs_clerk, cast.bonded.id, item, "QD1", 10)
    commit()
    assert (stock(mug), sellable(mug)) == ({(BIN, "good", True): 10}, 10)
    service.undo_put_away(cast.picker, found.carton)  # it stays in the zone: still no permit
    assert (stock(mug), sellable(mug), book(db_session, cast.bonded.id)) == ({("DOCK", "good", False): 10}, 0, (10, 0))


def test_twenty_lines_cost_no_more_statements_than_two(cast, db_session):
    costs = set()
    for lines in (2, 20):
        skus = [f"U{lines}-{number}" for number in range(lines)]
        for sku in skus:
            product(cast.acme_person, sku)
        found = ready(cast, dict.fromkeys(skus, 3))
        taken = []
        for step in (
            lambda found=found: service.put_away_unopened(cast.picker, found.carton, cast.overseas.locations[BIN]),
            lambda found=found: service.undo_put_away(cast.picker, found.carton),
        ):
            session().expunge_all()
            with statements() as sent:
                step()
            taken.append(len(sent))
        costs.add(tuple(taken))
    assert len(costs) == 1, costs


@pytest.mark.parametrize("person", ["acme", "acme_person", "rival", "agency", "customs_clerk"])
def test_it_is_for_the_warehouse_s_people(cast, counted, db_session, person):
    actor, place = getattr(cast, person), cast.overseas.locations[BIN]
    answer = refused(lambda: service.put_away_unopened(actor, counted.carton, place))
    assert (answer.kind, untouched(counted)) == (RefusalKind.NOT_FOUND, True)

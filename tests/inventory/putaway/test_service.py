"""Suggestions, reservations and putaways against the tables: what is found, what is kept, what is refused and noted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text, update

from tests.inventory.conftest import assert_books_balance
from tests.inventory.world import TEST, World, amounts, make_house, make_lot, make_product, make_world, refusal
from wms.catalog.models import Product
from wms.catalog.queries import ProductFacts, products_by_ids
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.facility.models import Location, Zone
from wms.inventory import holds, service
from wms.inventory.models import HoldScope
from wms.inventory.putaway import filling, fixed, queries, reservations
from wms.inventory.putaway import service as putaway
from wms.inventory.putaway.models import BinReservation
from wms.inventory.putaway.reservations import KEPT
from wms.inventory.putaway.rules import Goods
from wms.inventory.rules import Stock
from wms.inventory.service import Subject
from wms.platform.database import session


class Floor:
    """A warehouse of ten storage bins, B0 … B9 along the walk, a bulk place and a pick face, and goods at its dock."""

    def __init__(self, world: World, kind: str = "overseas") -> None:
        self.world, self.house = world, make_house(kind, "Europe/Berlin")
        for place in self.house.places.values():
            session().get_one(Location, place).is_active = False
        session().get_one(Location, self.house.at("dock")).is_active = True
        self.zone = (
            session().scalars(text("SELECT id FROM zone WHERE warehouse_id = :w").bindparams(w=self.house.id)).one()
        )
        self.bins = {f"B{n}": self.make(f"B{n}", walk_order=100 + n) for n in range(10)}
        session().commit()

    def make(self, code: str, kind: str = "storage", zone: uuid.UUID | None = None, **facts: Any) -> uuid.UUID:
        place = Location(
            warehouse_id=self.house.id, zone_id=zone or self.zone, code=code, barcode=f"L-{new_id()}", kind=kind,
            walk_order=facts.pop("walk_order", 200), mixes_products=facts.pop("mixes_products", False), **facts,
        )  # fmt: skip
        session().add(place)
        session().flush()
        return place.id

    def make_zone(self, code: str, **rules: Any) -> uuid.UUID:
        zone = Zone(warehouse_id=self.house.id, code=code, name=code, purpose="storage", **rules)
        session().add(zone)
        session().flush()
        return zone.id

    def change(self, code: str, **facts: Any) -> None:
        session().execute(update(Location).where(Location.id == self.bins[code]).values(**facts))
        session().commit()

    def arrived(self, product: Product, quantity: int, lot: uuid.UUID | None = None) -> Stock:
        dock = self.house.goods(product, "dock", lot=lot)
        service.receive(SYSTEM, dock, quantity, TEST)
        session().commit()
        return dock

    def put(self, product: Product, quantity: int, code: str, lot: uuid.UUID | None = None, **more: Any) -> None:
        putaway.place(SYSTEM, self.arrived(product, quantity, lot), self.bins[code], quantity, TEST, **more)
        session().commit()

    def refused(self, product: Product, quantity: int, code: str, **more: Any) -> str:
        dock = self.arrived(product, quantity)
        told = refusal(putaway.place, SYSTEM, dock, self.bins[code], quantity, TEST, **more)
        service.scrap(SYSTEM, dock, quantity, TEST)
        session().commit()
        return told.code

    def suggested(self, product: Product, quantity: int = 1, **more: Any) -> tuple[str, str] | None:
        found = putaway.suggest_for(self.house.id, goods(product, quantity, **more))
        return None if found is None else (found.code, found.reason.code)

    def kept(self, product: Product, quantity: int = 1, holder: Subject | None = None) -> str | None:
        choice = putaway.suggest_and_keep(SYSTEM, self.house.id, goods(product, quantity), holder or hand())
        session().commit()
        return None if choice is None else choice.suggestion.code


def hand() -> Subject:
    return Subject("floor_task", new_id())


def facts(product: Product) -> ProductFacts:
    return products_by_ids([product.id])[product.id]


def goods(
    product: Product | ProductFacts, quantity: int, lot_id: uuid.UUID | None = None, customs_status: str = "none"
) -> Goods:
    known = product if isinstance(product, ProductFacts) else facts(product)
    return putaway.goods_of(known, quantity, lot_id, "good", customs_status)


@pytest.fixture
def floor(db_session) -> Iterator[Floor]:
    yield Floor(make_world())
    assert_books_balance()


def test_the_first_empty_bin_on_the_walk_and_then_the_one_with_the_same(floor: Floor):
    product = floor.world.product
    assert floor.suggested(product) == ("B0", "putaway_empty_bin")
    floor.put(product, 3, "B4")
    assert floor.suggested(product) == ("B4", "putaway_same_lot")
    assert floor.suggested(make_product(floor.world.seller)) == ("B0", "putaway_empty_bin")


def test_lots_stay_apart_unless_there_is_no_other_place(floor: Floor):
    product = make_product(floor.world.seller, lot_controlled=True)
    one, two = make_lot(product, batch="1"), make_lot(product, batch="2")
    floor.put(product, 3, "B4", one)
    assert floor.suggested(product, lot_id=one) == ("B4", "putaway_same_lot")
    assert floor.suggested(product, lot_id=two) == ("B0", "putaway_empty_bin")
    for number in {*range(10)} - {4}:
        floor.change(f"B{number}", is_active=False)
    assert floor.suggested(product, lot_id=two) == ("B4", "putaway_same_product")
    floor.change("B4", mixes_lots=False)
    assert floor.suggested(product, lot_id=two) is None


def test_goods_go_near_the_pick_face_of_their_product(floor: Floor):
    product = floor.world.product
    for number in range(10):
        floor.change(f"B{number}", x_m=100 * number, y_m=0)
    face = floor.make("F1", "pick_face", x_m=705, y_m=0, walk_order=107, mixes_products=False)
    other_face = floor.make("F2", "pick_face", x_m=205, y_m=0, walk_order=102)
    fixed.keep_for(SYSTEM, face, product.id)
    session().commit()
    assert floor.suggested(product) == ("F1", "putaway_fixed_bin")
    session().get_one(Location, face).max_units = 1
    session().commit()
    found = putaway.suggest_for(floor.house.id, goods(product, 5))
    assert found is not None
    assert (found.code, found.reason.code, found.reason.params["metres"]) == ("B7", "putaway_near_pick_face", 5)
    assert other_face in {other for other, *_ in found.alternatives}
    # nobody else's goods go to the pick face, and it is not suggested to them
    stranger = make_product(floor.world.seller)
    assert floor.suggested(stranger) == ("F2", "putaway_pick_face")
    floor.bins["F1"] = face
    assert floor.refused(stranger, 1, "F1") == "location_kept"


def test_goods_go_to_bins_of_their_class(floor: Floor):
    product = make_product(floor.world.seller)
    session().execute(update(Product).where(Product.id == product.id).values(velocity_class="A"))
    floor.change("B0", velocity_class="C")
    floor.change("B6", velocity_class="A")
    assert floor.suggested(product) == ("B6", "putaway_empty_of_class")
    floor.change("B6", is_active=False)
    assert floor.suggested(product) == ("B1", "putaway_empty_bin")


@pytest.mark.parametrize(
    ("limits", "fits"), [({"max_weight_g": 1_000}, 10), ({"max_volume_cm3": 5}, 5), ({"max_units": 7}, 7)]
)  # each unit weighs 100 g and is 1 cm³
def test_capacity_is_by_weight_volume_and_count(floor: Floor, limits: dict[str, int], fits: int):
    product = floor.world.product
    floor.change("B0", **limits)
    assert floor.suggested(product, fits) == ("B0", "putaway_empty_bin")
    assert floor.suggested(product, fits + 1) == ("B1", "putaway_empty_bin")
    floor.put(product, fits - 2, "B0")
    assert floor.refused(product, 3, "B0") == "location_full"
    floor.put(product, 2, "B0")
    assert floor.suggested(product, 1) == ("B1", "putaway_empty_bin")


def test_zones_say_who_may_stand_in_them(floor: Floor):
    seller, other = floor.world.seller, floor.world.other_seller
    floor.change("B0", owner_id=other.id)
    rented = floor.make("R1", zone=floor.make_zone("R", owner_id=other.id), walk_order=50)
    cool = floor.make("K1", zone=floor.make_zone("K", temperature="cool"), walk_order=51)
    danger = floor.make("D1", zone=floor.make_zone("D", dangerous_classes=["3", "8"]), walk_order=52)
    floor.bins |= {"R1": rented, "K1": cool, "D1": danger}
    session().commit()
    plain, theirs = floor.world.product, make_product(other)
    cold, acid = make_product(seller, temperature="cool"), make_product(seller, dangerous_class="8")
    oxidiser = make_product(seller, dangerous_class="5.1")
    wanted = {plain: "B1", theirs: "R1", cold: "K1", acid: "D1", oxidiser: None}
    for product, code in wanted.items():
        found = floor.suggested(product)
        assert (found[0] if found else None) == code
    told = {
        (plain, "B0"): "location_other_owner", (plain, "R1"): "location_other_owner",
        (plain, "K1"): "location_temperature", (plain, "D1"): "location_dangerous_only",
        (cold, "B1"): "location_temperature", (acid, "B1"): "location_not_dangerous",
        (oxidiser, "D1"): "location_not_dangerous",
    }  # fmt: skip
    for (product, code), expected in told.items():
        assert floor.refused(product, 1, code) == expected


def test_goods_that_may_not_share_a_bin(floor: Floor):
    seller = floor.world.seller
    both = floor.make_zone("D", dangerous_classes=["3", "5.1"])
    floor.bins |= {"D1": floor.make("D1", zone=both, mixes_products=True), "D2": floor.make("D2", zone=both)}
    session().commit()
    fuel, oxidiser = make_product(seller, dangerous_class="3"), make_product(seller, dangerous_class="5.1")
    floor.put(fuel, 1, "D1")
    assert floor.suggested(oxidiser) == ("D2", "putaway_empty_bin")
    assert floor.refused(oxidiser, 1, "D1") == "location_segregation"


def test_bonded_areas(db_session):
    floor = Floor(make_world(), "bonded")
    product = floor.world.bonded_product
    free = floor.make("F1", zone=floor.make_zone("F", customs_area="free"), walk_order=1)
    floor.bins["F1"] = free
    session().execute(update(Zone).where(Zone.id == floor.zone).values(customs_area="bonded"))
    session().commit()
    assert floor.suggested(product, customs_status="bonded") == ("B0", "putaway_empty_bin")
    assert floor.suggested(product, customs_status="duty_paid_returned") == ("F1", "putaway_empty_bin")
    dock = floor.arrived(product, 2)
    assert refusal(putaway.place, SYSTEM, dock, free, 2, TEST).code == "location_not_bonded"
    paid = replace(dock, customs_status="duty_paid_returned", book_item_id=None)
    assert refusal(putaway.place, SYSTEM, paid, floor.bins["B0"], 1, TEST).code == "location_bonded_only"
    assert_books_balance()


def test_a_held_bin_takes_nothing_until_it_is_released(floor: Floor):
    product = floor.world.product
    hold = holds.place_hold(SYSTEM, floor.house.id, HoldScope.LOCATION, str(floor.bins["B0"]), "look")
    session().commit()
    assert floor.suggested(product) == ("B1", "putaway_empty_bin")
    assert floor.refused(product, 1, "B0") == "location_held"
    holds.end_hold(SYSTEM, floor.house.id, hold.id)
    session().commit()
    assert floor.suggested(product) == ("B0", "putaway_empty_bin")


def test_shared_bins_are_the_last_resort(floor: Floor):
    for number in range(1, 10):
        floor.change(f"B{number}", is_active=False)
    floor.change("B0", mixes_products=True)
    floor.put(make_product(floor.world.seller), 1, "B0")
    assert floor.suggested(floor.world.product) == ("B0", "putaway_shared_bin")
    floor.change("B0", mixes_products=False)
    assert floor.suggested(floor.world.product) is None


# Reservations


def test_two_hands_are_never_sent_to_one_bin(floor: Floor):
    product = floor.world.product
    codes = [floor.kept(product) for _ in range(10)]
    assert codes == [f"B{n}" for n in range(10)]
    assert floor.kept(product) is None


def test_a_bin_with_room_for_both_is_shared_up_to_its_limits(floor: Floor):
    product = floor.world.product
    floor.put(product, 1, "B3")
    floor.change("B3", max_units=5)
    assert [floor.kept(product, 2) for _ in range(3)] == ["B3", "B3", "B0"]
    assert floor.refused(product, 2, "B3") == "location_reserved"


def test_the_holder_puts_away_what_was_kept_and_the_bin_is_free_again(floor: Floor):
    product, mine, theirs = floor.world.product, hand(), hand()
    dock = floor.arrived(product, 3)
    assert floor.kept(product, 3, mine) == "B0"
    other = make_product(floor.world.seller)
    assert floor.refused(other, 1, "B0") == "location_reserved"
    assert floor.refused(other, 1, "B0", holder=theirs) == "location_reserved"
    putaway.place(SYSTEM, dock, floor.bins["B0"], 3, TEST, holder=mine)
    session().commit()
    assert session().query(BinReservation).count() == 0
    assert amounts(replace(dock, location_id=floor.bins["B0"])) == (3, 0)


def test_a_new_suggestion_lets_the_old_bin_go_and_so_does_none(floor: Floor):
    product, mine = floor.world.product, hand()
    assert floor.kept(product, 1, mine) == "B0"
    assert floor.kept(product, 1, mine) == "B0"
    floor.change("B0", is_active=False)
    assert floor.kept(product, 1, mine) == "B1"
    assert floor.kept(make_product(floor.world.seller, temperature="frozen"), 1, mine) is None
    assert session().query(BinReservation).count() == 0


def test_a_reservation_ends_by_release_and_by_time(floor: Floor, test_clock):
    product, mine = floor.world.product, hand()
    assert floor.kept(product, 1, mine) == "B0"
    reservations.release(mine)
    assert floor.kept(product) == "B0"
    test_clock.forward(seconds=KEPT.total_seconds() - 1)
    assert floor.suggested(product) == ("B1", "putaway_empty_bin")
    test_clock.forward(seconds=1)
    assert floor.suggested(product) == ("B0", "putaway_empty_bin")
    reservations.drop_expired()
    assert session().query(BinReservation).count() == 0


def test_dangerous_goods_on_their_way_keep_others_away(floor: Floor):
    seller = floor.world.seller
    both = floor.make_zone("D", dangerous_classes=["3", "5.1"])
    floor.bins["D1"] = floor.make("D1", zone=both, mixes_products=True, max_units=100)
    session().commit()
    assert floor.kept(make_product(seller, dangerous_class="3")) == "D1"
    assert floor.refused(make_product(seller, dangerous_class="5.1"), 1, "D1") == "location_segregation"


# Overruling


def overruled_events() -> list[tuple[str, uuid.UUID]]:
    query = text("SELECT data->>'rule', subject_id FROM event WHERE name = 'stock.putaway_overruled' ORDER BY sequence")
    return [tuple(row) for row in session().execute(query)]


def test_a_supervisor_overrules_some_rules_and_it_is_noted(cast, floor: Floor):
    product = floor.world.product
    floor.change("B0", max_units=1)
    dock = floor.arrived(product, 3)
    supervisor = replace(cast.supervisor, warehouse_ids=None)
    for actor in (supervisor, replace(cast.picker, warehouse_ids=None)):
        assert refusal(putaway.place, actor, dock, floor.bins["B0"], 3, TEST).code == "location_full"
    assert refusal(putaway.place, replace(cast.picker, warehouse_ids=None), dock, floor.bins["B0"], 3, TEST,
                   overruled=True).code == "location_full"  # fmt: skip
    assert overruled_events() == []
    posted = putaway.place(supervisor, dock, floor.bins["B0"], 3, TEST, overruled=True)
    session().commit()
    assert overruled_events() == [("location_full", floor.bins["B0"])]
    noted = session().execute(
        text("SELECT data->>'posting_id', data->>'actor_id' FROM event WHERE name LIKE '%overruled'")
    )
    assert list(noted) == [(str(posted.posting_id), str(supervisor.id))]


def test_nobody_overrules_safety(cast, floor: Floor):
    floor.change("B0", max_units=1)
    cold = make_product(floor.world.seller, temperature="cool")
    dock = floor.arrived(cold, 3)
    supervisor = replace(cast.supervisor, warehouse_ids=None)
    told = refusal(putaway.place, supervisor, dock, floor.bins["B0"], 3, TEST, overruled=True)
    assert told.code == "location_temperature"


# Explaining


def test_every_bin_answers_for_itself(floor: Floor):
    product = floor.world.product
    floor.change("B0", max_weight_g=500)
    floor.change("B1", owner_id=floor.world.other_seller.id)
    assert floor.kept(make_product(floor.world.seller), 9) == "B2"
    told = putaway.explain(floor.house.id, goods(product, 9), [floor.bins[f"B{n}"] for n in range(4)])
    assert [(each.place.code, [fault.code for fault in each.faults]) for each in told] == [
        ("B0", ["location_full"]), ("B1", ["location_other_owner"]), ("B2", ["location_reserved"]), ("B3", []),
    ]  # fmt: skip
    assert told[0].faults[0].params["over"] == "0.4 kg"
    assert told[3].reason is not None
    assert told[3].reason.code == "putaway_empty_bin"


# Hints


def test_hints_are_put_right_and_nothing_relies_on_them(floor: Floor):
    product = floor.world.product
    floor.put(product, 3, "B0")
    floor.change("B1", max_units=3)
    floor.put(product, 3, "B1")
    filling.note_fill()
    fill = text("SELECT code, fill FROM location WHERE warehouse_id = :w AND code IN ('B0', 'B1', 'B2') ORDER BY code")
    assert [tuple(row) for row in session().execute(fill, {"w": floor.house.id})] == [("B0", 1), ("B1", 2), ("B2", 0)]
    assert filling.note_fill() == 0
    session().execute(update(Location).where(Location.warehouse_id == floor.house.id).values(fill=0))
    assert floor.suggested(make_product(floor.world.seller)) == ("B2", "putaway_empty_bin")


def test_candidates_are_few_however_many_bins_there_are(floor: Floor):
    for number in range(200):
        floor.make(f"M{number:03}", walk_order=300 + number)
    session().commit()
    assert len(queries.candidates(floor.house.id, goods(floor.world.product, 1))) == queries.FEW

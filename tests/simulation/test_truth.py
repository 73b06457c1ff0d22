"""What cannot be true is not taken for true, whoever says so; and time that jumps still goes one way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from wms.core import clock
from wms.core.ids import made_at, new_id
from wms.simulation.carrier import Carrier
from wms.simulation.paper import Paper
from wms.simulation.play import Play, expect_into
from wms.simulation.timeline import Process, Timeline, virtual_time
from wms.simulation.wire import Answer
from wms.simulation.world import Aside, Carton, Goods, Order, Place, Untrue, World

START = datetime(2026, 3, 28, 23, tzinfo=UTC)
BIN = Place("DE1", "A-01", "ACME", "MUG", "good")


def world_with(bonded: bool = False) -> tuple[World, Order]:
    world = World()
    house = "NGB1" if bonded else "DE1"
    order = Order("1", "SO-1", "R-1", house, bonded, "ACME", {"MUG": 2})
    world.accept(order)
    world.goods[Goods(house, "ACME", "MUG")] = 5
    world.close(order, "HC1", Counter(MUG=2))
    return world, order


def test_a_parcel_leaves_once_and_takes_its_goods() -> None:
    world, order = world_with()
    world.ship("HC1")
    assert world.goods[Goods("DE1", "ACME", "MUG")] == 3
    assert (order.gone, order.parcel) == (True, "HC1")
    with pytest.raises(Untrue, match="left twice"):
        world.ship("HC1")
    with pytest.raises(Untrue, match="had left"):
        world.cancel(order)
    with pytest.raises(Untrue, match="nobody had closed"):
        world.ship("HC2")


def test_an_order_is_gone_with_its_last_parcel() -> None:
    world, _ = world_with()
    order = Order("2", "SO-2", "R-2", "DE1", False, "ACME", {"MUG": 3})
    world.accept(order)
    world.close(order, "HC2", Counter(MUG=1))
    with pytest.raises(Untrue, match="two parcels bear"):
        world.close(order, "HC2", Counter(MUG=1))
    world.ship("HC2")
    assert not order.gone
    world.close(order, "HC3", Counter(MUG=2))
    with pytest.raises(Untrue, match="more is packed"):
        world.close(order, "HC4", Counter(MUG=1))
    world.ship("HC3")
    assert order.gone


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (lambda world, order: world.cancel(order), "although it was cancelled"),
        (lambda world, order: world.ask_to_stop(order), "waits for it to be stopped"),
        (lambda world, order: order.holds.add("1"), "although it is held"),
        (lambda world, order: order.kept_by.add("1"), "although it is held"),
    ],
)
def test_what_is_stopped_never_leaves(stop, said) -> None:
    world, order = world_with()
    stop(world, order)
    with pytest.raises(Untrue, match=said):
        world.ship("HC1")
    with pytest.raises(Untrue, match="although it is stopped"):
        world.destroy(order)


def test_what_came_off_its_load_is_here_again() -> None:
    world, order = world_with()
    with pytest.raises(Untrue, match="on which it is not"):
        world.take_off("HC1")
    world.ship("HC1")
    world.ask_to_stop(order)
    world.take_off("HC1")
    assert (world.goods[Goods("DE1", "ACME", "MUG")], order.gone) == (5, False)
    world.cancel(order)
    assert (order.cancelled, order.asked) == (True, False)


def test_a_truck_that_drove_off_brings_nothing_back() -> None:
    world, order = world_with()
    world.ship("HC1")
    order.parcels["HC1"].left = True
    with pytest.raises(Untrue, match="on which it is not"):
        world.take_off("HC1")


def test_parts_want_what_the_whole_one_wanted() -> None:
    world, order = world_with()
    part = Order("2", "SO-2", "R-1", "DE1", False, "ACME", {"MUG": 1})
    world.part(order, part)
    assert (order.lines, world.orders["2"]) == ({"MUG": 1}, part)
    with pytest.raises(Untrue, match="wants more"):
        world.part(order, Order("3", "SO-3", "R-1", "DE1", False, "ACME", {"MUG": 2}))


class Looks(Play):
    """What somebody sees who looks: orders by their ids, of which all but the first are parts of it; and frozen bins."""

    def __init__(self, world: World, *seen: SimpleNamespace, frozen: Sequence[str] = ()) -> None:
        self.world, self.seen, self.frozen = world, seen, frozen

    def look(self, question: str, **values: Any) -> Sequence[Any]:
        if "stock_hold" in question:
            return [(values["bin"] in self.frozen,)]
        return [each for each in self.seen if each.id == values["id"]] if "id" in values else self.seen[1:]


def test_who_works_on_an_order_knows_what_is_left_of_it() -> None:
    """Its number was known, and some of its lines had become an order of their own (seed 7095)."""
    world, order = world_with()
    whole = SimpleNamespace(id="1", lines={"MUG": 1})
    part = SimpleNamespace(
        id="2", number="SO-2", reference="R-1", house="DE1", bonded=False, seller="ACME", lines={"MUG": 1},
        kind="dropship", first="1", state="short",
    )  # fmt: skip
    assert Looks(world, whole, part).order("SO-1") is order
    assert (order.lines, world.by_number["SO-2"].lines) == ({"MUG": 1}, {"MUG": 1})


@pytest.mark.parametrize(
    ("code", "frozen", "said"),
    [
        ("location_held", ["A-01"], False),
        ("location_held", ["A-02"], "location_held, and A-01 is not frozen"),
        ("item_stowed", [], True),
        ("item_stowed", ["A-01"], "item_stowed, although A-01 is frozen"),
        ("location_full", ["A-01"], False),
        ("location_closed", ["A-01"], "location_closed"),
    ],
)
def test_a_frozen_bin_takes_nothing_and_no_other_says_that_it_is_frozen(code, frozen, said) -> None:
    put = partial(
        expect_into, Looks(World(), frozen=frozen), SimpleNamespace(id="1"), "A-01", SimpleNamespace(name="stower")
    )
    answer = Answer(200, {"ok": code == "item_stowed", "feedback": {"code": code}}, Headers())
    if isinstance(said, bool):
        assert put(answer, "six", "location_full") is said
    else:
        with pytest.raises(Untrue, match=said):
            put(answer, "six", "location_full")


def test_what_is_destroyed_is_gone_without_a_parcel() -> None:
    world, order = world_with()
    world.destroy(order)
    assert (order.gone, order.parcel, world.goods[Goods("DE1", "ACME", "MUG")]) == (True, None, 3)


def test_nothing_bonded_leaves_before_its_release() -> None:
    world, order = world_with(bonded=True)
    with pytest.raises(Untrue, match="before customs had released it"):
        world.ship("HC1")
    order.released = True
    world.ship("HC1")


def test_no_more_comes_back_than_left() -> None:
    world, order = world_with()
    world.come_back(order, "MUG", 2)
    with pytest.raises(Untrue, match="more of MUG came back"):
        world.come_back(order, "MUG", 1)


def test_what_is_in_hands_is_not_in_its_bin() -> None:
    """Decision 119: whoever counts, takes or steals finds what is there."""
    world = World()
    world.put(BIN, 10)
    world.vanish(BIN, 1)
    world.take_up("mover", BIN, 3)
    world.take_up("filler", BIN, 2)
    assert (world.really_there(BIN), world.in_hands(BIN), world.shelf[BIN]) == (4, 5, 10)
    world.let_go("mover")
    world.let_go("mover")
    assert (world.really_there(BIN), world.in_hands(BIN)) == (7, 2)


def test_nothing_is_taken_that_is_not_there() -> None:
    world = World()
    world.put(BIN, 2)
    world.vanish(BIN, 1)
    assert world.really_there(BIN) == 1
    with pytest.raises(Untrue, match="not so many"):
        world.take(BIN, 3)


def test_what_is_broken_leaves_its_bin_in_a_tote_and_stands_in_a_place_for_it_then() -> None:
    world, broken = World(), BIN._replace(condition="damaged")
    world.put(broken, 3)
    world.set_aside(broken, 2, "T-1")
    with pytest.raises(Untrue, match="not so many"):
        world.set_aside(broken, 2, "T-1")
    world = World()
    world.put(broken, 3)
    world.set_aside(broken, 1, "T-1")
    world.set_aside(broken, 1, "T-2")
    world.bring("DE1", "T-1", "INSP")
    assert (world.shelf[broken], world.shelf[broken._replace(bin="INSP")]) == (1, 1)
    assert world.aside == {Aside("DE1", "T-2", broken.seller, broken.sku, "damaged"): 1}


def test_surplus_in_bond_does_not_stay_in_the_carton() -> None:
    world = World()
    carton = Carton("B-1", "NGB1", True, "ACME", {"MUG": 10}, {})
    world.count(carton, [("MUG", "good", 9)])
    world.count(carton, [("MUG", "good", 3)])
    assert carton.held["MUG", "good"] == 10
    assert world.goods[Goods("NGB1", "ACME", "MUG")] == 12
    world.uncount(carton)
    assert (carton.held["MUG", "good"], world.goods[Goods("NGB1", "ACME", "MUG")]) == (9, 9)


def test_turns_come_in_the_order_of_time_and_the_clock_follows() -> None:
    timeline = Timeline(1, START)
    seen: list[tuple[str, datetime]] = []

    def walk(name: str, pauses: list[float]) -> Process:
        for pause in pauses:
            seen.append((name, clock.now()))
            yield pause

    with virtual_time(lambda: timeline.moment, timeline.dice("ids")):
        timeline.add(walk("slow", [100, 100]))
        timeline.add(walk("quick", [30, 30, 30, 30]), 1)
        timeline.run(START + timedelta(hours=3), lambda: None)
        assert made_at(new_id()) == clock.now() == START + timedelta(hours=3)
    assert [name for name, _ in seen] == ["slow", "quick", "quick", "quick", "quick", "slow"]
    assert [moment for _, moment in seen] == sorted(moment for _, moment in seen)
    assert clock.ruling() is None


def test_a_waybill_comes_out_once_unless_a_person_says_that_none_came() -> None:
    paper = Paper()
    paper.come_out("job 1", "HC1")
    with pytest.raises(Untrue, match="one job printed"):
        paper.come_out("job 1", "HC1")
    paper = Paper()
    paper.come_out("job 1", "HC1")
    paper.asked_again["HC1"] += 1
    paper.come_out("job 2", "HC1")
    with pytest.raises(Untrue, match="nobody had said"):
        paper.come_out("job 3", "HC1")


class _Calm:
    """What a carrier needs of a play."""

    def dice(self, name: str) -> random.Random:
        return random.Random(name)


def test_a_carrier_sells_one_waybill_for_a_reference_until_it_is_given_back() -> None:
    seller = Carrier(_Calm())
    first = seller._sell("ORDER/1")
    with pytest.raises(Untrue, match="a second waybill"):
        seller._sell("ORDER/1")
    first["state"] = "voided"
    assert seller._sell("ORDER/1")["tracking_number"] != first["tracking_number"]

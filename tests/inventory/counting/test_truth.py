"""Counts among moves against a warehouse that can be walked through: the book ends as what is really there.

The physical warehouse is a table of (bin, product) → units. Every move changes it and the book alike; a *surprise* changes
it alone (shrinkage, goods that turn up). People look at it when they look, and say what they saw. Carriers work with the
floor's scenarios: what they have in hand lies in no bin, and is in the book where it was taken from (`carriers`).

Whatever moves and whoever corrects meanwhile: when a bin's count is over and nothing surprised since the count began, the
book of the bin, less what is in hands, is what lies in it. WMS_COUNT_EXAMPLES and WMS_COUNT_STEPS make the run longer.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.inventory.conftest import assert_books_balance
from tests.inventory.counting.carriers import Carrier, code_of
from tests.inventory.counting.people import goods_of, person, planned
from tests.inventory.world import TEST, isolated, make_house, make_product, make_seller, move
from wms.core.actor import SYSTEM, Actor
from wms.core.refusals import Refused
from wms.inventory import service as stock
from wms.inventory.counting import deciding, planning, service
from wms.inventory.counting.models import CountTask
from wms.inventory.counting.rules import Rule
from wms.inventory.replenishment import faces
from wms.inventory.replenishment import planning as replenishment
from wms.inventory.rules import Stock
from wms.platform.database import session

EXAMPLES = int(os.environ.get("WMS_COUNT_EXAMPLES", "15"))
STEPS = int(os.environ.get("WMS_COUNT_STEPS", "10"))
BINS = ("storage", "bin2")
GOODS = ("tea", "cup")
PEOPLE = [person() for _ in range(4)]
CHIEF, OTHER_CHIEF = person("supervisor"), person("supervisor")

bins = st.sampled_from(BINS)
goods = st.sampled_from(GOODS)
units = st.integers(1, 6)
# Something that happens to the goods while a bin is counted, or between its count and the decision on it.
happenings = st.lists(
    st.tuples(
        st.sampled_from(["out", "in", "arrive", "correct", "look", "take", "walk", "put", "back", "undo", "leave", "return"]),
        goods, units,
    ), max_size=6,
)  # fmt: skip
carriers = st.sampled_from(range(2))


@dataclass
class Counting:
    """Somebody at a bin: what they have seen and not yet told; whether the bin surprised since the count of it began."""

    who: Actor
    task_id: uuid.UUID
    seen: Counter[str] = field(default_factory=Counter)


class Warehouse(RuleBasedStateMachine):
    app: Any = None

    def __init__(self) -> None:
        super().__init__()
        self._world = isolated(self.app)
        self._world.__enter__()

    def teardown(self) -> None:
        try:
            self.count_everything_in_peace()
        finally:
            self._world.__exit__(None, None, None)

    @initialize(tolerance=st.sampled_from([0, 1, 99]), limit=st.sampled_from([0, 30, 10**6]), bonded=st.booleans())
    def build(self, tolerance: int, limit: int, bonded: bool) -> None:
        self.bonded = bonded
        self.house = make_house("bonded" if bonded else "overseas", "UTC")
        seller = make_seller()
        self.products = {
            name: make_product(
                seller, customs_item_number=str(number), declared_value_minor=10, declared_currency="USD"
            )
            for number, name in enumerate(GOODS)
        }
        self.keys: dict[tuple[str, str], Stock] = {}
        self.really: Counter[tuple[str, str]] = Counter()
        self.at_work: dict[str, Counting] = {}
        self.surprised: set[str] = set()  # since the counting of that bin began
        codes = {name: code_of(product) for name, product in self.products.items()}
        self.carriers = [Carrier(self.house, codes, self.really) for _ in range(2)]
        planning.set_rule(CHIEF, self.house.id, Rule(tolerance_units=tolerance, approve_above_minor=limit))
        for place in BINS:
            for name in GOODS:
                self.keys[place, name] = self.house.stocked(self.products[name], 8, place)
                self.really[place, name] = 8
        faces.set_face(CHIEF, self.house.at("pick_face"), self.products["tea"].id, 2, 5)
        session().commit()
        replenishment.plan(self.house.id)
        session().commit()

    def book(self, place: str, name: str) -> int:
        session().expire_all()
        return stock.on_hand_of(self.keys[place, name])

    def in_hands(self, place: str, name: str) -> int:
        """What people at work carry; who went home carries nothing any more."""
        loads = [each.load for each in self.carriers if each.load is not None and not each.away]
        return sum(load.units for load in loads if load.at == (place, name))

    def on_carts(self, place: str, name: str) -> int:
        """What lies about on the carts of those who went home."""
        return sum(
            each.load.units
            for each in self.carriers
            if each.away and each.load is not None and each.load.at == (place, name)
        )

    def free(self, place: str, name: str) -> int:
        """What the book has in the bin for anybody to take."""
        row = stock.find_balance(self.keys[place, name])
        kept = max(row.allocated, self.in_hands(place, name)) if row is not None else 0
        return self.book(place, name) - kept - self.on_carts(place, name)

    def attempt(self, call: Any, *arguments: Any, **more: Any) -> Any:
        """As a command: a refusal changes nothing."""
        try:
            made = call(*arguments, **more)
        except Refused as refusal:
            session().rollback()
            return refusal
        session().commit()
        return made

    def task_at(self, place: str) -> CountTask | None:
        session().expire_all()
        return (
            session()
            .query(CountTask)
            .filter(CountTask.location_id == self.house.at(place), CountTask.state.in_(["open", "counting", "review"]))
            .one_or_none()
        )

    # -- what happens all day ------------------------------------------------------------------------------------

    @rule(away=bins, there=bins, name=goods, quantity=units)
    def move(self, away: str, there: str, name: str, quantity: int) -> None:
        """Somebody carries goods and scans them; nobody carries what is not there or what the book does not know."""
        quantity = min(quantity, self.really[away, name], self.free(away, name))
        if away != there and quantity > 0:
            move(self.keys[away, name], self.keys[there, name], quantity)
            session().commit()
            self.really[away, name] -= quantity
            self.really[there, name] += quantity

    @rule(place=bins, name=goods, quantity=units)
    def arrive(self, place: str, name: str, quantity: int) -> None:
        self.house.stocked(self.products[name], quantity, place)
        self.really[place, name] += quantity

    @rule(who=carriers, place=bins, name=goods, quantity=units)
    def take(self, who: int, place: str, name: str, quantity: int) -> None:
        quantity = min(quantity, self.really[place, name], self.free(place, name))
        if quantity > 0:
            self.carriers[who].take(place, name, quantity)

    @rule(who=carriers)
    def walk(self, who: int) -> None:
        """To a pick face: what the walk takes is reserved for it."""
        names = {product.id: name for name, product in self.products.items()}
        self.carriers[who].walk(names, {self.house.at(place): place for place in BINS})

    @rule(who=carriers, place=bins)
    def put(self, who: int, place: str) -> None:
        self.carriers[who].put(place)

    @rule(who=carriers)
    def put_back(self, who: int) -> None:
        self.carriers[who].back()

    @rule(who=carriers)
    def undo(self, who: int) -> None:
        self.carriers[who].undo()

    @rule(who=carriers, with_goods=st.booleans())
    def go_home(self, who: int, with_goods: bool) -> None:
        """A device dies, somebody leaves: what they carried lies in its bin, or outside of any."""
        carrier = self.carriers[who]
        if with_goods and not self.bonded and carrier.load is not None and not carrier.away:
            self.surprised.add(carrier.load.source)
            carrier.leave(with_goods=True)
        else:
            carrier.leave(with_goods=False)

    @rule(who=carriers, place=bins)
    def return_to_work(self, who: int, place: str) -> None:
        brought = self.carriers[who].return_to_work(place)
        if brought is not None:
            self.surprised.add(brought)

    @rule(place=bins, name=goods, more=st.booleans(), quantity=units)
    def surprise(self, place: str, name: str, more: bool, quantity: int) -> None:
        """Stolen, broken and swept away, or found behind the rack: nobody tells the book."""
        if self.bonded and more:
            return  # a surplus in bond goes to *unaccounted*: the book of the bin is not to follow it
        self.really[place, name] += quantity if more else -min(quantity, self.really[place, name])
        self.surprised.add(place)

    # -- counting ------------------------------------------------------------------------------------------------

    def plan(self, place: str) -> None:
        if self.task_at(place) is None:
            planned(self.house, place)

    def begin(self, place: str, who: int) -> None:
        taken = self.attempt(service.take, PEOPLE[who], self.house.id, self.house.at(place))
        if isinstance(taken, CountTask) and place not in self.at_work:
            self.at_work[place] = Counting(PEOPLE[who], taken.id)
            self.surprised.discard(place)

    def look(self, place: str, name: str) -> None:
        """See one kind of goods and count it into the tablet, once."""
        counting = self.at_work.get(place)
        if counting is None or name in counting.seen or not self.really[place, name]:
            return
        counting.seen[name] = self.really[place, name]
        service.tally(counting.who, counting.task_id, goods_of(self.keys[place, name]), counting.seen[name])
        session().commit()

    def finish(self, place: str) -> None:
        """Look at what was not looked at, and say that it is all. What moved meanwhile is forgotten and looked at again."""
        counting = self.at_work.get(place)
        if counting is None:
            return
        for name in GOODS:
            self.look(place, name)
        finished = service.finish(counting.who, counting.task_id, empty=not counting.seen)
        session().commit()
        if finished.again:
            names = {product.id: name for name, product in self.products.items()}
            for each in finished.again:
                counting.seen.pop(names[each.product_id], None)
            return
        del self.at_work[place]
        self.agrees(place)

    def give_up(self, place: str) -> None:
        counting = self.at_work.pop(place, None)
        if counting is not None:
            self.attempt(service.put_back, counting.who, counting.task_id)

    def happen(self, place: str, events: list[tuple[str, str, int]]) -> None:
        other = BINS[1 - BINS.index(place)]
        for what, name, quantity in events:
            if what in {"out", "in"}:
                self.move(*((place, other) if what == "out" else (other, place)), name, quantity)
            elif what == "arrive":
                self.arrive(place, name, quantity)
            elif what in {"take", "walk", "put", "back", "undo", "leave", "return"}:
                self.carry(what, place, name, quantity)
            elif what == "correct":
                self.correct(place, name)
            else:
                self.look(place, name)

    def carry(self, what: str, place: str, name: str, quantity: int) -> None:
        who = quantity % 2
        calls: dict[str, Any] = {
            "take": lambda: self.take(who, place, name, quantity), "walk": lambda: self.walk(who),
            "put": lambda: self.put(who, BINS[quantity % 3 % 2]), "back": lambda: self.put_back(who),
            "undo": lambda: self.undo(who), "leave": lambda: self.go_home(who, quantity > 3),
            "return": lambda: self.return_to_work(who, place),
        }  # fmt: skip
        calls[what]()

    @rule(
        place=bins, who=st.sampled_from(range(len(PEOPLE))), wrong=st.booleans(), first=st.sets(goods), during=happenings,
        after=happenings,
    )  # fmt: skip
    def count_among_moves(
        self,
        place: str,
        who: int,
        wrong: bool,
        first: set[str],
        during: list[tuple[str, str, int]],
        after: list[tuple[str, str, int]],
    ) -> None:
        """A wrong book, work in the bin while it is counted, and more before it is decided."""
        if wrong:
            self.surprise(place, GOODS[0], False, 2)
        self.plan(place)
        self.begin(place, who)
        for name in sorted(first):
            self.look(place, name)
        self.happen(place, during)
        self.finish(place)
        self.finish(place)
        self.happen(place, after)
        self.decide(place, False)

    # -- decisions -----------------------------------------------------------------------------------------------

    @rule(place=bins, again=st.booleans())
    def decide(self, place: str, again: bool) -> None:
        task = self.task_at(place)
        if task is None or task.state != "review":
            return
        made = self.attempt(deciding.recount if again else deciding.approve, CHIEF, task.id)
        if isinstance(made, Refused):
            assert made.code == "count_outdated"
            self.attempt(deciding.recount, CHIEF, task.id)
        elif not again:
            self.agrees(place)

    @rule(place=bins, name=goods)
    def correct(self, place: str, name: str) -> None:
        """A supervisor looks at one row and puts it right on the spot."""
        if self.bonded and self.really[place, name] > self.book(place, name) - self.in_hands(place, name):
            return
        self.attempt(stock.count, SYSTEM, self.keys[place, name], self.really[place, name], TEST)

    def agrees(self, place: str) -> None:
        """A count that is over, and nothing surprised since it began: the book says what is there."""
        if self.task_at(place) is None and place not in self.surprised:
            assert {name: self.book(place, name) - self.in_hands(place, name) for name in GOODS} == {
                name: self.really[place, name] for name in GOODS
            }

    def count_everything_in_peace(self) -> None:
        """In the end every bin is counted by fresh people while nothing moves, and everything is decided; what is in hands
        stays there, and is put down after.
        """
        if not hasattr(self, "house"):
            return
        fresh = [person() for _ in range(3)]
        for place in BINS:
            self.give_up(place)
            task = self.task_at(place)
            if task is not None:
                deciding.cancel(CHIEF, task.id)
            planned(self.house, place)
            self.surprised.discard(place)
            for who in fresh:
                task = self.task_at(place)
                if task is not None and task.state == "open":
                    self.at_work[place] = Counting(who, service.take(who, self.house.id, self.house.at(place)).id)
                    session().commit()
                    self.finish(place)
            task = self.task_at(place)
            if task is not None:
                deciding.approve(CHIEF, task.id)
                session().commit()
            assert self.task_at(place) is None
            self.agrees(place)
        for each in self.carriers:
            each.back()
        for place in BINS:
            self.agrees(place)
        assert_books_balance()


def test_the_book_ends_as_what_is_there(app: Any) -> None:
    Warehouse.app = app
    run_state_machine_as_test(
        Warehouse,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip

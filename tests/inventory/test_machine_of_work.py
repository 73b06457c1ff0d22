"""Everything that people do to goods in their bins, in any order, against a warehouse that can be walked through.

`test_machine.py` drives the ledger; here the work upon it is driven: conversions, added services, pick faces filled, holds
and recalls, counts by hand with and without approval, orders that promise and give back. The physical warehouse is a table
of (bin, product, condition) → units. After every step the book says the same of every bin, the parts of inventory audit
clean, and a recall finds every unit of its batch. WMS_WORK_EXAMPLES and WMS_WORK_STEPS make the run longer.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select, text

from tests.inventory.counting.people import person
from tests.inventory.world import TEST, draft_of, isolated, make_house, make_lot, make_product, make_seller, move
from tests.outbound.conftest import PlainCounters
from wms.added_services import catalogue, working
from wms.added_services import service as added
from wms.added_services.audit import CHECKS as SERVICES
from wms.added_services.catalogue import ServiceDraft
from wms.added_services.models import ServiceRequest
from wms.added_services.service import Asked
from wms.added_services.working import Report
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.facility.models import Location
from wms.inventory import holds, promises, releases
from wms.inventory import service as stock
from wms.inventory.adjusting import counted
from wms.inventory.adjusting import service as adjusting
from wms.inventory.adjusting.models import Adjustment
from wms.inventory.audit import CHECKS as STOCK
from wms.inventory.converting import asking
from wms.inventory.converting import service as converting
from wms.inventory.converting.asking import Wanted
from wms.inventory.converting.models import Conversion
from wms.inventory.converting.rules import RecipeKind
from wms.inventory.converting.service import Made
from wms.inventory.counting import planning as counts
from wms.inventory.counting.rules import Rule
from wms.inventory.models import Balance, Condition, Hold, HoldScope, Posting
from wms.inventory.replenishment import faces, planning
from wms.inventory.replenishment import service as filling
from wms.inventory.replenishment.models import ReplenishTask
from wms.inventory.rules import Reason, Stock
from wms.outbound import recall
from wms.platform.auditing import run_checks
from wms.platform.database import session

EXAMPLES = int(os.environ.get("WMS_WORK_EXAMPLES", "6"))
STEPS = int(os.environ.get("WMS_WORK_STEPS", "30"))
PLACES = ("storage", "bin2", "pick_face")
GOODS = ("tea", "cup", "balm")  # tea becomes cups; balm is of one batch
BATCH = "B-17"
HAND, BOSS, OTHER = person(), person("supervisor"), person("supervisor")
Key = tuple[str, str, str]  # place, product, condition

places = st.sampled_from(PLACES)
names = st.sampled_from(GOODS)
units = st.integers(1, 6)
picks = st.integers(0, 1_000)

CHECKS = [*STOCK, *SERVICES]
# In one statement, which PostgreSQL plans once.
_ANY_VIOLATION = text(
    " UNION ALL ".join(f"SELECT {n} WHERE EXISTS ({check.violations})" for n, check in enumerate(CHECKS))
)
_MOVES = text(
    "SELECT f.location_id AS from_place, f.product_id AS from_product, f.condition AS from_condition, t.location_id AS"
    " to_place, t.product_id AS to_product, t.condition AS to_condition, m.quantity FROM stock_move m LEFT JOIN balance f"
    " ON f.id = m.from_balance_id LEFT JOIN balance t ON t.id = m.to_balance_id JOIN stock_posting p ON p.id = m.posting_id"
    " WHERE p.id = ANY(:postings)"
)


class Shelves(RuleBasedStateMachine):
    app: Any = None

    def __init__(self) -> None:
        super().__init__()
        self._world = isolated(self.app)
        self._world.__enter__()
        self._counters = self.app.extensions.get("wms_counters")
        self.app.extensions["wms_counters"] = PlainCounters()

    def teardown(self) -> None:
        self.app.extensions["wms_counters"] = self._counters
        self._world.__exit__(None, None, None)

    @initialize(limit=st.sampled_from([0, 30, 10**6]))
    def build(self, limit: int) -> None:
        self.house, self.seller = make_house("overseas", "UTC"), make_seller()
        worth = {"declared_value_minor": 10, "declared_currency": "USD"}
        self.products = {
            name: make_product(self.seller, lot_controlled=name == "balm", **worth) for name in GOODS
        }  # fmt: skip
        self.lot = make_lot(self.products["balm"], batch=BATCH)
        self.really: Counter[Key] = Counter()
        counts.set_rule(BOSS, self.house.id, Rule(approve_above_minor=limit))
        catalogue.define_service(
            person("admin"), ServiceDraft("RELABEL", "Relabel", "换标", "label", effect="relabel", asks_first=False)
        )
        faces.set_face(BOSS, self.house.at("pick_face"), self.products["tea"].id, 4, 12)
        session().commit()
        for name in GOODS:
            for place in ("storage", "bin2"):
                self.arrive(place, name, 9)

    # -- how a step is made --------------------------------------------------------------------------------------

    def key(self, place: str, name: str, condition: str = "good") -> Stock:
        lot = self.lot if name == "balm" else None
        return self.house.goods(self.products[name], place, lot=lot, condition=condition)

    def attempt(self, call: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """As a command: a refusal changes nothing. Its answer, or the refusal."""
        try:
            made = call(*arguments, **more)
            session().commit()
        except Refused as refusal:
            session().rollback()
            return refusal
        return made

    def one(self, model: Any, which: int, *conditions: Any) -> Any | None:
        session().expire_all()
        found = session().scalars(select(model).where(*conditions).order_by(model.id)).all()
        return found[which % len(found)] if found else None

    def carried(self, name: str, away: Key, there: Key, quantity: int) -> None:
        self.really[away] -= quantity
        self.really[there] += quantity

    def follow(self, subject: uuid.UUID, before: set[uuid.UUID]) -> dict[str, int]:
        """What people carried or relabelled for this document since, as its slips say; units by product, out less in."""
        session().expire_all()
        new = set(session().scalars(select(Posting.id).where(Posting.subject_id == subject))) - before
        named = {self.house.at(place): place for place in PLACES}
        goods = {product.id: name for name, product in self.products.items()}
        change: Counter[str] = Counter()
        for row in session().execute(_MOVES, {"postings": list(new)}):
            if row.from_place is not None:
                self.really[named[row.from_place], goods[row.from_product], row.from_condition] -= row.quantity
                change[goods[row.from_product]] -= row.quantity
            if row.to_place is not None:
                self.really[named[row.to_place], goods[row.to_product], row.to_condition] += row.quantity
                change[goods[row.to_product]] += row.quantity
        return {name: units for name, units in change.items() if units}

    def postings(self, subject: uuid.UUID) -> set[uuid.UUID]:
        return set(session().scalars(select(Posting.id).where(Posting.subject_id == subject)))

    # -- all day -------------------------------------------------------------------------------------------------

    @rule(place=places, name=names, quantity=units)
    def arrive(self, place: str, name: str, quantity: int) -> None:
        there, dock = self.key(place, name), self.key("dock", name)
        stock.receive(SYSTEM, dock, quantity, TEST)
        session().commit()
        move(dock, there, quantity, Reason.PUTAWAY)
        session().commit()
        self.really[place, name, "good"] += quantity

    @rule(away=places, there=places, name=names, quantity=units)
    def move(self, away: str, there: str, name: str, quantity: int) -> None:
        if away != there and not isinstance(
            self.attempt(stock.relocate, SYSTEM, self.key(away, name), self.house.at(there), quantity, TEST), Refused
        ):
            self.carried(name, (away, name, "good"), (there, name, "good"), quantity)

    @rule(place=places, name=names, quantity=units)
    def breaks(self, place: str, name: str, quantity: int) -> None:
        done = self.attempt(
            stock.recondition, SYSTEM, self.key(place, name), Condition.DAMAGED, quantity, TEST
        )  # fmt: skip
        if not isinstance(done, Refused):
            self.carried(name, (place, name, "good"), (place, name, "damaged"), quantity)

    @rule(name=names, quantity=units)
    def promise(self, name: str, quantity: int) -> None:
        self.attempt(promises.promise, [draft_of(self.house, self.products[name], quantity)])

    @rule(which=picks)
    def give_a_promise_back(self, which: int) -> None:
        query = "SELECT subject_id FROM promise WHERE subject_kind = 'demand' AND open_quantity > 0 ORDER BY id"
        found = session().execute(text(query)).scalars().all()
        session().rollback()
        if found:
            self.attempt(releases.release, "demand", [found[which % len(found)]])

    # -- counts by hand ------------------------------------------------------------------------------------------

    @rule(which=picks, lost=st.integers(-2, 3))
    def count(self, which: int, lost: int) -> None:
        """Goods are gone, or turn up; then somebody counts the row, and above the limit somebody else agrees."""
        row = self.one(Balance, which, Balance.warehouse_id == self.house.id, Balance.on_hand > 0)
        if row is None or row.location_id not in {self.house.at(place) for place in PLACES}:
            return
        place = next(each for each in PLACES if self.house.at(each) == row.location_id)
        name = next(each for each, product in self.products.items() if product.id == row.product_id)
        self.really[place, name, row.condition] -= min(lost, row.on_hand)
        told = self.attempt(counted.count, BOSS, row.id, self.really[place, name, row.condition])
        for each in [] if isinstance(told, Refused) else told.waiting:
            assert isinstance(self.attempt(adjusting.approve, BOSS, each.id), Refused)  # not one's own
            assert not isinstance(self.attempt(adjusting.approve, OTHER, each.id), Refused)
        assert self.one(Adjustment, 0, Adjustment.state == "requested") is None

    # -- holds and recalls ---------------------------------------------------------------------------------------

    @rule(name=names, place=places, scope=st.sampled_from(["location", "product"]))
    def hold(self, name: str, place: str, scope: str) -> None:
        what = self.house.at(place) if scope == "location" else self.products[name].id
        self.attempt(holds.place_hold, BOSS, self.house.id, HoldScope(scope), str(what), "quality")

    @rule(which=picks)
    def end_hold(self, which: int) -> None:
        found = self.one(Hold, which, Hold.ended_at.is_(None), Hold.warehouse_id == self.house.id)
        if found is not None:
            assert not isinstance(self.attempt(holds.end_hold, BOSS, self.house.id, found.id), Refused)

    @rule()
    def recall(self) -> None:
        """Every unit of the batch is held, and found."""
        self.attempt(holds.place_hold, BOSS, self.house.id, HoldScope.LOT, str(self.lot), "recall")
        found = recall.whereabouts(BOSS, self.products["balm"].id, BATCH)
        here = [each for each in found if not each.is_gone]
        assert sum(each.quantity for each in here) == sum(
            units for (_, name, _), units in self.really.items() if name == "balm"
        )
        assert all(each.is_held for each in here)
        session().rollback()

    # -- pick faces ----------------------------------------------------------------------------------------------

    @rule()
    def plan_faces(self) -> None:
        self.attempt(planning.plan, self.house.id)

    @rule(quantity=units, undone=st.booleans())
    def fill(self, quantity: int, undone: bool) -> None:
        task = self.attempt(filling.take_next, HAND, self.house.id)
        if isinstance(task, Refused):
            return
        before, left = self.postings(task.id), filling.left_of(task)
        brought = self.attempt(filling.bring, HAND, task.id, min(quantity, left), task.location_id)
        change = self.follow(task.id, before)
        assert change == {}  # what leaves one bin is in the other
        if undone and not isinstance(brought, Refused):
            before = self.postings(task.id)
            self.attempt(filling.undo, HAND, task.id)
            self.follow(task.id, before)

    @rule(which=picks, how=st.sampled_from(["put_back", "report_short", "cancel"]))
    def leave_a_walk(self, which: int, how: str) -> None:
        found = self.one(ReplenishTask, which, ReplenishTask.state.in_(["open", "walking"]))
        if found is not None:
            self.attempt(getattr(filling, how), BOSS if how == "cancel" else HAND, found.id)

    # -- conversions and services --------------------------------------------------------------------------------

    @rule(quantity=units)
    def ask_for_a_conversion(self, quantity: int) -> None:
        wanted = Wanted(RecipeKind.RELABEL, self.products["tea"].sku, quantity, to_sku=self.products["cup"].sku)
        self.attempt(asking.ask, BOSS, self.house.id, self.seller.id, wanted)

    @precondition(lambda self: self.one(Conversion, 0) is not None)
    @rule(
        which=picks,
        quantity=units,
        how=st.sampled_from(["convert", "convert", "give_back", "promise", "cancel", "undo"]),
    )
    def convert(self, which: int, quantity: int, how: str) -> None:
        found = self.one(Conversion, which, Conversion.subject_id.is_(None))
        if found is None:
            return
        before, left = self.postings(found.id), found.quantity - found.done
        call: dict[str, Callable[[], Any]] = {
            "convert": lambda: converting.convert(BOSS, found.id, Made(min(quantity, left))),
            "give_back": lambda: converting.give_back(BOSS, found.id),
            "promise": lambda: converting.promise_again(BOSS, found.id),
            "cancel": lambda: converting.cancel(BOSS, found.id), "undo": lambda: converting.undo(BOSS, found.id),
        }  # fmt: skip
        told, size = self.attempt(call[how]), found.quantity
        change = self.follow(found.id, before)
        if isinstance(told, Refused) or how not in {"convert", "undo"}:
            assert change == {}
        else:
            made = min(quantity, left) if how == "convert" else -size
            assert change == {"tea": -made, "cup": made}

    @rule(quantity=units)
    def ask_for_a_service(self, quantity: int) -> None:
        asked = Asked("RELABEL", quantity, self.products["tea"].sku, to_sku=self.products["cup"].sku)
        self.attempt(added.ask, BOSS, self.house.id, self.seller.id, asked)

    @precondition(lambda self: self.one(ServiceRequest, 0) is not None)
    @rule(
        which=picks, quantity=units, how=st.sampled_from(["report", "report", "finish", "put_back", "cancel", "renew"])
    )
    def serve(self, which: int, quantity: int, how: str) -> None:
        found = self.one(ServiceRequest, which)
        assert found is not None
        before, left = self.postings(found.conversion_id), found.quantity - found.done
        if how in {"report", "finish"}:
            self.attempt(working.take, HAND, found.id)
        call: dict[str, Callable[[], Any]] = {
            "report": lambda: working.report(HAND, found.id, Report(min(quantity, left))),
            "finish": lambda: working.finish(HAND, found.id, "no more"),
            "put_back": lambda: working.put_back(HAND, found.id),
            "cancel": lambda: added.cancel(BOSS, found.id), "renew": lambda: added.renew_goods(BOSS, found.id),
        }  # fmt: skip
        conversion_id = found.conversion_id
        told = self.attempt(call[how])
        change = self.follow(conversion_id, before)
        if isinstance(told, Refused) or how != "report":
            assert change == {}
        else:
            assert change == {"tea": -min(quantity, left), "cup": min(quantity, left)}

    # -- after every step ----------------------------------------------------------------------------------------

    def check_invariants(self, *arguments: Any, **more: Any) -> None:
        super().check_invariants(*arguments, **more)
        if not hasattr(self, "really"):
            return
        session().expire_all()
        rows = session().execute(
            select(Location.id, Balance.product_id, Balance.condition, Balance.on_hand)
            .join(Location, Location.id == Balance.location_id)
            .where(Balance.warehouse_id == self.house.id, Balance.on_hand > 0)
        )
        named = {self.house.at(place): place for place in (*PLACES, "dock")}
        goods = {product.id: name for name, product in self.products.items()}
        book: Counter[Key] = Counter()
        for place, product, condition, on_hand in rows:
            book[named[place], goods[product], condition] += on_hand
        assert book == +self.really
        if session().execute(_ANY_VIOLATION, {"now": clock.now()}).all():
            checks = run_checks(CHECKS)["checks"]
            raise AssertionError({each["name"]: each["violations"] for each in checks if each["violations"]})
        session().rollback()


def test_the_book_says_what_stands_in_every_bin(app: Any) -> None:
    Shelves.app = app
    run_state_machine_as_test(
        Shelves,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True,
            report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip

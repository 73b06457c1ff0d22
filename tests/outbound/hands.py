"""Hands of a chaos: each looks for something to do in the database, as people look around, and does it as a command.

Nobody waits for anybody: two hands may choose the same order at the same moment, and the second is refused. A refusal is an
answer; any other fault is one of the product.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.cast import Cast, WarehouseFacts
from tests.outbound.stage import ID_NUMBER, body
from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import SYSTEM, Actor, ActorKind
from wms.core.ids import new_id
from wms.core.permissions import ROLE_PERMISSIONS
from wms.customs import service as customs
from wms.facility.models import LocationKind, Warehouse
from wms.facility.queries import system_location
from wms.inventory import service as inventory
from wms.inventory.adjusting.service import AdjustmentReason, Change, request
from wms.inventory.counting import deciding, planning
from wms.inventory.counting import service as counting
from wms.inventory.counting.goods import rows_of
from wms.inventory.rules import Reason
from wms.outbound.carts import Selection
from wms.outbound.schemas import OrderIn
from wms.outbound.service import (
    carrier_rates,
    changes,
    decisions,
    destruction,
    intake,
    interceptions,
    order_holds,
    orders,
    plans,
    reading,
    release,
    waves,
)
from wms.platform import outbox
from wms.platform.commands import Command, Done, Outcome, command_for, execute
from wms.platform.database import session, transaction

DATED = "SERUM-30ML"  # comes in batches
SKUS = ("MUG-450-BLUE", "MUG-450-RED", "CABLE-USBC-1M", "LAMP-DESK-W", "PUZZLE-1000", DATED)
KINDS = ["dropship"] * 6 + ["b2b", "return_to_seller", "destruction", "transfer", "pick_up"]
SPLIT = ("dropship", "b2b")
TO = "DE2"  # where transfers go
BONDED_SKUS = ("MUG-450-BLUE", "CABLE-USBC-1M")
WALL = "W1"
LOW = 12  # units free: the dock brings more
STEPS = ("short", "awaiting_customs", "promised", "waved", "picking", "picked", "packed", "shipped")


@dataclass
class Yard:
    """What all hands of a process share. `calm`: nobody disturbs any more, what was begun is brought to its end."""

    cast: Cast
    wanted: int  # orders in all
    calm: Callable[[], bool]
    tried: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (what, in which state, with what outcome)
    faults: list[str] = field(default_factory=list)

    @property
    def batches(self) -> list[tuple[str, date]]:
        """Name and last day of each; all may be sold for months."""
        today = clock.today("Europe/Berlin")
        ends = {"L1": 400, "L2": 380, "L3": 380}  # a later one may not go in the place of an earlier one
        return [(name, today + timedelta(days=days)) for name, days in ends.items()]

    @property
    def houses(self) -> tuple[WarehouseFacts, WarehouseFacts]:
        return self.cast.overseas, self.cast.bonded


def rows(statement: str, **values: Any) -> list[Any]:
    """What somebody sees who looks around: no lock, and old the moment it is seen."""
    with transaction():
        return list(session().execute(text(statement), values))


def is_locked(fault: Exception) -> bool:
    """PostgreSQL gave up on a lock: on a machine full of other work its holder may stand still for seconds."""
    return isinstance(fault, OperationalError) and isinstance(fault.orig, LockNotAvailable)


def person(role: str, name: str) -> Actor:
    return Actor(ActorKind.USER, new_id(), name, ROLE_PERMISSIONS[role], roles=(role,))


class Hand:
    """One of many: `turn` does one thing, or finds nothing to do (False)."""

    role = "floor"

    def __init__(self, yard: Yard, dice: random.Random, number: int) -> None:
        self.yard, self.dice, self.cast = yard, dice, yard.cast
        self.actor = person(self.role, f"{type(self).__name__} {number}")

    def turn(self) -> bool:
        raise NotImplementedError

    def do(self, what: str, state: str, use_case: Callable[..., Any], *arguments: Any, **more: Any) -> bool:
        """One command of this hand's; True when it was done. Its outcome is noted."""
        return self.told(what, state, use_case, *arguments, **more) == "done"

    def told(self, what: str, state: str, use_case: Callable[..., Any], *arguments: Any, **more: Any) -> str:
        asked = command_for(self.actor, str(new_id()), what, None)
        outcome = self._answered(asked, lambda: use_case(*arguments, **more))
        code = "done" if isinstance(outcome, Done) else outcome.code
        self.yard.tried[what, state, code] += 1
        return code

    def _answered(self, asked: Command, use_case: Callable[[], Any]) -> Outcome:
        """What is *busy* is asked once more, as a device does by itself: a row that is kept for so long is kept for ever."""
        try:
            return execute(asked, use_case, lambda _: {})
        except OperationalError as fault:
            if not is_locked(fault):
                raise
            self.yard.tried[asked.name, "-", "busy"] += 1
        try:
            return execute(asked, use_case, lambda _: {})
        except OperationalError as fault:
            raise AssertionError(f"{asked.name} was never answered") from fault

    def may(self, chance: float) -> bool:
        """Whether a disturbance happens now: never once it is calm."""
        return not self.yard.calm() and self.dice.random() < chance

    def one_of(self, statement: str, **values: Any) -> Any | None:
        found = rows(statement, **values)
        return self.dice.choice(found) if found else None


class Seller(Hand):
    """Sends orders, then changes its mind about them at whatever step they are."""

    def __init__(self, yard: Yard, dice: random.Random, number: int) -> None:
        super().__init__(yard, dice, number)
        self.actor = yard.cast.acme

    def turn(self) -> bool:
        if rows("SELECT count(*) FROM outbound_order WHERE back_order_of IS NULL")[0][0] < self.yard.wanted:
            self._send()
            if self.dice.random() < 0.6:
                return True
        elif self.yard.calm():
            return False
        # A step first, then an order in it: rare ones are not passed by.
        here = rows("SELECT DISTINCT state FROM outbound_order WHERE state <> 'cancelled'")
        if not here:
            return True
        state = self.dice.choice(sorted(row.state for row in here))
        order = self.one_of(
            "SELECT id, state FROM outbound_order WHERE state = :state ORDER BY updated_at DESC LIMIT 12", state=state
        )
        if order is not None:
            self._disturb(order)
        return True

    def _send(self) -> None:
        bonded = self.dice.random() < 0.25
        single = self.dice.random() < 0.4
        skus = self.dice.sample(BONDED_SKUS if bonded else SKUS, 1 if single else self.dice.randint(1, 2))
        lines = {sku: 1 if single else self.dice.randint(1, 4) for sku in skus}
        more: dict[str, Any] = {"priority": self.dice.randint(0, 2)}
        if bonded:
            more |= {"warehouse": "NGB1", "consignee": {"country": "CN", "city": "杭州", "id_number": ID_NUMBER}}
        else:
            more |= {"fill": self.dice.choice(["fill_all", "fill_all", "fill_or_kill", "partial"])}
            more |= {"kind": self.dice.choice(KINDS)}
            if more["kind"] not in SPLIT:
                more.pop("fill")
            if more["kind"] == "transfer":
                more |= {"to_warehouse": TO}
        sent = body(lines, **more) | {"reference": f"C-{new_id().hex[-12:]}"}
        if sent.get("kind") in ("destruction", "transfer"):
            del sent["consignee"]
        if sent.get("kind") in ("destruction", "pick_up"):
            del sent["service"]
        self.do("order", "-", lambda: intake.create_order(self.actor, OrderIn().load(sent)))

    def _disturb(self, order: Any) -> None:
        acts = [self._cancel, self._intercept, self._withdraw, self._hold, self._unhold, self._change, self._hurry]
        weights = [2, 4, 2, 3, 4, 3, 1]
        self.dice.choices(acts, weights)[0](order.id, order.state)

    def _cancel(self, key: uuid.UUID, state: str) -> None:
        self.do("cancel", state, orders.cancel_order, self.actor, key, None, "buyer_cancelled")

    def _intercept(self, key: uuid.UUID, state: str) -> None:
        self.do("intercept", state, interceptions.request_interception, self.actor, key, "buyer_cancelled")

    def _withdraw(self, key: uuid.UUID, state: str) -> None:
        asked = self.one_of(
            "SELECT order_id AS id, resume_state AS state FROM interception WHERE state = 'requested'"
        )  # fmt: skip
        if asked is not None:
            self.do("withdraw", asked.state, interceptions.withdraw, self.actor, asked.id)

    def _hold(self, key: uuid.UUID, state: str) -> None:
        keeps = self.dice.random() < 0.7
        what = "hold" if keeps else "hold, stock given up"
        reason = self.dice.choice(["address", "payment"])
        self.do(what, state, order_holds.place_hold, self.actor, key, reason, keeps_stock=keeps)

    def _unhold(self, key: uuid.UUID, state: str) -> None:
        end_a_hold(self, "seller")

    def _change(self, key: uuid.UUID, state: str) -> None:
        consignee = body({}, consignee={"address1": f"Neue Gasse {self.dice.randint(1, 99)}"})["consignee"]
        changed = {"consignee": consignee} if self.dice.random() < 0.6 else {"service": "HOUSE-STD"}
        what = f"change {next(iter(changed))}"
        self.do(what, state, changes.edit_order, self.actor, key, None, changed)

    def _hurry(self, key: uuid.UUID, state: str) -> None:
        self.do(
            "change priority", state, changes.edit_order, self.actor, key, None, {"priority": self.dice.randint(0, 9)}
        )


def end_a_hold(hand: Hand, side: str) -> bool:
    found = hand.one_of(
        "SELECT h.id, h.order_id, o.state FROM order_hold h JOIN outbound_order o ON o.id = h.order_id"
        " WHERE h.state = 'open' AND (h.side = :side OR :side = 'warehouse')", side=side,
    )  # fmt: skip
    if found is None:
        return False
    hand.do("end hold", found.state, order_holds.end_hold, hand.actor, found.order_id, found.id)
    return True


class Supervisor(Hand):
    """Waves, answers, decisions; and things that break."""

    role = "supervisor"

    def turn(self) -> bool:
        acts = [self._wave, self._answer, self._decide, self._destroy, self._hold_or_end, self._break]
        self.dice.shuffle(acts)
        return sum(act() for act in (acts if self.yard.calm() else acts[:3])) > 0

    def _wave(self) -> bool:
        house = self.dice.choice(self.yard.houses)
        if house is self.cast.overseas and self.dice.random() < 0.4:
            return self._planned_wave(house, "wave with a wall", Selection(wall=WALL, limit=6))
        if house is self.cast.overseas and self.dice.random() < 0.5:
            return self._planned_wave(house, "wave of singles", Selection(kinds=("single_unit",), limit=12))
        limit = self.dice.randint(3, 12)
        return self.do("wave", "promised", waves.release_wave, self.actor, house.id, limit=limit)

    def _planned_wave(self, house: WarehouseFacts, what: str, chosen: Selection) -> bool:
        with transaction():
            plan = reading.plan(reading.read(self.actor, house.id, chosen))
        if not plan.walks:
            return False
        with transaction():
            plan_id = plans.keep_plan(self.actor, plan, chosen).id
        return self.do(what, "promised", plans.release_kept, self.actor, plan_id)

    def _answer(self) -> bool:
        asked = self.one_of("SELECT id, resume_state AS state FROM interception WHERE state = 'requested'")
        if asked is None or (not self.yard.calm() and self.dice.random() < 0.5):
            return False
        if self.dice.random() < 0.5:
            return self.do("accept", asked.state, interceptions.accept, self.actor, asked.id)
        return self.do("refuse", asked.state, interceptions.refuse, self.actor, asked.id, "not_found")

    def _decide(self) -> bool:
        found = self.one_of(
            "SELECT x.id, x.kind, o.state FROM order_exception x JOIN outbound_order o ON o.id = x.order_id"
            " WHERE x.resolved_at IS NULL"
        )  # fmt: skip
        if found is None:
            return False
        how = self.dice.choice([decisions.Decision.WAIT, decisions.Decision.WAIT, decisions.Decision.CANCEL])
        return self.do(f"{found.kind}: {how.value}", found.state, decisions.decide, self.actor, found.id, how)

    def _destroy(self) -> bool:
        found = self.one_of("SELECT id FROM outbound_order WHERE kind = 'destruction' AND state = 'picked'")
        if found is None:
            return False
        return self.do("destroy", "picked", destruction.destroy, self.actor, found.id, "Wanda Witness")

    def _hold_or_end(self) -> bool:
        if not self.may(0.3):
            return end_a_hold(self, "warehouse")
        order = self.one_of("SELECT id, state FROM outbound_order WHERE state NOT IN ('shipped', 'cancelled')")
        if order is None:
            return False
        return self.do("hold by the house", order.state, order_holds.place_hold, self.actor, order.id, "stock_check")

    def _break(self) -> bool:
        """Goods in a bin are found broken, or gone."""
        if not self.may(0.3):
            return False
        house = self.dice.choice(self.yard.houses)
        row = self.one_of(
            "SELECT b.id FROM balance b JOIN location l ON l.id = b.location_id WHERE b.warehouse_id = :house"
            " AND l.kind = 'storage' AND b.on_hand > 0 AND b.condition = 'good'", house=house.id,
        )  # fmt: skip
        if row is None:
            return False
        change, reason = self.dice.choice([
            (Change(1, "damaged"), AdjustmentReason.BROKEN), (Change(-1), AdjustmentReason.LOST),
        ])  # fmt: skip
        return self.do(reason.value, "in its bin", request, self.actor, row.id, change, reason)


class Clerk(Hand):
    """Customs' word: released, refused, corrected."""

    def __init__(self, yard: Yard, dice: random.Random, number: int) -> None:
        super().__init__(yard, dice, number)
        self.actor = yard.cast.customs_clerk

    def turn(self) -> bool:
        order = self.one_of(
            "SELECT id, state FROM outbound_order WHERE customs_state IN ('waiting', 'refused')"
            " AND state NOT IN ('cancelled', 'short')"
        )  # fmt: skip
        if order is None or self.may(0.6):
            return False
        document = f"CEB-{new_id().hex[-8:]}"
        if self.may(0.3):
            return self.do("customs refuses", order.state, release.record_refusal, self.actor, order.id, document, "9")
        return self.do("customs releases", order.state, release.record_release, self.actor, order.id, document)


class Tallier(Hand):
    """Counts bins in doubt: mostly what the book says is there, sometimes a unit is gone."""

    role = "supervisor"

    def __init__(self, yard: Yard, dice: random.Random, number: int) -> None:
        super().__init__(yard, dice, number)
        self.approver = person("supervisor", "approver")

    def turn(self) -> bool:
        found = self.one_of(
            "SELECT DISTINCT b.location_id, b.warehouse_id FROM stock_hold h JOIN balance b ON b.id = h.scope_key::bigint"
            " WHERE h.scope = 'balance' AND h.ended_at IS NULL"
        )  # fmt: skip
        if found is None or self.may(0.5):
            return self._approve()
        self.do("plan count", "-", planning.plan_bins, self.actor, found.warehouse_id, [found.location_id])
        counter = person("floor", "counter")  # other eyes each time
        task: list[uuid.UUID] = []

        def take() -> None:
            task[:] = [counting.take(counter, found.warehouse_id, found.location_id).id]

        if not self.do("take count", "-", take):
            return self._approve()
        with transaction():
            there = [(row.goods, row.on_hand) for row in rows_of(found.location_id) if row.on_hand]
        told = False
        for goods, on_hand in there:
            units = on_hand - (1 if self.may(0.2) else 0)
            if units:
                told = self.do("count", "-", counting.tally, counter, task[0], goods, units) or told
        if not self.do("finish count", "-", counting.finish, counter, task[0], empty=not told):
            self.do("leave count", "-", counting.put_back, counter, task[0])
        return self._approve()

    def _approve(self) -> bool:
        found = self.one_of("SELECT id, state FROM count_task WHERE state IN ('review', 'counting')")
        if found is None:
            return False
        if found.state == "counting":  # moved while it was counted
            return self.do("give up count", "-", deciding.cancel, self.approver, found.id)
        return self.do("approve count", "-", deciding.approve, self.approver, found.id)


class Dock(Hand):
    """Brings goods when they run out, and more of them once it is calm: who waits is to be served."""

    def turn(self) -> bool:
        house = self.dice.choice(self.yard.houses)
        sku = self.dice.choice(BONDED_SKUS if house is self.cast.bonded else SKUS)
        product_id = self.cast.ACME.products[sku]
        free, waits = rows(
            "SELECT (SELECT coalesce(sum(sellable - promised), 0) FROM summary WHERE warehouse_id = :house AND product_id"
            " = :product), EXISTS (SELECT 1 FROM awaited_stock WHERE warehouse_id = :house AND product_id = :product)",
            house=house.id, product=product_id,
        )[0]  # fmt: skip
        if free >= LOW and not (waits and self.yard.calm()):
            return False
        if not self.yard.calm() and self.dice.random() < 0.5:
            return False
        bins = sorted(code for code in house.locations if code.startswith("A-0"))
        place = house.locations[self.dice.choice(bins[:2] if sku == DATED else bins)]  # batches stand together
        units = self.dice.randint(3, 15)
        with transaction():
            warehouse, product = session().get_one(Warehouse, house.id), session().get_one(Product, product_id)
            lot = inventory.lot_of(product, *self.dice.choice(self.yard.batches)) if sku == DATED else None
            arrived = inventory.goods(warehouse, product, system_location(house.id, LocationKind.DOCK).id, lot_id=lot)
        subject = inventory.Subject("test", None)
        self.do("receive", sku, inventory.receive, SYSTEM, arrived, units, subject)
        return self.do(
            "put away", sku, inventory.relocate, SYSTEM, arrived, place, units, subject, reason=Reason.PUTAWAY
        )


class Booker(Hand):
    """The clerk who books what the dock received in bond."""

    def __init__(self, yard: Yard, dice: random.Random, number: int) -> None:
        super().__init__(yard, dice, number)
        self.actor = yard.cast.customs_clerk

    def turn(self) -> bool:
        found = self.one_of("SELECT item_number, warehouse_id, unbooked FROM book_item WHERE unbooked > 0")
        if found is None:
            return False
        document = f"BOOK-{new_id().hex[-8:]}"
        return self.do("book", "-", customs.record_book_receipt, self.actor, found.warehouse_id, found.item_number, document,
                       found.unbooked)  # fmt: skip


class Worker(Hand):
    """The jobs behind it all, in the order they were written; one that waits for an earlier one comes after it. Now and then the
    clock's: who waits for a price waits no longer.
    """

    def turn(self) -> bool:
        if self.dice.random() < 0.02:
            with transaction():
                carrier_rates.go_on_without()
        due = rows("SELECT id FROM outbox_job WHERE state = 'new' AND next_at <= now() ORDER BY sequence LIMIT 40")
        return sum(outbox.perform(row.id) for row in due) > 0

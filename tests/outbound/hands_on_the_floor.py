"""Hands on the floor of a chaos: walks, the put wall, benches, the gate, and what comes back."""

from __future__ import annotations

import uuid
from typing import Any

from tests.cast import WarehouseFacts
from tests.outbound.hands import (
    DATED,
    Booker,
    Clerk,
    Dock,
    Hand,
    Seller,
    Supervisor,
    Tallier,
    Worker,
)
from tests.outbound.hands_between import Counter, FarDock
from wms.core.refusals import Refused
from wms.inventory.counting import zero
from wms.outbound.service import (
    bagging,
    boxes,
    damage,
    full_totes,
    handover,
    interceptions,
    lanes,
    lots,
    packing,
    picking,
    putback,
    single_units,
    sorting,
    together,
)
from wms.outbound.service.stops import next_stop
from wms.platform.database import transaction
from wms.shipping import service as shipping


class Picker(Hand):
    """Walks: a stop is picked, put off, found short; sometimes a walk is left for a while."""

    def turn(self) -> bool:
        house = self.dice.choice(self.yard.houses)
        self._bring_damaged(house)
        with transaction():
            batch = picking.take_batch(self.actor, house.id)
            walk = None if batch is None else (batch.id, batch.wall or batch.is_lane)
        if walk is None:
            return False
        if not walk[1] and house is self.cast.overseas and self.dice.random() < 0.4:
            self._bind_lane(walk[0], house)
        for _ in range(6):
            with transaction():
                stop = next_stop(walk[0])
            if stop is None or not self._at(stop, house):
                break
        return True

    def _tote(self, house: WarehouseFacts) -> uuid.UUID | None:
        found = self.one_of(
            "SELECT id FROM handling_unit u WHERE warehouse_id = :house AND kind = 'tote' AND subject_id IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM put_wall_slot s WHERE s.unit_id = u.id)", house=house.id,
        )  # fmt: skip
        return None if found is None else found.id

    def _bind_lane(self, batch_id: uuid.UUID, house: WarehouseFacts) -> None:
        tote = self._tote(house)
        if tote is not None:
            self.do("bind lane", "waved", lanes.bind_container, self.actor, batch_id, tote)

    def _at(self, stop: Any, house: WarehouseFacts) -> bool:
        """One look at one stop; False to walk away."""
        state = stop.order_state
        if stop.tote_id is None:
            return self._bind(stop, house)
        if self.may(0.08):
            return self._full(stop, house)
        if self.may(0.06):
            what = "short in a lane" if stop.is_lane else "short"
            self.do(what, state, picking.report_short, self.actor, stop.id)
            return True
        if self.may(0.06):
            self.do("put off", state, picking.skip, self.actor, stop.id)
            return True
        if self.may(0.05):
            self._find_damaged(stop)
            return True
        if self.may(0.3) and stop.sku == DATED:
            self.do("another batch", state, lots.change, self.actor, stop.id, self._batch_at(stop))
            return True
        units = self.dice.randint(1, stop.left)
        pick = together.pick_together if stop.is_together else picking.pick
        told = self.told("pick in a lane" if stop.is_lane else "pick", state, pick, self.actor, stop.id, units)
        if told == "done" and units == stop.left:
            self._look_into(stop)
        return told in ("done", "order_cancelled", "task_done", "order_held", "intercepted")

    def _bind(self, stop: Any, house: WarehouseFacts) -> bool:
        """A tote for the walk to the wall, for the lane, or for the order."""
        tote, state = self._tote(house), stop.order_state
        if tote is None:
            return False
        if stop.wall is not None:
            return self.do("bind tote", state, together.bind_tote, self.actor, stop.batch_id, tote)
        if stop.is_lane:
            return self.do("bind planned lane", state, lanes.bind_to_walk, self.actor, stop.batch_id, tote)
        return self.do("bind tote", state, picking.assign_tote, self.actor, stop.order_id, tote)

    def _full(self, stop: Any, house: WarehouseFacts) -> bool:
        """What is picked into is full: another one, of the order, of its lane, or of the walk to a wall."""
        tote = self._tote(house)
        if tote is None:
            return False
        if stop.wall is not None:
            return self.do(
                "full tote to the wall", stop.order_state, together.bind_tote, self.actor, stop.batch_id, tote
            )
        what = "full tote of a lane" if stop.is_lane else "full tote"
        return self.do(what, stop.order_state, full_totes.take_further, self.actor, stop.id, tote)

    def _batch_at(self, stop: Any) -> str:
        """Mostly one that lies there as well, sometimes any."""
        other = self.one_of(
            "SELECT l.batch FROM balance b JOIN lot l ON l.id = b.lot_id WHERE b.location_id = :place AND b.on_hand > b.allocated"
            " AND b.is_sellable", place=stop.location_id,
        )  # fmt: skip
        if other is not None and self.dice.random() < 0.8:
            return str(other.batch)
        return self.dice.choice(self.yard.batches)[0]

    def _find_damaged(self, stop: Any) -> None:
        """A unit is broken where it lies; sometimes it is not, on a second look."""
        found: list[uuid.UUID] = []

        def report() -> None:
            found[:] = [damage.report(self.actor, stop.id, 1).id]

        if not self.do("damage", stop.order_state, report):
            return
        then = self.dice.random()
        if then < 0.3:
            self.do("damage taken back", stop.order_state, damage.take_back, self.actor, found[0])
        elif then < 0.7:
            tote = self._damage_tote(stop)
            if tote is not None:
                self.do("damage into a tote", stop.order_state, damage.put_into_tote, self.actor, found[0], tote)

    def _damage_tote(self, stop: Any) -> uuid.UUID | None:
        """One that has some already, where there is one: several people fill it."""
        house = next(each for each in self.yard.houses if stop.location_id in each.locations.values())
        begun = self.one_of(
            "SELECT id FROM handling_unit WHERE warehouse_id = :house AND subject_kind = 'damage'", house=house.id
        )
        return begun.id if begun is not None else self._tote(house)

    def _bring_damaged(self, house: WarehouseFacts) -> None:
        """Now and then, and before everybody goes home."""
        found = self.one_of(
            "SELECT u.id, (SELECT l.id FROM location l WHERE l.warehouse_id = u.warehouse_id AND l.kind = 'inspection' LIMIT 1)"
            " AS place FROM handling_unit u WHERE u.warehouse_id = :house AND u.subject_kind = 'damage'", house=house.id,
        )  # fmt: skip
        if found is not None and (self.yard.calm() or self.dice.random() < 0.2):
            self.do("damage brought", "-", damage.bring, self.actor, found.id, found.place)

    def _look_into(self, stop: Any) -> None:
        """Whether a bin that the book calls empty is."""
        with transaction():
            asked = zero.is_asked(stop.location_id)
        if asked and self.may(0.2):
            self.do("bin is not empty", stop.order_state, zero.doubt_empty, self.actor, stop.location_id)
        elif asked:
            self.do("bin is empty", stop.order_state, zero.confirm_empty, self.actor, stop.location_id)


class Sorter(Hand):
    """At the put wall."""

    def turn(self) -> bool:
        found = self.one_of(
            "SELECT u.id FROM handling_unit u JOIN pick_batch b ON b.id = u.subject_id WHERE u.subject_kind = 'batch'"
            " AND EXISTS (SELECT 1 FROM balance r WHERE r.handling_unit_id = u.id AND r.on_hand > 0)"
        )  # fmt: skip
        if found is None:
            return False
        return sum(self._unit(found.id) for _ in range(4)) > 0

    def _unit(self, tote_id: uuid.UUID) -> bool:
        try:
            with transaction():
                tote = sorting.open_tote(self.actor, tote_id)
                inside = sorting.in_tote(tote.id)
                if not inside:  # emptied by the other one since
                    return False
                product = self.dice.choice(inside).product_id
                goal = sorting.goal_of(tote, product)
        except Refused as refusal:
            self.yard.tried["look at the wall", "-", refusal.code] += 1
            return False
        units = self.dice.randint(1, goal.units)
        return self.do("sort", "picking", sorting.put, self.actor, tote, goal.order_id, product, units, goal.slot_id)


class Packer(Hand):
    """A bench: one or several parcels, checks taken back, parcels opened again."""

    def turn(self) -> bool:
        if self.may(0.08) and self._open_again():
            return True
        found = self.one_of(
            "SELECT o.id, o.tote_id, o.kind, u.subject_kind, o.warehouse_id, (SELECT min(d.product_id::text)::uuid"
            "  FROM demand d WHERE d.order_id = o.id) AS product_id FROM outbound_order o JOIN handling_unit u"
            "  ON u.id = o.tote_id WHERE o.state = 'picked' AND o.kind <> 'destruction' AND (NOT :calm OR (o.holds = 0"
            "  AND o.interception <> 'requested' AND o.customs_state <> 'refused'))", calm=self.yard.calm(),
        )  # fmt: skip
        if found is None:
            return False
        if found.subject_kind == "lane":
            return self._single(found)
        if not self.do("open tote", "picked", packing.start_packing, self.actor, found.tote_id):
            return False
        return self._pack(found.id)

    def _single(self, found: Any) -> bool:
        taken: list[single_units.Taken] = []

        def take() -> None:
            taken[:] = [single_units.take(self.actor, found.warehouse_id, found.product_id)]

        if not self.do("take a single", "picked", take):
            return False
        if self.may(0.1):
            return self.do("give back", "picked", single_units.give_back, self.actor, taken[0].order_id)
        number = self._number(taken[0].order_id)
        if self.do("close", "picked", single_units.close, self.actor, taken[0].order_id, number):
            return True
        return self.do("give back", "picked", single_units.give_back, self.actor, taken[0].order_id)  # it was stopped

    def _pack(self, order_id: uuid.UUID) -> bool:
        with transaction():
            lines = packing.pack_lines(order_id)
        for line in lines:
            for _ in range(line.left):
                self.do("check", "picked", packing.verify, self.actor, order_id, line.product_id, 1)
                if self.may(0.05):
                    self.do("check taken back", "picked", packing.unverify, self.actor, order_id)
                if self.may(0.12):
                    self.do("begin next", "picked", boxes.begin_next, self.actor, order_id)
                    if self.dice.random() < 0.2:
                        self.do("next taken back", "picked", boxes.take_back_next, self.actor, order_id)
                    if self.dice.random() < 0.8:
                        self._close(order_id)
        return self._close(order_id)

    def _close(self, order_id: uuid.UUID) -> bool:
        with transaction():
            weight = packing.expected_weight(order_id).expected_g
        if not self.do("weigh", "picked", packing.weigh, self.actor, order_id, weight):
            return False
        return self.do("close", "picked", packing.close_parcel, self.actor, order_id, self._number(order_id))

    def _number(self, order_id: uuid.UUID) -> str:
        """What the label in hand says; nothing where none came."""
        with transaction():
            parcels = packing.bench(order_id).parcels
            open_ones = [each.tracking_number for each in parcels if each.is_open]
        return str(open_ones[0]) if open_ones else "–"

    def _open_again(self) -> bool:
        found = self.one_of(
            "SELECT p.tracking_number, o.warehouse_id, o.state, coalesce(o.tote_id, (SELECT u.id FROM handling_unit u"
            "  WHERE u.warehouse_id = o.warehouse_id AND u.kind = 'tote' AND u.subject_id IS NULL AND NOT EXISTS"
            "  (SELECT 1 FROM put_wall_slot s WHERE s.unit_id = u.id) ORDER BY random() LIMIT 1)) AS tote_id"
            " FROM parcel p JOIN shipment s ON s.id = p.shipment_id JOIN outbound_order o ON o.id = s.subject_id"
            " WHERE p.state = 'closed' AND o.state IN ('packed', 'picked')"
        )  # fmt: skip
        if found is None or found.tote_id is None:
            return False
        return self.do("open again", found.state, boxes.reopen, self.actor, found.warehouse_id, found.tracking_number,
                       found.tote_id)  # fmt: skip


class Gate(Hand):
    """Scans onto loads whatever stands there, ready or not, and lets trucks go."""

    def turn(self) -> bool:
        state = "AND p.state = 'closed'" if self.dice.random() < 0.8 else ""
        found = self.one_of(
            "SELECT p.tracking_number, p.warehouse_id, o.state FROM parcel p JOIN shipment s ON s.id = p.shipment_id"
            f" JOIN outbound_order o ON o.id = s.subject_id WHERE p.tracking_number IS NOT NULL {state}"
        )  # fmt: skip
        if found is not None:
            self.do("hand over", found.state, handover.hand_over, self.actor, found.warehouse_id, found.tracking_number)
        if self.dice.random() < (0.5 if self.yard.calm() else 0.1):
            self.drive_off()
        return found is not None

    def drive_off(self) -> None:
        load = self.one_of("SELECT id FROM manifest WHERE state = 'open'")
        if load is not None:
            self.do("drive off", "shipped", shipping.close_manifest, self.actor, load.id)


class Bagger(Hand):
    """Puts parcels into bags, weighs and loads them; what must not leave is taken out again."""

    def turn(self) -> bool:
        acts = [self._put_in, self._close, self._load]
        self.dice.shuffle(acts)
        return sum(act() for act in acts[: self.dice.randint(1, 3)]) > 0

    def _put_in(self) -> bool:
        found = self.one_of(
            "SELECT p.tracking_number, p.warehouse_id, o.state, (SELECT b.id FROM bag b WHERE b.state = 'open' AND"
            "  b.warehouse_id = p.warehouse_id ORDER BY random() LIMIT 1) AS bag_id FROM parcel p JOIN shipment s"
            "  ON s.id = p.shipment_id JOIN outbound_order o ON o.id = s.subject_id WHERE p.state = 'closed'"
            "  AND p.bag_id IS NULL"
        )  # fmt: skip
        if found is None or not self.may(0.5):
            return False
        bag_id = found.bag_id if self.dice.random() < 0.8 else None
        put = (self.actor, found.warehouse_id, found.tracking_number, bag_id)
        return self.do("put into a bag", found.state, bagging.put_in, *put)

    def _close(self) -> bool:
        found = self.one_of(
            "SELECT b.id, sum(p.weight_g) AS grams FROM bag b JOIN parcel p ON p.bag_id = b.id WHERE b.state = 'open'"
            " GROUP BY b.id"
        )  # fmt: skip
        if found is None:
            return False
        weight = int(found.grams or 1) + 150
        told = self.told("close a bag", "packed", bagging.close, self.actor, found.id, weight, accept_anyway=True)
        return told == "done" or self._take_out(found.id)

    def _load(self) -> bool:
        found = self.one_of("SELECT id FROM bag WHERE state = 'closed'")
        if found is None:
            return False
        told = self.told("load a bag", "packed", bagging.load, self.actor, found.id)
        return told == "done" or self._take_out(found.id)

    def _take_out(self, bag_id: uuid.UUID) -> bool:
        """Of a bag that may not go: a parcel of an order that may not."""
        found = self.one_of(
            "SELECT p.id, o.state FROM parcel p JOIN shipment s ON s.id = p.shipment_id JOIN outbound_order o"
            " ON o.id = s.subject_id WHERE p.bag_id = :bag AND p.state <> 'handed_over' AND (o.state <> 'packed'"
            " OR o.holds > 0 OR o.interception = 'requested' OR o.customs_state NOT IN ('none', 'released'))",
            bag=bag_id,
        )  # fmt: skip
        if found is None:
            return False
        return self.do("take out of a bag", found.state, shipping.take_out_of_bag, self.actor, found.id)


class Returner(Hand):
    """Puts back what was cancelled, and catches what is to be stopped."""

    def turn(self) -> bool:
        self._catch()
        found = self.one_of(
            "SELECT u.id, b.product_id, b.on_hand, u.warehouse_id FROM handling_unit u JOIN balance b"
            " ON b.handling_unit_id = u.id WHERE u.subject_kind = 'put_back' AND b.on_hand > 0"
        )  # fmt: skip
        if found is None:
            return False
        house = next(each for each in self.yard.houses if each.id == found.warehouse_id)
        place = house.locations[self.dice.choice(sorted(code for code in house.locations if code.startswith("A-0")))]
        units = self.dice.randint(1, found.on_hand)
        return self.do("put back", "cancelled", putback.put_back, self.actor, found.id, found.product_id, units, place)

    def _catch(self) -> None:
        found = self.one_of(
            "SELECT u.id, o.state, u.state = 'gone' AS on_load FROM outbound_order o JOIN interception i"
            " ON i.order_id = o.id AND i.state = 'requested' JOIN handling_unit u ON u.subject_id = o.id"
            " OR u.id IN (SELECT p.handling_unit_id FROM parcel p WHERE p.shipment_id = o.shipment_id)"
        )  # fmt: skip
        if found is not None and (self.yard.calm() or self.dice.random() < 0.3):
            what = "take off the load" if found.on_load else "catch"
            self.do(what, found.state, interceptions.catch, self.actor, found.id)


CREW: tuple[tuple[type[Hand], int], ...] = (
    (Seller, 2), (Supervisor, 2), (Picker, 3), (Sorter, 1), (Packer, 3), (Gate, 1), (Bagger, 1), (Clerk, 1), (Returner, 2),
    (Tallier, 1), (Dock, 1), (Booker, 1), (Counter, 1), (FarDock, 1), (Worker, 3),
)  # fmt: skip

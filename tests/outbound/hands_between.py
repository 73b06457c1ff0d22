"""Hands of a chaos where goods leave by another gate: the counter, and the dock of the warehouse that transfers go to."""

from __future__ import annotations

from typing import Any

from tests.outbound.hands import Hand, rows
from wms.inbound import service as inbound
from wms.inbound.service import CountDraft
from wms.outbound.kinds.pick_up import Checked
from wms.outbound.service import counter


class Counter(Hand):
    """Consignees come for what is packed, and for what is not; a parcel at a time, all of them or some."""

    def turn(self) -> bool:
        found = self.one_of(
            "SELECT o.id, o.state, o.warehouse_id, k.code FROM outbound_order o JOIN pick_up k ON k.order_id = o.id"
            " WHERE o.state NOT IN ('shipped', 'cancelled') AND (NOT :calm OR o.state = 'packed')", calm=self.yard.calm(),
        )  # fmt: skip
        if found is None or self.may(0.4):
            return False
        if not self.do("ask at the counter", found.state, counter.ask_for, self.actor, found.id):
            return False
        if self.may(0.3):
            self.do("say a wrong code", found.state, counter.say_code, self.actor, found.id, "nothing")
        self.do("say the code", found.state, counter.say_code, self.actor, found.id, found.code)
        numbers = rows(
            "SELECT p.tracking_number FROM parcel p JOIN shipment s ON s.id = p.shipment_id WHERE s.subject_id = :order"
            " AND p.state IN ('closed', 'handed_over')", order=found.id,
        )  # fmt: skip
        for row in numbers:
            hand_out = (self.actor, found.warehouse_id, found.id, row.tracking_number, Checked.CODE)
            self.do("hand out", found.state, counter.collect, *hand_out)
            if self.may(0.2):
                return True
        return True


class FarDock(Hand):
    """Receives what a truck brought from the other house: all of it, less, more, or a parcel not at all."""

    role = "supervisor"

    def turn(self) -> bool:
        carton = self.one_of(
            "SELECT c.id, c.barcode, c.state, c.warehouse_id FROM carton c JOIN booking b ON b.id = c.booking_id"
            " JOIN parcel p ON p.tracking_number = c.reference_box_no JOIN manifest m ON m.id = p.manifest_id"
            " WHERE b.transfer_order_id IS NOT NULL AND b.closed_at IS NULL AND m.state = 'closed'"
            " AND c.state IN ('declared', 'arrived', 'counting', 'counted', 'stowing')"
        )  # fmt: skip
        if carton is None:
            return self._decide()
        if carton.state == "declared":
            if self.may(0.15):
                return self.do("lose on the road", "shipped", inbound.mark_missing, self.actor, carton.id)
            arrive = (self.actor, carton.barcode)
            return self.do("arrive", "shipped", inbound.arrive_carton, *arrive, warehouse_id=carton.warehouse_id)
        if carton.state in ("arrived", "counting"):
            return self._count(carton)
        place = self.one_of(
            "SELECT id FROM location WHERE warehouse_id = :house AND kind = 'storage'", house=carton.warehouse_id
        )
        return (
            self.do("put away there", "shipped", inbound.put_away_all, self.actor, carton.id, place.id)
            or self._decide()
        )

    def _count(self, carton: Any) -> bool:
        lines = rows(
            "SELECT l.product_id, l.declared - l.received_good AS left, p.expiry_controlled AS dated FROM carton_line l"
            " JOIN product p ON p.id = l.product_id WHERE l.carton_id = :carton", carton=carton.id,
        )  # fmt: skip
        for line in lines:
            units = line.left + (self.dice.choice([-1, 1]) if self.may(0.2) else 0)
            if units > 0:
                lot = dict(zip(("batch", "expires_on"), self.yard.batches[0], strict=True)) if line.dated else {}
                self.do("count there", "shipped", inbound.count_many, self.actor, carton.id,
                        [CountDraft(line.product_id, units, **lot)])  # fmt: skip
        return self.do("close carton", "shipped", inbound.close_carton, self.actor, carton.id)

    def _decide(self) -> bool:
        """The seller takes what differs as it is."""
        found = self.one_of(
            "SELECT d.id FROM difference d JOIN booking b ON b.id = d.booking_id WHERE d.state = 'open'"
            " AND b.transfer_order_id IS NOT NULL"
        )  # fmt: skip
        if found is None:
            return False
        return self.do("accept difference", "shipped", inbound.decide, self.cast.acme, found.id, "accept")

"""Sellers' systems: pre-stock, orders in bursts, cancellations, returns, and everything that shops get wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from wms.core.ids import new_id
from wms.outbound.rules import is_id_number
from wms.seed import GOODS
from wms.simulation import carrier, minds
from wms.simulation.kinds import kind_of, shaped
from wms.simulation.play import Play, has_lots
from wms.simulation.services import ASKED
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Answer, SellerSystem, meaning
from wms.simulation.world import Carton, Order, Untrue

SKUS = [row[0] for row in GOODS]
# How busy a shop is by the hour of the day, UTC: nights are quiet, evenings are not.
BUSY = [3, 2, 2, 2, 3, 4, 6, 8, 10, 9, 7, 7, 8, 7, 6, 6, 7, 9, 12, 14, 14, 11, 8, 5]
PAUSE_SECONDS = 1_500  # between two acts of a shop at a busyness of 1
ON_A_PALLET = 0.4  # of the bookings of several cartons
KEPT = 30  # commands a shop remembers and may send once more


class Shop:
    """One seller's system and what it remembers."""

    def __init__(self, play: Play, seller: str) -> None:
        self.play, self.seller = play, seller
        self.system = SellerSystem(play.wire, seller, play.stage.keys[seller])
        self.dice, self.pallets = play.dice(f"shop {seller}"), play.dice(f"pallets of {seller}")
        self.made = self.keys = 0
        self.sent: list[tuple[str, str, Any, str, Answer]] = []

    def run(self) -> Process:
        for house in self.play.stage.houses.values():
            self.book(house, arrives_after=60)
            yield 5.0
        acts: list[tuple[int, Callable[[], object]]] = [
            (62, self.order), (9, self.book_somewhere), (6, self.cancel), (4, self.change), (8, self.announce_return),
            (8, self.ask_service), (9, partial(minds.intercept, self)), (2, partial(minds.withdraw, self)),
            (3, partial(minds.hold, self)), (4, partial(minds.end_hold, self)), (3, partial(minds.change_service, self)),
            (5, partial(minds.decide, self)),
            (5, self.send_nonsense), (4, self.send_again), (3, self.use_a_reference_twice), (2, self.reach_for_others),
            (2, self.read),
        ]  # fmt: skip
        weights = [weight for weight, _ in acts]
        while not self.play.closing:
            (_, act) = self.dice.choices(acts, weights)[0]
            act()
            busy = BUSY[self.play.timeline.moment.hour]
            burst = self.dice.random() < 0.15
            yield 1.0 if burst else self.dice.expovariate(busy / PAUSE_SECONDS)
        while minds.end_hold(self):
            yield 60.0

    def _reference(self) -> str:
        self.made += 1
        return f"{self.seller}-{self.made:06}"

    def post(self, what: str, path: str, body: Any, detail: str, match: int | None = None) -> Answer:
        self.keys += 1
        key = str(new_id()) if self.dice.random() < 0.9 else f"{self.seller}-key-{self.keys}"
        answer = self.system.post(what, path, body, key=key, match=match, detail=detail)
        if match is None and answer.status != 422:
            self.sent = [*self.sent[-KEPT:], (what, path, body, key, answer)]
        return answer

    # -- pre-stock -----------------------------------------------------------------------------------------------

    def book_somewhere(self) -> None:
        self.book(self.play.stage.houses[self.dice.choice(["DE1", "DE1", "NGB1"])])

    def book(self, house: House, arrives_after: float | None = None) -> None:
        dice = self.dice
        cartons: list[dict[str, Any]] = [
            {"number": number, "lines": [
                {"sku": sku, "quantity": dice.choice([6, 12, 12, 24])} for sku in dice.sample(SKUS, dice.randint(1, 3))
            ]}
            for number in range(1, dice.randint(1, 3) + 1)
        ]  # fmt: skip
        reference, stacked = self._reference(), len(cartons) > 1 and self.pallets.random() < ON_A_PALLET
        if stacked:
            self._stack(cartons)
        body = {"warehouse": house.code, "reference": reference, "submit": True, "cartons": cartons}
        answer = self.post("book", "/api/v1/bookings", body, f"{reference} in {house.code}")
        if answer.status != 201:
            raise Untrue(f"a booking was refused: {answer.status} {answer.body}")
        booking_id = answer.body["id"]
        self.play.world.bookings[booking_id] = house.code
        shown = self.system.get(f"/api/v1/bookings/{booking_id}")
        if arrives_after is None and dice.random() < 0.1:
            withdrawn = self.post("withdraw booking", f"/api/v1/bookings/{booking_id}/cancel", {}, reference)
            if withdrawn.status != 200:
                raise Untrue(f"a booking could not be withdrawn: {withdrawn.status} {withdrawn.body}")
            return
        after, neat = arrives_after or dice.uniform(600, 3600), self.pallets.random() < 0.8
        for carton, announced in zip(shown["cartons"], cartons, strict=True):
            declared = {line["sku"]: line["quantity"] for line in announced["lines"]}
            packed = Carton(carton["barcode"], house.code, house.bonded, self.seller, declared, self._inside(declared))
            if stacked:
                packed.pallet = booking_id
                if neat:
                    packed.inside = {sku: (units, 0) for sku, units in declared.items()}
                self.play.timeline.add(self._arrive(packed), after)
                continue
            if arrives_after is None and dice.random() < 0.08:  # lost on the way; of three one turns up after all
                since = self.play.timeline.moment + timedelta(seconds=after)
                self.play.world.overdue.append((booking_id, carton["id"], since))
                if dice.random() < 0.67:
                    continue
                after += 7_200
            self.play.timeline.add(self._arrive(packed), after + dice.uniform(0, 900))

    def _stack(self, cartons: list[dict[str, Any]]) -> None:
        """All of them on one pallet, mostly of goods without batches."""
        without = [sku for sku in SKUS if not has_lots(sku)]
        plain = self.pallets.random() < 0.8
        for carton in cartons:
            carton["pallet"] = 1
            skus = self.pallets.sample(without, len(carton["lines"])) if plain else []
            for line, sku in zip(carton["lines"], skus, strict=False):
                line["sku"] = sku

    def _inside(self, declared: dict[str, int]) -> dict[str, tuple[int, int]]:
        """What really is in the carton: now and then less, more, damaged, or something else."""
        dice = self.dice
        inside = {}
        for sku, units in declared.items():
            good = max(1, units + dice.choices([0, -1, -2, 1, 2], [78, 7, 3, 7, 5])[0])
            damaged = 1 if good > 1 and dice.random() < 0.08 else 0
            inside[sku] = (good - damaged, damaged)
        if dice.random() < 0.06:
            inside.setdefault(dice.choice(SKUS), (dice.randint(1, 2), 0))
        return inside

    def _arrive(self, carton: Carton) -> Process:
        self.play.world.dock[carton.house].append(carton)
        self.play.world.cartons.append(carton)
        yield from ()

    # -- orders --------------------------------------------------------------------------------------------------

    def _order_body(self, house: House, reference: str) -> dict[str, Any]:
        dice = self.dice
        stocked = self.stocked(house.code)
        skus = dict.fromkeys(dice.choice(stocked if dice.random() < 0.93 else SKUS) for _ in range(dice.randint(1, 3)))
        lines: list[dict[str, Any]] = []
        for sku in skus:
            quantity = dice.choices([1, 2, 3, 13], [60, 25, 12, 3])[0]
            line: dict[str, Any] = {"sku": sku, "quantity": quantity, "unit_value_minor": 990, "currency": "EUR"}
            if has_lots(sku) and dice.random() < 0.15:
                line["batch"] = dice.choice(["L1", "L2"])
            lines.append(line)
        consignee = {"name": f"Buyer {self.made}", "country": "DE", "city": "Berlin", "postcode": "10115",
                     "address1": "Invalidenstraße 117"}  # fmt: skip
        if house.bonded:
            consignee |= {"country": "CN", "city": "宁波", "postcode": "315800", "phone": "0574-12345678",
                          "id_number": id_number(dice)}  # fmt: skip
        return {
            "reference": reference, "warehouse": house.code, "service": self._service(house),
            "priority": dice.choices([0, 5], [90, 10])[0], "consignee": consignee, "lines": lines,
        }  # fmt: skip

    def _service(self, house: House) -> str:
        """Mostly of the house's own carrier; one behind a network serves what is not in bond."""
        if not house.bonded and self.dice.random() < 0.2:
            return carrier.SERVICE
        return self.dice.choice(["HOUSE-STD", "HOUSE-EXP"])

    def stocked(self, house: str) -> list[str]:
        """SKUs that were sent there and came, as often as they came."""
        came = [carton for carton in self.play.world.cartons if (carton.seller, carton.house) == (self.seller, house)]
        return [sku for carton in came for sku in carton.declared] or SKUS

    def order(self) -> None:
        house = self._house()
        kind = kind_of(house, self.dice)
        body = shaped(kind, self._order_body(house, self._reference()), house, self.made, self.dice)
        lines = {line["sku"]: line["quantity"] for line in body["lines"]}
        detail = f"{body['reference']} {house.code} {kind} {_in_words(lines)}"
        answer = self.post("order" if kind == "dropship" else f"order {kind}", "/api/v1/orders", body, detail)
        if answer.code == "fill_or_kill_short" and body.get("fill") == "fill_or_kill":
            return
        if answer.status != 201:
            raise Untrue(f"an order was refused: {answer.status} {answer.body}")
        told = answer.body
        order = Order(
            told["id"], told["number"], body["reference"], house.code, house.bonded, self.seller, lines, kind,
            body.get("to_warehouse"), or_nothing=body.get("fill") == "fill_or_kill",
        )  # fmt: skip
        self.play.world.accept(order)
        if kind == "pick_up":
            self.play.world.codes[order.id] = self.system.get(f"/api/v1/orders/{order.id}")["pick_up"]["code"]
        if body.get("fill") == "partial":
            self.play.learn_of_parts()

    def _house(self) -> House:
        return self.play.stage.houses[self.dice.choices(["DE1", "DE2", "NGB1"], [62, 8, 30])[0]]

    def mine(self, *, shipped: bool = False) -> Iterator[Order]:
        for order in self.play.world.orders.values():
            sold = order.parcel is not None and order.kind == "dropship"
            if order.seller == self.seller and (sold if shipped else order.open):
                yield order

    def loaded(self) -> list[Order]:
        """Orders that are on a load, not all of which need be gone."""
        every = self.play.world.orders.values()
        return [each for each in every if each.seller == self.seller and each.gone and not each.destroyed]

    def cancel(self) -> None:
        mine = list(self.mine())
        if not mine:
            return
        order = self.dice.choice(mine)
        version = self.system.get(f"/api/v1/orders/{order.id}")["version"]
        stale = self.dice.random() < 0.1 and version > 1
        body = {"reason": "buyer_cancelled"}
        answer = self.post(
            "cancel", f"/api/v1/orders/{order.id}/cancel", body, order.number, match=version - 1 if stale else version
        )
        if answer.status == 200 and not stale:
            self.play.world.cancel(order)
        elif answer.code == "parcel_gone" and order.on_load:
            return  # a part of it stands on a load: it can be intercepted
        elif answer.status != 412 or not stale:
            raise Untrue(f"{order.number} could not be cancelled: {answer.status} {answer.body}")

    def change(self) -> None:
        """Another address or urgency, which is possible while nobody works on it."""
        mine = list(self.mine())
        if not mine:
            return
        order = self.dice.choice(mine)
        version = self.system.get(f"/api/v1/orders/{order.id}")["version"]
        changes: dict[str, Any] = {"priority": self.dice.randrange(10)}
        if self.dice.random() < 0.5:
            if order.kind in ("destruction", "transfer"):
                return
            changes["consignee"] = self._order_body(self.play.stage.houses[order.house], "-")["consignee"]
        answer = self.system.send(
            "PATCH", "change order", f"/api/v1/orders/{order.id}", changes, key=str(new_id()), match=version,
            detail=order.number,
        )  # fmt: skip
        if answer.status != 200 and answer.code != "edit_too_late":
            raise Untrue(f"{order.number} could not be changed: {answer.status} {answer.body}")

    def announce_return(self) -> None:
        shipped = [order for order in self.mine(shipped=True) if not order.returned]
        if not shipped:
            return
        order = self.dice.choice(shipped)
        lines = {sku: self.dice.randint(1, units) for sku, units in order.lines.items() if self.dice.random() < 0.8}
        if not lines:
            return
        body = {"order": order.number, "reason": "changed_mind",
                "lines": [{"sku": sku, "quantity": units} for sku, units in lines.items()]}  # fmt: skip
        answer = self.post("announce return", "/api/v1/returns", body, f"{order.number} {_in_words(lines)}")
        if answer.status == 422:  # announced before
            return
        if answer.status != 201:
            raise Untrue(f"a return was refused: {answer.status} {answer.body}")
        if self.dice.random() < 0.85:
            self.play.timeline.add(self._come_back(order, answer.body["number"], lines), self.dice.uniform(600, 5400))
        elif self.dice.random() < 0.5:
            path = f"/api/v1/returns/{answer.body['id']}/cancel"
            withdrawn = self.post("withdraw return", path, {}, order.number, match=answer.body["version"])
            if withdrawn.status != 200 and withdrawn.status != 412:  # stale: its parcel was opened at the desk
                raise Untrue(f"a return could not be withdrawn: {withdrawn.status} {withdrawn.body}")

    def _come_back(self, order: Order, number: str, lines: dict[str, int]) -> Process:
        self.play.world.returns[order.house].append((number, order, lines))
        yield from ()

    def ask_service(self) -> None:
        """A value-added service on goods that may be there; nothing is converted in bond."""
        service = self.dice.choice(list(ASKED))
        wanted, becomes = ASKED[service]
        body = {"warehouse": "DE1", "service": service, "sku": wanted or self.dice.choice(self.stocked("DE1")),
                "quantity": self.dice.randint(1, 4)} | ({"to_sku": becomes} if becomes else {})  # fmt: skip
        path = "/api/v1/added-services/requests"
        answer = self.post("ask for a service", path, body, f"{service} {body['sku']}x{body['quantity']}")
        if answer.status != 201 and answer.code not in (
            "conversion_short",
            "validation_failed",
            "service_more_than_there",
        ):
            raise Untrue(f"a service was refused: {answer.status} {answer.body}")

    # -- what shops get wrong ------------------------------------------------------------------------------------

    def send_nonsense(self) -> None:
        body = self._order_body(self._house(), f"{self.seller}-wrong")
        spoiled: list[dict[str, Any]] = [
            {**body, "lines": [{"sku": "NO-SUCH-SKU", "quantity": 1}]},
            {**body, "lines": [{**body["lines"][0], "quantity": 0}]},
            {**body, "lines": [{**body["lines"][0], "quantity": "three"}]},
            {**body, "lines": []}, {**body, "warehouse": "MOON"}, {**body, "service": "PIGEON"},
            {**body, "consignee": {**body["consignee"], "country": "Germany"}},
            {**body, "surprise": 1}, {key: value for key, value in body.items() if key != "consignee"},
            {**body, "warehouse": "NGB1", "consignee": {**body["consignee"], "id_number": "110101190001011234"}},
        ]  # fmt: skip
        which = self.dice.randrange(len(spoiled))
        answer = self.post("order, wrong", "/api/v1/orders", spoiled[which], f"fault {which}")
        if answer.status != 422 or not answer.body.get("errors"):
            raise Untrue(f"nonsense {which} was answered {answer.status} {answer.body}")

    def send_again(self) -> None:
        """A command from long ago once more, or its key for something else."""
        if not self.sent:
            return
        what, path, body, key, told = self.dice.choice(self.sent)
        if self.dice.random() < 0.7:
            answer = self.system.post(f"{what}, again", path, body, key=key, detail=path.rpartition("/")[2])
            if meaning(answer) != meaning(told):
                raise Untrue(f"{what} was answered {told.status} {told.body}, and now {answer.status} {answer.body}")
            return
        changed = self._order_body(self._house(), f"{self.seller}-other")
        answer = self.system.post("key reused", "/api/v1/orders", changed, key=key)
        if (answer.status, answer.code) != (422, "command_id_reused"):
            raise Untrue(f"a used key was taken for something else: {answer.status} {answer.body}")

    def use_a_reference_twice(self) -> None:
        mine = list(self.mine())
        if not mine:
            return
        body = self._order_body(self._house(), self.dice.choice(mine).reference)
        answer = self.post("order, known reference", "/api/v1/orders", body, body["reference"])
        if (answer.status, answer.code) != (409, "order_reference_taken"):
            raise Untrue(f"a reference was taken twice: {answer.status} {answer.body}")

    def reach_for_others(self) -> None:
        theirs = [order for order in self.play.world.orders.values() if order.seller != self.seller]
        if not theirs:
            return
        order = self.dice.choice(theirs)
        answer = self.post("cancel another's", f"/api/v1/orders/{order.id}/cancel", {"reason": "other"},
                            order.number, match=1)  # fmt: skip
        if answer.status != 404:
            raise Untrue(f"{self.seller} reached {order.number} of {order.seller}: {answer.status}")

    def read(self) -> None:
        """What a shop looks at in between: its orders and its stock, whose buckets add up."""
        self.system.get("/api/v1/orders?limit=50")
        for line in self.system.get("/api/v1/stock?limit=100")["data"]:
            if sum(line["buckets"].values()) != line["on_hand"]:
                raise Untrue(f"buckets of {line['sku']} in {line['warehouse']} do not add up: {line}")


def _in_words(lines: dict[str, int]) -> str:
    return " ".join(f"{sku}x{units}" for sku, units in lines.items())


def id_number(dice: random.Random) -> str:
    """A number of the form of GB 11643, of nobody."""
    digits = "110101" + "19900101" + f"{dice.randrange(1000):03}"
    return next(digits + check for check in "0123456789X" if is_id_number(digits + check, date(2026, 1, 1)))

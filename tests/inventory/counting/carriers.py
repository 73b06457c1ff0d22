"""People who carry goods through a made-up warehouse with the floor's own scenarios: what is in their hands lies in no bin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from tests.inventory.counting.people import person
from tests.inventory.world import House
from wms.catalog.models import Product, ProductBarcode
from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.floor import contract
from wms.floor.contract import Scan, Step
from wms.floor.scenarios.move import Move
from wms.floor.scenarios.replenish import Replenish
from wms.platform.database import session

Place = tuple[str, str]  # bin, product
SCENARIOS = {"move": Move(), "replenish": Replenish()}


@dataclass
class Load:
    """What somebody has in hand: out of which bin, and for which kind of work."""

    kind: str
    source: str
    name: str
    units: int

    @property
    def at(self) -> Place:
        return (self.source, self.name)


class Carrier:
    """Somebody with a tablet. `really` is what lies in the bins; every step of theirs changes it as a body would."""

    def __init__(self, house: House, codes: dict[str, str], really: Counter[Place]) -> None:
        self.who, self.house, self.codes, self.really = person(), house, codes, really
        self.load: Load | None = None
        self.stood_down: tuple[Load, str] | None = None  # what was put down last, and where: it can be undone
        self.away = False

    def _scan(self, kind: str, raw: str, quantity: int | None = None) -> Step | Refused:
        scenario: Any = SCENARIOS[kind]
        try:
            work = contract.start_task(self.who, scenario, self.house.id)
            session().commit()
            task = contract.load_task(self.who, work.id)
            given = Scan(new_id(), raw, quantity=quantity)
            step = contract.apply_scan(self.who, scenario, task, given, None)
            contract.move_on(self.who, task, given, step)
        except Refused as refusal:
            session().rollback()
            return refusal
        session().commit()
        return step

    def _bin(self, place: str) -> str:
        return f"L-{self.house.warehouse.code}-{place}"

    def take(self, place: str, name: str, units: int) -> None:
        """Out of a bin into the hands. What is refused stays where it is."""
        if self.load is not None or self.away:
            return
        self._scan("move", "CMD-BACK")
        opened = self._scan("move", self._bin(place))
        assert isinstance(opened, Step), opened
        if isinstance(self._scan("move", self.codes[name], units), Step):
            self.load, self.stood_down = Load("move", place, name, units), None
            self.really[place, name] -= units

    def walk(self, names: dict[Any, str], places: dict[Any, str]) -> None:
        """To a reserve bin for a pick face, as far as the goods in hand; as many as are there."""
        if self.load is not None or self.away:
            return
        begun = self._scan("replenish", "CMD-OK")
        if isinstance(begun, Refused) or "walk_id" not in begun.data:
            return
        found = session().execute(
            text("SELECT t.product_id, b.location_id, a.open_quantity FROM replenish_task t JOIN balance b ON b.id = t.balance_id"
                 " JOIN allocation a ON a.id = t.allocation_id WHERE t.id = :id"), {"id": begun.data["walk_id"]},
        ).one()  # fmt: skip
        name, place = names[found.product_id], places[found.location_id]
        units = min(found.open_quantity, self.really[place, name])
        opened = self._scan("replenish", self._bin(place))
        assert isinstance(opened, Step), opened
        if units and isinstance(self._scan("replenish", self.codes[name], units), Step):
            self.load, self.stood_down = Load("replenish", place, name, units), None
            self.really[place, name] -= units
        else:
            self._scan("replenish", "CMD-SKIP")

    def put(self, place: str) -> None:
        """Into this bin; a walk's goods into the pick face. What the bin refuses stays in hand."""
        load = self.load
        if load is None or self.away:
            return
        target = place if load.kind == "move" else "pick_face"
        put = self._scan(load.kind, self._bin(target))
        if isinstance(put, Step):
            assert put.code in {"item_moved", "face_filled", "move_undone"}, put.code
            self.really[target, load.name] += load.units
            self.load, self.stood_down = None, None if put.code == "move_undone" else (load, target)

    def back(self) -> None:
        """Back into the bin it came from, by the button."""
        if self.load is not None and not self.away:
            assert isinstance(self._scan(self.load.kind, "CMD-BACK"), Step)
            self.really[self.load.at] += self.load.units
            self.load = None

    def undo(self) -> None:
        """What was put down last is picked up again; a walk's goods until its reserve bin is scanned."""
        if self.stood_down is None or self.away:
            return
        (load, target), self.stood_down = self.stood_down, None
        if self.really[target, load.name] >= load.units and isinstance(self._scan(load.kind, "CMD-UNDO"), Step):
            self.really[target, load.name] -= load.units
            self.load = load
            if load.kind == "replenish":
                self.really[load.at] += load.units
                assert isinstance(self._scan("replenish", self._bin(load.source)), Step)
                self.load = None

    def leave(self, *, with_goods: bool) -> None:
        """Go home, long ago by now; the tablet still says that goods are in hand. They lie in their bin, or on a cart."""
        load = self.load
        if load is None or self.away:
            return
        self.away = True
        if not with_goods:
            self.really[load.at] += load.units
        self.load = load if with_goods else None
        session().execute(
            text("UPDATE floor_task SET updated_at = updated_at - interval '1 hour' WHERE user_id = :user"),
            {"user": self.who.id},
        )
        session().commit()

    def return_to_work(self, place: str) -> str | None:
        """Take up where it was left. Returns the bin that goods were brought back to without the book's knowing."""
        if not self.away:
            return None
        self.away = False
        load, self.load = self.load, None
        if load is None:
            self._scan("move", "CMD-BACK")
            self._scan("replenish", "CMD-BACK")
            return None
        target = place if load.kind == "move" else "pick_face"
        put = self._scan(load.kind, self._bin(target))
        if isinstance(put, Step) and put.code in {"item_moved", "face_filled", "move_undone"}:
            self.really[target, load.name] += load.units
            return None
        self._scan(load.kind, "CMD-BACK")
        self.really[load.at] += load.units
        return load.source


def code_of(product: Product) -> str:
    """A code on the product that a tablet understands."""
    code = f"C-{product.sku}"
    session().add(
        ProductBarcode(
            id=new_id(), owner_id=product.owner_id, product_id=product.id, barcode=code, kind="seller", quantity=1,
            level="each", created_at=clock.now(),
        )
    )  # fmt: skip
    session().commit()
    return code

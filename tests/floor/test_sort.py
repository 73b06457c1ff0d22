"""The put wall over HTTP: a walk picked together, its tote sorted slot by slot, every step as the tablet sends it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cast import Cast
from tests.floor.test_statements import House
from tests.floor.worker import CABLE, CODES, MUG, house_carrier, order
from wms.outbound.carts import Selection
from wms.outbound.service import sorting, waves
from wms.platform.database import session, transaction


class Wall(House):
    """A house with a wall of four slots, goods in a bin, and orders released for it."""

    def prepare(self, *orders: dict[str, int], mugs: int = 9) -> None:
        service = self.inside(house_carrier)
        self.receive({MUG: mugs, CABLE: 9})
        for number, lines in enumerate(orders):
            order(self.api, lines, service, f"WALL-{number}")
        self.inside(self._release)

    def _release(self) -> None:
        house = self.cast.overseas.id
        with transaction():
            sorting.make_wall(self.cast.supervisor, house, "W1", 4)
        with transaction():
            waves.release_wave(self.cast.supervisor, house, selection=Selection(wall="W1"))

    def ask(self, statement: str) -> Any:
        return self.inside(lambda: session().execute(text(statement)).scalars().all())

    def say(self, raw: str, **more: Any) -> str:
        """An accepted scan, after which both forms of the screen are looked at; its code."""
        feedback = self.tablet.scan(raw, **more)
        assert feedback["tone"] != "error", feedback
        return str(feedback["code"])

    def pick_all(self) -> None:
        """Every stop of the walk, into the tote that is bound."""
        while self.tablet.step != "begin":
            seen = self.tablet.seen
            if self.tablet.step == "scan_location":
                self.say(seen["location_barcode"])
            else:
                self.say(CODES[seen["sku"]], quantity=seen["quantity"])

    def refused(self, raw: str, **more: Any) -> str:
        feedback = self.tablet.scan(raw, **more)
        assert feedback["tone"] == "error", feedback
        return str(feedback["code"])


@pytest.fixture
def wall(cast: Cast, fresh_app: Flask) -> Wall:
    return Wall(cast, fresh_app)


def test_a_walk_is_picked_together_and_sorted_slot_by_slot(wall: Wall) -> None:
    wall.prepare({MUG: 2}, {MUG: 1, CABLE: 1})
    tote = wall.ask("SELECT barcode FROM handling_unit h WHERE kind = 'tote' AND NOT EXISTS (SELECT 1 FROM put_wall_slot s"
                    " WHERE s.unit_id = h.id) ORDER BY code LIMIT 1")[0]  # fmt: skip
    labels = wall.ask("SELECT barcode FROM handling_unit h JOIN put_wall_slot s ON s.unit_id = h.id ORDER BY s.number")
    wall.tablet.start("pick")
    wall.say("CMD-OK")
    assert wall.refused(labels[0]) == "not_a_tote"
    wall.say(tote)
    wall.pick_all()
    wall.tablet.start("sort")
    assert wall.refused(labels[0]) == "nothing_to_sort"
    wall.say(tote)
    assert wall.refused("CMD-SHORT") == "command_not_here"
    assert wall.refused(CODES[MUG], quantity=9) == "sort_too_many"
    wall.say(CODES[MUG])
    assert wall.refused(labels[3]) == "wrong_slot_scanned"
    wall.say("CMD-BACK")
    wall.say(CODES[MUG])
    wall.say(labels[0])
    for code in (CODES[CABLE], CODES[MUG], CODES[MUG]):
        wall.say(code)
        at = wall.ask("SELECT data ->> 'number' FROM floor_task WHERE kind = 'sort' AND closed_at IS NULL")[0]
        wall.say(labels[int(at) - 1])
    assert wall.tablet.step == "scan_tote"
    assert wall.ask("SELECT DISTINCT state FROM outbound_order") == ["picked"]
    assert wall.refused(tote) == "nothing_to_sort"


def test_many_of_one_product_are_sorted_by_a_figure(wall: Wall) -> None:
    """As at the bench: up to twelve are scanned each, of more how many may be typed first, but never more than there are."""
    wall.prepare({MUG: 14, CABLE: 1}, mugs=15)
    tote = wall.ask("SELECT barcode FROM handling_unit h WHERE kind = 'tote' AND NOT EXISTS (SELECT 1 FROM put_wall_slot s"
                    " WHERE s.unit_id = h.id) ORDER BY code LIMIT 1")[0]  # fmt: skip
    labels = wall.ask("SELECT barcode FROM handling_unit h JOIN put_wall_slot s ON s.unit_id = h.id ORDER BY s.number")
    wall.tablet.start("pick")
    for raw in ("CMD-OK", tote):
        wall.say(raw)
    wall.pick_all()
    wall.tablet.start("sort")
    wall.say(tote)
    assert "data-keypad" in wall.tablet.look()
    assert wall.refused(CODES[MUG], quantity=15) == "sort_too_many"
    wall.say(CODES[MUG], quantity=14)
    assert "14" in wall.tablet.look()
    wall.say(labels[0])
    assert "data-keypad" not in wall.tablet.look(), "one cable is scanned"
    wall.say(CODES[CABLE])
    wall.say(labels[0])
    assert wall.ask("SELECT DISTINCT state FROM outbound_order") == ["picked"]

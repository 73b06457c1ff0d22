"""`python -m bench.receiving`: 1,000 cartons of 20 lines, in bookings of 500, from their announcement to the bins.

Every step is a command of its own, as the dock sends it, on engines of its own: a booking is written and arrives whole;
then carton after carton is received (as announced, in one scan; every tenth counted line by line, every fiftieth a unit
short), closed, and put away whole. What matters is that the thousandth carton costs what the first did: quantiles of the
first and the last tenth stand beside each other. One JSON line for each step, times in ms of the wall; ends with the audit,
and with 1 when it finds anything.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select, text

from bench.alone import alone
from wms.cli import audit
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.identity import queries as people
from wms.inbound import service as inbound
from wms.inbound.models import Carton
from wms.inbound.rules import MAX_CARTONS, BookingDraft, CartonDraft, LineDraft
from wms.inbound.service import CountDraft
from wms.platform.commands import command_for, execute
from wms.platform.database import session, transaction

UNITS, COUNTED_EACH, SHORT_EACH = 6, 10, 50

_PRODUCTS = (
    "INSERT INTO product (id, owner_id, sku, name_en, name_zh, declared_weight_g, declared_length_mm, declared_width_mm,"
    " declared_height_mm, lot_controlled, expiry_controlled, outbound_days, serial_control, cargo_attributes,"
    " velocity_class, is_active, version, created_at, updated_at) SELECT gen_random_uuid(), s.id,"
    " 'DOCK-' || lpad(n::text, 4, '0'), 'Dock', '码头', 100, 50, 50, 50, false, false, 0, 'none', '{}', 'C', true, 1, now(),"
    " now() FROM generate_series(1, :products) n, seller s WHERE s.code = 'ACME'"
)
# Whole cartons go into bins that mix products and have no limits: the search for a bin is `bench.putaway`'s matter.
_BINS = (
    "UPDATE location SET mixes_products = true, mixes_lots = true, max_weight_g = NULL, max_volume_cm3 = NULL"
    " WHERE kind = 'storage' AND warehouse_id = (SELECT id FROM warehouse WHERE code = 'DE1') RETURNING id"
)


class Dock:
    """The seller, the receiver and their timed commands."""

    def __init__(self, products: int) -> None:
        with transaction():
            session().execute(text(_PRODUCTS), {"products": products})
            self.bins = itertools.cycle(session().execute(text(_BINS)).scalars().all())
            named = session().execute(text("SELECT sku, id FROM product WHERE sku LIKE 'DOCK-%' ORDER BY sku")).all()
        self.products: dict[str, uuid.UUID] = {row.sku: row.id for row in named}
        with transaction():
            self.seller, self.receiver = _person("acme@demo"), _person("receiver@demo")
        self.times: dict[str, list[float]] = defaultdict(list)

    def do(self, step: str, actor: Actor, use_case: Callable[[], Any]) -> Any:
        """One command, timed; a refusal ends the bench."""
        made: list[Any] = []
        began = time.perf_counter()
        outcome = execute(
            command_for(actor, str(new_id()), f"bench.{step}", {}), lambda: made.append(use_case()), lambda _: {}
        )
        self.times[step].append((time.perf_counter() - began) * 1000)
        if isinstance(outcome, Refused):
            raise outcome
        return made[0]

    def announce(self, reference: str, cartons: int, lines: int) -> list[tuple[uuid.UUID, list[str]]]:
        """A booking at the dock: its cartons' ids with their SKUs."""
        skus = list(self.products)
        drafts = [
            CartonDraft(
                number, [LineDraft(skus[(number * 7 + line) % len(skus)], UNITS) for line in range(lines)]
            )
            for number in range(1, cartons + 1)
        ]  # fmt: skip
        draft = BookingDraft("DE1", drafts, reference)
        booking = self.do(
            "booking written", self.seller, lambda: inbound.create_booking(self.seller, draft, submitted=True).id
        )
        self.do("booking arrives", self.receiver, lambda: inbound.arrive_booking(self.receiver, booking))
        with transaction():
            rows = session().execute(
                select(Carton.id, Carton.number).where(Carton.booking_id == booking).order_by(Carton.number)
            ).all()  # fmt: skip
        return [(row.id, [line.sku for line in drafts[row.number - 1].lines]) for row in rows]

    def receive(self, number: int, carton: uuid.UUID, skus: list[str]) -> None:
        who = self.receiver
        if number % COUNTED_EACH == 0:
            missing = number % SHORT_EACH == 0
            for place, sku in enumerate(skus):
                units = UNITS - (1 if missing and place == 0 else 0)
                counted = [CountDraft(self.products[sku], units)]
                self.do("line counted", who, partial(inbound.count_many, who, carton, counted))
        else:
            self.do("carton as announced", who, lambda: inbound.count_as_declared(who, carton))
        self.do("carton closed", who, lambda: inbound.close_carton(who, carton))
        place = next(self.bins)
        self.do("carton put away", who, lambda: inbound.put_away_all(who, carton, place))


def _person(login: str) -> Actor:
    found = people.user_by_login(login)
    assert found is not None  # of the cast
    return people.actor_of_user(found.id)


def measure(cartons: int, lines: int) -> list[dict[str, Any]]:
    """The figures of each step, and of the whole. An application context of an empty house with the cast is active."""
    dock = Dock(max(3 * lines, 60))
    began = time.perf_counter()
    numbers = itertools.count(1)
    for first in range(0, cartons, MAX_CARTONS):
        for carton, skus in dock.announce(f"BENCH-{first}", min(MAX_CARTONS, cartons - first), lines):
            dock.receive(next(numbers), carton, skus)
    seconds = time.perf_counter() - began
    figures = [{"name": step, **_quantiles(times)} for step, times in dock.times.items()]
    whole = {"name": "all of it", "cartons": cartons, "lines": cartons * lines, "seconds": round(seconds, 1),
             "lines_a_second": round(cartons * lines / seconds)}  # fmt: skip
    return [*figures, whole]


def _quantiles(times: list[float]) -> dict[str, Any]:
    tenth = max(1, len(times) // 10)
    return {
        "times": len(times), "p50": _at(times, 0.5), "p95": _at(times, 0.95),
        "first_tenth_p50": _at(times[:tenth], 0.5), "last_tenth_p50": _at(times[-tenth:], 0.5),
    }  # fmt: skip


def _at(times: list[float], share: float) -> float:
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))], 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cartons", type=int, default=1_000)
    parser.add_argument("--lines", type=int, default=20)
    given = parser.parse_args()

    def run(_app: Flask) -> int:
        for figure in measure(given.cartons, given.lines):
            print(json.dumps(figure), flush=True)
        wrong = {each["name"]: len(each["violations"]) for each in audit()["checks"] if each["violations"]}
        print(json.dumps({"name": "audit", "wrong": wrong}), flush=True)
        return 1 if wrong else 0

    with tempfile.TemporaryDirectory(prefix="wms-bench-") as name:
        return alone(Path(name), run)


if __name__ == "__main__":
    sys.exit(main())

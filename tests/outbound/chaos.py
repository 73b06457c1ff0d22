"""Everything happens to orders at once: `python -m tests.outbound.chaos --orders 500 --seed 1`.

Sellers cancel, intercept, hold and change; bins are short, goods break; customs refuses and corrects; two hands do the same
thing at the same moment, at every step, in an overseas and a bonded warehouse, one by one, in lanes (planned, and begun by a
picker) and at a put wall, in one parcel or several; some are fetched at the counter, some go to another warehouse, which receives
them; all wait for the price of a carrier that is dear, busy, broken or against it. When all orders are in
it grows calm: nobody disturbs any more, and what was begun is brought to its end.

What must hold then: every order is shipped or cancelled, by steps that people are offered; the books balance; every parcel has
one waybill; no bonded parcel left before customs released it, and none after its interception was accepted; totes, bins,
claims and jobs are free of it all. Seeds throw the dice of each hand; threads interleave as they like.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from config import Config
from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from tests.cast import load
from tests.engines import Databases, create_app, dispose, running_databases
from tests.outbound.hands import STEPS, TO, WALL, Hand, Worker, Yard, is_locked, person, rows
from tests.outbound.hands_on_the_floor import CREW, Gate
from tests.transfers.conftest import build
from wms.cli import all_checks
from wms.core.actor import SYSTEM
from wms.facility import service as facility
from wms.facility.models import HandlingUnitKind, LocationKind
from wms.facility.queries import system_location
from wms.inventory.counting.planning import set_rule
from wms.inventory.counting.rules import Rule as CountRule
from wms.outbound.service import carrier_rates, sorting
from wms.platform.auditing import run_checks
from wms.platform.commands import ATTEMPTS
from wms.platform.database import db, session, transaction
from wms.shipping import service as shipping
from wms.shipping.carriers import HTTP
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.rate_tables import COLUMNS
from wms.shipping.rates import Rule
from wms.shipping.service import choices

PROCESSES = multiprocessing.get_context("spawn")
TOTES = 30
SLOTS = 8
BREATH_SECONDS = 0.08  # between two turns of a hand
STUCK_SECONDS = 25  # nothing changed for so long: what is left will never end
# What is done to orders; told in the table of the command.
DISTURBANCES = (
    "cancel", "intercept", "withdraw", "accept", "refuse", "catch", "hold", "hold, stock given up", "hold by the house",
    "end hold", "change consignee", "change service", "change priority", "short", "customs refuses", "customs releases",
    "open again", "full tote", "full tote of a lane", "full tote to the wall",
    "short in a lane", "damage", "damage taken back", "damage into a tote", "damage brought",
    "another batch",
    "bin is empty", "bin is not empty", "put into a bag",
    "take out of a bag", "take off the load", "drive off", "hand out", "lose on the road",
)  # fmt: skip

# Each finds rows that must not be.
MUST_NOT_BE = {
    "an order that has no end": "SELECT o.number, o.kind, o.state, o.customs_state, o.holds, o.interception, w.code FROM"
    " outbound_order o JOIN warehouse w ON w.id = o.warehouse_id WHERE o.state NOT IN ('shipped', 'cancelled')",
    "a parcel without one waybill": "SELECT p.tracking_number, p.state, x.valid FROM parcel p JOIN shipment s ON s.id ="
    " p.shipment_id CROSS JOIN LATERAL (SELECT count(*) AS valid, min(barcode) AS barcode FROM label_document d WHERE"
    "  d.kind = 'waybill' AND d.subject_kind = 'parcel' AND d.subject_id = p.id AND d.state = 'ready') x"
    " WHERE p.state IN ('closed', 'handed_over') AND (x.valid <> 1 OR x.barcode IS DISTINCT FROM p.tracking_number)",
    "a number on two parcels": "SELECT tracking_number FROM parcel WHERE tracking_number IS NOT NULL"
    " GROUP BY tracking_number HAVING count(*) > 1",
    "a valid waybill of no parcel": "SELECT d.barcode, p.state FROM label_document d LEFT JOIN parcel p ON p.id = d.subject_id"
    " WHERE d.kind = 'waybill' AND d.state IN ('requested', 'ready') AND (p.id IS NULL OR p.state = 'voided')",
    "an uncleared parcel that left": "SELECT o.number FROM outbound_order o JOIN stock_posting p ON p.subject_kind = 'order'"
    " AND p.subject_id = o.id AND p.reason = 'ship' WHERE o.customs_state <> 'none' AND NOT EXISTS (SELECT 1"
    "  FROM customs_release r WHERE r.subject_kind = 'order' AND r.subject_id = o.id AND r.outcome = 'released'"
    "  AND r.created_at <= p.created_at)",
    "a parcel that left after its interception was accepted": "SELECT o.number, o.state FROM outbound_order o"
    " JOIN interception i ON i.order_id = o.id AND i.state = 'accepted' WHERE o.state <> 'cancelled' OR EXISTS (SELECT 1"
    "  FROM stock_posting p WHERE p.subject_kind = 'order' AND p.subject_id = o.id AND p.reason = 'ship'"
    "  AND NOT EXISTS (SELECT 1 FROM stock_posting m WHERE m.reverses_id = p.id))",
    "a parcel of a cancelled order on a load": "SELECT p.tracking_number FROM parcel p JOIN shipment s ON s.id ="
    " p.shipment_id JOIN outbound_order o ON o.id = s.subject_id WHERE o.state = 'cancelled' AND p.state <> 'voided'",
    "a container that nobody comes for": "SELECT u.code, u.kind, u.subject_kind, u.state, o.number, o.state AS order_state"
    " FROM handling_unit u LEFT JOIN outbound_order o ON o.id = u.subject_id WHERE u.subject_kind <> 'carton'",
    "a bag that is left": "SELECT number, state FROM bag WHERE state IN ('open', 'closed')",
    "goods in a container": "SELECT u.code, u.kind, b.on_hand FROM balance b JOIN handling_unit u ON u.id = b.handling_unit_id"
    " WHERE b.on_hand > 0",
    "a claim that is left": "SELECT subject_kind, subject_id, open_quantity FROM promise WHERE open_quantity > 0",
    "a bin that is kept": "SELECT subject_kind, subject_id, open_quantity FROM allocation WHERE open_quantity > 0",
    "work that is left": "SELECT t.id, t.state FROM pick_task t WHERE t.state NOT IN ('done', 'short', 'cancelled')",
    "a walk or wave that is not over": "SELECT b.id::text, b.state FROM pick_batch b WHERE b.state <> 'done'"
    " UNION ALL SELECT number, state FROM wave WHERE state <> 'done'",
    "a question nobody answered": "SELECT id::text, kind FROM order_exception WHERE resolved_at IS NULL UNION ALL"
    " SELECT id::text, state FROM interception WHERE state = 'requested' UNION ALL SELECT id::text, reason FROM order_hold"
    " WHERE state = 'open'",
    "somebody who waits for stock": "SELECT subject_kind, subject_id FROM awaited_stock",
    "a transfer that is not received and settled": "SELECT o.number, b.number, b.state FROM outbound_order o LEFT JOIN"
    " booking b ON b.transfer_order_id = o.id WHERE o.kind = 'transfer' AND (o.state = 'shipped') IS DISTINCT FROM"
    " (b.closed_at IS NOT NULL)",
    "a transfer whose ends do not tie up": "SELECT o.number, t.sent, t.found, r.units, t.lost FROM transfer_line t"
    " JOIN outbound_order o ON o.id = t.order_id JOIN booking b ON b.transfer_order_id = o.id CROSS JOIN LATERAL"
    " (SELECT coalesce(sum(l.received_good + l.received_damaged), 0) AS units FROM carton c JOIN carton_line l"
    "  ON l.carton_id = c.id WHERE c.booking_id = b.id AND l.product_id = t.product_id) r"
    " WHERE t.sent + t.found <> r.units + t.lost",
    "a price that is still waited for": "SELECT o.number, o.state, q.until FROM carrier_quote q JOIN outbound_order o"
    " ON o.id = q.subject_id WHERE q.state = 'wanted'",
    "a job that is not done": "SELECT topic, state, last_error FROM outbox_job WHERE state <> 'done'",
}  # fmt: skip


@dataclass
class Told:
    """What came of a chaos."""

    orders: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    tried: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    wrong: dict[str, list[Any]] = field(default_factory=dict)
    deadlocks: int = 0  # that PostgreSQL broke, whereafter a command was run again
    parcels: int = 0
    shipped_parcels: int = 0
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not (self.faults or self.wrong)

    def table(self) -> str:
        """How often each disturbance was done (and refused) at each step."""
        steps = (*STEPS, "-")  # the last: of no order in particular
        lines = [f"{'':22}" + "".join(f"{step:>17}" for step in steps)]
        for what in DISTURBANCES:
            cells = []
            for step in steps:
                done = self.tried[what, step, "done"]
                refused = sum(n for (w, s, how), n in self.tried.items() if (w, s) == (what, step) and how != "done")
                cells.append(f"{f'{done} ({refused})' if done or refused else '':>17}")
            lines.append(f"{what:22}" + "".join(cells))
        return "\n".join(lines)

    def summary(self) -> str:
        done = sum(n for (_, _, how), n in self.tried.items() if how == "done")
        return (
            f"{self.orders} orders: {dict(self.ends)}; {self.parcels} parcels, {self.shipped_parcels} left;"
            f" {done} commands done, {sum(self.tried.values()) - done} refused, {self.deadlocks} deadlocks;"
            f" {self.seconds:.0f} s"
        )


class Crew:
    """The hands of one process, each a thread with a session of its own."""

    def __init__(self, app: Flask, yard: Yard, seed: int, over: Callable[[], bool]) -> None:
        self.app, self.yard, self.over = app, yard, over
        self.hands: list[Hand] = []
        for kind, many in CREW:
            for number in range(many):
                dice = random.Random(f"{seed} {kind.__name__} {number}")
                self.hands.append(kind(yard, dice, number))
        self.threads = [threading.Thread(target=self._work, args=(hand,), daemon=True) for hand in self.hands]

    def _work(self, hand: Hand) -> None:
        idle, in_vain = BREATH_SECONDS, 0
        while not self.over():
            with self.app.app_context():
                try:
                    busy, in_vain = hand.turn(), 0
                except Exception as fault:  # noqa: BLE001 - kept, and told at the end
                    session().rollback()
                    # What a hand does outside a command is tried once, and not as often as a command tries.
                    in_vain += 1
                    if is_locked(fault) and in_vain < ATTEMPTS:
                        self.yard.tried["wait for a lock", "-", "timeout"] += 1
                    else:
                        self.yard.faults.append(f"{type(hand).__name__}: {traceback.format_exc()}")
                    busy = False
            pause = 0.0 if isinstance(hand, Worker) else BREATH_SECONDS  # people are slower than the jobs they cause
            idle = pause if busy else min(0.3, pause + idle * 2)
            time.sleep(idle)

    @contextmanager
    def working(self) -> Iterator[None]:
        for thread in self.threads:
            thread.start()
        yield
        for thread in self.threads:
            thread.join(60)


def crowd(config: Config, orders: int, seed: int, calm: Any, over: Any, found: Any) -> None:
    """Further hands, in a process of their own."""
    logging.disable(logging.INFO)
    app = create_app(config)
    with app.app_context():
        yard = Yard(load(app), orders, calm.is_set)
        session().rollback()
    with Crew(app, yard, seed, over.is_set).working():
        pass
    found.put((yard.tried, yard.faults))


class Chaos:
    """`orders` orders of seed `seed` in an empty, migrated database with the cast, and with them, one at a time, as many
    more as it takes until each of `until_done` was done once (by the hands of the first process).
    """

    def __init__(
        self, config: Config, orders: int, seed: int, processes: int = 1, limit: float = 1800,
        until_done: Collection[str] = (),
    ) -> None:  # fmt: skip
        hands = sum(many for _, many in CREW)  # a connection each, and one for who watches: nobody waits for another's
        self.config = replace(config, web_threads=hands + 1)
        self.orders, self.seed, self.processes, self.limit = orders, seed, processes, limit
        self.until_done = frozenset(until_done)
        self.told = Told()

    def run(self) -> Told:
        began = time.monotonic()
        app = create_app(self.config)
        calm, over = PROCESSES.Event(), PROCESSES.Event()
        found: Any = PROCESSES.Queue()
        others = [
            PROCESSES.Process(target=crowd, args=(self.config, self.orders, self.seed * 100 + n, calm, over, found))
            for n in range(1, self.processes)
        ]
        try:
            with running_carrier() as carrier, app.app_context():
                yard = Yard(load(app), self.orders, calm.is_set)
                session().rollback()
                _furnish(yard, ("pack", "pick", "nothing")[self.seed % 3])
                _ask_for_prices(yard, carrier, random.Random(f"{self.seed} prices"))
                for each in others:
                    each.start()
                with Crew(app, yard, self.seed, over.is_set).working():
                    self._watch(yard, calm, began + self.limit)
                    over.set()
                self._gather(yard, found, others)
                _tidy(yard)
                self._judge()
        finally:
            over.set()
            dispose(app)
        self.told.seconds = time.monotonic() - began
        return self.told

    def _watch(self, yard: Yard, calm: Any, until: float) -> None:
        """Let it be wild until all orders are in, the half of them has ended, and what was to be done was done once, then
        calm until nothing changes.
        """
        seen: Any = None
        changed = time.monotonic()
        while time.monotonic() < until:
            time.sleep(0.2)
            now = rows(
                "SELECT count(*) FILTER (WHERE back_order_of IS NULL) AS orders, count(*) FILTER (WHERE state NOT IN"
                " ('shipped', 'cancelled')) AS open, (SELECT count(*) FROM handling_unit WHERE subject_kind <> 'carton')"
                " + (SELECT count(*) FROM bag WHERE state IN ('open', 'closed'))"
                " + (SELECT count(*) FROM booking WHERE transfer_order_id IS NOT NULL AND closed_at IS NULL) AS bound,"
                " (SELECT count(*) FROM outbox_job WHERE state <> 'done') AS jobs,"
                " (SELECT max(id) FROM stock_move) AS move, sum(version) AS versions FROM outbound_order"
            )[0]  # fmt: skip
            if not calm.is_set() and now.orders >= yard.wanted and now.open <= self.orders // 2:
                if self.until_done <= {what for (what, _, how) in list(yard.tried) if how == "done"}:
                    calm.set()
                else:
                    yard.wanted += 1
            if tuple(now) != seen:
                seen, changed = tuple(now), time.monotonic()
            if calm.is_set() and not (now.open or now.bound or now.jobs):
                return
            if time.monotonic() - changed > STUCK_SECONDS:
                if calm.is_set():
                    return
                calm.set()
                changed = time.monotonic()

    def _gather(self, yard: Yard, found: Any, others: list[Any]) -> None:
        self.told.tried, self.told.faults = yard.tried, yard.faults
        for each in others:
            tried, faults = found.get(timeout=120)
            self.told.tried += tried
            self.told.faults += faults
            each.join(60)

    def _judge(self) -> None:
        for what, statement in MUST_NOT_BE.items():
            if wrong := [tuple(row) for row in rows(statement)]:
                self.told.wrong[what] = wrong
        with transaction():
            checks = run_checks(all_checks())["checks"]
        self.told.wrong |= {each["name"]: [each["violations"]] for each in checks if each["violations"]}
        for row in rows("SELECT state, count(*) AS n FROM outbound_order GROUP BY state"):
            self.told.ends[row.state] = row.n
        self.told.orders = sum(self.told.ends.values())
        self.told.deadlocks = rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]
        self.told.parcels, self.told.shipped_parcels = rows(
            "SELECT count(*), count(*) FILTER (WHERE state = 'handed_over') FROM parcel"
        )[0]  # fmt: skip


def _furnish(yard: Yard, before_release: str) -> None:
    """Totes and a wall, and what may be done in bond before release: with *pack* customs' word comes at every step.
    PostgreSQL tells whom a deadlock was between.
    """
    boss = person("admin", "boss")
    with transaction():
        values = {"before": before_release}
        session().execute(text("UPDATE warehouse SET before_release = :before WHERE kind = 'bonded'"), values)
        name = session().execute(text("SELECT current_database()")).scalar_one()
        session().execute(text(f'ALTER DATABASE "{name}" SET log_error_verbosity = default'))
    with transaction():
        build(TO)
        set_rule(SYSTEM, yard.cast.overseas.id, CountRule(on_zero=True))
    db.engine.dispose()  # connections from now on
    for house in yard.houses:
        with transaction():
            place = system_location(house.id, LocationKind.PACKING).id
        for number in range(TOTES):
            with transaction():
                facility.create_handling_unit(boss, house.id, HandlingUnitKind.TOTE, f"C{number:03}", place)
    with transaction():
        sorting.make_wall(boss, yard.cast.overseas.id, WALL, SLOTS)


def _ask_for_prices(yard: Yard, carrier: CarrierSimulator, dice: random.Random) -> None:
    """Orders go by the house's table, unless a carrier is cheaper, which never is: only its word is waited for."""
    boss = person("admin", "boss")
    rows_of_table = [
        {"kind": "setting", "name": "currency", "value": "EUR"}, {"kind": "setting", "name": "days", "value": "2"},
        {"kind": "zone", "country": "DE", "zone": "1"}, {"kind": "zone", "country": "CN", "zone": "1"},
        {"kind": "price", "zone": "1", "up_to_g": "9000000", "amount": "1.00"},
    ]  # fmt: skip
    with transaction():
        house = session().execute(text("SELECT id FROM service WHERE code = 'HOUSE-STD'")).scalar_one()
        made = shipping.create_carrier(boss, "DEAR", "Dear", kind=HTTP, capabilities=CAPABILITIES)
        shipping.connect_carrier(boss, made.id, carrier.url, TOKEN)
        shipping.add_service(boss, made.id, "DEAR-STD", "Dear")
        choices.save_rates(boss, house, [{name: row.get(name, "") for name in COLUMNS} for row in rows_of_table])
        choices.save_rule(boss, house, Rule.CHEAPEST, ["DEAR-STD", "HOUSE-STD"])
    carrier.prices["DEAR-STD"] = {"currency": "EUR", "total_minor": 9900, "days": 1}
    carrier.moods = dice.choices(
        ["well", "busy", "hang_up", "refusal", "lost", "list"], [6, 1, 1, 1, 1, 1], k=20 * yard.wanted
    )


def _tidy(yard: Yard) -> None:
    """The last trucks leave, and the last jobs are done."""
    gate, worker = Gate(yard, random.Random(0), 99), Worker(yard, random.Random(0), 99)
    with transaction():
        carrier_rates.go_on_without()
    while rows("SELECT 1 FROM manifest WHERE state = 'open'"):
        gate.drive_off()
    while worker.turn():
        pass


def endure(
    databases: Databases,
    orders: int,
    seed: int,
    processes: int = 1,
    limit: float = 1800,
    until_done: Collection[str] = (),
) -> Told:
    """One chaos on a database of its own. `limit`: seconds until it is given up."""
    return Chaos(databases.config(databases.copy()), orders, seed, processes, limit, until_done).run()


def told_of_deadlocks(log: Path) -> list[str]:
    """Who waited for whom, statements without their values."""
    lines = log.read_text(errors="replace").splitlines()
    found = [place for place, line in enumerate(lines) if "deadlock detected" in line]
    return [line[:400] for place in found for line in lines[place : place + 12]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--limit", type=float, default=1800)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    with running_databases() as databases:
        told = endure(databases, given.orders, given.seed, given.processes, given.limit)
        deadlocks = told_of_deadlocks(databases.engines.postgres.log)
    print(told.table())
    print("clean" if told.is_clean else "NOT CLEAN", told.summary())
    for what, found in told.wrong.items():
        print(f"  {what}: {len(found)}", *found[:8], sep="\n    ")
    print(*deadlocks, sep="\n")
    for fault, times in Counter(told.faults).most_common(8):
        print(f"  {times} x {fault}")
    return 0 if told.is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())

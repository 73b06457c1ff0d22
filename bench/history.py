"""`python -m bench.history`: what years of orders and moves do to everyday calls.

Two databases on one engine: in one a hundred past orders and a hundred thousand moves, in the other a hundred thousand
and five million. The same calls go to both by turns, in one process, through the applications' own WSGI entry: the
everyday ones, and every page and list there is that needs no more than its address. Compared are the medians of the time
inside the application, PostgreSQL included, and of the work (`bench.work`): pages touched and rows read, which show what
grows with the past on the busiest machine. Goal: no call slower than 1.2 times, and none that reads 1.2 times the rows. Pages
touched grow a little with every power of a hundred: an index is a level higher then.

The engines are those of the tests (no fsync): the disk's wait, the same on both sides, would hide differences.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import psutil
import psycopg
from sqlalchemy import text
from werkzeug.serving import make_server

from bench import growth, jobs
from bench.house import House, machine_of
from bench.jobs import sku
from bench.lives import Hand, totes_of
from bench.memory import Browser
from bench.telling import tell
from bench.work import Meter, Work, meter
from config import WITHOUT_LIMITS, Config
from wms.app import create_app
from wms.core.actor import SYSTEM
from wms.demo.client import DemoError, SellerSystem
from wms.demo.stage import WAREHOUSE, Stage, set_stage
from wms.inventory.ledger import PostingDraft, post, stock_of
from wms.inventory.models import Balance
from wms.inventory.rules import MoveDraft, Reason
from wms.platform import outbox
from wms.platform.database import db, session, transaction
from wms.platform.engines import ADMIN_ROLE, APPLICATION_ROLE, Engines, running_engines

GOAL = 1.2
MODEL_LIVES = 20
MODEL_MOVES = 200
DAYS = 120  # over which the past is spread
WARMING = 6  # turns before those that count: connections, plans (PostgreSQL thinks five times) and caches are warm then


@dataclass(frozen=True)
class Extent:
    """How much past each side has."""

    orders: int
    moves: int


class Timed:
    """A WSGI application that adds up the seconds spent in it."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application, self.seconds = application, 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        began = time.perf_counter()
        answered = self.application(environ, start_response)
        try:
            return [b"".join(answered)]
        finally:
            if hasattr(answered, "close"):
                answered.close()
            self.seconds += time.perf_counter() - began


@dataclass
class Side:
    """One of the two houses, with its clients and the stopwatch inside it."""

    house: House
    timed: Timed
    meter: Meter | None = None
    calls: dict[str, Callable[[], object]] = field(default_factory=dict)


@contextmanager
def serving(stage: Stage, products: int) -> Iterator[Side]:
    """The application of a stage behind a port of its own, in threads of this process."""
    timed = Timed(stage.app.wsgi_app)
    server = make_server(stage.host, 0, timed, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    with stage.app.app_context(), transaction():
        backend = int(session().execute(text("SELECT pg_backend_pid()")).scalar_one())
    given = {each.name: getattr(stage, each.name) for each in fields(Stage)} | {"port": server.server_port}
    try:
        yield Side(House(**given, products=products, postmaster=psutil.Process(backend).ppid()), timed)
    finally:
        server.shutdown()
        thread.join()
        with stage.app.app_context():
            db.engine.dispose()


def work_jobs(house: House) -> None:
    """The worker's part: every job that is due, here and now."""
    with house.app.app_context():
        with transaction():
            waiting = (
                session().execute(text("SELECT id FROM outbox_job WHERE state = 'new' ORDER BY id")).scalars().all()
            )
        for job in waiting:
            outbox.perform(job)


@contextmanager
def worker(house: House) -> Iterator[None]:
    """Jobs performed as they come, in a thread."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.02):
            work_jobs(house)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        work_jobs(house)


def live(house: House, orders: int) -> None:
    """So many orders from their creation to the load."""
    with worker(house):
        hand = Hand(house, 0, totes_of(house), min(orders, 10))
        while len(hand.ended) < orders:
            for _ in hand.walks():
                pass


_TAKEN = text(
    "SELECT b.id, -sum(CASE WHEN m.to_balance_id = b.id THEN m.quantity ELSE -m.quantity END) AS taken FROM balance b"
    " JOIN stock_move m ON b.id IN (m.from_balance_id, m.to_balance_id) WHERE m.posting_id IN (SELECT id FROM"
    " stock_posting p WHERE NOT EXISTS (SELECT 1 FROM model_lives.before_stock_posting o WHERE o.id = p.id))"
    " GROUP BY b.id HAVING sum(CASE WHEN m.to_balance_id = b.id THEN m.quantity ELSE -m.quantity END) < 0"
)


def replace_taken(house: House) -> None:
    """What the lives took from the bins is found there by a count: together their postings net to nothing."""
    with house.app.app_context():
        with transaction():
            taken = session().execute(_TAKEN).all()
        for row in taken:
            with transaction():
                stock = stock_of(session().get_one(Balance, row.id))
                post(SYSTEM, PostingDraft(Reason.COUNT, "bench", None, [MoveDraft("adjustment", stock, row.taken)]))


def move(house: House, pairs: int) -> None:
    """Units there and back again."""
    work = _mover(house, 1)
    for _ in range(pairs):
        work()


def _mover(house: House, number: int) -> Callable[[], None]:
    """A unit into the next bin and back, six scans in two bodies."""
    tablet = jobs.receiver(house, number)
    tablet.start("move")
    draw, bins = random.Random(number), jobs.bins_of(house)

    def work() -> None:
        item = draw.randrange(house.products)
        home = jobs.bin_of(item, bins)
        away = bins[(bins.index(home) + 1) % len(bins)]
        for source, target in ((home, away), (away, home)):
            jobs.must_all(tablet.scan_many([(source, {}), (f"X{sku(item)}", {"quantity": 1}), (target, {})]))

    return work


@contextmanager
def admin(engines: Engines, database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(host=str(engines.home.sockets), user=ADMIN_ROLE, dbname=database) as connection:
        yield connection


def models(
    engines: Engines, side: Side, database: str, lives: int = MODEL_LIVES, moves: int = MODEL_MOVES
) -> tuple[growth.Model, growth.Model]:
    """A few real lives and moves, and what they wrote."""
    with admin(engines, database) as connection:
        connection.execute(
            f"GRANT pg_read_all_data TO {APPLICATION_ROLE}".encode()
        )  # the model's schema is the loader's
        connection.commit()
        with growth.modelled(connection, "lives", lives) as lived:
            live(side.house, lives)
            replace_taken(side.house)
        connection.execute("UPDATE model_lives.manifest SET state = 'closed', closed_at = now() WHERE state = 'open'")
        with growth.modelled(connection, "moves", moves) as moved:
            move(side.house, moves // 2)
    return lived, moved


def grow(engines: Engines, database: str, grown: tuple[growth.Model, growth.Model], extent: Extent) -> dict[str, Any]:
    """Copies of the models up to this extent; the rows of moves that the lives bring count."""
    lives, moves = grown
    began = time.perf_counter()
    with admin(engines, database) as connection:
        copies = -(-extent.orders // lives.units)
        rows = growth.grow(connection, lives, copies, DAYS * 1440 / copies)
        have = int((connection.execute("SELECT count(*) FROM stock_move").fetchone() or (0,))[0])
        copies = -(-max(1, extent.moves - have) // moves.units)
        rows += growth.grow(connection, moves, copies, DAYS * 1440 / copies)
        connection.autocommit = True
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("VACUUM (ANALYZE)")
        size = int((connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,))[0])
        counted = {
            table: int((connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,))[0])
            for table in ("outbound_order", "stock_move", "stock_posting", "event")
        }
    return {"name": "history loaded", "database": database, "rows": rows, **counted,
            "MB": size // 1_000_000, "seconds": round(time.perf_counter() - began)}  # fmt: skip


def calls(side: Side) -> dict[str, Callable[[], object]]:
    """Every everyday call by its name, each with clients of its own, on the products that the past moved."""
    house = side.house
    seller, portal = SellerSystem(house.host, house.port, house.key), Browser(house, "acme@demo")
    goods = _goods(house)
    hand = Hand(house, 2, totes_of(house), 1)
    hand.items = goods
    past = itertools.cycle(_past(house))
    ids = [each["id"] for each in seller.get("/api/v1/products?limit=100")["data"]]
    labels = {"warehouse": WAREHOUSE, "lines": [{"product_id": each, "quantity": 1} for each in ids[:20]]}
    moved = itertools.cycle(_ids(house, goods))

    def life() -> None:
        with worker(house):
            for _ in hand.walks():
                pass

    def of_past(form: str) -> Callable[[], object]:
        return lambda: portal.look(form.format(**{k: urllib.parse.quote(str(v)) for k, v in next(past).items()}))

    def of_product(form: str) -> Callable[[], object]:
        return lambda: portal.look(form.format(next(moved)))

    return {
        "order created": jobs.orders(house, 4), "move there and back": _mover(house, 5),
        "carton received and stowed": jobs.receiving(house, 3), "order picked, packed, shipped": life,
        "labels asked for": lambda: seller.must_post("/api/v1/labels/products", labels),
        "order page": of_past("/portal/orders/{id}"), "search by tracking number": of_past("/portal/search?q={tracking}"),
        "search by order number": of_past("/portal/search?q={number}"),
        "search by a beginning": of_past("/portal/orders?q={begins}"),
        "search for nothing there is": lambda: portal.look("/portal/search?q=nothing-is-called-so"),
        "order by API": lambda: seller.get(f"/api/v1/orders/{next(past)['id']}"),
        "product page": of_product("/portal/products/{}"), "stock of a product": of_product("/portal/stock/{}"),
        "ledger page of a product": of_product("/portal/stock/{}/ledger"),
        **_lists(house, seller, portal),
    }  # fmt: skip


_STATES = ("short", "promised", "waved", "shipped", "cancelled")
_TABS = ("open", "short", "work", "shipped", "cancelled")
# Moved on elsewhere, polled, forms, a file; a desk of the clerk, who is neither of these people.
_NO_LIST = ("search", "now", "strip", "new", "cards.pdf", "list", "bond")


def _lists(house: House, seller: SellerSystem, portal: Browser) -> dict[str, Callable[[], object]]:
    """The lists by API, and every page of the portal and the office; those with states in each of them."""
    since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
    found: dict[str, Callable[[], object]] = {}
    for path in (
        "stock?limit=100", "stock/age", "stock/lots", "stock/network", "returns", "bookings", "shipments", "transfers",
        "differences", "orders?limit=50", *(f"orders?limit=50&state={each}" for each in _STATES),
        f"orders?updated_since={since}",
    ):  # fmt: skip
        found[f"API {path}".split("since=")[0]] = partial(seller.get, f"/api/v1/{path}")
    office, admin_ = Browser(house, "supervisor@demo"), Browser(house, "admin@demo")
    paths = sorted(
        str(rule) for rule in house.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and str(rule).rpartition("/")[2] not in _NO_LIST
    )  # fmt: skip
    for path in ("/", *(each for each in paths if each.startswith("/portal/"))):
        found[f"portal {path}"] = partial(portal.look, path)
    for path in (each for each in paths if each.startswith("/office/")):
        found[f"office {path}"] = partial(_whoever(path, office, admin_).look, path)
    for tab in _TABS:
        found[f"portal orders, {tab}"] = partial(portal.look, f"/portal/orders?tab={tab}")
    for state in _STATES:
        found[f"office orders, {state}"] = partial(office.look, f"/office/orders?state={state}")
    return found


def _whoever(path: str, *browsers: Browser) -> Browser:
    """Who of them may look at this page. The last may look at all."""
    for browser in browsers[:-1]:
        with suppress(DemoError):
            browser.look(path)
            return browser
    return browsers[-1]


def _goods(house: House) -> list[int]:
    """The numbers of the products that past orders were for."""
    with house.app.app_context(), transaction():
        rows = session().execute(
            text(
                "SELECT sku FROM product WHERE id IN (SELECT product_id FROM demand d JOIN outbound_order o"
                " ON o.id = d.order_id WHERE o.state = 'shipped' ORDER BY o.id LIMIT 100) AND sku LIKE 'BENCH-%' ORDER BY sku"
            )
        )
        return [int(row.sku.removeprefix("BENCH-")) for row in rows]


def _ids(house: House, goods: Sequence[int]) -> list[uuid.UUID]:
    with house.app.app_context(), transaction():
        rows = session().execute(
            text("SELECT id FROM product WHERE sku = ANY(:skus)"), {"skus": [sku(n) for n in goods]}
        )
        return list(rows.scalars())


def _past(house: House) -> list[dict[str, Any]]:
    """Some shipped orders, from all over the past."""
    with house.app.app_context(), transaction():
        rows = session().execute(
            text(
                "SELECT o.id, o.number, p.tracking_number AS tracking, left(o.reference, -1) AS begins"
                " FROM outbound_order o JOIN shipment s ON s.subject_id = o.id JOIN parcel p ON p.shipment_id = s.id"
                " WHERE o.state = 'shipped' ORDER BY md5(o.id::text) LIMIT 200"
            )
        )
        return [dict(row._mapping) for row in rows]


def works_of(side: Side) -> dict[str, Work]:
    """What each call has PostgreSQL do, once connections and plans are warm."""
    assert side.meter is not None
    for call in side.calls.values():
        call()
    found, before = {}, side.meter.read()
    for name, call in side.calls.items():
        call()
        now = side.meter.read()
        found[name], before = now.since(before), now
    return found


def compare(small: Side, large: Side, turns: int) -> Iterator[dict[str, Any]]:
    """A line for each call: medians in ms, pages and rows, and their ratios."""
    for side in (small, large):
        side.calls = calls(side)
    for name in small.calls:
        times: dict[int, list[float]] = {0: [], 1: []}
        works: dict[int, list[Work]] = {0: [], 1: []}
        for turn in range(-WARMING, turns):
            for place, side in enumerate((small, large)):
                began, before = side.meter.read() if side.meter else Work(0, 0), side.timed.seconds
                side.calls[name]()
                if turn >= 0:
                    times[place].append(side.timed.seconds - before)
                    works[place].append(side.meter.read().since(began) if side.meter else Work(0, 0))
        yield {"name": name, **_figures("ms", [1000 * statistics.median(times[place]) for place in (0, 1)]),
               **_figures("buffers", [statistics.median(each.buffers for each in works[place]) for place in (0, 1)]),
               **_figures("rows", [statistics.median(each.rows for each in works[place]) for place in (0, 1)])}  # fmt: skip


def _figures(what: str, both: Sequence[float]) -> dict[str, Any]:
    few, many = both
    ratio = round(many / few, 3) if few else 1.0 if many == few else float(many)
    return {what: [round(few, 2), round(many, 2)], f"{what}_ratio": ratio, f"{what}_ok": ratio <= GOAL}


@contextmanager
def two_houses(folder: Path, products: int, few: Extent, many: Extent) -> Iterator[tuple[Side, Side, list[Any]]]:
    """Both sides, loaded. The large one is made from a copy of the stocked small one, before anything is copied in it."""
    base = Config.from_environ(
        {**WITHOUT_LIMITS, "WMS_INSTANCE": str(folder), "WMS_SEED_DEMO": "0", "WMS_LOG_LEVEL": "ERROR"}
    )
    with running_engines(base.instance_path, base.engine_account, fast=True) as engines:
        config = base.with_engines(engines.postgres.url(), engines.valkey.url())
        stage = set_stage(config, 3, products)
        with serving(stage, products) as side:
            jobs.prepare(side.house)
            work_jobs(side.house)
            grown = models(engines, side, "wms")
        engines.postgres.create_database("many", template="wms")
        told = [grow(engines, name, grown, extent) for name, extent in (("wms", few), ("many", many))]
        other = replace(base, instance_path=folder / "many").with_engines(
            engines.postgres.url("many"), engines.valkey.url(1)
        )
        with ExitStack() as stack:
            small = stack.enter_context(serving(replace(stage, app=create_app(config)), products))
            large = stack.enter_context(serving(replace(stage, app=create_app(other)), products))
            for side, name in ((small, "wms"), (large, "many")):
                side.meter = stack.enter_context(meter(engines, side.house.app, name))
            yield small, large, told


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.history")
    parser.add_argument("--orders", type=int, nargs=2, default=(100, 100_000), help="past orders of both sides")
    parser.add_argument("--moves", type=int, nargs=2, default=(100_000, 5_000_000), help="moves of both sides")
    parser.add_argument("--products", type=int, default=500)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--judge", choices=("ms", "rows"), nargs="+", default=("ms", "rows"), help="what ends with 1")
    chosen = parser.parse_args()
    few, many = (Extent(*each) for each in zip(chosen.orders, chosen.moves, strict=True))
    slow = 0
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with (
        tempfile.TemporaryDirectory(prefix="wms-history-") as folder,
        two_houses(Path(folder), chosen.products, few, many) as (small, large, told),
    ):
        tell(machine_of(small.house))
        for line in told:
            tell(line)
        for line in compare(small, large, chosen.turns):
            slow += any(not line[f"{what}_ok"] for what in chosen.judge)
            tell(line)
        for side, name in ((small, "few"), (large, "many")):
            began = time.perf_counter()
            wrong = side.house.audit_violations()
            tell({"name": f"books, {name}", "violations": wrong, "audit_s": round(time.perf_counter() - began, 1)})
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())

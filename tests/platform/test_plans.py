"""How PostgreSQL would run every statement of the hot paths: none may read through a table that grows.

Planned as a command's statements are (`PLANNING`, generic plans): on a first day, when nothing was ever analysed, and in a
house whose tables hold a million rows each, which PostgreSQL is told without there being any.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import TextClause, event, text

import wms
from tests.cast import Cast
from tests.engines import Databases
from tests.life import living
from wms.core import clock
from wms.core.actor import Actor, ActorKind
from wms.inbound.queries import BOOKINGS
from wms.outbound.queries import ORDERS
from wms.platform import listing
from wms.platform.database import session, transaction
from wms.platform.listing import Listing
from wms.platform.statements import Statement
from wms.platform.wire import Query
from wms.returns.queries import RETURNS
from wms.shipping import collection_queries

# What an operator sets up, and what is as many as there are people or open works: reading all of it is no matter.
STAYS_SMALL = {
    "carrier", "service", "seller", "shop", "site", "warehouse", "zone", "station", "role", "role_permission",
    "counter", "api_key", "membership", "staff_role", "inbound_terms", "order_terms", "cut_off", "closed_day",
    "sampling_plan", "stock_month_end", "added_service", "packaging",
    "packing_insert", "put_wall_slot", "wave_setting", "receiving_rule",
}  # fmt: skip
SCOPE = {"warehouse_id", "owner_id", "seller_id"}
# Index → why looking up by a warehouse or an owner alone finds little in it.
NARROW = {
    "ix_bag_here": "only bags that are on no load yet",
    "uq_manifest_open_at": "one open manifest for each carrier and dock",
    "ix_handling_unit_to_sort": "only totes of walks that wait for the put wall",
    "ix_handling_unit_totes": "only totes, of which a house has as many as its carts hold",
    "ix_handling_unit_put_back": "only totes that wait to be put back",
    "ix_handling_unit_damage": "only totes of damaged goods that are on their way",
    "ix_carton_counted_blind": "only cartons that are being counted blind",
    "uq_move_task_open": "only moves that wait or are made",
    "ix_handling_unit_lane": "only the containers of fast lanes",
    "ix_return_order_here": "only returns not yet completed",
    "ix_service_request_open": "only services not yet done",
    "ix_fixed_bin_face": "the pick faces of a warehouse, which the planning looks at one by one",
    "ix_replenish_task_open": "only walks that are open",
    "ix_replenish_task_product": "only walks that are open",
    "ix_floor_task_here": "only what people are in the middle of",
}
ROWS = 1_000_000
# Statement → why it may read through a table.
READS_THROUGH = {
    "wms.platform.outbox._RESUME_TOPIC": "an operator's button; an index for it would burden every job",
    "wms.inventory.following._DRAWN": "one row: a sequence's own",
    "wms.inventory.month_ends._KEEP": "once a month it keeps what every row of a warehouse held",
}


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(wms.__path__, "wms."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def statements() -> dict[str, Statement]:
    """Every statement of the product by where it stands; one that is imported elsewhere counts once."""
    found: dict[Statement, str] = {}
    for module in modules():
        for name, value in vars(module).items():
            each = value.items() if isinstance(value, dict) else [("", value)]
            for key, statement in each:
                if isinstance(statement, Statement):
                    found.setdefault(statement, f"{module.__name__}.{name}{f'[{key}]' if key else ''}")
    return {name: statement for statement, name in found.items()}


STATEMENTS = statements()
NO_PLAN = re.compile(r"\s*(SAVEPOINT|RELEASE|SET LOCAL|LOCK)\b")


def plan_of(statement: Statement) -> dict[str, Any]:
    driver = session().connection().connection.dbapi_connection
    row = driver.execute(b"EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + statement.sql).fetchone()
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def faults(plan: dict[str, Any]) -> list[str]:
    """What reads through a growing table: without an index, or through all of a warehouse or an owner."""
    found = []
    for node in nodes(plan):
        table = re.sub(r"_(\d{8}|default)$", "", node.get("Relation Name", ""))
        if not table or table in STAYS_SMALL:
            continue
        index = node.get("Index Name")
        if node["Node Type"] == "Seq Scan":
            found.append(f"reads all of {table}")
        elif index and index not in NARROW and "Index Cond" in node and not through(node):
            found.append(f"reads {table} through {index} by {node['Index Cond']}")
    return found


def through(node: dict[str, Any]) -> bool:
    """Whether the index is entered by something that says which few rows."""
    columns = set(re.findall(r"\(?([a-z_]+)\)?(?:::\w+)? (?:=|>|<|>=|<=|IS) ", node["Index Cond"]))
    return bool(columns - SCOPE)


@pytest.fixture(scope="module")
def first_day(engines: Databases, cast: Cast) -> Iterator[Flask]:
    with living(engines, cast) as life:
        yield life.app


@pytest.fixture(scope="module")
def grown(engines: Databases, cast: Cast) -> Iterator[Flask]:
    """A little life, and statistics as of a big one: a row a page is enough for the planner to believe them."""
    with living(engines, cast) as life:
        with life.app.app_context(), transaction():
            session().execute(
                text(
                    "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', c.relname::text,"
                    " 'relpages', greatest(pg_relation_size(c.oid) / 8192, 1)::integer, 'reltuples', CAST(:rows AS real))"
                    " FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
                    " AND c.relname <> ALL(:small)"
                ),
                {"rows": ROWS, "small": sorted(STAYS_SMALL)},
            )
        yield life.app


def test_the_statements_are_found() -> None:
    assert len(STATEMENTS) > 140


PLANNED = sorted(
    name for name, each in STATEMENTS.items() if name not in READS_THROUGH and not NO_PLAN.match(each.sql.decode())
)


@pytest.mark.parametrize("name", PLANNED)
def test_no_table_is_read_through_on_a_first_day(first_day: Flask, name: str) -> None:
    with first_day.app_context():
        assert [fault for fault in faults(plan_of(STATEMENTS[name])) if fault.startswith("reads all")] == []


@pytest.mark.parametrize("name", PLANNED)
def test_no_table_is_read_through_when_it_has_grown(grown: Flask, name: str) -> None:
    with grown.app_context():
        assert faults(plan_of(STATEMENTS[name])) == []


# Lists (`wms.platform.listing`): every way of asking, as the planner sees it with a million documents.
LISTINGS = {"orders": ORDERS, "bookings": BOOKINGS, "returns": RETURNS}
SELLER = Actor(ActorKind.API_KEY, uuid.UUID(int=1), "a seller", frozenset(), seller_ids=frozenset({uuid.UUID(int=2)}))
STAFF = Actor(ActorKind.USER, uuid.UUID(int=1), "staff", frozenset())
CLERK = replace(STAFF, warehouse_ids=frozenset({uuid.UUID(int=3)}))
WAYS: dict[str, dict[str, Any]] = {
    "all": {}, "behind": {"after": (datetime(2026, 1, 1, tzinfo=UTC), uuid.UUID(int=4))}, "ended": {"states": ("END",)},
    "cancelled": {"states": ("cancelled",)}, "open": {"states": ("OPEN",)}, "search": {"search": "SO-1"},
    "search for many": {"search": "S"},
    "reference": {"reference": "R-1"}, "warehouse": {"warehouse": "DE1"},
}  # fmt: skip
OPEN = {"orders": "short", "bookings": "submitted", "returns": "announced"}


def asked(
    found: Listing, actor: Actor, way: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """The plans of what a list asks."""
    plans = []
    driver = session().connection().connection.dbapi_connection

    def note(statement: TextClause, values: Mapping[str, Any]) -> Any:
        query = Query(str(statement))
        row = driver.execute(b"EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + query.sql, prepare=False).fetchone()
        plans.append(row[0][0]["Plan"])
        return session().execute(statement, values)

    monkeypatch.setattr(listing, "_execute", note)
    found.page(actor, limit=26, **way)
    return plans


@pytest.mark.parametrize("name", LISTINGS)
def test_a_list_reads_a_page_and_no_history(grown: Flask, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No head is read through and then sorted: its newest come out of an index in their order, or it is a look at the few
    that are open or named.
    """
    found = LISTINGS[name]
    with grown.app_context():
        for actor, (way, given) in itertools.product((SELLER, STAFF, CLERK), WAYS.items()):
            monkeypatch.setattr(listing, "MOST_NAMED", -1 if way == "search for many" else 1_000)
            states = tuple({"END": found.end, "OPEN": OPEN[name]}.get(each, each) for each in given.get("states", ()))
            plans = asked(found, actor, {**given, **({"states": states} if states else {})}, monkeypatch)
            assert plans
            for plan in plans:
                assert unbounded(plan, found.table) == [], (way, actor.name)


@pytest.mark.parametrize("found", [ORDERS, RETURNS], ids=["orders", "returns"])
def test_what_changed_lately_is_looked_up_by_when_it_changed(
    grown: Flask, found: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seller's system asks every few minutes, and mostly for nothing: no limit ends a walk that finds nothing."""
    with grown.app_context():
        lately = clock.now() - timedelta(minutes=10)
        for way in ({}, {"warehouse": "DE1"}):
            for plan in asked(found, SELLER, {"updated_since": lately, **way}, monkeypatch):
                indexes = {node["Index Name"] for node in nodes(plan) if node.get("Relation Name") == found.table}
                assert indexes == {f"ix_{found.table}_changed"}, way


BOUNDED = ("cancelled", "open", "search", "tracking", "barcode", "reference", "number", "pk_")


def unbounded(plan: dict[str, Any], table: str) -> list[str]:
    """Reads of the table that no limit ends and no narrow index bounds."""
    found = []
    for node, limited in under_limit(plan, False):
        index = node.get("Index Name", "")
        narrow = any(word in index for word in BOUNDED) or "(id = " in node.get("Index Cond", "")
        if node.get("Relation Name") == table and not limited and not narrow:
            found.append(f"{node['Node Type']} of {table} through {index or 'nothing'}")
    return found


def under_limit(plan: dict[str, Any], limited: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    """Nodes, and whether a limit stops them: it does not reach through a sort."""
    here = limited or plan["Node Type"] == "Limit"
    if plan["Node Type"] in ("Sort", "Incremental Sort", "Hash", "Aggregate"):
        here = False
    yield plan, here
    for inner in plan.get("Plans", ()):
        yield from under_limit(inner, here)


def plans_of(ask: Callable[[], Any]) -> list[dict[str, Any]]:
    """The generic plans of what SQLAlchemy sends while this is asked."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engine = session().connection().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return [plan_of(Statement(re.sub(r"%\((\w+)\)s", r":\1", each))) for each in sent]


LORRY = (
    "INSERT INTO collection (id, warehouse_id, carrier_id, number, state, day, ready_at, close_at, parcels, bags, pallets,"
    " weight_g, remark, created_at, updated_at) SELECT gen_random_uuid(), w.id, c.id, 'CL-1', 'wanted', current_date,"
    " '14:00', '17:00', 1, 0, 0, 500, '', now(), now() FROM warehouse w CROSS JOIN carrier c LIMIT 1"
)


@pytest.mark.parametrize("actor", [SELLER, STAFF, CLERK], ids=["seller", "staff", "clerk"])
def test_parcels_of_lorries_are_found_by_an_index_for_each_way_of_being_theirs(grown: Flask, actor: Actor) -> None:
    with grown.app_context():
        session().execute(text(LORRY))  # a page, so that the planner believes in the others
        told = plans_of(lambda: collection_queries.collections_told(actor, after=None, limit=51))
        inside = plans_of(lambda: collection_queries._parcels(actor, [uuid.UUID(int=5), uuid.UUID(int=6)]))
        session().rollback()
    looks = [node for plan in (*told, *inside) for node in nodes(plan) if "Relation Name" in node]
    assert [fault for plan in (*told, *inside) for fault in faults(plan)] == []
    through_all = [(node["Relation Name"], node.get("Index Name")) for node in looks if "Index Cond" not in node]
    assert [each for each in through_all if each[0] not in STAYS_SMALL] == []
    for plan in [*inside, *(told[:1] if actor is SELLER else [])]:
        assert {"ix_parcel_waiting", "ix_parcel_manifest"} <= {node.get("Index Name") for node in nodes(plan)}


@pytest.mark.parametrize("name", ["wms.inventory.balances._LOCK", "wms.inventory.balances._FIND"])
def test_a_row_of_stock_is_one_look_by_its_whole_key(grown: Flask, name: str) -> None:
    """At a bench stand, and stood, as many rows of a product as parcels: its unit has to be part of the look."""
    with grown.app_context():
        conditions = [
            node["Index Cond"] for node in nodes(plan_of(STATEMENTS[name])) if node.get("Relation Name") == "balance"
        ]
    assert conditions
    assert all("handling_unit_id" in each and "lot_id" in each for each in conditions)

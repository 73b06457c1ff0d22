"""How PostgreSQL would run every statement of the hot paths: none may read through a table that grows.

Planned as a command's statements are (`PLANNING`, generic plans): on a first day, when nothing was ever analysed, and in a
house whose tables hold a million rows each, which PostgreSQL is told without there being any.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

import wms
from tests.cast import Cast
from tests.engines import Databases
from tests.life import living
from wms.platform.database import session, transaction
from wms.platform.statements import Statement

# What an operator sets up, and what is as many as there are people or open works: reading all of it is no matter.
STAYS_SMALL = {
    "carrier", "service", "seller", "shop", "site", "warehouse", "zone", "station", "role", "role_permission",
    "counter", "api_key", "membership", "staff_role", "inbound_terms", "order_terms", "cut_off", "closed_day",
    "sampling_plan", "stock_month_end", "added_service", "packaging",
    "packing_insert", "put_wall_slot", "wave_setting",
}  # fmt: skip
SCOPE = {"warehouse_id", "owner_id", "seller_id"}
# Index → why looking up by a warehouse or an owner alone finds little in it.
NARROW = {
    "ix_bag_here": "only bags that are on no load yet",
    "uq_manifest_open": "one open manifest for each carrier",
    "ix_handling_unit_to_sort": "only totes of walks that wait for the put wall",
    "ix_handling_unit_put_back": "only totes that wait to be put back",
    "ix_handling_unit_lane": "only the containers of fast lanes",
    "ix_return_order_open": "only returns not yet completed",
    "ix_service_request_open": "only services not yet done",
    "ix_fixed_bin_face": "the pick faces of a warehouse, which the planning looks at one by one",
    "ix_replenish_task_open": "only walks that are open",
    "ix_replenish_task_product": "only walks that are open",
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

"""Years of work in minutes: rows of a few real lives, copied in SQL with ids, numbers and times of their own.

What a life wrote is found by comparing the tables before and after it, whatever the schema; so every table that grows
with orders or moves grows here, in the proportions of a real one. A copy's rows point at each other as the model's do,
and at the same people, products and bins. Foreign keys and triggers are off while rows are loaded, indexes are made
again afterwards. The model's postings net to nothing in stock, so copies of them leave the books balanced.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]
# Not part of a life: numbers that go on, what stays open on a device, logins, and commands, which are kept by the day.
LEFT_OUT = {"counter", "floor_task", "login_session", "scan_event", "alembic_version", "audit_run", "summary"}
CHUNK = 500  # copies in one statement


@dataclass
class Column:
    """`kind`: `plain`, or how a copy's value is made: `uuid`, `number` (of a bigint key), `text` (unique), `time`, `date`."""

    name: str
    kind: str
    length: int | None = None
    key_of: str | None = None  # the table with that bigint key
    is_key: bool = False  # by itself, or a part of the primary key


@dataclass
class Table:
    name: str
    key: tuple[str, ...]
    columns: list[Column]
    rows: int = 0


@dataclass
class Model:
    """What one kind of life wrote: tables with their model rows in `model_<name>.<table>`."""

    name: str
    units: int  # lives, or moves
    tables: list[Table] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


_TABLES = """
SELECT c.relname, array(SELECT a.attname::text FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(at, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.at WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY place)
FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition ORDER BY 1
"""
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL), nullif(a.atttypmod, -1) - 4,
    EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY(i.indkey)),
    EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnatts = 1
        AND a.attnum = ANY(i.indkey)),
    (SELECT f.confrelid::regclass::text FROM pg_constraint f WHERE f.conrelid = a.attrelid AND f.contype = 'f'
        AND a.attnum = ANY(f.conkey) AND f.confkey[array_position(f.conkey, a.attnum)] = (SELECT p.attnum FROM
        pg_attribute p WHERE p.attrelid = f.confrelid AND p.attname = 'id') LIMIT 1)
FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum
"""


def tables_of(connection: Connection) -> list[Table]:
    return [
        Table(name, tuple(key), [])
        for name, key in connection.execute(_TABLES).fetchall()
        if name not in LEFT_OUT and key
    ]


@contextmanager
def modelled(connection: Connection, name: str, units: int) -> Iterator[Model]:
    """What is committed inside the block, by anybody, is the model of so many lives or moves."""
    tables = tables_of(connection)
    schema = sql.Identifier(f"model_{name}")
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    for table in tables:
        keys = sql.SQL(", ").join(map(sql.Identifier, table.key))
        connection.execute(
            sql.SQL("CREATE TABLE {}.{} AS SELECT {} FROM {}").format(
                schema, sql.Identifier(f"before_{table.name}"), keys, sql.Identifier(table.name)
            )
        )
    connection.commit()
    model = Model(name, units)
    yield model
    for table in tables:
        _keep_new(connection, schema, table)
        if table.rows:
            model.tables.append(table)
    for table in model.tables:
        _describe(connection, model, table)
    connection.commit()


# A row whose key would be the same in a copy stays one row: of stock, only what stands in a life's own containers.
_ONLY: dict[str, LiteralString] = {
    "balance": "t.handling_unit_id NOT IN (SELECT id FROM {schema}.before_handling_unit)"
}


def _keep_new(connection: Connection, schema: sql.Identifier, table: Table) -> None:
    keys = sql.SQL(", ").join(map(sql.Identifier, table.key))
    connection.execute(
        sql.SQL(
            "CREATE TABLE {schema}.{name} AS SELECT t.*, row_number() OVER (ORDER BY {keys}) AS model_row FROM {name} t"
            " WHERE NOT EXISTS (SELECT 1 FROM {schema}.{before} b WHERE ({theirs}) = ({ours})) AND {more}"
        ).format(
            more=sql.SQL(_ONLY.get(table.name, "true")).format(schema=schema),
            schema=schema, name=sql.Identifier(table.name), keys=keys, before=sql.Identifier(f"before_{table.name}"),
            theirs=sql.SQL(", ").join(sql.Identifier("b", key) for key in table.key),
            ours=sql.SQL(", ").join(sql.Identifier("t", key) for key in table.key),
        )
    )  # fmt: skip
    counted = connection.execute(sql.SQL("SELECT count(*) FROM {}.{}").format(schema, sql.Identifier(table.name)))
    table.rows = int((counted.fetchone() or (0,))[0])


def _describe(connection: Connection, model: Model, table: Table) -> None:
    numbered = {each.name for each in model.tables}
    for name, kind, length, unique, alone, target in connection.execute(
        _COLUMNS, [f'public."{table.name}"']
    ).fetchall():
        column = Column(name, "plain", length, is_key=alone or name in table.key)
        if kind == "uuid":
            column.kind = "uuid"
        elif kind == "bigint" and (table.key == (name,) or target in numbered):
            column.kind, column.key_of = "number", table.name if table.key == (name,) else target
        elif kind in ("text", "character varying") and unique and name not in _WORDS:
            column.kind = "text"
        elif kind == "timestamp with time zone":
            column.kind = "time"
        elif kind == "date":
            column.kind = "date"
        table.columns.append(column)


# Columns of unique keys that are words of ours, the same for every row of a kind.
_WORDS = {
    "subject_kind", "kind", "state", "reason", "source", "condition", "customs_status", "scope", "topic", "name", "role",
}  # fmt: skip


def grow(connection: Connection, model: Model, copies: int, minutes_apart: float, behind: int = 0) -> int:
    """Write so many copies of the model, each further back in time, behind the copies there are; returns the rows
    written.
    """
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("SET synchronous_commit = off")
    _note_own_ids(connection, model)
    indexes = _drop_indexes(connection, [table.name for table in model.tables]) if copies > CHUNK else []
    now = int(time.time() * 1000)  # one moment for all tables: ids of a copy are made from it
    bases = {table.name: _base(connection, table) for table in model.tables}
    for table in model.tables:
        statement = _copy_statement(model, table, bases)
        for first in range(behind + 1, behind + copies + 1, CHUNK):
            connection.execute(
                statement,
                {"first": first, "last": min(behind + copies, first + CHUNK - 1), "minutes": minutes_apart, "now": now},
            )
            connection.commit()
        if _is_numbered(table):
            connection.execute(
                "SELECT setval(pg_get_serial_sequence(%s::text, %s::text), %s::bigint)",
                [f'public."{table.name}"', table.key[0], bases[table.name] + (behind + copies + 1) * table.rows],
            )
    for index in indexes:
        connection.execute(index.encode())
        connection.commit()
    connection.execute("SET session_replication_role = origin")
    connection.commit()
    return model.rows * copies


def _is_numbered(table: Table) -> bool:
    return any(each.kind == "number" and each.key_of == table.name for each in table.columns)


def _base(connection: Connection, table: Table) -> int:
    if not _is_numbered(table):
        return 0
    found = connection.execute(
        sql.SQL("SELECT coalesce(max({}), 0) FROM {}").format(sql.Identifier(table.key[0]), sql.Identifier(table.name))
    )
    return int((found.fetchone() or (0,))[0])


def _note_own_ids(connection: Connection, model: Model) -> None:
    """`own`: every uuid that is a key of the model's rows. Only these become others in a copy."""
    connection.execute("DROP TABLE IF EXISTS own")
    connection.execute("CREATE TEMP TABLE own (id uuid PRIMARY KEY)")
    for table in model.tables:
        place = sql.Identifier(f"model_{model.name}", table.name)
        for column in table.columns:
            if column.kind == "uuid" and column.is_key and not _is_shared(column.name):
                name = sql.Identifier(column.name)
                connection.execute(
                    sql.SQL("INSERT INTO own SELECT {} FROM {} WHERE {} IS NOT NULL ON CONFLICT DO NOTHING").format(
                        name, place, name
                    )
                )
    connection.execute("ANALYZE own")


def _is_shared(column: str) -> bool:
    return column in ("warehouse_id", "owner_id", "product_id", "seller_id", "user_id")


def _copy_statement(model: Model, table: Table, bases: dict[str, int]) -> sql.Composed:
    schema = sql.Identifier(f"model_{model.name}")
    joins: list[sql.Composed] = []
    values = [_value(model, column, place, table, bases, joins) for place, column in enumerate(table.columns)]
    return sql.SQL(
        "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM generate_series(%(first)s::int,"
        " %(last)s::int) AS series(copy_number) CROSS JOIN LATERAL (SELECT lpad(to_hex(%(now)s::bigint"
        " - (copy_number * %(minutes)s::float8 * 60000)::bigint), 12, '0') AS prefix,"
        " copy_number * %(minutes)s::float8 * interval '1 minute' AS ago) AS at CROSS JOIN {schema}.{table} AS t {joins}"
    ).format(
        table=sql.Identifier(table.name), schema=schema,
        names=sql.SQL(", ").join(sql.Identifier(each.name) for each in table.columns),
        values=sql.SQL(", ").join(values), joins=sql.SQL(" ").join(joins),
    )  # fmt: skip


def _value(
    model: Model, column: Column, place: int, table: Table, bases: dict[str, int], joins: list[sql.Composed]
) -> sql.Composed | sql.SQL:
    """How a copy's value is made from the model's. Copies of ids sort by their time, as ids of version 7 do."""
    given, other = sql.Identifier("t", column.name), sql.Identifier(f"j{place}")
    if column.kind == "uuid":
        joins.append(sql.SQL("LEFT JOIN own AS {} ON {}.id = {}").format(other, other, given))
        return sql.SQL(
            "CASE WHEN {}.id IS NULL THEN {} ELSE (at.prefix || substr(md5({}::text || copy_number), 1, 20))::uuid END"
        ).format(other, given, given)
    if column.kind == "number" and column.key_of is not None:
        target = next(each for each in model.tables if each.name == column.key_of)
        joins.append(
            sql.SQL("LEFT JOIN {}.{} AS {} ON {}.{} = {}").format(
                sql.Identifier(f"model_{model.name}"),
                sql.Identifier(column.key_of),
                other,
                other,
                sql.Identifier(target.key[0]),
                given,
            )
        )
        return sql.SQL("CASE WHEN {}.model_row IS NULL THEN {} ELSE {} + copy_number * {} + {}.model_row END").format(
            other, given, sql.Literal(bases[column.key_of]), sql.Literal(target.rows), other
        )
    if column.kind == "text":
        kept = sql.SQL("left({}, {})").format(given, sql.Literal(column.length - 6)) if column.length else given
        # as long for every copy: else one's number would be the beginning of another's
        return sql.SQL("{} || '~' || lpad(to_hex(copy_number), 5, '0')").format(kept)
    if column.kind == "time":
        return sql.SQL("{} - at.ago").format(given)
    if column.kind == "date":
        return sql.SQL("({} - at.ago)::date").format(given)
    return sql.SQL("{}").format(given)


def _drop_indexes(connection: Connection, tables: Sequence[str]) -> list[str]:
    """Drop what is no constraint; returns how to make it again."""
    found = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = ANY(%s::regclass[])"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [[f'public."{table}"' for table in tables]],
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}".encode())
    connection.commit()
    return [definition for _, definition in found]

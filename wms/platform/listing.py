"""Lists of documents, newest first, that read a page and never the history behind it.

An index knows the newest documents of one warehouse, or of one owner there. So each of these *heads* is asked for its
newest few, and the newest of them all are the page: what a list costs grows with the sellers or the buildings there are, not
with the years. States stand as words in the statement, so that every plan of it may use the indexes of the few that are open
or were cancelled; with the state as a parameter PostgreSQL may not, and walks through all that was shipped to find what was
not.

A search finds by the beginning of a number or a reference what it can name (`MOST_NAMED`), looking both up; where more than
that begin so, they are many, and the newest of them are found by walking from the newest on.

Tables listed so have `id`, `owner_id`, `warehouse_id`, `state`, `number`, `reference`, `created_at` and `updated_at`, with
the indexes of `indexes_of`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Index, Result, TextClause, literal_column, text

from wms.core import clock
from wms.core.actor import Actor
from wms.platform.database import session

MOST_NAMED = 1_000
LATELY = timedelta(days=2)  # who asks for changes since then asks for few: they are looked up by when they changed
_WORD = re.compile(r"[a-z_]{1,20}")
# What begins with the searched word, in any case of letters. These two operators compare bytes whatever the collation of
# the database, and their index serves every plan; `starts_with` needs to know the word when it is planned.
_LAST = "chr(1114111)"
_BEGINS = (
    "(lower(d.{0}) ~>=~ lower(CAST(:search AS text))"
    f" AND lower(d.{{0}}) ~<~ (lower(CAST(:search AS text)) || {_LAST}))"
)
_SEARCHED = ("number", "reference")

After = tuple[datetime, uuid.UUID]  # created_at and id of the last one seen


def indexes_of(table: str, ends: Collection[str]) -> tuple[Index, ...]:
    """What the lists and searches of this table are looked up in. `ends`: the states that documents stay in for ever."""
    words = tuple(
        Index(f"ix_{table}_{name}_search", "owner_id", literal_column(f"lower({name})").label("word"),
              postgresql_ops={"word": "text_pattern_ops"})
        for name in _SEARCHED
    )  # fmt: skip
    return (
        Index(f"ix_{table}_listing", "owner_id", "warehouse_id", "created_at", "id"),
        Index(f"ix_{table}_house", "warehouse_id", "created_at", "id"),
        Index(f"ix_{table}_cancelled", "owner_id", "created_at", "id", postgresql_where=text("state = 'cancelled'")),
        Index(f"ix_{table}_open", "owner_id", "state", postgresql_where=text(f"state NOT IN ({_words(ends)})")),
        *words,
    )


@dataclass(frozen=True)
class Listing:
    """A table of documents. `end`: the state that nearly all of them stay in. `named`: statements for the ids of those that
    something else names, which is exactly `:search`. `knows_changes`: there is an index of (owner_id, updated_at).
    """

    table: str
    end: str
    named: tuple[str, ...] = ()
    knows_changes: bool = False

    def page(
        self,
        actor: Actor,
        *,
        states: Collection[str] = (),
        search: str | None = None,
        updated_since: datetime | None = None,
        reference: str | None = None,
        warehouse: str | None = None,
        warehouse_id: uuid.UUID | None = None,
        after: After | None = None,
        limit: int,
    ) -> list[uuid.UUID]:
        """Ids of the newest documents within the actor's scope, in some states (none: all), behind `after`; `warehouse` is a
        code.
        """
        given = {
            "sellers": actor.seller_ids, "warehouses": actor.warehouse_ids, "reference": reference, "house": warehouse,
            "house_id": warehouse_id, "moment": after, "since": updated_since,
        }  # fmt: skip
        conditions = tuple(_CONDITIONS[name] for name, value in given.items() if value is not None)
        if states:
            # Where nearly all are in the state they are walked from the newest: an index of states is not to be entered.
            conditions += (f"(d.state IN ({_words(states)})){_PLAIN if self.end in states else ''}",)
        values: dict[str, Any] = {
            "sellers": list(actor.seller_ids or ()), "warehouses": list(actor.warehouse_ids or ()), "search": search,
            "reference": reference, "house": warehouse, "house_id": warehouse_id, "since": updated_since, "named": [],
            "moment": after and after[0], "key": after and after[1],
        }  # fmt: skip
        by: tuple[str, ...] = _HOUSES if actor.seller_ids is None else _BOTH
        lately = self.knows_changes and updated_since is not None and updated_since > clock.now() - LATELY
        if search is not None:
            found, values["named"] = self._named(actor, values)
            conditions += (_NAMED if found else _MATCHES,)
            by = _NAMED_ONES if found else by
        elif lately or reference is not None or (states and self.end not in states):
            by = _OWNERS
        statement = _newest(self.table, by, conditions, lately, limit)
        return list(_execute(statement, values).scalars())

    def _named(self, actor: Actor, values: dict[str, Any]) -> tuple[bool, list[uuid.UUID]]:
        """Whether all that the search means can be named, and their ids; else only those that something else names."""
        exactly: list[uuid.UUID] = []
        for each in self.named:
            exactly += _execute(text(each), {"search": values["search"]}).scalars()
        statement = _begun(self.table, actor.seller_ids is not None)
        begun = _execute(statement, values).scalars().all()
        return (True, [*exactly, *begun]) if len(begun) <= MOST_NAMED else (False, exactly)


def _execute(statement: TextClause, values: dict[str, Any]) -> Result[Any]:
    return session().execute(statement, values)


_PLAIN = " IS TRUE"  # no index is entered by this, and PostgreSQL still knows how many there are
_CONDITIONS = {
    "sellers": "d.owner_id = ANY(CAST(:sellers AS uuid[]))",
    "warehouses": "d.warehouse_id = ANY(CAST(:warehouses AS uuid[]))",
    "house": "d.warehouse_id = (SELECT w.id FROM warehouse w WHERE w.code = :house)",
    "house_id": "d.warehouse_id = :house_id",
    "reference": "d.reference = :reference",
    "since": "d.updated_at >= :since",
    "moment": "(d.created_at, d.id) < (:moment, CAST(:key AS uuid))",
}
_NAMED = "d.id = ANY(CAST(:named AS uuid[]))"
_MATCHES = f"({' OR '.join(f'({_BEGINS.format(name)})' for name in _SEARCHED)} OR {_NAMED})"
# Who is asked one by one: every owner, warehouse, owner in a warehouse; or nobody, where the documents are named.
_OWNERS, _HOUSES, _BOTH, _NAMED_ONES = ("owner_id",), ("warehouse_id",), ("owner_id", "warehouse_id"), ()
_HEADS = {"owner_id": ("seller", "sellers"), "warehouse_id": ("warehouse", "warehouses")}
_NEWEST_FIRST = "ORDER BY d.created_at DESC, d.id DESC LIMIT"


def _words(states: Collection[str]) -> str:
    """States as SQL. Raises ValueError for what is no state's name."""
    if not all(_WORD.fullmatch(each) for each in states):
        raise ValueError("this is no name of a state")
    return ", ".join(f"'{each}'" for each in sorted(states))


@cache
def _newest(table: str, by: tuple[str, ...], conditions: tuple[str, ...], lately: bool, limit: int) -> TextClause:
    where = " AND ".join(conditions) or "true"
    if not by:
        return text(f"SELECT d.id FROM {table} d WHERE {where} {_NEWEST_FIRST} {limit:d}")
    heads = " CROSS JOIN ".join(_heads(column, conditions) for column in by)
    inner = " AND ".join(f"d.{column} = {column}.id" for column in by)
    if lately:  # what changed lately first, then the rest of it; OFFSET keeps the two apart
        source, outer = f"(SELECT * FROM {table} d WHERE {inner} AND {_CONDITIONS['since']} OFFSET 0) d", where
    else:
        source, outer = f"{table} d", f"{inner} AND {where}"
    return text(
        f"SELECT d.id FROM {heads} CROSS JOIN LATERAL (SELECT d.id, d.created_at FROM {source} WHERE {outer}"
        f" {_NEWEST_FIRST} {limit:d}) d {_NEWEST_FIRST} {limit:d}"
    )


def _heads(column: str, conditions: tuple[str, ...]) -> str:
    """The owners or warehouses of the reader, under the name of the column."""
    table, scope = _HEADS[column]
    mine = f" WHERE x.id = ANY(CAST(:{scope} AS uuid[]))" if _CONDITIONS[scope] in conditions else ""
    return f"(SELECT x.id FROM {table} x{mine}) {column}"


@cache
def _begun(table: str, of_sellers: bool) -> TextClause:
    """Those whose number or reference begins with the search, at most one more than can be named."""
    most = MOST_NAMED + 1
    branches = " UNION ALL ".join(
        f"(SELECT d.id FROM {table} d WHERE d.owner_id = owner_id.id AND {_BEGINS.format(name)} LIMIT {most})"
        for name in _SEARCHED
    )
    heads = _heads("owner_id", (_CONDITIONS["sellers"],) if of_sellers else ())
    return text(f"SELECT x.id FROM {heads} CROSS JOIN LATERAL ({branches}) x LIMIT {most}")


def in_order(ids: Iterable[uuid.UUID], rows: Iterable[Any]) -> list[Any]:
    """Rows with an `id`, in the order of the ids."""
    by_id = {row.id: row for row in rows}
    return [by_id[each] for each in ids if each in by_id]

"""Lists on their way to PostgreSQL: what we spell ourselves is what psycopg would have sent, and arrives."""

from __future__ import annotations

import uuid
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.array import ListDumper

from wms.platform.arrays import PlainListDumper, spelled
from wms.platform.statements import Statement, current_connection


class Small(IntEnum):
    """A number that has a spelling of its own."""

    ONE = 1


# No NUL and no half characters among the words: psycopg itself spells none.
ELEMENTS = [
    st.uuids(),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
    st.just(Small.ONE),
]


@given(st.sampled_from(ELEMENTS).flatmap(lambda kind: st.lists(st.none() | kind, max_size=6)))
def test_every_list_is_spelled_as_psycopg_spells_it(values: list[Any]) -> None:
    dumper = PlainListDumper(list, Transformer()).upgrade(values, PyFormat.AUTO)
    assert type(dumper) is PlainListDumper
    assert bytes(dumper.dump(values)) == bytes(ListDumper.dump(dumper, values) or b"")


@given(st.sampled_from(ELEMENTS).flatmap(lambda kind: st.lists(st.none() | kind, max_size=6)))
def test_what_a_statement_types_is_spelled_as_psycopg_spells_it_or_left_to_it(values: list[Any]) -> None:
    dumper = PlainListDumper(list, Transformer()).upgrade(values, PyFormat.AUTO)
    found = spelled(values)
    assert found is values or found.encode() == bytes(ListDumper.dump(dumper, values) or b"")


@pytest.mark.parametrize(
    "values",
    [["a,b"], ["a", "b,c"], ["null"], ["NULL", "a"], [""], ["a b"], [Small.ONE, 2], [1, "a"], [[1]], None, (1, 2)],
)
def test_what_has_more_than_one_reading_is_left_to_psycopg(values: Any) -> None:
    assert spelled(values) is values


KEY = uuid.uuid4()


@pytest.mark.parametrize(
    ("kind", "values"),
    [("uuid", [KEY, None]), ("bigint", [-(2**63), None, 2**63 - 1]), ("bool", [True, None, False]), ("uuid", []),
     ("int", [None]), ("int", [[1, 2], [3, 4]]), ("text", ['a"b', "{}", "NULL", "", None, "é, 仓"]),
     ("text", ["a", "b,c", None]), ("text", ["customer", None])],
)  # fmt: skip
def test_lists_arrive(db_session, kind: str, values: list[Any]) -> None:
    found = Statement(f"SELECT CAST(:values AS {kind}[])").scalar({"values": values})
    assert found == values
    assert current_connection().adapters.get_dumper(list, PyFormat.AUTO) is PlainListDumper

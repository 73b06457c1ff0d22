"""The packet: what is in it, what a fault in it leaves, and what becomes of a connection that is torn off in the middle."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from wms.platform import wire
from wms.platform.database import rollback, session
from wms.platform.statements import Statement, commit_with, current_connection, pipelined

ADD = Statement("INSERT INTO counter (name, next_value) VALUES (:name, :value)")
NAMES = Statement("SELECT name FROM counter WHERE name LIKE 'test-%' ORDER BY name")
OURS = Statement("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'wms_%'")


def test_a_name_used_twice_is_one_parameter_and_columns_without_a_name_do_no_harm(db_session) -> None:
    twice = Statement("SELECT :a::int + :b::int + :a::int, 1, 2 AS two")
    assert twice.names == ["a", "b"]
    row = twice.first({"a": 1, "b": 10})
    assert (tuple(row), row.two) == ((12, 1, 2), 2)


def test_one_statement_with_other_types_is_another_prepared_one(db_session) -> None:
    kind = Statement("SELECT pg_typeof(:value) AS kind")
    assert [kind.scalar({"value": value}) for value in (1, True, 1.5, 2)] == ["smallint", "boolean", "double precision",
                                                                            "smallint"]  # fmt: skip


def test_what_stands_behind_a_fault_is_not_executed_and_not_committed(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        ADD.run({"name": "test-a", "value": 1})
        ADD.run({"name": "test-b", "value": None})
        ADD.run({"name": "test-c", "value": 1})
        with pytest.raises(IntegrityError):
            commit_with(lambda: NAMES.send())
        rollback()
        assert NAMES.column() == []
        commit_with(lambda: ADD.send({"name": "test-d", "value": 1}))
        session().commit()
        assert NAMES.column() == ["test-d"]


def test_answers_behind_a_fault_say_that_they_never_came(db_session) -> None:
    with pytest.raises(IntegrityError), pipelined():
        ADD.send({"name": "test-a", "value": None})
        late = NAMES.send()
    with pytest.raises(RuntimeError):
        late.all()


def test_a_statement_without_rows_is_not_asked_for_them(db_session) -> None:
    with pytest.raises(RuntimeError):
        ADD.first({"name": "test-a", "value": 1})


def test_what_cannot_be_spelled_is_a_fault_before_anything_is_sent(db_session) -> None:
    ADD.send({"name": "test-a", "value": 1})
    with pytest.raises(DataError):
        ADD.send({"name": "test-\0", "value": 1})
    assert NAMES.column() == ["test-a"]  # the transaction goes on


def test_packets_larger_than_any_buffer_go_through_both_ways(db_session) -> None:
    echo, text = Statement("SELECT CAST(:text AS text)"), "仓" * 700_000
    with pipelined():
        answers = [echo.send({"text": text}) for _ in range(4)]
    assert all(answer.first() == (text,) for answer in answers)


def test_no_more_statements_stay_prepared_than_are_kept(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_PREPARED", 10)
    with fresh_app.app_context():
        for number in range(25):
            assert Statement(f"SELECT {number}").scalar() == number
        assert OURS.scalar() <= 11  # the one that counts may be on its way out
        assert Statement("SELECT 3").scalar() == 3  # prepared again


def test_a_connection_torn_off_in_the_middle_is_used_by_nobody(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class TornOff(BaseException):
        """As a signal would."""

    def tear(_: Any) -> None:
        raise TornOff

    with fresh_app.app_context():
        ADD.send({"name": "test-a", "value": 1})
        torn = current_connection()
        with monkeypatch.context() as patched, pytest.raises(TornOff):
            patched.setattr(wire.Wire, "_next", tear)
            NAMES.send()
        assert torn.closed
        rollback()
        assert NAMES.column() == []
        assert current_connection() is not torn


@pytest.mark.parametrize("way", ["wire", "orm"])
def test_a_column_that_a_migration_changed_costs_a_connection_one_fault(fresh_app: Flask, way: str) -> None:
    """What is prepared outlives every rollback: without leaving the connection it would fail as long as that lasts."""
    looked = Statement("SELECT value FROM changed")

    def look() -> Any:
        if way == "wire":
            return looked.scalar()
        for _ in range(10):  # psycopg prepares what it has seen five times
            found = session().execute(text("SELECT value FROM changed")).scalar()
        return found

    with fresh_app.app_context():
        try:
            session().execute(text("CREATE TABLE changed AS SELECT 1::int AS value"))
            session().commit()
            assert look() == 1
            session().commit()
            session().execute(text("ALTER TABLE changed ALTER COLUMN value TYPE text"))
            session().commit()
            with pytest.raises(DBAPIError) as fault:
                look()
            assert fault.value.connection_invalidated
            rollback()
            assert look() == "1"
        finally:
            rollback()
            session().execute(text("DROP TABLE IF EXISTS changed"))
            session().commit()

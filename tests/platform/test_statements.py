"""Statements that psycopg sends itself: their parameters, answers, faults, and what outlives a rollback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.platform.commands import Command, execute
from wms.platform.database import db, rollback, session
from wms.platform.statements import Statement, array, attempt, current_connection, pipelined

ADD = Statement("INSERT INTO counter (name, next_value) VALUES (:name, :value)")
NAMES = Statement("SELECT name FROM counter WHERE name LIKE 'test-%' ORDER BY name")


def test_parameters_are_named_and_casts_and_percents_stay(db_session) -> None:
    row = Statement("SELECT :one::int + 1 AS two, '5%' AS share, '%(x)s' AS marked").first({"one": 1})
    assert (row.two, row.share, row.marked) == (2, "5%", "%(x)s")


def test_answers_are_there_after_and_inside_a_pipeline(db_session) -> None:
    with pipelined():
        ADD.send({"name": "test-a", "value": 1})
        inside = NAMES.column()  # asks for the answer: sent and waited for at once
        ADD.send({"name": "test-b", "value": 1})
        after = NAMES.send()
    assert inside == ["test-a"]
    assert [row.name for row in after.all()] == ["test-a", "test-b"]


def test_many_rows_and_an_attempt_that_is_given_up(db_session) -> None:
    ADD.run_many([{"name": f"test-{letter}", "value": 1} for letter in "ab"])
    with pytest.raises(IntegrityError), attempt():
        ADD.run({"name": "test-c", "value": 1})
        ADD.run({"name": "test-a", "value": 1})
    assert NAMES.column() == ["test-a", "test-b"]


def test_a_fault_in_a_pipeline_is_sqlalchemys_and_the_session_goes_on(db_session) -> None:
    with pytest.raises(IntegrityError) as fault, pipelined():
        ADD.send({"name": "test-a", "value": None})
    assert fault.value.orig.sqlstate == "23502"
    rollback()
    assert NAMES.column() == []


def prepared() -> int:
    return int(Statement("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%next_value%'").scalar())


def test_what_was_prepared_outlives_a_rollback_a_refusal_and_the_end_of_a_request(fresh_app: Flask) -> None:
    def refuse() -> None:
        ADD.run({"name": "test-x", "value": 1})
        raise Refused("command_not_here", {})

    with fresh_app.app_context():
        for number in range(8):
            ADD.run({"name": f"test-{number}", "value": 1})
        rollback()
        assert prepared() >= 1
        assert execute(Command(str(new_id()), "test", "try", {}), refuse, lambda _: {}).code == "command_not_here"
        assert prepared() >= 1
        backend = current_connection().info.backend_pid
    with fresh_app.app_context():
        assert current_connection().info.backend_pid == backend
        assert prepared() >= 1
        assert NAMES.column() == []


def kill_mine() -> None:
    pid = current_connection().info.backend_pid
    with db.engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def test_a_lost_connection_is_told_as_such_and_the_next_one_works(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        NAMES.all()
        kill_mine()
        with pytest.raises(OperationalError) as fault:
            NAMES.all()
        assert fault.value.connection_invalidated
        rollback()
        assert NAMES.column() == []


def test_a_connection_lost_before_a_refusal_is_no_refusal(fresh_app: Flask) -> None:
    def refuse() -> None:
        kill_mine()
        raise Refused("command_not_here", {})

    command = Command(str(new_id()), "test", "try", {})
    with fresh_app.app_context():
        with pytest.raises(DBAPIError):
            execute(command, refuse, lambda _: {})
        assert session().execute(text("SELECT count(*) FROM command")).scalar_one() == 0


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [new_id(), None]),
        ("bigint", [2**40, None, -1]),
        ("bool", [True, False, None]),
        ("text", ["plain", "", None, "NULL", 'a "b" \\c', "x,y{z}", " 汉字 ", "line\nend\ttab"]),
        ("timestamptz", [datetime(2026, 11, 29, 1, 2, 3, 456789, tzinfo=UTC), None]),
        ("int", []),
    ],
)
def test_an_array_written_here_is_read_there(db_session, kind: str, values: list[Any]) -> None:
    assert Statement(f"SELECT CAST(:given AS {kind}[]) AS read").scalar({"given": array(values)}) == values

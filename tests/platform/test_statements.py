"""Statements that psycopg sends itself: their parameters, answers, faults, and what outlives a rollback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from tests.sent import statements
from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid
from wms.identity.models import Seller
from wms.platform.commands import Command, Done, Outcome, execute, next_posting_key
from wms.platform.database import db, rollback, session, transaction
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, attempt, current_connection, looking, pipelined

ADD = Statement("INSERT INTO counter (name, next_value) VALUES (:name, :value)")
RENAME = Statement("UPDATE counter SET name = :new WHERE name = :old")
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
    return int(
        Statement("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO counter%'").scalar()
    )


def test_what_was_prepared_outlives_a_rollback_a_refusal_and_the_end_of_a_request(fresh_app: Flask) -> None:
    def refuse() -> None:
        ADD.run({"name": "test-x", "value": 1})
        raise Refused("command_not_here", {})

    with fresh_app.app_context():
        for number in range(8):
            ADD.send({"name": f"test-{number}", "value": 1})
        rollback()
        assert prepared() >= 1
        assert execute(Command(str(new_id()), "test", "try", {}), refuse, lambda _: {}).code == "command_not_here"
        assert prepared() >= 1
        with pytest.raises(IntegrityError):
            ADD.send({"name": "test-y", "value": None})
        session().rollback()  # psycopg's own, which it sees
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


def test_a_refusal_is_stored_though_its_connection_was_lost(fresh_app: Flask) -> None:
    """It was decided by what had been read, and nothing has to be undone: a new connection takes it."""

    def refuse() -> None:
        NAMES.all()
        kill_mine()
        raise Refused("command_not_here", {})

    command = Command(str(new_id()), "test", "try", {})
    with fresh_app.app_context():
        first = execute(command, refuse, lambda _: {})
        again = execute(command, lambda: None, lambda _: {})
        assert (first.code, first.replayed) == ("command_not_here", False)
        assert (again.code, again.replayed) == ("command_not_here", True)


def test_what_is_run_travels_with_the_next_statement_in_the_order_written(db_session) -> None:
    with statements() as sent:
        ADD.run({"name": "test-a", "value": 1})
        assert sent == []
        RENAME.run({"old": "test-a", "new": "test-b"})
        assert NAMES.column() == ["test-b"]
    assert [each.split()[0] for each in sent] == ["INSERT", "UPDATE", "SELECT"]
    ADD.run({"name": "test-c", "value": 1})
    assert session().execute(text("SELECT count(*) FROM counter WHERE name LIKE 'test-%'")).scalar_one() == 2


def test_what_is_run_is_committed_rolled_back_and_its_fault_is_met_inside(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        with transaction():
            ADD.run({"name": "test-a", "value": 1})
        ADD.run({"name": "test-b", "value": 1})
        rollback()
        assert NAMES.column() == ["test-a"]
        with pytest.raises(IntegrityError), transaction():
            ADD.run({"name": "test-a", "value": 1})  # nothing is sent after it but the COMMIT
        with pytest.raises(IntegrityError), attempt():
            ADD.run({"name": "test-a", "value": 1})
        assert NAMES.column() == ["test-a"]
        with pipelined():
            ADD.run({"name": "test-d", "value": 1})
        assert NAMES.column() == ["test-a", "test-d"]
        rollback()
        command = Command(str(new_id()), "test", "try", {})
        assert execute(command, lambda: ADD.run({"name": "test-e", "value": 1}), lambda _: {}).status == 200
        rollback()
        assert NAMES.column() == ["test-a", "test-e"]


SNAPSHOT = Statement("SELECT pg_current_xact_id()")  # a number of its own for each transaction


def test_looking_begins_no_transaction_and_leaves_none(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        with looking():
            assert SNAPSHOT.scalar() != SNAPSHOT.scalar()
            with looking():
                NAMES.all()
            with pytest.raises(DBAPIError):
                Statement("SELECT 1 / 0").send()
            assert NAMES.column() == []
        assert not current_connection().autocommit
        ADD.run({"name": "test-a", "value": 1})
        with looking():  # part of the transaction that has begun
            assert NAMES.column() == ["test-a"]
            assert SNAPSHOT.scalar() == SNAPSHOT.scalar()
        rollback()
        assert NAMES.column() == []


def test_a_connection_lost_while_looking_is_told_as_such(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        with pytest.raises(OperationalError) as fault, looking():
            Statement("SELECT pg_terminate_backend(pg_backend_pid())").send()
        assert fault.value.connection_invalidated
        rollback()
        with looking():
            assert NAMES.column() == []


def test_a_connection_left_in_the_middle_of_a_look_begins_no_transaction(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        left = current_connection()
        left.autocommit = True
        db.session.remove()
        assert current_connection() is not left
        assert not current_connection().autocommit


def test_a_row_that_travels_is_met_by_the_first_answer(fresh_app: Flask) -> None:
    """Known before, known meanwhile, never sent by itself where something is read: one effect and one answer."""
    begun: list[str] = []

    def use_case(reads: bool, fault: bool = False) -> str:
        begun.append("")
        ADD.run({"name": f"test-{len(begun)}", "value": 1})
        if reads:
            NAMES.column()
            begun[-1] = "read"
        if fault:
            raise invalid("/quantity", "too_small", min=1)
        return f"test-{len(begun)}"

    def scan(command: Command, reads: bool, fault: bool = False) -> Outcome:
        return execute(command, lambda: use_case(reads, fault), lambda name: {"name": name}, travels=True)

    with fresh_app.app_context():
        for reads in (True, False):
            command, begun[:] = Command(str(new_id()), "test", "try", {"reads": reads}), []
            first, again = scan(command, reads), scan(command, reads)
            assert (first, again) == (Done({"name": "test-1"}), Done({"name": "test-1"}, replayed=True))
            assert begun == ["read" if reads else "", ""]  # its second beginning ended with its first answer
            assert NAMES.column() == ["test-1"]
            # A body that is no good by now is a command done before all the same; a new one is not kept.
            assert scan(command, False, fault=True) == again
            wrong = scan(Command(str(new_id()), "test", "try", {}), reads, fault=True)
            assert isinstance(wrong, Refused) and not wrong.replayed
            rollback()
            assert NAMES.column() == ["test-1"]
            with transaction():
                RENAME.run({"old": "test-1", "new": f"kept-{reads}"})


@pytest.mark.parametrize("ends", ["done", "refused", "in the way"])
def test_of_twins_that_run_at_once_the_first_one_answers(fresh_app: Flask, ends: str) -> None:
    """The row is written once, at the end: whatever the slower one came to is undone and told to nobody."""
    command = Command(str(new_id()), "test", "try", {})

    def twin() -> None:
        with fresh_app.app_context():
            take(Command(str(new_id()), "test", "try", {}), lambda: None)
            assert take(command, lambda: ADD.run({"name": "test-first", "value": 1})) == Done({"took": None})

    def use_case() -> None:
        NAMES.column()  # by now it is known that nobody has done it
        other = threading.Thread(target=twin)
        other.start()
        other.join()
        ADD.run({"name": "test-first" if ends == "in the way" else "test-second", "value": 1})
        if ends == "refused":
            raise Refused("command_not_here", {})

    def take(which: Command, work: Callable[[], None]) -> Outcome:
        return execute(which, work, lambda _: {"took": None}, travels=True)

    with fresh_app.app_context():
        take(Command(str(new_id()), "test", "try", {}), lambda: None)  # the connection knows the day's partition
        assert take(command, use_case) == Done({"took": None}, replayed=True)
        assert NAMES.column() == ["test-first"]
        other_body = Command(command.id, "test", "try", {"other": 1})
        refusal = take(other_body, lambda: None)
        assert isinstance(refusal, Refused) and refusal.code == "command_id_reused"


def test_a_refusal_that_came_first_stands_and_the_slower_twin_has_no_effect(fresh_app: Flask) -> None:
    command = Command(str(new_id()), "test", "try", {})

    def refuse() -> None:
        raise Refused("command_not_here", {})

    def twin() -> None:
        with fresh_app.app_context():
            assert isinstance(execute(command, refuse, lambda _: {}, travels=True), Refused)

    def use_case() -> None:
        NAMES.column()
        other = threading.Thread(target=twin)
        other.start()
        other.join()
        ADD.run({"name": "test-second", "value": 1})

    with fresh_app.app_context():
        execute(Command(str(new_id()), "test", "try", {}), lambda: None, lambda _: {}, travels=True)
        found = execute(command, use_case, lambda _: {}, travels=True)
        assert isinstance(found, Refused) and found.replayed and found.code == "command_not_here"
        assert NAMES.column() == []


def test_a_command_finds_its_day_without_its_parent(fresh_app: Flask) -> None:
    """From the second on, a connection writes into the partition of the day by its name; other days as before."""

    def run(name: str) -> str:
        with statements() as sent:
            assert isinstance(execute(Command(name, "test", "noted", {}), lambda: None, lambda _: {}), Done)
        return " ".join(each.split(" (")[0] for each in sent if "INTO command" in each)

    with fresh_app.app_context():
        today = f"command_{clock.now():%Y%m%d}"
        assert run(str(new_id())) == "INSERT INTO command"
        assert run(str(new_id())) == f"INSERT INTO {today}"
        rows = Statement("SELECT count(*) FILTER (WHERE outcome = 'done') AS done, count(DISTINCT tableoid) AS tables"
                         " FROM command WHERE scope = 'test'").first()  # fmt: skip
        assert (rows.done, rows.tables) == (2, 1)
        rollback()
        former = clock.use(lambda: datetime(2041, 5, 2, 12, tzinfo=UTC))
        try:
            assert [run("one"), run("two")] == ["INSERT INTO command"] * 2  # no partition: the day may get one yet
        finally:
            clock.use(former)


def test_one_command_after_another_goes_on_where_the_last_was_committed(fresh_app: Flask) -> None:
    """Without the connection given back between them; each is a transaction of its own, with locks and keys of its own."""
    seen: list[Any] = []

    def use_case(name: str) -> None:
        assert session().info.get("locks") is None
        claim(Rank.COUNTER)
        ADD.run({"name": name, "value": 1})
        seen.append((next_posting_key(), session().get_transaction()))

    def run(name: str) -> Outcome:
        return execute(Command(str(new_id()), "test", "try", {}), lambda: use_case(name), lambda _: {}, travels=True)

    with fresh_app.app_context():
        assert [type(run(name)) for name in ("test-a", "test-b")] == [Done, Done]
        (key, first), (other, second) = seen
        assert first is second and key != other and key.endswith("/1") and other.endswith("/1")
        session().rollback()
        assert NAMES.column() == ["test-a", "test-b"]  # what comes after cannot take them back
        kill_mine()
        assert isinstance(run("test-c"), Done)  # lost between two: taken again on another one
        rollback()
        assert NAMES.column() == ["test-a", "test-b", "test-c"]


def test_rows_that_the_session_holds_are_read_anew_after_a_commit(fresh_app: Flask) -> None:
    held: list[Seller] = []

    def use_case() -> None:
        held[:] = [Seller(id=new_id(), code="ANEW", name="Before", created_at=clock.now())]
        session().add(held[0])

    with fresh_app.app_context():
        assert isinstance(execute(Command(str(new_id()), "test", "try", {}), use_case, lambda _: {}), Done)
        with db.engine.begin() as other:
            other.execute(text("UPDATE seller SET name = 'After' WHERE code = 'ANEW'"))
        assert held[0].name == "After"

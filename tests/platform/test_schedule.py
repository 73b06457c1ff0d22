"""What runs by the clock goes on whatever happened before (found by the simulation: a day without its partition)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from wms import schedule
from wms.core import clock
from wms.core.ids import new_id
from wms.platform.commands import Command, Done, ensure_partitions, execute
from wms.platform.database import session, transaction

FAR = date(2031, 5, 1)


def partitions() -> set[str]:
    return set(
        session().execute(text("SELECT relname FROM pg_class WHERE relname ~ '^command_2031[0-9]{4}$'")).scalars()
    )


def run(command_id: str) -> Any:
    return execute(Command(command_id, "test", "noted", {}), lambda: None, lambda _: {"noted": True})


def test_a_day_whose_commands_stand_in_the_default_partition_stays_there(fresh_app: Flask) -> None:
    former = clock.use(lambda: datetime(2031, 5, 2, 12, tzinfo=UTC))
    try:
        with fresh_app.app_context():
            assert run("a key without a day") == Done({"noted": True})
            for _ in range(2):  # and again: nothing is left to do
                with transaction():
                    ensure_partitions(FAR, 4)
                assert partitions() == {"command_20310501", "command_20310503", "command_20310504"}
            assert run("a key without a day") == Done({"noted": True}, replayed=True)
            kept = session().execute(text("SELECT count(*) FROM command_default")).scalar_one()
            assert kept == 1
    finally:
        clock.use(former)


def test_the_partition_of_a_day_takes_its_commands(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        today = clock.now().date()
        with transaction():
            ensure_partitions(today - timedelta(days=1), 3)
        assert run(str(new_id())) == Done({"noted": True})
        assert session().execute(text(f"SELECT count(*) FROM command_{today:%Y%m%d}")).scalar_one() == 1


@pytest.fixture
def two_entries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A schedule of one entry that fails and one that does not; what ran."""
    ran: list[str] = []

    def fail() -> None:
        ran.append("first")
        session().execute(text("INSERT INTO counter (name, next_value) VALUES ('twice', 1), ('twice', 1)"))

    monkeypatch.setattr(schedule, "_last_run", {})
    monkeypatch.setattr(schedule, "SCHEDULE", [("first", 60.0, fail), ("second", 60.0, lambda: ran.append("second"))])
    return ran


def test_an_entry_that_fails_keeps_no_other_from_its_turn(fresh_app: Flask, two_entries: list[str]) -> None:
    with fresh_app.app_context():
        with pytest.raises(IntegrityError):
            schedule.run_entry("first", schedule.SCHEDULE[0][2])
        two_entries.clear()
        schedule.run_due()
        schedule.run_due()  # neither is due again
    assert two_entries == ["first", "second"]


def test_a_database_that_is_away_is_told(fresh_app: Flask, two_entries: list[str], monkeypatch) -> None:
    def away(name: str, function: object) -> None:
        raise OperationalError("", None, Exception("gone"))

    monkeypatch.setattr(schedule, "run_entry", away)
    with fresh_app.app_context(), pytest.raises(OperationalError):
        schedule.run_due()

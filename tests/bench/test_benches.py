"""Every bench runs, at a tiny size, on one house: what it prints has its figures, nothing goes wrong, the books balance.

How fast anything was is no matter here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask

from bench import bare, growth, history, jobs, last_unit, lives, memory, receiving, service_level, work
from bench.__main__ import measure
from bench.house import House, machine_of
from tests.engines import Databases
from wms.cli import audit
from wms.demo.stage import set_stage
from wms.platform.database import db

PRODUCTS = 40


@contextmanager
def stocked(engines: Databases, name: str) -> Iterator[House]:
    """A house of its own behind a port, its goods in the bins; the web's processes are threads of this one."""
    engines.engines.postgres.create_database(name)
    try:
        stage = set_stage(engines.config(name), 3, PRODUCTS)
        with history.serving(stage, PRODUCTS) as side:
            jobs.prepare(side.house)
            history.work_jobs(side.house)
            yield side.house
            assert side.house.audit_violations() == 0
    finally:
        engines.engines.postgres.drop_database(name)


@pytest.fixture(scope="module")
def house(engines: Databases) -> Iterator[House]:
    """With a worker at work."""
    with stocked(engines, "bench") as house, history.worker(house):
        yield house


def sound(figure: dict[str, Any]) -> dict[str, Any]:
    assert figure["errors"] == 0, figure
    return figure


def test_the_machine_is_told_with_how_fast_it_is(house: House) -> None:
    told = machine_of(house)
    assert told["python"] and told["psycopg"] and told["postgresql"]
    assert all(figure > 0 for figure in told["yardstick"].values()) and len(told["yardstick"]) == 3


def test_lives(house: House) -> None:
    figure = sound(lives.lives(house, 0.1, 2, clients=1))
    assert figure["scans_a_life"] >= 14  # 13, and of two orders each half of the wave's plan and the walk's beginning
    assert figure["labels_read_back"] == 1


def test_tablets(house: House) -> None:
    assert sound(lives.tablets(house, 0.4, count=5, every=0.1))["scans"] >= 5


def test_the_last_unit(house: House) -> None:
    figure = sound(last_unit.last_unit(house, 3, contenders=4))
    assert (figure["trials"], figure["oversold"], figure["unsold"], figure["overpromised_rows"]) == (3, 0, 0, 0)


def test_what_has_never_failed_would_be_told(house: House) -> None:
    """A counter that cannot count would make every figure above worthless."""
    wrong = measure(house, "always wrong", [lambda: 0], 0.2, 1)
    assert wrong["errors"] > 0
    assert wrong["operations"] == 0


@pytest.mark.parametrize("name", service_level.JOBS)
def test_the_service_level(house: House, name: str) -> None:
    figure = service_level.compare(house, service_level.prepare(house, 1), name, clients=2, seconds=0.05)
    assert figure["operations"]["ours"] > 0
    assert figure["operations"]["bare"] > 0


class Undone(psycopg.Connection[Any]):
    """What is written over it is gone when it is closed: nobody checks bare rows, and the audit would find them."""

    def commit(self) -> None:
        """Nothing is."""


@pytest.mark.parametrize("name", bare.CLIENTS)
def test_what_stands_beside_a_job_writes_its_rows(house: House, name: str) -> None:
    with bare.connect(house.config.database_url, Undone) as connection:
        assert bare.client(connection, name, house, 0)()


def test_a_client_that_dies_is_no_quiet_one(house: House) -> None:
    def dies() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        measure(house, "dies", [lambda: 1, dies], 0.05, 1)


def test_memory(house: House) -> None:
    *tenths, last = memory.memory(house, 50, clients=1)
    # `busy`: a row was waited for longer than 3 s, which says something of the machine and not of the bench.
    assert [fault for fault in last["faults"] if '"code":"busy"' not in fault] == []
    assert len([line for line in tenths if "requests" in line]) == memory.READINGS


def test_a_straight_line_has_its_slope() -> None:
    assert memory.slope([(1.0, 5.0), (2.0, 7.0), (3.0, 9.0)]) == pytest.approx(2.0)


# Copies of a few lives and moves: as many as fill the longest page, and ten times as many in the years before those.
SHORT, LONG = 60, 600


def test_no_call_reads_more_when_history_grows(engines: Databases) -> None:
    """Copies of real lives are lives: the audit finds nothing. And no call, page or list there is reads more rows in a house
    with years behind it than in one with days: what every statement of theirs costs, not a sample.
    """
    with stocked(engines, "history") as house:
        side = history.Side(house, history.Timed(house.app.wsgi_app))
        grown = history.models(engines.engines, side, "history", lives=2, moves=4)
        with work.meter(engines.engines, house.app, "history") as side.meter:
            past(engines, grown, 0, SHORT)
            side.calls = history.calls(side)
            with house.app.app_context():
                db.engine.dispose()  # what is measured uses one connection: it has every statement prepared
            before = history.works_of(side)
            past(engines, grown, SHORT, LONG)
            assert house.audit_violations() == 0
            after = history.works_of(side)
            assert len(before) == len(after) > 80
            # What a server process tells late, on a busy machine, is counted for the call after: a call that reads more reads
            # it again.
            side.calls = {name: call for name, call in side.calls.items() if after[name].rows > allowed(before[name])}
            again = history.works_of(side)
    more = {name: (before[name].rows, work.rows) for name, work in again.items() if work.rows > allowed(before[name])}
    assert more == {}


def allowed(before: work.Work) -> float:
    """A few rows more are of what the measured calls left open; what reads the past reads a thousand more."""
    return before.rows * history.GOAL + 100


def past(engines: Databases, grown: tuple[growth.Model, growth.Model], behind: int, copies: int) -> None:
    with history.admin(engines.engines, "history") as connection:
        for model in grown:
            growth.grow(connection, model, copies, minutes_apart=360, behind=behind)
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE)")


def test_receiving(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        *steps, whole = receiving.measure(cartons=10, lines=3)
        assert {each["name"] for each in steps} == {
            "booking written", "booking arrives", "carton as announced", "line counted", "carton closed", "carton put away"
        }  # fmt: skip
        assert (whole["cartons"], whole["lines"]) == (10, 30)
        assert not [each["name"] for each in audit()["checks"] if each["violations"]]

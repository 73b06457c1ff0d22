"""The database goes away and comes back: who notices, and what they are told (issue 3, *Faults*)."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from tests.cast import Cast
from tests.conftest import SeparateRequests
from tests.engines import Databases, create_app, dispose
from tests.floor.worker import Tablet
from tests.platform.test_worker import eventually
from wms.core.ids import new_id
from wms.platform import commands
from wms.platform.commands import Command, Done
from wms.platform.database import db, session, transaction
from wms.platform.statements import Statement

OURS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def outsider(engines: Databases, fresh_database: str):
    url = engines.engines.postgres.url(fresh_database).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def end_all_connections(outsider: psycopg.Connection[Any]) -> int:
    """As a restart does; returns how many there were."""
    ended = len(outsider.execute(f"SELECT pg_terminate_backend(pid) {OURS}").fetchall())
    eventually(lambda: outsider.execute(f"SELECT 1 {OURS}").fetchone() is None)
    return ended


@pytest.fixture
def surfaces(cast: Cast, fresh_app: Flask) -> dict[str, Any]:
    """One request of each kind of surface, by people who are logged in."""

    def client() -> FlaskClient:
        return SeparateRequests(fresh_app, fresh_app.response_class)

    api, floor, office = (
        cast.api(client()),
        cast.sign_in(client(), cast.receiver),
        cast.sign_in(client(), cast.supervisor),
    )
    tablet = Tablet(floor)
    tablet.start("receive")
    return {
        "api": lambda: api.get("/api/v1/orders"),
        "floor": lambda: floor.get(f"/floor/v1/tasks/{tablet.next['task_id']}"),
        "page": lambda: office.get("/office/waves"),
        "scan": lambda: tablet.send(tablet.body("CMD-BACK")),
    }


def test_connections_that_died_in_the_pool_are_noticed_before_anybody_uses_them(surfaces, outsider):
    for name, ask in surfaces.items():
        before = ask().status_code
        assert before < 400
        assert end_all_connections(outsider) > 0
        assert (name, ask().status_code) == (name, before)


def test_a_row_that_stays_locked_is_told_as_its_reader_reads(surfaces, outsider, fresh_app):
    """A machine may ask again by the code; a person reads a page."""
    with fresh_app.app_context():
        engine = db.engine
    event.listen(engine, "connect", impatient)
    engine.dispose()
    with outsider.transaction():
        outsider.execute("LOCK TABLE outbound_order, wave, command IN ACCESS EXCLUSIVE MODE")
        answers = {name: surfaces[name]() for name in ("api", "scan", "page")}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 409)
    assert [answers[name].json["code"] for name in ("api", "scan")] == ["busy", "busy"]
    assert answers["page"].mimetype == "text/html"
    assert "Somebody else is working on this right now" in answers["page"].text
    assert surfaces["page"]().status_code == 200


def impatient(driver: psycopg.Connection[Any], _record: object) -> None:
    driver.execute("SET lock_timeout = '50ms'")
    driver.commit()


@contextmanager
def ended_as_they_come(fresh_app: Flask, outsider: psycopg.Connection[Any], how_many: int) -> Iterator[list[int]]:
    """So many new connections are ended before anybody has used them."""
    ended: list[int] = []

    def end(driver: psycopg.Connection[Any], _record: object) -> None:
        if len(ended) < how_many:
            ended.append(driver.info.backend_pid)
            outsider.execute("SELECT pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])

    with fresh_app.app_context():
        engine = db.engine
    event.listen(engine, "connect", end)
    try:
        yield ended
    finally:
        event.remove(engine, "connect", end)


@pytest.mark.parametrize("how_many", [1, 2, 3])
def test_connections_that_die_as_they_come_are_a_database_that_is_away(surfaces, fresh_app, outsider, how_many):
    """One is replaced unseen, or told as 503; a pool that gave up after its second try was told as 500."""
    for name, ask in surfaces.items():
        end_all_connections(outsider)
        with ended_as_they_come(fresh_app, outsider, how_many) as ended:
            answer = ask()
            assert ended
        assert answer.status_code in {200, 503}, (name, answer.get_data(as_text=True))
        assert answer.status_code == 200 or answer.headers["Retry-After"]
        while ask().status_code == 503:  # what is left of them in the pool
            assert len(ended) <= how_many
        assert ask().status_code == 200


@pytest.fixture(scope="module")
def gone(engines: Databases) -> Iterator[FlaskClient]:
    """A browser in front of an application whose database cannot be reached."""
    config = dataclasses.replace(engines.config("gone"), database_url="postgresql+psycopg://wms@127.0.0.1:1/nothing")
    app = create_app(config)
    yield app.test_client(use_cookies=False)
    dispose(app)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/orders", {"Authorization": "Bearer wms_live_DEMOACME_DemoKeyOfAcmeKnownToEverybodyNeverInProd000"}),
        ("/floor/v1/tasks/01a223f9-1895-715a-b042-2f105e8666c9", {"Cookie": "wms_session=known"}),
        ("/", {"Cookie": "wms_session=known"}),
        ("/floor/", {"Cookie": "wms_session=known"}),
        ("/portal/orders", {"Cookie": "wms_session=known"}),
    ],
)  # fmt: skip
def test_everybody_is_told_to_come_back_while_it_is_away(
    gone: FlaskClient, language: str, path: str, headers: dict[str, str]
):
    answer = gone.get(path, headers={**headers, "Accept-Language": language})
    assert answer.status_code == 503, answer.get_data(as_text=True)
    assert int(answer.headers["Retry-After"]) > 0
    words = answer.get_data(as_text=True)
    if path.startswith(("/api/", "/floor/v1/")):
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["code"] == "unavailable"
    else:
        assert answer.mimetype == "text/html"
    chinese = language == "zh-CN"
    assert any("一" <= letter <= "鿿" for letter in words) == chinese


@pytest.mark.parametrize("path", ["/nowhere", "/floor/v1/nowhere", "/api/v1/nowhere"])
def test_what_does_not_exist_does_not_exist_without_a_database_either(gone: FlaskClient, path: str):
    assert gone.get(path, headers={"Cookie": "wms_session=known"}).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_login_pages_say_so_too(gone: FlaskClient, method: str):
    for path in ("/login", "/floor/badge"):
        answer = getattr(gone, method)(path, headers={"Cookie": "wms_session=known"})
        assert answer.status_code == 503, answer.get_data(as_text=True)
        assert answer.headers["Retry-After"]
        assert answer.mimetype == "text/html"


def waits(outsider: psycopg.Connection[Any]) -> bool:
    outsider.execute("SELECT pg_stat_clear_snapshot()")
    return outsider.execute(f"SELECT 1 {OURS} AND wait_event_type = 'Lock'").fetchone() is not None


def ended_in_the_middle(fresh_app: Flask, outsider: psycopg.Connection[Any], ask: Any, blocks: str) -> Any:
    """The answer to a request whose connection is ended while it waits for `blocks` (a table that it needs)."""
    answers: list[Any] = []
    with outsider.transaction():
        outsider.execute(f"LOCK TABLE {blocks} IN ACCESS EXCLUSIVE MODE")
        asking = threading.Thread(target=lambda: answers.append(ask()))
        asking.start()
        eventually(lambda: waits(outsider))
        outsider.execute(f"SELECT pg_terminate_backend(pid) {OURS} AND wait_event_type = 'Lock'")
    asking.join()
    return answers[0]


@pytest.mark.parametrize(
    ("surface", "blocks"), [("api", "outbound_order"), ("floor", "floor_task"), ("page", "login_session")]
)
def test_who_reads_when_the_connection_ends_is_told_to_come_back(fresh_app, surfaces, outsider, surface, blocks):
    answer = ended_in_the_middle(fresh_app, outsider, surfaces[surface], blocks)
    assert answer.status_code == 503, answer.get_data(as_text=True)
    assert answer.headers["Retry-After"]
    assert (answer.mimetype == "text/html") == (surface == "page")
    assert surfaces[surface]().status_code == 200


@pytest.mark.parametrize("reading", ["by the session", "by a statement of our own"])
def test_a_connection_that_ends_before_the_request_does_spoils_nothing(fresh_app: Flask, outsider, reading: str):
    """The answer is made; what is left to do is to roll back what was read."""
    with fresh_app.test_request_context("/"):
        if reading == "by the session":
            session().execute(text("SELECT 1"))
        else:
            Statement("SELECT 1").send()
        assert end_all_connections(outsider) == 1
    with fresh_app.app_context():
        assert session().execute(text("SELECT 1")).scalar() == 1


def test_a_command_whose_connection_ends_is_done_on_another(fresh_app, surfaces, outsider):
    answer = ended_in_the_middle(fresh_app, outsider, surfaces["scan"], "command")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert outsider.execute("SELECT outcome FROM command WHERE name = 'floor.scan'").fetchall() == [("refused",)]


def test_a_command_whose_commit_was_not_confirmed_is_not_done_again(fresh_app: Flask, outsider):
    """The connection ends after the COMMIT has been done and before the server says so."""
    runs: list[int] = []

    def use_case() -> int:
        runs.append(1)
        return len(runs)

    with fresh_app.app_context():
        command = Command(str(new_id()), "test", "test.count", {})
        first = commands.execute(command, use_case, lambda number: number)
        assert isinstance(first, Done)
        begin, torn = commands._attempt, []

        def tear(*arguments: Any) -> Any:
            if torn:
                return begin(*arguments)
            torn.append(True)
            end_all_connections(outsider)  # what the session holds is dead, and it does not know
            session().execute(text("SELECT 1"))
            raise AssertionError("the connection was not ended")

        with transaction():
            session().execute(text("SELECT 1"))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(commands, "_attempt", tear)
                again = commands.execute(command, use_case, lambda number: number)
    assert isinstance(again, Done)
    assert (again.answer, again.replayed, runs) == (1, True, [1])

"""An installation without a single row: the console lets one person in, and pages do the rest until a parcel could leave."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import SeparateRequests
from tests.engines import Databases, dispose
from wms.core.ids import new_id
from wms.office.house_queries import steps_left
from wms.office.pages.board import STEP_WORDS

LOGIN = "ops@example.com"
PASSWORD = "seven quiet herons over the canal"


@pytest.fixture
def empty(engines: Databases) -> Iterator[Flask]:
    """A migrated database and nothing in it."""
    app = engines.migrated("from_nothing")
    yield app
    dispose(app)
    engines.engines.postgres.drop_database("from_nothing")


class Operator:
    """A person with a browser: their forms carry the token of the page and a command id."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = SeparateRequests(app, app.response_class)

    def token(self, page: str) -> str:
        shown = self.client.get(page, follow_redirects=True).get_data(as_text=True)
        found = re.search(r'name="csrf_token"\s+value="([^"]+)"', shown)
        return found.group(1) if found else ""

    def post(self, path: str, page: str, **fields: object):
        form = {"csrf_token": self.token(page), "command_id": str(new_id()), **fields}
        return self.client.post(path, data=form)

    def sign_in(self, password: str) -> None:
        self.client.post("/login", data={"login": LOGIN, "password": password})

    def set_up(self, path: str, page: str, **fields: object) -> str:
        answer = self.post(path, page, **fields)
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)[-3000:]
        return str(answer.headers["Location"])


def first_password(app: Flask) -> str:
    with app.app_context():
        ran = app.test_cli_runner().invoke(args=["first-admin", "--login", LOGIN.upper(), "--name", "Olga Operator"])
    assert ran.exit_code == 0, ran.output
    found = re.search(r"signs in at /login with (\S+) and chooses", ran.output)
    assert found is not None, ran.output
    return found.group(1)


def lacking(app: Flask) -> list[str]:
    with app.app_context():
        return steps_left()


def build(operator: Operator) -> str:
    """Warehouse, bench, totes, zone, bins, carrier; returns the warehouse's address."""
    houses = "/office/warehouses"
    house = operator.set_up(
        houses, houses, code="us1", name="Newark 1", kind="overseas", site="ewr", site_name="Newark", country="us",
        time_zone="America/New_York", currency="usd",
    )  # fmt: skip
    operator.set_up(f"{house}/benches", house, code="p01", name="Bench 1", place="packing")
    operator.set_up(f"{house}/units", house, count="3")
    key = house.rsplit("/", 1)[1]
    operator.set_up(f"/office/places/{key}/zones/new", f"/office/places/{key}/zones/new", code="A", name="Shelves",
                    purpose="storage", temperature="ambient", customs_area="any")  # fmt: skip
    operator.set_up(
        f"/office/bins/{key}", "/office/bins", zone="A", pattern="A-{bay:02}", bays_first="1", bays_last="4"
    )
    operator.set_up(f"{houses}/carrier", houses)
    return house


def test_a_house_is_set_up_from_nothing_by_its_pages(empty):
    assert lacking(empty) == list(STEP_WORDS)
    operator = Operator(empty)
    temporary = first_password(empty)
    operator.sign_in(temporary)
    assert operator.client.get("/office/").status_code != 200  # nothing before they have chosen a password of their own
    operator.set_up("/account/password", "/account", current=temporary, password=PASSWORD, again=PASSWORD)
    board = operator.client.get("/office/").get_data(as_text=True)
    assert all(str(words) in board for words, _page in STEP_WORDS.values())
    house = build(operator)
    assert lacking(empty) == ["seller", "badge"]
    shown = operator.client.get(house).get_data(as_text=True)
    assert all(each in shown for each in ("P01", "0001", "0003", "America/New_York"))
    operator.set_up("/sellers", "/sellers", code="nova", name="Nova Ltd")
    assert lacking(empty) == ["badge"]


def test_the_console_lets_nobody_in_where_somebody_is(app):
    with app.app_context():
        ran = app.test_cli_runner().invoke(args=["first-admin", "--login", "second@example.com", "--name", "Second"])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "not_the_first" in ran.stderr

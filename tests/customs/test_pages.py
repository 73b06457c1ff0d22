"""The clerk's desk."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.cast import Cast
from tests.customs.conftest import ITEM, Zone
from wms.core.ids import new_id
from wms.customs.models import BookReceipt
from wms.platform.database import session, transaction


def receipts() -> int:
    with transaction():
        return session().scalar(select(func.count()).select_from(BookReceipt)) or 0


def test_the_clerk_sees_what_waits_and_books_it_once(zone: Zone, cast: Cast, fresh_client: FlaskClient):
    clerk = cast.sign_in(fresh_client, cast.customs_clerk)
    page = clerk.get("/customs/book").text
    assert ITEM in page
    assert "ACME" in page
    assert "RIVAL" in page
    found = re.search(r'name="command_id" value="([0-9a-f-]{36})"', page)
    assert found is not None
    form = {"command_id": found[1], "item_number": ITEM, "document": "BEL-1", "quantity": "100"}
    for _ in range(2):  # a double click
        answer = clerk.post(f"/customs/book/{cast.bonded.id}", data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/customs/book")
    assert receipts() == 1
    assert (zone.item().booked, zone.sellable()) == (100, [40, 60])
    assert "BEL-1" in clerk.get("/customs/book").text


def test_what_is_wrong_is_said_and_what_was_typed_stays(zone: Zone, cast: Cast, fresh_client: FlaskClient):
    clerk = cast.sign_in(fresh_client, cast.customs_clerk)
    good = {"item_number": ITEM, "document": "BEL-77", "quantity": "5"}
    for change in ({"quantity": "many"}, {"quantity": "0"}, {"quantity": "101"}, {"item_number": "ITEM-18"}):
        form = {**good, **change, "command_id": str(new_id())}
        answer = clerk.post(f"/customs/book/{cast.bonded.id}", data=form)
        assert answer.status_code == 422, change
        assert "BEL-77" in answer.text
    assert clerk.post(f"/customs/book/{cast.bonded.id}", data=good).status_code == 422  # no command id
    assert receipts() == 0


def test_nobody_else_comes_in(zone: Zone, cast: Cast, fresh_client: FlaskClient):
    form = {"command_id": str(new_id()), "item_number": ITEM, "document": "BEL-1", "quantity": "1"}
    for person in (cast.acme_person, cast.agency, cast.picker):
        somebody = cast.sign_in(fresh_client, person)
        assert somebody.get("/customs/book").status_code == 403
        assert somebody.post(f"/customs/book/{cast.bonded.id}", data=form).status_code == 403
    assert fresh_client.get("/customs/book").status_code == 302
    clerk = cast.sign_in(fresh_client, cast.customs_clerk)
    assert clerk.post(f"/customs/book/{cast.overseas.id}", data=form).status_code == 422
    assert receipts() == 0

"""The day that a first start shows: every page has something to show, and the books balance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cast import load
from tests.conftest import SeparateRequests
from tests.engines import Databases, dispose
from tests.outbound.conftest import assert_books_balance
from wms.demo import opening
from wms.platform.database import session
from wms.seed import seed_demo_cast

# What the navigation leads to and what stands there at the first start.
OFFICE = {
    "/office/": "Hamburg 1", "/office/exceptions": "Name and ID number do not match", "/office/inbound": "Missing 2",
    "/office/holds": "Smell reported", "/office/docks": "INACME-", "/office/customs": "TM-90", "/office/waves": "W",
    "/office/services": "The foot of the lamp", "/office/services/catalogue": "Bundle into sets",
    "/portal/orders": "A-1251", "/portal/bookings": "RV-2240", "/portal/returns": "A-", "/portal/stock": "MUG-450-BLUE",
}  # fmt: skip
SELLER = {
    "/": "3 units differ in 2 cartons", "/portal/orders": "A-1251", "/portal/bookings": "ACME-PO-1056",
    "/portal/differences": "Damaged 1",
    "/portal/stock": "SERUM-30ML", "/portal/returns": "A-", "/portal/services": "PUZZLE-1000",
}  # fmt: skip
STATES = {"promised", "short", "awaiting_customs", "waved", "picking", "picked", "packed", "shipped", "cancelled"}


@pytest.fixture(scope="module")
def opened(engines: Databases) -> Iterator[Flask]:
    """A system as its first start leaves it: the whole cast, not the tests' small one."""
    app = engines.migrated("opened")
    seed_demo_cast(app)
    opening.begin(app)
    yield app
    dispose(app)
    engines.engines.postgres.drop_database("opened")


def column(app: Flask, statement: str) -> set[str]:
    with app.app_context():
        return set(session().scalars(text(statement)))


def test_the_books_balance(opened):
    with opened.app_context():
        assert_books_balance()


def test_orders_stand_everywhere_on_their_way(opened):
    assert column(opened, "SELECT DISTINCT state FROM outbound_order") == STATES - {"awaiting_customs"}
    assert column(opened, "SELECT DISTINCT customs_state FROM outbound_order") == {
        "none",
        "waiting",
        "released",
        "refused",
    }


def test_what_came_otherwise_than_on_paper_was_seen_through(opened):
    """A carton went closed from the dock to a shop, one was counted blind and twice, and customs has answered in bond."""
    assert column(opened, "SELECT o.kind || ' ' || o.state || ' ' || p.units FROM outbound_order o JOIN parcel p"
                  " ON p.shipment_id = o.shipment_id WHERE o.reference = 'SHOP-77'") == {"b2b shipped 60"}  # fmt: skip
    blind = (
        "SELECT t.is_second || ' ' || t.quantity FROM carton_tally t JOIN carton c ON c.id = t.carton_id"
        " WHERE c.state = 'stowed'"
    )
    assert column(opened, blind) == {"false 9", "true 10"}
    settlements = "SELECT kind || ' ' || state || ' ' || quantity FROM customs_settlement"
    assert column(opened, settlements) == {"entry settled 3", "destruction declared 2"}


@pytest.mark.parametrize(("who", "pages"), [("supervisor", OFFICE), ("acme_person", SELLER)])
def test_pages_have_something_to_show(opened, who, pages):
    cast = load(opened)
    client = cast.sign_in(SeparateRequests(opened, opened.response_class), getattr(cast, who))
    empty = [path for path, words in pages.items() if words not in client.get(path).get_data(as_text=True)]
    assert empty == []

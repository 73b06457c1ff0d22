"""Goods that become something else in bond: customs' word is recorded, both lines of its book follow, and nothing else may."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.cast import Cast
from tests.customs.conftest import Zone
from wms.catalog.models import Product
from wms.core.ids import new_id
from wms.core.refusals import RefusalKind, Refused
from wms.customs import processing
from wms.customs import service as customs
from wms.inventory.converting import asking
from wms.inventory.converting import service as converting
from wms.inventory.converting.asking import Wanted
from wms.inventory.converting.models import Conversion
from wms.inventory.converting.rules import RecipeKind
from wms.inventory.converting.service import Made
from wms.inventory.models import BookItem, Permit
from wms.platform.database import session, transaction

OTHER = "ITEM-18"


def do(call: Callable[..., Any], *arguments: Any) -> Any:
    with transaction():
        return call(*arguments)


def refused(call: Callable[..., Any], *arguments: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        do(call, *arguments)
    return raised.value


@pytest.fixture
def asked(zone: Zone, cast: Cast) -> Conversion:
    """Five of ACME's forty are to become another product, under another line of the book."""
    do(customs.record_book_receipt, cast.customs_clerk, cast.bonded.id, "ITEM-17", "QD-1", 100)
    first, second = sorted(cast.ACME.products)[:2]
    with transaction():
        product = session().get_one(Product, cast.ACME.products[second])
        product.customs_item_number = OTHER
        product.lot_controlled = product.expiry_controlled = False
    wanted = Wanted(RecipeKind.RELABEL, first, 5, to_sku=second)
    return do(asking.ask, cast.supervisor, cast.bonded.id, cast.ACME.id, wanted)


def book(number: str) -> tuple[int, int, int]:
    with transaction():
        item = session().scalars(select(BookItem).where(BookItem.item_number == number)).one()
        session().refresh(item)
        return item.booked, item.unbooked, item.promised


def permits(conversion_id: uuid.UUID) -> list[tuple[str, int, int, bool]]:
    with transaction():
        rows = session().scalars(
            select(Permit).where(Permit.subject_id == conversion_id).order_by(Permit.product_id)
            .execution_options(populate_existing=True)
        )  # fmt: skip
        return [(row.kind, row.quantity, row.used, row.withdrawn_at is not None) for row in rows]


def test_it_is_carried_out_once_customs_has_spoken(zone: Zone, cast: Cast, asked: Conversion):
    boss, clerk, house = cast.supervisor, cast.customs_clerk, cast.bonded.id
    assert book("ITEM-17") == (100, 0, 5)  # promised to it, and so out of everybody's reach
    assert refused(converting.convert, boss, asked.id, Made(2)).code == "customs_permit_needed"
    for stranger in (cast.picker, cast.acme_person):
        found = refused(processing.permit_conversion, stranger, house, asked.id, "JG-1")
        assert found.kind is RefusalKind.NOT_FOUND
    do(processing.permit_conversion, clerk, house, asked.id, "JG-1")
    do(processing.permit_conversion, clerk, house, asked.id, "JG-1")  # a double click
    assert permits(asked.id) == [("processing", 5, 0, False)] * 2
    assert refused(processing.permit_conversion, clerk, house, asked.id, "JG-2").code == "already_released"
    do(converting.convert, boss, asked.id, Made(2))
    do(converting.convert, boss, asked.id, Made(3))
    assert permits(asked.id) == [("processing", 5, 5, False)] * 2
    assert (book("ITEM-17"), book(OTHER)) == ((95, 0, 0), (0, 5, 0))
    do(customs.record_book_receipt, clerk, house, OTHER, "QD-2", 5)
    assert book(OTHER) == (5, 0, 0)
    assert refused(converting.undo, boss, asked.id).code in {"customs_permit_needed", "not_reversible"}


def test_what_is_given_up_may_not_be_done_any_more(zone: Zone, cast: Cast, asked: Conversion):
    do(processing.permit_conversion, cast.customs_clerk, cast.bonded.id, asked.id, "JG-1")
    do(converting.convert, cast.supervisor, asked.id, Made(1))
    do(converting.cancel, cast.supervisor, asked.id)
    assert permits(asked.id) == [("processing", 5, 1, True)] * 2
    assert book("ITEM-17") == (99, 0, 0)


def test_only_what_is_kept_is_permitted_and_one_document_permits_one(zone: Zone, cast: Cast, asked: Conversion):
    clerk, house = cast.customs_clerk, cast.bonded.id
    do(converting.give_back, cast.supervisor, asked.id)
    assert refused(processing.permit_conversion, clerk, house, asked.id, "JG-1").code == "not_allowed_now"
    do(converting.promise_again, cast.supervisor, asked.id)
    do(processing.permit_conversion, clerk, house, asked.id, "JG-1")
    first, second = sorted(cast.ACME.products)[:2]
    again = do(
        asking.ask, cast.supervisor, house, cast.ACME.id, Wanted(RecipeKind.RELABEL, first, 1, to_sku=second)
    )  # fmt: skip
    assert refused(processing.permit_conversion, clerk, house, again.id, "JG-1").code == "document_taken"


def test_the_clerks_page(zone: Zone, cast: Cast, asked: Conversion, fresh_client: FlaskClient):
    clerk = cast.sign_in(fresh_client, cast.customs_clerk)
    page = clerk.get("/customs/processing").text
    assert "ITEM-17" in page
    assert OTHER in page
    address = f"/customs/processing/{cast.bonded.id}/{asked.id}"
    assert clerk.post(address, data={"command_id": str(new_id()), "document": " "}).status_code == 422
    answer = clerk.post(address, data={"command_id": str(new_id()), "document": "JG-9"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/customs/processing")
    assert "JG-9" in clerk.get("/customs/processing").text
    assert clerk.post(address, data={"command_id": str(new_id()), "document": "JG-8"}).status_code == 422
    elsewhere = f"/customs/processing/{cast.bonded.id}/{new_id()}"
    assert clerk.post(elsewhere, data={"command_id": str(new_id()), "document": "JG-8"}).status_code == 404
    assert cast.sign_in(fresh_client, cast.picker).get("/customs/processing").status_code == 403

"""Recall by batch: every unit is told of, on hand, gone with its order, and come back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests.floor.worker import MUG, house_carrier, order
from tests.inventory.world import TEST, make_product, make_seller
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.inventory import ledger, service
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.outbound.recall import Whereabouts, whereabouts
from wms.platform.database import session

BIN, NEXT = "A-01-01-1", "A-01-01-2"


class Batch:
    """Twelve units of ACME's batch BAD in two bins (two expiry dates), three of another one, and an order."""

    def __init__(self, cast: Any, client: Any) -> None:
        self.cast, self.place = cast, cast.overseas.locations
        self.product = make_product(cast.ACME, lot_controlled=True, expiry_controlled=True)
        self.stocks = [
            self.stocked("BAD", date(2099, 1, 1), BIN, 7), self.stocked("BAD", date(2099, 2, 1), NEXT, 5),
            self.stocked("GOOD", date(2099, 1, 1), BIN, 3),
        ]  # fmt: skip
        self.stocked_other()
        number = order(cast.api(client), {MUG: 1}, house_carrier())
        query = text("SELECT id, number, reference FROM outbound_order WHERE number = :number")
        self.order = session().execute(query, {"number": number}).one()

    def stocked(self, batch: str, expires_on: date, place: str, quantity: int) -> Stock:
        lot = service.lot_of(self.product, batch, expires_on)  # type: ignore[arg-type]
        target = Stock(self.cast.overseas.id, self.cast.ACME.id, self.product.id, self.place[place], lot_id=lot)
        service.receive(SYSTEM, target, quantity, TEST)
        session().commit()
        return target

    def stocked_other(self) -> None:
        target = Stock(self.cast.overseas.id, self.cast.ACME.id, self.cast.ACME.products[MUG], self.place[BIN])
        service.receive(SYSTEM, target, 5, TEST)
        session().commit()

    def post(
        self, reason: Reason, source: Stock | str, target: Stock | str, units: int, kind: str, key: uuid.UUID
    ) -> uuid.UUID:
        draft = PostingDraft(reason, kind, key, [MoveDraft(source, target, units)])
        posting_id = ledger.post(SYSTEM, draft).posting_id
        session().commit()
        return posting_id

    def found(self, actor: Any = None) -> list[Whereabouts]:
        return list(whereabouts(actor or self.cast.supervisor, self.product.id, "BAD"))


@pytest.fixture
def batch(cast, client, db_session) -> Batch:
    return Batch(cast, client)


def told(rows: list[Whereabouts]) -> list[tuple[Any, ...]]:
    return [(row.location or row.gone_to, row.quantity, row.document_kind, row.order_number) for row in rows]


def test_units_on_hand_gone_and_come_back_add_up_to_what_was_received(batch: Batch):
    assert told(batch.found()) == [(BIN, 7, None, None), (NEXT, 5, None, None)]
    bad, later, _ = batch.stocks
    batch.post(Reason.SHIP, bad, "customer", 3, "order", batch.order.id)
    batch.post(Reason.SHIP, later, "customer", 2, "order", batch.order.id)
    batch.post(Reason.SCRAP, bad, "scrap", 1, "count", new_id())
    returns = replace(bad, location_id=batch.place["RETURNS"], condition="inspect")
    batch.post(Reason.RETURN, "customer", returns, 1, "return", new_id())
    rows = batch.found()
    assert told(rows) == [
        (BIN, 3, None, None), (NEXT, 3, None, None), ("RETURNS", 1, None, None),
        ("customer", 3, "order", batch.order.number), ("customer", 2, "order", batch.order.number),
        ("customer", -1, "return", None), ("scrap", 1, "count", None),
    ]  # fmt: skip
    assert sum(row.quantity for row in rows) == 12
    shipped = [row for row in rows if row.order_number]
    assert {(row.country, row.reference, row.order_id) for row in shipped} == {("DE", "SHOP-1", batch.order.id)}


def test_a_count_that_was_taken_back_is_no_loss(batch: Batch):
    bad = batch.stocks[0]
    lost = batch.post(Reason.COUNT, bad, "adjustment", 2, "count", new_id())
    assert ("adjustment", 2, "count", None) in told(batch.found())
    ledger.reverse(SYSTEM, batch.cast.overseas.id, lost)
    session().commit()
    assert told(batch.found()) == [(BIN, 7, None, None), (NEXT, 5, None, None)]


def test_nobody_sees_another_sellers_batch_nor_another_warehouses(batch: Batch):
    cast = batch.cast
    assert sum(row.quantity for row in batch.found(cast.acme)) == 12
    assert batch.found(cast.rival_person) == []
    assert batch.found(cast.customs_clerk) == []
    make_seller()


def test_the_api_and_the_page_tell_the_same(cast, client, batch: Batch):
    batch.post(Reason.SHIP, batch.stocks[0], "customer", 3, "order", batch.order.id)
    address = f"/api/v1/recalls?sku={batch.product.sku}&batch=BAD"
    answer = cast.api(client).get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert (answer.json["on_hand"], answer.json["gone"]) == (9, 3)
    assert answer.json["data"][-1]["order_number"] == batch.order.number
    assert cast.api(client).get("/api/v1/recalls?sku=NONE-SUCH&batch=BAD").status_code == 422
    supervisor = cast.sign_in(client, cast.supervisor)
    page = supervisor.get(f"/office/recall?seller=ACME&sku={batch.product.sku}&batch=BAD")
    shown = unescape(page.get_data(as_text=True))
    left = datetime.fromisoformat(answer.json["data"][-1]["left_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{left:%Y-%m-%d %H:%M}" in shown  # by the clock of the house that it left
    assert page.status_code == 200
    assert batch.order.number in shown and "Hold it in DE1" in shown and BIN in shown
    held = supervisor.post("/office/holds", data={
        "command_id": str(new_id()), "warehouse": "DE1", "scope": "lot", "code": "BAD", "seller": "ACME",
        "sku": batch.product.sku, "reason": "recall",
    })  # fmt: skip
    assert held.status_code == 302, held.get_data(as_text=True)
    session().expire_all()
    assert [row.is_held for row in batch.found() if not row.is_gone] == [True, True]
    assert "Hold it in DE1" not in supervisor.get(f"/office/recall?seller=ACME&sku={batch.product.sku}&batch=BAD").text
    assert supervisor.get("/office/recall?seller=ACME&sku=NONE-SUCH&batch=BAD").status_code == 422

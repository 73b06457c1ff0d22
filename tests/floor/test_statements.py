"""Statements of one request on every hot path, counted at the wire: the whole request, from its login to its answer.

`MOST` is what each request takes today and no more; whoever makes one cheaper writes the new number there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast
from tests.conftest import SeparateRequests
from tests.floor.worker import (
    CABLE,
    CODES,
    MUG,
    Tablet,
    announce,
    house_carrier,
    order,
    prepare_waybills,
    totes,
    tracking_numbers,
)
from tests.sent import statements
from wms.core.ids import new_id
from wms.identity import rules

BIN, NEXT = "A-01-01-1", "A-01-01-2"
MOST: dict[str, int] = {
    "order of 3 lines": 11, "stock page": 2, "labels asked for": 10, "move, source": 5, "move, item": 9, "move, target": 15,
    "receive, carton": 19, "receive, full": 20, "receive, close": 12, "putaway, carton": 10, "putaway, bin": 27,
    "pick, plan": 26, "pick, begin": 11, "pick, tote": 11, "pick, bin": 7, "pick, item": 20, "pick, last item": 23,
    "pack, tote": 10, "pack, item": 12, "pack, weigh": 14, "pack, close": 25, "hand over": 27,
}  # fmt: skip


class House:
    """The application with the cast, goods in two bins, and a count of what each request sends."""

    def __init__(self, cast: Cast, app: Flask) -> None:
        self.cast, self.app = cast, app
        client = SeparateRequests(app, app.response_class)
        self.api = cast.api(client)
        self.tablet = Tablet(cast.sign_in(client, cast.receiver))
        self.found: dict[str, int] = {}

    def count(self, name: str, send: Callable[[], Any]) -> Any:
        """The most of one kind stands."""
        with statements() as sent:
            answer = send()
        assert answer.status_code < 300, answer.get_data(as_text=True)
        self.found[name] = max(self.found.get(name, 0), len(sent))
        return answer

    def scan(self, name: str, raw: str, **more: Any) -> None:
        answer = self.count(name, lambda: self.tablet.send(self.tablet.body(raw, **more)))
        assert answer.json["ok"], answer.json["feedback"]
        self.tablet.next = answer.json["next"]

    def inside(self, use: Callable[..., Any], *arguments: Any) -> Any:
        with self.app.app_context():
            return use(*arguments)

    def receive(self, lines: dict[str, int]) -> None:
        (carton,) = self.inside(announce, self.cast, lines)
        self.tablet.start("receive")
        for name, raw in (("carton", carton), ("full", "CMD-FULL"), ("close", "CMD-OK")):
            self.scan(f"receive, {name}", raw)
        self.tablet.start("putaway")
        self.scan("putaway, carton", carton)
        self.scan("putaway, bin", self.cast.overseas.labels[BIN])

    def move(self) -> None:
        labels = self.cast.overseas.labels
        self.tablet.start("move")
        for name, raw in (("source", labels[BIN]), ("item", CODES[MUG]), ("target", labels[NEXT])):
            self.scan(f"move, {name}", raw)

    def ship(self, service: str) -> None:
        self.inside(lambda: order(self.api, {MUG: 1, CABLE: 1}, service))
        self.tablet.start("pick")
        self.scan("pick, plan", "CMD-OK")
        self.scan("pick, begin", "CMD-OK")
        self.inside(prepare_waybills)
        (tote, *_) = self.inside(totes, self.cast.overseas.id)
        self.scan("pick, tote", tote)
        for name in ("pick, item", "pick, last item"):
            seen = self.tablet.seen
            self.scan("pick, bin", seen["location_barcode"])
            self.scan(name, CODES[seen["sku"]])
        self.tablet.start("pack")
        self.scan("pack, tote", tote)
        for sku in (MUG, CABLE):
            self.scan("pack, item", CODES[sku])
        self.scan("pack, weigh", "CMD-OK", weight_g=self.tablet.seen["expected_g"])
        (number,) = self.inside(tracking_numbers)
        self.scan("pack, close", number)
        self.tablet.start("handover")
        self.scan("hand over", number)

    def sell(self, service: str) -> None:
        address = {"name": "Anna Schmidt", "country": "DE", "city": "Berlin", "postcode": "10115", "address1": "Weg 1"}
        body = {"reference": str(new_id()), "warehouse": "DE1", "service": service, "consignee": address,
                "lines": [{"sku": sku, "quantity": 1} for sku in (MUG, CABLE, "LAMP-DESK-W")]}  # fmt: skip
        self.count("order of 3 lines", lambda: self.api.post("/api/v1/orders", body))
        self.count("stock page", lambda: self.api.get("/api/v1/stock?limit=100"))
        products = [{"product_id": str(each), "quantity": 1} for each in self.cast.ACME.products.values()]
        asked = {"warehouse": "DE1", "lines": products}
        self.count("labels asked for", lambda: self.api.post("/api/v1/labels/products", asked))


@pytest.fixture
def house(cast: Cast, fresh_app: Flask) -> House:
    return House(cast, fresh_app)


def test_every_hot_request_stays_within_its_statements(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a slow machine a minute passes in here, after which a request also notes that its key or login is in use.
    monkeypatch.setattr(rules, "WRITE_EVERY", timedelta(days=1))
    service = house.inside(house_carrier)
    house.receive({MUG: 20, CABLE: 20, "LAMP-DESK-W": 20})
    house.move()
    house.ship(service)
    house.sell(service)
    assert house.found.keys() == MOST.keys()
    over = [f"{name}: {sent}, allowed {MOST[name]}" for name, sent in house.found.items() if sent > MOST[name]]
    assert not over, "; ".join(over)

"""A carrier behind a network: it sells waybills by our parcel protocol, slowly, or not now, or its answer gets lost.

What it sold is compared with our parcels: each that lives has one waybill, and none is paid for that no parcel bears.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from labels import WaybillLabel, render_bundle
from wms.core.actor import SYSTEM
from wms.platform.database import transaction
from wms.shipping import service as shipping
from wms.shipping.carriers import HTTP
from wms.shipping.carriers import http as protocol
from wms.shipping.carriers.interface import CarrierFault
from wms.shipping.carriers.wire import Said
from wms.simulation.play import Play
from wms.simulation.world import Untrue

CODE, SERVICE = "NET", "NET-STD"
ADDRESS, TOKEN = "http://127.0.0.1:9/carrier", "a-token-of-the-carrier"
BEFORE, AFTER = ("carrier_busy", "carrier_away", "carrier_slow"), ("carrier_broken_off", "carrier_slow")
UNWELL = 0.15  # of the questions, each way
_PARCELS = (
    "SELECT p.tracking_number AS number, p.state FROM parcel p JOIN carrier c ON c.id = p.carrier_id WHERE c.code = :carrier"
    " AND p.tracking_number IS NOT NULL ORDER BY p.created_at, p.id"
)


@cache
def label_of(number: str) -> bytes:
    """A carrier's label, 100 × 150 mm, whose bar code says the number. The same in every story."""
    label = WaybillLabel(
        service_name="Net", carrier_code=CODE, tracking_number=number, sender_lines=("Seller",), consignee_name="Buyer",
        consignee_lines=("Street 1", "DE"), return_lines=("Warehouse",),
    )  # fmt: skip
    return render_bundle([label]).pdf


class Carrier:
    """Its own system, and the network before it."""

    def __init__(self, play: Play) -> None:
        self.play, self.dice = play, play.dice("carrier")
        self.sold: dict[str, dict[str, Any]] = {}  # by its own name of a waybill
        self.lists: dict[str, str] = {}

    def exchange(
        self, _address: Any, method: str, path: str, _headers: Any, body: bytes | None, *_more: Any
    ) -> Said | CarrierFault:  # fmt: skip
        """In the place of `wms.shipping.carriers.wire.exchange`: one question, answered, or not, or done and not answered."""
        throw = 1.0 if self.play.wire.calm else self.dice.random()
        self.play.world.units["carrier asked"] += 1
        if throw < UNWELL:
            return self._unwell(self.dice, BEFORE)
        status, answer = self._answer(method, path.removeprefix("/carrier"), orjson.loads(body) if body else {})
        if throw < 2 * UNWELL:
            return self._unwell(self.dice, AFTER)
        return Said(status, b"" if answer is None else orjson.dumps(answer))

    def _unwell(self, dice: random.Random, how: tuple[str, ...]) -> CarrierFault:
        code = dice.choice(how)
        self.play.wire.record.faults[code] += 1
        return CarrierFault(code, retryable=True)

    def _answer(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        parts = urlsplit(path)
        kind, _, key = parts.path.removeprefix("/v1/").partition("/")
        if kind == "tracking":
            return 200, {"tracking_number": unquote(key), "events": []}
        if kind == "manifests":
            name = self.lists.setdefault(body["reference"], f"list-{len(self.lists) + 1}")
            return 201, {"id": name, "reference": body["reference"]}
        if method == "GET":
            wanted = parse_qs(parts.query)["reference"][0]
            return 200, {"data": [each for each in self.sold.values() if each["reference"] == wanted]}
        if method == "DELETE":
            if unquote(key) not in self.sold:
                return 404, {"code": "unknown"}
            self.sold[unquote(key)]["state"] = "voided"
            return 204, None
        return 201, self._sell(body["reference"])

    def _sell(self, reference: str) -> dict[str, Any]:
        """A new waybill, whoever asked for one before: that it is asked for once is the client's business."""
        if any(each["reference"] == reference and each["state"] == "created" for each in self.sold.values()):
            raise Untrue(f"a second waybill was bought for {reference}")
        serial = len(self.sold) + 1
        number = f"NT{serial:010}"
        label = {"format": "PDF", "content": base64.b64encode(label_of(number)).decode()}
        made: dict[str, Any] = {
            "id": f"net-{serial}", "reference": reference, "tracking_number": number, "state": "created", "label": label,
            "charge": {"currency": "EUR", "total_minor": 400 + serial % 100},
        }  # fmt: skip
        self.sold[made["id"]] = made
        return made

    def contract(self) -> None:
        """The operator offers it from now on."""
        with transaction():
            carrier = shipping.create_carrier(SYSTEM, CODE, "Net", kind=HTTP, capabilities=protocol.CAPABILITIES)
            shipping.connect_carrier(SYSTEM, carrier.id, ADDRESS, TOKEN)
            shipping.add_service(SYSTEM, carrier.id, SERVICE, "Net standard")

    def settled(self) -> None:
        """At the end: a waybill for each parcel that lives, and no other."""
        parcels = {row.number: row.state for row in self.play.look(_PARCELS, carrier=CODE)}
        sold = {each["tracking_number"]: each["state"] for each in self.sold.values()}
        wrong = {
            number: (parcels.get(number), sold.get(number))
            for number in parcels.keys() | sold.keys()
            if (parcels.get(number, "voided") == "voided") != (sold.get(number) == "voided")
        }
        if wrong:
            raise Untrue(f"waybills of {CODE}, (our parcel, sold): {wrong}")


@contextmanager
def joined(carrier: Carrier) -> Iterator[None]:
    """Inside the block the network leads to this carrier."""
    before = protocol.exchange
    protocol.exchange = carrier.exchange  # type: ignore[assignment]
    try:
        yield
    finally:
        protocol.exchange = before

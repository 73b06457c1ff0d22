"""A carrier that speaks our parcel protocol over HTTP (docs/carriers.md): JSON, a bearer token, one request a thing.

One question is one exchange: trying again, and when, is the caller's (`wms.shipping.service.tasks`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import orjson

from wms.shipping.carriers import answers, collected, rated
from wms.shipping.carriers.addresses import Network, ServiceAddress
from wms.shipping.carriers.interface import (
    AtTheDoor,
    Capabilities,
    CarrierFault,
    CollectionGranted,
    CollectionRequest,
    NotRated,
    Party,
    Rate,
    RateRequest,
    TrackedEvent,
    WaybillGranted,
    WaybillRequest,
)
from wms.shipping.carriers.wire import Patience, Said, exchange

PATIENCE = Patience()
RATE_PATIENCE = Patience(3.0, 10.0)  # an order waits for it
CAPABILITIES = Capabilities(
    can_void=True, can_manifest=True, many_parcels=True, can_track=True, can_sign=True, can_insure=True, can_rate=True,
    can_collect=True, can_collect_money=True, can_check_age=True, can_lift=True, can_deliver_on=True,
)  # fmt: skip


@dataclass(frozen=True)
class HttpCarrier:
    """`token` is a secret; it is no part of how this object prints."""

    capabilities: Capabilities
    address: ServiceAddress
    token: str
    allowed: tuple[Network, ...]
    patience: Patience = PATIENCE
    rate_patience: Patience = RATE_PATIENCE

    def __repr__(self) -> str:
        return f"HttpCarrier({self.address.host})"

    def find(self, client_reference: str) -> WaybillGranted | CarrierFault | None:
        said = self._ask("GET", f"/v1/shipments?reference={quote(client_reference, safe='')}")
        return said if isinstance(said, CarrierFault) else answers.found_of(said, client_reference)

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        headers = {"Idempotency-Key": request.client_reference}
        said = self._ask("POST", "/v1/shipments", _shipment(request), headers)
        return said if isinstance(said, CarrierFault) else answers.waybill_of(said, request.client_reference)

    def void(self, carrier_reference: str) -> CarrierFault | None:
        said = self._ask("DELETE", f"/v1/shipments/{quote(carrier_reference, safe='')}")
        return said if isinstance(said, CarrierFault) else answers.voided_of(said)

    def manifest(self, client_reference: str, carrier_references: Sequence[str]) -> str | CarrierFault:
        body = {"reference": client_reference, "shipments": list(carrier_references)}
        said = self._ask("POST", "/v1/manifests", body, {"Idempotency-Key": client_reference})
        return said if isinstance(said, CarrierFault) else answers.manifest_of(said, client_reference)

    def track(self, tracking_number: str) -> list[TrackedEvent] | CarrierFault:
        said = self._ask("GET", f"/v1/tracking/{quote(tracking_number, safe='')}")
        return said if isinstance(said, CarrierFault) else answers.events_of(said, tracking_number)

    def rate(self, request: RateRequest) -> list[Rate | NotRated] | CarrierFault:
        said = self._ask("POST", "/v1/rates", _rates(request), patience=self.rate_patience)
        return said if isinstance(said, CarrierFault) else rated.rates_of(said, request.services)

    def collect(self, request: CollectionRequest) -> CollectionGranted | CarrierFault:
        headers = {"Idempotency-Key": request.client_reference}
        said = self._ask("POST", "/v1/collections", _collection(request), headers)
        return said if isinstance(said, CarrierFault) else collected.collection_of(said, request.client_reference)

    def find_collection(self, client_reference: str) -> CollectionGranted | CarrierFault | None:
        said = self._ask("GET", f"/v1/collections?reference={quote(client_reference, safe='')}")
        return said if isinstance(said, CarrierFault) else collected.found_collection_of(said, client_reference)

    def call_off(self, carrier_reference: str, day: date) -> CarrierFault | None:  # noqa: ARG002 - its name is enough
        said = self._ask("DELETE", f"/v1/collections/{quote(carrier_reference, safe='')}")
        return said if isinstance(said, CarrierFault) else answers.voided_of(said)

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, more: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> Said | CarrierFault:  # fmt: skip
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "Connection": "close"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = orjson.dumps(body)
        return exchange(
            self.address, method, path, {**headers, **(more or {})}, content, self.allowed, patience or self.patience
        )


def _size(size_mm: tuple[int, int, int] | None) -> dict[str, int] | None:
    return None if size_mm is None else dict(zip(("length", "width", "height"), size_mm, strict=True))


def _rates(request: RateRequest) -> dict[str, Any]:
    return {
        "services": list(request.services),
        "weight_g": request.weight_g,
        "size_mm": _size(request.size_mm),
        "sender": _party(request.sender),
        "recipient": _party(request.recipient),
        "signature": request.signed,
        "insurance": _insurance(request),
        **_door(request.door),
    }


def _collection(request: CollectionRequest) -> dict[str, Any]:
    return {
        "reference": request.client_reference,
        "sender": _party(request.sender),
        "place": request.place,
        "day": request.day.isoformat(),
        "ready_at": f"{request.ready_at:%H:%M}",
        "close_at": f"{request.close_at:%H:%M}",
        "time_zone": request.time_zone,
        "parcels": request.parcels,
        "bags": request.bags,
        "pallets": request.pallets,
        "weight_g": request.weight_g,
        "remark": request.remark,
    }


def _shipment(request: WaybillRequest) -> dict[str, Any]:
    return {
        "reference": request.client_reference,
        "service": request.service_code,
        "label": {"format": "PDF", "width_mm": request.label_mm[0], "height_mm": request.label_mm[1]},
        "weight_g": request.weight_g,
        "size_mm": _size(request.size_mm),
        "sender": _party(request.sender),
        "recipient": _party(request.recipient),
        "contents": [asdict(each) for each in request.contents],
        "signature": request.signature,
        "insurance": _insurance(request),
        **_door(request.door),
        "customs": None if request.duties is None else asdict(request.duties),
    }


def _insurance(request: WaybillRequest | RateRequest) -> dict[str, Any] | None:
    if request.insured_minor is None:
        return None
    return {"value_minor": request.insured_minor, "currency": request.insured_currency}


def _door(door: AtTheDoor) -> dict[str, Any]:
    cod = None if door.cod_minor is None else {"amount_minor": door.cod_minor, "currency": door.cod_currency}
    return {"cod": cod, "age_check": door.age_check, "liftgate": door.liftgate, "delivery": door.delivery}


def _party(party: Party | None) -> dict[str, str] | None:
    return None if party is None else {name: value for name, value in asdict(party).items() if value}

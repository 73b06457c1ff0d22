"""A carrier that speaks our parcel protocol over HTTP (docs/carriers.md): JSON, a bearer token, one request a thing.

One question is one exchange: trying again, and when, is the caller's (`wms.shipping.service.tasks`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import orjson

from wms.shipping.carriers import answers
from wms.shipping.carriers.addresses import Network, ServiceAddress
from wms.shipping.carriers.interface import (
    Capabilities,
    CarrierFault,
    Party,
    TrackedEvent,
    WaybillGranted,
    WaybillRequest,
)
from wms.shipping.carriers.wire import Patience, Said, exchange

PATIENCE = Patience()
CAPABILITIES = Capabilities(
    can_void=True, can_manifest=True, many_parcels=True, can_track=True, can_sign=True, can_insure=True
)


@dataclass(frozen=True)
class HttpCarrier:
    """`token` is a secret; it is no part of how this object prints."""

    capabilities: Capabilities
    address: ServiceAddress
    token: str
    allowed: tuple[Network, ...]
    patience: Patience = PATIENCE

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

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, more: Mapping[str, str] | None = None
    ) -> Said | CarrierFault:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "Connection": "close"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = orjson.dumps(body)
        return exchange(
            self.address, method, path, {**headers, **(more or {})}, content, self.allowed, self.patience
        )  # fmt: skip


def _shipment(request: WaybillRequest) -> dict[str, Any]:
    size = None if request.size_mm is None else dict(zip(("length", "width", "height"), request.size_mm, strict=True))
    return {
        "reference": request.client_reference,
        "service": request.service_code,
        "label": {"format": "PDF", "width_mm": request.label_mm[0], "height_mm": request.label_mm[1]},
        "weight_g": request.weight_g,
        "size_mm": size,
        "sender": _party(request.sender),
        "recipient": _party(request.recipient),
        "contents": [asdict(each) for each in request.contents],
        "signature": request.signature,
        "insurance": _insurance(request),
        "customs": None if request.duties is None else asdict(request.duties),
    }


def _insurance(request: WaybillRequest) -> dict[str, Any] | None:
    if request.insured_minor is None:
        return None
    return {"value_minor": request.insured_minor, "currency": request.insured_currency}


def _party(party: Party | None) -> dict[str, str] | None:
    return None if party is None else {name: value for name, value in asdict(party).items() if value}

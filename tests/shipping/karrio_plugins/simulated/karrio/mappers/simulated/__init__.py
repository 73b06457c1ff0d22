"""A connector of the karrio SDK that speaks to our carrier simulator: written for tests, by the SDK's own rules."""

from __future__ import annotations

import json
import typing
import urllib.parse

import attr
import karrio.api.mapper as mapper
import karrio.api.proxy as proxy
import karrio.core.metadata as metadata
import karrio.core.models as models
import karrio.core.settings as core
import karrio.lib as lib


@attr.s(auto_attribs=True)
class Settings(core.Settings):
    url: str
    token: str

    account_country_code: str | None = None
    carrier_id: str = "simulated"
    test_mode: bool = False
    metadata: dict = attr.Factory(dict)
    config: dict = attr.Factory(dict)
    id: str | None = None

    @property
    def carrier_name(self) -> str:
        return "simulated"

    def headers(self) -> dict:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


class Proxy(proxy.Proxy):
    def _ask(self, method: str, path: str, body: typing.Any = None) -> str:
        data = None if body is None else json.dumps(body).encode()
        return lib.request(
            url=f"{self.settings.url}{path}", data=data, headers=self.settings.headers(), method=method, timeout=5
        )

    def create_shipment(self, request: lib.Serializable) -> lib.Deserializable:
        return lib.Deserializable(self._ask("POST", "/v1/shipments", request.serialize()), lib.to_dict)

    def cancel_shipment(self, request: lib.Serializable) -> lib.Deserializable:
        said = self._ask("DELETE", f"/v1/shipments/{urllib.parse.quote(request.serialize(), safe='')}")
        return lib.Deserializable(said or "{}", lib.to_dict)

    def get_tracking(self, request: lib.Serializable) -> lib.Deserializable:
        numbers = request.serialize()
        return lib.Deserializable([self._ask("GET", f"/v1/tracking/{each}") for each in numbers],
                                  lambda rows: [lib.to_dict(row) for row in rows])  # fmt: skip

    def get_rates(self, request: lib.Serializable) -> lib.Deserializable:
        return lib.Deserializable(self._ask("POST", "/v1/rates", request.serialize()), lib.to_dict)

    def schedule_pickup(self, request: lib.Serializable) -> lib.Deserializable:
        return lib.Deserializable(self._ask("POST", "/v1/collections", request.serialize()), lib.to_dict)

    def cancel_pickup(self, request: lib.Serializable) -> lib.Deserializable:
        said = self._ask("DELETE", f"/v1/collections/{urllib.parse.quote(request.serialize(), safe='')}")
        return lib.Deserializable(said or "{}", lib.to_dict)


class Mapper(mapper.Mapper):
    def _messages(self, response: dict) -> list[models.Message]:
        if "code" not in response:
            return []
        return [
            models.Message(
                carrier_name="simulated", carrier_id="simulated", code=response["code"],
                message=response.get("message"), level="error",
            )
        ]  # fmt: skip

    def create_shipment_request(self, payload: models.ShipmentRequest) -> lib.Serializable:
        parcel = payload.parcels[0]
        body = {
            "reference": payload.reference, "service": payload.service, "weight_g": round(parcel.weight * 1000),
            "recipient": {"name": payload.recipient.person_name, "address1": payload.recipient.address_line1},
            "sender": {"name": payload.shipper.person_name, "city": payload.shipper.city},
        }  # fmt: skip
        return lib.Serializable(body)

    def parse_shipment_response(self, response: lib.Deserializable) -> typing.Any:
        said = response.deserialize()
        if "tracking_number" not in said:
            return None, self._messages(said)
        charge = said.get("charge")
        details = models.ShipmentDetails(
            carrier_id="simulated", carrier_name="simulated", tracking_number=said["tracking_number"],
            shipment_identifier=said["id"], docs=models.Documents(label=(said.get("label") or {}).get("content")),
            label_type="PDF",
            selected_rate=charge and models.RateDetails(
                carrier_id="simulated", carrier_name="simulated", service="express", currency=charge["currency"],
                total_charge=charge["total_minor"] / 100,
            ),
        )  # fmt: skip
        return details, []

    def create_cancel_shipment_request(self, payload: models.ShipmentCancelRequest) -> lib.Serializable:
        return lib.Serializable(payload.shipment_identifier)

    def parse_cancel_shipment_response(self, response: lib.Deserializable) -> typing.Any:
        messages = self._messages(response.deserialize())
        details = models.ConfirmationDetails(
            carrier_id="simulated", carrier_name="simulated", success=True, operation="Cancel Shipment"
        )
        return (None, messages) if messages else (details, [])

    def create_tracking_request(self, payload: models.TrackingRequest) -> lib.Serializable:
        return lib.Serializable(payload.tracking_numbers)

    def parse_tracking_response(self, response: lib.Deserializable) -> typing.Any:
        rows = response.deserialize()
        found = [
            models.TrackingDetails(
                carrier_id="simulated", carrier_name="simulated", tracking_number=row["tracking_number"],
                events=[
                    models.TrackingEvent(date=each["at"][:10], code=each["code"], timestamp=each["at"],
                                         description=each["text"], location=each["place"])
                    for each in row["events"]
                ],
            )
            for row in rows if "events" in row
        ]  # fmt: skip
        return found, [message for row in rows for message in self._messages(row)]

    def create_rate_request(self, payload: models.RateRequest) -> lib.Serializable:
        parcel = payload.parcels[0]
        body = {
            "services": payload.services, "weight_g": round(parcel.weight * 1000),
            "recipient": {"country": payload.recipient.country_code, "postcode": payload.recipient.postal_code},
        }  # fmt: skip
        return lib.Serializable(body)

    def parse_rate_response(self, response: lib.Deserializable) -> typing.Any:
        said = response.deserialize()
        rates = [
            models.RateDetails(
                carrier_id="simulated", carrier_name="simulated", service=each["service"], currency=each.get("currency"),
                total_charge=each.get("total_minor", 0) / 100, transit_days=each.get("days"),
            )
            for each in said.get("rates", [])
        ]  # fmt: skip
        return rates, self._messages(said)

    def create_pickup_request(self, payload: models.PickupRequest) -> lib.Serializable:
        body = {
            "reference": payload.metadata["reference"], "day": payload.pickup_date, "ready_at": payload.ready_time,
            "close_at": payload.closing_time, "parcels": payload.parcels_count, "remark": payload.instruction,
        }  # fmt: skip
        return lib.Serializable(body)

    def parse_pickup_response(self, response: lib.Deserializable) -> typing.Any:
        said = response.deserialize()
        if "id" not in said:
            return None, self._messages(said)
        details = models.PickupDetails(
            carrier_id="simulated", carrier_name="simulated", confirmation_number=said["id"],
            ready_time=said.get("from"), closing_time=said.get("to"),
        )  # fmt: skip
        return details, []

    def create_cancel_pickup_request(self, payload: models.PickupCancelRequest) -> lib.Serializable:
        return lib.Serializable(payload.confirmation_number)

    def parse_cancel_pickup_response(self, response: lib.Deserializable) -> typing.Any:
        messages = self._messages(response.deserialize())
        details = models.ConfirmationDetails(
            carrier_id="simulated", carrier_name="simulated", success=True, operation="Cancel Pickup"
        )
        return (None, messages) if messages else (details, [])


METADATA = metadata.PluginMetadata(
    id="simulated", label="Simulated", Mapper=Mapper, Proxy=Proxy, Settings=Settings, is_hub=False
)

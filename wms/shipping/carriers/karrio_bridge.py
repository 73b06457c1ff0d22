"""A carrier of the karrio SDK, as one of ours (docs/carriers.md; `requirements-karrio.txt`).

The SDK asks carriers and maps what they say; no carrier of it can be asked for a waybill by our reference. So a question whose
answer did not come is never put again by itself: a person looks in the carrier's portal first (`carrier_unsure`), and their *Ask
again* says that there is none. What the SDK brings back is judged as any carrier's answer is.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from wms.core.money import EXPONENTS
from wms.shipping.carriers.interface import (
    Capabilities,
    CarrierFault,
    Charged,
    CollectionGranted,
    CollectionRequest,
    Content,
    NotRated,
    Party,
    Rate,
    RateRequest,
    TrackedEvent,
    WaybillGranted,
    WaybillRequest,
)
from wms.shipping.carriers.rated import MOST_DAYS, NOT_OFFERED, in_order
from wms.shipping.carriers.shapes import MOST_MINOR, Wrong, currency_of

CAPABILITIES = Capabilities(can_void=True, many_parcels=True, can_track=True, can_find=False)
SECONDS = 90
RATE_SECONDS = 20  # an order waits for it
MOST_BYTES = 16 * 1024 * 1024
CONNECTOR = re.compile(r"[a-z0-9_]{2,40}")
_CHILD = Path(__file__).with_name("karrio_child.py")  # run by itself: nothing of ours is imported
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{3,46}[0-9A-Z]")
_REFERENCE = re.compile(r"[\x21-\x7e]{1,64}")
_CODE = re.compile(r"[0-9A-Za-z_.-]{1,40}")
_UNSURE = CarrierFault("carrier_unsure", retryable=False)
_UNSURE_LORRY = CarrierFault("carrier_unsure_lorry", retryable=False)
_UNSURE_OF = {"create": _UNSURE, "collect": _UNSURE_LORRY}  # acts that must not be done twice


def settings_of(token: str) -> dict[str, Any] | None:
    """The SDK's settings of a carrier, as an administrator gave them: a JSON object, or None."""
    try:
        found = json.loads(token)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True)
class KarrioCarrier:
    """`settings` are secrets: no part of how this object prints. `shipper` in them is the sender's address, which carriers
    want whole.
    """

    capabilities: Capabilities
    connector: str
    settings: Mapping[str, Any]
    seconds: float = SECONDS
    python: str = sys.executable  # where the SDK is installed

    def __repr__(self) -> str:
        return f"KarrioCarrier({self.connector})"

    def find(self, client_reference: str) -> WaybillGranted | CarrierFault | None:  # noqa: ARG002 - cannot be asked
        return _UNSURE

    def create(self, request: WaybillRequest) -> WaybillGranted | CarrierFault:
        if _has_two_currencies(request):
            return CarrierFault("carrier_two_currencies", retryable=False)
        said = self._ask("create", shipment_of(request, self.settings.get("shipper")))
        if isinstance(said, CarrierFault):
            return said
        result = said.get("result")
        if not isinstance(result, dict):
            return _refusal(said) or _UNSURE
        return granted_of(result)

    def void(self, carrier_reference: str) -> CarrierFault | None:
        said = self._ask("void", {"shipment_identifier": carrier_reference})
        return said if isinstance(said, CarrierFault) else _agreed(said)

    def manifest(self, client_reference: str, carrier_references: Sequence[str]) -> str | CarrierFault:  # noqa: ARG002
        return CarrierFault("carrier_says_no", retryable=False, params={"reason": "no_manifest"})  # not in CAPABILITIES

    def track(self, tracking_number: str) -> list[TrackedEvent] | CarrierFault:
        said = self._ask("track", {"tracking_numbers": [tracking_number]})
        if isinstance(said, CarrierFault):
            return said
        rows = said.get("result")
        if not rows:
            return _refusal(said, retryable=True) or []
        return events_of(rows, tracking_number)

    def rate(self, request: RateRequest) -> list[Rate | NotRated] | CarrierFault:
        asked = rates_wish(request, self.settings.get("shipper"))
        said = self._ask("rate", asked, min(self.seconds, RATE_SECONDS))
        if isinstance(said, CarrierFault):
            return said
        rows = said.get("result")
        if not rows:
            return _refusal(said) or [NotRated(service, NOT_OFFERED) for service in request.services]
        return rates_of(rows, request.services)

    def collect(self, request: CollectionRequest) -> CollectionGranted | CarrierFault:
        said = self._ask("collect", collection_wish(request, self.settings.get("shipper")))
        if isinstance(said, CarrierFault):
            return said
        result = said.get("result")
        if not isinstance(result, dict):
            return _refusal(said) or _UNSURE_LORRY
        return collection_of(result)

    def find_collection(self, client_reference: str) -> CollectionGranted | CarrierFault | None:  # noqa: ARG002 - cannot be asked
        return _UNSURE_LORRY

    def call_off(self, carrier_reference: str, day: date) -> CarrierFault | None:
        asked: dict[str, Any] = {"confirmation_number": carrier_reference, "pickup_date": day.isoformat()}
        if isinstance(self.settings.get("shipper"), dict):
            asked["address"] = self.settings["shipper"]
        said = self._ask("call_off", asked)
        return said if isinstance(said, CarrierFault) else _agreed(said)

    def _ask(
        self, act: str, payload: Mapping[str, Any], seconds: float | None = None
    ) -> dict[str, Any] | CarrierFault:  # fmt: skip
        """One question by a program of its own, which is ended at the deadline. Never with anything of ours around it."""
        settings = {key: value for key, value in self.settings.items() if key != "shipper"}
        asked = {"connector": self.connector, "settings": settings, "act": act, "payload": payload}
        try:
            done = subprocess.run(
                [self.python, "-I", str(_CHILD)], input=json.dumps(asked).encode(), capture_output=True,
                timeout=self.seconds if seconds is None else seconds, cwd="/", env=_environment(),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return _UNSURE_OF.get(act) or CarrierFault("carrier_slow", retryable=True)
        answer = _last_line(done.stdout)
        if answer is None:
            return _UNSURE_OF.get(act) or CarrierFault("carrier_not_json", retryable=True)
        if "fault" in answer:
            return CarrierFault(str(answer["fault"]), retryable=False, params={"connector": self.connector})
        return answer


def _environment() -> dict[str, str]:
    """What the program needs of ours, and no secret of the house."""
    kept = ("PATH", "LANG", "SSL_CERT_FILE", "KARRIO_PLUGINS")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _last_line(output: bytes) -> dict[str, Any] | None:
    if len(output) > MOST_BYTES:
        return None
    try:
        found = json.loads(output.strip().rpartition(b"\n")[2])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _refusal(said: Mapping[str, Any], retryable: bool = False) -> CarrierFault | None:
    """The carrier's "no". Its own code is kept when it is one; its sentence is not: it may quote an address."""
    errors = [each for each in said.get("messages") or [] if isinstance(each, dict) and each.get("level") == "error"]
    if not errors:
        return None
    code = errors[0].get("code")
    told = code if isinstance(code, str) and _CODE.fullmatch(code) else "error"
    if told == "SHIPPING_SDK_INTERNAL_ERROR":
        return None  # it failed on the way: whether the carrier heard is not known
    if told == "SHIPPING_SDK_NON_SUPPORTED_ERROR":
        return CarrierFault("carrier_cannot", retryable=False)
    return CarrierFault("carrier_says_no", retryable=retryable, params={"reason": told})


def _agreed(said: Mapping[str, Any]) -> CarrierFault | None:
    """What was to be taken back is."""
    result = said.get("result")
    if isinstance(result, dict) and result.get("success") is True:
        return None
    return _refusal(said) or CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "success"})


def rates_of(rows: Any, services: Sequence[str]) -> list[Rate | NotRated] | CarrierFault:
    """The SDK's rates of the services that were asked for. Its charges are amounts in the currency's own unit, of which only
    the total says the same with every connector.
    """
    named = {_named(service): service for service in services}
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return _wrong("rates", None)
    found: list[Rate | NotRated] = []
    for row in rows:
        service = named.get(str(row.get("service")))
        if service is None:
            continue
        try:
            currency, minor = _total_of(row)
        except Wrong as wrong:
            return _wrong(wrong.name, None)
        days = row.get("transit_days")
        if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= MOST_DAYS):
            return _wrong("transit_days", None)
        found.append(Rate(service, currency, minor, (), days))
    return in_order(found, services)


def _total_of(rate: Mapping[str, Any]) -> tuple[str, int]:
    """A rate's currency, and its total in minor units; raises Wrong."""
    currency = currency_of(rate)
    minor = minor_of(rate.get("total_charge"), currency)
    if minor is None:
        raise Wrong("total_charge")
    return currency, minor


def minor_of(amount: Any, currency: str) -> int | None:
    """An amount in minor units, halves up; None for what is no price."""
    if not isinstance(amount, int | float) or isinstance(amount, bool) or not 0 <= amount <= MOST_MINOR:
        return None
    scaled = Decimal(str(amount)).scaleb(EXPONENTS[currency])
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))


def collection_of(result: Mapping[str, Any]) -> CollectionGranted | CarrierFault:
    """A lorry as the SDK tells of it; its times only where they are times."""
    known = result.get("confirmation_number")
    if not isinstance(known, str) or not _REFERENCE.fullmatch(known):
        return _wrong("confirmation_number", None)
    begin, end = (_hour(result.get(name)) for name in ("ready_time", "closing_time"))
    return CollectionGranted(known, (begin, end) if begin and end and begin < end else None)


def _hour(value: Any) -> time | None:
    try:
        return time.fromisoformat(value).replace(tzinfo=None) if isinstance(value, str) else None
    except ValueError:
        return None


def granted_of(result: Mapping[str, Any]) -> WaybillGranted | CarrierFault:
    """A waybill as the SDK gives it. One that was made and cannot be used names what the carrier calls it."""
    known = result.get("id") if isinstance(result.get("id"), str) else None
    number, label = result.get("tracking_number"), result.get("label")
    for name, value, shape in (("id", known, _REFERENCE), ("tracking_number", number, _NUMBER)):
        if not isinstance(value, str) or not shape.fullmatch(value):
            return _wrong(name, known)
    if result.get("label_type") not in (None, "PDF") or not isinstance(label, str):
        return _wrong("label", known)
    try:
        pdf = base64.b64decode(label, validate=True)
    except (binascii.Error, ValueError):
        return _wrong("label", known)
    return WaybillGranted(str(number), known, pdf, _charged(result.get("rate")))


def _charged(rate: Any) -> Charged | CarrierFault | None:
    """The rate that the SDK says the waybill was bought by, of which only the total says the same with every connector."""
    if rate is None:
        return None
    try:
        return Charged(*_total_of(rate if isinstance(rate, dict) else {}))
    except Wrong as wrong:
        return _wrong(wrong.name, None)


def _wrong(field: str, carrier_reference: str | None) -> CarrierFault:
    params = {"field": field}
    if carrier_reference is not None and _REFERENCE.fullmatch(carrier_reference):
        params["carrier_reference"] = carrier_reference
    return CarrierFault("carrier_wrong_shape", retryable=False, params=params)


def events_of(rows: Any, tracking_number: str) -> list[TrackedEvent] | CarrierFault:
    mine = [row for row in rows if isinstance(row, dict) and row.get("tracking_number") == tracking_number]
    if not mine:
        return CarrierFault("carrier_other_parcel", retryable=False)
    events = mine[0].get("events")
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
        return CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "events"})
    found = [_event(each) for each in events[:500]]
    return [each for each in found if each is not None]


def _event(event: Mapping[str, Any]) -> TrackedEvent | None:
    """One without a time says nothing that could be put in order."""
    happened = _instant(event)
    code = event.get("status") or event.get("code")
    if happened is None or not isinstance(code, str) or not _CODE.fullmatch(code):
        return None
    return TrackedEvent(code, happened, _words(event.get("description"), 200), _words(event.get("location"), 80))


_FORMS = ("%Y-%m-%d %I:%M %p", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def _instant(event: Mapping[str, Any]) -> datetime | None:
    """When it happened: by its stamp, else by day and time, else by its day. Without a zone it is taken as UTC."""
    day, hour = event.get("date"), event.get("time")
    for read in (
        lambda: datetime.fromisoformat(str(event.get("timestamp"))),
        *(lambda form=form: datetime.strptime(f"{day} {hour}", form).replace(tzinfo=UTC) for form in _FORMS),
        lambda: datetime.fromisoformat(str(day)),
    ):
        try:
            found: datetime = read()
        except ValueError:
            continue
        if 2000 < found.year < 2900:
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _words(value: Any, most: int) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable()).strip()[:most]


def _named(service_code: str) -> str:
    """As the SDK's connectors name services."""
    return service_code.lower().replace("-", "_")


def _weighed(weight_g: int, size_mm: tuple[int, int, int] | None) -> dict[str, Any]:
    """A parcel in kg and cm."""
    parcel: dict[str, Any] = {"weight": round(weight_g / 1000, 3), "weight_unit": "KG"}
    if size_mm is not None:
        length, width, height = (round(each / 10, 1) for each in size_mm)
        parcel |= {"length": length, "width": width, "height": height, "dimension_unit": "CM"}
    return parcel


def rates_wish(request: RateRequest, shipper: Any = None) -> dict[str, Any]:
    """The SDK's unified request for prices."""
    return {
        "shipper": dict(shipper) if isinstance(shipper, dict) else _address(request.sender),
        "recipient": _address(request.recipient), "parcels": [_weighed(request.weight_g, request.size_mm)],
        "services": [_named(service) for service in request.services], "options": _options(request),
    }  # fmt: skip


def collection_wish(request: CollectionRequest, shipper: Any = None) -> dict[str, Any]:
    """The SDK's unified order for a lorry. What is a bag or a pallet stands in its remark: the SDK counts parcels only."""
    pieces = f"{request.parcels} parcels, {request.bags} bags, {request.pallets} pallets"
    return {
        "pickup_date": request.day.isoformat(), "ready_time": f"{request.ready_at:%H:%M}",
        "closing_time": f"{request.close_at:%H:%M}", "package_location": request.place or None,
        "address": dict(shipper) if isinstance(shipper, dict) else _address(request.sender),
        "parcels_count": request.parcels + request.bags + request.pallets, "parcels": [_weighed(request.weight_g, None)],
        "instruction": f"{pieces}. {request.remark}".strip(), "metadata": {"reference": request.client_reference},
    }  # fmt: skip


def shipment_of(request: WaybillRequest, shipper: Any = None) -> dict[str, Any]:
    """The SDK's unified request. Services are named as its connectors name them: `DHL-PAKET` is `dhl_paket`."""
    sender = dict(shipper) if isinstance(shipper, dict) else _address(request.sender)
    recipient = _address(request.recipient)
    parcel = {
        **_weighed(request.weight_g or 0, request.size_mm),
        "items": [_commodity(each) for each in request.contents],
    }
    made: dict[str, Any] = {
        "service": _named(request.service_code), "shipper": sender, "recipient": recipient,
        "parcels": [parcel], "reference": request.client_reference[-35:], "label_type": "PDF", "options": _options(request),
    }  # fmt: skip
    if sender.get("country_code") != recipient.get("country_code"):
        made["customs"] = {"content_type": "merchandise", "incoterm": "DDU", "commodities": parcel["items"]}
    return made


def _options(request: WaybillRequest | RateRequest) -> dict[str, Any]:
    """In the SDK's own words, which each connector reads as far as its carrier does it."""
    signed = request.signed if isinstance(request, RateRequest) else request.signature
    options: dict[str, Any] = {"signature_confirmation": True} if signed else {}
    if request.insured_minor is not None and request.insured_currency:
        options |= {
            "insurance": _major(request.insured_minor, request.insured_currency),
            "currency": request.insured_currency,
        }
    if request.door.cod_minor is not None and request.door.cod_currency:
        options |= {
            "cash_on_delivery": _major(request.door.cod_minor, request.door.cod_currency),
            "currency": request.door.cod_currency,
        }
    return options


def _has_two_currencies(request: WaybillRequest) -> bool:
    """The SDK has one currency for what is insured and what is collected."""
    return len({request.insured_currency, request.door.cod_currency} - {None}) > 1


def _address(party: Party | None) -> dict[str, str]:
    if party is None:
        return {}
    named = {
        "person_name": party.name, "company_name": party.company, "phone_number": party.phone, "city": party.city,
        "state_code": party.state, "postal_code": party.postcode, "country_code": party.country,
        "address_line1": party.address1, "address_line2": ", ".join(filter(None, (party.address2, party.address3))),
        "suburb": party.district,
    }  # fmt: skip
    return {name: value for name, value in named.items() if value}


def _commodity(content: Content) -> dict[str, Any]:
    made: dict[str, Any] = {"title": content.description, "quantity": content.quantity}
    if content.weight_g:
        made |= {"weight": round(content.weight_g / 1000, 3), "weight_unit": "KG"}
    if content.value_minor is not None and content.currency:
        made |= {"value_amount": _major(content.value_minor, content.currency), "value_currency": content.currency}
    return made


def _major(minor: int, currency: str) -> float:
    return float(round(minor / 10 ** EXPONENTS.get(currency, 2), 3))
